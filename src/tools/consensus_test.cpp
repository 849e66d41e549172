// consensus.deal and consensus.settle: what agrees, who decides, and that it does not matter who
// gave which answer.
#include <algorithm>
#include <set>

#include "base/random.hpp"
#include "contract/tool.hpp"
#include "schema/validate.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

class ConsensusTest : public ToolTest {
 protected:
  // Both sides are held to the contract.
  json::Value call_tool(std::string_view name, const std::string& arguments) {
    const auto given = json::parse(arguments);
    EXPECT_TRUE(given) << arguments;
    if (!given) return {};
    const contract::ToolContract& tool = *catalog_.find(name, 1);
    const auto takes = schema::conforms(*tool.input_schema, *given, "the arguments");
    EXPECT_TRUE(takes) << takes.error().text() << arguments;
    auto result = call(name, 1, given->get_object(), {ws, {}});
    EXPECT_TRUE(result) << result.error().text();
    if (!result) return {};
    const auto fits = schema::conforms(*tool.output_schema, *result, "the result");
    EXPECT_TRUE(fits) << fits.error().text() << json::write(*result);
    return *std::move(result);
  }
  json::Value deal(const std::string& drafts, const std::string& compare,
                   const std::string& more = "") {
    return call_tool("consensus.deal",
                     R"({"drafts":)" + drafts + R"(,"compare":)" + compare + more + "}");
  }
  json::Value settle(const std::string& drafts, const std::string& compare,
                     const std::string& more = "") {
    return call_tool("consensus.settle", R"({"protocol":"vote","drafts":)" + drafts +
                                             R"(,"compare":)" + compare + more + "}");
  }
  // The letter that the answer is shown with.
  static std::string letter(const json::Value& dealt, const std::string& answer) {
    for (const json::Value& each : dealt.at("shown").as_array()) {
      if (json::canonical(each.at("draft")) == answer) return each.at("name").as_string().c_str();
    }
    ADD_FAILURE() << answer << " is not shown: " << json::write(dealt);
    return "?";
  }
  static std::string brief(const json::Value& settled) {
    return json::canonical(settled.at("answer")) + " by " + settled.at("by").as_string().c_str();
  }
  // How many answers there are, and how many in the largest group.
  static std::string count(const json::Value& settled) {
    const json::Object& agreement = settled.at("agreement").as_object();
    return std::to_string(*json::integer_at(agreement, "agree")) + " of " +
           std::to_string(*json::integer_at(agreement, "drafts")) + ", " +
           agreement.at("method").as_string().c_str();
  }
  static std::int64_t dissenting(const json::Value& settled) {
    std::int64_t sum = 0;
    for (const json::Value& each : settled.at("dissent").as_array()) {
      sum += *json::integer_at(each.get_object(), "drafts");
    }
    return sum;
  }

  contract::ToolCatalog catalog_ = *contract::ToolCatalog::from(contract::embedded_tools());
};

