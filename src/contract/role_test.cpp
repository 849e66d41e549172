#include "contract/role.hpp"

#include "contract/tool.hpp"
#include "testing/testing.hpp"

namespace naestro::contract {
namespace {

constexpr std::string_view kRole = R"({
 "version":2,"purpose":"Finds what files say.","prompt":"  You read.\n",
 "tools":["files.read@1","files.search@1"],"scope":{"read":["./notes/","a.txt"]},
 "share":40,"turns":8,"tool_calls":20,"memory":["goal"],
 "model":{"task":"research","model":"tiny","max_input_tokens":900,"max_output_tokens":90}})";

std::expected<Role, std::vector<RoleFault>> read(std::string_view text,
                                                 std::string_view name = "researcher") {
  return read_role(name, json::parse(text).value());
}

// The text with the value at a pointer of one or two members replaced; "" removes it.
std::string with(std::vector<std::string> path, std::string_view text) {
  json::Value value = json::parse(kRole).value();
  json::Object* of = &value.get_object();
  if (path.size() == 2) of = &of->at(path[0]).get_object();
  if (text.empty()) {
    of->erase(path.back());
  } else {
    (*of)[path.back()] = json::parse(text).value();
  }
  return json::write(value);
}

// The pointers of what is wrong.
std::string faults(std::string_view text, std::string_view name = "researcher") {
  const auto role = read(text, name);
  std::string out;
  if (!role) {
    for (const RoleFault& fault : role.error()) out += "[" + fault.pointer + "]";
  }
  return out;
}

TEST(Role, ReadsEveryMember) {
  const auto role = read(kRole);
  ASSERT_TRUE(role);
  EXPECT_EQ(role->name, "researcher");
  EXPECT_EQ(role->version, 2);
  EXPECT_EQ(role->purpose, "Finds what files say.");
  EXPECT_EQ(role->prompt, "You read.");
  EXPECT_EQ(role->tools, (std::vector<std::string>{"files.read@1", "files.search@1"}));
  EXPECT_EQ(role->read, (std::vector<std::string>{"notes", "a.txt"}));
  EXPECT_EQ(role->share, 40);
  EXPECT_EQ(role->turns, 8);
  EXPECT_EQ(role->tool_calls, 20);
  EXPECT_EQ(role->memory, (std::vector<std::string>{"goal"}));
  EXPECT_EQ(role->task, "research");
  EXPECT_EQ(role->model, "tiny");
  EXPECT_EQ(role->max_input_tokens, 900);
  EXPECT_EQ(role->max_output_tokens, 90);
  EXPECT_EQ(role->definition, json::parse(kRole).value());
  const auto bare = read(with({"model"}, R"({"task":"t"})"));
  ASSERT_TRUE(bare);
  EXPECT_FALSE(bare->model || bare->max_input_tokens || bare->max_output_tokens);
  EXPECT_NE(bare->digest, role->digest);
}

// Where it came from is no part of what it is.
TEST(Role, KeepsItsDigestWhereverItCameFrom) {
  EXPECT_EQ(read(kRole)->origin, "");
  for (const char* origin : {"shipped", "user", "project"}) {
    const auto role = read(with({"origin"}, "\"" + std::string{origin} + "\""));
    ASSERT_TRUE(role);
    EXPECT_EQ(role->origin, origin);
    EXPECT_EQ(role->digest, read(kRole)->digest);
  }
  EXPECT_EQ(faults(with({"origin"}, R"("elsewhere")")), "[/origin]");
}

TEST(Role, SaysWhereADefinitionIsWrong) {
  EXPECT_EQ(faults(kRole), "");
  EXPECT_EQ(faults("7"), "[]");
  EXPECT_EQ(faults(kRole, "The Researcher"), "[]");
  EXPECT_EQ(faults(kRole, ""), "[]");
  EXPECT_EQ(faults(kRole, "7up"), "[]");
  EXPECT_EQ(faults(with({"purpose"}, "")), "[]");
  EXPECT_EQ(faults(with({"tolls"}, "[]")), "[/tolls]");
  EXPECT_EQ(faults(with({"share"}, "101")), "[/share]");
  EXPECT_EQ(faults(with({"turns"}, "0")), "[/turns]");
  EXPECT_EQ(faults(with({"tools"}, R"(["files.read"])")), "[/tools/0]");
  EXPECT_EQ(faults(with({"tools"}, R"(["a@1","a@1"])")), "[/tools]");
  EXPECT_EQ(faults(with({"memory"}, R"(["all"])")), "[/memory/0]");
  EXPECT_EQ(faults(with({"model", "task"}, R"("T")")), "[/model/task]");
  EXPECT_EQ(faults(with({"scope", "read"}, R"(["a","../b","c","/d"])")),
            "[/scope/read/1][/scope/read/3]");
}

TEST(Role, KnowsWhichToolsThereAre) {
  const auto tools = ToolCatalog::from(embedded_tools());
  ASSERT_TRUE(tools);
  EXPECT_TRUE(unknown_tools(*read(kRole), *tools).empty());
  const auto none =
      unknown_tools(*read(with({"tools"}, R"(["files.serch@1","files.read@9","zz@1"])")), *tools);
  ASSERT_EQ(none.size(), 3U);
  EXPECT_EQ(none[0].pointer, "/tools/0");
  EXPECT_EQ(none[0].message, "no tool is called 'files.serch@1'");
  EXPECT_EQ(none[0].remedy, "did you mean 'files.search@1'?");
  EXPECT_EQ(none[1].pointer, "/tools/1");
  EXPECT_EQ(none[2].remedy, "list them with 'naestro tools'");
}

}  // namespace
}  // namespace naestro::contract
