// A plan whose steps have roles: what a role gives, and what it holds its steps to.
#include "contract/role.hpp"
#include "contract/within.hpp"
#include "plan/labels.hpp"
#include "plan/test_world.hpp"
#include "policy/labels.hpp"
#include "testing/property.hpp"

namespace naestro::plan {
namespace {

using testing::edited;
using testing::listing;
using testing::World;

constexpr std::string_view kRolePlan = R"({
  "naestro": "plan/1", "goal": "Which ${inputs.x} are late?",
  "budget": {"usd": "1", "tokens": 9999, "tool_calls": 50, "wall_s": 1999},
  "roles": {
    "researcher": {
      "version": 3, "purpose": "Finds what files say.", "prompt": "You read. ${steps.a.out}",
      "tools": ["files.search@1", "paid.lookup@1"], "scope": {"read": ["docs", "notes/a.txt"]},
      "share": 50, "turns": 4, "tool_calls": 6, "memory": ["goal"],
      "model": {"task": "research", "model": "cloudy", "max_input_tokens": 700,
                "max_output_tokens": 80}},
    "thinker": {
      "version": 1, "purpose": "Thinks.", "prompt": "Think.", "tools": [], "scope": {"read": []},
      "share": 9, "turns": 1, "tool_calls": 0, "memory": [],
      "model": {"task": "think", "max_input_tokens": 700, "max_output_tokens": 80}}},
  "steps": [
    {"id": "look", "role": "researcher", "do": {"agent": {}}, "timeout_s": 30,
     "with": {"messages": [{"role": "user", "content": "Look."}]},
     "out": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
             "additionalProperties": false}},
    {"id": "judge", "role": "thinker", "do": {"model": {}},
     "with": {"messages": [{"role": "user", "content": "Of ${steps.look.out}"}]},
     "out": {"type": "string", "maxLength": 10}}],
  "outputs": {"n": "${steps.judge.out}"}})";

json::Value sample() { return json::parse(kRolePlan).value(); }

const World& world() {
  static const World one;
  return one;
}

// The contents of a step's messages.
std::vector<std::string> told(const Step& step) {
  const auto with = evaluate(step.with, [](auto...) -> const json::Value* { return nullptr; });
  check(with.has_value(), "only literals");
  std::vector<std::string> out;
  for (const json::Value& each : *json::array_at(with->get_object(), "messages")) {
    out.push_back(std::string{*json::text_at(each.get_object(), "role")} + ": " +
                  std::string{*json::text_at(each.get_object(), "content")});
  }
  return out;
}

