#include "testing/property.hpp"
#include "tools/calls.hpp"
#include "tools/json_table.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

struct JsonQueryTest : ToolTest {
  JsonQueryTest() {
    file("o.json", R"({"page": 1, "orders": [
  {"id": 1, "customer": {"name": "Ann", "tags": ["a", 0.5]}, "total": 10.50, "paid": true},
  {"id": 2, "customer": {"name": "Bob", "tags": []}, "total": 9.25, "paid": null}, {"id": 3,
   "customer": {"name": "Ann"}, "total": 1e-7, "note": "x, \"]"}
]})");
    file("o.jsonl", "{\"k\":\"a\",\"n\":1}\n\n{\"k\":\"b\",\"n\":2}\r\n{\"k\":\"a\",\"n\":\"3\"}");
  }
  // `rest` are the members beside the file and the pointer.
  [[nodiscard]] std::string ask(const std::string& rest = "") const {
    return text("json.query",
                R"({"file":"o.json","pointer":"/orders")" + (rest.empty() ? "" : "," + rest) + "}");
  }
  // Of a file with that text.
  [[nodiscard]] std::string over(std::string_view json, const std::string& rest = "") const {
    file("x.json", json);
    return text("json.query", R"({"file":"x.json")" + (rest.empty() ? "" : "," + rest) + "}");
  }
  static void has(const std::string& text, std::string_view part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
};

TEST_F(JsonQueryTest, ItemsAreRowsWithDottedFields) {
  EXPECT_EQ(ask(), R"({"columns":["id","customer.name","customer.tags","total","paid","note"],)"
                   R"("rows":[["1","Ann","[\"a\",0.5]","10.5","true",""],)"
                   R"(["2","Bob","[]","9.25","",""],)"
                   R"(["3","Ann","","0.0000001","","x, \"]"]],)"
                   R"("row_count":3,"source_rows":3,"lines":[[2],[3],[3]],"truncated":false,)"
                   R"("pointers":[["/orders/0"],["/orders/1"],["/orders/2"]]})");
}

TEST_F(JsonQueryTest, TakesTheQuestionsOfCsvQuery) {
  EXPECT_EQ(
      ask(R"("group_by":["customer.name"],"aggregates":[{"fn":"sum","column":"total"},)"
          R"({"fn":"count","column":"paid","as":"paid"}],"having":[{"column":"paid","op":"ge",)"
          R"("value":"0"}],"order_by":[{"column":"sum_total","direction":"desc"}])"),
      R"({"columns":["customer.name","sum_total","paid"],)"
      R"("rows":[["Ann","10.5000001","1"],["Bob","9.25","0"]],"row_count":2,)"
      R"("source_rows":3,"lines":[[2,3],[3]],"truncated":false,)"
      R"("pointers":[["/orders/0","/orders/2"],["/orders/1"]]})");
  has(ask(R"("where":[{"column":"customer.tags","op":"contains","value":"0.5"}],"select":["id"])"),
      R"("rows":[["1"]])");
  has(ask(R"("order_by":[{"column":"total"}],"select":["id"],"limit":1)"),
      R"("rows":[["3"]],"row_count":3,"source_rows":3,"lines":[[3]],"truncated":true,)"
      R"("pointers":[["/orders/2"]])");
  has(ask(R"("select":["custmer.name"])"), "did you mean 'customer.name'?");
  has(ask(R"("aggregates":[{"fn":"sum","column":"note"}])"),
      "o.json:2: column 'note' holds '', which is no number");
}

TEST_F(JsonQueryTest, JsonLinesAreRows) {
  EXPECT_EQ(text("json.query", R"({"file":"o.jsonl","group_by":["k"],)"
                               R"("aggregates":[{"fn":"sum","column":"n"}]})"),
            R"({"columns":["k","sum_n"],"rows":[["a","4"],["b","2"]],"row_count":2,)"
            R"("source_rows":3,"lines":[[1,4],[3]],"truncated":false})");
  has(over("\xef\xbb\xbf{\"a\":1}\n7\n", R"("format":"lines")"),
      R"("columns":["a","value"],"rows":[["1",""],["","7"]])");
  has(over("{\"a\":1}\n{\"a\":}\n", R"("format":"lines")"), "x.json:2: text is not valid JSON");
  has(text("json.query", R"({"file":"o.jsonl","pointer":"/k"})"), "leave 'pointer' out");
  file("o.NDJSON", "1\n2");
  has(text("json.query", R"({"file":"o.NDJSON"})"), R"("rows":[["1"],["2"]])");
  has(text("json.query", R"({"file":"o.jsonl","format":"json"})"), "JSON lines need the format");
}

