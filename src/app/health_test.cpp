#include <cstdio>
#include <filesystem>

#include "app/doctor.hpp"
#include "app/machine.hpp"
#include "app/sources.hpp"
#include "cli/commands.hpp"
#include "cli/session.hpp"
#include "sandbox/confine.hpp"
#include "schema/validate.hpp"
#include "testing/stub_server.hpp"
#include "testing/testing.hpp"

namespace naestro::app {
namespace {

namespace fs = std::filesystem;
using testing::StubConnection;
using testing::StubServer;
using testing::TempDir;

struct World {
  TempDir folder;
  SystemClock clock;
  SystemRandom random;
  contract::ToolCatalog tools = *contract::ToolCatalog::from(contract::embedded_tools());
  contract::ModelCatalog models = *contract::ModelCatalog::from(contract::embedded_models());
  policy::Policy policy = *policy::Policy::parse(policy::embedded_policies().front().name,
                                                 policy::embedded_policies().front().text);
  std::FILE* out = std::tmpfile();
  cli::House house{.clock = clock,
                   .random = random,
                   .folders = {folder.str() + "/state", folder.str() + "/data"},
                   .tools = tools,
                   .models = models,
                   .policy = policy,
                   .version = "1.2.3",
                   .user = "ada",
                   .host = "here",
                   .cwd = folder.str(),
                   .open_tools = {},
                   .open_models = {},
                   .on_interrupt = {},
                   .in = nullptr,
                   .out = out,
                   .err = out};