// Where neither says how much is read, it is what the model holds.
TEST(RolePlan, WithoutACapItReadsWhatItsModelHolds) {
  json::Value plan = sample();
  plan.at_pointer("/roles/researcher/model").as_object().erase("max_input_tokens");
  plan.as_object().erase("budget");
  const Compiled compiled = world().compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_EQ(std::get<ModelUse>(compiled.program->find("look")->use).max_input_tokens, 8192 - 80);
  // Half of 40,000 tokens are its share: enough for four turns.
  plan = edited(plan, "/budget", R"({"tokens":40000})");
  EXPECT_EQ(
      std::get<ModelUse>(world().compile_value(plan).program->find("look")->use).max_input_tokens,
      20'000 / 4 - 80);
}

// What the workspace says is read by a step of its own, and told as material.
TEST(RolePlan, InstructionsOfTheWorkspaceAreToldAsMaterial) {
  json::Value plan = edited(sample(), "/roles/researcher/memory", R"(["goal","instructions"])");
  plan = edited(plan, "/roles/thinker/memory", R"(["instructions"])");
  const Compiled compiled = world().compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const Program& program = *compiled.program;
  const Step& read = *program.find("look.instructions");
  EXPECT_EQ(read.effects.at(0).object, "docs");  // the first that it reads
  EXPECT_EQ(program.find("judge.instructions")->effects.at(0).object, ".");
  const Step& look = *program.find("look");
  const Reference text{Reference::From::step, "look.instructions", "/text"};
  EXPECT_EQ(look.with.references(), (std::vector<Reference>{text}));
  const auto& items =
      std::get<Expression::Items>(std::get<Expression::Members>(look.with.node).front().value.node);
  ASSERT_EQ(items.size(), 3);
  EXPECT_FALSE(items[1].literal());
  // It may hold orders, so what is said with it in mind is no more trusted than it is.
  EXPECT_TRUE(look.labels.at("").integrity.contains("file"));
  EXPECT_TRUE(look.flow.instruction_bearing);
  EXPECT_EQ(program.bound.tool_calls, world().compile(kRolePlan).program->bound.tool_calls + 2);

  plan = edited(plan, "/steps/0/id", R"("a2345678901234567890123456789012345678901234567890123")");
  EXPECT_TRUE(listing(world().compile_value(plan)).contains("told instructions is too long"));
  plan = edited(sample(), "/roles/thinker/memory", R"(["instructions"])");
  plan = edited(plan, "/steps/1/with", "{}");
  EXPECT_FALSE(world().compile_value(plan).program);
}

// Whoever names a project's role does not make it more than a file of that project.
TEST(RolePlan, WhatAProjectsRoleSaysIsNoMoreTrustedThanAFile) {
  const auto of = [](const char* origin) {
    const Compiled compiled =
        world().compile_value(edited(sample(), "/roles/researcher/origin", origin));
    EXPECT_TRUE(compiled.program) << listing(compiled);
    return *compiled.program;
  };
  const Program program = of(R"("project")");
  const Step& look = *program.find("look");
  EXPECT_EQ(look.role->origin, "project");
  EXPECT_TRUE(look.labels.at("").integrity.contains("file"));
  EXPECT_TRUE(look.flow.instruction_bearing && look.flow.untrusted_input);
  EXPECT_TRUE(look.flow.private_data);
  // What its model says, and what is made of that, neither.
  EXPECT_TRUE(program.find("judge")->labels.at("").integrity.contains("file"));
  EXPECT_FALSE(program.find("judge")->role->origin == "project");
  const Program own = of("");
  EXPECT_EQ(own.find("look")->role->origin, "");
  EXPECT_EQ(own.find("look")->role->digest, look.role->digest);
  EXPECT_NE(own.program_digest, program.program_digest);
  const Program mine = of(R"("user")");
  const auto& label = policy::whole(labels_into(mine.find("judge")->with, mine.find("judge")->role,
                                                [](const Reference&) { return plan_label(); }));
  EXPECT_EQ(label, plan_label());
}

// A fault of what was written into the plan stands where the plan's author wrote something.
TEST(RolePlan, AFaultOfARoleThatWasWrittenInStandsAtItsStep) {
  const json::Value own = edited(sample(), "/roles/researcher/tools/1", R"("mail.send@1")");
  const json::Value given = edited(own, "/roles/researcher/origin", R"("shipped")");
  for (const auto& [plan, at] :
       {std::pair{own, "/roles/researcher/tools/1"}, std::pair{given, "/steps/0/role"}}) {
    const Compiled compiled = world().compile_value(plan);
    ASSERT_FALSE(compiled.diagnostics.empty());
    for (const Diagnostic& each : compiled.diagnostics) {
      EXPECT_EQ(each.code, "NP7001");
      EXPECT_TRUE(each.pointer.starts_with(at)) << each.pointer;
    }
  }
}

TEST(RolePlan, WhatAStepLeavesOutComesFromItsRole) {
  const Compiled compiled = world().compile(kRolePlan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const Step& look = *compiled.program->find("look");
  const ModelUse& model = std::get<ModelUse>(look.use);
  EXPECT_EQ(model.task, "research");
  EXPECT_EQ(model.model->name, "cloudy");
  EXPECT_EQ(model.max_input_tokens, 700);
  EXPECT_EQ(model.max_output_tokens, 80);
  EXPECT_EQ(look.agent->turns, 4);
  EXPECT_EQ(look.agent->tool_calls, 6);
  EXPECT_EQ(look.agent->within, (std::vector<std::string>{"docs", "notes/a.txt"}));
  ASSERT_EQ(look.agent->hands.size(), 2U);
  EXPECT_TRUE(compiled.program->find("look.files_search")->hand->bounded);
  EXPECT_NE(compiled.program->find("look.paid_lookup"), nullptr);
  // What a prompt or a goal says is text, whatever it looks like.
  EXPECT_EQ(told(look), (std::vector<std::string>{
                            "system: You read. ${steps.a.out}\n\nThe goal of the whole plan, of "
                            "which your task is a part: Which ${inputs.x} are late?",
                            "user: Look."}));
  ASSERT_TRUE(look.role);
  EXPECT_EQ(look.role->name, "researcher");
  EXPECT_EQ(look.role->version, 3);
  EXPECT_EQ(look.role->purpose, "Finds what files say.");
  EXPECT_EQ(look.role->told, (std::vector<std::string>{"goal"}));
  EXPECT_FALSE(look.role->tools_named || look.role->within_named);
  const Step& judge = *compiled.program->find("judge");
  EXPECT_FALSE(judge.agent);
  EXPECT_EQ(std::get<ModelUse>(judge.use).model->name, "tiny");  // what any step gets
  EXPECT_EQ(judge.role->share, 9);
}

TEST(RolePlan, AStepMayTakeItsShareAtMost) {
  const Program program = *world().compile(kRolePlan).program;
  const Budget& look = program.find("look")->role->ceilings;
  EXPECT_EQ(look.usd, 500'000'000);
  EXPECT_EQ(look.tokens, 4999);  // rounded down
  EXPECT_EQ(look.tool_calls, 25);
  EXPECT_EQ(look.wall_s, 999);
  EXPECT_EQ(program.find("look")->agent->budget.tokens, 4999);
  EXPECT_EQ(program.find("judge")->role->ceilings.tokens, 899);
  // The smaller of its own and the share.
  const json::Value own = edited(sample(), "/steps/0/budget", R"({"tokens":1000})");
  const Budget held = world().compile_value(own).program->find("look")->role->ceilings;
  EXPECT_EQ(held.tokens, 1000);
  EXPECT_EQ(held.usd, 500'000'000);
  // Fewer calls than the role has are left where the share is smaller.
  const json::Value few = edited(sample(), "/budget/tool_calls", "7");
  EXPECT_EQ(world().compile_value(few).program->find("look")->agent->tool_calls, 3);
  const Compiled none = world().compile_value(edited(sample(), "/budget", ""));
  ASSERT_TRUE(none.program) << listing(none);
  const Budget& free = none.program->find("look")->role->ceilings;
  EXPECT_FALSE(free.usd || free.tokens || free.tool_calls || free.wall_s);
}

TEST(RolePlan, WhatAStepSaysItselfStands) {
  json::Value plan = edited(sample(), "/steps/0/do/agent", R"({
      "task":"t","model":"tiny","max_input_tokens":10,"max_output_tokens":5,"turns":2,
      "tool_calls":1,"tools":[{"tool":"files.search@1","with":{"path":"docs/b"}}],
      "within":["docs/b","notes/a.txt"]})");
  const Compiled compiled = world().compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  const Step& look = *compiled.program->find("look");
  const ModelUse& model = std::get<ModelUse>(look.use);
  EXPECT_EQ(model.task, "t");
  EXPECT_EQ(model.model->name, "tiny");
  EXPECT_EQ(model.max_input_tokens, 10);
  EXPECT_EQ(model.max_output_tokens, 5);
  EXPECT_EQ(look.agent->turns, 2);
  EXPECT_EQ(look.agent->tool_calls, 1);
  EXPECT_EQ(look.agent->hands.size(), 1U);
  EXPECT_EQ(look.agent->within, (std::vector<std::string>{"docs/b", "notes/a.txt"}));
  EXPECT_TRUE(look.role->tools_named && look.role->within_named);
}

TEST(RolePlan, TheDefinitionIsPartOfTheProgram) {
  const auto digest = [](const json::Value& plan) {
    return world().compile_value(plan).program->program_digest;
  };
  EXPECT_EQ(digest(sample()), world().compile(kRolePlan).program->program_digest);
  for (const auto& [pointer, value] : {std::pair{"/roles/researcher/version", "4"},
                                       std::pair{"/roles/researcher/purpose", R"("Else.")"},
                                       std::pair{"/roles/researcher/share", "51"}}) {
    EXPECT_NE(digest(edited(sample(), pointer, value)), digest(sample())) << pointer;
  }
  // A role that no step has changes nothing that is done.
  const json::Value more =
      edited(sample(), "/roles/idle", json::write(*json::at(sample(), "/roles/thinker")));
  EXPECT_EQ(digest(more), digest(sample()));
}

struct Case {
  const char* code;
  const char* pointer;
  const char* text;
  const char* at = nullptr;
  const char* says = "";
};
constexpr Case kCases[] = {
    {"NP1301", "/steps/0/role", R"("reseacher")", nullptr, "did you mean 'researcher'?"},
    {"NP1301", "/steps/0/role", R"("")"},
    {"NP1301", "/roles", "", "/steps/0/role", "a member of `roles`"},
    {"NP1103", "/steps/0/role", "7"},
    {"NP1103", "/roles", "[]"},
    {"NP1102", "/steps/1/do", R"({"tool":"notes.find@2"})", "/steps/1/role"},
    {"NP1106", "/steps/0/do", R"({"tool":"report.write@1","agent":{}})"},
    {"NP1101", "/steps/0/with", "", "/steps/0"},
    {"NP1103", "/steps/0/with/messages", "7"},
    {"NP1302", "/roles/researcher/turns", "0"},
    {"NP1302", "/roles/researcher/wheels", "4"},
    {"NP1302", "/roles/Researcher", "{}"},
    {"NP1302", "/roles/thinker/scope/read", R"(["../x"])", "/roles/thinker/scope/read/0"},
    {"NP2001", "/roles/researcher/tools/1", R"("paid.lokup@1")", nullptr, "'paid.lookup@1'"},
    {"NP2001", "/roles/thinker/tools", R"(["nobody.knows@1"])", "/roles/thinker/tools/0"},
    {"NP1303", "/steps/0/do/agent", R"({"tools":["files.search@1","mail.send@1"]})",
     "/steps/0/do/agent/tools/1",
     "found 'mail.send@1', expected role researcher has files.search@1, paid.lookup@1"},
    {"NP1303", "/steps/0/do/agent", R"({"turns":5})", "/steps/0/do/agent/turns", "has 4"},
    {"NP1303", "/steps/0/do/agent", R"({"tool_calls":7})", "/steps/0/do/agent/tool_calls"},
    {"NP1303", "/steps/0/do/agent", R"({"within":["docs","notes"]})", "/steps/0/do/agent/within/1",
     "found 'notes', expected role researcher has docs, notes/a.txt"},
    {"NP1303", "/roles/researcher/scope/read", "[]", "/steps/0", ""},
    {"NP1303", "/steps/0/budget", R"({"tokens":5000})", "/steps/0/budget/tokens", "4999 (50%"},
    {"NP1303", "/steps/0/budget", R"({"usd":"0.6"})", "/steps/0/budget/usd", "0.5 (50%"},
    {"NP1303", "/steps/0/budget", R"({"tool_calls":26})", "/steps/0/budget/tool_calls"},
    {"NP1303", "/steps/0/budget", R"({"wall_s":1000})", "/steps/0/budget/wall_s"},
    {"NP1303", "/steps/0/role", R"("thinker")", nullptr, "0 tools, 0 calls"},
    {"NP1303", "/budget/tool_calls", "1", "/steps/0/role"},
    {"NP8105", "/budget/tokens", "8000", "/steps/1", "role thinker may take 9% of the plan's"},
};

TEST(RolePlan, FindsEachFaultWhereItStands) {
  for (const Case& item : kCases) {
    json::Value plan = sample();
    if (std::string_view{item.pointer}.ends_with("scope/read") &&
        item.at == std::string{"/steps/0"}) {
      plan = edited(plan, "/steps/0/do/agent", R"({"within":["docs"]})");
    }
    const Compiled compiled = world().compile_value(edited(plan, item.pointer, item.text));
    EXPECT_FALSE(compiled.program) << item.code << " " << item.pointer;
    const std::string at = item.at == nullptr ? item.pointer : item.at;
    EXPECT_TRUE(std::ranges::any_of(compiled.diagnostics,
                                    [&](const Diagnostic& d) {
                                      return d.code == item.code && d.pointer.starts_with(at) &&
                                             describe(d).contains(item.says);
                                    }))
        << item.code << " at " << at << ", got\n"
        << listing(compiled);
  }
}

TEST(RolePlan, AToolThatIsNotThereIsSaidOnce) {
  json::Value plan = edited(sample(), "/roles/researcher/tools/1", R"("paid.lokup@1")");
  const Compiled compiled = world().compile_value(plan);
  EXPECT_EQ(compiled.diagnostics.size(), 1U) << listing(compiled);
  // A malformed role is no reason to find fault with its steps.
  const Compiled bad = world().compile_value(edited(sample(), "/roles/researcher/turns", "0"));
  EXPECT_EQ(bad.diagnostics.size(), 1U) << listing(bad);
}

TEST(RolePlan, WithoutAScopeWhatAnAgentReadsIsAskedFor) {
  const json::Value plan = edited(sample(), "/roles/researcher/scope/read", "[]");
  const Compiled compiled = world().compile_value(plan);
  ASSERT_TRUE(compiled.program) << listing(compiled);
  EXPECT_TRUE(compiled.program->find("look")->agent->within.empty());
  EXPECT_FALSE(compiled.program->find("look.files_search")->hand->bounded);
}

// Whatever a role has and a step asks for: what compiles lies within the role and the plan.
RC_GTEST_PROP(RolePlanProperty, WhatCompilesLiesWithinTheRoleAndThePlan, ()) {
  const std::vector<std::string> tools{"files.search@1", "paid.lookup@1", "notes.find@2"};
  const std::vector<std::string> paths{"docs", "docs/a", "docs/a/b", "docsx", "notes", "."};
  const auto some = [](const std::vector<std::string>& of, int of_ten) {
    json::Array out;
    for (const std::string& each : of) {
      if (*rc::gen::inRange(0, 10) < of_ten) out.emplace_back(each);
    }
    return out;
  };
  const auto maybe = [](json::Object& to, const char* key, const json::Value& value) {
    if (*rc::gen::inRange(0, 2) == 0) to[key] = value;
  };
  json::Value plan = sample();
  json::Object& role = const_cast<json::Value*>(json::at(plan, "/roles/researcher"))->as_object();
  role["tools"] = some(tools, 7);
  role["scope"] = json::Object{{"read", some(paths, 4)}};
  role["share"] = *rc::gen::inRange(20, 101);
  role["turns"] = *rc::gen::inRange(2, 7);
  role["tool_calls"] = *rc::gen::inRange(1, 8);
  json::Object agent;
  if (json::Array own = some(tools, 2); !own.empty()) agent["tools"] = std::move(own);
  if (json::Array own = some(paths, 1); !own.empty()) agent["within"] = std::move(own);
  maybe(agent, "turns", json::Value(*rc::gen::inRange(1, 6)));
  maybe(agent, "tool_calls", json::Value(*rc::gen::inRange(1, 6)));
  json::Object budget;
  maybe(budget, "tokens", json::Value(*rc::gen::inRange(700, 9'000)));
  maybe(budget, "tool_calls", json::Value(*rc::gen::inRange(3, 20)));
  json::Object whole;
  maybe(whole, "tokens", json::Value(*rc::gen::inRange(4'000, 40'000)));
  maybe(whole, "tool_calls", json::Value(*rc::gen::inRange(5, 40)));
  plan.as_object()["budget"] = whole;
  json::Object& step = const_cast<json::Value*>(json::at(plan, "/steps/0"))->as_object();
  step["do"] = json::Object{{"agent", agent}};
  step["budget"] = budget;
  const Compiled compiled = world().compile_value(plan);
  RC_TAG(compiled.program.has_value());
  if (!compiled.program) return;
  const contract::Role has =
      *contract::read_role("researcher", *json::at(plan, "/roles/researcher"));
  const Step& look = *compiled.program->find("look");
  RC_ASSERT(look.agent->turns >= 1 && look.agent->turns <= has.turns);
  RC_ASSERT(look.agent->tool_calls >= 1 && look.agent->tool_calls <= has.tool_calls);
  for (const std::size_t hand : look.agent->hands) {
    const std::string id = std::get<ToolUse>(compiled.program->steps[hand].use).tool->id();
    RC_ASSERT(std::ranges::find(has.tools, id) != has.tools.end());
  }
  for (const std::string& path : look.agent->within) {
    RC_ASSERT(contract::lies_within(path, has.read));
  }
  for (const auto member : {&Budget::tokens, &Budget::tool_calls}) {
    const auto all = compiled.program->budget.*member;
    if (!all) continue;
    const auto own = look.agent->budget.*member;
    RC_ASSERT(own.has_value());
    RC_ASSERT(*own * 100 <= *all * has.share);
  }
}

}  // namespace
}  // namespace naestro::plan
