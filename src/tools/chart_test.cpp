#include "tools/chart.hpp"

#include <algorithm>

#include "testing/property.hpp"
#include "tools/calls.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

ChartNumber number(std::string_view text) { return *chart_number(*parse_decimal(text)); }

std::string scale(std::string_view least, std::string_view most, bool from_zero = false) {
  const ChartScale made = chart_scale(number(least), number(most), from_zero);
  return chart_number_text(made.low) + " " + chart_number_text(made.high) + " " +
         chart_number_text(made.step);
}

TEST(Chart, NumbersAreDecimals) {
  for (const char* text : {"0", "1", "-1", "0.000000000001", "-12.5", "999999999999999"}) {
    EXPECT_EQ(chart_number_text(number(text)), text);
  }
  EXPECT_EQ(chart_number_text(number("007.500")), "7.5");
  EXPECT_EQ(chart_number_text(number("0.1234567890129")), "0.123456789012");
  EXPECT_FALSE(chart_number(*parse_decimal("1000000000000000")));
}

TEST(Chart, TicksAreRoundNumbers) {
  EXPECT_EQ(scale("0", "10"), "0 10 2");
  EXPECT_EQ(scale("0", "11"), "0 15 5");
  EXPECT_EQ(scale("3", "97", true), "0 100 20");
  EXPECT_EQ(scale("-7", "-3"), "-7 -3 1");
  EXPECT_EQ(scale("-7", "-3", true), "-8 0 2");
  EXPECT_EQ(scale("-0.3", "0.04"), "-0.3 0.1 0.1");
  EXPECT_EQ(scale("1000", "1001"), "1000 1001 0.2");
  EXPECT_EQ(scale("5", "5"), "0 5 1");
  EXPECT_EQ(scale("-5", "-5"), "-5 0 1");
  EXPECT_EQ(scale("0", "0"), "0 1 0.2");
  EXPECT_EQ(scale("-999999999999999", "999999999999999"),
            "-1000000000000000 1000000000000000 500000000000000");
  EXPECT_EQ(scale("0.000000000001", "0.000000000002"),
            "0.000000000001 0.000000000002 0.000000000001");
}

RC_GTEST_PROP(Chart, TheScaleHoldsItsValuesInFewTicks, ()) {
  const ChartNumber a = ChartNumber{*rc::gen::arbitrary<std::int64_t>()} * 100'000'000;
  const ChartNumber b = a + *rc::gen::arbitrary<std::int32_t>();
  const ChartScale made = chart_scale(std::min(a, b), std::max(a, b), *rc::gen::arbitrary<bool>());
  RC_ASSERT(made.low <= std::min(a, b));
  RC_ASSERT(made.high >= std::max(a, b));
  RC_ASSERT(made.low % made.step == 0);
  const auto ticks = (made.high - made.low) / made.step;
  RC_ASSERT(ticks >= 1);
  RC_ASSERT(ticks <= 7);
}

struct ChartTest : ToolTest {
  [[nodiscard]] Result<json::Value> chart(const std::string& rest) const {
    return run("chart.svg", R"({"kind":"bar","title":"T",)" + rest + "}");
  }
  [[nodiscard]] std::string svg(const std::string& rest) const {
    const auto result = chart(rest);
    return result ? std::string{json::view(result->at("svg").as_string())} : result.error().text();
  }
  [[nodiscard]] std::string error(const std::string& rest) const {
    const auto result = chart(rest);
    return result ? "" : result.error().text();
  }
  static void has(const std::string& text, std::string_view part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  static std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++found;
    }
    return found;
  }
};

