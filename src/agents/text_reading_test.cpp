// What texts answer, over a small allotment club, so that nothing rests on the words of the
// examples.
#include <algorithm>

#include "agents/sentences.hpp"
#include "agents/test_world.hpp"
#include "agents/thesaurus.hpp"

namespace naestro::agents {
namespace {

struct Allotment : ::testing::Test {
  Allotment() {
    file("handbook-2021.md",
         "# Handbook of the club, March 2021\n\n## Animals\n\nCats may roam all plots.\n\n"
         "## Gate\n\nThe gate is locked at 9 in the evening.\n");
    file("minutes/2022-05-03.md",
         "# Meeting of 3 May 2022\n\n"
         "1. **Plant sale.** The plant sale will be on 4 June 2022.\n\n"
         "2. **Pump.** Ada Quill reported that the pump failed again. Two quotes for a new pump:\n"
         "   - Marsh Pumps: \xc2\xa3"
         "410, five years of warranty.\n"
         "   - Dunn & Sons: \xc2\xa3"
         "380, can start in July.\n\n"
         "3. **Insurance.** The fire insurance was renewed with a limit of \xc2\xa3"
         "50,000.\n");
    file("minutes/2022-06-07.md",
         "# Meeting of 7 June 2022\n\n"
         "1. **Plant sale.** The hall is let to the choir on 4 June. **Decided:** the plant sale "
         "moves to 18 June 2022.\n\n"
         "2. **Cats.** **Decided:** from 1 August no cats in any plot, because of the chicks.\n\n"
         "3. **Pump.** Dunn & Sons fitted the pump on 2 June 2022. The bill was \xc2\xa3"
         "395.\n\n"
         "4. **Keys.** The keys of the tool shed are held by Bo Marsh and Cy Dunn.\n\n"
         "5. **Raffle.** The raffle was run by Ada Quill. 61 tickets were sold.\n");
    file("rules-2020.md",
         "# Rules of the club\n\n1.1 The rent is \xc2\xa3"
         "20 a year.\n1.2 Hedges are cut in May.\n");
    file("rules-2022.md",
         "# Rules of the club\n\n1.1 The rent is \xc2\xa3"
         "24 a year.\n1.2 Hedges are cut in May.\n"
         "1.3 Bonfires need the consent of the chair.\n");
    file("letters/2022-07-01-water-company.txt",
         "VALE WATER COMPANY\n\n1 July 2022\nOur reference: VW-2207\n\nDear Ms Quill,\n\n"
         "we will pay a refund of \xc2\xa3"
         "88 for the leak.\n\n"
         "  1. The meter must be replaced by 30 September 2022.\n\n"
         "Your contact is our clerk, Petra Lowe.\n\nYours faithfully,\n\nHugo Brand\n");
  }
  void file(const char* name, std::string_view text) const {
    ::naestro::testing::write_file(dir.path() / name, text);
  }
  [[nodiscard]] json::Object draft(std::string_view goal) const {
    const tools::Context context{workspace, {}};
    const auto survey = agents::call("planner.survey", 1, {{"path", "."}, {"goal", goal}}, context);
    check(survey.has_value(), survey ? "" : survey.error().text());
    auto out = agents::call("planner.draft", 1, {{"goal", goal}, {"survey", *survey}}, context);
    return std::move(out->as_object());
  }
  // "file:line" of each citation, or "refused".
  [[nodiscard]] std::string ask(std::string_view goal) const {
    const json::Object out = draft(goal);
    if (*json::text_at(out, "status") != "planned") return "refused";
    const auto outputs =
        eval::run_plan(*json::object_at(out, "plan"), workspace, testing::world().catalogs);
    if (!outputs) return outputs.error().text();
    std::string lines;
    for (const json::Value& citation : *json::array_at(*outputs, "citations")) {
      const json::Object& one = citation.as_object();
      lines += (lines.empty() ? "" : " ") + std::string{*json::text_at(one, "file")} + ":" +
               std::to_string(*json::integer_at(one, "line"));
    }
    return lines;
  }
  ::naestro::testing::TempDir dir;
  tools::Workspace workspace = tools::Workspace::open(dir.str()).value();
};

TEST_F(Allotment, FormsOfAskingAndSynonymsDoNotMatter) {
  const std::string keys = "minutes/2022-06-07.md:9";
  EXPECT_EQ(ask("Who holds the keys of the tool shed?"), keys);
  EXPECT_EQ(ask("Could you tell me who actually has the keys to the tool hut, please?"), keys);
}

TEST_F(Allotment, TheKindOfAnswerMustBeInTheSentence) {
  EXPECT_EQ(ask("Who ran the raffle?"), "minutes/2022-06-07.md:11");
  EXPECT_EQ(ask("How many raffle tickets were sold?"), "minutes/2022-06-07.md:11");
  EXPECT_EQ(ask("When were the raffle tickets sold?"), "refused");
  EXPECT_EQ(ask("Who won the raffle?"), "refused");
  EXPECT_EQ(ask("What is the phone number of Ada Quill?"), "refused");
}

TEST_F(Allotment, WhoDidItAndWhetherItWasDoneCount) {
  file("notes.md",
       "# Notes of 2022\n\n1. **Fox.** The fox was not caught.\n\n"
       "2. **Letter of Hugo Brand.** He asks for access. Decided: we repair the pipe.\n\n"
       "3. **Noise.** Two complaints about noise in the Orchard.\n");
  EXPECT_EQ(ask("Who caught the fox?"), "refused");
  EXPECT_EQ(ask("What did Hugo Brand decide about the pipe?"), "refused");
  EXPECT_EQ(ask("Who complained about the noise?"), "refused");
}

TEST_F(Allotment, AYearIsThatOfTheText) {
  EXPECT_EQ(ask("How much was the rent in 2020?"), "rules-2020.md:3");
  EXPECT_EQ(ask("How much was the rent in 2019?"), "refused");
}

TEST_F(Allotment, ALimitIsNoPrice) {
  EXPECT_EQ(ask("How much do we pay for the fire insurance?"), "refused");
  EXPECT_EQ(ask("How much was the bill for the pump?"), "minutes/2022-06-07.md:7");
}

TEST_F(Allotment, TheNewestTextComesFirst) {
  const std::string cats = ask("Someone wants to bring her kitten in August. What's the rule now?");
  EXPECT_TRUE(cats.starts_with("minutes/2022-06-07.md:5")) << cats;
  const std::string rent = ask("How much is the yearly rent?");
  EXPECT_EQ(rent, "rules-2022.md:3 rules-2020.md:3");
}

TEST_F(Allotment, EachOfTwoQuestionsNeedsItsAnswer) {
  const std::string sale =
      ask("On which day did the plant sale take place in the end, and why was it shifted?");
  EXPECT_NE(sale.find("minutes/2022-06-07.md:3"), std::string::npos) << sale;
  EXPECT_EQ(ask("Who ran the raffle, and why was it cancelled?"), "refused");
}

TEST_F(Allotment, FieldsAreTakenOutOfTheTextThatIsNamed) {
  const std::string letter = "letters/2022-07-01-water-company.txt:";
  EXPECT_EQ(ask("Pull the reference number, the amount, the deadline and the contact person out of "
                "the water company's letter."),
            letter + "3 " + letter + "4 " + letter + "8 " + letter + "10 " + letter + "12");
  EXPECT_EQ(ask("Pull the amount and the phone number out of the water company's letter."),
            "refused");
  EXPECT_EQ(ask("Pull the amount out of the gas company's letter."), "refused");
}

TEST_F(Allotment, VersionsDifferByTheirItems) {
  EXPECT_EQ(ask("What actually changed between the old rules and the new ones?"),
            "rules-2020.md:3 rules-2022.md:3 rules-2022.md:5");
  EXPECT_EQ(ask("What changed between the old handbook and the new one?"), "refused");
}

TEST_F(Allotment, ItemsOfAListStandSideBySide) {
  EXPECT_EQ(ask("Put the two pump quotes side by side for me."),
            "minutes/2022-05-03.md:6 minutes/2022-05-03.md:7");
  EXPECT_EQ(ask("Put the three pump quotes side by side."), "refused");
  EXPECT_EQ(ask("Put the two roof quotes side by side."), "refused");
}

TEST_F(Allotment, AStoryIsWhatItsHeadingsAndWordsSayInOrder) {
  const std::string story = ask("I'd like the whole story of the pump in date order.");
  EXPECT_LT(story.find("minutes/2022-05-03.md:5"), story.find("minutes/2022-06-07.md:7")) << story;
  EXPECT_EQ(ask("I'd like the whole story of the swimming pool in date order."), "refused");
}

TEST_F(Allotment, ATextByNobodyIsNotSummarised) {
  EXPECT_NE(ask("Summarise the letter of the water company."), "refused");
  EXPECT_EQ(ask("Summarise the letter of Bo Marsh about the pump."), "refused");
  EXPECT_EQ(ask("Summarise Ada Quill's letter about the leak."), "refused");
}

TEST_F(Allotment, AMeasureNeedsItsUnitAndItsDirection) {
  file("pond.md",
       "# The pond\n\nMill Pond is 12 metres long. A pike of 3 years lives in it.\n\n"
       "The filter of the pond hums at 18 degrees and weighs little.\n");
  EXPECT_EQ(ask("How long is Mill Pond?"), "pond.md:3");
  EXPECT_EQ(ask("How wide is Mill Pond?"), "refused");
  EXPECT_EQ(ask("How heavy is the filter of the pond?"), "refused");
  EXPECT_EQ(ask("At what temperature does the filter of the pond hum?"), "pond.md:5");
  EXPECT_EQ(ask("How old is the pike in the pond?"), "refused");
}

TEST_F(Allotment, WhoSomebodyIsStandsBesideTheName) {
  file("tasks.md", "# Tasks\n\n- Ada: ask the insurer whether hail is covered.\n");
  EXPECT_EQ(ask("Who is our insurer?"), "refused");
  file("cover.md", "# Cover\n\nThe insurer is Harbury Mutual.\n");
  EXPECT_EQ(ask("Who is our insurer?"), "cover.md:3");
}

TEST_F(Allotment, ASentenceMayBeginWithTheNameOrTheRole) {
  file("news.md",
       "# News\n\nPresent: Ada Quill, Iris Pell, Bo Marsh.\n\n"
       "Iris will run the seed swap on Sundays.\n\n"
       "The warden locks the orchard gate at night.\n\n"
       "\"Iris talked for an hour,\" wrote one of the visitors.\n");
  EXPECT_EQ(ask("Who runs the seed swap?"), "news.md:5");
  EXPECT_EQ(ask("Who locks the orchard gate at night?"), "news.md:7");
  EXPECT_EQ(ask("Who locked the orchard gate in 2019?"), "refused");
  EXPECT_EQ(ask("Who wrote the news?"), "refused");
}

TEST_F(Allotment, AWordThatMeansTheSameNeedsTheOthers) {
  file("glass.md",
       "# Plans\n\nThe glasshouse will be constructed by Dunn & Sons on 4 May 2023.\n\n"
       "The summerhouse was torn down.\n");
  EXPECT_EQ(ask("When will the glasshouse be built?"), "glass.md:3");
  EXPECT_EQ(ask("When will the summerhouse be built?"), "refused");
  EXPECT_EQ(ask("When will the glasshouse be demolished?"), "refused");
}

TEST_F(Allotment, TheHeadOfALetterSaysWhatItIsAbout) {
  file("letters/2022-08-02-fence.txt",
       "Croft Fencing\n\n2 August 2022\n\nDear Ms Quill,\n\nYour order no. F-118, larch fence\n\n"
       "We shall extend the guarantee from two years to three.\n\nYours sincerely,\n\nUna Croft\n");
  EXPECT_EQ(ask("How long is the guarantee on the larch fence?"), "letters/2022-08-02-fence.txt:9");
  EXPECT_EQ(ask("How long is the guarantee on the pump of the fence?"), "refused");
}

TEST_F(Allotment, WhatIsSaidAsideAsksNothing) {
  EXPECT_EQ(ask("When is the plant sale? I know it got rearranged."),
            ask("When is the plant sale?"));
  EXPECT_EQ(ask("When is the plant sale? I know the pony died."), "refused");
}

TEST_F(Allotment, HowOftenIsNoCount) {
  file("water.md", "# Water\n\nThe butts are filled every Monday. There are 6 butts.\n");
  EXPECT_EQ(ask("How often are the butts filled?"), "water.md:3");
  EXPECT_EQ(ask("How often are the butts painted?"), "refused");
}

TEST_F(Allotment, ATableSaysNoNameByADate) {
  file("tickets.csv",
       "ticket_id,category,opened,closed\nT-1,gate,2022-03-01,2022-03-02\n"
       "T-2,pump,2022-03-04,2022-03-09\n");
  EXPECT_EQ(ask("Who opened ticket T-1?"), "refused");
}

TEST(Thesaurus, FindsTheFirstAndTheLastStem) {
  EXPECT_TRUE(thesaurus("").empty());
  EXPECT_TRUE(thesaurus("zzzz").empty());
  EXPECT_TRUE(thesaurus("# Written by").empty());
  const auto build = thesaurus("build");
  EXPECT_NE(std::ranges::find(build, "construct"), build.end());
  const auto start = thesaurus("start");
  EXPECT_NE(std::ranges::find(start, "commence"), start.end());
}

TEST(Sentences, EndWhereOneEnds) {
  EXPECT_EQ(sentences("1. **Roof.** Mr. A. Reed came at 9.30. He left."),
            (std::vector<std::string>{"1. **Roof.**", "Mr. A. Reed came at 9.30.", "He left."}));
  EXPECT_EQ(sentences("no stop"), std::vector<std::string>{"no stop"});
}

TEST(Sentences, KindsOfAnswers) {
  const Lexicon& lexicon = testing::world().planner.lexicon();
  const auto says = [&](std::string_view kind, std::string_view text, std::string_view head = "") {
    return tells(kind, Said{text, "", "", {"shed"}, std::string{head}}, lexicon);
  };
  EXPECT_TRUE(says("money", "The shed cost $400."));
  EXPECT_FALSE(says("money", "The shed is insured up to $400."));
  EXPECT_FALSE(says("money", "The shed has 400 nails."));
  EXPECT_TRUE(says("number", "We counted 12 hives.", "hive"));
  EXPECT_FALSE(says("number", "On 12 May the hives were moved.", "hive"));
  EXPECT_FALSE(says("number", "In 2022 all hives were moved.", "hive"));
  EXPECT_TRUE(says("time", "We meet at 9.30."));
  EXPECT_FALSE(says("time", "It weighs 9.30 kilos."));
  EXPECT_TRUE(says("phone", "Call 0123 456 7890."));
  EXPECT_FALSE(says("phone", "It was 2022-05-03."));
  EXPECT_TRUE(says("code", "Reference AB-1207"));
  EXPECT_TRUE(says("place", "It is behind the shed, next to the gate."));
  EXPECT_FALSE(says("place", "It closed in May."));
  EXPECT_TRUE(says("rule", "No ball games."));
  EXPECT_FALSE(says("name", "On Saturday the VAT was paid."));
}

}  // namespace
}  // namespace naestro::agents
