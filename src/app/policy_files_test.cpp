#include "app/policy_files.hpp"

#include <filesystem>

#include "testing/testing.hpp"

namespace naestro::app {
namespace {

namespace fs = std::filesystem;
using testing::TempDir;
using testing::write_file;

constexpr std::string_view kRule = "policy: policy/1\nrules:\n  - id: r\n    effect: deny\n";

struct World {
  TempDir folder;
  ConfigPlaces places{.folder = folder.str() + "/project",
                      .user_file = folder.str() + "/home/.config/naestro/naestro.yaml",
                      .home = folder.str() + "/home",
                      .assets = "/opt/assets",
                      .assets_of_environment = {},
                      .organisation_policy = folder.str() + "/etc/policy.yaml"};

  World() {
    for (const char* each : {"/project/.naestro", "/home/.config/naestro", "/etc"}) {
      fs::create_directories(folder.str() + each);
    }
  }
  [[nodiscard]] std::string organisation() const { return places.organisation_policy; }
  [[nodiscard]] std::string user() const {
    return folder.str() + "/home/.config/naestro/policy.yaml";
  }
  [[nodiscard]] std::string project() const { return places.folder + "/.naestro/policy.yaml"; }

  [[nodiscard]] LoadedPolicy load() const {
    const EmbeddedFile file = policy::embedded_policies().front();
    return load_policy(places, policy::Policy::parse(file.name, file.text).value());
  }
  // The one finding of a project's file, as text.
  [[nodiscard]] std::string finding(std::string_view text) const {
    write_file(project(), text);
    const auto loaded = load();
    if (loaded.findings.size() != 1) return std::to_string(loaded.findings.size()) + " findings";
    EXPECT_TRUE(loaded.findings.front().error);
    EXPECT_EQ(loaded.policy.files().size(), 1U);
    return text_of(loaded.findings.front());
  }
};

TEST(PolicyFiles, WithoutThemTheBuiltInRulesHold) {
  const World world;
  const auto loaded = world.load();
  EXPECT_TRUE(loaded.findings.empty());
  EXPECT_EQ(loaded.policy.files().size(), 1U);
  const std::vector<std::pair<std::string, bool>> files = {
      {world.organisation(), false}, {world.user(), false}, {world.project(), false}};
  EXPECT_EQ(loaded.files, files);
}

TEST(PolicyFiles, AreLayersInTheirOrderAndKeepNoPathOfAHome) {
  World world;
  for (const std::string& file : {world.project(), world.user(), world.organisation()}) {
    write_file(file, kRule);
  }
  auto loaded = world.load();
  ASSERT_EQ(loaded.policy.files().size(), 4U);
  EXPECT_EQ(loaded.policy.files()[1].file, world.organisation());
  EXPECT_EQ(loaded.policy.files()[1].layer, policy::Layer::organisation);
  EXPECT_EQ(loaded.policy.files()[2].file, "~/.config/naestro/policy.yaml");
  EXPECT_EQ(loaded.policy.files()[2].layer, policy::Layer::user);
  EXPECT_EQ(loaded.policy.files()[3].file, "./.naestro/policy.yaml");
  EXPECT_EQ(loaded.policy.files()[3].layer, policy::Layer::project);
  EXPECT_EQ(loaded.policy.files()[3].rules.front().line, 3);
  EXPECT_TRUE(loaded.files[0].second && loaded.files[1].second && loaded.files[2].second);

  world.places.home = "/elsewhere";
  world.places.organisation_policy = "";
  loaded = world.load();
  ASSERT_EQ(loaded.policy.files().size(), 3U);
  EXPECT_EQ(loaded.policy.files()[1].file, "$XDG_CONFIG_HOME/naestro/policy.yaml");
}

TEST(PolicyFiles, OnlyLockedIsNoText) {
  const World world;
  write_file(world.project(),
             "policy: policy/1\nrules:\n- {id: 12, effect: ask, locked: true, reason: true}\n");
  EXPECT_EQ(world.finding("policy: policy/1\nrules:\n- {id: 12, effect: ask, reason: true}\n"),
            "./.naestro/policy.yaml:3:1: NE0406 'reason' is no text in one line of at most 500 "
            "bytes; see docs/formats/policy.md");
  write_file(world.project(),
             "policy: policy/1\nrules:\n- {id: 12, effect: ask, locked: true, reason: 'true'}\n"
             "- {id: x, effect: ask, locked: false}\n");
  const auto loaded = world.load();
  ASSERT_EQ(loaded.policy.files().size(), 2U);
  EXPECT_EQ(loaded.policy.files()[1].rules[0].id, "12");
  EXPECT_TRUE(loaded.policy.files()[1].rules[0].locked);
  EXPECT_FALSE(loaded.policy.files()[1].rules[1].locked);
  EXPECT_EQ(loaded.policy.files()[1].rules[0].reason, "true");
}

TEST(PolicyFiles, ABrokenOneIsAnErrorThatNamesItsPlace) {
  const World world;
  const std::string shown = "./.naestro/policy.yaml";
  const std::string page = "; see docs/formats/policy.md";
  EXPECT_EQ(world.finding("policy: [\n"),
            shown + ":2:1: NE0406 this is not valid YAML: end of sequence flow not found" + page);
  for (const char* text : {"", "rules: []\n", "policy: policy/1\nrules:\n", "- a\n"}) {
    EXPECT_EQ(world.finding(text),
              shown +
                  R"(:1:1: NE0406 a policy is {"policy": "policy/1", "rules": [...]} and perhaps )"
                  R"("labels": [...] and "limits": {...}, and nothing more)" +
                  page);
  }
  EXPECT_EQ(world.finding(std::string{kRule} + "    kinds:\n    - read\n    - fly\n"),
            shown + ":7:1: NE0406 there is no effect kind 'fly'; did you mean 'pay'?");
  EXPECT_EQ(world.finding(std::string{kRule} + "    when:\n      context.mod\n"),
            shown + ":5:1: NE0406 context has no member 'mod'; did you mean 'mode'?");
  EXPECT_EQ(world.finding(std::string{kRule} + "  -\n    id: s\n    effects: ask\n"),
            shown + ":7:1: NE0406 a rule has no member 'effects'; did you mean 'effect'?");
  EXPECT_EQ(world.finding(std::string{kRule} + "  - id: s\n"),
            shown + ":5:1: NE0406 'effect' is none of allow, ask, deny" + page);
  EXPECT_EQ(world.finding(std::string{kRule} + "    id: s\n"),
            shown +
                ":5:5: NE0005 the key 'id' stands here twice, first in line 3; keep one of "
                "them");
  fs::remove(world.project());
  fs::create_directory(world.project());
  const auto loaded = world.load();
  ASSERT_EQ(loaded.findings.size(), 1U);
  EXPECT_EQ(loaded.findings.front().message, "it is not a regular file");
  EXPECT_TRUE(loaded.files[2].second);
}

TEST(PolicyFiles, ALinkToNothingIsNoAbsentFile) {
  const World world;
  fs::create_symlink(world.folder.str() + "/gone.yaml", world.project());
  auto loaded = world.load();
  ASSERT_EQ(loaded.findings.size(), 1U);
  EXPECT_EQ(
      text_of(loaded.findings.front()),
      "./.naestro/policy.yaml: NE0007 it cannot be read: policy.yaml is a link to what is not "
      "there; mend or move the file");
  EXPECT_TRUE(loaded.files[2].second);
  write_file(world.folder.str() + "/gone.yaml", kRule);
  EXPECT_TRUE(world.load().findings.empty());

  const fs::path folder = fs::path{world.project()}.parent_path();
  fs::remove_all(folder);
  fs::create_symlink(world.folder.str() + "/gone", folder);
  loaded = world.load();
  ASSERT_EQ(loaded.findings.size(), 1U);
  EXPECT_TRUE(loaded.findings.front().message.contains(".naestro is a link to what is not there"));
  fs::remove(folder);
  EXPECT_TRUE(world.load().findings.empty());
}

TEST(PolicyFiles, AnyYamlIsReadAsJson) {
  const World world;
  write_file(world.project(), "cases:\n- tool: a\n- tool: 'true'\n  locked: true\n  none:\n");
  const auto read = read_yaml_file(world.project());
  ASSERT_TRUE(read);
  EXPECT_EQ(json::write(read->value),
            R"({"cases":[{"tool":"a"},{"tool":"true","locked":true,"none":null}]})");
  EXPECT_EQ(read->line("/cases/1"), 3);
  EXPECT_EQ(read->line("/cases/1/locked"), 4);
  EXPECT_EQ(read->line("/cases/7/tool"), 1);
  EXPECT_EQ(read->line("/cases/x"), 1);
  EXPECT_EQ(read->line("/other"), 1);
  EXPECT_EQ(read_yaml_file(world.user()).error().code, Code::kNotFound);
  write_file(world.project(), "a: [\n");
  const auto broken = read_yaml_file(world.project());
  EXPECT_TRUE(broken.error().message.contains(":2:1: this is not valid YAML"));
  EXPECT_EQ(read_yaml_file(world.places.folder).error().text(),
            "NE0007 " + world.places.folder + ": it is not a regular file");
}

}  // namespace
}  // namespace naestro::app
