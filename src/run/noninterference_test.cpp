// Noninterference: one plan is run twice in the simulated world, and only what untrusted sources
// say differs. Whom and what an effect touches is the same in both, unless a person saw the value
// itself and said yes to it. NAESTRO_SIM_SEED=n runs one seed again.
#include <cstdlib>
#include <optional>
#include <set>

#include "run/test_plans.hpp"

namespace naestro::run {
namespace {

using testing::Dice;
using testing::Reply;
using testing::SimRun;

std::string contract_text(const std::string& name, const std::string& arguments,
                          const std::string& kinds, const std::string& effects,
                          const std::string& labels) {
  return R"({"name":")" + name +
         R"(","version":1,"description":"For tests.","input":{"type":"object","properties":)" +
         arguments +
         R"(,"additionalProperties":false},"output":{"type":"object","properties":{"text":)"
         R"({"type":"string","maxLength":99}},"required":["text"],"additionalProperties":false},)"
         R"("arguments":)" +
         kinds + R"(,"labels":)" + labels + R"(,"effects":)" + effects +
         R"(,"idempotency":"keyed","undo":"","max_output_bytes":400,"timeout_s":9,"cost_usd":"0",)"
         R"("deprecated":""})";
}

// page.read@1 gives text that nobody vouches for, own.read@1 the user's own; mail.post@1 sends, and
// note.put@1 writes inside of the workspace.
struct FlowWorld : testing::World {
  FlowWorld() {
    const std::string q = R"({"q":{"type":"string","maxLength":9999}})";
    const std::string to =
        R"({"to":{"type":"string","maxLength":9999},"text":{"type":"string","maxLength":9999}})";
    const std::string kinds = R"({"to":"authority","text":"payload"})";
    const std::string page = contract_text("page.read", q, R"({"q":"payload"})", "[]", "{}");
    const std::string own = contract_text(
        "own.read", q, R"({"q":"payload"})", "[]",
        R"({"":{"integrity":["user"],"readers":["private"],"instruction_bearing":false}})");
    const std::string mail = contract_text(
        "mail.post", to, kinds, R"([{"kind":"send","argument":"to","reversible":false}])", "{}");
    const std::string note = contract_text(
        "note.put", to, kinds, R"([{"kind":"write","argument":"to","reversible":true}])", "{}");
    const std::vector<EmbeddedFile> files{{"p", page}, {"o", own}, {"m", mail}, {"n", note}};
    auto all = contract::ToolCatalog::from(files);
    check(all.has_value(), all ? "" : all.error().text());
    tools = *std::move(all);
  }
};

struct Made {
  std::string text;
  std::set<std::string> computed;  // steps whose authority comes from an untrusted step
  bool sends = false;              // one of them sends
};

// Reads, then effects whose target is a literal, an input, or what a step gave; the rest of an
// argument may be anything.
Made any_flow_plan(Dice& dice) {
  Made made;
  json::Array steps;
  std::vector<std::pair<std::string, bool>> texts;  // steps that give text; whether it is trusted
  const auto reference = [&](bool& trusted) -> std::string {
    const auto& [id, own] =
        texts[static_cast<std::size_t>(dice.roll(0, static_cast<std::int64_t>(texts.size()) - 1))];
    trusted = trusted && own;
    return "${steps." + id + ".out.text}";
  };
  const std::int64_t count = dice.roll(2, 8);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string id = "s" + std::to_string(i);
    if (i == 0 || dice.one_in(3)) {
      bool trusted = dice.one_in(2);
      json::Object with{{"q", "about"}};
      const std::string tool = trusted ? "own.read@1" : "page.read@1";
      if (i > 0 && dice.one_in(2)) with["q"] = "about " + reference(trusted);
      steps.emplace_back(json::Object{
          {"id", id}, {"do", json::Object{{"tool", tool}}}, {"with", std::move(with)}});
      texts.emplace_back(id, trusted);
      continue;
    }
    const bool sends = dice.one_in(2);
    bool trusted = true;
    std::string to = "place" + std::to_string(i);
    const std::int64_t how = dice.roll(0, 5);
    if (how == 1) to = "${inputs.list[0]}";
    if (how == 2 || how == 3) to = reference(trusted);
    if (how == 4) to = "x-" + reference(trusted);
    bool any = true;
    const std::string text = dice.one_in(2) ? "hello" : "see " + reference(any);
    steps.emplace_back(
        json::Object{{"id", id},
                     {"do", json::Object{{"tool", sends ? "mail.post@1" : "note.put@1"}}},
                     {"with", json::Object{{"to", to}, {"text", text}}}});
    if (trusted) continue;
    made.computed.insert(id);
    made.sends = made.sends || sends;
  }
  made.text = testing::plan_text(std::move(steps), {});
  return made;
}

