// Catalogs and plans that the tests of this room share. Included by tests only.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "plan/compile.hpp"
#include "testing/testing.hpp"

namespace naestro::plan::testing {

inline std::string tool_text(const std::string& name, int version, const std::string& properties,
                             const std::string& required, const std::string& kinds,
                             const std::string& effects, const std::string& rest) {
  return R"({"name":")" + name + R"(","version":)" + std::to_string(version) +
         R"(,"description":"For tests.","input":{"type":"object","properties":)" + properties +
         R"(,"required":)" + required +
         R"(,"additionalProperties":false},"output":{"type":"object"},"arguments":)" + kinds +
         R"(,"labels":{},"effects":)" + effects + R"(,"undo":"","max_output_bytes":65536,)" + rest +
         "}";
}

// Tools: files.search@1 (read, 10 s), report.write@1 (write, 5 s), notes.find@1 (deprecated) and
// @2, paid.lookup@1 (0.01 USD, 20 s), mail.send@1 (send), exec.run@2 (exec, net), and the shipped
// consensus.deal@1, consensus.settle@1 (no effects) and files.instructions@1 (read). Models: tiny
// (free), cloudy (priced), huge (dear).
struct World {
  World() {
    const std::string find =
        tool_text("files.search", 1,
                  R"({"path":{"type":"string"},"query":{"type":"string","maxLength":20},
            "limit":{"type":"integer"}})",
                  R"(["path","query"])", R"({"path":"authority","query":"inert","limit":"inert"})",
                  R"([{"kind":"read","argument":"path","reversible":true}])",
                  R"("idempotency":"pure","timeout_s":10,"cost_usd":"0","deprecated":"")");
    const std::string report =
        tool_text("report.write", 1, R"({"path":{"type":"string"},"data":{}})", R"(["path"])",
                  R"({"path":"authority","data":"payload"})",
                  R"([{"kind":"write","argument":"path","reversible":true}])",
                  R"("idempotency":"idempotent","timeout_s":5,"cost_usd":"0","deprecated":"")");
    const auto notes = [](int version, const std::string& deprecated) {
      return tool_text("notes.find", version, "{}", "[]", "{}", "[]",
                       R"("idempotency":"pure","timeout_s":3,"cost_usd":"0","deprecated":")" +
                           deprecated + "\"");
    };
    const std::string paid =
        tool_text("paid.lookup", 1, R"({"key":{}})", R"(["key"])", R"({"key":"inert"})", "[]",
                  R"("idempotency":"pure","timeout_s":20,"cost_usd":"0.01","deprecated":"")");
    const std::string mail =
        tool_text("mail.send", 1, R"({"to":{"type":"string"},"body":{}})", R"(["to","body"])",
                  R"({"to":"authority","body":"payload"})",
                  R"([{"kind":"send","argument":"to","reversible":false}])",
                  R"("idempotency":"keyed","timeout_s":5,"cost_usd":"0","deprecated":"")");
    const std::string program =
        tool_text("exec.run", 2, R"({"argv":{"type":"array"},"hosts":{"type":"array"},"stdin":{}})",
                  R"(["argv"])", R"({"argv":"authority","hosts":"authority","stdin":"payload"})",
                  R"([{"kind":"exec","argument":"argv","reversible":false},)"
                  R"({"kind":"net","argument":"hosts","each":true,"reversible":false}])",
                  R"("idempotency":"none","timeout_s":5,"cost_usd":"0","deprecated":"")");
    const std::string old_notes = notes(1, "use notes.find@2");
    const std::string new_notes = notes(2, "");
    std::vector<EmbeddedFile> tool_files{{"find", find}, {"program", program}, {"report", report},
                                         {"mail", mail}, {"old", old_notes},   {"new", new_notes},
                                         {"paid", paid}};
    for (const EmbeddedFile& shipped : contract::embedded_tools()) {
      if (shipped.name.starts_with("consensus.") || shipped.name.contains("instructions")) {
        tool_files.push_back(shipped);
      }
    }
    auto read_tools = contract::ToolCatalog::from(tool_files);
    check(read_tools.has_value(), read_tools ? "" : read_tools.error().text());
    tools = std::move(*read_tools);
    const auto model = [](const std::string& name, const std::string& in, const std::string& out) {
      return R"({"name":")" + name +
             R"(","kind":"model.cloud","file":"","file_sha256":"","context_tokens":8192,)" +
             R"("served":{"url":"https://m.example","model":"m","key_env":"","dialect":"plain"},)" +
             R"("usd_per_mtok_in":")" + in + R"(","usd_per_mtok_out":")" + out +
             R"(","price_list":"test/1","licence":"none"})";
    };
    const std::string tiny = model("tiny", "0", "0");
    const std::string cloudy = model("cloudy", "1.5", "0.000000001");
    const std::string huge = model("huge", "9007199", "9007199");
    const std::array<EmbeddedFile, 3> model_files{
        {{"tiny", tiny}, {"cloudy", cloudy}, {"huge", huge}}};
    auto read_models = contract::ModelCatalog::from(model_files);
    check(read_models.has_value(), read_models ? "" : read_models.error().text());
    models = std::move(*read_models);
  }

  [[nodiscard]] Environment environment() const {
    return {.tools = tools, .models = models, .policy = policy};
  }
  [[nodiscard]] Compiled compile(std::string_view text) const {
    return plan::compile(text, environment());
  }
  [[nodiscard]] Compiled compile_value(const json::Value& value) const {
    return plan::compile(json::pretty(value), environment());
  }

  contract::ToolCatalog tools;
  contract::ModelCatalog models;
  policy::Policy policy = *policy::Policy::parse(policy::embedded_policies()[0].name,
                                                 policy::embedded_policies()[0].text);
};

