// Queries that fit the words of a goal and not its sense.
#include "agents/test_world.hpp"

namespace naestro::agents {
namespace {

struct Workshop : ::testing::Test {
  void file(const char* name, std::string_view text) const {
    ::naestro::testing::write_file(dir.path() / name, text);
  }
  [[nodiscard]] std::string ask(std::string_view goal) const {
    return testing::ask(workspace, goal, testing::world().catalogs);
  }
  ::naestro::testing::TempDir dir;
  tools::Workspace workspace = tools::Workspace::open(dir.str()).value();
};

TEST_F(Workshop, AnOfferIsNoPayment) {
  file("quotes.csv",
       "quote,date,firm,work,amount_gbp\nQ1,2024-01-02,Dale Roofs,new roof,500.00\n"
       "Q2,2024-01-03,Pike Roofs,new roof,400.00\n");
  EXPECT_EQ(ask("What did the new roof cost?"), "refused");
  EXPECT_EQ(ask("How much have we paid Dale Roofs?"), "refused");
  EXPECT_EQ(ask("How much did we pay Dale Roofs on its quote?"), "refused");
  EXPECT_EQ(ask("How much was spent on the new roof?"), "refused");
  EXPECT_EQ(ask("What is the total of the quotes for the new roof?"), "sum of amount_gbp 900.00");
  EXPECT_TRUE(ask("How many quotes were there for the new roof?").contains("2"));
  // An amount that was only estimated, in a table of other things.
  file("jobs.csv", "job,place,estimate_gbp\nJ1,Marden,10.00\nJ2,Holt,20.00\n");
  EXPECT_EQ(ask("How much did the jobs in Marden cost?"), "refused");
  EXPECT_TRUE(ask("What is the total estimate of the jobs in Marden?").contains("10.00"));
}

TEST_F(Workshop, WhatIsTakenIsNotSpent) {
  file("costumes.csv",
       "code,description,show,hire_fee\nC1,red coat,Aladdin,15.00\nC2,blue coat,Aladdin,12.00\n"
       "C3,crown,Macbeth,5.00\n");
  EXPECT_EQ(ask("What did we spend on costumes for Aladdin?"), "refused");
  EXPECT_EQ(ask("How much did the costumes for Aladdin cost us?"), "refused");
  EXPECT_EQ(ask("What is the total hire fee of the costumes for Aladdin?"),
            "sum of hire_fee 27.00");
}

TEST_F(Workshop, TheHeaderSaysThatItWasSpent) {
  file("purchases.csv",
       "date,from,item,amount_gbp\n2024-01-02,Weald,hops,10.00\n2024-01-03,Weald,malt,20.00\n");
  file("repairs.csv", "date,van,garage,amount_gbp\n2024-01-02,Robin,Tor,7.00\n");
  EXPECT_EQ(ask("How much did we spend on hops?"), "sum of amount_gbp 10.00");
  EXPECT_EQ(ask("How much have we paid out on repairs of Robin?"), "sum of amount_gbp 7.00");
  // What customers paid for repairs is no expense.
  file("repairs.csv", "date,van,customer,amount_gbp\n2024-01-02,Robin,Ada Quill,7.00\n");
  EXPECT_EQ(ask("How much have we paid out on repairs of Robin?"), "refused");
}

TEST_F(Workshop, ThePointIsSaidInTheRefusal) {
  file("quotes.csv", "quote,date,firm,amount_gbp\nQ1,2024-01-02,Dale Roofs,500.00\n");
  const tools::Context context{workspace, {}};
  const std::string goal = "How much have we paid Dale Roofs?";
  const auto survey = agents::call("planner.survey", 1, {{"path", "."}, {"goal", goal}}, context);
  const auto out = agents::call("planner.draft", 1, {{"goal", goal}, {"survey", *survey}}, context);
  EXPECT_TRUE(json::text_at(out->as_object(), "reason")->contains("what was offered or estimated"));
}

TEST_F(Workshop, WhoHasLeftIsNotThereNow) {
  file("staff.csv",
       "name,role,started,left\nAda Quill,brewer,2020-01-02,\nBo Marsh,brewer,2020-01-03,"
       "2023-01-01\nCy Dunn,driver,2021-01-04,\n");
  EXPECT_EQ(ask("How many staff do we have?"), "refused");
  EXPECT_EQ(ask("How many people work here now?"), "refused");
  EXPECT_EQ(ask("How many staff are brewers?"), "refused");
  EXPECT_EQ(ask("How many staff started in 2020?"), "rows 2");
  EXPECT_EQ(ask("How many staff have left?"), "rows 1");
  EXPECT_TRUE(ask("What is the role of Cy Dunn?").contains("driver"));
  // A state that says so.
  file("pupils.csv", "no,name,village,status\n1,Di Moor,Holt,active\n2,Ed Ness,Holt,left\n");
  EXPECT_EQ(ask("How many pupils do we have in Holt?"), "refused");
  EXPECT_TRUE(ask("How many active pupils do we have in Holt?").contains("1"));
}

TEST_F(Workshop, WhereTheBestTableHasNoAnswerALesserOneHasNone) {
  file("children.csv",
       "child,born,joined,left\nAda,2020-01-02,2023-01-02,\nBo,2020-01-03,2023-01-03,2024-01-01\n");
  file("waiting_list.csv", "applied,child,born\n2023-01-02,Cy,2021-01-02\n");
  EXPECT_EQ(ask("How many children do we have?"), "refused");
}

TEST_F(Workshop, WhoIsEnteredTwiceIsNotCountedTwice) {
  file("customers.csv",
       "name,town,contact\nThe Plough,Marden,Jill\nStation Tap,Holt,Ravi\nHall Farm,Marden,Beth\n"
       "The Plough,Marden,J. Sayer\nRed Barn,Holt,Sunita\n");
  EXPECT_EQ(ask("How many customers do we have in Marden?"), "refused");
  EXPECT_EQ(ask("How many customers are on the list in Marden?"), "rows 3");
  EXPECT_TRUE(ask("Which customers are in Marden?").contains("Hall Farm"));
  // Who books may well book twice.
  file("bookings.csv",
       "booking,name,room\nB1,Ada Quill,Oak\nB2,Bo Marsh,Oak\nB3,Cy Dunn,Elm\nB4,Ada Quill,Oak\n");
  EXPECT_EQ(ask("How many bookings are there for Oak?"), "rows 3");
}

TEST_F(Workshop, YesAndNoAtOnceChooseNothing) {
  file("incidents.csv",
       "date,child,what,parent_told\n2024-01-02,Ada,fell,yes\n2024-01-03,Bo,fell,no\n"
       "2024-01-04,Cy,cut,yes\n");
  EXPECT_FALSE(ask("How many parents were not told?").contains("3"));
}

TEST_F(Workshop, ThoseOfSeveralDaysAreNotThoseThatThereAre) {
  file("outings.csv", "date,place,children\n2024-01-02,farm,8\n2024-01-03,museum,9\n");
  EXPECT_EQ(ask("How many children are there in all?"), "refused");
  EXPECT_EQ(ask("How many children went in January 2024?"), "sum of children 17");
}

TEST_F(Workshop, APriceOfOneIsNoAmountOfARow) {
  file("tours.csv",
       "date,guide,guests,ticket_gbp\n2024-01-02,Nora,12,9.00\n2024-01-03,Ivy,18,10.00\n");
  EXPECT_EQ(ask("How much did the tours bring in?"), "refused");
}

TEST_F(Workshop, WhatIsNotPaidYetIsNoPayment) {
  file("sales.csv",
       "invoice,date,customer,amount_gbp,paid_on\nS1,2024-01-02,The Plough,10.00,2024-01-05\n"
       "S2,2024-01-03,The Plough,20.00,\n");
  EXPECT_EQ(ask("What have we been paid by The Plough?"), "refused");
  EXPECT_EQ(ask("How much has The Plough paid us?"), "sum of amount_gbp 10.00");
}

}  // namespace
}  // namespace naestro::agents
