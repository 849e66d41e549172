#include "agents/written.hpp"

#include <fstream>
#include <set>

#include "agents/model_program.hpp"
#include "agents/planner.hpp"
#include "agents/test_world.hpp"
#include "base/text.hpp"
#include "plan/compile.hpp"
#include "turns/signature.hpp"

namespace naestro::agents {

using turns::signature;
using turns::type_text;
namespace {

using testing::world;

std::string program_text() {
  std::ifstream file{std::string{NAESTRO_SOURCE_DIR} + "/plans/model_goal.json"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

contract::ModelContract model(std::int64_t context, bool served = false) {
  contract::ModelContract out;
  out.name = "writer";
  out.context_tokens = context;
  if (served) out.served = contract::Served{};
  return out;
}

json::Object call(std::string_view tool, const json::Object& arguments, std::int64_t version = 1) {
  auto out = world().planner.call(tool, version, arguments, {world().workspace, {}});
  check(out.has_value(), out ? "" : out.error().text());
  const auto* contract = world().catalogs.tools.find(tool, version);
  EXPECT_TRUE(schema::conforms(*contract->output_schema, *out, tool)) << json::write(*out);
  return out->as_object();
}

json::Object brief_of(std::string_view goal, std::int64_t bytes, std::string_view found = "none") {
  return call("planner.brief", {{"goal", goal},
                                {"survey", world().survey(goal)},
                                {"diagnostics", found},
                                {"max_bytes", bytes}});
}

constexpr std::string_view kGoal = "Which product has the worst reputation?";

json::Object adopted(const json::Value& written, std::string_view goal = kGoal) {
  return call(
      "planner.adopt",
      {{"goal", goal}, {"model", "writer"}, {"draft", world().draft(goal)}, {"written", written}});
}

TEST(Signature, SaysTypesShortly) {
  const auto text = [](std::string_view schema) { return type_text(json::parse(schema).value()); };
  EXPECT_EQ(text("true"), "any");
  EXPECT_EQ(text("{}"), "any");
  EXPECT_EQ(text(R"({"const":1})"), "1");
  EXPECT_EQ(text(R"({"enum":["a",1]})"), R"("a"|1)");
  EXPECT_EQ(text(R"({"anyOf":[{"type":"string"},{"type":"null"}]})"), "string|null");
  EXPECT_EQ(text(R"({"oneOf":[{"type":"string"}]})"), "string");
  EXPECT_EQ(text(R"({"type":["string","null"]})"), "string|null");
  EXPECT_EQ(text(R"({"type":"object"})"), "object");
  EXPECT_EQ(text(R"({"type":"array"})"), "[any]");
  EXPECT_EQ(text(R"({"type":"object","required":["a"],"properties":
                     {"a":{"type":"array","items":{"type":"integer"}},"b":{"type":"object"}}})"),
            "{a:[integer],b?:object}");
  EXPECT_EQ(text(R"({"type":"object","properties":{"a":{}}})"), "{a?:any}");
}

TEST(Signature, OfAToolHasItsResultsMembersAndItsFirstSentence) {
  contract::ToolContract tool;
  tool.name = "x.y";
  tool.input = json::parse(R"({"type":"object","properties":{}})").value();
  tool.output = json::parse(R"({"type":"object","properties":{"rows":{"type":"array"},
    "one":{"type":"object","properties":{"a":{}}},"n":{"type":"integer"}}})")
                    .value();
  tool.description = "Counts. Slowly.";
  EXPECT_EQ(signature(tool), "x.y@1 {} -> {rows:[...],one:{...},n:integer}  Counts.");
  tool.output = json::Value(true);
  tool.description = "Counts";
  EXPECT_EQ(signature(tool), "x.y@1 {} -> any  Counts");
}

TEST(Brief, HoldsGoalToolsTablesAndTexts) {
  const json::Object out = brief_of(kGoal, 60'000);
  const std::string text{*json::text_at(out, "text")};
  EXPECT_FALSE(*json::bool_at(out, "truncated"));
  EXPECT_TRUE(text.starts_with("Goal: " + std::string{kGoal} + "\n"));
  for (const contract::ToolContract& tool : world().catalogs.tools.all()) {
    EXPECT_EQ(text.contains("\n- " + tool.id() + " "), is_offered(tool)) << tool.id();
  }
  EXPECT_TRUE(text.contains("\n- support/warranty_claims.csv, 70 rows: claim_id"));
  EXPECT_TRUE(text.contains("status text (3: accepted, rejected, goodwill)"));
  EXPECT_TRUE(text.contains("\n- support/warranty_policy.md, table_line 7, 6 rows: "));
  EXPECT_TRUE(text.contains("in months 12..24"));
  EXPECT_TRUE(text.contains("\n- support/faq.md, 72 lines: Support FAQ\n"));
  EXPECT_FALSE(text.contains("was refused"));
}

// A model that cannot be told of all tools is not asked.
TEST(Brief, TheSmallestHasRoomForAllTools) {
  std::size_t tools = 0;
  for (const contract::ToolContract& tool : world().catalogs.tools.all()) {
    if (is_offered(tool)) tools += signature(tool).size() + 3;
  }
  EXPECT_LE(tools + 2000, kBriefBytesMin);
  EXPECT_GE(tools + 4000, kBriefBytesMin);
}

TEST(Brief, FitsWhatItIsGivenInWholeLines) {
  const std::string whole{*json::text_at(brief_of(kGoal, 60'000), "text")};
  for (const std::int64_t bytes : {1, 50, 1000, 5000, 9000}) {
    const json::Object out = brief_of(kGoal, bytes);
    const std::string_view text = *json::text_at(out, "text");
    EXPECT_LE(text.size(), static_cast<std::size_t>(bytes));
    EXPECT_TRUE(*json::bool_at(out, "truncated"));
    for (const std::string& line : split(text, '\n')) EXPECT_TRUE(whole.contains(line)) << line;
  }
}

TEST(Brief, FindingsOfTheLastPlanStandInItAndTakeAThirdAtMost) {
  const json::Object out = brief_of(kGoal, 60'000, "{\"findings\":[]}");
  EXPECT_TRUE(json::text_at(out, "text")
                  ->contains("refused. Findings, and the plan as it was "
                             "read:\n{\"findings\":[]}\n"));
  EXPECT_FALSE(*json::bool_at(out, "truncated"));
  const json::Object cut = brief_of(kGoal, 60'000, std::string(50'000, 'x'));
  EXPECT_TRUE(*json::bool_at(cut, "truncated"));
  EXPECT_LT(json::text_at(cut, "text")->size(), 45'000U);
  EXPECT_TRUE(json::text_at(cut, "text")->contains("support/faq.md"));
}

TEST(Brief, ASurveyThatIsNoneIsRefused) {
  for (const json::Object& survey : {json::Object{}, json::Object{{"tables", json::Array{}}}}) {
    const auto out = world().planner.call("planner.brief", 1,
                                          {{"goal", kGoal}, {"survey", survey}, {"max_bytes", 9}},
                                          {world().workspace, {}});
    EXPECT_EQ(out.error().code, Code::kUsage);
  }
  EXPECT_FALSE(world().planner.call("planner.brief", 1, {}, {world().workspace, {}}));
}

TEST(Adopt, ATableOrQuotesBecomeTheAnswerWithItsSources) {
  const json::Value table = json::parse(R"({"steps":[{"id":"answer","do":{"tool":"csv.query@1"},
    "with":{"file":"support/warranty_claims.csv","group_by":["product"],
            "aggregates":[{"fn":"count","as":"n"}]}}],"answer":"answer"})")
                                .value();
  json::Object out = adopted(table);
  EXPECT_EQ(*json::text_at(out, "status"), "planned");
  EXPECT_EQ(*json::text_at(out, "reason"), "written by writer");
  auto outputs = eval::run_plan(*json::object_at(out, "plan"), world().workspace, world().catalogs);
  ASSERT_TRUE(outputs) << outputs.error().text();
  EXPECT_TRUE(json::text_at(*outputs, "answer")->starts_with("By a plan that writer wrote:\n"));
  EXPECT_TRUE(json::text_at(*outputs, "answer")->contains("RL-300: n 27"));
  EXPECT_TRUE(json::text_at(*outputs, "answer")->contains("csv.query@1 {\"file\":"));
  EXPECT_FALSE(json::array_at(*outputs, "citations")->empty());

  const json::Value quotes = json::parse(R"({"steps":[{"id":"find","do":{"tool":"files.search@1"},
    "with":{"path":"support","query":"${warranty}"}}],"answer":"find"})")
                                 .value();
  out = adopted(quotes);
  // What a model wrote is shown as it stands, not taken for a reference.
  const json::Object& answer =
      json::array_at(*json::object_at(out, "plan"), "steps")->back().get_object();
  EXPECT_TRUE(json::text_at(*json::object_at(answer, "with"), "basis")->contains("$${warranty}"));
  EXPECT_EQ(*json::text_at(*json::object_at(answer, "with"), "quotes"),
            "${steps.find.out.matches}");
}

