// How strangers ask tables: a small shop's papers, so that nothing rests on one folder's words.
#include "agents/test_world.hpp"

namespace naestro::agents {
namespace {

struct Shop : testing::FolderTest {
  Shop() {
    file("sales_2024.csv",
         "Sold on,Till,Article,Qty,Unit price,Line total,Paid by\n"
         "2024-03-02,Market,Red mug,2,4.00,£8.00,cash\n"
         "2024-03-03,Online,Red mug,1,4.00,£4.00,card\n"
         "2024-03-16,Market,Big bowl,3,400.00,\"£1,200.00\",card\n"
         "2024-04-06,Harbour shop,Plate,5,2.00,£10.00,cash\n");
    file("helpers.csv",
         "day,helper,task,hrs\n2024-01-06,Ada Quill,glazing,3\n2024-01-06,Bo Marsh,firing,2.5\n"
         "2024-02-10,Ada Quill,glazing,1\n2024-03-30,Cy Dunn,glazing,4\n2024-04-01,Bo "
         "Marsh,stall,9\n");
    file("visits.csv",
         "date,weekday,adults,children,tour\n2024-07-06,Sat,10,4,N\n2024-07-07,Sun,20,8,Y\n"
         "2024-07-14,Sun,30,10,N\n2024-08-04,Sun,50,1,Y\n");
    file("kilns.csv",
         "toolId,name,state,lastServiced,cost\nK1,Gas kiln,good,2024-02-01,900\n"
         "K2,Test kiln,needs repair,,120\nK3,Raku kiln,good,2023-05-05,300\n");
    file("gifts.csv",
         "No.,Received,Donor,Amount,Gift Aid,Purpose\n1,2024-01-02,Anonymous,€10.00,no,Kiln fund\n"
         "2,2024-01-09,Ada Quill,€40.00,yes,Roof\n3,2024-05-01,Anonymous,€20.00,no,Roof\n");
    file("abroad.csv", "Trip,Spent\nParis,€10.00\nLeeds,£20.00\n");
    file("foreign.csv", "Fair,Takings,Currency\nLyon,10,EUR\nBath,20,GBP\n");
    file("club.csv",
         "Member ID,Full Name,Email,Annual fee,Village,Renewed 2024\n"
         "M1,Ada Quill,ada@x.org,20,Elm,2024-01-05\nM2,Bo Marsh,bo@x.org,20,Elm,\n"
         "M3,Cy Dunn,cy@x.org,10,Oak,2024-02-01\n");
  }
};

TEST_F(Shop, AmountsWithSignsAreAddedUpAndSayTheirUnit) {
  EXPECT_EQ(ask("How much did we take in March, all tills?"), "sum of Line total in £ 1212.00");
  EXPECT_EQ(ask("What's the average anonymous gift?"), "avg of Amount in € 15");
  EXPECT_EQ(ask("How many gifts were over €15?"), "rows 2");
}

TEST_F(Shop, TwoCurrenciesAreNeverAddedUp) {
  EXPECT_EQ(ask("How much was spent on the trips?"), "refused");
  EXPECT_EQ(ask("Total takings of the fairs?"), "refused");
  EXPECT_EQ(ask("How many gifts were made in pounds?"), "refused");
}

TEST_F(Shop, FormsOfAskingSayNothing) {
  EXPECT_EQ(ask("Could you work out how many hours people put into glazing between January and the "
                "end of March?"),
            "sum of hrs 8");
  EXPECT_EQ(ask("hours per task please"),
            "stall: sum of hrs 9\nglazing: sum of hrs 8\nfiring: sum of hrs 2.5");
  EXPECT_EQ(ask("Who are our two hardest-working helpers going by hours? I want to thank them."),
            "Bo Marsh: sum of hrs 11.5\nAda Quill: sum of hrs 4\nCy Dunn: sum of hrs 4");
  // A further sentence that names a condition is not passed over.
  EXPECT_EQ(ask("Hours per task? I want to thank them in 2019."), "refused");
}

TEST_F(Shop, GroupsAndTheirAmounts) {
  EXPECT_EQ(ask("top 2 articles by money taken"),
            "Big bowl: sum of Line total in £ 1200.00\nRed mug: sum of Line total in £ 12.00");
  EXPECT_EQ(ask("Break down the gifts by what they were given for."),
            "Roof: sum of Amount in € 60.00\nKiln fund: sum of Amount in € 10.00");
  EXPECT_EQ(ask("Break down the gifts."), "refused");
  EXPECT_EQ(ask("Members per village"), "Elm: rows 2\nOak: rows 1");
  EXPECT_EQ(ask("Average hours per helper, on average?"), "refused");
  EXPECT_EQ(ask("Which till is the cheapest?"), "refused");
  EXPECT_EQ(ask("Who gave the largest gift?"),
            "2: Donor Ada Quill, Amount 40.00, Received 2024-01-09, Gift Aid yes, Purpose Roof");
}

TEST_F(Shop, WeekdaysAndMeansOfDays) {
  EXPECT_EQ(ask("On an average Sunday in July, how many children came?"), "avg of children 9");
  EXPECT_EQ(ask("How many sales were there on Saturdays?"), "rows 3");
  EXPECT_EQ(ask("How many adults came at the weekend?"), "sum of adults 110");
  // Several sales fall on one day.
  EXPECT_EQ(ask("Average takings on Sundays?"), "refused");
}

TEST_F(Shop, ConditionsAsPeopleSayThem) {
  EXPECT_EQ(ask("who still hasn't paid their subs for 2024?"),
            "M2: Full Name Bo Marsh, Annual fee 20, Email bo@x.org, Village Elm, Renewed 2024 "
            "(empty)\nin all: rows 1, sum of Annual fee 20");
  EXPECT_EQ(ask("Please list all the kilns that need mending."),
            "K2: name Test kiln, cost 120, state needs repair, lastServiced (empty)\nin all: rows "
            "1, sum of cost 120");
  EXPECT_EQ(ask("When was the raku kiln last serviced?").substr(0, 2), "K3");
  EXPECT_EQ(ask("Total hours excluding the stall"), "sum of hrs 10.5");
  EXPECT_EQ(ask("Total hours, stall aside"), "sum of hrs 10.5");
  EXPECT_EQ(ask("How many gifts came without gift aid?"), "rows 2");
  EXPECT_EQ(ask("How many tours were there?"), "rows 2");
  EXPECT_EQ(ask("How much did we take in the first half of March, all tills?"),
            "sum of Line total in £ 12.00");
}

// The number of a row is no amount, whatever its column is called.
TEST_F(Shop, WhatNumbersTheRowsIsNeverAddedUp) {
  file("orders.csv", "order,region,total\n1,north,10\n2,south,20\n3,north,5\n");
  file("parcels.csv", "sent,parcel,kilos\n2024-05-01,17,2\n2024-05-01,19,4\n2024-05-02,23,1\n");
  file("snow.csv", "day,snow\n2024-01-01,4\n2024-01-02,7\n2024-01-03,1\n");
  file("order_lines.csv", "order,article,pieces\n1,Rug,1\n1,Mat,2\n2,Mat,4\n");
  EXPECT_EQ(ask("How many orders in region north?"), "rows 2");
  EXPECT_EQ(ask("How many orders are there per region?"), "north: rows 2\nsouth: rows 1");
  EXPECT_EQ(ask("What is the total of the orders in region north?"), "sum of total 15");
  EXPECT_EQ(ask("What is the average order?"), "avg of total 11.666667");
  EXPECT_EQ(ask("How many parcels were sent on 1 May 2024?"), "rows 2");
  EXPECT_EQ(ask("How much snow was there in January 2024?"), "sum of snow 12");
  // A number that names something else, more than once.
  EXPECT_EQ(ask("How many orders have the article Mat?"), "refused");
}

// What a row is decides what counting rows counts.
TEST_F(Shop, CountsOnlyWhatOneRowIs) {
  file("workshop_loans.csv",
       "loan_id,lent_on,back_on,borrower,tool,fine_gbp\nL1,2024-01-02,2024-01-09,Ada,Saw,0.50\n"
       "L2,2024-01-03,,Ada,Drill,2.00\nL3,2024-02-03,,Bo,Saw,0.00\n");
  file("guests_by_day.csv", "day,guests,rain\n2024-05-01,3,Y\n2024-05-02,4,N\n");
  EXPECT_EQ(ask("How many loans came back?"), "rows 1");
  EXPECT_EQ(ask("How many loans are not back?"), "rows 2");
  EXPECT_EQ(ask("How many workshops were there?"), "refused");
  EXPECT_EQ(ask("How many guests came on 1 May?"), "sum of guests 3");
  EXPECT_EQ(ask("How many borrowers had a loan in January?"), "different borrower 1");
  EXPECT_EQ(ask("How many borrowers do we have?"), "refused");  // those who borrow are not all
  EXPECT_EQ(ask("How many tools were lent in January?"), "refused");  // tools, or times?
  EXPECT_EQ(ask("How many different tools were lent in January?"), "different tool 2");
  EXPECT_EQ(ask("How many fines were over 1 pound?"), "rows 1");
  // Every loan has a number there, and 0.00 is no fine.
  EXPECT_EQ(ask("What is the average fine of loans that had a fine?"), "refused");
  EXPECT_EQ(ask("How many loans had a fine?"), "refused");
  EXPECT_EQ(ask("Who only borrowed the saw?"), "refused");
  EXPECT_EQ(ask("How many loans came back once?"), "refused");
  EXPECT_EQ(ask("Which borrowers have no saw?"), "refused");
  EXPECT_EQ(ask("Who has the saw?"), "refused");
  EXPECT_EQ(ask("Which tool was lent most often?"), "Saw: rows 2");
}

TEST_F(Shop, ComparesWhatIsMore) {
  EXPECT_EQ(ask("Did we earn more at the Market or at the Harbour shop, and by how much?"),
            "Market: 1208.00 (2 rows)\nHarbour shop: 10.00 (1 row)\n"
            "difference: -1198.00 (Harbour shop less Market)\nmore: Market, by 1198.00");
}

struct School : testing::FolderTest {
  School() {
    file("lessons.csv",
         "lesson_no;tutor;booked;finished;min_qty;state;fee\n"
         "L1;Ada Quill;2024-01-05;2024-02-03;3;Completed;40\n"
         "L2;Bo Marsh;2024-01-09;;2;No show;30\n"
         "L3;Ada Quill;2024-02-10;2024-03-01;3;Cancelled;90\n"
         "L4;Cy Dunn;2024-02-11;2024-03-09;1;Completed;50\n");
    file("mailing.csv",
         "email\tname\tcity\nada@x.org\tAda Quill\tElm\nbo@x.org\tBo Marsh\tOak\n"
         "ADA@x.org\tAda Quill\tElm\n");
    file("stock.csv",
         "code,product,qty,min_qty,shelf\nK1,Chalk,2,4,Attic\nK2,Pens,9,4,Cellar\n"
         "K3,Paper,4,4,Attic\n");
    file("ticket_sales.csv",
         "week,kind,tickets_sold,takings\n2024-01-01,Adult,10,50.00\n2024-01-08,Child,4,8.00\n");
    file("trees.csv", "tag,planted_year,status\nT1,2019,dead\nT2,2020,healthy\nT3,2021,dead\n");
  }
};

TEST_F(School, ReadsWhatIsMeantByOtherWords) {
  EXPECT_EQ(ask("How many no-shows have we had so far?"), "rows 1");
  EXPECT_EQ(ask("How many lessons were called off?"), "rows 1");
  EXPECT_EQ(ask("How many tickets did we sell in January 2024?"), "sum of tickets_sold 14");
  EXPECT_EQ(ask("How many products have dropped below their minimum quantity?"), "rows 1");
  EXPECT_EQ(ask("Which two lessons had the highest fee?"),
            "L3: tutor Ada Quill, fee 90, booked 2024-02-10, finished 2024-03-01, min_qty 3, "
            "state Cancelled\nL4: tutor Cy Dunn, fee 50, booked 2024-02-11, finished 2024-03-09, "
            "min_qty 1, state Completed");
  EXPECT_EQ(ask("Which tutor taught the most lessons?"), "Ada Quill: rows 2");
  EXPECT_EQ(ask("Where do we keep the chalk?").substr(0, 2), "K1");
}

TEST_F(School, CountsEachOnce) {
  EXPECT_EQ(ask("How many different addresses are on the mailing list once the duplicates are "
                "removed?")
                .substr(0, 1),
            "2");
}

TEST_F(School, ADateIsThatOfWhatHappened) {
  EXPECT_EQ(ask("How many lessons were finished in March 2024?"), "rows 2");
  EXPECT_EQ(ask("How many trees died in 2019?"), "refused");
  EXPECT_EQ(ask("How many trees were planted in 2019?"), "rows 1");
}

TEST_F(School, NearMissesAreRefused) {
  for (const char* goal :
       {"How many visitors came in January 2024?", "How much did Ada Quill earn in January 2024?",
        "What is the address of Ada Quill?", "Which tutor is the oldest?",
        "How many lessons came back in March 2024?", "Which lesson was the heaviest?",
        "How many tutors were under 18?", "Compare the lessons of Ada Quill and Zoe Lark"}) {
    EXPECT_EQ(ask(goal), "refused") << goal;
  }
}

TEST_F(Shop, WhatTheTablesDoNotSayIsRefused) {
  for (const char* goal :
       {"How much did we take last month?", "How many hours did Zoe Lark put in?",
        "How many members are under 18?", "Average age of the members?",
        "How many helpers earn money?", "How much did we take in March 2023, all tills?",
        "Which helper earns the most?", "How many mugs were broken?",
        "How many hours per pot on average?", "Takings of the Friday market?",
        "How many repeat customers do we have?", "kilos per till please",
        "How many adults came by bus?", "Gifts by age of the donor"}) {
    EXPECT_EQ(ask(goal), "refused") << goal;
  }
}

TEST_F(Shop, WhatWasSoldIsCountedAndIsNotWhatIsThere) {
  EXPECT_EQ(ask("How many red mugs did we sell?"), "sum of Qty 3");
  EXPECT_EQ(ask("How many red mugs were sold in March 2024?"), "sum of Qty 3");
  EXPECT_EQ(ask("How many plates do we have?"), "refused");
}

TEST_F(Shop, TheMostOfDaysPersonsAndThings) {
  EXPECT_EQ(ask("Which day had the most helpers?"), "2024-01-06: rows 2");
  EXPECT_EQ(ask("Which helper did the most hours?"), "Bo Marsh: sum of hrs 11.5");
  EXPECT_EQ(ask("Which month had the most visits?"), "2024-07: rows 3");
  EXPECT_TRUE(ask("Who gave the biggest gift?").starts_with("2: Donor Ada Quill, Amount 40.00"));
  EXPECT_TRUE(ask("Which kiln was the cheapest?").starts_with("K2: name Test kiln, cost 120"));
  EXPECT_EQ(ask("How many different articles did we sell?"), "different Article 3");
  EXPECT_EQ(ask("How much do the helpers earn?"), "refused");
  EXPECT_EQ(ask("Highest"), "refused");
}

}  // namespace
}  // namespace naestro::agents
