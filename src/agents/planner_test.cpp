#include "agents/planner.hpp"

#include <algorithm>
#include <map>

#include "agents/draft.hpp"
#include "agents/second_opinion.hpp"
#include "agents/survey.hpp"
#include "agents/test_world.hpp"
#include "agents/written.hpp"
#include "testing/property.hpp"

namespace naestro::agents {
namespace {

using testing::world;

std::vector<std::string> examples() {
  std::vector<std::string> out;
  for (const Skill& skill : world().planner.skills().all()) {
    out.insert(out.end(), skill.examples.begin(), skill.examples.end());
  }
  return out;
}

TEST(Planner, EveryExampleOfASkillIsPlannedByItCompilesAndRuns) {
  for (const Skill& skill : world().planner.skills().all()) {
    for (const std::string& goal : skill.examples) {
      const json::Object draft = world().draft(goal);
      EXPECT_EQ(*json::text_at(draft, "skill"), skill.name)
          << goal << ": " << *json::text_at(draft, "reason");
      if (*json::text_at(draft, "status") != "planned") continue;
      const auto outputs =
          eval::run_plan(*json::object_at(draft, "plan"), world().workspace, world().catalogs);
      ASSERT_TRUE(outputs) << goal << outputs.error().text();
      EXPECT_TRUE(*json::bool_at(*outputs, "found")) << goal;
      EXPECT_FALSE(json::text_at(*outputs, "answer")->empty()) << goal;
    }
  }
  EXPECT_GE(world().planner.skills().all().size(), 12U);
}

TEST(Planner, ItsToolsHaveContractsAndFitThem) {
  const std::map<std::string, std::size_t> caps = {
      {"planner.survey@1", kSurveyOutputMax}, {"planner.draft@1", kDraftOutputMax},
      {"planner.brief@1", kBriefOutputMax},   {"planner.brief@2", kBriefOutputMax},
      {"planner.adopt@1", kAdoptOutputMax},   {"planner.adopt@2", kAdoptOutputMax},
      {"planner.brief@3", kBriefOutputMax},   {"planner.second_opinion@1", kSecondOpinionMax}};
  EXPECT_EQ(known().size(), caps.size());
  for (const std::string& id : known()) {
    const std::size_t at = id.find('@');
    const auto* contract =
        world().catalogs.tools.find(id.substr(0, at), std::stoll(id.substr(at + 1)));
    ASSERT_NE(contract, nullptr) << id;
    EXPECT_EQ(static_cast<std::size_t>(contract->max_output_bytes), caps.at(id));
    const bool survey = id.starts_with("planner.survey");
    if (!survey && !id.starts_with("planner.draft")) continue;  // written_test.cpp
    const std::string goal = "Which invoices are overdue?";
    const json::Value out = survey ? world().survey(goal) : json::Value(world().draft(goal));
    EXPECT_TRUE(schema::conforms(schema::Schema::compile(contract->output).value(), out, id));
    EXPECT_LE(json::write(out).size(), static_cast<std::size_t>(contract->max_output_bytes));
  }
}

// "cost" beside years is a sum of warranty claims, too; but both texts are named.
TEST(Planner, TwoTextsThatAreNamedAreCompared) {
  for (const char* goal : {"Compare the price list 2025 with the price list 2026",
                           "Compare the 2025 price list and the 2026 price list"}) {
    EXPECT_EQ(*json::text_at(world().draft(goal), "skill"), "compare_versions") << goal;
  }
}

// "meetings" stands beside the sender's name of a memo; the memo is by nobody of that name.
TEST(Planner, AWordBesideTheSenderNamesNoText) {
  EXPECT_EQ(world().status("Summarise the January meetings"), "refused");
}

TEST(Planner, AnswersSayWhatWasComputedFromWhat) {
  EXPECT_EQ(world().answer("How many RL-300 warranty claims came in in the first quarter of 2026, "
                           "and what did they cost?"),
            "rows 19, sum of cost_eur 5117.35\nnumber of rows, sum of cost_eur where product = "
            "RL-300 and quarter = 2026-Q1 (19 rows of support/warranty_claims.csv)");
  EXPECT_TRUE(world()
                  .answer("Until when must we answer Tavery Seals?")
                  .starts_with("meetings/2026-03-23_quality_review.md:43: - Dario: answer to "
                               "Tavery, 2026-04-17\n"));
}

TEST(Planner, WhatTheFolderDoesNotSayIsRefusedByItsWords) {
  for (const auto& [goal, word] : std::initializer_list<std::pair<const char*, const char*>>{
           {"What was our revenue in 2024?", "revenue"},
           {"What is the carbon footprint of a PT-50?", "carbon"},
           {"When does the lease of the office end?", "lease"},
           {"How many claims were there for the Zeppelin?", "Zeppelin"},
           {"Total freight cost of Imaginary Express?", "Imaginary"}}) {
    const json::Object draft = world().draft(goal);
    EXPECT_EQ(*json::text_at(draft, "status"), "refused") << goal;
    EXPECT_NE(json::write(*draft.if_contains("unexplained")).find(word), std::string::npos) << goal;
    EXPECT_FALSE(json::array_at(draft, "tried")->empty()) << goal;
    EXPECT_TRUE(json::object_at(draft, "plan")->empty());
  }
}

// Dates that the table does not reach are no zeros, and words in between are not passed over.
TEST(Planner, NothingIsMadeUp) {
  for (const char* goal : {
           "How many orders were placed in 2019?",
           "How many orders before October 2025?",
           "What is the beam angle of the WD-10 radar?",
           "What salary did Jonas Treval have in 2025?",
           "How many invoices are nearly overdue?",
           "How many invoices are overdue and why?",
           "Total freight cost by moonlight?",
           "Which invoices are not?",
           "How many?",
           "per",
           "???",
           "Which orders are above?",
           "Average of the orders?",
           "Is the invoice INV-6031 fair?",
       }) {
    EXPECT_EQ(world().status(goal), "refused") << goal;
  }
}

TEST(Planner, NegationsCount) {
  EXPECT_NE(world().answer("How many orders were not cancelled?"),
            world().answer("How many orders were cancelled?"));
  EXPECT_NE(world().answer("How many orders were not cancelled?").find("status is not cancelled"),
            std::string::npos);
}

TEST(Planner, FaultyArgumentsAreErrors) {
  const tools::Context context{world().workspace, {}};
  EXPECT_EQ(agents::call("planner.draft", 1, {{"goal", 1}}, context).error().code,
            Code::kToolFailed);
  EXPECT_EQ(agents::call("planner.survey", 1, {}, context).error().code, Code::kToolFailed);
  EXPECT_EQ(agents::call("planner.nothing", 1, {}, context).error().code, Code::kNotFound);
  const std::string long_goal(kGoalBytesMax + 1, 'a');
  EXPECT_EQ(
      agents::call("planner.draft", 1, {{"goal", long_goal}, {"survey", json::Object{}}}, context)
          .error()
          .code,
      Code::kTooLarge);
  const auto latin = agents::call(
      "planner.draft", 1,
      {{"goal", "How many orders?"},
       {"survey",
        json::Object{
            {"files", json::Array{json::Object{{"file", "orders.csv"}, {"kind", "other"}},
                                  json::Object{{"file", "a.png"}, {"kind", "other"}},
                                  json::Object{{"file", "a.md"}, {"kind", "markdown"}}}}}}},
      context);
  ASSERT_TRUE(latin);
  EXPECT_TRUE(json::text_at(latin->as_object(), "reason")
                  ->ends_with("; not read, since no UTF-8 text or too large: orders.csv"));
  // A survey of any form is read without a crash, and grounds nothing.
  const auto out = agents::call(
      "planner.draft", 1,
      {{"goal", "How many orders?"},
       {"survey",
        json::Object{{"tables", json::Array{1, json::Object{{"columns", 3}}}}, {"passages", "x"}}}},
      context);
  ASSERT_TRUE(out);
  EXPECT_EQ(*json::text_at(out->as_object(), "status"), "refused");
}

TEST(Planner, WhatAValueHoldsIsNoReference) {
  const ::naestro::testing::TempDir dir;
  ::naestro::testing::write_file(dir.path() / "orders.csv",
                                 "order_id,state\n1,${steps.x.out} open\n2,late\n");
  auto workspace = tools::Workspace::open(dir.str()).value();
  const tools::Context context{workspace, {}};
  const std::string goal = "How many orders are steps.x.out open?";
  const auto survey = agents::call("planner.survey", 1, {{"path", "."}, {"goal", goal}}, context);
  const auto draft =
      agents::call("planner.draft", 1, {{"goal", goal}, {"survey", *survey}}, context);
  ASSERT_EQ(*json::text_at(draft->as_object(), "status"), "planned");
  const auto outputs =
      eval::run_plan(*json::object_at(draft->as_object(), "plan"), workspace, world().catalogs);
  ASSERT_TRUE(outputs) << outputs.error().text();
  EXPECT_TRUE(json::text_at(*outputs, "answer")->starts_with("rows 1"));
}

TEST(Planner, TheSameInputGivesTheSameBytes) {
  for (const std::string& goal : examples()) {
    EXPECT_EQ(json::write(world().draft(goal)), json::write(world().draft(goal)));
  }
}

RC_GTEST_PROP(Planner, PunctuationBlanksAndStopWordsDoNotMatter, ()) {
  const std::string goal = *rc::gen::elementOf(examples());
  std::string other = *rc::gen::elementOf(std::vector<std::string>{"", " ", "Please, "});
  if (other.size() > 2 && goal.substr(0, 2) != "RL") {
    other += static_cast<char>(goal[0] | 0x20);
    other += goal.substr(1);
  } else {
    other += goal;
  }
  if (other.ends_with('?') || other.ends_with('.')) other.pop_back();
  other += *rc::gen::elementOf(std::vector<std::string>{"", "?", " ?", "!", " for me", " please"});
  const std::size_t blank = other.find(' ', 3);
  if (blank != std::string::npos) other.insert(blank, "  ");
  RC_LOG() << other;
  RC_ASSERT(world().plan(other) == world().plan(goal));
}

RC_GTEST_PROP(Planner, AWordWithoutGroundIsNeverPassedOver, ()) {
  const std::string goal = *rc::gen::elementOf(examples());
  const std::string word =
      *rc::gen::elementOf(std::vector<std::string>{"zyxqv", "Zyxqv", "qwx-77", "underwater"});
  std::vector<std::size_t> gaps;
  for (std::size_t i = 0; i < goal.size(); ++i) {
    if (goal[i] == ' ') gaps.push_back(i);
  }
  const std::size_t at = *rc::gen::elementOf(gaps);
  const std::string other = goal.substr(0, at) + " " + word + goal.substr(at);
  RC_LOG() << other;
  RC_ASSERT(world().status(other) == "refused");
}

// Any text is planned or refused, never a crash.
RC_GTEST_PROP(Planner, AnyWordsAreAnswered, ()) {
  static const std::vector<std::string> kWords = {
      "how",   "many",    "per",     "which",   "not",  "highest", "in",  "2026",
      "March", "orders",  "RL-300",  "status",  "open", "by",      "top", "3",
      "more",  "than",    "twice",   "compare", "cost", "the",     "and", "when",
      "first", "quarter", "average", "no",      "with", "a"};
  std::string goal;
  for (int i = *rc::gen::inRange(1, 9); i > 0; --i) goal += *rc::gen::elementOf(kWords) + " ";
  const json::Object draft = world().draft(goal);
  if (*json::text_at(draft, "status") == "planned") {
    const auto outputs =
        eval::run_plan(*json::object_at(draft, "plan"), world().workspace, world().catalogs);
    RC_LOG() << goal << (outputs ? "" : outputs.error().text());
    RC_ASSERT(outputs.has_value());
  }
}

}  // namespace
}  // namespace naestro::agents