TEST(Adopt, WhatIsNoPlanIsTheCompilersToSay) {
  for (const std::string_view written :
       {R"({"steps":[1],"answer":"x"})", R"({"steps":[{"id":"a"}],"answer":"a"})",
        R"({"steps":[{"id":"a","do":{"tool":"no.such@1"}}],"answer":"a"})",
        R"({"steps":[{"id":"a","do":{"tool":"http.get@1"},"with":{"url":"https://a.example/"}}],
            "answer":"a"})"}) {
    const json::Object out = adopted(json::parse(written).value());
    EXPECT_EQ(*json::text_at(out, "status"), "planned") << written;
    const std::string text = json::write(json::Value(*json::object_at(out, "plan")));
    plan::Environment around{.tools = world().catalogs.tools,
                             .models = world().catalogs.models,
                             .policy = world().catalogs.policy};
    EXPECT_FALSE(plan::compile(text, around).program) << text;
  }
}

TEST(Adopt, AModelsOwnWordsAreNoAnswerWhateverTheirShape) {
  const json::Value said = json::parse(R"({"steps":[{"id":"said","do":{"model":{"task":"x"}},
    "with":{},"out":{"type":"object"}}],"answer":"said"})")
                               .value();
  const json::Object out = adopted(said);
  EXPECT_EQ(*json::text_at(out, "status"), "refused");
  EXPECT_TRUE(json::object_at(out, "plan")->empty());
  EXPECT_TRUE(json::text_at(out, "reason")->contains("lets a model answer, step said"));
}