TEST_F(ConsensusTest, WhatIsComparedDecidesWhatAgrees) {
  struct Case {
    const char* drafts;
    const char* compare;
    const char* count;
    bool agreed;
    std::size_t shown;
  };
  constexpr Case kCases[] = {
      {"[[1],[1.0],[1e0]]", R"([""])", "3 of 3, exact", true, 1},
      {"[[0],[-0.0]]", R"([""])", "2 of 2, exact", true, 1},
      {"[[1],[true]]", R"([""])", "1 of 2, exact", false, 2},
      {"[[1],[\"1\"]]", R"([""])", "1 of 2, exact", false, 2},
      {R"([[{"a":1,"b":2}],[{"b":2,"a":1}]])", "[]", "2 of 2, exact", true, 1},
      {R"([[{"n":1,"w":"x"}],[{"n":1,"w":"y"}],[{"n":2,"w":"x"}]])", R"(["/n"])", "2 of 3, exact",
       false, 2},
      {R"([[{"n":1,"w":"x"}],[{"n":1,"w":"y"}]])", "[]", "1 of 2, exact", false, 2},
      {R"([[{"n":1,"m":1}],[{"n":1,"m":2}]])", R"(["/n","/m"])", "1 of 2, exact", false, 2},
      // Of two parts one value each is not the other's.
      {R"([[{"n":1}],[{"m":1}]])", R"(["/n","/m"])", "1 of 2, exact", false, 2},
      // What is in neither is equal, and null is something.
      {R"([[{"w":"x"}],[{"w":"y"}]])", R"(["/n"])", "2 of 2, exact", true, 1},
      {R"([[{"n":null}],[{}]])", R"(["/n"])", "1 of 2, exact", false, 2},
      {R"([[{"n":"-"}],[{}]])", R"(["/n"])", "1 of 2, exact", false, 2},
      {R"([[{"a/b":{"c":[1,2]}}],[{"a/b":{"c":[1,3]}}]])", R"(["/a~1b/c"])", "1 of 2, exact", false,
       2},
      {R"([["x"],["x"]])", R"(["/n"])", "2 of 2, exact", true, 1},
      // The newest that is there counts.
      {"[[null,1],[1,2],[2]]", R"([""])", "2 of 3, exact", false, 2},
      {"[[null],[null,null],[7]]", R"([""])", "1 of 1, exact", false, 1},
      {"[[null],[3],[3]]", R"([""])", "2 of 2, exact", true, 1},
  };
  for (const Case& each : kCases) {
    EXPECT_EQ(count(settle(each.drafts, each.compare)), each.count) << each.drafts;
    const json::Value dealt = deal(each.drafts, each.compare);
    EXPECT_EQ(dealt.at("agreed").as_bool(), each.agreed) << each.drafts;
    EXPECT_EQ(dealt.at("shown").as_array().size(), each.shown) << each.drafts;
  }
}

TEST_F(ConsensusTest, WhatSomebodySaysMeansTheSameIsOneGroup) {
  const char* const drafts = R"([["one"],["two"],["three"],["four"]])";
  const json::Value dealt = deal(drafts, "[]");
  const auto same = [&](const std::string& groups) {
    return settle(drafts, "[]", R"(,"same":)" + groups);
  };
  struct Case {
    const char* groups;
    const char* count;
    std::int64_t dissents;
  };
  constexpr Case kCases[] = {
      {R"({"groups":[["A","B"],["C"],["D"]]})", "2 of 4, semantic", 2},
      {R"({"groups":[["A","B"],["C","D"]]})", "2 of 4, semantic", 1},
      {R"({"groups":[["A","B"],["B","C"]]})", "3 of 4, semantic", 1},
      {R"({"groups":[["A","B"],["C","D"],["D","A"]]})", "4 of 4, semantic", 0},
      {R"({"groups":[["B","A"],["A"],["B"],["A","B"]]})", "2 of 4, semantic", 2},
      // What names nobody joins nobody.
      {R"({"groups":[["A","E"],["B","E"],["","B"],["AB","C"],["a","b"]]})", "1 of 4, semantic", 3},
      {R"({"groups":[["@","A","Z","B"]]})", "2 of 4, semantic", 2},
      {R"({"groups":[[1,"A",null,"B"],7,{"A":"B"},[]]})", "2 of 4, semantic", 2},
      {R"({"groups":[]})", "1 of 4, semantic", 3},
      {R"({"groups":{"A":"B"}})", "1 of 4, semantic", 3},
      {R"({})", "1 of 4, semantic", 3},
      {R"("A and B")", "1 of 4, semantic", 3},
      {R"(null)", "1 of 4, exact", 3},
  };
  for (const Case& each : kCases) {
    const json::Value settled = same(each.groups);
    EXPECT_EQ(count(settled), each.count) << each.groups;
    EXPECT_EQ(std::ssize(settled.at("dissent").as_array()), each.dissents) << each.groups;
  }
  // All of them mean the same: the first of them stands.
  const json::Value all = same(R"({"groups":[["D","C","B","A"]]})");
  EXPECT_EQ(brief(all), json::canonical(dealt.at_pointer("/shown/0/draft")) + " by agreement");
  // Of the largest group its first answer, wherever it is named.
  const json::Value most = same(R"({"groups":[["D","C"]]})");
  EXPECT_EQ(brief(most), json::canonical(dealt.at_pointer("/shown/2/draft")) + " by majority");
}

