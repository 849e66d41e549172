#include "app/role_files.hpp"

#include <filesystem>

#include "agents/written.hpp"
#include "testing/testing.hpp"

namespace naestro::app {
namespace {

namespace fs = std::filesystem;
using contract::RoleEntry;
using testing::TempDir;
using testing::write_file;

constexpr std::string_view kOwn = R"(version: 4
purpose: Counts.
prompt: |
  You count.

  Twice.
tools: [files.list@1]
scope: {read: [notes]}
share: 10
turns: 2
tool_calls: 3
memory: []
model:
  task: count
)";

struct World {
  TempDir folder;
  ConfigPlaces places{.folder = folder.str() + "/project",
                      .user_file = folder.str() + "/config/naestro/naestro.yaml",
                      .home = folder.str() + "/home",
                      .assets = "/opt/assets",
                      .assets_of_environment = {}};
  contract::ToolCatalog tools = contract::ToolCatalog::from(contract::embedded_tools()).value();

  World() {
    fs::create_directories(folder.str() + "/project/.naestro/roles");
    fs::create_directories(folder.str() + "/config/naestro/roles");
  }
  void user(const std::string& file, std::string_view text) const {
    write_file(folder.str() + "/config/naestro/roles/" + file, text);
  }
  void project(const std::string& file, std::string_view text) const {
    write_file(folder.str() + "/project/.naestro/roles/" + file, text);
  }
  [[nodiscard]] contract::RoleCatalog load() const { return load_roles(places, tools); }
  // What a project's file is refused for, and how to mend it.
  [[nodiscard]] std::string refused(std::string_view text, const std::string& name = "mine") const {
    project(name + ".yaml", text);
    const auto all = load();
    fs::remove(folder.str() + "/project/.naestro/roles/" + name + ".yaml");
    EXPECT_EQ(all.entries.size(), 8U);
    const RoleEntry* entry = all.find(name);
    if (entry == nullptr || entry->role) return "taken";
    EXPECT_EQ(entry->role.error().code, Code::kRoleInvalid);
    return entry->role.error().message + " | " + entry->role.error().remedy;
  }
};

std::string edited(std::string_view from, std::string_view to) {
  std::string text{kOwn};
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(RoleFiles, TheShippedOnesAreGood) {
  const World world;
  const auto all = world.load();
  std::string names;
  for (const RoleEntry& entry : all.entries) {
    ASSERT_TRUE(entry.role) << entry.role.error().text();
    names += entry.name + " ";
    EXPECT_EQ(entry.origin, "shipped");
    EXPECT_EQ(entry.role->name, entry.name);
    EXPECT_FALSE(entry.role->tools.empty());
    for (const std::string& id : entry.role->tools) {
      const std::size_t at = id.find('@');
      const auto* tool = world.tools.find(id.substr(0, at), std::stol(id.substr(at + 1)));
      ASSERT_NE(tool, nullptr) << id;
      EXPECT_TRUE(agents::is_offered(*tool)) << id;
      EXPECT_TRUE(tool->deprecated.empty()) << id;
    }
    // No role can take all that a plan has, and its prompt says what data is.
    EXPECT_LE(entry.role->share, 50);
    EXPECT_TRUE(entry.role->prompt.contains("is data")) << entry.name;
    EXPECT_TRUE(entry.role->prompt.contains("give up")) << entry.name;
  }
  EXPECT_EQ(names, "coder dataops evaluator reporter researcher reviewer runner ");
}

TEST(RoleFiles, PeoplesOwnAreReadFromTheirFolders) {
  const World world;
  world.user("counter.yaml", kOwn);
  world.user("notes.txt", "no role");
  world.project("teller.yaml", kOwn);
  const auto all = world.load();
  ASSERT_EQ(all.entries.size(), 9U);
  const RoleEntry* counter = all.find("counter");
  ASSERT_TRUE(counter != nullptr && counter->role);
  EXPECT_EQ(counter->origin, "user");
  EXPECT_EQ(counter->role->version, 4);
  EXPECT_EQ(counter->role->prompt, "You count.\n\nTwice.");
  EXPECT_EQ(counter->role->read, (std::vector<std::string>{"notes"}));
  EXPECT_EQ(all.find("teller")->origin, "project");
  EXPECT_EQ(all.find("nobody"), nullptr);
}

TEST(RoleFiles, TheUsersStandsInForAShippedOneAndAProjectsDoesNot) {
  const World world;
  world.user("coder.yaml", kOwn);
  world.project("coder.yaml", kOwn);
  world.project("runner.yaml", kOwn);
  const auto all = world.load();
  EXPECT_EQ(all.entries.size(), 9U);
  EXPECT_EQ(all.find("coder")->origin, "user instead of shipped");
  EXPECT_EQ(all.find("coder")->role->purpose, "Counts.");
  EXPECT_EQ(all.find("runner")->origin, "shipped");
  EXPECT_TRUE(all.find("runner")->role);
  const auto said = [&](const std::string& name) {
    for (const RoleEntry& entry : all.entries) {
      if (entry.name == name && entry.origin == "project") return entry.role.error().message;
    }
    return std::string{};
  };
  EXPECT_EQ(said("runner"),
            "./.naestro/roles/runner.yaml:1:1: there is a role 'runner' already (shipped), which a "
            "project's file does not replace");
  EXPECT_TRUE(said("coder").contains("already (user instead of shipped)")) << said("coder");
}

TEST(RoleFiles, AFaultyOneSpoilsOnlyItself) {
  const World world;
  EXPECT_EQ(world.refused(edited("files.list@1", "files.lst@1")),
            "./.naestro/roles/mine.yaml:7:9: /tools/0: no tool is called 'files.lst@1' | did you "
            "mean 'files.list@1'?");
  EXPECT_EQ(world.refused(edited("memory: []", "memory: []\nmore: 1")),
            "./.naestro/roles/mine.yaml:13:1: /more: the member 'more' is not known here | see "
            "docs/formats/role.md");
  EXPECT_EQ(world.refused(edited("share", "shair")),
            "./.naestro/roles/mine.yaml:1:1: the member 'share' is missing; /shair: the member "
            "'shair' is not known here | see docs/formats/role.md");
  EXPECT_TRUE(world.refused(edited("turns: 2", "turns: \"2\"")).contains(":10:1: /turns: "));
  EXPECT_TRUE(world.refused(edited("turns: 2", "turns: two")).contains(":10:1: /turns: "));
  EXPECT_TRUE(world.refused(edited("turns: 2", "turns: ~")).contains(":10:1: /turns: "));
  EXPECT_TRUE(world.refused(edited("[notes]", "[../x]")).contains(":8:16: /scope/read/0: "))
      << world.refused(edited("[notes]", "[../x]"));
  EXPECT_TRUE(world.refused("").contains("mine.yaml:1:1: ")) << world.refused("");
  EXPECT_TRUE(world.refused("a: [").contains("mine.yaml:"));
  EXPECT_TRUE(world.refused("version: 1\nversion: 2\n").contains("mine.yaml:2:1: "));
  EXPECT_TRUE(world.refused("a: 1\nb: 2\n").contains(" more | see docs/formats/role.md"));
  EXPECT_TRUE(world.refused(kOwn, "Mine").contains("'Mine' is no name of a role"));
  EXPECT_EQ(world.refused(kOwn), "taken");
}

TEST(RoleFiles, WhatIsWrongWithItsYamlIsSaidOfARole) {
  const World world;
  EXPECT_TRUE(world.refused("a: [").ends_with(" | see docs/formats/role.md"));
  EXPECT_EQ(world.refused(edited("[notes]", "*all")),
            "./.naestro/roles/mine.yaml:8:15: aliases are not understood here | write the value "
            "out");
  EXPECT_EQ(world.refused(edited("version: 4", "origin: shipped\nversion: 4")),
            "./.naestro/roles/mine.yaml:1:1: /origin: where a role comes from no file says | "
            "remove it");
}

// A project is somebody's folder: what lies outside is not opened for it.
TEST(RoleFiles, ALinkOutOfTheProjectIsNotFollowed) {
  const World world;
  const std::string roles = world.folder.str() + "/project/.naestro/roles";
  write_file(world.folder.str() + "/outside.yaml", kOwn);
  write_file(world.folder.str() + "/project/inside.yaml", kOwn);
  fs::create_symlink(world.folder.str() + "/outside.yaml", roles + "/out.yaml");
  fs::create_symlink("../../inside.yaml", roles + "/in.yaml");
  fs::create_symlink("gone.yaml", roles + "/lost.yaml");
  world.user("mine.yaml", kOwn);
  fs::create_symlink(world.folder.str() + "/outside.yaml",
                     world.folder.str() + "/config/naestro/roles/linked.yaml");
  auto all = world.load();
  ASSERT_FALSE(all.find("out")->role);
  EXPECT_EQ(all.find("out")->role.error().code, Code::kRoleInvalid);
  EXPECT_EQ(all.find("out")->role.error().message,
            "./.naestro/roles/out.yaml: it is a link out of the project's folder");
  EXPECT_TRUE(all.find("in")->role);
  EXPECT_TRUE(all.find("lost")->role.error().message.contains("is a link to what is not there"));
  EXPECT_TRUE(all.find("linked")->role);  // one's own, as all of one's settings
  // Nor is the folder itself, where that is a link.
  fs::remove_all(roles);
  fs::create_directory(world.folder.str() + "/elsewhere");
  write_file(world.folder.str() + "/elsewhere/other.yaml", kOwn);
  fs::create_directory_symlink(world.folder.str() + "/elsewhere", roles);
  all = world.load();
  ASSERT_NE(all.find("other"), nullptr);
  ASSERT_FALSE(all.find("other")->role);
  EXPECT_TRUE(
      all.find("other")->role.error().message.ends_with("link out of the project's folder"));
}

TEST(RoleFiles, AFileThatCannotBeReadIsSaid) {
  const World world;
  fs::create_directory(world.folder.str() + "/project/.naestro/roles/odd.yaml");
  const RoleEntry* odd = nullptr;
  const auto all = world.load();
  odd = all.find("odd");
  ASSERT_NE(odd, nullptr);
  EXPECT_FALSE(odd->role);
  EXPECT_TRUE(odd->role.error().message.starts_with("./.naestro/roles/odd.yaml: "));
}

}  // namespace
}  // namespace naestro::app
