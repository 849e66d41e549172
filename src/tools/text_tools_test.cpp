// text.find, text.section, text.timeline, files.list.
#include "tools/tools_test.hpp"
#include "tools/units.hpp"

namespace naestro::tools {
namespace {

struct TextToolsTest : ToolTest {
  TextToolsTest() {
    file("house/rules.md",
         "# House rules\n\nKept by Kaja Lomond.\n\n## Opening\n\nThe box office is open from\n"
         "Tuesday to Saturday, 14:00 to 19:00.\n\n## Refunds\n\n- A ticket is refunded.\n"
         "- Student tickets are not\n  refunded.\n\n| ticket | price |\n|---|---:|\n"
         "| balcony | 31.00 |\n");
    file("house/log.txt",
         "Incident log\n2025-01-15 smoke in the studio\n2025-03-20 new fan fitted in the desk\n"
         "2025-02-21 20:15 the lighting desk failed\n");
    file("house/minutes_2025-03-11.md",
         "# Minutes\n\n## Desk\n\nThe lighting desk failed on 2025-02-21 because of a broken "
         "fan.\n");
    file("house/data.csv", "a,b\nlighting,desk\n");
  }
  // "file:line" of each quote.
  [[nodiscard]] std::string lines(std::string_view tool, std::string_view arguments) const {
    const auto result = run(tool, arguments);
    if (!result) return result.error().text();
    std::string out;
    for (const json::Value& quote : *json::array_at(result->as_object(), "quotes")) {
      const json::Object& one = quote.as_object();
      out += (out.empty() ? "" : " ") + std::string{*json::text_at(one, "file")} + ":" +
             std::to_string(*json::integer_at(one, "line"));
    }
    return out;
  }
};

TEST_F(TextToolsTest, UnitsAreParagraphsItemsRowsAndLogLines) {
  const Document document = read_document(
      "a.md",
      "# T\n\none\ntwo\n\n## H\n\nLead:\n- a\n  b\n- c\n\n| x | y |\n|---|---|\n| 1 | 2 |\n");
  std::vector<std::string> out;
  for (const Unit& unit : document.units) out.push_back(unit.heading + "|" + unit.text());
  EXPECT_EQ(document.title, "T");
  EXPECT_EQ(out, (std::vector<std::string>{"|# T", "|one two", "H|## H", "H|Lead:", "H|- a b",
                                           "H|- c", "H|| 1 | 2 |"}));
  EXPECT_EQ(document.units[5].lead, "Lead:");
  EXPECT_EQ(document.units[6].lead, "| x | y |");
}

TEST_F(TextToolsTest, FindsPassagesThatHoldAllWords) {
  EXPECT_EQ(lines("text.find", R"({"path":".","words":[["office"],["open"]],"want":"time"})"),
            "house/rules.md:7 house/rules.md:8");
  // A heading that holds one of the words is quoted, too.
  EXPECT_EQ(lines("text.find", R"({"path":".","words":[["refunds"],["ticket"]],)"
                               R"("max_passages":1,"want":"any"})"),
            "house/rules.md:12");
  EXPECT_EQ(lines("text.find", R"({"path":".","words":[["lighting desk"],["failed"]],)"
                               R"("want":"reason"})"),
            "house/minutes_2025-03-11.md:5");
  EXPECT_EQ(lines("text.find", R"({"path":".","words":[["student"],["refund"]],"max_passages":1})"),
            "house/rules.md:13 house/rules.md:14");
  // Each word is somewhere, but nowhere together; CSV files are left out.
  EXPECT_EQ(lines("text.find", R"({"path":".","words":[["smoke"],["balcony"]]})"), "");
  EXPECT_EQ(lines("text.find", R"({"path":".","words":[["lighting"]],"exclude":"house/**"})"), "");
}

TEST_F(TextToolsTest, AWantedKindMustBeThere) {
  EXPECT_EQ(lines("text.find", R"({"path":".","words":[["smoke"],["studio"]],"want":"duration"})"),
            "");
  EXPECT_EQ(lines("text.find", R"({"path":".","words":[["kept"],["house"]],"want":"name"})"),
            "house/rules.md:3");
}

TEST_F(TextToolsTest, AShortNameCountsWhereTheWholeStands) {
  file("b.md", "# Offer\n\nTavery Seals wrote.\n\nDario answers Tavery on 2026-04-17.\n");
  file("c.md", "# Other\n\nSomebody answers Tavery on 2026-04-18.\n");
  EXPECT_EQ(lines("text.find", R"({"path":".","words":[["Tavery Seals"],["answer"]]})"), "b.md:5");
}

TEST_F(TextToolsTest, TimelinesAreSortedAndDated) {
  EXPECT_EQ(lines("text.timeline", R"({"path":".","words":[["lighting"],["desk"]]})"),
            "house/log.txt:4 house/minutes_2025-03-11.md:5");
  EXPECT_EQ(lines("text.timeline", R"({"path":".","words":[["desk"]]})"),
            "house/log.txt:4 house/minutes_2025-03-11.md:5 house/log.txt:3");
  EXPECT_EQ(lines("text.timeline", R"({"path":".","words":[["desk"]],"from":"2025-03-01"})"),
            "house/minutes_2025-03-11.md:5 house/log.txt:3");
  const auto result = run("text.timeline", R"({"path":".","words":[["lighting"],["desk"]]})");
  EXPECT_EQ(json::write(*json::at(*result, "/entries/0/time")), "\"20:15\"");
  EXPECT_EQ(json::write(*json::at(*result, "/entries/1/dated_by")), "\"document\"");
}

TEST_F(TextToolsTest, FindsDatesInNamesAndWords) {
  EXPECT_EQ(first_date("minutes_2025-03-11.md"), "2025-03-11");
  EXPECT_EQ(first_date("on 3 March 2025, a"), "2025-03-03");
  EXPECT_EQ(first_date("12025-03-11 and 2025-03-111 and March 2025"), "");
}

TEST_F(TextToolsTest, SectionsEndWithTheirHeading) {
  EXPECT_EQ(lines("text.section", R"({"file":"house/rules.md","line":10,"keep":"items"})"),
            "house/rules.md:12 house/rules.md:13 house/rules.md:14 house/rules.md:18");
  EXPECT_EQ(lines("text.section", R"({"file":"house/rules.md","line":5})"),
            "house/rules.md:7 house/rules.md:8");
  EXPECT_EQ(lines("text.section", R"({"file":"house/log.txt","keep":"key","max_lines":1})"),
            "house/log.txt:4");
}

TEST_F(TextToolsTest, ListsFiles) {
  const auto result = run("files.list", R"({"path":"."})");
  ASSERT_TRUE(result);
  EXPECT_EQ(json::write(*json::at(*result, "/files/0")),
            R"({"file":"house/data.csv","kind":"csv","bytes":18,"lines":2,"title":"a,b"})");
  EXPECT_EQ(lines("files.list", R"({"path":".","pattern":"**/*.md"})"),
            "house/minutes_2025-03-11.md:1 house/rules.md:1");
}

TEST_F(TextToolsTest, FaultsAreNamed) {
  EXPECT_NE(text("text.find", R"({"path":".","words":[[".,"]]})").find("no word"),
            std::string::npos);
  EXPECT_NE(text("text.find", R"({"path":".","words":[["a"]],"want":"x"})").find("'x'"),
            std::string::npos);
  EXPECT_NE(text("text.section", R"({"file":"none.md"})").find("none.md"), std::string::npos);
}

}  // namespace
}  // namespace naestro::tools
