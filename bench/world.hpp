// What every row needs: the shipped contracts and policy, and a tool that does nothing.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ledger/keys.hpp"
#include "ledger/store.hpp"
#include "plan/compile.hpp"
#include "run/executor.hpp"
#include "run/recover.hpp"

namespace naestro::bench {

inline constexpr const char* kNoop =
    R"({"name":"bench.noop","version":1,"description":"Does nothing.","input":{"type":"object",)"
    R"("properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false},)"
    R"("output":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],)"
    R"("additionalProperties":false},"arguments":{"n":"inert"},"labels":{},)"
    R"("effects":[{"kind":"read","argument":"","reversible":true}],"idempotency":"keyed",)"
    R"("undo":"","max_output_bytes":1000,"timeout_s":5,"cost_usd":"0","deprecated":""})";

// Asks for consent, so that its run parks.
inline constexpr const char* kWrite =
    R"({"name":"bench.write","version":1,"description":"Writes nothing.","input":{"type":"object",)"
    R"("properties":{"path":{"type":"string"}},"required":["path"],"additionalProperties":false},)"
    R"("output":{"type":"object"},"arguments":{"path":"authority"},"labels":{},)"
    R"("effects":[{"kind":"write","argument":"path","reversible":true}],"idempotency":"keyed",)"
    R"("undo":"","max_output_bytes":1000,"timeout_s":5,"cost_usd":"0","deprecated":""})";

// A value, or the end of the program with the reason: a figure of a failed run is none.
template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "naestro-bench: %s\n", result.error().text().c_str());
    std::exit(1);
  }
  return *std::move(result);
}
inline void must(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "naestro-bench: %s\n", result.error().text().c_str());
  std::exit(1);
}

inline contract::ToolCatalog tool_catalog() {
  const auto shipped = contract::embedded_tools();
  std::vector<EmbeddedFile> files{shipped.begin(), shipped.end()};
  files.push_back({"bench.noop.json", kNoop});
  files.push_back({"bench.write.json", kWrite});
  return must(contract::ToolCatalog::from(files));
}

struct World {
  contract::ToolCatalog tools = tool_catalog();
  contract::ModelCatalog models = must(contract::ModelCatalog::from(contract::embedded_models()));
  policy::Policy policy = must(policy::Policy::parse(policy::embedded_policies()[0].name,
                                                     policy::embedded_policies()[0].text));
  SystemClock clock;
  SystemRandom random;

  [[nodiscard]] plan::Environment environment() const {
    return {.tools = tools,
            .models = models,
            .policy = policy,
            .concurrency_max = run::kConcurrencyMax};
  }
  [[nodiscard]] plan::Program compile(const std::string& text) const {
    auto compiled = plan::compile(text, environment());
    if (compiled.program) return *std::move(compiled.program);
    std::fprintf(stderr, "naestro-bench: %s\n",
                 plan::format(compiled.diagnostics.at(0), "plan").c_str());
    std::exit(1);
  }
  [[nodiscard]] run::Start start(const plan::Program& program, const std::string& text,
                                 const std::string& run) const {
    run::Start start;
    start.run = run;
    start.plan_text = text;
    start.inputs = must(run::bind_inputs(program, {}));
    start.context = {{"workspace", "/w"}};
    start.versions = {{"naestro", "bench"}, {"policy", hex(policy.digest())}};
    return start;
  }
};

// `steps` calls of the tool that does nothing, each upon the one before.
inline std::string chain(int steps) {
  std::string text = R"({"naestro":"plan/1","goal":"bench","steps":[)";
  for (int at = 0; at < steps; ++at) {
    const std::string n = at == 0 ? "0" : "\"${steps.s" + std::to_string(at - 1) + ".out.n}\"";
    text += (at == 0 ? "" : ",") + std::string{R"({"id":"s)"} + std::to_string(at) +
            R"(","do":{"tool":"bench.noop@1"},"with":{"n":)" + n + "}}";
  }
  return text + R"(],"outputs":{"n":"${steps.s)" + std::to_string(steps - 1) + R"(.out.n}"}})";
}

}  // namespace naestro::bench