TEST_F(ChartTest, TheBytesAreFixed) {
  const auto result = chart(
      R"("unit":"EUR","table":{"columns":["k","v"],"rows":[["a","4"],["b",""],["c","-1.5"]]})");
  ASSERT_TRUE(result) << result.error().text();
  EXPECT_EQ(result->at("points"), 3);
  EXPECT_EQ(result->at("series"), 1);
  EXPECT_EQ(json::view(result->at("svg").as_string()),
            R"svg(<svg xmlns="http://www.w3.org/2000/svg" width="800" height="450")svg"
            R"svg( viewBox="0 0 800 450" role="img" font-family="sans-serif" font-size="12")svg"
            R"svg( fill="#222">
<title>T</title>
<rect width="800" height="450" fill="#fff"/>
<text x="16" y="36" font-size="18">T</text>
<path d="M55.6 412L784 412" stroke="#ddd"/>
<text x="49.6" y="416" text-anchor="end">-2</text>
<path d="M55.6 296.7L784 296.7" stroke="#444"/>
<text x="49.6" y="300.7" text-anchor="end">0</text>
<path d="M55.6 181.3L784 181.3" stroke="#ddd"/>
<text x="49.6" y="185.3" text-anchor="end">2</text>
<path d="M55.6 66L784 66" stroke="#ddd"/>
<text x="49.6" y="70" text-anchor="end">4</text>
<text x="26" y="239" text-anchor="middle" transform="rotate(-90 26 239)">EUR</text>
<text x="177" y="428" text-anchor="middle">a</text>
<text x="419.8" y="428" text-anchor="middle">b</text>
<text x="662.6" y="428" text-anchor="middle">c</text>
<g fill="#0072b2">
<rect x="79.8" y="66" width="194.2" height="230.7"><title>a: 4</title></rect>
<rect x="565.4" y="296.7" width="194.2" height="86.5"><title>c: -1.5</title></rect>
</g>
<text x="177" y="62" text-anchor="middle">4</text>
<text x="662.6" y="397.2" text-anchor="middle">-1.5</text>
</svg>
)svg");
}

TEST_F(ChartTest, AllTextIsEscaped) {
  const std::string evil = R"(</text><script>alert(1)</script><a href=\"x\" b='&amp;'>)";
  const std::string text =
      svg(R"("unit":")" + evil.substr(0, 48) + R"(","table":{"columns":[")" + evil +
          R"(","v","w"],"rows":[[")" + evil + "\\u0000\\u001b\\u202e\\ufffe\\uffff\\n" +
          R"(","1","2"]],"truncated":true,"row_count":9})");
  EXPECT_EQ(count(text, "<script"), 0);
  EXPECT_EQ(count(text, "<a "), 0);
  EXPECT_EQ(count(text, "href=\"x"), 0);
  has(text, "&lt;/text&gt;&lt;script&gt;");
  has(text, "Only the first 1 of 9 rows are shown.");
  EXPECT_TRUE(std::ranges::none_of(text, [](char c) { return c > 0 && c < ' ' && c != '\n'; }));
  EXPECT_EQ(count(text, "\xef\xbf\xbe"), 0);
  EXPECT_EQ(count(text, "\xef\xbf\xbf"), 0);
  EXPECT_EQ(count(text, "\xe2\x80\xae"), 0);
}

TEST_F(ChartTest, ValuesAreTheNumericColumns) {
  const std::string table =
      R"("table":{"columns":["k","n","t","m"],"rows":[["a","1","x","2"],["b","3","y",""]]})";
  EXPECT_EQ(chart(table)->at("series"), 2);
  EXPECT_EQ(count(svg(table), "<rect x="), 5);  // three bars, two marks of the legend
  EXPECT_EQ(chart(R"("values":["m"],)" + table)->at("series"), 1);
  EXPECT_EQ(chart(R"("label":"t","values":["n"],)" + table)->at("points"), 2);
  has(svg(R"("label":"t","values":["n"],)" + table), "<title>y: 3</title>");
  has(error(R"("values":["t"],)" + table),
      "row 1: column 't' holds 'x', which is no plain decimal number");
  has(error(R"("values":["q"],)" + table),
      "the table has no column 'q'; its columns are k, n, t, m");
  has(error(R"("label":"q",)" + table), "no column 'q'");
  has(error(R"("table":{"columns":["k"],"rows":[["a"]]})"), "0 columns of numbers");
  has(error(R"("table":{"columns":["k","1","2","3","4","5","6","7"],"rows":[]})"),
      "7 columns of numbers are to be drawn; name 1 to 6");
}

TEST_F(ChartTest, BadTablesAreErrors) {
  has(error(R"("table":{"columns":[],"rows":[]})"), "no columns or no rows");
  has(error(R"("table":{"columns":["a"]})"), "no columns or no rows");
  has(error(R"("table":{"columns":["a","b"],"rows":[["x"]]})"), "row 1 of the table has 1 cells");
  has(error(R"("values":["b"],"table":{"columns":["a","b"],"rows":[["","1000000000000000"]]})"),
      "too long a number to be drawn");
  has(error(R"("table":[])"), "'table' is not an object");
  has(text("chart.svg", R"({"kind":"pie","title":"","table":{}})"), "use bar or line");
  std::string rows;
  for (int i = 0; i < 401; ++i) rows += (i == 0 ? "" : ",") + std::string{R"(["a","1"])"};
  has(error(R"("table":{"columns":["a","b"],"rows":[)" + rows + "]}"), "draw at most 400");
}

