// Drawn tables, csv.join, csv.duplicates, answer.compose, and what csv.query learned for them.
#include "tools/table.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

struct TableToolsTest : ToolTest {
  TableToolsTest() {
    file("o.csv",
         "id,day,who,sum,need\n1,2024-01-31,C1,10.50,12\n2,2024-02-01,C2,9.25,9\n"
         "3,2024-02-03,C1,0.30,\n4,2024-05-05,C9,1,2\n");
    file("c.csv", "key,name\nC1,Ann\nC2,Bob\n");
    file("t.md",
         "# T\n\n## Prices\n\n| code | **price** | |\n|---|---:|---|\n| `A` | 1.50 | x |\n"
         "| B | 2.00 |\n\nend | no table\n");
    file("d.csv", "id,mail,note\n1,a@x.org,one\n2, A@X.org ,two\n3,b@x.org,three\n");
    file("e.csv",
         "id,day,who,sum,kind,text\n1,2024-01-01,C1,5,fuel,the van\n"
         "2,2024-01-02,C1,5,fuel,the car\n3,2024-01-01,C1,5,fuel,the van again\n"
         "4,2024-01-03,C2,5,fuel,a lorry\n");
  }
  [[nodiscard]] std::string rows(std::string_view tool, std::string_view arguments) const {
    const auto result = run(tool, arguments);
    return result ? json::write(*json::at(*result, "/rows")) : result.error().text();
  }
};

TEST_F(TableToolsTest, DrawnTablesAreTables) {
  EXPECT_EQ(rows("csv.query", R"({"file":"t.md","table_line":5,"where":[)"
                              R"({"column":"price","op":"gt","value":"1.6"}]})"),
            R"([["B","2.00",""]])");
  const auto tables = drawn_tables("a\n\n## H\n\nx | y\n--+--\n1 | 2\n1|2|3\n");
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_EQ(tables[0].line, 5);
  EXPECT_EQ(tables[0].csv.rows.size(), 1U);  // a row with more cells ends it
  EXPECT_NE(rows("csv.query", R"({"file":"t.md","table_line":7})").find("no table begins here"),
            std::string::npos);
}

TEST_F(TableToolsTest, JoinsByAKeyThatIsUnique) {
  EXPECT_EQ(rows("csv.join", R"({"file":"o.csv","key":"who","join_file":"c.csv",)"
                             R"("join_key":"key","group_by":["who.name"],)"
                             R"("aggregates":[{"fn":"sum","column":"sum"}]})"),
            R"([["Ann","10.80"],["Bob","9.25"],["","1"]])");
  EXPECT_NE(rows("csv.join", R"({"file":"c.csv","key":"key","join_file":"o.csv",)"
                             R"("join_key":"who"})")
                .find("o.csv:4: 'C1' stands there twice"),
            std::string::npos);
}

TEST_F(TableToolsTest, ComparesColumnsCountsDistinctAndDerivesDates) {
  EXPECT_EQ(rows("csv.query", R"({"file":"o.csv","select":["id"],)"
                              R"("where":[{"column":"sum","op":"lt","other":"need"}]})"),
            R"([["1"],["4"]])");  // an empty cell never compares
  EXPECT_EQ(rows("csv.query", R"({"file":"o.csv","aggregates":[)"
                              R"({"fn":"count_distinct","column":"who"}]})"),
            R"([["3"]])");
  EXPECT_EQ(rows("csv.query", R"({"file":"o.csv","derive":[{"column":"day","part":"month"},)"
                              R"({"column":"day","part":"quarter"}],)"
                              R"("group_by":["day.quarter","day.month"],)"
                              R"("aggregates":[{"fn":"count"}],)"
                              R"("having":[{"column":"count","op":"gt","value":"1"}]})"),
            R"([["2024-Q1","2024-02","2"]])");
  EXPECT_EQ(rows("csv.query", R"({"file":"o.csv","derive":[{"column":"day","part":"weekday"}],)"
                              R"("select":["day","day.weekday"],"limit":1})"),
            R"([["2024-01-31","Wed"]])");
  EXPECT_NE(rows("csv.query", R"({"file":"o.csv","derive":[{"column":"who","part":"year"}]})")
                .find("o.csv:2: column 'who' holds 'C1', which is no date"),
            std::string::npos);
}

TEST_F(TableToolsTest, AnyOfValuesAndTies) {
  EXPECT_EQ(rows("csv.query", R"({"file":"o.csv","select":["id"],)"
                              R"("where":[{"column":"sum","op":"in","values":["1.0","9.25"]}]})"),
            R"([["2"],["4"]])");
  EXPECT_EQ(rows("csv.query", R"({"file":"e.csv","select":["id"],"limit":1,"with_ties":true,)"
                              R"("where":[{"column":"who","op":"eq","value":"C1"}],)"
                              R"("order_by":[{"column":"day"}]})"),
            R"([["1"],["3"]])");
  EXPECT_NE(rows("csv.query", R"({"file":"o.csv","where":[{"column":"id","op":"in"}]})")
                .find("'values' goes with the op in"),
            std::string::npos);
}

