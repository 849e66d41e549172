#include <filesystem>

#include "sandbox/kernel.hpp"
#include "testing/stub_server.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

struct ExecTest : ToolTest {
  void SetUp() override {
    const std::string why = sandbox::missing(sandbox::look());
    if (why.empty()) return;
    const auto refused = run("exec.run", R"({"argv":["true"]})");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kCannotConfine);
    const char* required = std::getenv("NAESTRO_REQUIRE");
    ASSERT_FALSE(required != nullptr && std::string_view{required}.contains("landlock")) << why;
    GTEST_SKIP() << "programs cannot be confined here: " << why;
  }
};

TEST_F(ExecTest, GivesStreamsAndCode) {
  EXPECT_EQ(text("exec.run", R"({"argv":["sh","-c","cat; echo no >&2; exit 7"],"stdin":"yes"})"),
            R"({"exit_code":7,"signal":0,"stdout":"yes","stderr":"no\n","truncated":false})");
  EXPECT_EQ(text("exec.run", R"({"argv":["sh","-c","kill -9 $$"]})"),
            R"({"exit_code":-1,"signal":9,"stdout":"","stderr":"","truncated":false})");
}

TEST_F(ExecTest, NoShellReadsTheWords) {
  EXPECT_NE(text("exec.run", R"({"argv":["echo","$HOME;","`id`","*"]})").find("$HOME; `id` *\\n"),
            std::string::npos);
}

TEST_F(ExecTest, WritesOnlyWhereItIsGiven) {
  file("a.txt", "a");
  std::filesystem::create_directory(dir.path() / "out");
  EXPECT_NE(text("exec.run", R"({"argv":["touch","out/b"]})").find("\"exit_code\":1"),
            std::string::npos);
  EXPECT_NE(text("exec.run", R"({"argv":["cp","../a.txt","b"],"cwd":"out","writable":["out"]})")
                .find("\"exit_code\":0"),
            std::string::npos);
  EXPECT_EQ(testing::read_file(dir.path() / "out/b"), "a");
}

TEST_F(ExecTest, FoldersOutsideAreRefused) {
  const testing::TempDir other;
  std::filesystem::create_directory_symlink(other.path(), dir.path() / "link");
  for (const char* path : {"..", "/etc", "link", "link/../.."}) {
    const std::string quoted = "\"" + std::string{path} + "\"";
    for (const std::string& arguments : {R"({"argv":["true"],"cwd":)" + quoted + "}",
                                         R"({"argv":["true"],"writable":[)" + quoted + "]}"}) {
      const auto got = run("exec.run", arguments);
      ASSERT_FALSE(got) << arguments;
      EXPECT_EQ(got.error().code, Code::kOutsideWorkspace) << arguments;
    }
  }
  EXPECT_EQ(run("exec.run", R"({"argv":["true"],"cwd":"none"})").error().code, Code::kNotFound);
}

TEST_F(ExecTest, OutputOfAnyBytesFitsItsCap) {
  const auto got = run("exec.run", R"({"argv":["sh","-c","head -c 99999 /dev/zero; )"
                                   R"(head -c 99999 /dev/zero | tr '\\0' '\\377' >&2"]})");
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_LE(json::write(*got).size(), 1'048'576U);
  EXPECT_EQ(*json::bool_at(got->as_object(), "truncated"), true);
  EXPECT_TRUE(json::text_at(got->as_object(), "stderr")->starts_with("\xef\xbf\xbd"));
  EXPECT_TRUE(json::text_at(got->as_object(), "stdout")->ends_with("[cut: more was printed]\n"));
  EXPECT_EQ(text("exec.run", R"({"argv":["printf","a\\303\\251\\377b\\303"]})"),
            "{\"exit_code\":0,\"signal\":0,\"stdout\":\"aé\xef\xbf\xbd"
            "b\xef\xbf\xbd\","
            "\"stderr\":\"\",\"truncated\":false}");
}

