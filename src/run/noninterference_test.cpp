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

// What a tool gives that only the user speaks through.
constexpr const char* kUsers =
    R"({"":{"integrity":["user"],"readers":["private"],"instruction_bearing":false}})";

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

// Also file.read@1, which reads a file, prog.run@1, which may touch any, and a label on hr/.
struct LabelledWorld : testing::World {
  LabelledWorld() {
    const std::string path = R"({"path":{"type":"string","maxLength":9999}})";
    const std::string to =
        R"({"to":{"type":"string","maxLength":9999},"text":{"type":"string","maxLength":9999}})";
    const std::string kinds = R"({"to":"authority","text":"payload"})";
    const auto effects = [](const std::string& kind, const std::string& argument) {
      return R"([{"kind":")" + kind + R"(","argument":")" + argument + R"(","reversible":true}])";
    };
    const std::string read = contract_text("file.read", path, R"({"path":"authority"})",
                                           effects("read", "path"), kUsers);
    const std::string mail = contract_text("mail.post", to, kinds, effects("send", "to"), kUsers);
    const std::string note = contract_text("note.put", to, kinds, effects("write", "to"), kUsers);
    const std::string prog = contract_text("prog.run", to, kinds, effects("exec", "to"), kUsers);
    const std::vector<EmbeddedFile> files{{"r", read}, {"m", mail}, {"n", note}, {"p", prog}};
    auto all = contract::ToolCatalog::from(files);
    check(all.has_value(), all ? "" : all.error().text());
    tools = *std::move(all);
    const auto form = json::parse(R"({"policy":"policy/1","rules":[],"labels":[{"paths":)"
                                  R"(["hr/**"],"readers":"off_prem_forbidden"}]})");
    const auto added = policy.add(policy::Layer::user, "mine.yaml", form.value(),
                                  [](const std::string&) { return 1; });
    check(added.has_value(), "the label is read");
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

// The same with conditions over what steps gave, and steps that need others.
struct Governed {
  std::string text;
  std::set<std::string> by_data;  // effects that what untrusted sources say may leave out
};

Governed any_governed_plan(Dice& dice) {
  Governed made;
  json::Array steps;
  struct Text {
    std::string id;
    bool trusted;
  };
  std::vector<Text> texts;
  std::vector<std::string> ids;
  std::set<std::string> governed;  // steps of any sort
  const auto any_text = [&]() -> const Text& {
    return texts[static_cast<std::size_t>(
        dice.roll(0, static_cast<std::int64_t>(texts.size()) - 1))];
  };
  const std::int64_t count = dice.roll(3, 9);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string id = "s" + std::to_string(i);
    json::Object step{{"id", id}};
    bool by_data = false;
    if (i > 0 && dice.one_in(3)) {
      const Text& text = any_text();
      step["when"] = "${steps." + text.id + ".out.text} < 'w5'";
      by_data = !text.trusted || governed.contains(text.id);
    }
    if (i > 0 && dice.one_in(4)) {
      const std::string& need = ids[static_cast<std::size_t>(dice.roll(0, i - 1))];
      step["needs"] = json::Array{need};
      by_data = by_data || governed.contains(need);
    }
    bool clean = true;
    std::string more = "x";
    if (i > 0 && dice.one_in(2)) {
      const Text& text = any_text();
      more += " ${steps." + text.id + ".out.text}";
      clean = text.trusted;
      by_data = by_data || governed.contains(text.id);
    }
    if (by_data) governed.insert(id);
    if (i == 0 || dice.one_in(2)) {
      const bool own = dice.one_in(2);
      step["do"] = json::Object{{"tool", own ? "own.read@1" : "page.read@1"}};
      step["with"] = json::Object{{"q", more}};
      texts.push_back({id, own && clean && !by_data});
    } else {
      step["do"] = json::Object{{"tool", dice.one_in(2) ? "mail.post@1" : "note.put@1"}};
      step["with"] = json::Object{{"to", "place" + std::to_string(i)}, {"text", more}};
      if (by_data) made.by_data.insert(id);
    }
    ids.push_back(id);
    steps.emplace_back(std::move(step));
  }
  made.text = testing::plan_text(std::move(steps), {});
  return made;
}

struct Ran {
  std::map<std::string, std::string> touched;  // step -> its tool and authority argument
  std::map<std::string, std::string> shown;    // step -> what a person was asked about it alone
  std::set<std::string> warned;  // steps of which the card says that data decides them
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
      if (question.scope == Question::Scope::plan) {
        for (const json::Value& line : question.what.as_array()) {
          const json::Value* data = line.as_object().if_contains("data");
          if (data != nullptr && data->as_object().contains("untrusted_control")) {
            out.warned.insert(std::string{json::view(line.at("step").as_string())});
          }
        }
        return std::optional{Answer{true, "terminal", "t"}};
      }
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

// Whether an effect is done, data may decide; then the card says so. All else is done the same, and
// nothing that is done differs in what it touches.
TEST_F(NoninterferenceTest, WhatUntrustedConditionsGovernIsShown) {
  constexpr std::uint64_t kSeeds = 500;
  const char* one = std::getenv("NAESTRO_SIM_SEED");
  const std::uint64_t first = one == nullptr ? 0 : std::strtoull(one, nullptr, 10);
  int same = 0;
  int shown = 0;
  int differ = 0;
  for (std::uint64_t seed = first; seed < (one == nullptr ? kSeeds : first + 1); ++seed) {
    SCOPED_TRACE("NAESTRO_SIM_SEED=" + std::to_string(seed));
    Dice dice{seed};
    const Governed made = any_governed_plan(dice);
    const auto compiled = plan::compile(made.text, world_.environment());
    ASSERT_TRUE(compiled.program) << made.text;
    const Ran a = run(*compiled.program, made.text, seed, 1, true);
    const Ran b = run(*compiled.program, made.text, seed, 2, true);
    ASSERT_TRUE(a.whole && b.whole) << made.text;
    EXPECT_EQ(a.shown.size() + b.shown.size(), 0) << "one yes to the card is enough";
    for (const plan::Step& step : compiled.program->steps) {
      if (step.effects.empty()) continue;
      const auto of = [&](const Ran& ran) {
        const auto found = ran.touched.find(step.id);
        return found == ran.touched.end() ? "" : found->second;
      };
      const bool governed = made.by_data.contains(step.id);
      EXPECT_EQ(step.flow.untrusted_control, governed) << step.id << made.text;
      EXPECT_EQ(a.warned.contains(step.id), governed) << step.id << made.text;
      if (of(a) == of(b)) {
        ++same;
        shown += governed ? 1 : 0;
        continue;
      }
      ++differ;
      EXPECT_TRUE(governed) << step.id << made.text;
      EXPECT_TRUE(of(a).empty() || of(b).empty()) << step.id << made.text;
    }
    if (HasFailure()) return;
  }
  std::printf("%d effects the same, %d of them shown as data's; %d only in one of two runs\n", same,
              shown, differ);
  if (one == nullptr) EXPECT_TRUE(same > 300 && shown > 50 && differ > 50);
}

// A file that the run's input names, or that the run itself wrote: only the run knows.
TEST_F(NoninterferenceTest, WhatMustNotLeaveDoesNot) {
  LabelledWorld labelled;
  const auto sent = [&](const std::string& path, const std::string& rest) {
    const std::string text =
        R"({"naestro":"plan/1","goal":"g","inputs":{"file":{"schema":{"type":"string",)"
        R"("maxLength":99},"value":")" +
        path + R"("}},"steps":[{"id":"r","do":{"tool":"file.read@1"},"with":{"path":)" +
        R"("${inputs.file}"}},)" + rest + R"(],"outputs":{}})";
    const auto compiled = plan::compile(text, labelled.environment());
    check(compiled.program.has_value(), "the plan compiles");
    std::string out;
    SimRun run{labelled,
               [&](const door::Intent& intent) {
                 const door::Effect& effect = intent.effect();
                 if (effect.target == "mail.post@1") out += "sent";
                 Reply reply;
                 reply.outcome.result = json::Object{{"text", "t"}};
                 return reply;
               },
               1};
    run.attend = [&](const Question&) { return std::optional{Answer{true, "terminal", "t"}}; };
    const Ending ending = run.begin(*compiled.program, labelled.start(*compiled.program, text));
    EXPECT_TRUE(run.replays());
    const bool denied = ending.how == Ending::How::failed;
    return out + (denied ? "denied" : "");
  };
  const std::string mail = R"({"id":"m","do":{"tool":"mail.post@1"},"with":{"to":"a","text":)";
  EXPECT_EQ(sent("docs/a", mail + R"("${steps.r.out.text}"}})"), "sent");
  EXPECT_EQ(sent("hr/a", mail + R"("${steps.r.out.text}"}})"), "denied");
  EXPECT_EQ(sent("hr/a", mail + R"("x"}})"), "sent");
  EXPECT_EQ(sent("hr/a", mail + R"("x"},"when":"${steps.r.out.text} == 't'"})"), "denied");
  // By way of another file, or of a program that may have written any.
  for (const std::string& through :
       {std::string{R"({"id":"w","do":{"tool":"note.put@1"},"with":{"to":"out/a","text":)"},
        std::string{R"({"id":"w","do":{"tool":"prog.run@1"},"with":{"to":"p","text":)"}}) {
    const std::string steps =
        through + R"("${steps.r.out.text}"}},{"id":"again","do":{"tool":"file.read@1"},"with":)" +
        R"({"path":"out/a"},"needs":["w"]},)" + mail + R"("${steps.again.out.text}"}})";
    EXPECT_EQ(sent("docs/a", steps), "sent");
    EXPECT_EQ(sent("hr/a", steps), "denied");
  }
}

}  // namespace
}  // namespace naestro::run