TEST_F(TableToolsTest, DuplicatesByMailByAllAndByWhatIsSure) {
  EXPECT_EQ(rows("csv.duplicates", R"({"file":"d.csv"})"), R"([["a@x.org","2","1, 2"]])");
  EXPECT_EQ(rows("csv.duplicates", R"({"file":"e.csv"})"),
            R"([["2024-01-01","C1","5","fuel","2","1, 3"]])");
  EXPECT_EQ(rows("csv.duplicates", R"({"file":"e.csv","columns":["who"]})"),
            R"([["C1","3","1, 2, 3"]])");
  const auto result = run("csv.duplicates", R"({"file":"d.csv"})");
  EXPECT_EQ(json::at(*result, "/distinct")->as_int64(), 2);
}

struct ComposeTest : ToolTest {
  [[nodiscard]] std::string answer(std::string_view arguments) const {
    const auto result = run("answer.compose", arguments);
    return result ? std::string{*json::text_at(result->as_object(), "answer")}
                  : result.error().text();
  }
};

TEST_F(ComposeTest, SaysRowsAndWhatTheyStandOn) {
  EXPECT_EQ(answer(R"({"lead":"","basis":"sum by product","nothing":"none","file":"a.csv","table":)"
                   R"({"columns":["product","sum"],"rows":[["A","1.50"],["B",""]],)"
                   R"("lines":[[2,3],[4]],"row_count":3,"source_rows":5}})"),
            "A: sum 1.50\nB: sum (empty)\n... and 1 more\nsum by product (5 rows of a.csv)");
  EXPECT_EQ(answer(R"({"lead":"","basis":"sum","nothing":"No row.","file":"a.csv","table":)"
                   R"({"columns":["sum"],"rows":[["0"]],"lines":[[]],"row_count":1,)"
                   R"("source_rows":0}})"),
            "No row.\nsum (0 rows of a.csv)");
}

TEST_F(ComposeTest, ComparesExactly) {
  const std::string side = R"({"columns":["s"],"rows":[["%"]],"lines":[[2]],"row_count":1,)"
                           R"("source_rows":1})";
  const auto with = [&](std::string value) {
    std::string out = side;
    return out.replace(out.find('%'), 1, value);
  };
  const auto result = run("answer.compose",
                          R"({"lead":"","basis":"sum","nothing":"none","file":"a.csv",)"
                          R"("compare":[{"label":"Q4","table":)" +
                              with("-0.10") + R"(},{"label":"Q1","table":)" + with("0.2") + "}]}");
  ASSERT_TRUE(result) << result.error().text();
  EXPECT_EQ(json::write(*json::at(*result, "/difference")), "\"0.30\"");
  EXPECT_EQ(json::write(*json::at(*result, "/citations")),
            R"([{"file":"a.csv","line":2,"text":"Q4: -0.10"}])");
}

TEST_F(ComposeTest, SharesAreRoundedHalfUp) {
  const auto share = [&](std::string_view a, std::string_view b) {
    const auto side = [](std::string_view value) {
      return R"({"label":"x","table":{"columns":["s"],"rows":[[")" + std::string{value} +
             R"("]],"lines":[[2]],"row_count":1,"source_rows":1}})";
    };
    const std::string out =
        answer(R"({"lead":"","basis":"","nothing":"none","share":true,"compare":[)" + side(a) +
               "," + side(b) + "]}");
    const std::size_t at = out.find("share: ");
    return at == std::string::npos ? out.substr(out.rfind('\n') + 1) : out.substr(at);
  };
  EXPECT_EQ(share("11", "17"), "share: 64.71 %");
  EXPECT_EQ(share("1", "800"), "share: 0.13 %");
  EXPECT_EQ(share("0.5", "2.00"), "share: 25.00 %");
  EXPECT_EQ(share("0", "3"), "share: 0.00 %");
  EXPECT_EQ(share("", "3"), "share: 0.00 %");
  EXPECT_EQ(share("7", "3"), "share: 233.33 %");
  EXPECT_EQ(share("1", "0"), "none");
  EXPECT_EQ(share("-1", "3"), "none");
  EXPECT_EQ(share("1", "x"), "none");
  EXPECT_EQ(share("1", std::string(31, '9')), "none");
  EXPECT_EQ(share(std::string(29, '9'), "1"), "none");
}

TEST_F(ComposeTest, QuotesWithFileAndLine) {
  EXPECT_EQ(answer(R"({"lead":"Found:","basis":"","nothing":"none","quotes":[)"
                   R"({"file":"a.md","line":3,"text":"x"}]})"),
            "Found:\na.md:3: x");
  EXPECT_EQ(answer(R"({"lead":"","basis":"","nothing":"none","quotes":[]})"), "none");
  EXPECT_NE(answer(R"({"lead":"","basis":"","nothing":"","quotes":[{"file":"a"}]})").find("NE05"),
            std::string::npos);
}

}  // namespace
}  // namespace naestro::tools
