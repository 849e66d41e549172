#include <algorithm>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "testing/property.hpp"
#include "tools/markdown.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

struct ReportTest : ToolTest {
  // The report's text, or the error's.
  [[nodiscard]] std::string report(const json::Value& sections,
                                   std::string_view title = "T") const {
    const json::Object arguments{{"path", "r.md"}, {"title", title}, {"sections", sections}};
    const auto result = call("report.markdown", 1, arguments, {ws, {}});
    return result ? testing::read_file(dir.path() / "r.md") : result.error().text();
  }
};

TEST_F(ReportTest, WritesAllParts) {
  const auto result = run("report.markdown", R"({"path":"./out/r.md","title":"Invoices","sections":[
      {"heading":"Totals","text":"Two\nlines.\n\n\nNext.","bullets":["one","two"],
       "table":{"columns":["k","v"],"rows":[["a","1.00"],["b",""]],"truncated":true,"row_count":9},
       "quotes":[{"file":"a.txt","line":3,"text":"Said so."},{"file":"b.txt","line":1,"text":"x"}]},
      {"heading":"End"}]})");
  ASSERT_TRUE(result) << result.error().text();
  const std::string text = testing::read_file(dir.path() / "out/r.md");
  EXPECT_EQ(text,
            "# Invoices\n\n## Totals\n\nTwo\nlines.\n\nNext.\n\n- one\n- two\n\n"
            "| k | v |\n| --- | --- |\n| a | 1.00 |\n| b |  |\n\n"
            "Only the first 2 of 9 rows are shown.\n\n"
            "> Said so.\n>\n> \xe2\x80\x94 `a.txt:3`\n\n> x\n>\n> \xe2\x80\x94 `b.txt:1`\n\n"
            "## End\n");
  EXPECT_EQ(json::write(*result), R"({"path":"out/r.md","bytes":)" + std::to_string(text.size()) +
                                      R"(,"sha256":")" + hex(crypto::sha256(text)) + "\"}");
}

TEST_F(ReportTest, RefusesOtherPathsAndRaggedTables) {
  for (const char* path : {"r.txt", "md", "a.md/", "../r.md", "/r.md"}) {
    const auto result =
        call("report.markdown", 1, {{"path", path}, {"title", "t"}, {"sections", json::Array{}}},
             {ws, {}});
    EXPECT_EQ(result.has_value(), std::string_view{path} == "a.md/") << path;
  }
  EXPECT_NE(
      report(
          json::parse(R"([{"heading":"h","table":{"columns":["a"],"rows":[["1","2"]]}}])").value())
          .find("row 1 of a table has 2 cells, the table has 1 columns"),
      std::string::npos);
}

TEST(Markdown, ShowsTextLiterally) {
  using namespace markdown;
  EXPECT_EQ(inline_text("![x](http://h/p.png?q=s)"), "\\!\\[x\\](http://h/p.png?q=s)");
  EXPECT_EQ(inline_text("\xc2\xa0_a_"), "\xc2\xa0\\_a\\_");  // a no-break space is a blank
  EXPECT_EQ(inline_text("<img src=x> & &lt; R&D"), "\\<img src=x> & \\&lt; R\\&D");
  EXPECT_EQ(inline_text("a_b __c__ *d* `e` ~f~ #g a|b \\|"),
            "a_b \\_\\_c\\_\\_ \\*d\\* \\`e\\` \\~f\\~ \\#g a\\|b \\\\\\|");
  EXPECT_EQ(inline_text(" a\r\nb\tc\x01 "), "a  b c");
  EXPECT_EQ(line_text("# h"), "\\# h");
  EXPECT_EQ(line_text("> q"), "\\> q");
  EXPECT_EQ(line_text("---"), "\\---");
  EXPECT_EQ(line_text("==="), "\\===");
  EXPECT_EQ(line_text(":-:"), "\\:-:");
  EXPECT_EQ(line_text("    code"), "code");
  EXPECT_EQ(line_text("1. x"), "1\\. x");
  EXPECT_EQ(line_text("12) x"), "12\\) x");
  EXPECT_EQ(line_text("1.5 x"), "1.5 x");
  EXPECT_EQ(line_text("-5 degrees"), "\\-5 degrees");
  EXPECT_EQ(block_lines("\n\na\r\rb\r\n\r\n\r\nc\n\n"),
            (std::vector<std::string>{"a", "", "b", "", "c"}));
  EXPECT_EQ(code("a`b``c"), "```a`b``c```");
  EXPECT_EQ(code("`"), "`` ` ``");
  EXPECT_EQ(code(""), "`  `");
}

