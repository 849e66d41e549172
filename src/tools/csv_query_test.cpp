#include <map>

#include "testing/property.hpp"
#include "tools/calls.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

struct CsvQueryTest : ToolTest {
  CsvQueryTest() {
    file("i.csv",
         "id,customer,amount,due\n"
         "1,Ann,10.50,2024-01-31\n"
         "2,Bob,9.25,2024-02-29\n"
         "3,Ann,0.30,2023-12-01\n"
         "4,Cleo,,2024-02-01\n");
  }
  // `rest` are the members beside "file".
  [[nodiscard]] std::string ask(const std::string& rest) const {
    return text("csv.query", R"({"file":"i.csv")" + (rest.empty() ? "" : "," + rest) + "}");
  }
  [[nodiscard]] std::string rows(const std::string& rest) const {
    const auto result = run("csv.query", R"({"file":"i.csv",)" + rest + "}");
    return result ? json::write(*json::at(*result, "/rows")) : result.error().text();
  }
  [[nodiscard]] std::string ids(const std::string& column, const std::string& op,
                                const std::string& value) const {
    return rows(R"("select":["id"],"where":[{"column":")" + column + R"(","op":")" + op +
                R"(","value":")" + value + R"("}])");
  }
};

TEST_F(CsvQueryTest, ReturnsAllWithoutFurtherArguments) {
  EXPECT_EQ(ask(""),
            R"({"columns":["id","customer","amount","due"],)"
            R"("rows":[["1","Ann","10.50","2024-01-31"],["2","Bob","9.25","2024-02-29"],)"
            R"(["3","Ann","0.30","2023-12-01"],["4","Cleo","","2024-02-01"]],)"
            R"("row_count":4,"source_rows":4,"lines":[[2],[3],[4],[5]],"truncated":false})");
}

TEST_F(CsvQueryTest, Conditions) {
  EXPECT_EQ(ids("amount", "gt", "9.250"), R"([["1"]])");
  EXPECT_EQ(ids("amount", "ge", "9.250"), R"([["1"],["2"]])");
  EXPECT_EQ(ids("amount", "lt", "10"), R"([["2"],["3"]])");  // not the empty one
  EXPECT_EQ(ids("amount", "le", "0.3"), R"([["3"]])");
  EXPECT_EQ(ids("amount", "eq", "10.5"), R"([["1"]])");
  EXPECT_EQ(ids("amount", "eq", ""), R"([["4"]])");
  EXPECT_EQ(ids("amount", "ne", "10.5"), R"([["2"],["3"],["4"]])");
  EXPECT_EQ(ids("due", "lt", "2024-02-01"), R"([["1"],["3"]])");
  EXPECT_EQ(ids("customer", "contains", "n"), R"([["1"],["3"]])");
  EXPECT_EQ(ids("amount", "empty", ""), R"([["4"]])");
  EXPECT_EQ(ids("amount", "not_empty", ""), R"([["1"],["2"],["3"]])");
}

TEST_F(CsvQueryTest, GroupsAndSumsExactly) {
  EXPECT_EQ(ask(R"("where":[{"column":"amount","op":"not_empty"}],"group_by":["customer"],)"
                R"("aggregates":[{"fn":"count"},{"fn":"sum","column":"amount","as":"total"},)"
                R"({"fn":"avg","column":"amount"},{"fn":"min","column":"due"},)"
                R"({"fn":"max","column":"amount"}],)"
                R"("order_by":[{"column":"total","direction":"desc"}])"),
            R"({"columns":["customer","count","total","avg_amount","min_due","max_amount"],)"
            R"("rows":[["Ann","2","10.80","5.4","2023-12-01","10.50"],)"
            R"(["Bob","1","9.25","9.25","2024-02-29","9.25"]],)"
            R"("row_count":2,"source_rows":3,"lines":[[2,4],[3]],"truncated":false})");
  EXPECT_EQ(rows(R"("group_by":["customer"])"), R"([["Ann"],["Bob"],["Cleo"]])");
  EXPECT_EQ(rows(R"("aggregates":[{"fn":"count","column":"amount"}])"), R"([["3"]])");
}

TEST_F(CsvQueryTest, NoMatchStillAggregatesToOneRow) {
  EXPECT_EQ(ask(R"("where":[{"column":"id","op":"eq","value":"9"}],"aggregates":[{"fn":"count"},)"
                R"({"fn":"sum","column":"amount"},{"fn":"avg","column":"amount"},)"
                R"({"fn":"max","column":"id"}])"),
            R"({"columns":["count","sum_amount","avg_amount","max_id"],)"
            R"("rows":[["0","0","",""]],"row_count":1,"source_rows":0,)"
            R"("lines":[[]],"truncated":false})");
}