TEST_F(JsonQueryTest, ValuesAreWrittenPlainly) {
  has(over(R"([1.50,-0.0,1e21,-1.5e300,12345678901234567890,-3e-8,2.5e-9,1e2,"x",{},[],false])"),
      R"("columns":["value"],"rows":[["1.5"],["0"],["1000000000000000000000"],["-15)" +
          std::string(299, '0') +
          R"("],["12345678901234567890"],["-0.00000003"],["0.0000000025"],["100"],["x"],["{}"],)"
          R"(["[]"],["false"]])");
  // An array that holds a number beyond 2^53 is not canonical, and yet a cell.
  has(over("\xef\xbb\xbf[{\"a\":1,\"b\":2},{\"b\":3,\"a\":4}]"), R"("rows":[["1","2"],["4","3"]])");
  has(over("[[12345678901234567890]]"), "[12345678901234567890]");
  has(over("[{\"a\":{\"b\":{}}}]"), R"("columns":["a.b"],"rows":[["{}"]])");
}

TEST_F(JsonQueryTest, AnEmptyListHasTheColumnsThatAreAskedFor) {
  EXPECT_EQ(over("[]"), R"({"columns":["value"],"rows":[],"row_count":0,"source_rows":0,)"
                        R"("lines":[],"truncated":false,"pointers":[]})");
  has(over("[]", R"("aggregates":[{"fn":"count"},{"fn":"sum","column":"n"}],)"
                 R"("where":[{"column":"k","op":"eq","other":"m"}])"),
      R"("rows":[["0","0"]])");
  has(over("[]", R"("derive":[{"column":"due","part":"year"}],)"
                 R"("where":[{"column":"due.year","op":"eq","value":"2026"}])"),
      R"("columns":["due","due.year"],"rows":[])");
  has(over("", R"("format":"lines","select":["a","b","a.b"])"), R"("columns":["a","b","a.b"])");
  has(over("[]", R"("select":["a"],"where":[{"column":"a","op":"eq","value":"1"}])"),
      R"("columns":["a"],"rows":[])");
  has(over("[]", R"("select":[3])"), "'select' is not an array of strings");
  has(over("[]", R"("where":[3])"), "an item of 'where' is not an object");
}

TEST_F(JsonQueryTest, PointersNameTheArray) {
  has(over(R"({"a/b":{"c~":[[1,2],[3]]}})", R"("pointer":"/a~1b/c~0/0")"),
      R"("rows":[["1"],["2"]],"row_count":2,"source_rows":2,"lines":[[1],[1]],"truncated":false,)"
      R"("pointers":[["/a~1b/c~0/0/0"],["/a~1b/c~0/0/1"]])");
  has(over(R"({"a":[],"b":{"c/d":[]},"e":1})"),
      "x.json: there is an object, not an array, at ''; arrays are at /a");
  has(over(R"({"a":[1]})", R"("pointer":"/b")"), "there is nothing at '/b'; arrays are at /a");
  has(over(R"({"a":{}})", R"("pointer":"/a")"), "name an array by a JSON pointer");
  has(over("7"), "x.json: there is an integer, not an array, at ''");
  has(over("[]", R"("pointer":"a")"), "begins with '/'");
}

// Blanks, line ends and brackets in texts do not mislead it.
TEST_F(JsonQueryTest, LinesAreWhereItemsBegin) {
  has(over("[\n\n  [\n1],\"a\\\"]\n\", {}\n,\r\n\t\"\\\\\" , 5]"), "NE0502");  // a raw line feed
  has(over("\n[\n\n  [\n1],\"a\\\"],\", {\"b\":\n2}\n,\r\n\t\"\\\\\" , 5 ]\n"),
      R"("lines":[[4],[5],[5],[8],[8]])");
  has(over("{\"x\":[9],\n\"y\": [ ],\n\"z\":[\n1]}", R"("pointer":"/z")"), R"("lines":[[4]])");
}

