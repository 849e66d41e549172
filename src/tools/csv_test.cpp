#include "tools/csv.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::tools {
namespace {

std::string error_of(std::string_view text) {
  const auto csv = parse_csv("f.csv", text);
  return csv ? "none" : csv.error().message;
}

TEST(Csv, ReadsWhatRfc4180Allows) {
  const auto csv = parse_csv("f",
                             "\xef\xbb\xbfid,\"a \"\"b\"\"\",c\r\n"
                             "1,\"two\r\nlines, quoted\",\r\n"
                             "\r\n"
                             "2,,\"\"\n"
                             "3,x\ry, z ");
  ASSERT_TRUE(csv) << csv.error().text();
  EXPECT_EQ(csv->columns, (std::vector<std::string>{"id", "a \"b\"", "c"}));
  ASSERT_EQ(csv->rows.size(), 3U);
  EXPECT_EQ(csv->rows[0].cells, (std::vector<std::string>{"1", "two\r\nlines, quoted", ""}));
  EXPECT_EQ(csv->rows[1].cells, (std::vector<std::string>{"2", "", ""}));
  EXPECT_EQ(csv->rows[2].cells, (std::vector<std::string>{"3", "x\ry", " z "}));
  EXPECT_EQ(csv->rows[0].line, 2);
  EXPECT_EQ(csv->rows[1].line, 5);
  EXPECT_EQ(csv->rows[2].line, 6);
}

TEST(Csv, TheHeaderTellsTheSeparator) {
  for (const char* text : {"a;b, c;d\n1;\"2;3\";4,x\n", "a\tb, c\td\n1\t2;3\t4,x\n"}) {
    const auto csv = parse_csv("f", text);
    ASSERT_TRUE(csv) << csv.error().text();
    EXPECT_EQ(csv->columns, (std::vector<std::string>{"a", "b, c", "d"}));
    EXPECT_EQ(csv->rows[0].cells, (std::vector<std::string>{"1", "2;3", "4,x"}));
  }
}

TEST(Csv, ErrorsNameFileAndLine) {
  EXPECT_EQ(error_of(""), "f.csv:1: there is no header");
  EXPECT_EQ(error_of("\n\r\n"), "f.csv:1: there is no header");
  EXPECT_EQ(error_of("a,b\n1,2\n1,2,3\n"), "f.csv:3: the row has 3 cells, the header has 2");
  EXPECT_EQ(error_of("a,b\n1\n"), "f.csv:2: the row has 1 cells, the header has 2");
  EXPECT_EQ(error_of("a,b,a\n"), "f.csv:1: the header names 'a' twice");
  EXPECT_EQ(error_of("a\nx\"y\n"), "f.csv:2: a quote inside an unquoted cell");
  EXPECT_EQ(error_of("a\n\"x\" y\n"), "f.csv:2: text after a closing quote");
  EXPECT_EQ(error_of("a\n1\n\"x\n\n"), "f.csv:3: the quote that opens here is never closed");
  EXPECT_EQ(error_of("a\n1\n\xff\n"), "f.csv:3: the text is not UTF-8 at byte 4");
  EXPECT_EQ(error_of(std::string(1000, ',')), "f.csv:1: 1001 columns");
  EXPECT_EQ(parse_csv("f", "a\n\"").error().code, Code::kToolFailed);
}

std::string quoted(const std::string& cell) {
  const bool plain = !cell.empty() && cell.find_first_of(",\"\r\n") == std::string::npos;
  if (plain && cell.size() % 2 == 0) return cell;  // some needlessly quoted ones, too
  std::string out = "\"";
  for (const char c : cell) out += c == '"' ? std::string{"\"\""} : std::string{c};
  return out + "\"";
}

RC_GTEST_PROP(CsvProperty, WhatIsWrittenIsReadBack, ()) {
  const auto cell =
      rc::gen::container<std::string>(rc::gen::element('a', 'b', ',', '"', '\r', '\n', ' '));
  const auto width = *rc::gen::inRange<std::size_t>(1, 5);
  const auto rows = *rc::gen::container<std::vector<std::vector<std::string>>>(
      rc::gen::container<std::vector<std::string>>(width, cell));
  const std::string end = *rc::gen::element<std::string>("\n", "\r\n");
  std::string text;
  for (std::size_t i = 0; i < width; ++i) text += (i > 0 ? ",c" : "c") + std::to_string(i);
  for (const auto& row : rows) {
    text += end;
    for (std::size_t i = 0; i < width; ++i) text += (i > 0 ? "," : "") + quoted(row[i]);
  }
  if (*rc::gen::arbitrary<bool>()) text += end;
  const auto csv = parse_csv("f", text);
  RC_ASSERT(csv.has_value());
  RC_ASSERT(csv->rows.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RC_ASSERT(csv->rows[i].cells == rows[i]);
    const auto line = csv->rows[i].line;
    RC_ASSERT(line > (i == 0 ? 1 : csv->rows[i - 1].line));
  }
}

RC_GTEST_PROP(CsvProperty, AnyTextIsReadOrRefused, (const std::string& tail)) {
  const auto soup =
      *rc::gen::container<std::string>(rc::gen::element('a', ',', '"', '\r', '\n', '\0', '\xc3'));
  for (const std::string& text : {soup, "a,b\n" + soup, "a\n" + tail}) {
    const auto csv = parse_csv("f", text);
    if (!csv) {
      RC_ASSERT(csv.error().code == Code::kToolFailed);
      continue;
    }
    for (const CsvRow& row : csv->rows) RC_ASSERT(row.cells.size() == csv->columns.size());
  }
}

std::vector<std::string> column_of(const std::string& cells) {
  std::string text = "id,amount\n";
  std::size_t row = 0;
  for (const std::string& cell : naestro::split(cells, '|')) {
    text += std::to_string(row++) + ",\"" + cell + "\"\n";
  }
  std::vector<std::string> out;
  for (const CsvRow& one : parse_csv("t.csv", text).value().rows) out.push_back(one.cells[1]);
  return out;
}

TEST(Amounts, AColumnThatAgreesIsReadAsPlainDecimals) {
  using Cells = std::vector<std::string>;
  EXPECT_EQ(column_of("£1,250.00|£45.50||-£3.00|£-0.5"),
            (Cells{"1250.00", "45.50", "", "-3.00", "-0.5"}));
  EXPECT_EQ(column_of("EUR 1,234,567|EUR 8"), (Cells{"1234567", "8"}));
  EXPECT_EQ(column_of("12kg|7.5kg"), (Cells{"12", "7.5"}));
  EXPECT_EQ(column_of("1.250,00 €|45,50 €|7 €"), (Cells{"1250.00", "45.50", "7"}));
  EXPECT_EQ(column_of("12.5 kg|7 kg"), (Cells{"12.5", "7"}));
  EXPECT_EQ(column_of("40%|5 %"), (Cells{"40", "5"}));
  EXPECT_EQ(column_of("1,250.00|12"), (Cells{"1250.00", "12"}));
}

TEST(Dates, AColumnInOneFormIsReadAsIsoDates) {
  using Cells = std::vector<std::string>;
  EXPECT_EQ(column_of("14/03/2024|02/03/2024||1/12/2024 10:30"),
            (Cells{"2024-03-14", "2024-03-02", "", "2024-12-01 10:30"}));
  EXPECT_EQ(column_of("03/14/2024|03/02/2024"), (Cells{"2024-03-14", "2024-03-02"}));
  EXPECT_EQ(column_of("2.3.2024|14.03.2024"), (Cells{"2024-03-02", "2024-03-14"}));
  EXPECT_EQ(column_of("14 Mar 2024|2 September 2024"), (Cells{"2024-03-14", "2024-09-02"}));
  EXPECT_EQ(column_of("14-Mar-2024|02-Apr-2024"), (Cells{"2024-03-14", "2024-04-02"}));
  EXPECT_EQ(column_of("March 14, 2024|April 2, 2024"), (Cells{"2024-03-14", "2024-04-02"}));
  for (const char* cells :
       {"02/03/2024|04/05/2024", "14/03/2024|03/14/2024", "14/03/24|15/03/24", "14 Mar 2024|soon",
        "1.2.3|1.2.4", "40/01/2024|1/1/2024", "14/03/2024|14.03.2024"}) {
    EXPECT_EQ(column_of(cells), naestro::split(cells, '|')) << cells;
  }
}

TEST(Amounts, AnyOtherColumnStaysAsItIs) {
  for (const char* cells :
       {"£5.00|€5.00", "£5.00|5.00", "5 kg|5 g", "1,25|1.250,00 x", "A12|A13", "INV0042|INV0043",
        "3rd|4th", "12B|14B", "<5|<7", "1-2|3-4", "12,34,56|1", "0,125 m|a",
        "2026-03-01|2026-03-02", "£1.2.3|£1", "£1,000.|£1", "10:30|11:00"}) {
    EXPECT_EQ(column_of(cells), naestro::split(cells, '|')) << cells;
  }
}

}  // namespace
}  // namespace naestro::tools