TEST_F(ConsensusTest, EachThatMayDecideDoes) {
  const json::Value dealt = deal("[[1],[1],[2]]", R"([""])", R"(,"paired":true)");
  const std::string one = letter(dealt, "1");
  const std::string two = letter(dealt, "2");
  const auto said = [](const std::string& choice) {
    return R"(,"verdict":{"choice":")" + choice + R"(","why":"w"})";
  };
  const std::string pairs = R"(,"pairs":)" + json::canonical(dealt.at("pairs"));
  // Two matches: of the first against the second, and the other way round.
  const auto matches = [&](const std::string& first, const std::string& second) {
    const auto row = [](const std::string& better) {
      return R"({"ok":true,"value":{"better":")" + better + R"(","why":"for )" + better + "\"}}";
    };
    return pairs + R"(,"matches":[)" + row(first) + "," + row(second) + "]";
  };
  const std::string wins_two = two == "A" ? matches("first", "second") : matches("second", "first");
  const auto by = [&](const std::string& drafts, const std::string& more) {
    return brief(settle(drafts, R"([""])", more));
  };
  EXPECT_EQ(by("[[1],[1],[1]]", said(two)), "1 by agreement");
  EXPECT_EQ(by("[[1],[1],[null]]", ""), "1 by agreement");
  EXPECT_EQ(by("[[1],[1],[2]]", said(two) + R"(,"merged":1)"), "2 by judge");
  EXPECT_EQ(by("[[1],[1],[2]]", said(one)), "1 by judge");
  EXPECT_EQ(by("[[1],[1],[2]]", wins_two), "2 by tournament");
  EXPECT_EQ(by("[[1],[1],[2]]", matches("first", "first")), "1 by majority");
  EXPECT_EQ(by("[[1],[1],[2]]", matches("equal", "equal")), "1 by majority");
  EXPECT_EQ(by("[[1],[1],[2]]", R"(,"merged":3)"), "3 by synthesis");
  // A synthesis that agrees with some stands, too.
  EXPECT_EQ(by("[[1],[1],[2]]", R"(,"merged":2)"), "2 by synthesis");
  EXPECT_EQ(by("[[1],[1],[2]]", R"(,"merged":null)"), "1 by majority");
  EXPECT_EQ(by("[[1],[1],[2]]", ""), "1 by majority");
  EXPECT_EQ(by("[[null],[null],[2]]", ""), "2 by only");
  EXPECT_EQ(by("[[null],[null],[2]]", R"(,"pairs":[],"matches":[])"), "2 by only");
  EXPECT_EQ(by("[[1],[2]]", ""), (one == "A" ? "1" : "2") + std::string{" by order"});
  EXPECT_EQ(by("[[1],[1],[2],[2],[3]]", ""), (one < two ? "1" : "2") + std::string{" by order"});
  EXPECT_EQ(by("[[3],[1],[2],[2],[3],[2]]", ""), "2 by majority");
}

TEST_F(ConsensusTest, WhatDecidesGivesItsReasons) {
  const json::Value dealt = deal("[[1],[2]]", R"([""])", R"(,"paired":true)");
  const json::Value judged =
      settle("[[1],[2]]", R"([""])", R"(,"verdict":{"choice":"A","why":"it is right"})");
  EXPECT_EQ(judged.at("reasons").as_string(), "it is right");
  EXPECT_EQ(settle("[[1],[1]]", R"([""])", R"(,"verdict":{"choice":"A","why":"it is right"})")
                .at("reasons")
                .as_string(),
            "");
  EXPECT_EQ(settle("[[1],[2]]", R"([""])", R"(,"verdict":{"choice":"B"})").at("reasons"), "");
  const std::string pairs = R"(,"pairs":)" + json::canonical(dealt.at("pairs"));
  const json::Value won =
      settle("[[1],[2]]", R"([""])",
             pairs + R"(,"matches":[{"ok":true,"value":{"better":"first","why":"shorter"}},)"
                     R"({"ok":true,"value":{"better":"second","why":"right"}}])");
  EXPECT_EQ(brief(won), json::canonical(dealt.at_pointer("/shown/0/draft")) + " by tournament");
  EXPECT_EQ(won.at("reasons").as_string(), "shorter; right");
}