TEST(Adopt, WithoutStepsThePlanOfASkillStands) {
  const json::Value none = json::Object{{"steps", json::Array{}}, {"answer", ""}};
  const std::string_view known = "Which invoices are overdue?";
  const json::Object out = adopted(none, known);
  EXPECT_EQ(*json::object_at(out, "plan"), *json::object_at(world().draft(known), "plan"));
  EXPECT_EQ(*json::text_at(out, "skill"), *json::text_at(world().draft(known), "skill"));
  const json::Object refused = adopted(none);
  EXPECT_EQ(*json::text_at(refused, "status"), "refused");
  EXPECT_TRUE(json::object_at(refused, "plan")->empty());
  EXPECT_TRUE(json::text_at(refused, "reason")->ends_with("; writer found no plan either"));
}

TEST(Adopt, WhatIsNotOfThePlannersFormIsRefused) {
  const json::Object draft = world().draft(kGoal);
  for (const json::Object& arguments :
       {json::Object{}, json::Object{{"draft", draft}},
        json::Object{{"draft", draft}, {"written", json::Object{}}}}) {
    const auto out = world().planner.call("planner.adopt", 1, arguments, {world().workspace, {}});
    EXPECT_EQ(out.error().code, Code::kUsage);
  }
  const json::Value written = json::parse(R"({"steps":[{"id":"a"}],"answer":"a"})").value();
  const json::Object out =
      call("planner.adopt",
           {{"goal", kGoal}, {"model", "m"}, {"draft", json::Object{}}, {"written", written}});
  EXPECT_EQ(*json::text_at(out, "status"), "planned");
}

