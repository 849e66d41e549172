// Random plans and an adversary for the tests of the simulated world; every choice comes from one
// seed. Included by tests only.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "run/test_sim.hpp"

namespace naestro::run::testing {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_{seed} {}
  // From `low` to `high`, both possible.
  std::int64_t roll(std::int64_t low, std::int64_t high) {
    return low +
           static_cast<std::int64_t>(random_.next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool one_in(std::int64_t n) { return roll(1, n) == 1; }

 private:
  SeededRandom random_;
};

inline std::string tool_contract(const std::string& name, const std::string& effects,
                                 const std::string& idempotency, const std::string& cost) {
  return R"({"name":")" + name +
         R"(","version":1,"description":"For tests.","input":{"type":"object","properties":)"
         R"({"q":{"type":"string","maxLength":100000}},"required":["q"],"additionalProperties":)"
         R"(false},"output":{"type":"object","properties":{"n":{"type":"integer"},"list":)"
         R"({"type":"array","maxItems":4,"items":{"type":"string","maxLength":9}}},"required":)"
         R"(["n","list"],"additionalProperties":false},"arguments":{"q":"payload"},"labels":{},)"
         R"("effects":)" +
         effects + R"(,"idempotency":")" + idempotency +
         R"(","undo":"","max_output_bytes":400,"timeout_s":9,"cost_usd":")" + cost +
         R"(","deprecated":""})";
}

inline constexpr const char* kPricedModel =
    R"({"name":"priced","kind":"model.cloud","file":"","file_sha256":"","context_tokens":4096,)"
    R"("served":{"url":"https://m.example/v1","model":"m","key_env":"","dialect":"plain"},)"
    R"("usd_per_mtok_in":"1.5","usd_per_mtok_out":"4","price_list":"test/1","licence":"none"})";

// Tools free.read@1, paid.read@1, keyed.send@1, risky.send@1 (its repeat is a second effect), the
// built-in ones, and models tiny and priced.
struct SimWorld : World {
  SimWorld() {
    const std::string free = tool_contract("free.read", "[]", "pure", "0");
    const std::string paid = tool_contract("paid.read", "[]", "idempotent", "0.003");
    const std::string send = R"([{"kind":"send","argument":"","reversible":false}])";
    const std::string keyed = tool_contract("keyed.send", send, "keyed", "0.001");
    const std::string risky = tool_contract("risky.send", send, "none", "0.002");
    std::vector<EmbeddedFile> files{contract::embedded_tools().begin(),
                                    contract::embedded_tools().end()};
    files.insert(files.end(), {{"f", free}, {"p", paid}, {"k", keyed}, {"r", risky}});
    auto all = contract::ToolCatalog::from(files);
    check(all.has_value(), all ? "" : all.error().text());
    tools = *std::move(all);
    const std::vector<EmbeddedFile> model_files{{"t", kModel}, {"m", kPricedModel}};
    auto both = contract::ModelCatalog::from(model_files);
    check(both.has_value(), both ? "" : both.error().text());
    models = *std::move(both);
  }
};

inline json::Object tool_step(const std::string& id, const std::string& tool,
                              const std::string& q) {
  return {{"id", id}, {"do", json::Object{{"tool", tool}}}, {"with", json::Object{{"q", q}}}};
}

inline std::string plan_text(json::Array steps, json::Object outputs) {
  return json::pretty(json::Object{
      {"naestro", "plan/1"},
      {"goal", "any"},
      {"inputs",
       json::Object{{"list", json::parse(R"({"schema":{"type":"array","maxItems":4,"items":)"
                                         R"({"type":"string","maxLength":9}},)"
                                         R"("value":["a","b","c"]})")
                                 .value()}}},
      {"steps", std::move(steps)},
      {"outputs", std::move(outputs)}});
}

// What a step does and its members but those of control.
inline json::Object any_action(Dice& dice, const std::string& id, const std::string& q) {
  const std::int64_t kind = dice.roll(0, 6);
  if (kind < 2) {
    json::Object model{{"task", "t"},
                       {"model", dice.one_in(2) ? "tiny" : "priced"},
                       {"max_input_tokens", dice.roll(50, 200)},
                       {"max_output_tokens", dice.roll(1, 99)}};
    return {{"id", id},
            {"do", json::Object{{"model", std::move(model)}}},
            {"with", json::Object{{"messages",
                                   json::Array{json::Object{{"role", "user"}, {"content", q}}}}}},
            {"out", json::parse(tool_contract("x", "[]", "pure", "0"))->at("output")}};
  }
  if (kind == 2) {
    return {
        {"id", id},
        {"do", json::Object{{"tool", "report.markdown@1"}}},
        {"with", json::Object{{"path", id + ".md"}, {"title", q}, {"sections", json::Array{}}}}};
  }
  constexpr const char* kTools[] = {"free.read@1", "paid.read@1", "keyed.send@1", "risky.send@1"};
  return tool_step(id, kTools[kind - 3], q);
}

