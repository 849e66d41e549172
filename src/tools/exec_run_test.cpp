#include <filesystem>

#include "sandbox/kernel.hpp"
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

}  // namespace
}  // namespace naestro::tools