// Every feature that is built: inputs, templates, lone references, needs, budget, outputs.
inline constexpr std::string_view kPlan = R"({
  "naestro": "plan/1",
  "goal": "Find what is overdue.",
  "inputs": {
    "quarter": {"schema": {"type": "string"}, "value": "2026-Q1"},
    "folder": {"schema": {"type": "string"}}
  },
  "budget": {"usd": "0.05", "tokens": 4000, "tool_calls": 10, "wall_s": 120},
  "steps": [
    {"id": "find", "do": {"tool": "files.search@1"},
     "with": {"path": "${inputs.folder}", "query": "overdue", "limit": 5}, "timeout_s": 7},
    {"id": "judge",
     "do": {"model": {"task": "classify", "model": "cloudy", "max_input_tokens": 1500,
                      "max_output_tokens": 120, "seed": 1}},
     "with": {"messages": [
       {"role": "system", "content": "Say $${what} is late in ${inputs.quarter}."},
       {"role": "user", "content": "${steps.find.out.matches[0]}"}]},
     "out": {"type": "object", "properties": {"headline": {"type": "string", "maxLength": 120}},
             "required": ["headline"], "additionalProperties": false},
     "timeout_s": 30},
    {"id": "write", "do": {"tool": "report.write"},
     "with": {"path": "out.md", "data": {"title": "${steps.judge.out.headline}", "n": [1, 2]}},
     "needs": ["find"]}
  ],
  "outputs": {"report": "${steps.write.out.path}"}
})";

inline json::Value sample() { return json::parse(kPlan).value(); }

inline std::string listing(const Compiled& compiled) {
  std::string out;
  for (const Diagnostic& diagnostic : compiled.diagnostics) {
    out += format(diagnostic, "plan.json") + "\n";
  }
  return out;
}

// A copy of `root` in which the value at `pointer` is `text`; "" removes it; "-" as the last token
// of an array's pointer appends.
inline json::Value edited(json::Value root, const std::string& pointer, std::string_view text) {
  const std::size_t slash = pointer.rfind('/');
  auto* parent = const_cast<json::Value*>(json::at(root, pointer.substr(0, slash)));
  const std::string key = pointer.substr(slash + 1);
  check(parent != nullptr, pointer);
  if (auto* array = parent->if_array()) {
    if (key == "-") {
      array->push_back(json::parse(text).value());
    } else if (text.empty()) {
      array->erase(array->begin() + std::stol(key));
    } else {
      (*array)[std::stoul(key)] = json::parse(text).value();
    }
  } else if (text.empty()) {
    parent->as_object().erase(key);
  } else {
    parent->as_object()[key] = json::parse(text).value();
  }
  return root;
}

}  // namespace naestro::plan::testing