TEST_F(ExecTest, WhatIsNoProgramIsRefused) {
  EXPECT_EQ(run("exec.run", R"({"argv":[]})").error().code, Code::kToolFailed);
  EXPECT_EQ(run("exec.run", R"({"argv":[""]})").error().code, Code::kToolFailed);
  EXPECT_EQ(run("exec.run", R"({"argv":["a\u0000b"]})").error().code, Code::kToolFailed);
  EXPECT_EQ(run("exec.run", R"({"argv":["no-such-program"]})").error().code, Code::kNotFound);
}

struct ExecHostsTest : ExecTest {
  testing::StubServer server{[](const std::string&, testing::StubConnection& connection) {
    connection.send(testing::StubServer::answer(200, "page"));
  }};
  net::HostList hosts = *net::HostList::parse(server.url() + " https://a.example");

  Result<json::Value> fetch(const json::Array& named, const std::string& url) {
    return call(
        "exec.run", 2,
        {{"argv", json::Array{"/usr/bin/python3", "-I", "-c",
                              "import sys, urllib.request\n"
                              "print(urllib.request.urlopen(sys.argv[1]).read().decode())\n",
                              url}},
         {"hosts", named}},
        {ws, {}, nullptr, &hosts});
  }
  static std::string at(const Result<json::Value>& got, const char* member) {
    return got ? json::write(got->as_object().at(member)) : got.error().text();
  }
};

TEST_F(ExecHostsTest, WhatIsNamedIsReachedAndCounted) {
  const auto got = fetch({server.url()}, server.url() + "/x");
  EXPECT_EQ(at(got, "stdout"), R"("page\n")") << at(got, "stderr");
  const json::Object& reached = got->as_object().at("reached").as_array().at(0).as_object();
  EXPECT_EQ(json::text_at(reached, "origin"), server.url());
  EXPECT_EQ(json::integer_at(reached, "connections"), 1);
  EXPECT_EQ(static_cast<std::size_t>(*json::integer_at(reached, "sent_bytes")),
            server.requests().at(0).size());
  EXPECT_EQ(static_cast<std::size_t>(*json::integer_at(reached, "received_bytes")),
            testing::StubServer::answer(200, "page").size());
  EXPECT_EQ(at(got, "refused"), "[]");
  EXPECT_EQ(at(got, "refused_count"), "0");
}

TEST_F(ExecHostsTest, WhatIsNotNamedIsRefusedAndSaid) {
  const auto got = fetch({"a.example"}, server.url());
  EXPECT_EQ(at(got, "exit_code"), "1");
  EXPECT_EQ(at(got, "reached"), "[]");
  EXPECT_EQ(at(got, "refused_count"), "1");
  EXPECT_TRUE(at(got, "refused").contains("is not among the hosts that may be reached"))
      << at(got, "refused");
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(ExecHostsTest, WithoutHostsThereIsNoNetwork) {
  const auto got = fetch({}, server.url());
  EXPECT_EQ(at(got, "exit_code"), "1");
  EXPECT_EQ(at(got, "reached"), "[]");
  EXPECT_EQ(at(got, "refused"), "[]");
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(ExecHostsTest, OnlyHostsOfTheUsersListAreNamed) {
  for (const json::Array& named :
       {json::Array{"b.example"}, json::Array{"a.example", "b.example"},
        json::Array{"http://a.example"}, json::Array{"a.example:8443"}}) {
    const auto got = fetch(named, server.url());
    ASSERT_FALSE(got) << json::write(named);
    EXPECT_EQ(got.error().code, Code::kHostDenied);
    EXPECT_TRUE(got.error().remedy.contains("to net.hosts")) << got.error().text();
  }
  const auto nobody =
      call("exec.run", 2, {{"argv", json::Array{"true"}}, {"hosts", json::Array{"a.example"}}},
           {ws, {}, nullptr, nullptr});
  EXPECT_EQ(nobody.error().code, Code::kHostDenied);
}

TEST_F(ExecHostsTest, WhatIsNoListOfHostsIsAnError) {
  json::Array many;
  for (int i = 0; i < 17; ++i) many.emplace_back("a" + std::to_string(i) + ".example");
  for (const json::Array& named :
       {json::Array{"a b"}, json::Array{"https://a.example/x"}, json::Array{1}, many}) {
    EXPECT_EQ(fetch(named, server.url()).error().code, Code::kToolFailed) << json::write(named);
  }
}

}  // namespace
}  // namespace naestro::tools