std::string hostile() {
  return *rc::gen::container<std::string>(rc::gen::element('a', '1', ' ', '\n', '\r', '\t', '|',
                                                           '\\', '#', '-', '=', '>', '<', '`', '*',
                                                           '_', '[', ']', '(', '!', '~', '.', ':'));
}

std::size_t unescaped(std::string_view text, char wanted) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == wanted) {
      ++n;
    }
  }
  return n;
}

RC_GTEST_FIXTURE_PROP(ReportTest, ATableHasExactlyItsRowsAndCells, ()) {
  const auto width = *rc::gen::inRange<std::size_t>(1, 4);
  const auto height = *rc::gen::inRange<std::size_t>(0, 4);
  json::Array columns;
  for (std::size_t i = 0; i < width; ++i) columns.emplace_back(hostile());
  json::Array rows;
  for (std::size_t i = 0; i < height; ++i) {
    json::Array row;
    for (std::size_t k = 0; k < width; ++k) row.emplace_back(hostile());
    rows.emplace_back(row);
  }
  const std::string text = report(json::Array{json::Object{
      {"heading", "h"}, {"table", json::Object{{"columns", columns}, {"rows", rows}}}}});
  const auto lines = split(text, '\n');
  RC_ASSERT(lines.size() == 4 + height + 2 + 1);  // title, "", heading, "", table, after the last
  for (std::size_t i = 4; i < 4 + height + 2; ++i) {
    RC_ASSERT((lines[i].starts_with("| ") && lines[i].ends_with(" |")));
    RC_ASSERT(unescaped(lines[i], '|') == width + 1);
  }
}

RC_GTEST_FIXTURE_PROP(ReportTest, TextMakesNoStructure, ()) {
  const std::string text = report(
      json::Array{json::Object{
          {"heading", hostile()},
          {"text", hostile()},
          {"bullets", json::Array{json::Value(hostile()), json::Value(hostile())}},
          {"quotes",
           json::Array{json::Object{{"file", hostile()}, {"line", 1}, {"text", hostile()}}}}}},
      hostile());
  std::size_t headings = 0;
  std::size_t bullets = 0;
  std::size_t quotes = 0;
  for (const std::string& line : split(text, '\n')) {
    const bool heading = line.starts_with('#');
    const bool bullet = line.starts_with('-');
    const bool quote = line.starts_with('>');
    headings += heading;
    bullets += bullet;
    quotes += line.starts_with("> \xe2\x80\x94 `");
    RC_ASSERT((line.find('\r') == std::string::npos && line.find('\t') == std::string::npos));
    if (line.starts_with("> \xe2\x80\x94 `")) continue;  // all of it but the fence is code
    RC_ASSERT(unescaped(line, '<') + unescaped(line, '[') + unescaped(line, '`') == 0);
    RC_ASSERT(unescaped(line, '|') + unescaped(line, '*') + unescaped(line, '~') == 0);
    RC_ASSERT((heading || bullet || quote || line.find_first_of("+=:") != 0));
    RC_ASSERT((!line.starts_with(' ') && !line.ends_with("  ")));
  }
  RC_ASSERT((headings == 2U && bullets == 2U && quotes == 1U));
}

}  // namespace
}  // namespace naestro::tools
