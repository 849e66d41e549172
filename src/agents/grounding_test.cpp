// Dates, skills' form, and the reading of goals over a small world.
#include "agents/dates.hpp"
#include "agents/skill.hpp"
#include "agents/test_world.hpp"

namespace naestro::agents {
namespace {

std::string dates(std::string_view text) {
  std::string out;
  for (const DateSpan& date : find_dates(words::tokens(text))) {
    out += (out.empty() ? "" : "; ") + date.from + ".." + date.to;
    if (!date.quarter.empty()) out += " " + date.quarter;
    if (date.year == 0) out += " months " + std::to_string(date.first_month);
  }
  return out;
}

TEST(Dates, AreReadAsPeopleWriteThem) {
  EXPECT_EQ(dates("on 2026-03-31"), "2026-03-31..2026-04-01");
  EXPECT_EQ(dates("in March 2026"), "2026-03-01..2026-04-01");
  EXPECT_EQ(dates("in 2026-12"), "2026-12-01..2027-01-01");
  EXPECT_EQ(dates("17 February 2026, February 28, 2026"),
            "2026-02-17..2026-02-18; 2026-02-28..2026-03-01");
  EXPECT_EQ(dates("from the last quarter of 2025 to the first of 2026"),
            "2025-10-01..2026-01-01 2025-Q4; 2026-01-01..2026-04-01 2026-Q1");
  EXPECT_EQ(dates("Q2 2026 and 2026-Q3"),
            "2026-04-01..2026-07-01 2026-Q2; 2026-07-01..2026-10-01 2026-Q3");
  EXPECT_EQ(dates("January to March 2026"), "2026-01-01..2026-04-01 2026-Q1");
  EXPECT_EQ(dates("sales of May"), ".. months 5");
  EXPECT_EQ(dates("in 2024"), "2024-01-01..2025-01-01");
  for (const char* text :
       {"May I go?", "we march on", "the first one", "1.5 of 3000", "route 66"}) {
    EXPECT_EQ(dates(text), "") << text;
  }
}

TEST(Dates, PartsOfMonthsAndEndsOfStretches) {
  EXPECT_EQ(dates("the first half of October 2024"), "2024-10-01..2024-10-16");
  EXPECT_EQ(dates("the second half of February 2025"), "2025-02-16..2025-03-01");
  EXPECT_EQ(dates("the first half of 2024"), "2024-01-01..2024-07-01");
  EXPECT_EQ(dates("1st to 15th of May 2024"), "2024-05-01..2024-05-16");
  EXPECT_EQ(dates("May 3rd to 9th 2024"), "2024-05-03..2024-05-10");
  EXPECT_EQ(dates("in May 2024 (1st to 15th)"), "2024-05-01..2024-05-16");
  EXPECT_EQ(dates("between January and the end of March 2024"),
            ".. months 1; 2024-03-01..2024-04-01");
  EXPECT_EQ(dates("from the beginning of May 2024 to the end of June 2024"),
            "2024-05-01..2024-06-01; 2024-06-01..2024-07-01");
  EXPECT_EQ(dates("since may 2024, in march 2024"),
            "2024-05-01..2024-06-01; 2024-03-01..2024-04-01");
  EXPECT_EQ(dates("14th May 2024"), "2024-05-14..2024-05-15");
  // When "the end of March" is, nobody knows.
  EXPECT_EQ(dates("at the end of March 2024"), "2024-03-01..2024-04-01");
}

TEST(Dates, TakeAYearLater) {
  const DateSpan span = find_dates(words::tokens("the first quarter")).at(0);
  EXPECT_EQ(in_year(span, 2025).quarter, "2025-Q1");
}

constexpr std::string_view kSkill =
    R"({"skill":"s","version":1,"description":"d","intent":"count","examples":["e"],)"
    R"("parameters":{"a":{"kind":"text","schema":{"type":"string"}},)"
    R"("b":{"kind":"limit","schema":{"type":"integer"},"required":false}},)"
    R"("plan":{"steps":[{"x":"${params.a}","y":"n ${params.a}","z":"${params.b}"}],)"
    R"("outputs":{"o":"${steps.s.out}"}}})";

TEST(Skills, HolesAreFilledAndAbsentOnesDropped) {
  const EmbeddedFile files[] = {{"s.json", kSkill}};
  const auto book = SkillBook::from(files);
  ASSERT_TRUE(book) << book.error().text();
  const Skill& skill = book->all()[0];
  EXPECT_EQ(json::write(*fill(skill, {{"a", "v"}, {"b", 3}}, "g")),
            R"({"naestro":"plan/1","goal":"g","steps":[{"x":"v","y":"n v","z":3}],)"
            R"("outputs":{"o":"${steps.s.out}"}})");
  EXPECT_EQ(json::write(fill(skill, {{"a", "${steps.s.out}"}}, "g")->at("steps")),
            R"([{"x":"$${steps.s.out}","y":"n $${steps.s.out}"}])");
  EXPECT_FALSE(fill(skill, {{"b", 3}}, "g"));
  EXPECT_FALSE(fill(skill, {{"a", 1}}, "g"));
  EXPECT_FALSE(fill(skill, {{"a", "v"}, {"c", 1}}, "g"));
}

TEST(Skills, FaultyOnesAreNamed) {
  const auto with = [](std::string_view what, std::string_view instead) {
    std::string text{kSkill};
    text.replace(text.find(what), what.size(), instead);
    const EmbeddedFile files[] = {{"s.json", text}};
    const auto book = SkillBook::from(files);
    return book ? std::string{"none"} : book.error().text();
  };
  EXPECT_NE(with("\"z\":\"${params.b}\"", "\"z\":1").find("'b'"), std::string::npos);
  EXPECT_NE(with("\"z\":\"${params.b}\"", "\"z\":\"${params.b}${params.c}\"").find("'c'"),
            std::string::npos);
  EXPECT_NE(with("\"version\":1", "\"version\":0").find("s.json"), std::string::npos);
  const EmbeddedFile twice[] = {{"a.json", kSkill}, {"b.json", kSkill}};
  EXPECT_FALSE(SkillBook::from(twice));
}

// A world of another trade, so that nothing rests on one company's words.
struct SmallWorld : ::testing::Test {
  SmallWorld() {
    const auto file = [&](const char* name, std::string_view text) {
      ::naestro::testing::write_file(dir.path() / name, text);
    };
    file("plays.csv", "play_id,title\nP1,Nine Kettles\nP2,Marrow Hill\n");
    file("shows.csv",
         "show_id,play_id,show_date,hall,tickets_sold,status\nS1,P1,2025-01-03,Studio,90,played\n"
         "S2,P2,2025-01-09,Main Hall,80,played\nS3,P1,2025-02-01,Main Hall,20,played\n"
         "S4,P2,2025-02-09,Studio,0,cancelled\n");
    file("tasks.md",
         "# Tasks\n\n## Repairs\n\n| what | state |\n|---|---|\n| roof | done |\n"
         "| door | done on 2025-01-02 |\n| lamp | open |\n");
  }
  [[nodiscard]] std::string ask(std::string_view goal) const {
    return testing::ask(workspace, goal, testing::world().catalogs);
  }
  ::naestro::testing::TempDir dir;
  tools::Workspace workspace = tools::Workspace::open(dir.str()).value();
};

TEST_F(SmallWorld, CountsSumsAndGroups) {
  EXPECT_EQ(ask("How many shows were cancelled?"), "rows 1");
  EXPECT_EQ(ask("How many tickets were sold in the Main Hall?"), "sum of tickets_sold 100");
  EXPECT_EQ(ask("Tickets sold per month?"),
            "2025-01: sum of tickets_sold 170\n2025-02: sum of tickets_sold 20");
  EXPECT_EQ(ask("Tickets sold per play?"),
            "P1, Nine Kettles: sum of tickets_sold 110\n"
            "P2, Marrow Hill: sum of tickets_sold 80");
  EXPECT_EQ(ask("How many shows of Marrow Hill were not cancelled?"), "rows 1");
}

TEST_F(SmallWorld, TheMostOfAGroupIsNoSingleRow) {
  EXPECT_EQ(ask("Which play sold the most tickets?"), "P1, Nine Kettles: sum of tickets_sold 110");
  EXPECT_EQ(ask("Which hall sold the most tickets?"), "Main Hall: sum of tickets_sold 100");
}

TEST_F(SmallWorld, MeansPersonsAndOpenDates) {
  ::naestro::testing::write_file(dir.path() / "members.csv",
                                 "member_id,name,joined\nM1,Ada Quill,2019-05-01\n"
                                 "M2,Bo Marsh,2020-02-01\nM3,Cy Dunn,2021-01-01\n");
  ::naestro::testing::write_file(dir.path() / "bookings.csv",
                                 "booking_id,member_id,seats,total\nB1,M1,5,10.00\nB2,M2,3,6.00\n"
                                 "B3,M2,4,8.50\nB4,M1,1,2.00\n");
  EXPECT_EQ(ask("Who booked the most seats?"), "M2, Bo Marsh: sum of seats 7");
  EXPECT_EQ(ask("What is the average total of the bookings?"), "avg of total 6.625");
  EXPECT_EQ(ask("How many seats were booked on average per booking?"), "avg of seats 3.25");
  EXPECT_EQ(ask("How many members joined in 2020 or later?"), "rows 2");
  EXPECT_EQ(ask("Total of the bookings?"), "sum of total 26.50");
  EXPECT_EQ(ask("Which member has the most bookings?"),
            "M1, Ada Quill: rows 2\nM2, Bo Marsh: rows 2");  // a tie is no winner
}

TEST_F(SmallWorld, ComparesTwoValues) {
  EXPECT_EQ(ask("By how much did the tickets sold rise from January to February 2025?"),
            "January 2025: 170 (2 rows)\nFebruary 2025: 20 (2 rows)\ndifference: -150 (February "
            "2025 less January 2025)\nmore: January 2025, by 150");
  EXPECT_EQ(ask("Compare the tickets sold in the Studio and the Main Hall."),
            "Studio: 90 (2 rows)\nMain Hall: 100 (2 rows)\ndifference: 10 (Main Hall less Studio)\n"
            "more: Main Hall, by 10");
}

TEST_F(SmallWorld, NegationsReachLongerWordings) {
  EXPECT_EQ(ask("Which repairs are not done?"), "lamp: state open\nin all: rows 1");
  EXPECT_EQ(ask("Which repairs are done?"), "refused");
}

TEST_F(SmallWorld, OutsideOfTheDatesThereIsNoAnswer) {
  EXPECT_EQ(ask("How many tickets were sold in 2024?"), "refused");
  EXPECT_EQ(ask("How many tickets were sold before January 2025?"), "refused");
  EXPECT_EQ(ask("How many tickets were sold before February 2025?"), "sum of tickets_sold 170");
}

}  // namespace
}  // namespace naestro::agents