TEST(ModelProgram, OffersWhatTheCatalogHas) {
  const json::Value program = json::parse(program_text()).value();
  std::set<std::string> said;
  for (const json::Value& each :
       json::at(program,
                "/steps/3/out/properties/steps/items/properties/do/anyOf/0/properties/"
                "tool/enum")
           ->get_array()) {
    said.emplace(json::view(each.get_string()));
  }
  std::set<std::string> offered;
  for (const contract::ToolContract& tool : world().catalogs.tools.all()) {
    if (is_offered(tool)) offered.insert(tool.id());
  }
  EXPECT_EQ(said, offered);
}

TEST(ModelProgram, SharesTheContextOfItsModel) {
  const auto at = [](const contract::ModelContract& model, std::string_view pointer) {
    const json::Value plan = json::parse(program_for(program_text(), model).value()).value();
    return *json::at(plan, pointer);
  };
  for (const bool served : {false, true}) {
    const auto large = model(200'000, served);
    EXPECT_EQ(at(large, "/steps/3/do/model/model"), "writer");
    EXPECT_EQ(at(large, "/steps/4/with/model"), "writer");
    EXPECT_EQ(at(large, "/steps/3/do/model/max_input_tokens"), 32'000);
    EXPECT_EQ(at(large, "/steps/3/do/model/max_output_tokens"), 4'000);
    EXPECT_LE(at(large, "/steps/2/with/max_bytes").as_int64(), 100'000);
  }
  const auto small = model(16'000);
  EXPECT_EQ(at(small, "/steps/3/do/model/max_input_tokens"), 12'000);
  EXPECT_EQ(at(small, "/steps/3/do/model/max_output_tokens"), 4'000);
  for (const auto& tiny : {model(4096), model(4096, true), model(12'000, true)}) {
    const auto refused = program_for(program_text(), tiny);
    EXPECT_EQ(refused.error().code, Code::kUsage) << tiny.context_tokens;
    EXPECT_TRUE(refused.error().message.contains("writer"));
  }
  EXPECT_FALSE(program_for("no plan", small));
}

TEST(ModelProgram, TellsOfAllowedToolsAlone) {
  const auto large = model(200'000, true);
  const auto with = [&](std::set<std::string> tools) {
    return json::parse(program_for(program_text(), large, {1, std::move(tools)}).value()).value();
  };
  constexpr std::string_view kEnum =
      "/steps/3/out/properties/steps/items/properties/do/anyOf/0/properties/tool/enum";
  const json::Value one = with({"csv.query@1", "other@1"});
  EXPECT_EQ(*json::at(one, "/steps/2/with/tools"), *json::parse(R"(["csv.query@1"])"));
  EXPECT_EQ(*json::at(one, kEnum), *json::parse(R"(["csv.query@1"])"));
  const json::Value none = with({});
  EXPECT_EQ(json::at(none, "/steps/2/with/tools")->as_array().size(), 0U);
  EXPECT_EQ(*json::at(none, kEnum), *json::parse(R"(["none"])"));
}

// Findings, a failure and another goal are told apart.
TEST(Brief, APlannerIsToldWhatBecameOfItsPlan) {
  const auto told = [](std::string_view found) {
    return std::string{*json::text_at(brief_of(kGoal, 60'000, found), "text")};
  };
  const std::string steered = told(R"({"done":["rows"],"plan":{"steps":[]},"steered":true})");
  EXPECT_TRUE(steered.contains("A plan for another goal is under way")) << steered;
  EXPECT_TRUE(steered.contains("rows")) << steered;
  EXPECT_TRUE(told(R"({"done":[],"failed":{},"plan":{}})").contains("did not come through"));
  EXPECT_TRUE(told(R"({"findings":[],"plan":{}})").contains("was refused"));
  // What it is told is asked as JSON, whose quotes take two bytes.
  std::string quotes = R"({"findings":[)";
  for (int i = 0; i < 2000; ++i) quotes += R"("",)";
  const json::Object out = brief_of(kGoal, 9000, quotes + "1]}");
  const std::string text{*json::text_at(out, "text")};
  const auto passage = text.substr(text.find(R"({"findings)"));
  const auto escaped = std::ranges::count(passage.substr(0, passage.find('\n')), '"');
  EXPECT_GT(escaped, 1000);
  EXPECT_LE(static_cast<std::int64_t>(text.size()) + escaped, 9000);
}

// Of too many tools those come first that the goal speaks of.
TEST(Brief, OfManyToolsThoseAreListedThatTheGoalNeeds) {
  const auto text = [&](std::string_view goal, std::int64_t bytes) {
    const json::Value some =
        json::parse(R"(["chart.svg@1","csv.query@1","text.timeline@1"])").value();
    const json::Object out = call("planner.brief",
                                  {{"goal", goal},
                                   {"survey", world().survey(goal)},
                                   {"diagnostics", "none"},
                                   {"tools", some},
                                   {"max_bytes", bytes}},
                                  2);
    return std::string{*json::text_at(out, "text")};
  };
  const std::string all = text("draw a chart of claims", 60'000);
  EXPECT_TRUE(all.contains("- csv.query@1"));
  EXPECT_FALSE(all.contains("- files.read@1"));
  EXPECT_LT(all.find("- chart.svg@1"), all.find("- csv.query@1"));
  const std::string few = text("draw a timeline of events", 2'700);
  EXPECT_TRUE(few.contains("- text.timeline@1")) << few;
  EXPECT_TRUE(few.contains("more tools are not listed")) << few;
}

TEST(ModelProgram, DrawsSeveralPlans) {
  const auto large = model(200'000, true);
  const std::string one = program_for(program_text(), large, {.candidates = 1}).value();
  EXPECT_EQ(one, program_for(program_text(), large).value());
  const json::Value plan =
      json::parse(program_for(program_text(), large, {.candidates = 3}).value()).value();
  EXPECT_EQ(*json::at(plan, "/inputs/numbers/value"), *json::parse("[1,2,3]"));
  EXPECT_EQ(*json::at(plan, "/steps/3/for_each/max"), json::Value(3));
  EXPECT_EQ(*json::at(plan, "/outputs/plan"), json::Value("${steps.adopt.out}"));
}

// The brief, the instructions and the schema fit the caps of a model whose tokens are bytes.
TEST(ModelProgram, ItsMessagesFitAModelThatCountsBytes) {
  for (const std::int64_t context : {18'000, 32'768, 200'000}) {
    const json::Value plan =
        json::parse(program_for(program_text(), model(context, true)).value()).value();
    const std::size_t bytes =
        json::write(*json::at(plan, "/steps/3/out")).size() +
        json::at(plan, "/steps/3/with/messages/0/content")->get_string().size() +
        static_cast<std::size_t>(json::at(plan, "/steps/2/with/max_bytes")->as_int64()) + 64;
    EXPECT_LE(bytes, static_cast<std::size_t>(
                         json::at(plan, "/steps/3/do/model/max_input_tokens")->as_int64()));
  }
}

const char* const kRoles = R"({"researcher":{"version":1,"purpose":"Finds what files say.",
    "prompt":"Read.","tools":["files.search@1","files.read@1"],"scope":{"read":["."]},"share":50,
    "turns":4,"tool_calls":6,"memory":["goal"],"model":{"task":"t"}}})";

TEST(ModelProgram, TellsOfRoles) {
  const auto large = model(200'000, true);
  const json::Object roles = json::parse(kRoles).value().get_object();
  const json::Value plan =
      json::parse(program_for(program_text(), large, {.roles = roles}).value()).value();
  constexpr std::string_view kForm = "/steps/3/out/properties/steps/items/properties";
  const auto form = [&](const json::Value& of, std::string_view below) {
    return json::at(of, std::string{kForm} + std::string{below});
  };
  EXPECT_EQ(*json::at(plan, "/inputs/roles/value"), json::Value(roles));
  EXPECT_EQ(*form(plan, "/role/enum"), *json::parse(R"(["researcher"])"));
  EXPECT_NE(form(plan, "/do/anyOf/2/properties/agent"), nullptr);
  // Without any, no step can have one.
  const json::Value none = json::parse(program_for(program_text(), large).value()).value();
  EXPECT_EQ(form(none, "/role"), nullptr);
  EXPECT_EQ(form(none, "/do/anyOf/2"), nullptr);
  EXPECT_NE(form(none, "/do/anyOf/1"), nullptr);
  // A program of somebody's own may have no room for them.
  EXPECT_TRUE(program_for(R"({"steps":[],"inputs":{}})", large, {.roles = roles}));

  const std::string goal = "why are claims late?";
  const json::Object told = call("planner.brief",
                                 {{"goal", goal},
                                  {"survey", world().survey(goal)},
                                  {"diagnostics", "none"},
                                  {"tools", json::Array{}},
                                  {"roles", roles},
                                  {"max_bytes", 60'000}},
                                 3);
  EXPECT_TRUE(
      json::text_at(told, "text")
          ->contains("- researcher: Finds what files say. Tools: files.search@1, files.read@1\n"));
}

// What an agent with a role says may be the answer; the plan holds the roles that its steps have.
TEST(Adopt, AnAgentWithARoleMayAnswer) {
  json::Value roles = json::parse(kRoles).value();
  roles.get_object()["idle"] = roles.at("researcher");
  const auto plan_of = [&](const char* written) {
    return call("planner.adopt",
                {{"goal", "why are claims late?"},
                 {"model", "writer"},
                 {"draft", json::Object{{"status", "refused"}, {"reason", "no"}}},
                 {"written", json::parse(written).value()},
                 {"roles", roles}},
                2);
  };
  const json::Object found = plan_of(
      R"({"steps":[{"id":"look","role":"researcher","do":{"agent":{}},"out":{"type":"object"},
          "with":{"messages":[{"role":"user","content":"Look."}]}}],"answer":"look"})");
  EXPECT_EQ(*json::text_at(found, "status"), "planned");
  const json::Value plan = found.at("plan");
  EXPECT_EQ(*json::at(plan, "/outputs"),
            *json::parse(
                R"({"answer":"${steps.look.out.answer}","sources":"${steps.look.out.sources}"})"));
  EXPECT_EQ(plan.at("roles").as_object().size(), 1U);
  EXPECT_NE(json::at(plan, "/steps/0/out/properties/sources"), nullptr);
  const auto compiled = plan::compile(json::pretty(plan), {.tools = world().catalogs.tools,
                                                           .models = world().catalogs.models,
                                                           .policy = world().catalogs.policy});
  EXPECT_TRUE(compiled.program);
  // By what it may be known that the results are right.
  const json::Object checked = plan_of(
      R"({"steps":[{"id":"l","do":{"tool":"files.list@1"},"with":{"path":"."}}],"answer":"l",
          "accept":[{"check":"${steps.l.out.file_count} > 0","says":"there are files"}]})");
  EXPECT_EQ(checked.at("plan").at("accept").at(0).at("says"), "there are files");
  EXPECT_FALSE(plan.as_object().contains("accept"));
  // A model alone may not; a tool's step answers as before.
  EXPECT_EQ(
      *json::text_at(plan_of(R"({"steps":[{"id":"m","do":{"model":{"task":"t"}}}],"answer":"m"})"),
                     "status"),
      "refused");
  const json::Object tool = plan_of(
      R"({"steps":[{"id":"l","do":{"tool":"files.list@1"},"with":{"path":"."}},1],"answer":"l"})");
  EXPECT_FALSE(tool.at("plan").as_object().contains("roles"));
  EXPECT_EQ(tool.at("plan").at("steps").as_array().back().at("do").at("tool"), "answer.compose@1");
}

}  // namespace
}  // namespace naestro::agents