struct Ran {
  std::map<std::string, std::string> touched;  // step -> its tool and authority argument
  std::map<std::string, std::string> shown;    // step -> what a person was asked about it alone
  bool whole = false;
};

class NoninterferenceTest : public ::testing::Test {
 protected:
  // What untrusted sources say comes from `outside` alone. `yes`: to a question about one effect.
  Ran run(const plan::Program& program, const std::string& text, std::uint64_t seed,
          std::uint64_t outside, bool yes) {
    Ran out;
    SimRun run{world_,
               [&](const door::Intent& intent) {
                 const door::Effect& effect = intent.effect();
                 Reply reply;
                 std::string said = "own words of " + effect.step;
                 if (effect.target == "page.read@1") {
                   Dice words{outside + std::hash<std::string>{}(effect.step)};
                   said = "w" + std::to_string(words.roll(0, 1'000'000));
                 } else if (const auto to = json::text_at(effect.arguments, "to")) {
                   out.touched[effect.step] = effect.target + " " + std::string{*to};
                 }
                 reply.outcome.result = json::Object{{"text", said}};
                 return reply;
               },
               seed};
    run.attend = [&](const Question& question) {
      if (question.scope == Question::Scope::plan)
        return std::optional{Answer{true, "terminal", "t"}};
      out.shown[question.step] = json::write(question.what);
      return std::optional{Answer{yes, "terminal", "t"}};
    };
    out.whole = run.begin(program, world_.start(program, text)).how == Ending::How::done;
    EXPECT_TRUE(run.replays());
    return out;
  }
  FlowWorld world_;
};

TEST_F(NoninterferenceTest, WhatUntrustedSourcesSayMovesNoEffectUnseen) {
  constexpr std::uint64_t kSeeds = 500;
  const char* one = std::getenv("NAESTRO_SIM_SEED");
  const std::uint64_t first = one == nullptr ? 0 : std::strtoull(one, nullptr, 10);
  int refused = 0;
  int endorsed = 0;
  int same = 0;
  for (std::uint64_t seed = first; seed < (one == nullptr ? kSeeds : first + 1); ++seed) {
    SCOPED_TRACE("NAESTRO_SIM_SEED=" + std::to_string(seed));
    Dice dice{seed};
    const Made made = any_flow_plan(dice);
    const auto compiled = plan::compile(made.text, world_.environment());
    // Data never decides where something is sent: such a plan does not compile.
    ASSERT_EQ(compiled.program.has_value(), !made.sends) << made.text;
    if (!compiled.program) {
      ++refused;
      continue;
    }
    const Ran a = run(*compiled.program, made.text, seed, 1, true);
    const Ran b = run(*compiled.program, made.text, seed, 2, true);
    ASSERT_TRUE(a.whole && b.whole) << made.text;
    for (const auto& [step, touched] : a.touched) {
      const std::string& other = b.touched.at(step);
      if (!made.computed.contains(step)) {
        EXPECT_EQ(touched, other) << made.text;
        ++same;
        continue;
      }
      // A person saw each of the two values.
      ++endorsed;
      for (const auto& [ran, value] : {std::pair{&a, touched}, {&b, other}}) {
        ASSERT_TRUE(ran->shown.contains(step)) << made.text;
        EXPECT_TRUE(ran->shown.at(step).contains(value.substr(value.find(' ') + 1))) << value;
      }
    }
    // Without a yes to them, no effect is touched by what the sources say.
    const Ran c = run(*compiled.program, made.text, seed, 1, false);
    const Ran d = run(*compiled.program, made.text, seed, 2, false);
    EXPECT_EQ(c.touched, d.touched) << made.text;
    for (const auto& [step, touched] : c.touched) EXPECT_FALSE(made.computed.contains(step));
    if (HasFailure()) return;
  }
  std::printf("%d plans refused, %d effects the same, %d seen by a person\n", refused, same,
              endorsed);
  if (one == nullptr) EXPECT_TRUE(refused > 50 && endorsed > 50 && same > 300);
}

}  // namespace
}  // namespace naestro::run
