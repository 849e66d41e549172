// Every way in which globs match together has a path.
#include "base/path_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "testing/property.hpp"

namespace naestro {
namespace {

std::vector<Glob> globs_of(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

std::vector<bool> told(const std::vector<Glob>& globs, const std::string& path) {
  std::vector<bool> out;
  for (const Glob& glob : globs) {
    out.push_back(glob.matches(path));
    out.push_back(glob.below(path));
  }
  return out;
}

TEST(PathSamples, ThereIsOneForEachWayToMatch) {
  const auto globs = globs_of({"secrets/**", "**/*.key", "secrets/open/*"});
  const PathSamples samples = sample_paths(globs, 10'000);
  EXPECT_TRUE(samples.complete);
  std::set<std::vector<bool>> ways;
  for (const std::string& path : samples.paths) {
    EXPECT_TRUE(is_normal_path(path)) << path;
    EXPECT_TRUE(ways.insert(told(globs, path)).second) << path;
  }
  for (const char* path : {".", "secrets", "secrets/open", "a", "a.key", "secrets/a",
                           "secrets/a.key", "secrets/open/a", "secrets/open/a.key"}) {
    EXPECT_TRUE(ways.contains(told(globs, path))) << path;
  }
  EXPECT_EQ(ways.size(), 9U);
}

TEST(PathSamples, WithoutGlobsAllPathsAreAlike) {
  EXPECT_EQ(sample_paths({}, 10).paths, std::vector<std::string>{"."});
}

TEST(PathSamples, ThatThereAreMoreIsSaid) {
  EXPECT_FALSE(sample_paths(globs_of({"aaaa/*b*c*d*e", "*a*b*c*/x?y*"}), 10).complete);
}

// Whatever a random path shows, a sample shows, too.
RC_GTEST_PROP(PathSamples, NoPathShowsMore, ()) {
  const auto part = rc::gen::elementOf(
      std::vector<std::string>{"a", "b", "a/", "*", "**", "**/", "?", "/", ".", "\u00fc"});
  std::vector<std::string> texts;
  for (std::size_t i = *rc::gen::inRange<std::size_t>(1, 4); i > 0; --i) {
    std::string text;
    for (const std::string& each : *rc::gen::container<std::vector<std::string>>(part)) {
      if (text.size() < 8) text += each;
    }
    if (!text.empty()) texts.push_back(text);
  }
  const auto globs = globs_of(texts);
  const PathSamples samples = sample_paths(globs, 100'000);
  RC_ASSERT(samples.complete);
  std::set<std::vector<bool>> ways;
  for (const std::string& path : samples.paths) ways.insert(told(globs, path));
  const auto letter =
      rc::gen::elementOf(std::vector<std::string>{"a", "b", "c", "/", ".", "\u00fc"});
  for (int i = 0; i < 20; ++i) {
    std::string path;
    for (const std::string& each : *rc::gen::container<std::vector<std::string>>(letter)) {
      path += each;
    }
    if (is_normal_path(path)) RC_ASSERT(ways.contains(told(globs, path)));
  }
}

}  // namespace
}  // namespace naestro
