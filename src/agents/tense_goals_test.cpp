// What happened, what holds, and when something ends: sentences that hold the words of a question
// and another kind of answer.
#include "agents/sentences.hpp"
#include "agents/tense.hpp"
#include "agents/test_world.hpp"

namespace naestro::agents {
namespace {

using Papers = testing::FolderTest;

TEST(Tense, ASentenceTellsWhatHappenedOrWhatHolds) {
  for (const char* past :
       {"A deposit of 460 euros was paid on 9 March.", "We spent 20 euros.",
        "The council has granted 1,200 euros.", "It came to 20 euros.", "They did not pay.",
        "Deposit: 30 euros", "14 parents", "This lease is made on 3 April 2017."}) {
    EXPECT_FALSE(tells_no_past(past)) << past;
  }
  for (const char* rule :
       {"Casks are returned within 35 days.", "A second finding will cost 85 euros.",
        "Our liability is 500 euros for an item.", "The fee may be paid in two parts.",
        "The room must be in use by 31 December 2026.", "A cask to be returned is full."}) {
    EXPECT_TRUE(tells_no_past(rule)) << rule;
  }
}

TEST(Tense, AGoalAsksForWhatHappened) {
  const Lexicon lexicon =
      Lexicon::parse(embedded_words()[0].name, embedded_words()[0].text).value();
  const auto past = [&](std::string_view text) {
    const Goal goal = read_goal(text, lexicon).value();
    return asks_of_past(goal, 0, goal.tokens.size());
  };
  EXPECT_TRUE(past("How much did the fence cost?"));
  EXPECT_TRUE(past("What have we paid for the fence?"));
  EXPECT_TRUE(past("How many casks have been returned?"));
  EXPECT_TRUE(past("When was the fence put up?"));
  EXPECT_FALSE(past("How much does the fence cost?"));
  EXPECT_FALSE(past("Which forms have to be returned?"));
  EXPECT_FALSE(past("What was the rent?"));
}

TEST_F(Papers, WhatIsToBePaidWasNotPaid) {
  file("policy.md",
       "# Casks\n\nCasks are returned within 35 days. We charge 6 euros a week after that.\n\n"
       "A lost cask is charged at 85 euros.\n");
  EXPECT_EQ(ask("How many casks have been returned?"), "refused");
  EXPECT_EQ(ask("How much was charged for the lost cask?"), "refused");
  EXPECT_TRUE(ask("What do we charge for a lost cask?").contains("85"));
  file("minutes.md", "# Meeting\n\nFor the lost cask of the Plough 70 euros were charged.\n");
  EXPECT_TRUE(ask("How much was charged for the lost cask?").contains("70"));
}

TEST_F(Papers, TheDayOfTheBeginningIsNotThatOfTheEnd) {
  file("lease.md",
       "# Lease of the mill\n\nThis lease is made on 3 April 2017 between Aldwick and Stone.\n\n"
       "The tenant ends it in writing.\n");
  EXPECT_EQ(ask("When does the lease end?"), "refused");
  file("lease.md",
       "# Lease of the mill\n\nThis lease is made on 3 April 2017.\n\nThe lease runs until 2 April "
       "2032.\n");
  const std::string end = ask("When does the lease end?");
  EXPECT_TRUE(end.contains("2032")) << end;
  EXPECT_FALSE(end.contains("2017")) << end;
}

TEST_F(Papers, NoticeIsNoTermOfOffice) {
  file("rules.md",
       "# Rules\n\nThe secretary is elected at the general meeting for one year.\n\n"
       "The general meeting is held in June.\n");
  EXPECT_EQ(ask("How much notice must the secretary give of the general meeting?"), "refused");
  file("rules.md",
       "# Rules\n\nThe secretary is elected at the general meeting for one year.\n\n"
       "The secretary gives 21 days' notice of the general meeting.\n");
  EXPECT_TRUE(
      ask("How much notice must the secretary give of the general meeting?").contains("21 days"));
}

TEST_F(Papers, ARentOfAYearLastsNoTime) {
  file("lease.md", "# Lease\n\nThe rent of the lease is 14,400 a year, in four parts.\n");
  EXPECT_EQ(ask("How long does the lease last?"), "refused");
  file("lease.md", "# Lease\n\nThe lease lasts fifteen years from 3 April 2017.\n");
  EXPECT_TRUE(ask("How long does the lease last?").contains("fifteen years"));
}

TEST_F(Papers, WhatIsNoLongerValidIsNotValid) {
  file("minutes.md", "# Minutes\n\nAsha Dutt's first aid course has run out.\n");
  EXPECT_EQ(ask("Who has valid first aid?"), "refused");
}

TEST_F(Papers, ANumberBelongsToTheWordBehindIt) {
  file("prices_2025.md",
       "# Prices of 2025\n\n## Local moves\n\n| Size | Crew | Price |\n|---|---|---|\n"
       "| 2 bedrooms | 3 | £580 |\n| 3 bedrooms | 4 | £795 |\n");
  file("prices_2026.md",
       "# Prices of 2026\n\n## Local moves\n\n| Size | Crew | Price |\n|---|---|---|\n"
       "| 2 bedrooms | 3 | £600 |\n| 3 bedrooms | 4 | £840 |\n");
  const std::string both =
      ask("3 bedroom local move: what was it in the 2025 prices and what is it in the 2026 ones?");
  EXPECT_TRUE(both.contains("£795")) << both;
  EXPECT_TRUE(both.contains("£840")) << both;
  EXPECT_FALSE(both.contains("£580")) << both;
  EXPECT_FALSE(both.contains("£600")) << both;
}

TEST_F(Papers, WhatSomebodyHasInMindIsNotSo) {
  file("letter.txt", "The mill\n\nWe propose a rent of 46,800 euros for the mill.\n");
  EXPECT_EQ(ask("What rent do we pay for the mill?"), "refused");
  EXPECT_TRUE(ask("What rent was proposed for the mill?").contains("46,800"));
  EXPECT_TRUE(tells_a_wish("It would cost 400."));
  EXPECT_FALSE(tells_a_wish("It costs 400."));
}

TEST_F(Papers, WhatHappenedOnceIsNoRule) {
  file("damage.md", "# Damage\n\nThe guests slept there for 9 nights; the stay was short.\n");
  EXPECT_EQ(ask("How long may guests stay?"), "refused");
  file("room.md", "# Guests\n\nGuests may stay for 14 nights.\n");
  const std::string stay = ask("How long may guests stay?");
  EXPECT_TRUE(stay.contains("14 nights")) << stay;
  EXPECT_FALSE(stay.contains("9 nights")) << stay;
  EXPECT_FALSE(tells_only_past("They slept there, and guests may stay."));
  EXPECT_FALSE(tells_only_past("Longest stay: 14 nights"));
}

TEST_F(Papers, OfSeveralSumsTheNameHasItsOwn) {
  file("minutes.md",
       "# Meeting\n\nIt was agreed that the Full subscription rises from £32 to £36 and the "
       "Concession from £22 to £24, Junior, Friend and Honorary unchanged.\n");
  EXPECT_EQ(ask("How much is a Junior subscription?"), "refused");
  EXPECT_TRUE(ask("How much is a Full subscription?").contains("£36"));
}

TEST_F(Papers, DaysOfLeaveAreNoDaysAhead) {
  file("handbook.md",
       "# Handbook\n\nFor single days staff ask the manager five days ahead, so that somebody else "
       "can "
       "be found in time. Nobody takes leave in the last week of August.\n");
  EXPECT_EQ(ask("How many days of leave do staff get?"), "refused");
  file("handbook.md", "# Handbook\n\nStaff get 25 days of leave.\n");
  EXPECT_TRUE(ask("How many days of leave do staff get?").contains("25 days"));
}

TEST_F(Papers, ABalanceIsNoTakings) {
  file("minutes.md",
       "# Meeting of 2025\n\nThe balance was £6,412.35 on 31 May 2025. She said that hall hire is "
       "eating what the panto earns.\n");
  EXPECT_EQ(ask("What were our takings in 2025?"), "refused");
  file("minutes.md", "# Meeting of 2025\n\nThe takings were £900.00 in 2025.\n");
  EXPECT_TRUE(ask("What were our takings in 2025?").contains("£900.00"));
}

TEST_F(Papers, ANumberOfADayIsNoneOfItsMonth) {
  file("report.md", "# Report\n\nThe busiest day was 17 August 2024 with 512 visitors.\n");
  EXPECT_EQ(ask("How many visitors did we have in August 2024?"), "refused");
  file("report.md", "# Report\n\nWe had 2,512 visitors in August 2024.\n");
  EXPECT_TRUE(ask("How many visitors did we have in August 2024?").contains("2,512"));
}

TEST_F(Papers, PartiesAreNotWhoSigned) {
  file("supply.txt",
       "SUPPLY AGREEMENT\n\nbetween Brook Instruments (Buyer) and Tavery Seals (Supplier),\n"
       "signed 2024-06-24, in force from 2024-07-01\n");
  EXPECT_EQ(ask("Who signed the agreement with Tavery Seals?"), "refused");
  file("supply.txt",
       "SUPPLY AGREEMENT\n\nbetween Brook Instruments and Tavery Seals,\nsigned by Ada Quill on 24 "
       "June "
       "2024\n");
  EXPECT_TRUE(ask("Who signed the agreement with Tavery Seals?").contains("Ada Quill"));
}

TEST_F(Papers, AListOfOffersDoesNotSayWhatWasPaid) {
  file("offers_heating.md",
       "# Offers for the heating\n\nNordheiz: heating for €38,900, Ostwaerme: €31,400.\n");
  EXPECT_EQ(ask("What did the heating cost?"), "refused");
  file("minutes.md", "# Meeting\n\nThe heating has cost €39,200.\n");
  EXPECT_TRUE(ask("What did the heating cost?").contains("39,200"));
}

TEST_F(Papers, WhichYearWasLastIsNotKnown) {
  file("minutes.md", "# Meeting\n\n214 nights were booked, 188 at the same time last year.\n");
  EXPECT_EQ(ask("How many nights were booked last year?"), "refused");
}

}  // namespace
}  // namespace naestro::agents
