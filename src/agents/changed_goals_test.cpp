// What a later text changed, terse questions, and numbers of one row.
#include "agents/test_world.hpp"

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

TEST_F(Choir, ANumberOfOneRow) {
  EXPECT_TRUE(ask("weekly hire of V2?").starts_with("V2: ")) << ask("weekly hire of V2?");
  // Sixteen seats are those of two rows.
  EXPECT_EQ(ask("weekly hire of 16 seats?"), "refused");
  const std::string most = ask("Which van has the most miles on it?");
  EXPECT_TRUE(most.starts_with("V2: ")) << most;
  EXPECT_EQ(ask("Which van has the most metres on it?"), "refused");
  EXPECT_EQ(ask("Which van has the most miles a year?"), "refused");
}

}  // namespace
}  // namespace naestro::agents
