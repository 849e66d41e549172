// What is still so, what something was spent on, and who wants to know.
#include "agents/test_world.hpp"

namespace naestro::agents {
namespace {

struct Lending : testing::FolderTest {
  Lending() {
    file("tools_lent.csv",
         "slip,tool,borrower,lent,returned\nS1,saw,Ada Quill,2024-01-02,\n"
         "S2,saw,Bo Marsh,2024-01-03,2024-02-01\nS3,drill,Cy Dunn,2024-02-04,\n");
    file("orders.csv",
         "order,placed,article,closed\nO1,2024-01-02,glue,2024-01-05\nO2,2024-01-03,tape,\n"
         "O3,2024-01-04,glue,\n");
    file("guests.csv", "name,arrived,left\nDi Moor,2024-01-02,\nEd Ness,2024-01-03,2024-01-05\n");
    file("fuel.csv",
         "date,van,litres,cost_gbp\n2024-01-02,V1,10,90.00\n2024-01-03,V2,5,20.00\n"
         "2024-01-04,V2,5,21.00\n");
    file("spending.csv",
         "voucher,date,heading,amount_eur\nA1,2024-01-02,garden,10.00\nA2,2024-01-03,roof,5.00\n"
         "A3,2024-02-02,garden,2.50\n");
    file("letter.txt", "The garden of 2024\n\nA new fence for the garden will cost 85 euros.\n");
  }
};

TEST_F(Lending, WhatIsStillSoHasNoEndYet) {
  const std::string saws = ask("Which borrowers still have a saw?");
  EXPECT_TRUE(saws.contains("Ada Quill")) << saws;
  EXPECT_FALSE(saws.contains("Bo Marsh")) << saws;
  EXPECT_EQ(ask("How many orders are still open?"), "rows 2");
  EXPECT_EQ(ask("How many orders are open?"), "rows 2");
  EXPECT_EQ(ask("How many orders are not open?"), "refused");
  EXPECT_EQ(ask("How many orders were still open on 4 January 2024?"), "refused");
  EXPECT_EQ(ask("Which orders closed in January 2024 are still open?"), "refused");
  // A day that may mean anything else ends nothing.
  EXPECT_EQ(ask("How many guests are still there?"), "refused");
  EXPECT_EQ(ask("How many guests are open?"), "refused");
}

TEST_F(Lending, TheMostInFuelIsAnAmount) {
  EXPECT_EQ(ask("Which van cost us the most in fuel, and how much was it?"),
            "V1: sum of cost_gbp 90.00");
}

TEST_F(Lending, WhatWasSpentIsAddedUp) {
  EXPECT_EQ(ask("What has been spent on the garden so far in 2024?"), "sum of amount_eur 12.50");
}

TEST_F(Lending, WhoWantsToKnowIsNoCondition) {
  for (const std::string asker :
       {"Zoe wants to know ", "Mr Lark would like to know ", "A man on the phone asks ",
        "Our auditor is asking ", "Zoe here - "}) {
    EXPECT_EQ(ask(asker + "how many orders were placed in January 2024?"), "rows 3") << asker;
  }
  // Who asks is what the question is about.
  EXPECT_EQ(ask("Zoe wants to know how many orders she placed"), "refused");
  EXPECT_EQ(ask("Zoe wants to know how many of my orders were placed"), "refused");
}

TEST_F(Lending, AColumnOfAThingAsksByItself) {
  EXPECT_TRUE(ask("borrower of the drill?").contains("Cy Dunn"));
}

}  // namespace
}  // namespace naestro::agents
