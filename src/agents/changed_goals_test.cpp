// What a later text changed, terse questions, and numbers of one row.
#include "agents/test_world.hpp"
#include "base/text.hpp"

namespace naestro::agents {
namespace {

struct Choir : ::testing::Test {
  Choir() {
    file("notices/concert_notice.txt",
         "Concert notice\n\nThe spring concert will be held on Saturday 3 May 2025 in the old "
         "chapel.\n\nThe summer picnic will be held on Sunday 6 July 2025 at the mill.\n");
    file("letters/2025-04-10_change.txt",
         "10 April 2025\n\nDear singers,\n\nThe spring concert is moved to Friday 9 May 2025, "
         "because "
         "the chapel is let.\n");
    file(
        "letters/2025-04-12_roof.txt",
        "12 April 2025\n\nThe order for the hall roof was placed with Dunn & Sons for 4,500 euros. "
        "The hall was moved about by the storm.\n");
    file("rules.md",
         "# Rules\n\n## Leaving\n\nA member can leave with notice of two months.\n\n## Hall\n\nThe "
         "rent "
         "for the hall is 40 euros.\n");
    file("vans.csv",
         "van,plate,seats,mileage_june,weekly_hire\nV1,AB 1,9,1200,40\nV2,AB 2,16,3400,70\n"
         "V3,AB 3,16,900,70\n");
    file("singers.csv",
         "no,name,birth_date,joined,voice\n1,Ada Quill,1990-01-02,2020-01-01,alto\n2,Bo "
         "Marsh,1991-01-02,2020-01-01,bass\n3,Cy Dunn,1992-01-02,2020-02-01,bass\n4,Di "
         "Moor,1993-01-02,2020-03-01,alto\n5,Ed Ness,1994-01-02,2020-04-01,bass\n6,Flo "
         "Ash,1995-01-02,2020-05-01,alto\n7,Gil Orr,1996-01-02,2020-06-01,bass\n8,Hal "
         "Fen,1997-01-02,2020-07-01,bass\n9,ADA QUILL,1990-01-02,2024-01-01,alto\n10,Ivy "
         "Lane,1998-01-02,2020-07-01,alto\n11,Bo Marsh,2001-05-05,2024-01-01,tenor\n");
    file("bookings.csv",
         "booking,name,phone,day,seats\nB1,Ada Quill,0555 1,2024-01-02,2\nB2,Ada Quill,0555 "
         "1,2024-01-03,2\nB3,Bo Marsh,0555 2,2024-01-03,1\n");
  }
  void file(const std::string& name, std::string_view text) const {
    const auto path = dir.path() / name;
    std::filesystem::create_directories(path.parent_path());
    ::naestro::testing::write_file(path, text);
  }
  [[nodiscard]] std::string ask(std::string_view goal) const {
    return testing::ask(workspace, goal, testing::world().catalogs);
  }
  ::naestro::testing::TempDir dir;
  tools::Workspace workspace = tools::Workspace::open(dir.str()).value();
};

TEST_F(Choir, WhatALaterLetterMovedStandsFirst) {
  const std::string moved = ask("When will the spring concert be held?");
  EXPECT_TRUE(moved.starts_with("letters/2025-04-10_change.txt:5")) << moved;
  EXPECT_TRUE(moved.contains("concert_notice.txt:3")) << moved;
  // Only what is about the same.
  const std::string picnic = ask("When will the summer picnic be held?");
  EXPECT_TRUE(picnic.contains("6 July")) << picnic;
  EXPECT_FALSE(picnic.contains("moved")) << picnic;
}

TEST_F(Choir, ATerseQuestionHasItsKindInFront) {
  EXPECT_TRUE(ask("notice period for leaving").contains("two months"));
  EXPECT_TRUE(ask("rent for the hall").contains("40 euros"));
  // What it says must stand there.
  EXPECT_EQ(ask("fee for leaving"), "refused");
  EXPECT_EQ(ask("notice period for the hall"), "refused");
  EXPECT_EQ(ask("rent in the hall"), "refused");
}

TEST_F(Choir, TwoQuestionsWithAPrepositionBetween) {
  const std::string roof = ask("Which firm got the order for the hall roof, and at what price?");
  EXPECT_TRUE(roof.contains("Dunn & Sons")) << roof;
  EXPECT_EQ(ask("Which firm got the order for the chapel roof, and at what price?"), "refused");
  EXPECT_EQ(ask("Which firm lost the order for the hall roof?"), "refused");
}

TEST_F(Choir, APersonUnderTwoNumbers) {
  const std::string twice = ask("Which singers are in the list twice?");
  EXPECT_TRUE(ascii_lower(twice).contains("ada quill")) << twice;
  // Another one of the same name.
  EXPECT_FALSE(twice.contains("Bo Marsh")) << twice;
  // Who books twice is not entered twice.
  const std::string bookings = ask("Which bookings are in the list twice?");
  EXPECT_TRUE(bookings.starts_with("No row")) << bookings;
}

TEST_F(Choir, NothingElseIsNotComputed) {
  EXPECT_EQ(ask("Which singers only joined in January 2020?"), "refused");
  EXPECT_EQ(ask("How many singers joined only in January 2020?"), "refused");
  EXPECT_EQ(ask("How many singers joined in January 2020?"), "rows 2");
}

TEST_F(Choir, ANumberOfOneRow) {
  EXPECT_TRUE(ask("weekly hire of V2?").starts_with("V2: ")) << ask("weekly hire of V2?");
  // Sixteen seats are those of two rows.
  EXPECT_EQ(ask("weekly hire of 16 seats?"), "refused");
  const std::string most = ask("Which van has the most miles on it?");
  EXPECT_TRUE(most.starts_with("V2: ")) << most;
  EXPECT_EQ(ask("Which van has the most metres on it?"), "refused");
  EXPECT_EQ(ask("Which van has the most miles a year?"), "refused");
}

TEST_F(Choir, WhatSaysThatItHoldsNoMoreAnswersNothing) {
  file("faq.md",
       "# Questions\n\n**How long is the trial for singers?**\n6 weeks for all voices. (Note of "
       "7 January 2025: out of date, see the trial rules.)\n\n**How long is the interval?**\n20 "
       "minutes. One "
       "kettle is out of date.\n");
  EXPECT_EQ(ask("How long is the trial for singers?"), "refused");
  // A kettle is no text.
  EXPECT_TRUE(ask("How long is the interval?").contains("20 minutes"));
  file("letters/2025-02-01_trials.txt",
       "1 February 2025\n\nThe trial for singers lasts 8 weeks.\n");
  const std::string now = ask("How long is the trial for singers?");
  EXPECT_TRUE(now.contains("8 weeks")) << now;
  EXPECT_FALSE(now.contains("6 weeks")) << now;
}

// What was written about two lists is neither, and what was spent is no list of fees.
TEST_F(Choir, VersionsAreTheTextsThatAreNamedSo) {
  const std::string goal = "Compare the fee lists of 2024 and 2025";
  file("costs.csv", "day,thing,cost_gbp\n2024-01-02,paper,3\n2025-01-02,ink,4\n");
  file("fees/fee_list_2024.md", "# Fee list 2024\n\n- Alto: 40 euros\n- Bass: 45 euros\n");
  EXPECT_EQ(ask(goal), "refused");
  file("fees/fee_list_2025.md", "# Fee list 2025\n\n- Alto: 40 euros\n- Bass: 50 euros\n");
  file("reports/compared.md",
       "# Compare the fee lists of 2024 and 2025\n\nThe fee lists differ in one line.\n");
  for (const std::string& one : {goal, std::string{"Compare the fee lists"}}) {
    const std::string versions = ask(one);
    EXPECT_TRUE(versions.contains("Bass: 45 euros")) << versions;
    EXPECT_TRUE(versions.contains("Bass: 50 euros")) << versions;
    EXPECT_FALSE(versions.contains("differ in one line")) << versions;
  }
  // Of three versions a line of a report is no comparison.
  file("fees/fee_list_2023.md", "# Fee list 2023\n\n- Alto: 30 euros\n");
  EXPECT_EQ(ask("Compare the fee lists"), "refused");
}

}  // namespace
}  // namespace naestro::agents