  World() {
    house.settings.assets = folder.str() + "/assets";
    house.examine = examine;
  }
  ~World() { std::fclose(out); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void open() {
    const auto session = cli::open_session(house);
    ASSERT_TRUE(session) << session.error().text();
  }
  cli::Check check(std::string_view id) {
    for (auto& each : examine(house, false)) {
      if (each.id == id) return each;
    }
    return {};
  }
  // What was printed since the last call.
  std::string printed() {
    std::string text(static_cast<std::size_t>(std::ftell(out)), '\0');
    std::rewind(out);
    const std::size_t got = std::fread(text.data(), 1, text.size(), out);
    text.resize(got);
    std::rewind(out);
    return text;
  }
};

using Status = cli::Check::Status;

TEST(Doctor, OnAFreshHomeNothingIsMadeAndNothingOfTheStoreFails) {
  World world;
  for (const char* id : {"key.signing", "store.open", "store.tail", "store.keys"}) {
    EXPECT_EQ(world.check(id).status, Status::warn) << id;
    EXPECT_FALSE(world.check(id).remedy.empty()) << id;
  }
  EXPECT_EQ(world.check("state.folder").status, Status::ok);
  EXPECT_FALSE(fs::exists(world.house.folders.state));
  EXPECT_FALSE(fs::exists(world.house.folders.data));
}

TEST(Doctor, ItsJsonFitsItsSchema) {
  World world;
  const auto text = testing::read_file(fs::path{NAESTRO_SOURCE_DIR} / "schemas/doctor.schema.json");
  const auto schema = schema::Schema::compile(*json::parse(text));
  ASSERT_TRUE(schema) << schema.error().text();
  world.house.config_findings = {{.error = true, .file = "f", .message = "m", .remedy = "r"}};
  for (const bool live : {false, true}) {
    EXPECT_EQ(cli::doctor(world.house, live, true), 1);  // no engine is there
    const std::string printed = world.printed();
    const auto value = json::parse(printed);
    ASSERT_TRUE(value) << printed;
    EXPECT_TRUE(schema->validate(*value).empty()) << printed;
    EXPECT_EQ(json::array_at(value->get_object(), "checks")->size(), live ? 18U : 17U);
    EXPECT_EQ(json::bool_at(value->get_object(), "good"), false);
  }
}

TEST(Doctor, NamesWhatIsWrongWithKeysAndStore) {
  World world;
  world.open();
  for (const char* id : {"key.signing", "store.open", "store.tail", "store.keys"}) {
    EXPECT_EQ(world.check(id).status, Status::ok) << id << world.check(id).meaning;
  }
  const fs::path key = world.house.folders.data + "/signing.key";
  fs::permissions(key, fs::perms{0644});
  EXPECT_EQ(world.check("key.signing").status, Status::fail);
  EXPECT_TRUE(world.check("key.signing").meaning.contains("mode 0644"));
  fs::permissions(key, fs::perms{0600});

  const std::string kept = testing::read_file(key);
  testing::write_file(key, "nonsense\n");
  EXPECT_EQ(world.check("key.signing").status, Status::fail);
  EXPECT_EQ(world.check("store.tail").status, Status::fail);
  fs::remove(key);
  EXPECT_TRUE(world.check("key.signing").meaning.contains("is gone"));
  EXPECT_EQ(world.check("store.tail").status, Status::fail);
  EXPECT_FALSE(fs::exists(key));  // looking makes none
  testing::write_file(key, kept);

  fs::remove(world.house.folders.state + "/keys.db");
  EXPECT_EQ(world.check("store.keys").status, Status::fail);
  testing::write_file(world.house.folders.state + "/keys.db",
                      "no database, but long enough for one");
  EXPECT_EQ(world.check("store.keys").status, Status::fail);
  for (const char* text : {"", "this is no database at all, but some other file of somebody's"}) {
    fs::remove(world.house.folders.state + "/store.db-wal");
    testing::write_file(world.house.folders.state + "/store.db", text);
    EXPECT_EQ(world.check("store.open").status, Status::fail);
    EXPECT_EQ(world.check("store.tail").status, Status::fail);
    EXPECT_EQ(testing::read_file(world.house.folders.state + "/store.db"), text);
  }
}

TEST(Doctor, NamesAStoreThatIsGone) {
  World world;
  EXPECT_EQ(world.check("store.heads").status, Status::ok);
  world.open();
  EXPECT_EQ(world.check("store.heads").status, Status::ok);
  const std::string heads = world.house.folders.data + "/heads/";
  testing::write_file(heads + "00112233aabbccdd", "x");
  testing::write_file(heads + "00112233aabbccde", "x");
  const cli::Check check = world.check("store.heads");
  EXPECT_EQ(check.status, Status::fail);
  EXPECT_TRUE(check.meaning.contains("store 00112233aabbccdd that does not verify, written 2"));
  EXPECT_TRUE(check.meaning.contains(" | a head of store 00112233aabbccde")) << check.meaning;
  EXPECT_TRUE(check.remedy.contains("remove " + heads + "00112233aabbccdd | ")) << check.remedy;
  testing::write_file(world.house.folders.state + "/store.db", "");
  EXPECT_TRUE(world.check("store.heads").meaning.contains("not checked"));
  fs::remove_all(world.house.folders.state);
  EXPECT_TRUE(world.check("store.heads").meaning.contains("that store is gone"));
}

TEST(Doctor, LooksAtEngineAndModel) {
  World world;
  EXPECT_EQ(world.check("engine.binary").status, Status::fail);
  EXPECT_EQ(world.check("engine.model").status, Status::fail);
  EXPECT_TRUE(world.check("engine.model").remedy.contains("fetch_assets.sh"));
  const fs::path assets = world.house.settings.assets;
  fs::create_directories(assets / "llama");
  fs::create_directories(assets / "models");
  testing::write_file(assets / "llama/llama-server", "#!/bin/sh\necho version: 7 1>&2\n");
  fs::permissions(assets / "llama/llama-server", fs::perms{0755});
  EXPECT_TRUE(world.check("engine.binary").meaning.contains("version: 7"));
  testing::write_file(assets / "llama/llama-server", "#!/bin/sh\nexit 3\n");
  EXPECT_TRUE(world.check("engine.binary").meaning.contains("exited with code 3"));
  testing::write_file(assets / "models" / world.models.fallback().file, "x");
  EXPECT_TRUE(world.check("engine.model").meaning.contains("not hashed yet"));
}

TEST(Doctor, TheSandboxIsNamedInTheWordsOfTheRefusal) {
  const auto good = sandbox_check({7, true, true, true});
  EXPECT_EQ(good.status, Status::ok);
  EXPECT_TRUE(good.meaning.contains("Landlock: ABI 7")) << good.meaning;
  EXPECT_EQ(good.remedy, "");
  for (const sandbox::Kernel& kernel :
       {sandbox::Kernel{0, true, true, true}, sandbox::Kernel{7, false, true, true},
        sandbox::Kernel{7, true, false, true}, sandbox::Kernel{7, true, true, false}}) {
    const auto check = sandbox_check(kernel);
    EXPECT_EQ(check.status, Status::warn);
    EXPECT_TRUE(check.meaning.contains(sandbox::missing(kernel))) << check.meaning;
    const auto refused = sandbox::run(kernel, {.argv = {"true"}}, {});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message.ends_with(sandbox::missing(kernel)));
    EXPECT_EQ(refused.error().remedy, check.remedy + "; see the check sandbox of naestro doctor");
  }
  World world;
  EXPECT_EQ(world.check("sandbox").meaning, sandbox_check(sandbox::look()).meaning);
}

TEST(Doctor, ConfigurationFindingsAreShown) {
  World world;
  world.house.config_findings = {
      {.file = "a.yaml", .line = 2, .column = 3, .message = "odd", .remedy = ""}};
  EXPECT_EQ(world.check("config").status, Status::warn);
  EXPECT_EQ(world.check("config").meaning, "a.yaml:2:3: warning: odd");
  world.house.config_findings.front().error = true;
  EXPECT_EQ(world.check("config").status, Status::fail);
}

TEST(Machine, ItsCallsAnswer) {
  EXPECT_TRUE(has_openat2());
  (void)has_user_namespaces();
  EXPECT_GE(landlock_abi(), 0);
  EXPECT_NE(kernel_release(), "unknown");
  EXPECT_FALSE(folder_state("/proc/nothing/here").exists);
  EXPECT_FALSE(output_of("/no/such/program", "--version", 1000));
  const auto hung = output_of("/usr/bin/sleep", "60", 50);
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, Code::kTimeout);
}

cli::Source ask(const std::string& answer) {
  StubServer server{
      [&](const std::string&, StubConnection& connection) { (void)connection.send(answer); }};
  return ask_server({"stub", server.url() + "/v1/models"});
}

TEST(Sources, AServerIsFoundByWhatItLists) {
  auto source = ask(StubServer::answer(200, R"({"models":[{"name":"a:1b"},{"name":"b"}]})"));
  EXPECT_TRUE(source.found);
  EXPECT_FALSE(source.used);
  EXPECT_TRUE(source.detail.contains("2 models: a:1b, b")) << source.detail;
  source =
      ask(StubServer::answer(200, R"({"data":[{"id":"x"},{"id":"y"},{"id":"z"},{"id":"u"}]})"));
  EXPECT_TRUE(source.detail.contains("4 models: x, y, z, ...")) << source.detail;
  source = ask(StubServer::answer(200, R"({"data":[]})"));
  EXPECT_TRUE(source.found);
  EXPECT_TRUE(source.detail.contains("no models"));
}

TEST(Sources, ForeignAnswersDoNoHarm) {
  for (const std::string& body :
       std::vector<std::string>{"", "<html>", "[]", R"({"data": 5})", "\xff",
                                std::string(2'000'000, ' '), std::string(5000, '[')}) {
    EXPECT_FALSE(ask(StubServer::answer(200, body)).found) << body.substr(0, 20);
  }
  EXPECT_FALSE(ask(StubServer::answer(500, R"({"data":[]})")).found);
  const auto source =
      ask(StubServer::answer(200, R"({"data":[{"id":"a\u001b[31m\u009bb"},{"id":7},3]})"));
  EXPECT_TRUE(source.found);
  EXPECT_EQ(source.detail.find('\x1b'), std::string::npos);
  EXPECT_EQ(source.detail.find("\xc2\x9b"), std::string::npos);
}

TEST(Sources, ASilentServerCostsLittleTime) {
  SystemClock clock;
  StubServer server{
      [](const std::string&, StubConnection& connection) { (void)connection.gone_within(5000); }};
  const std::int64_t begin = clock.mono_us();
  EXPECT_FALSE(ask_server({"stub", server.url()}).found);
  EXPECT_LT(clock.mono_us() - begin, 2'000'000);
}

TEST(Sources, KeysAreNamedNeverShown) {
  World world;
  const auto sources = look_around(
      world.house, [](const char* name) { return std::string_view{name} == "OPENAI_API_KEY"; });
  ASSERT_EQ(sources.size(), 10U);
  EXPECT_FALSE(sources.front().found);
  for (const auto& source : sources) {
    if (source.name.ends_with("_API_KEY")) {
      EXPECT_EQ(source.found, source.name == "OPENAI_API_KEY");
    }
  }
}

TEST(TestCall, WithoutTheEngineItSaysHowToGetIt) {
  World world;
  world.house.settings.assets = world.folder.str() + "/it's here";
  const auto call = test_call(world.house);
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().code, Code::kEngineMissing);
  EXPECT_TRUE(call.error().remedy.ends_with("'" + world.folder.str() + "/it'\\''s here' default"))
      << call.error().remedy;
}

}  // namespace
}  // namespace naestro::app