TEST_F(ChartTest, NoRowsMakeAnEmptyChart) {
  has(svg(R"("table":{"columns":["a","b"],"rows":[]})"), ">No values</text>");
  has(svg(R"("values":["b"],"table":{"columns":["a","b"],"rows":[["x",""]]})"),
      ">No values</text>");
}

// Twenty bars have their values over them where those fit, more bars have none; labels that do not
// fit are turned, and of too many some are left out.
TEST_F(ChartTest, WhatDoesNotFitIsLeftOut) {
  const auto texts = [&](int rows, const std::string& label, const std::string& value) {
    std::string all;
    for (int i = 0; i < rows; ++i) {
      all += (i == 0 ? "[\"" : ",[\"") + label + std::to_string(i) + "\",\"" + value + "\"]";
    }
    return svg(R"("table":{"columns":["k","v"],"rows":[)" + all + R"(],"truncated":true})");
  };
  has(texts(3, "a", "1"), "Only the first 3 rows are shown.");
  EXPECT_EQ(count(texts(20, "a", "1"), ">1</text>"), 20 + 1);  // and the tick
  EXPECT_EQ(count(texts(21, "a", "1"), ">1</text>"), 1);
  EXPECT_EQ(count(texts(20, "a", "1.000000000"), ">1.000000000</text>"), 0);
  EXPECT_EQ(count(texts(3, "a", "1"), "rotate"), 0);
  EXPECT_EQ(count(texts(20, "Stra\u00dfe, \u6771\u4eac ", "1"), "rotate"), 20);
  EXPECT_EQ(count(texts(200, "a", "1"), "rotate"), 34);
  has(texts(1, "\u6771\\t" + std::string(30, 'x'), "1"),
      ">\xe6\x9d\xb1 xxxxxxxxxxxxxxxxxxxxx\xe2\x80\xa6<");
}

TEST_F(ChartTest, LinesHaveGaps) {
  const std::string rows = R"("table":{"columns":["m","v"],"rows":[["1","1"],["2","2"],["3",""],)"
                           R"(["4","3"],["5",""],["6","4"],["7","5"]]}})";
  const std::string text = std::string{
      json::view(run("chart.svg", R"({"kind":"line","title":"",)" + rows)->at("svg").as_string())};
  // Two points, one alone, two points.
  const std::size_t end = text.find("\" fill=\"none\"");
  const std::size_t begin = text.rfind("d=\"", end);
  const std::string path = text.substr(begin, end - begin);
  EXPECT_EQ(count(path, "M"), 3) << path;
  EXPECT_EQ(count(path, "L"), 2) << path;
  EXPECT_EQ(count(text, "<circle"), 5);
  // Many points have no dots, but one that stands alone has.
  std::string many;
  for (int i = 0; i < 1000; ++i) {
    const bool gap = i == 500 || i == 502;
    many += (i == 0 ? "" : ",") + std::string{"[\""} + std::to_string(i) + "\",\"" +
            (gap ? "" : std::to_string(i)) + "\"]";
  }
  const auto large =
      run("chart.svg",
          R"({"kind":"line","title":"","table":{"columns":["a","b"],"rows":[)" + many + "]}}");
  ASSERT_TRUE(large);
  EXPECT_EQ(count(std::string{json::view(large->at("svg").as_string())}, "<circle"), 1);
}

// The largest charts of the longest texts stay within the cap.
TEST_F(ChartTest, TheLargestFitTheCap) {
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "\"";
  for (const auto& [kind, rows_max] : {std::pair{"bar", 66}, std::pair{"line", 1000}}) {
    json::Array columns{wide};
    for (int i = 0; i < 6; ++i) columns.emplace_back(wide + std::to_string(i));
    json::Array rows;
    for (int i = 0; i < rows_max; ++i) {
      json::Array row{wide};
      for (int k = 0; k < 6; ++k) row.emplace_back(std::string(60, '0') + std::to_string(i * k));
      rows.emplace_back(std::move(row));
    }
    const json::Object arguments{{"kind", kind},
                                 {"title", wide},
                                 {"unit", wide},
                                 {"table", json::Object{{"columns", columns}, {"rows", rows}}}};
    const auto result = call("chart.svg", 1, arguments, {ws, {}});
    ASSERT_TRUE(result) << result.error().text();
    EXPECT_LE(json::write(*result).size(), kChartOutputMax);
  }
}

}  // namespace
}  // namespace naestro::tools
