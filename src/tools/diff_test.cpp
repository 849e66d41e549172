#include "tools/diff.hpp"

#include <algorithm>
#include <charconv>

#include "base/json.hpp"
#include "base/text.hpp"
#include "testing/property.hpp"

namespace naestro::tools {
namespace {

std::string diff(std::string_view before, std::string_view after, const DiffLimits& limits = {}) {
  return unified_diff({"a", "b"}, before, after, limits).text;
}

TEST(Diff, EqualTextsHaveNone) {
  for (const char* text : {"", "a", "a\nb\n"}) EXPECT_EQ(diff(text, text), "");
}

TEST(Diff, ShowsChangesWithThreeLinesAround) {
  EXPECT_EQ(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
  EXPECT_EQ(diff("", "x\ny\n"), "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+x\n+y\n");
  EXPECT_EQ(diff("x\n", ""), "--- a\n+++ b\n@@ -1,1 +0,0 @@\n-x\n");
}

// Six equal lines between two changes are in one hunk, seven are not.
TEST(Diff, NearChangesShareAHunk) {
  const auto hunks = [](int between) {
    std::string before = "a\n";
    std::string after = "A\n";
    for (int i = 0; i < between; ++i) {
      before += std::to_string(i) + "\n";
      after += std::to_string(i) + "\n";
    }
    const std::string text = diff(before + "z\n", after + "Z\n");
    return std::ranges::count(split(text, '\n'), true,
                              [](const std::string& line) { return line.starts_with("@@"); });
  };
  EXPECT_EQ(hunks(6), 1);
  EXPECT_EQ(hunks(7), 2);
}

TEST(Diff, AMissingLastLineFeedIsSaid) {
  EXPECT_EQ(diff("a\nb", "a\nb\n"),
            "--- a\n+++ b\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
  EXPECT_EQ(diff("b\nc", "a\nc"),
            "--- a\n+++ b\n@@ -1,2 +1,2 @@\n-b\n+a\n c\n\\ No newline at end of file\n");
}

TEST(Diff, NamesCannotPassForLines) {
  const auto named = unified_diff({"/dev/null", "x\n+++ y"}, "", "1\n", {});
  EXPECT_TRUE(named.text.starts_with("--- /dev/null\n+++ \"x\\n+++ y\"\n@@ ")) << named.text;
}

TEST(Diff, EndsAtALineWhereItGetsTooLong) {
  std::string after;
  for (int i = 0; i < 1000; ++i) after += "line \"" + std::to_string(i) + "\"\n";
  const Diff cut = unified_diff({"a", "b"}, "", after, {.json_bytes_max = 300});
  EXPECT_TRUE(cut.truncated);
  EXPECT_EQ(cut.added, 1000);
  EXPECT_TRUE(cut.text.ends_with("\"\n")) << cut.text;
  EXPECT_LE(json::write(json::Value(cut.text)).size() - 2, 300);
  EXPECT_GT(cut.text.size(), 200);
  EXPECT_FALSE(unified_diff({"a", "b"}, "", after, {}).truncated);
  // Nothing of a later hunk comes once one was cut, and less than the names may fit.
  const std::string twice = "x\n" + after + "x\n";
  const Diff first = unified_diff({"a", "b"}, twice, "y\n" + after + "y\n", {.json_bytes_max = 45});
  EXPECT_TRUE(first.truncated);
  EXPECT_EQ(first.text, "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-x\n+y\n");
  EXPECT_EQ(unified_diff({"a", "b"}, "x", "y", {.json_bytes_max = 10}).text, "--- a\n");
}

// What is over a limit is replaced as a whole; common ends stay.
TEST(Diff, OverALimitItIsCoarse) {
  const std::string before = "h\n1\n2\n3\n4\nt\n";
  const std::string after = "h\n4\n3\n2\n1\nt\n";
  EXPECT_FALSE(unified_diff({"a", "b"}, before, after, {}).coarse);
  for (const DiffLimits& limits : {DiffLimits{.lines_max = 3}, DiffLimits{.steps_max = 3}}) {
    const Diff made = unified_diff({"a", "b"}, before, after, limits);
    EXPECT_TRUE(made.coarse);
    EXPECT_EQ(made.removed, 4);
    EXPECT_EQ(made.added, 4);
  }
}

// Two texts that share no line, and two of the same few lines in a random order, are the worst for
// the search; both end within its limits.
TEST(Diff, TheWorstTextsEndSoon) {
  std::string one;
  std::string two;
  std::uint32_t random = 1;
  for (int i = 0; i < 150'000; ++i) {
    random = random * 1664525 + 1013904223;
    one += std::to_string(random >> 28) + "\n";
    two += std::to_string(random >> 24 & 15) + "\n";
  }
  EXPECT_TRUE(unified_diff({"a", "b"}, one, two, {}).coarse);
  EXPECT_EQ(unified_diff({"a", "b"}, std::string(8'000'000, '\n'), "x", {}).removed, 8'000'000);
}

// Applies a whole diff; fails the test where it does not fit.
std::string applied(std::string_view before, std::string_view patch) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < before.size();) {
    const std::size_t end = std::min(before.find('\n', at), before.size() - 1) + 1;
    lines.emplace_back(before.substr(at, end - at));
    at = end;
  }
  std::string out;
  std::size_t next = 0;
  std::vector<std::string> rows = split(patch, '\n');
  for (std::size_t i = 2; i + 1 < rows.size(); ++i) {
    const std::string& row = rows[i];
    if (row[0] == '\\') continue;
    if (row[0] == '@') {
      std::size_t begin = 0;
      const char* comma = std::from_chars(row.data() + 4, row.data() + row.size(), begin).ptr;
      const std::size_t skip = comma[1] == '0' ? begin : begin - 1;
      while (next < skip) out += lines[next++];
      continue;
    }
    const std::string line = row.substr(1) + (rows[i + 1].starts_with('\\') ? "" : "\n");
    if (row[0] != '+') {
      EXPECT_LT(next, lines.size());
      EXPECT_EQ(lines[next++], line);
    }
    if (row[0] != '-') out += line;
  }
  while (next < lines.size()) out += lines[next++];
  return out;
}

std::size_t common_length(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> best(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < b.size(); ++k) {
      best[i + 1][k + 1] = a[i] == b[k] ? best[i][k] + 1 : std::max(best[i][k + 1], best[i + 1][k]);
    }
  }
  return best[a.size()][b.size()];
}

std::string lines_of(const std::string& letters, bool ended) {
  std::string out;
  for (const char c : letters) out += std::string{c} + "\n";
  if (!ended && !out.empty()) out.pop_back();
  return out;
}

RC_GTEST_PROP(Diff, TurnsTheOneTextIntoTheOther, ()) {
  const auto letters = rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c', 'd', '\0'));
  const std::string before = lines_of(*letters, *rc::gen::arbitrary<bool>());
  const std::string after = lines_of(*letters, *rc::gen::arbitrary<bool>());
  const auto steps = *rc::gen::element<std::int64_t>(5, 50, 1'000'000);
  const Diff made = unified_diff({"a", "b"}, before, after, {.steps_max = steps});
  RC_ASSERT(applied(before, made.text) == after);
}

RC_GTEST_PROP(Diff, IsTheShortest, ()) {
  const auto letters = rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c', 'd'));
  const std::string a = *letters;
  const std::string b = *letters;
  const std::size_t common = common_length(a, b);
  const Diff made = unified_diff({"a", "b"}, lines_of(a, true), lines_of(b, true), {});
  RC_ASSERT(!made.coarse);
  RC_ASSERT(made.removed == static_cast<std::int64_t>(a.size() - common));
  RC_ASSERT(made.added == static_cast<std::int64_t>(b.size() - common));
}

}  // namespace
}  // namespace naestro::tools