TEST_F(ConsensusTest, AVerdictThatNamesNothingIsNone) {
  for (const char* verdict :
       {R"({"choice":"C","why":"w"})", R"({"choice":"Z"})", R"({"choice":"a"})",
        R"({"choice":"@"})", R"({"choice":""})", R"({"choice":"AB"})", R"({"choice":"A "})",
        R"({"choice":0})", R"({"choice":null})", R"({"choice":["A"]})", R"({"why":"A"})", R"({})",
        R"("A")", "0", "[]", "null", R"({"choice":"Ä"})"}) {
    const json::Value settled =
        settle("[[1],[1],[2]]", R"([""])", std::string{R"(,"verdict":)"} + verdict);
    EXPECT_EQ(brief(settled), "1 by majority") << verdict;
    // That it was asked and what it said is of no use is told.
    EXPECT_EQ(settled.at("reasons").as_string(),
              *verdict == '{' ? "the judge named an answer that is not there" : "")
        << verdict;
  }
}

// Rows that failed, draws, rows too few and too many, and what is no row.
TEST_F(ConsensusTest, MatchesThatNobodyWonDecideNothing) {
  const json::Value dealt = deal("[[1],[1],[2],[3]]", R"([""])", R"(,"paired":true)");
  const std::string pairs = json::canonical(dealt.at("pairs"));
  ASSERT_EQ(dealt.at("pairs").as_array().size(), 6U);
  const std::string failed = R"({"ok":false,"code":"NE0602","message":"first"})";
  const std::string draw = R"({"ok":true,"value":{"better":"equal","why":"w"}})";
  const std::string first = R"({"ok":true,"value":{"better":"first","why":"w"}})";
  const std::string second = R"({"ok":true,"value":{"better":"second","why":"w"}})";
  const auto play = [&](const std::string& of, const std::string& rows) {
    return brief(
        settle("[[1],[1],[2],[3]]", R"([""])", R"(,"pairs":)" + of + R"(,"matches":)" + rows));
  };
  const auto list = [](std::vector<std::string> rows) {
    std::string out;
    for (const std::string& row : rows) out += (out.empty() ? "" : ",") + row;
    return "[" + out + "]";
  };
  for (const std::string& rows :
       {std::string{"null"}, std::string{"[]"}, std::string{"{}"}, std::string{"7"},
        list({failed, failed, failed, failed, failed, failed}), list({draw, draw}),
        list({"1", "null", R"({"ok":true})", R"({"value":"first"})", R"({"value":{}})",
              R"({"value":{"better":"third"}})"}),
        // Whoever is named first wins: nobody does.
        list({first, first, first, first, first, first}),
        list({second, second, second, second, second, second})}) {
    EXPECT_EQ(play(pairs, rows), "1 by majority") << rows;
  }
  EXPECT_EQ(play("null", list({first})), "1 by majority");
  EXPECT_EQ(play("{}", list({first})), "1 by majority");
  EXPECT_EQ(play(R"([1,{"first":1},{"first":{"name":"Q"}},{"first":{}}])",
                 list({first, first, first, first})),
            "1 by majority");
  // One row that can be read is enough, and rows beyond the pairs are none.
  const std::string winner = json::canonical(dealt.at_pointer("/pairs/2/first/draft"));
  EXPECT_EQ(play(pairs, list({failed, draw, first, failed, draw, failed, second, second})),
            winner + " by tournament");
}

TEST_F(ConsensusTest, EveryTwoAreComparedInBothOrders) {
  const json::Value dealt = deal("[[1],[2],[3],[1]]", R"([""])", R"(,"paired":true)");
  std::set<std::string> seen;
  for (const json::Value& pair : dealt.at("pairs").as_array()) {
    const auto name = [&](const char* side) {
      const std::string letter_of = pair.at(side).at("name").as_string().c_str();
      EXPECT_EQ(letter(dealt, json::canonical(pair.at(side).at("draft"))), letter_of);
      return letter_of;
    };
    seen.insert(name("first") + name("second"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"AB", "AC", "BA", "BC", "CA", "CB"}));
  // Drafts stand many times in them: only who compares them is shown them.
  EXPECT_TRUE(deal("[[1],[2]]", R"([""])").at("pairs").as_array().empty());
  EXPECT_TRUE(deal("[[1],[2]]", R"([""])", R"(,"paired":false)").at("pairs").as_array().empty());
}

