// Shares in percent: what is the whole, what is the part, and when neither is sure.
#include "agents/test_world.hpp"

namespace naestro::agents {
namespace {

struct Fleet : ::testing::Test {
  Fleet() {
    file("trips.csv",
         "trip,date,van,depot,status,fare\nT1,2024-01-02,V1,North,late,10\nT2,2024-01-09,V2,North,"
         "on "
         "time,20\nT3,2024-02-02,V1,South,late,30\nT4,2025-02-02,V1,South,on time,40\n");
    file("payments.csv",
         "receipt,date,payer,paid by,amount_eur\nR1,2024-01-02,Ada Quill,card,10.00\n"
         "R2,2024-01-03,Bo Marsh,cash,30.00\nR3,2024-02-02,Cy Dunn,card,20.00\n");
    file("entries.csv",
         "week,ticket,sold,takings\n1,Adult,3,30.00\n1,Child,3,9.00\n2,Adult,3,30.00\n"
         "2,Child,1,9.00\n");
  }
  void file(const char* name, std::string_view text) const {
    ::naestro::testing::write_file(dir.path() / name, text);
  }
  [[nodiscard]] std::string ask(std::string_view goal) const {
    return testing::ask(workspace, goal, testing::world().catalogs);
  }
  // The last line of the answer.
  [[nodiscard]] std::string share(std::string_view goal) const {
    const std::string out = ask(goal);
    return out.substr(out.rfind('\n') + 1);
  }
  ::naestro::testing::TempDir dir;
  tools::Workspace workspace = tools::Workspace::open(dir.str()).value();
};

TEST_F(Fleet, ARowsShareOfAllOrOfThoseWithACondition) {
  EXPECT_EQ(share("What percentage of trips were late?"), "share: 50.00 %");
  EXPECT_EQ(share("Can you tell me what proportion of the trips from the South depot were late"),
            "share: 50.00 %");
  EXPECT_EQ(share("What per cent of trips were late in 2024?"), "share: 66.67 %");
  EXPECT_EQ(share("What is the percentage of trips that were late?"), "share: 50.00 %");
  EXPECT_EQ(share("What fraction of the trips that were late were from North?"), "share: 50.00 %");
  EXPECT_EQ(share("What share of the takings came from Adult tickets?"), "share: 76.92 %");
}

TEST_F(Fleet, OneOfTwoColumnsIsNotBoth) {
  EXPECT_EQ(ask("How many trips were late or from North?"), "refused");
  EXPECT_EQ(ask("List the trips that were late or from North"), "refused");
  EXPECT_TRUE(ask("How many trips were late or on time?").contains("4"));
  EXPECT_TRUE(ask("How many trips were late and from North?").contains("1"));
}

// A column that says yes and nothing else says no by nothing; "included" is said of what stands
// before it.
TEST_F(Fleet, AnEmptyFieldIsANoAndAConditionIsNotLost) {
  file("parcels.csv",
       "parcel,sent,customer,weight,collected\nP1,2024-01-02,Ada Quill,10,Y\n"
       "P2,2024-01-03,Bo Marsh,30,\nP3,2024-01-04,Cy Dunn,20,Y\n");
  EXPECT_TRUE(ask("How many parcels were not collected?").contains("1"));
  EXPECT_TRUE(ask("How many parcels were collected?").contains("2"));
  EXPECT_EQ(ask("What is the total weight of the parcels of Ada Quill, weight included?"),
            "refused");
}

TEST_F(Fleet, WhatTheWholeIsMustBeSure) {
  // To count payments or to add them up.
  EXPECT_EQ(ask("What share of payments were made by card?"), "refused");
  // Two verbs, or a participle that may belong to either part.
  EXPECT_EQ(ask("What percentage of trips are late and were from North?"), "refused");
  EXPECT_EQ(ask("What percentage of trips delayed came from North and stayed late?"), "refused");
  EXPECT_EQ(ask("What percentage of trips that were late?"), "refused");
  EXPECT_EQ(ask("What is the percentage of trips late?"), "refused");
  // People are not what they paid.
  EXPECT_EQ(ask("What percentage of visitors were Child?"), "refused");
  // A word that is a condition, and nothing says which.
  EXPECT_EQ(ask("What percentage of trips were nearly late?"), "refused");
  EXPECT_EQ(ask("What percentage of trips were trips?"), "refused");
  EXPECT_EQ(ask("What was her share of trips that were late?"), "refused");
  EXPECT_EQ(ask("What percentage of trips were late each month?"), "refused");
  // One of two conditions is not both.
  EXPECT_EQ(ask("What percentage of trips were late or from North?"), "refused");
  EXPECT_EQ(ask("What percentage of trips were either late or from North?"), "refused");
  EXPECT_EQ(ask("What percentage of trips were only late?"), "refused");
}

}  // namespace
}  // namespace naestro::agents
