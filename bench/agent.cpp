#include "bench/agent.hpp"

#include <algorithm>
#include <chrono>
#include <deque>

#include "bench/policy.hpp"

namespace naestro::bench {
namespace {

constexpr int kTurns = 20;

std::string plan_text() {
  return R"({"naestro":"plan/1","goal":"bench","steps":[{"id":"look","do":{"agent":{"task":"t",)"
         R"("max_input_tokens":3500,"max_output_tokens":500,"turns":20,"tool_calls":80,)"
         R"("within":["."],"tools":["files.search@1","files.read@1","csv.query@1"]}},)"
         R"("with":{"messages":[{"role":"user","content":"Find it."}]},)"
         R"("out":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],)"
         R"("additionalProperties":false}}],"outputs":{"n":"${steps.look.out.n}"}})";
}

json::Value said(std::int64_t turn) {
  if (turn + 1 == kTurns) {
    return json::Object{{"text", R"({"do":"answer","answer":{"n":1}})"}};
  }
  json::Array calls;
  for (int call = 0; call < 4; ++call) {
    calls.push_back(json::Object{
        {"tool", "files.read"},
        {"with", json::Object{{"path", "f" + std::to_string(turn) + "_" + std::to_string(call)}}}});
  }
  return json::Object{
      {"text", json::write(json::Object{{"do", "call"}, {"calls", std::move(calls)}})}};
}

json::Value heard() {
  return json::Object{{"path", "f"},
                      {"sha256", std::string(64, 'a')},
                      {"bytes", 2000},
                      {"line_count", 1},
                      {"first_line", 1},
                      {"last_line", 1},
                      {"text", std::string(2000, 'x')},
                      {"quotes", json::Array{}},
                      {"truncated", false}};
}

}  // namespace

json::Object agent_row(const World& world, int runs) {
  using Now = std::chrono::steady_clock;
  const std::string text = plan_text();
  const plan::Program program = world.compile(text);
  std::vector<double> samples;
  std::vector<double> last;
  for (int at = 0; at < runs; ++at) {
    run::Machine machine{world.start(program, text, "r" + std::to_string(at)), program,
                         world.environment()};
    run::Batch batch = machine.begin();
    std::deque<run::Perform> open{batch.performs.begin(), batch.performs.end()};
    double turn_us = 0;
    while (!open.empty()) {
      const run::Perform perform = std::move(open.front());
      open.pop_front();
      const bool model = perform.effect.caps.model_calls > 0;
      door::Outcome outcome;
      outcome.result = model ? said(perform.effect.path.back()) : heard();
      outcome.usage_known = true;
      run::Fact fact =
          run::effect_outcome(door::Intent::durable(perform.effect, perform.key), {}, outcome);
      const auto begin = Now::now();
      batch = must(machine.feed(std::move(fact)));
      turn_us += std::chrono::duration<double, std::micro>(Now::now() - begin).count();
      for (run::Perform& next : batch.performs) open.push_back(std::move(next));
      // A turn is over when the next one was handed out.
      const bool over = batch.ended || (!open.empty() && open.back().effect.caps.model_calls > 0);
      if (!over) continue;
      samples.push_back(turn_us);
      if (samples.size() % kTurns == kTurns - 1) last.push_back(turn_us);
      turn_us = 0;
    }
    if (machine.state() != run::Machine::State::done) {
      std::fprintf(stderr, "naestro-bench: an agent's run is not done: %s\n",
                   machine.failure() ? machine.failure()->text().c_str() : "");
      std::exit(1);
    }
  }
  json::Object figures = percentiles(std::move(samples));
  std::ranges::sort(last);
  figures["last_us"] = last[last.size() / 2];
  return figures;
}

}  // namespace naestro::bench
