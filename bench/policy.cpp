#include "bench/policy.hpp"

#include <chrono>

#include "bench/world.hpp"
#include "policy/policy.hpp"

namespace naestro::bench {
namespace {

json::Object rule(std::int64_t i) {
  const std::string n = std::to_string(i);
  json::Object out{{"id", "r" + n}, {"effect", "deny"}};
  if (i % 4 == 0) out["tools"] = json::Array{"tool" + n + ".do"};
  if (i % 4 == 1) out["tools"] = json::Array{"family" + n + ".*"};
  if (i % 4 == 2) {
    out["kinds"] = json::Array{"write"};
    out["paths"] = json::Array{"folder" + n + "/**"};
  }
  if (i % 4 == 3) {
    out["kinds"] = json::Array{"net"};
    out["hosts"] = json::Array{"*.host" + n + ".example"};
  }
  return out;
}

}  // namespace

json::Object policy_row(std::int64_t rules) {
  const auto file = policy::embedded_policies()[0];
  policy::Policy policy = must(policy::Policy::parse(file.name, file.text));
  json::Array rows;
  for (std::int64_t i = 0; i < rules; ++i) rows.push_back(rule(i));
  const json::Value form(json::Object{{"policy", "policy/1"}, {"rules", std::move(rows)}});
  const auto begun = std::chrono::steady_clock::now();
  const auto added =
      policy.add(policy::Layer::user, "policy.yaml", form, [](const std::string&) { return 1; });
  check(added.has_value(), added ? "" : added.error().message);
  const std::chrono::duration<double, std::milli> load = std::chrono::steady_clock::now() - begun;

  const std::vector<contract::DeclaredEffect> write{{contract::EffectKind::write, "path", true}};
  const std::vector<contract::DeclaredEffect> net{{contract::EffectKind::net, "url", true}};
  const json::Object path{{"path", "notes/2026/march.md"}};
  const json::Object url{{"url", "https://docs.example/a/b"}};
  const policy::Question write_question{
      .target = "files.write@1", .effects = write, .authority = path};
  const policy::Question net_question{.target = "http.get@1", .effects = net, .authority = url};
  const auto times = [&](const policy::Question& question) {
    constexpr int kDecisions = 10'000;
    std::vector<double> samples;
    samples.reserve(kDecisions);
    for (int i = 0; i < kDecisions; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      const policy::Ruling ruling = policy.judge(question);
      const std::chrono::duration<double, std::micro> took =
          std::chrono::steady_clock::now() - begin;
      samples.push_back(took.count());
      check(ruling.decision == policy::Decision::ask,
            "the built-in layer asks, and no other rule matches");
    }
    return percentiles(std::move(samples));
  };
  json::Object out{{"write", times(write_question)}, {"request", times(net_question)}};
  out["rules"] = rules;
  out["load_ms"] = load.count();
  return out;
}

}  // namespace naestro::bench