TEST_F(CsvQueryTest, OrdersNumbersByValueAndKeepsTies) {
  EXPECT_EQ(rows(R"("select":["id"],"order_by":[{"column":"amount"}])"),
            R"([["4"],["3"],["2"],["1"]])");
  EXPECT_EQ(rows(R"("select":["id"],"order_by":[{"column":"customer","direction":"desc"},)"
                 R"({"column":"due","direction":"asc"}])"),
            R"([["4"],["2"],["3"],["1"]])");
  file("mixed.csv", "v,n\n10,1\n9a,2\n9,3\n1x,4\n,5\n9.0,6\n");
  EXPECT_EQ(text("csv.query", R"({"file":"mixed.csv","select":["n"],"order_by":[{"column":"v"}]})"),
            R"({"columns":["n"],"rows":[["5"],["3"],["6"],["1"],["4"],["2"]],"row_count":6,)"
            R"("source_rows":6,"lines":[[6],[4],[7],[2],[5],[3]],"truncated":false})");
}

TEST_F(CsvQueryTest, LimitAndCapSayTruncated) {
  EXPECT_EQ(ask(R"("select":["id"],"limit":1)"),
            R"({"columns":["id"],"rows":[["1"]],"row_count":4,"source_rows":4,)"
            R"("lines":[[2]],"truncated":true})");
  std::string big = "k,v\n";
  for (int i = 0; i < 5000; ++i) big += "a," + std::string(100, 'x') + "\n";
  file("big.csv", big);
  const auto result = run("csv.query", R"({"file":"big.csv","limit":10000})");
  ASSERT_TRUE(result);
  EXPECT_TRUE(json::at(*result, "/truncated")->get_bool());
  EXPECT_LE(json::write(*result).size(), kCsvOutputMax);
  EXPECT_EQ(json::at(*result, "/row_count")->get_int64(), 5000);
  const auto grouped = run("csv.query", R"({"file":"big.csv","group_by":["k"]})");
  EXPECT_EQ(json::at(*grouped, "/lines/0")->get_array().size(), 20U);
  file("wide.csv", "a\n" + std::string(300'000, 'x') + "\n");
  EXPECT_EQ(run("csv.query", R"({"file":"wide.csv"})").error().code, Code::kOutputCap);
}

TEST_F(CsvQueryTest, ErrorsSayWhereAndHow) {
  const auto has = [](const std::string& text, std::string_view part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  has(ask(R"("aggregates":[{"fn":"sum","column":"amount"}])"),
      "i.csv:5: column 'amount' holds '', which is no number; leave such rows out with the "
      "condition not_empty");
  has(ask(R"("aggregates":[{"fn":"sum","column":"due"}])"),
      "i.csv:2: column 'due' holds '2024-01-31'");
  has(ask(R"("select":["amuont"])"),
      "i.csv has no column 'amuont'; did you mean 'amount'? its "
      "columns are id, customer, amount, due");
  has(ask(R"("group_by":["customer"],"order_by":[{"column":"due"}])"),
      "the output has no column 'due'");
  has(ask(R"("group_by":["id"],"select":["id"])"), "'select' stands beside");
  has(ask(R"("where":[{"column":"id","op":"eq"}])"), "add 'value'");
  has(ask(R"("where":[{"column":"id","op":"like","value":"x"}])"), "use one of eq, ne");
  has(ask(R"("aggregates":[{"fn":"sum"}])"), "add 'column'");
  has(ask(R"("aggregates":[{"fn":"count"},{"fn":"count"}])"), "'count' twice");
  has(text("csv.query", R"({"file":"none.csv"})"), "none.csv");
  file("bad.csv", "a,b\n1\n");
  has(text("csv.query", R"({"file":"bad.csv"})"), "bad.csv:2: the row has 1 cells");
}

TEST_F(CsvQueryTest, DerivesPartsOfDates) {
  const auto part = [&](const std::string& name) {
    return rows(R"("derive":[{"column":"due","part":")" + name + R"("}],"select":["due.)" + name +
                R"("],"limit":2)");
  };
  EXPECT_EQ(part("year"), R"([["2024"],["2024"]])");
  EXPECT_EQ(part("quarter"), R"([["2024-Q1"],["2024-Q1"]])");
  EXPECT_EQ(part("month"), R"([["2024-01"],["2024-02"]])");
  EXPECT_EQ(part("day"), R"([["2024-01-31"],["2024-02-29"]])");
  EXPECT_EQ(part("weekday"), R"([["Wed"],["Thu"]])");
  file("d.csv", "n,d\n1,2026-02-30\n2,\n");
  EXPECT_NE(text("csv.query", R"({"file":"d.csv","derive":[{"column":"d","part":"weekday"}]})")
                .find(R"("rows":[["1","2026-02-30",""],["2","",""]])"),
            std::string::npos);
  EXPECT_NE(text("csv.query", R"({"file":"d.csv","derive":[{"column":"n","part":"year"}]})")
                .find("d.csv:2: column 'n' holds '1', which is no date"),
            std::string::npos);
  EXPECT_NE(text("csv.query", R"({"file":"d.csv","derive":[{"column":"x","part":"year"}]})")
                .find("d.csv has no column 'x'; its columns are n, d"),
            std::string::npos);
  EXPECT_NE(text("csv.query", R"({"file":"d.csv","derive":[3]})").find("'derive' is not an object"),
            std::string::npos);
}

TEST_F(CsvQueryTest, TiesAndOtherColumns) {
  file("t.csv", "a,b\n1,1\n1,2\n1,\n2,2\n");
  EXPECT_NE(text("csv.query", R"({"file":"t.csv","select":["a"],"order_by":[{"column":"a"}],)"
                              R"("limit":1,"with_ties":true})")
                .find(R"("rows":[["1"],["1"],["1"]],"row_count":4)"),
            std::string::npos);
  EXPECT_NE(text("csv.query", R"({"file":"t.csv","limit":1,"with_ties":true})")
                .find(R"("rows":[["1","1"]])"),
            std::string::npos);
  EXPECT_NE(text("csv.query", R"({"file":"t.csv","where":[{"column":"a","op":"eq","other":"b"}]})")
                .find(R"("rows":[["1","1"],["2","2"]])"),
            std::string::npos);
  EXPECT_NE(
      text("csv.query", R"({"file":"t.csv","where":[{"column":"b","op":"empty","other":"b"}]})")
          .find(R"("rows":[["1",""]])"),
      std::string::npos);
  EXPECT_NE(
      text("csv.query", R"({"file":"t.csv","where":[{"column":"b","op":"not_empty","other":"b"}]})")
          .find(R"("source_rows":3)"),
      std::string::npos);
  file("l.csv", "n\n" + std::string(37, '9') + "\n");
  EXPECT_NE(text("csv.query", R"({"file":"l.csv","aggregates":[{"fn":"sum","column":"n"}]})")
                .find("which makes the sum too long to stay exact"),
            std::string::npos);
}

// Grouped sums over cents against plain integer arithmetic; the lines lead back to the rows.
RC_GTEST_FIXTURE_PROP(CsvQueryTest, GroupedSumsEqualIntegerSums, ()) {
  const auto entries = *rc::gen::container<std::vector<std::pair<char, int>>>(
      rc::gen::pair(rc::gen::element('a', 'b', 'c'), rc::gen::inRange(0, 100'000)));
  std::string csv = "k,v\n";
  std::map<std::string, std::int64_t> model;
  for (const auto& [key, cents] : entries) {
    const std::string fraction = std::to_string(100 + cents % 100).substr(1);
    csv += std::string{key} + "," + std::to_string(cents / 100) + "." + fraction + "\n";
    model[std::string{key}] += cents;
  }
  file("s.csv", csv);
  const auto result =
      run("csv.query", R"({"file":"s.csv","group_by":["k"],)"
                       R"("aggregates":[{"fn":"sum","column":"v"},{"fn":"count"}]})");
  RC_ASSERT(result.has_value());
  std::int64_t counted = 0;
  for (const json::Value& row : json::at(*result, "/rows")->get_array()) {
    const std::string key{json::view(row.at(0).as_string())};
    std::string sum{json::view(row.at(1).as_string())};
    RC_ASSERT(sum[sum.size() - 3] == '.');
    sum.erase(sum.size() - 3, 1);
    RC_ASSERT(std::stoll(sum) == model.at(key));
    counted += std::stoll(std::string{json::view(row.at(2).as_string())});
  }
  RC_ASSERT(counted == static_cast<std::int64_t>(entries.size()));
  RC_ASSERT(json::at(*result, "/row_count")->get_int64() ==
            static_cast<std::int64_t>(model.size()));
}

}  // namespace
}  // namespace naestro::tools
