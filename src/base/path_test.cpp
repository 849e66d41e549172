#include "base/path.hpp"

#include "base/text.hpp"
#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro {
namespace {

TEST(Path, HasOneNormalForm) {
  const std::pair<std::string, std::string> samples[] = {
      {"a/b.md", "a/b.md"}, {"./a//b.md", "a/b.md"}, {"a/./b/", "a/b"},    {"", "."}, {".", "."},
      {"./", "."},          {"...", "..."},          {".a/..b", ".a/..b"},
  };
  for (const auto& [text, normal] : samples) {
    const auto result = normal_path(text);
    ASSERT_TRUE(result) << text;
    EXPECT_EQ(*result, normal);
  }
}

TEST(Path, RefusesWhatLeavesTheFolder) {
  for (const std::string_view text : {"..", "a/..", "../a", "a/../b", "/", "/etc", "//a"}) {
    EXPECT_EQ(normal_path(text).error().code, Code::kOutsideWorkspace) << text;
  }
  EXPECT_EQ(normal_path(std::string_view{"a\0b", 3}).error().code, Code::kOutsideWorkspace);
  EXPECT_EQ(normal_path("a\xff").error().code, Code::kInvalidUtf8);
}

RC_GTEST_PROP(PathProperty, NormalFormsAreFixedPoints, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('a', '.', '/'));
  const auto normal = normal_path(text);
  if (!normal) return;
  RC_ASSERT(normal_path(*normal).value() == *normal);
  RC_ASSERT(("/" + *normal + "/").find("/../") == std::string::npos);
}

TEST(Glob, Samples) {
  struct Sample {
    std::string_view pattern, path;
    bool matches;
  };
  const Sample samples[] = {
      {"**", "a", true},
      {"**", "a/b/c.md", true},
      {"*", "a", true},
      {"*", "a/b", false},
      {"*.md", "a.md", true},
      {"*.md", "x/a.md", false},
      {"**/*.md", "a.md", true},
      {"**/*.md", "x/y/a.md", true},
      {"**/*.md", "x/y/a.mdx", false},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "ab", false},
      {"a/**/b", "a/xb", false},
      {"a/**", "a/x/y", true},
      {"a/**", "a", false},
      {"a/**", "ab/x", false},
      {"x**y", "x/1/y", true},
      {"?.md", "a.md", true},
      {"?.md", "\xc3\xa9.md", true},
      {"?.md", "ab.md", false},
      {"a?b", "a/b", false},
      {"[a]", "[a]", true},
      {"[a]", "a", false},
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
  };
  for (const Sample& sample : samples) {
    EXPECT_EQ(glob_match(sample.pattern, sample.path), sample.matches)
        << sample.pattern << " on " << sample.path;
  }
}

RC_GTEST_PROP(PathProperty, OnlyANormalFormIsNormal, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('a', '.', '/', '\0', '\xff'));
  const auto normal = normal_path(text);
  RC_ASSERT(is_normal_path(text) == (normal && *normal == text));
}

TEST(Path, NormalFormsAreKnown) {
  for (const std::string_view text : {".", "a", "a/b", "...", ".a/..b"}) {
    EXPECT_TRUE(is_normal_path(text)) << text;
  }
  for (const std::string_view text : {"", "/", "/a", "a/", "a//b", "./a", "a/.", "a/../b", ".."}) {
    EXPECT_FALSE(is_normal_path(text)) << text;
  }
}

TEST(Glob, KnowsTheFoldersAboveItsFixedBeginning) {
  const Glob deep{"a/b/**"};
  for (const std::string_view above : {".", "a", "a/b"}) EXPECT_TRUE(deep.below(above)) << above;
  for (const std::string_view other : {"b", "a/", "a/b/c", "a/bc"}) {
    EXPECT_FALSE(deep.below(other)) << other;
  }
  EXPECT_TRUE(Glob{"a/b.md"}.below("a"));
  EXPECT_FALSE(Glob{"a"}.below("a"));
  EXPECT_TRUE(Glob{"**/*.key"}.below("."));
  EXPECT_FALSE(Glob{"**/*.key"}.below("a"));
  EXPECT_TRUE(Glob{"a/b?c"}.below("a"));
  EXPECT_FALSE(Glob{"a/b?c"}.below("a/b"));
  EXPECT_EQ(deep.text(), "a/b/**");
}

TEST(Glob, LongPatternsMatchAsShortOnesDo) {
  const std::string folders(600, 'a');
  EXPECT_TRUE(glob_match("**/" + folders + "/*.md", "x/" + folders + "/y.md"));
  EXPECT_FALSE(glob_match("**/" + folders + "/*.md", "x/" + folders + "/z/y.md"));
}

TEST(Glob, HostilePatternsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "**/*a";
  EXPECT_FALSE(glob_match(pattern, std::string(2000, 'a') + "b"));
}

// The obvious matcher, right by reading and exponential in time.
bool model(std::string_view pattern, std::string_view path, bool segment_start = true) {
  if (pattern.empty()) return path.empty();
  if (segment_start && pattern.starts_with("**/") && model(pattern.substr(3), path, true)) {
    return true;
  }
  if (pattern.starts_with("**")) {
    return model(pattern.substr(2), path, false) ||
           (!path.empty() && model(pattern, path.substr(1), false));
  }
  if (pattern[0] == '*') {
    return model(pattern.substr(1), path, false) ||
           (!path.empty() && path[0] != '/' && model(pattern, path.substr(1), false));
  }
  if (path.empty()) return false;
  if (pattern[0] == '?' ? path[0] == '/' : path[0] != pattern[0]) return false;
  return model(pattern.substr(1), path.substr(1), pattern[0] == '/');
}

RC_GTEST_PROP(GlobProperty, AgreesWithTheObviousMatcher, ()) {
  const auto some = [](std::size_t most, auto element) {
    return rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, most), [element](std::size_t n) {
      return rc::gen::container<std::string>(n, element);
    });
  };
  const auto pattern = *some(9, rc::gen::element('a', 'b', '/', '*', '*', '?'));
  const auto path = *some(9, rc::gen::element('a', 'b', '/'));
  RC_ASSERT(glob_match(pattern, path) == model(pattern, path));
}

}  // namespace
}  // namespace naestro