// A plan of 1 to 8 steps with all that controls them. Steps that write go over nothing and yield no
// value to others: which files a loop that breaks off has written depends on the order.
inline std::string any_plan(Dice& dice) {
  const std::int64_t count = dice.roll(1, 8);
  const json::Value fallback = json::Object{{"n", 0}, {"list", json::Array{"d"}}};
  json::Array steps;
  std::vector<std::string> plain;  // yield {n, list}
  std::vector<std::string> all;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string id = "s" + std::to_string(i);
    std::string q = "mark" + std::to_string(i);
    for (const std::string& other : all) {
      if (dice.one_in(4)) q += " ${steps." + other + ".out}";
    }
    json::Object step = any_action(dice, id, q);
    const bool writes = step.at("with").as_object().contains("path");
    const bool each = !writes && dice.one_in(3);
    const bool rounds = !writes && dice.one_in(4);
    if (each) {
      const bool computed = !plain.empty() && dice.one_in(2);
      json::Object loop{
          {"in", computed ? "${steps." + plain.back() + ".out.list}" : "${inputs.list}"},
          {"max", dice.roll(dice.one_in(5) ? 2 : 4, 5)},
          {"parallel", dice.roll(1, 5)}};
      if (dice.one_in(2)) loop["on_error"] = "collect";
      step["for_each"] = std::move(loop);
    }
    if (rounds) {
      step["repeat"] =
          json::Object{{"until", "${prev.n} >= 2"}, {"max", dice.roll(1, 4)}, {"start", fallback}};
    }
    if (dice.one_in(2)) {
      step["retry"] = json::Object{{"max", dice.roll(1, 3)}, {"wait_s", dice.roll(0, 4)}};
    }
    if (dice.one_in(2)) step["timeout_s"] = dice.roll(1, 9);
    const bool when = i > 0 && dice.one_in(5);
    if (when) {
      step["when"] = plain.empty() || dice.one_in(2) ? "length(${inputs.list}) > 5"
                                                     : "${steps." + plain.front() + ".out.n} > 0";
    }
    const bool lenient = i > 0 && dice.one_in(2);
    const bool value = lenient && !each && !writes && dice.one_in(2);
    if (lenient) step["on_error"] = value ? "value" : "continue";
    if (value || (when && !each && !writes)) step["default"] = fallback;
    if (!writes) all.push_back(id);
    if (!writes && !each) plain.push_back(id);
    steps.emplace_back(std::move(step));
  }
  return plan_text(std::move(steps), {});
}

// What fits the step: {n, list}, or the row of a file.
inline json::Value fitting(const door::Effect& effect, Dice& dice) {
  if (effect.arguments.contains("path")) {
    const std::string text = json::canonical(effect.arguments);
    return json::Object{{"path", effect.arguments.at("path")},
                        {"bytes", text.size()},
                        {"sha256", hex(crypto::sha256(text))}};
  }
  json::Array list;
  for (std::int64_t i = dice.roll(0, 4); i > 0; --i) list.emplace_back(std::to_string(i));
  const json::Object value{{"n", dice.roll(0, 3)}, {"list", std::move(list)}};
  if (effect.caps.model_calls == 0) return value;
  return json::Object{{"text", json::write(value)}};
}

// How the far sides of a run are: how often they fail, and whether attempts may be lost.
struct Temper {
  std::int64_t fails_one_in = 2;
  bool loses = true;
};

// Anything that a far side may do: time up to the limit and over it, usage up to the caps or none
// that is known, every error there is, answers that fit nothing.
inline Reply any_reply(const door::Intent& intent, Dice& dice, const Temper& temper) {
  const door::Effect& effect = intent.effect();
  const std::int64_t limit = effect.timeout_s * 1000;
  Reply reply;
  reply.ms = dice.one_in(3) ? limit : dice.roll(0, limit);
  if (dice.one_in(2)) {
    const std::int64_t in = dice.roll(0, effect.caps.tokens);
    reply.outcome.usage = {in, dice.roll(0, effect.caps.tokens - in), effect.caps.tool_calls,
                           effect.caps.model_calls, dice.roll(0, effect.caps.usd)};
    reply.outcome.usage_known = true;
  }
  reply.outcome.result = fitting(effect, dice);
  if (!dice.one_in(temper.fails_one_in)) return reply;
  switch (dice.roll(0, 5)) {
    case 0:
      if (temper.loses) reply.ms = limit + 1;
      break;
    case 1: {
      const auto last = static_cast<std::int64_t>(all_codes().size()) - 1;
      const Code code = all_codes()[static_cast<std::size_t>(dice.roll(0, last))].code;
      if (temper.loses || code != Code::kInterrupted) reply.outcome.result = fail(code, "broken");
      break;
    }
    case 2: reply.outcome.result = fail(Code::kEngineFailed, "not yet"); break;
    case 3: reply.outcome.result = json::Object{{"text", "no JSON"}}; break;
    case 4: reply.outcome.result = json::Object{{"text", std::string(100'000, 'x')}}; break;
    default: reply.outcome.result = json::Value{1e300}; break;
  }
  return reply;
}

// The dearest far side: every attempt fails, or is lost, at its limit, and nobody knows its usage.
inline Reply worst_reply(const door::Intent& intent, Dice& dice) {
  Reply reply{intent.effect().timeout_s * 1000 + (dice.one_in(2) ? 1 : 0), {}};
  reply.outcome.result = fail(Code::kEngineFailed, "not yet");
  return reply;
}

}  // namespace naestro::run::testing