// Nine long answers can be shown and settled; each is there once or twice, not in every pair.
TEST_F(ConsensusTest, NineLongAnswersFit) {
  std::string drafts;
  for (int i = 0; i < 9; ++i) {
    drafts += (i == 0 ? "[[\"" : ",[\"") + std::to_string(i) + std::string(100'000, 'x') + "\"]";
  }
  const contract::ToolContract& deal_tool = *catalog_.find("consensus.deal", 1);
  EXPECT_LE(std::ssize(json::canonical(deal(drafts + "]", "[]"))), deal_tool.max_output_bytes);
  EXPECT_LE(std::ssize(json::canonical(settle(drafts + "]", "[]"))), deal_tool.max_output_bytes);
}

TEST_F(ConsensusTest, ASynthesisIsShownAndCountsForNothing) {
  const json::Value dealt = deal("[[1],[2]]", R"([""])", R"(,"merged":3)");
  EXPECT_EQ(dealt.at("shown").as_array().size(), 3U);
  EXPECT_EQ(dealt.at("there"), 2);
  EXPECT_FALSE(dealt.at("agreed").as_bool());
  // One that agrees with an answer is that answer; it makes no majority of it.
  const json::Value known = deal("[[1],[2]]", R"([""])", R"(,"merged":2)");
  EXPECT_EQ(known.at("shown").as_array().size(), 2U);
  EXPECT_FALSE(known.at("agreed").as_bool());
  const json::Value settled = settle("[[1],[2]]", R"([""])", R"(,"merged":2)");
  EXPECT_EQ(brief(settled), "2 by synthesis");
  EXPECT_EQ(count(settled), "1 of 2, exact");
  EXPECT_EQ(dissenting(settled), 1);
  EXPECT_TRUE(deal("[[1],[1]]", R"([""])", R"(,"merged":3)").at("agreed").as_bool());
  EXPECT_EQ(brief(settle("[[1],[1]]", R"([""])", R"(,"merged":3)")), "1 by agreement");
  // All but it are other answers.
  EXPECT_EQ(dissenting(settle("[[1],[2],[2]]", R"([""])", R"(,"merged":3)")), 3);
}

TEST_F(ConsensusTest, TheOtherAnswersStandBesideIt) {
  const json::Value settled = settle(R"([["a"],["b"],["b"],["c"],["c"],["c"],["d"]])", "[]");
  EXPECT_EQ(brief(settled), R"("c" by majority)");
  const json::Array& dissent = settled.at("dissent").as_array();
  ASSERT_EQ(dissent.size(), 3U);
  EXPECT_EQ(dissent[0].at("answer"), "b");
  EXPECT_EQ(dissent[0].at("drafts"), 2);
  EXPECT_EQ(dissent[1].at("drafts"), 1);
  // A judge may take one that few gave: the largest group is another answer then.
  const json::Value dealt = deal("[[1],[1],[2]]", R"([""])");
  const json::Value judged =
      settle("[[1],[1],[2]]", R"([""])",
             R"(,"verdict":{"choice":")" + letter(dealt, "2") + R"(","why":""})");
  EXPECT_EQ(count(judged), "2 of 3, exact");
  EXPECT_EQ(json::canonical(judged.at("dissent")), R"([{"answer":1,"drafts":2}])");
}

TEST_F(ConsensusTest, WhereNobodyAnsweredItSaysSo) {
  const std::string said =
      text("consensus.settle", R"({"protocol":"judge","drafts":[[null],[null,null],[null]],)"
                               R"("compare":[],"merged":1,"verdict":{"choice":"A"}})");
  EXPECT_TRUE(said.contains("none of the 3 proposers gave an answer")) << said;
  EXPECT_TRUE(said.contains("see why each failed")) << said;
  EXPECT_EQ(json::canonical(deal("[[null],[null]]", "[]")),
            R"({"agreed":false,"differ":false,"pairs":[],"shown":[],"there":0})");
  for (const char* tool : {"consensus.deal", "consensus.settle"}) {
    EXPECT_TRUE(text(tool, R"({"drafts":[1],"compare":[]})").contains("no array")) << tool;
    EXPECT_TRUE(text(tool, R"({"drafts":1,"compare":[]})").contains("drafts")) << tool;
    EXPECT_TRUE(text(tool, R"({"drafts":[[1]],"compare":[1]})").contains("compare")) << tool;
  }
}

// Wilson's interval: the two roots of (p - k/n)^2 = z^2 p (1 - p) / n, by bisection with 40 digits.
TEST_F(ConsensusTest, TheIntervalIsWilsons) {
  struct Case {
    int agree, drafts, low, rate, high;
  };
  constexpr Case kCases[] = {
      {1, 1, 20, 100, 100}, {1, 2, 9, 50, 91},    {2, 2, 34, 100, 100}, {1, 3, 6, 33, 80},
      {2, 3, 20, 67, 94},   {3, 3, 43, 100, 100}, {2, 4, 15, 50, 85},   {3, 4, 30, 75, 96},
      {4, 4, 51, 100, 100}, {1, 5, 3, 20, 63},    {3, 5, 23, 60, 89},   {4, 5, 37, 80, 97},
      {5, 5, 56, 100, 100}, {4, 6, 29, 67, 91},   {6, 6, 60, 100, 100}, {1, 7, 2, 14, 52},
      {5, 7, 35, 71, 92},   {7, 7, 64, 100, 100}, {1, 8, 2, 13, 48},    {3, 8, 13, 38, 70},
      {5, 8, 30, 63, 87},   {7, 8, 52, 88, 98},   {8, 8, 67, 100, 100}, {1, 9, 1, 11, 44},
      {5, 9, 26, 56, 82},   {8, 9, 56, 89, 99},   {9, 9, 70, 100, 100},
  };
  for (const Case& each : kCases) {
    std::string drafts;
    for (int i = 0; i < each.drafts; ++i) {
      drafts += (i == 0 ? "[[" : ",[") + std::to_string(i < each.agree ? 0 : i) + "]";
    }
    if (each.drafts == 1) drafts += ",[null]";
    const json::Value settled = settle(drafts + "]", R"([""])");
    const json::Object& agreement = settled.at("agreement").as_object();
    EXPECT_EQ(agreement.at("agree"), each.agree) << drafts;
    EXPECT_EQ(agreement.at("drafts"), each.drafts) << drafts;
    EXPECT_EQ(agreement.at("low_percent"), each.low) << drafts;
    EXPECT_EQ(agreement.at("rate_percent"), each.rate) << drafts;
    EXPECT_EQ(agreement.at("high_percent"), each.high) << drafts;
    EXPECT_EQ(agreement.at("asked"), std::max(each.drafts, 2)) << drafts;
  }
}

// Random proposers, judges and groupings.
class ConsensusPropertyTest : public ConsensusTest {
 protected:
  std::int64_t roll(std::int64_t below) {
    return static_cast<std::int64_t>(random_.next() % static_cast<std::uint64_t>(below));
  }
  template <class T>
  T one_of(std::initializer_list<T> all) {
    return *(all.begin() + roll(std::ssize(all)));
  }
  json::Value answer() {
    if (roll(6) == 0) return {};
    return json::Object{{"n", roll(3)}, {"why", one_of<std::string>({"x", "y", "${z}", "\n"})}};
  }
  json::Value letter_list() {
    json::Array out;
    for (std::int64_t i = roll(5); i > 0; --i) {
      out.emplace_back(std::string(1, static_cast<char>('A' + roll(11))));
    }
    return out;
  }
  // What those say who are asked about the answers; of no use as often as not.
  json::Object said() {
    json::Object out;
    json::Array groups;
    for (std::int64_t i = roll(4); i > 0; --i) groups.push_back(letter_list());
    if (roll(2) == 0) out["same"] = json::Object{{"groups", groups}};
    if (roll(3) == 0) {
      out["verdict"] =
          json::Object{{"choice", std::string(1, static_cast<char>('A' + roll(11)))}, {"why", "w"}};
    }
    if (roll(2) == 0) out["merged"] = answer();
    return out;
  }
  json::Array rows(std::size_t count) {
    json::Array out;
    for (std::size_t i = 0; i < count; ++i) {
      const auto better = one_of<std::string>({"first", "second", "equal", "neither"});
      out.push_back(
          json::Object{{"ok", true}, {"value", json::Object{{"better", better}, {"why", "w"}}}});
    }
    return out;
  }
  json::Object arguments(const json::Array& drafts, const json::Value& compare,
                         const json::Object& more) {
    json::Object out = more;
    out["drafts"] = drafts;
    out["compare"] = compare;
    return out;
  }
  json::Value dealt(const json::Array& drafts, const json::Value& compare,
                    const json::Object& more) {
    json::Object merged;
    if (more.contains("merged")) merged["merged"] = more.at("merged");
    merged["paired"] = true;
    return call_tool("consensus.deal", json::canonical(arguments(drafts, compare, merged)));
  }
  json::Value settled(const json::Array& drafts, const json::Value& compare, json::Object more) {
    more["protocol"] = "judge";
    return call_tool("consensus.settle", json::canonical(arguments(drafts, compare, more)));
  }

  SeededRandom random_{40};
};

TEST_F(ConsensusPropertyTest, WhoGaveAnAnswerDoesNotMatterAndNoneIsLost) {
  for (int round = 0; round < 500; ++round) {
    json::Array drafts;
    std::int64_t there = 0;
    for (std::int64_t i = 2 + roll(7); i > 0; --i) {
      json::Array newest;
      for (std::int64_t k = 1 + roll(3); k > 0; --k) newest.push_back(answer());
      there += std::ranges::all_of(newest, &json::Value::is_null) ? 0 : 1;
      drafts.push_back(newest);
    }
    if (there == 0) continue;
    const json::Value compare = roll(2) == 0 ? json::Value(json::Array{"/n"}) : json::Array{};
    json::Object more = said();
    const json::Value first = dealt(drafts, compare, more);
    if (roll(2) == 0) {
      more["pairs"] = first.at("pairs");
      more["matches"] = rows(first.at("pairs").as_array().size());
    }
    const json::Value result = settled(drafts, compare, more);
    json::Array turned = drafts;
    for (std::size_t i = turned.size() - 1; i > 0; --i) {
      const auto with = static_cast<std::size_t>(roll(static_cast<std::int64_t>(i) + 1));
      if (with != i) swap(turned[i], turned[with]);
    }
    EXPECT_EQ(json::write(dealt(turned, compare, more)), json::write(first)) << round;
    EXPECT_EQ(json::write(settled(turned, compare, more)), json::write(result)) << round;
    // All that are there are in one group each: that of the answer, or another.
    const json::Object& agreement = result.at("agreement").as_object();
    EXPECT_EQ(agreement.at("drafts"), there);
    EXPECT_LE(dissenting(result), there);
    const std::int64_t own = there - dissenting(result);
    std::int64_t largest = own;
    for (const json::Value& each : result.at("dissent").as_array()) {
      largest = std::max(largest, *json::integer_at(each.get_object(), "drafts"));
    }
    EXPECT_EQ(agreement.at("agree"), largest) << json::write(result);
    const std::string by = result.at("by").as_string().c_str();
    EXPECT_TRUE(own > 0 || by == "synthesis" || by == "judge" || by == "tournament") << by;
    EXPECT_EQ(result.at("answer").is_null(), false);
  }
}

// One more proposer who says the same makes no group smaller, and takes nothing from its answer.
TEST_F(ConsensusPropertyTest, AnAnswerThatIsGivenOnceMoreLosesNothing) {
  for (int round = 0; round < 300; ++round) {
    json::Array drafts;
    for (std::int64_t i = 2 + roll(6); i > 0; --i) {
      drafts.push_back(json::Array{json::Object{{"n", roll(4)}}});
    }
    const json::Value before = settled(drafts, json::Array{"/n"}, {});
    const json::Value twin = drafts[static_cast<std::size_t>(roll(std::ssize(drafts)))];
    drafts.push_back(twin);
    const json::Value after = settled(drafts, json::Array{"/n"}, {});
    const auto size = [&](const json::Value& result) {
      if (result.at("answer") == twin.as_array()[0]) {
        return *json::integer_at(result.at("agreement").as_object(), "drafts") - dissenting(result);
      }
      for (const json::Value& each : result.at("dissent").as_array()) {
        if (each.at("answer") == twin.as_array()[0]) {
          return *json::integer_at(each.get_object(), "drafts");
        }
      }
      return std::int64_t{0};
    };
    EXPECT_EQ(size(after), size(before) + 1);
    if (before.at("answer") == twin.as_array()[0]) {
      EXPECT_EQ(after.at("answer"), before.at("answer"));
    }
    EXPECT_GE(*json::integer_at(after.at("agreement").as_object(), "agree"),
              *json::integer_at(before.at("agreement").as_object(), "agree"));
  }
}

}  // namespace
}  // namespace naestro::tools