TEST_F(JsonQueryTest, HostileTextsAreErrorsThatSayWhere) {
  has(over("[1,\n2"), "x.json: text is not valid JSON at line 2");
  has(over("[{\"a\":1,\n\"a\":2}]"), "a key stands twice");
  has(over("[{\"a\":1},\n{\"b\":{\"c\":1},\"b.c\":2}]"),
      "x.json:2: two fields have the path 'b.c'");
  has(over(std::string(100, '[') + std::string(100, ']')), "deeper than its limit");
  has(over("[\"\xff\"]"), "x.json:1: the text is not UTF-8 at byte 2");
  has(over("[\"" + std::string(2, '\0') + "\"]"), "no text file");
  has(over("[{\"" + std::string(1001, 'k') + "\":1}]"), "a path of more than 1000 bytes");
  has(over("[1]", R"("format":"yaml")"), "use json or lines");
  has(text("json.query", R"({"file":"../o.json"})"), "NE0501");
  has(text("json.query", R"({"file":"none.json"})"), "NE0008");
  std::string wide = "[";
  for (int i = 0; i <= 1000; ++i) {
    wide += (i == 0 ? "{\"k" : ",{\"k") + std::to_string(i) + "\":1}";
  }
  has(over(wide + "]"), "more than 1000 different fields");
  // Few fields each, and yet a large table, whether the rare ones come last or first.
  std::string rare = "{\"k\":1";
  for (int i = 1; i < 1000; ++i) rare += ",\"k" + std::to_string(i) + "\":1";
  rare += "}";
  for (const bool first : {false, true}) {
    std::string sparse = "[" + (first ? rare : "0");
    for (int i = 0; i < 8100; ++i) sparse += first ? ",{\"k999\":1}" : ",{\"k\":1}";
    if (!first) sparse.replace(1, 2, "").insert(sparse.size(), "," + rare);
    has(over(sparse + "]"), "rows times fields are more than 8000000");
  }
  std::string many = "[0";
  for (int i = 0; i < 1'000'000; ++i) many += ",0";
  has(over(many + "]"), "more than 1000000 rows");
}

TEST_F(JsonQueryTest, ResultsFitTheCap) {
  std::string big = "[0";
  for (int i = 1; i < 20'000; ++i) big += "," + std::to_string(i);
  file("big.json", big + "]");
  const auto result = run("json.query", R"({"file":"big.json","limit":10000})");
  ASSERT_TRUE(result);
  EXPECT_LE(json::write(*result).size(), kCsvOutputMax);
  EXPECT_TRUE(result->at("truncated").as_bool());
  EXPECT_EQ(result->at("pointers").as_array().size(), result->at("rows").as_array().size());
}

// The same rows as CSV and as JSON give the same answers.
RC_GTEST_FIXTURE_PROP(JsonQueryTest, AsCsvSoJson, ()) {
  const auto entries = *rc::gen::container<std::vector<std::pair<char, int>>>(
      rc::gen::pair(rc::gen::element('a', 'b', 'c'), rc::gen::inRange(-999, 999)));
  RC_PRE(!entries.empty());
  std::string csv = "k,v\n";
  json::Array array;
  for (const auto& [key, value] : entries) {
    csv += std::string{key} + "," + std::to_string(value) + "\n";
    array.push_back(json::Object{{"k", std::string{key}}, {"v", value}});
  }
  file("s.csv", csv);
  file("s.json", json::write(array));
  const std::string question =
      R"("group_by":["k"],"aggregates":[{"fn":"sum","column":"v"},{"fn":"max","column":"v"},)"
      R"({"fn":"avg","column":"v"}],"order_by":[{"column":"sum_v"}]})";
  const auto one = run("csv.query", R"({"file":"s.csv",)" + question);
  const auto two = run("json.query", R"({"file":"s.json",)" + question);
  RC_ASSERT(one.has_value());
  RC_ASSERT(two.has_value());
  RC_ASSERT(one->at("rows") == two->at("rows"));
}

// Any bytes are a table or an error.
RC_GTEST_FIXTURE_PROP(JsonQueryTest, AnyTextIsATableOrAnError, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::element('[', ']', '{', '}', ',', ':', '"', 'a', '1', '\n', ' ', '\\', 'e', '-'));
  const auto table = json_table("f", text, "");
  RC_ASSERT(table || !table.error().message.empty());
  const auto lines = json_lines_table("f", text);
  RC_ASSERT(lines || !lines.error().message.empty());
}

}  // namespace
}  // namespace naestro::tools
