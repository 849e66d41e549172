#include "base/crypto.hpp"
#include "tools/adapter.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

struct RestoreTest : ToolTest {
  static std::string sha(std::string_view text) { return hex(crypto::sha256(text)); }
  std::string restore(std::string_view path, std::string_view written, const json::Value& content,
                      std::string_view encoding = "utf-8") const {
    return text("files.restore",
                json::write(json::Object{
                    {"path", path},
                    {"sha256", json::Array{json::Value("0"), json::Value(sha(written))}},
                    {"content", content},
                    {"encoding", encoding}}));
  }
  [[nodiscard]] bool there(std::string_view path) const {
    return std::filesystem::exists(dir.path() / path);
  }
  [[nodiscard]] std::string content(std::string_view path) const {
    return testing::read_file(dir.path() / path);
  }
};

TEST_F(RestoreTest, BringsTheFormerContentBack) {
  file("a.md", "new");
  EXPECT_EQ(restore("a.md", "new", "old"),
            R"({"path":"a.md","removed":false,"sha256":")" + sha("old") + "\"}");
  EXPECT_EQ(content("a.md"), "old");
  // Once more, as after a crash: nothing more happens.
  EXPECT_TRUE(restore("a.md", "new", "old").starts_with(R"({"path")"));
  EXPECT_EQ(content("a.md"), "old");
}

TEST_F(RestoreTest, RemovesWhatWasNotThere) {
  file("a.md", "new");
  EXPECT_EQ(restore("a.md", "new", nullptr), R"({"path":"a.md","removed":true,"sha256":""})");
  EXPECT_FALSE(there("a.md"));
  EXPECT_EQ(restore("a.md", "new", nullptr), R"({"path":"a.md","removed":true,"sha256":""})");
  EXPECT_EQ(restore("no/a.md", "new", nullptr), R"({"path":"no/a.md","removed":true,"sha256":""})");
}

TEST_F(RestoreTest, KeepsBytesThatAreNoText) {
  file("a.bin", "new");
  const std::string old{"\xff\x00\x01", 3};
  EXPECT_TRUE(restore("a.bin", "new", json::Value(base64(as_bytes(old))), "base64")
                  .starts_with(R"({"path")"));
  EXPECT_EQ(content("a.bin"), old);
  EXPECT_NE(restore("a.bin", "new", "?", "base64").find("no base64"), std::string::npos);
}

TEST_F(RestoreTest, AFileThatChangedSinceIsKept) {
  file("a.md", "by hand");
  EXPECT_NE(restore("a.md", "new", "old").find("'a.md' was changed since the run wrote it"),
            std::string::npos);
  EXPECT_EQ(content("a.md"), "by hand");
  EXPECT_NE(restore("gone.md", "new", "old").find("'gone.md' is gone since"), std::string::npos);
  EXPECT_NE(restore("../x", "new", "old").find("workspace"), std::string::npos);
}

TEST_F(RestoreTest, WhatStandsInTheWayIsNamedAndKept) {
  std::filesystem::create_directories(dir.path() / "folder/inner");
  file("plain", "x");
  EXPECT_NE(restore("folder", "new", "old").find("it is a folder"), std::string::npos);
  EXPECT_NE(restore("plain/a.md", "new", "old").find("NE0"), std::string::npos);
  EXPECT_FALSE(ws.remove("folder/inner"));
  EXPECT_FALSE(ws.remove("plain/a.md"));
  EXPECT_FALSE(ws.remove("../x"));
  EXPECT_TRUE(ws.remove("folder/nothing"));
  file("folder/a.md", "x");
  EXPECT_TRUE(ws.remove("folder/a.md"));
  EXPECT_FALSE(there("folder/a.md"));
  EXPECT_TRUE(there("folder/inner"));
}

TEST_F(RestoreTest, ArgumentsOfOtherTypesAreErrors) {
  for (const char* arguments :
       {R"({"path":3,"sha256":[""],"content":null})", R"({"path":"a","sha256":[3],"content":null})",
        R"({"path":"a","sha256":"x","content":null})"}) {
    EXPECT_NE(text("files.restore", arguments).find("NE0502"), std::string::npos) << arguments;
  }
}

TEST_F(RestoreTest, WhatUndoingNeedsIsReadBeforeTheWrite) {
  ToolAdapter adapter{Workspace::open(dir.str()).value(), {}, call};
  door::Effect effect;
  effect.target = "report.markdown@1";
  effect.declared = {{contract::EffectKind::write, "path", true}};
  const auto prepared = [&](std::string_view path) {
    effect.arguments = {{"path", path}};
    const auto former = adapter.prepare(door::Intent::durable(effect, {}));
    return former ? json::write(*former) : former.error().text();
  };
  file("a.md", "text");
  file("b.md", "\xff");
  EXPECT_EQ(prepared("a.md"), R"({"path":"a.md","content":"text","encoding":"utf-8"})");
  EXPECT_EQ(prepared("b.md"), R"({"path":"b.md","content":"/w==","encoding":"base64"})");
  EXPECT_EQ(prepared("c.md"), R"({"path":"c.md","content":null,"encoding":"utf-8"})");
  EXPECT_NE(prepared("../c.md").find("workspace"), std::string::npos);
  std::filesystem::create_directories(dir.path() / "folder");
  EXPECT_NE(prepared("folder").find("it is a folder"), std::string::npos);
  effect.arguments = {};
  EXPECT_FALSE(adapter.prepare(door::Intent::durable(effect, {})));
}

}  // namespace
}  // namespace naestro::tools
