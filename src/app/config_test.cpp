#include "app/config.hpp"

#include <filesystem>

#include "app/yaml.hpp"
#include "base/text.hpp"
#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::app {
namespace {

namespace fs = std::filesystem;
using testing::TempDir;
using testing::write_file;

constexpr const char* kDefault = "qwen2.5-coder-0.5b-instruct";
constexpr const char* kSmall = "smollm2-135m-instruct";

struct World {
  TempDir folder;
  contract::ModelCatalog models = *contract::ModelCatalog::from(contract::embedded_models());
  ConfigPlaces places{.folder = folder.str() + "/project",
                      .user_file = folder.str() + "/user/naestro.yaml",
                      .home = folder.str() + "/home",
                      .assets = "/opt/assets",
                      .assets_of_environment = {}};
  cli::ConfigWords words;

  World() {
    fs::create_directories(places.folder);
    fs::create_directories(folder.path() / "user");
  }
  void project(std::string_view text) { write_file(places.folder + "/naestro.yaml", text); }
  void user(std::string_view text) { write_file(places.user_file, text); }
  cli::Configured load() { return load_config(places, words, models); }
  // The one finding, as text.
  std::string finding() {
    const auto configured = load();
    if (configured.findings.size() != 1) {
      return std::to_string(configured.findings.size()) + " findings";
    }
    return text_of(configured.findings.front());
  }
};

std::string origin(const cli::Configured& configured, std::string_view key) {
  for (const auto& row : configured.settings.rows) {
    if (row.key == key) return row.origin;
  }
  return "";
}

bool has(std::string_view text, std::string_view part) { return text.contains(part); }

TEST(Config, WithoutFilesTheBuiltInHolds) {
  World world;
  const auto configured = world.load();
  EXPECT_TRUE(configured.findings.empty());
  EXPECT_EQ(configured.settings.mode, "copilot");
  EXPECT_EQ(configured.settings.model, "");
  EXPECT_EQ(configured.settings.assets, "/opt/assets");
  EXPECT_EQ(configured.settings.workspace, "");
  EXPECT_FALSE(configured.settings.limits.usd);
  EXPECT_EQ(configured.settings.rows.size(), 10U);
  EXPECT_EQ(configured.settings.planner_model, "");
  EXPECT_EQ(origin(configured, "mode"), "built-in");
}

TEST(Config, AModelMayWritePlansOrNone) {
  World world;
  world.user("planner:\n  model: smollm2-135m-instruct\n");
  EXPECT_EQ(world.load().settings.planner_model, "smollm2-135m-instruct");
  world.words.sets = {"planner.model=none"};
  EXPECT_EQ(world.load().settings.planner_model, "");
  world.words.sets = {"planner.model=scripted"};
  const auto configured = world.load();
  EXPECT_FALSE(configured.good());
  EXPECT_TRUE(has(configured.findings.front().message, "no model is called 'scripted'"));
}

TEST(Config, EveryLayerIsStrongerThanTheOneBefore) {
  World world;
  world.user("mode: copilot\nlimits:\n  usd: 0.50\n  tokens: 1000\nmodel: smollm2-135m-instruct\n");
  world.project("mode: guide\nlimits: {tokens: 500, tool_calls: 7}\n");
  world.words.sets = {"limits.tokens=900", "limits.usd=0"};
  const auto configured = world.load();
  ASSERT_TRUE(configured.findings.empty()) << text_of(configured.findings.front());
  const auto& settings = configured.settings;
  EXPECT_EQ(settings.mode, "guide");
  EXPECT_EQ(origin(configured, "mode"), "./naestro.yaml:1");
  EXPECT_EQ(settings.limits.usd, 0);
  EXPECT_EQ(settings.limits.tokens, 900);
  EXPECT_EQ(origin(configured, "limits.tokens"), "-c");
  EXPECT_EQ(settings.limits.tool_calls, 7);
  EXPECT_EQ(settings.model, kSmall);
  EXPECT_EQ(origin(configured, "model"), world.places.user_file + ":5");
}

TEST(Config, UnknownKeysWarnAndStrictRefuses) {
  World world;
  world.project("mode: guide\nlimits:\n  token: 5\n");
  EXPECT_EQ(world.finding(),
            "./naestro.yaml:3:3: warning: there is no key 'limits.token'; did you mean 'tokens'?");
  EXPECT_TRUE(world.load().good());
  EXPECT_EQ(world.load().settings.mode, "guide");
  world.words.strict = true;
  EXPECT_FALSE(world.load().good());
  EXPECT_TRUE(has(world.finding(), "./naestro.yaml:3:3: NE0802 there is no key"));
}

TEST(Config, WrongValuesAreNamedWithTheirPlace) {
  const std::pair<const char*, const char*> kCases[] = {
      {"mode: yolo", ":1:7: NE0802 mode is one of guide, copilot, auto, found 'yolo'"},
      {"mode: [auto]", ":1:7: NE0802 mode is one of guide, copilot, auto, found a list"},
      {"mode:", "NE0802 mode has no value"},
      {"mode: ''", ":1:1: NE0802 mode has no value"},
      {"limits: 5", ":1:9: NE0802 'limits' should hold keys and values, found a word"},
      {"limits:\n  tokens: '12'",
       ":2:11: NE0802 limits.tokens is a whole number, 0 or more, found "
       "the text '12'"},
      {"limits:\n  tokens: -1", "found '-1'"},
      {"limits:\n  tokens: 1.5", "found '1.5'"},
      {"limits:\n  tokens: 99999999999999999999", "found '99999999999999999999'"},
      {"limits:\n  tokens: 9007199254740992", "found '9007199254740992'"},
      {"limits:\n  usd: 1e3", "limits.usd is an amount in US dollars such as 0.05, found '1e3'"},
      {"limits:\n  usd: {a: 1}", "found a map"},
      {"model: gpt", "NE0802 no model is called 'gpt'; there are qwen"},
      {"model: smollm2-135m-instrukt", "did you mean 'smollm2-135m-instruct'?"},
      {"profiles: 3", "'profiles' should hold keys and values"},
      {"profiles:\n  a:\n    mode: 3", ":3:11: NE0802 mode is one of"},
      {"just text", ":1:1: NE0802 expected keys and values, found a word"},
      {"- a\n- b", "expected keys and values, found a list"},
  };
  for (const auto& [text, expected] : kCases) {
    World world;
    world.project(text);
    EXPECT_TRUE(has(world.finding(), expected)) << text << "\n" << world.finding();
    EXPECT_FALSE(world.load().good()) << text;
  }
}

TEST(Config, TextThatIsNoYamlIsNamedWithItsPlace) {
  const std::pair<std::string, const char*> kCases[] = {
      {"mode: guide\nmode: auto\n",
       ":2:1: NE0005 the key 'mode' stands here twice, first in line 1"},
      {"mode: guide\n  x: [", "NE0802 this is not valid YAML"},
      {"mode: \"gui", "NE0802 this is not valid YAML"},
      {"mode: guide\n\xff\xfe: 1\n", ":2:1: NE0001 the text is not valid UTF-8 here"},
      {"a: \xc3\xa9\xc3", ":1:5: NE0001"},
      {std::string{"mode: gui\0de\n", 13}, ":1:10: NE0802 a control character stands here"},
      {"mode: guide\x04\n", ":1:12: NE0802 a control character"},
      {"mode: &a guide\n", "anchors are not understood"},
      {"mode: &a guide\nx: *a\n", "anchors are not understood"},
      {"mode: !!str guide\n", "tags such as"},
      {"mode: guide\n---\nmode: auto\n", ":2:1: NE0802 a second document begins here"},
      {"? [a]\n: b\n", "a key is a list"},
      {std::string(200, '['), "NE0004 nested deeper than 16 levels"},
      {std::string(200'000, '{'), "NE0004 nested deeper than 16 levels"},
      {std::string(kYamlBytesMax + 1, '#'), "NE0003 the file is larger than 1 MB"},
  };
  for (const auto& [text, expected] : kCases) {
    World world;
    world.project(text);
    EXPECT_TRUE(has(world.finding(), expected)) << text.substr(0, 80) << "\n" << world.finding();
    EXPECT_FALSE(world.load().good());
  }
}

TEST(Config, AFileThatIsNoFileIsRefusedAtOnce) {
  World world;
  fs::create_directories(world.places.folder + "/naestro.yaml");
  EXPECT_TRUE(has(world.finding(), "NE0007 it is not a regular file"));
  fs::remove(world.places.folder + "/naestro.yaml");
  fs::create_symlink("/dev/zero", world.places.folder + "/naestro.yaml");
  EXPECT_TRUE(has(world.finding(), "NE0007 it is not a regular file"));
}

TEST(Config, EmptyFilesAndGroupsSayNothing) {
  for (const char* text : {"", "# only a comment\n", "---\n", "limits:\nprofiles:\n  a:\n"}) {
    World world;
    world.project(text);
    EXPECT_TRUE(world.load().findings.empty()) << text;
  }
}

TEST(Config, AProjectNeverMovesTrustRoots) {
  World world;
  world.project("assets: ./evil\n");
  EXPECT_TRUE(
      has(world.finding(), "./naestro.yaml:1:1: NE0803 a project's file may not say where"));
  EXPECT_FALSE(world.load().good());
  world.project("profiles:\n  x:\n    assets: ./evil\n");  // also where it is not chosen
  EXPECT_TRUE(has(world.finding(), ":3:5: NE0803"));
  world.project("");
  world.user("assets: ~/models\n");
  EXPECT_EQ(world.load().settings.assets, world.places.home + "/models");
  world.places.assets_of_environment = "/env";
  EXPECT_EQ(world.load().settings.assets, "/env");
  world.words.sets = {"assets=here"};
  EXPECT_EQ(world.load().settings.assets, world.places.folder + "/here");
}

TEST(Config, AProjectsWorkspaceStaysInside) {
  World world;
  fs::create_directories(world.places.folder + "/papers");
  world.project("workspace: papers\n");
  EXPECT_EQ(world.load().settings.workspace, fs::canonical(world.places.folder + "/papers"));
  world.project("workspace: .\n");
  EXPECT_EQ(world.load().settings.workspace, fs::canonical(world.places.folder));
  for (const char* out : {"..", "/", "/etc", "~", "papers/../..", "~/x"}) {
    world.project("workspace: '" + std::string{out} + "'\n");
    EXPECT_TRUE(has(world.finding(), ":1:12: NE0803 workspace leads out")) << out;
  }
  fs::create_directory_symlink("/", world.places.folder + "/link");
  world.project("workspace: link\n");
  EXPECT_TRUE(has(world.finding(), "NE0803 workspace leads out"));
  world.project("");
  world.user("workspace: /srv/papers\n");
  EXPECT_EQ(world.load().settings.workspace, "/srv/papers");
}

TEST(Config, AProjectMakesThingsStricterNeverLooser) {
  World world;
  world.project("mode: auto\n");
  EXPECT_TRUE(has(world.finding(), "warning: mode stays copilot (built-in)"));
  EXPECT_EQ(world.load().settings.mode, "copilot");
  world.user("mode: auto\nlimits: {usd: 1, tokens: 10}\n");
  EXPECT_EQ(world.load().settings.mode, "auto");
  world.project("limits: {usd: 1.01, tokens: 10, tool_calls: 1000000}\n");
  EXPECT_TRUE(has(world.finding(), "./naestro.yaml:1:15: warning: limits.usd stays 1") ||
              has(world.finding(), "./naestro.yaml:1:10: warning: limits.usd stays 1"))
      << world.finding();
  const auto settings = world.load().settings;
  EXPECT_EQ(settings.limits.usd, 1'000'000'000);
  EXPECT_EQ(settings.limits.tool_calls, 1'000'000);
}

TEST(Config, HostsAreAListOrOneLine) {
  World world;
  EXPECT_EQ(world.load().settings.hosts, "none");
  for (const char* text : {"net: {hosts: [docs.example, 'http://127.0.0.1:8080']}",
                           "net:\n  hosts:\n    - http://127.0.0.1:8080\n    - DOCS.example:443\n",
                           "net:\n  hosts: docs.example http://127.1:8080\n"}) {
    world.user(text);
    EXPECT_TRUE(world.load().findings.empty()) << text << world.finding();
    EXPECT_EQ(world.load().settings.hosts, "http://127.0.0.1:8080 https://docs.example") << text;
  }
  EXPECT_EQ(origin(world.load(), "net.hosts"), world.places.user_file + ":2");
  world.words.sets = {"net.hosts=other.example"};
  EXPECT_EQ(world.load().settings.hosts, "https://other.example");
  world.words.sets = {"net.hosts=none"};
  EXPECT_EQ(world.load().settings.hosts, "none");
  world.words.sets = {};
  world.user("net: {hosts: []}");
  EXPECT_EQ(world.load().settings.hosts, "none");
  EXPECT_TRUE(world.load().findings.empty());
  world.user("net:\n");  // all of it commented out
  EXPECT_TRUE(world.load().findings.empty());
}

TEST(Config, WrongHostsAreNamedWithTheirPlace) {
  const std::pair<const char*, const char*> kCases[] = {
      {"net: {hosts: [docs.example/path]}", "net.hosts: 'docs.example/path' is more than a host"},
      {"net: {hosts: ['*.example']}",
       "net.hosts: the URL 'https://*.example' is refused: Bad hostname"},
      {"net: {hosts: ['https://me@docs.example']}", "a user or a password stands in it"},
      {"net: {hosts: [file:///etc]}", "is refused: "},
      {"net: {hosts: [[docs.example]]}", ":1:15: NE0802 net.hosts is a list of hosts such as "},
      {"net: {hosts: [docs.example, {a: b}]}", "found a map in it"},
      {"net: {hosts: {a: b}}", "found a map"},
      {"net: {hosts: }", "net.hosts has no value"},
      {"net: {host: a.example}", "there is no key 'net.host'; did you mean 'hosts'?"},
      {"net: [docs.example]", "'net' should hold keys and values, found a list"},
      {"nets: {}", "there is no key 'nets'; did you mean 'net'?"},
      {"mode: [guide]", "found a list"},
  };
  for (const auto& [text, expected] : kCases) {
    World world;
    world.user(text);
    EXPECT_TRUE(has(world.finding(), expected)) << text << "\n" << world.finding();
    EXPECT_EQ(world.load().settings.hosts, "none");
  }
}

TEST(Config, AProjectOnlyNarrowsTheHosts) {
  World world;
  world.project("net: {hosts: [docs.example]}\n");
  EXPECT_TRUE(has(world.finding(), "warning: net.hosts leaves out https://docs.example: "))
      << world.finding();
  EXPECT_EQ(world.load().settings.hosts, "none");
  world.user("net: {hosts: [docs.example, b.example, c.example]}\n");
  EXPECT_TRUE(world.load().findings.empty());
  EXPECT_EQ(world.load().settings.hosts, "https://docs.example");
  EXPECT_EQ(origin(world.load(), "net.hosts"), "./naestro.yaml:1");
  world.project("net: {hosts: [c.example, 'http://c.example', evil.example, 'b.example:8443']}\n");
  EXPECT_TRUE(has(world.finding(), "leaves out http://c.example https://b.example:8443 https://"))
      << world.finding();
  EXPECT_TRUE(has(world.finding(), "add it to net.hosts in " + world.places.user_file));
  EXPECT_EQ(world.load().settings.hosts, "https://c.example");
  world.project("net: {hosts: none}\n");
  EXPECT_EQ(world.load().settings.hosts, "none");
  world.project("profiles:\n  p:\n    net: {hosts: [evil.example, b.example]}\n");
  world.words.profile = "p";
  EXPECT_EQ(world.load().settings.hosts, "https://b.example");
  world.words.strict = true;
  EXPECT_FALSE(world.load().good());
}

TEST(Config, ProfilesChangeWhatTheyName) {
  World world;
  world.user("mode: copilot\nprofiles:\n  fast:\n    model: smollm2-135m-instruct\n");
  world.project("limits: {tokens: 9}\nprofiles:\n  fast:\n    limits: {tokens: 5}\n");
  EXPECT_EQ(world.load().settings.limits.tokens, 9);
  world.words.profile = "fast";
  const auto configured = world.load();
  ASSERT_TRUE(configured.findings.empty());
  EXPECT_EQ(configured.settings.model, kSmall);
  EXPECT_EQ(configured.settings.limits.tokens, 5);
  EXPECT_EQ(origin(configured, "limits.tokens"), "./naestro.yaml:4 (profile fast)");
  world.words.profile = "fats";
  EXPECT_TRUE(has(world.finding(), "--profile: NE0802 no profile is called 'fats'"));
  world.words.profile = "fast";
  world.project("profiles:\n  fast:\n    profiles: {}\n");
  EXPECT_TRUE(has(world.finding(), ":3:5: warning: there is no key 'profiles'"));
}

TEST(Config, WordsOfTheCommandLineAreChecked) {
  World world;
  for (const char* word : {"mode", "modle=guide", "=guide", "profiles.a.mode=guide", "limits=5",
                           "limits.tokens=x", "mode=", "mode=\xff"}) {
    world.words.sets = {word};
    EXPECT_FALSE(world.load().good()) << word;
    EXPECT_TRUE(world.finding().starts_with("-c: NE0")) << world.finding();
  }
  world.words.sets = {"mode=auto", "mode=guide"};  // the last one holds
  EXPECT_EQ(world.load().settings.mode, "guide");
}

TEST(Config, TheUsersFileInTheCurrentFolderIsTheUsers) {
  World world;
  world.user("assets: /mine\n");
  world.places.folder = fs::path{world.places.user_file}.parent_path().string();
  EXPECT_TRUE(world.load().good());
  EXPECT_EQ(world.load().settings.assets, "/mine");
}

TEST(Config, TheStarterIsUnderstoodAlsoUncommented) {
  World world;
  const std::string starter = starter_config(world.models);
  world.project(starter);
  EXPECT_TRUE(world.load().findings.empty()) << world.finding();
  std::string all;
  for (std::string line : split(starter, '\n')) {
    const std::size_t hash = line.find_first_not_of(' ');
    const bool setting = hash != std::string::npos && line[hash] == '#' && hash + 1 < line.size() &&
                         line[hash + 1] != ' ';
    if (setting) line.erase(hash, 1);
    all += line + "\n";
  }
  world.project(all);
  world.words.profile = "careful";
  const auto configured = world.load();
  EXPECT_TRUE(configured.findings.empty()) << all << world.finding();
  EXPECT_EQ(configured.settings.mode, "guide");
  EXPECT_EQ(configured.settings.limits.usd, 500'000'000);
  EXPECT_EQ(configured.settings.limits.tokens, 20'000);
  EXPECT_EQ(origin(configured, "model"), "./naestro.yaml:23") << all;
  EXPECT_EQ(configured.settings.model, "");  // it is the catalog's first: nothing to record
  EXPECT_EQ(world.models.fallback().name, kDefault);
}

RC_GTEST_PROP(ConfigProperty, AnyBytesAreSettingsOrFindings, (const std::vector<int>& picks)) {
  static const std::vector<std::string> kPieces = {
      "mode",     ": ",  "\n",    "  ",        "limits", "- ",   "[",           "]", "{",
      "}",        "'",   "\"",    "&a",        "*a",     "!!x",  "|",           ">", "#",
      "%YAML",    "---", "...",   "? ",        "\t",     "\xff", "tokens",      "5", ",",
      "profiles", "net", "hosts", "a.example", "~",      "\\",   "\xef\xbb\xbf"};
  std::string text;
  for (const int pick : picks) {
    text += kPieces[static_cast<std::size_t>(static_cast<unsigned>(pick)) % kPieces.size()];
  }
  World world;
  world.project(text);
  for (const auto& finding : world.load().findings) RC_ASSERT(!finding.message.empty());
}

}  // namespace
}  // namespace naestro::app
