#include <algorithm>

#include "base/text.hpp"
#include "testing/property.hpp"
#include "tools/calls.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

using SearchTest = ToolTest;

TEST_F(SearchTest, FindsLinesSortedByFileAndLine) {
  file("b.txt", "\xef\xbb\xbfNotice: 30 days\r\n\r\n  Termination notice of 90 Days  \r\n");
  file("a/x.txt", "nothing\nthe NOTICE is 10 days");
  file("a.csv", "days,notice\n");
  EXPECT_EQ(text("files.search", R"({"path":".","query":"days notice"})"),
            R"({"matches":[{"file":"a.csv","line":1,"text":"days,notice"},)"
            R"({"file":"a/x.txt","line":2,"text":"the NOTICE is 10 days"},)"
            R"({"file":"b.txt","line":1,"text":"Notice: 30 days"},)"
            R"({"file":"b.txt","line":3,"text":"Termination notice of 90 Days"}],)"
            R"("file_count":3,"skipped_files":0,"match_count":4,"truncated":false})");
}

TEST_F(SearchTest, MatchKinds) {
  file("t", "red apple\ngreen apple\nred  \t Apple pie\nappled red\nblue");
  const auto count = [&](const std::string& match, const std::string& query) {
    const auto result = run(
        "files.search", R"({"path":".","query":")" + query + R"(","match":")" + match + R"("})");
    return result ? *json::integer_at(result->as_object(), "match_count") : -1;
  };
  EXPECT_EQ(count("all_words", "RED apple"), 3);
  EXPECT_EQ(count("any_word", "red green blue"), 5);
  EXPECT_EQ(count("phrase", " Red Apple "), 2);
  EXPECT_EQ(count("phrase", "apple red"), 0);
  EXPECT_EQ(count("fuzzy", "red"), -1);
  EXPECT_EQ(count("all_words", "  "), -1);
}

TEST_F(SearchTest, PatternNarrowsAndOddFilesAreCounted) {
  file("d/a.md", "word");
  file("d/e/b.md", "word");
  file("d/c.txt", "word");
  file("d/binary.md", std::string_view{"word\0", 5});
  file("d/latin1.md", "word \xe9");
  file("d/n\xe4me.md", "word");  // a name that could not be said
  file("d/big.md", std::string(4'000'001, 'w'));
  file("other/a.md", "word");
  file("d/.hidden.md", "word");
  EXPECT_EQ(text("files.search", R"({"path":"d","query":"word","pattern":"d/**/*.md"})"),
            R"({"matches":[{"file":"d/a.md","line":1,"text":"word"},)"
            R"({"file":"d/e/b.md","line":1,"text":"word"}],)"
            R"("file_count":2,"skipped_files":4,"match_count":2,"truncated":false})");
}

TEST_F(SearchTest, LongLinesAreCutBetweenCharacters) {
  std::string line = "x";
  while (line.size() < 400) line += "\xc3\xa9";
  file("t", line);
  const auto result = run("files.search", R"({"path":".","query":"x"})");
  ASSERT_TRUE(result);
  const std::string_view cut = json::view(json::at(*result, "/matches/0/text")->get_string());
  EXPECT_LE(cut.size(), 300U);
  EXPECT_GE(cut.size(), 298U);
  EXPECT_TRUE(is_utf8(cut));
}

TEST_F(SearchTest, CountsAllButReturnsAPrefix) {
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += "word \x01\x01" + std::string(280, '\x02') + "\n";
  file("t", lines);
  auto result = run("files.search", R"({"path":".","query":"word","max_matches":3})");
  EXPECT_EQ(json::at(*result, "/matches")->get_array().size(), 3U);
  EXPECT_EQ(json::at(*result, "/match_count")->get_int64(), 500);
  EXPECT_TRUE(json::at(*result, "/truncated")->get_bool());
  // 200 such lines are over the cap once their control characters are written as \u0002.
  result = run("files.search", R"({"path":".","query":"word","max_matches":200})");
  EXPECT_LT(json::at(*result, "/matches")->get_array().size(), 200U);
  EXPECT_LE(json::write(*result).size(), kSearchOutputMax);
  EXPECT_GE(json::write(*result).size(), kSearchOutputMax - 3000);
}

TEST_F(SearchTest, RefusesFoldersOutside) {
  const auto result = run("files.search", R"({"path":"../","query":"x"})");
  EXPECT_EQ(result.error().code, Code::kOutsideWorkspace);
  EXPECT_EQ(run("files.search", R"({"path":"none","query":"x"})").error().code, Code::kNotFound);
}

RC_GTEST_FIXTURE_PROP(SearchTest, OrderIsByFileThenLine, ()) {
  const auto names = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("a", "b", "a-b", "A", "d/a", "d/b", "d-", "e/f/g"));
  for (const std::string& name : names) file(name, "word\nno\nword");
  const auto result = run("files.search", R"({"path":".","query":"word","max_matches":200})");
  std::vector<std::pair<std::string, std::int64_t>> found;
  for (const json::Value& match : json::at(*result, "/matches")->get_array()) {
    found.emplace_back(*json::text_at(match.as_object(), "file"),
                       *json::integer_at(match.as_object(), "line"));
  }
  RC_ASSERT(std::ranges::is_sorted(found));
  RC_ASSERT(static_cast<std::int64_t>(found.size()) ==
            2 * json::at(*result, "/file_count")->get_int64());
}

}  // namespace
}  // namespace naestro::tools
