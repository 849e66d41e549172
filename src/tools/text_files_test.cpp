// files.read, files.write, files.edit and text.diff.
#include "base/crypto.hpp"
#include "tools/adapter.hpp"
#include "tools/calls.hpp"
#include "tools/tools_test.hpp"

namespace naestro::tools {
namespace {

std::string sha(std::string_view text) { return hex(crypto::sha256(text)); }

struct TextFilesTest : ToolTest {
  [[nodiscard]] std::string content(std::string_view path) const {
    return testing::read_file(dir.path() / path);
  }
  [[nodiscard]] bool there(std::string_view path) const {
    return std::filesystem::exists(dir.path() / path);
  }
  // As a run does it: what was there before is recorded once, and each attempt is told.
  Result<json::Value> attempt(std::string_view tool, const json::Object& arguments,
                              const json::Value& former) {
    return call(tool, 1, arguments, {ws, {}, &former});
  }
  static void has(const std::string& text, std::string_view part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  [[nodiscard]] std::string write(std::string_view path, std::string_view what) const {
    return text("files.write", json::write(json::Object{{"path", path}, {"content", what}}));
  }
  [[nodiscard]] std::string edit(const std::string& rest) const {
    return text("files.edit", R"({"path":"a.txt","edits":)" + rest + "}");
  }
};

TEST_F(TextFilesTest, ReadsLinesWithTheirNumbers) {
  file("a.txt", "\xef\xbb\xbfone\n\n  three\t\r\nfour");
  EXPECT_EQ(
      text("files.read", R"({"path":"./a.txt"})"),
      R"({"path":"a.txt","sha256":")" + sha("\xef\xbb\xbfone\n\n  three\t\r\nfour") +
          R"(","bytes":22,"line_count":4,"first_line":1,"last_line":4,)"
          "\"text\":\"\xef\xbb\xbfone\\n\\n  three\\t\\r\\nfour\",\"quotes\":["
          R"({"file":"a.txt","line":1,"text":"one"},{"file":"a.txt","line":3,"text":"three"},)"
          R"({"file":"a.txt","line":4,"text":"four"}],"truncated":false})");
  const auto two = run("files.read", R"({"path":"a.txt","first_line":2,"last_line":3})");
  ASSERT_TRUE(two);
  EXPECT_EQ(two->at("text"), "\n  three\t\r\n");
  EXPECT_EQ(two->at("last_line"), 3);
  EXPECT_EQ(two->at("quotes").as_array().size(), 1);
  EXPECT_FALSE(two->at("truncated").as_bool());
  EXPECT_EQ(run("files.read", R"({"path":"a.txt","first_line":4,"last_line":99})")->at("text"),
            "four");
}

TEST_F(TextFilesTest, AnEmptyFileHasNoLines) {
  file("e.txt", "");
  const auto empty = run("files.read", R"({"path":"e.txt"})");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->at("line_count"), 0);
  EXPECT_EQ(empty->at("last_line"), 0);
  EXPECT_FALSE(empty->at("truncated").as_bool());
}

TEST_F(TextFilesTest, ReadingRefusesWhatIsNoText) {
  file("nul.bin", std::string_view{"a\0b", 3});
  file("latin.txt", "one\ntw\xf6\n");
  file("a.txt", "1\n2\n");
  has(text("files.read", R"({"path":"nul.bin"})"), "nul.bin is no text file: it holds NUL bytes");
  has(text("files.read", R"({"path":"latin.txt"})"),
      "latin.txt:2: the text is not UTF-8 at byte 6");
  has(text("files.read", R"({"path":"../a.txt"})"), "NE0501");
  has(text("files.read", R"({"path":"none.txt"})"), "NE0008");
  has(text("files.read", R"({"path":"."})"), "it is a folder");
  has(text("files.read", R"({"path":"a.txt","first_line":3})"),
      "'a.txt' has 2 lines, of which none is from 3 to 2");
  has(text("files.read", R"({"path":"a.txt","first_line":2,"last_line":1})"), "from 2 to 1");
  std::filesystem::create_symlink("/etc/passwd", dir.path() / "link");
  has(text("files.read", R"({"path":"link"})"), "NE0501");
}

TEST_F(TextFilesTest, ReadingEndsAtItsCaps) {
  std::string many;
  for (int i = 1; i <= 3000; ++i) many += std::to_string(i) + "\n";
  file("many.txt", many);
  const auto lines = run("files.read", R"({"path":"many.txt","first_line":10})");
  EXPECT_EQ(lines->at("last_line"), 2009);
  EXPECT_TRUE(lines->at("truncated").as_bool());
  // Characters that take six bytes as JSON count as such.
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += std::string(1000, '\x01') + "\n";
  file("wide.txt", wide);
  const auto cut = run("files.read", R"({"path":"wide.txt"})");
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->at("truncated").as_bool());
  EXPECT_LE(json::write(*cut).size(), kReadOutputMax);
  EXPECT_GT(json::write(*cut).size(), kReadOutputMax / 2);
  file("long.txt", std::string(300'000, 'x'));
  EXPECT_EQ(run("files.read", R"({"path":"long.txt"})").error().code, Code::kOutputCap);
}

TEST_F(TextFilesTest, WritesAndSaysWhatChanged) {
  EXPECT_EQ(write("new/./a.txt", "one\ntwo\n"),
            R"({"path":"new/a.txt","bytes":8,"sha256":")" + sha("one\ntwo\n") +
                R"(","sha256_before":"","diff":"--- /dev/null\n+++ new/a.txt\n@@ -0,0 +1,2 @@\n)"
                R"(+one\n+two\n","lines_added":2,"lines_removed":0,"truncated":false})");
  EXPECT_EQ(content("new/a.txt"), "one\ntwo\n");
  EXPECT_EQ(write("new/a.txt", "one\n2"),
            R"({"path":"new/a.txt","bytes":5,"sha256":")" + sha("one\n2") +
                R"(","sha256_before":")" + sha("one\ntwo\n") +
                R"(","diff":"--- new/a.txt\n+++ new/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n)"
                R"(\\ No newline at end of file\n","lines_added":1,"lines_removed":1,)"
                R"("truncated":false})");
  has(write("new/a.txt", "one\n2"), R"("diff":"","lines_added":0)");
  has(write("new/a.txt", ""), R"("bytes":0)");
  EXPECT_EQ(content("new/a.txt"), "");
}

TEST_F(TextFilesTest, WritingStaysInsideAndOffHiddenFiles) {
  testing::TempDir outside;
  std::filesystem::create_symlink(outside.path(), dir.path() / "out");
  std::filesystem::create_directories(dir.path() / "folder");
  for (const char* path : {"../a", "/etc/a", "out/a"}) has(write(path, "x"), "NE0501");
  for (const char* path : {".env", ".git/hooks/pre-commit", "a/.b/c", "..a"}) {
    has(write(path, "x"), "hidden");
    EXPECT_FALSE(there(path));
  }
  has(write("folder", "x"), "it is a folder");
  has(write(".", "x"), "it is a folder");
  has(write(std::string(400, 'a') + "/" + std::string(700, 'b'), "x"), "longer than 1000 bytes");
  has(write("big.txt", std::string((8 << 20) + 1, 'x')), "NE0003");
  EXPECT_FALSE(there("big.txt"));
}

TEST_F(TextFilesTest, WritingOverBytesShowsNoDiff) {
  file("a.bin", std::string_view{"\0\xff", 2});
  has(write("a.bin", "text\n"), R"("diff":"What was there is no text.\n")");
  EXPECT_EQ(content("a.bin"), "text\n");
}

TEST_F(TextFilesTest, ALongDiffFitsTheCap) {
  std::string lines;
  for (int i = 0; i < 30'000; ++i) lines += "\"\x01\"\n";
  const auto result =
      run("files.write",
          json::write(json::Object{{"path", std::string(900, '\x02') + "/a"}, {"content", lines}}));
  // The name of a folder has 255 bytes at most.
  EXPECT_FALSE(result);
  std::string path;
  for (int i = 0; i < 3; ++i) path += std::string(250, '\x02') + "/";
  const auto deep =
      run("files.write", json::write(json::Object{{"path", path + "a"}, {"content", lines}}));
  ASSERT_TRUE(deep) << deep.error().text();
  EXPECT_TRUE(deep->at("truncated").as_bool());
  EXPECT_LE(json::write(*deep).size(), kWriteOutputMax);
}

TEST_F(TextFilesTest, EditsReplaceExactText) {
  file("a.txt", "alpha\nbeta\ngamma\n");
  // In any order, next to each other, and to nothing.
  EXPECT_EQ(edit(R"([{"old":"gamma","new":"g"},{"old":"alpha\n","new":""},)"
                 R"({"old":"beta","new":"B${x}"}],"sha256":")" +
                 sha("alpha\nbeta\ngamma\n") + "\""),
            R"({"path":"a.txt","bytes":8,"sha256":")" + sha("B${x}\ng\n") +
                R"(","sha256_before":")" + sha("alpha\nbeta\ngamma\n") +
                R"(","diff":"--- a.txt\n+++ a.txt\n@@ -1,3 +1,2 @@\n-alpha\n-beta\n-gamma\n)"
                R"(+B${x}\n+g\n","lines_added":2,"lines_removed":3,"truncated":false})");
  EXPECT_EQ(content("a.txt"), "B${x}\ng\n");
}

TEST_F(TextFilesTest, AnEditMustBeUnambiguous) {
  const std::string before = "aaa\nb\r\naa b\n";
  file("a.txt", before);
  has(edit(R"([{"old":"c","new":"d"}])"),
      "edit 1: its 'old' does not stand in 'a.txt'; copy it from the file as it is");
  has(edit(R"([{"old":"b\naa","new":"d"}])"), "the file's lines end in CR LF");
  // Overlapping places count.
  has(edit(R"([{"old":"b\r","new":"x"},{"old":"aa","new":"d"}])"),
      "edit 2: its 'old' stands 3 times in 'a.txt', in lines 1, 1, 3; take in text around it");
  has(edit(R"([{"old":"aa b","new":"x"},{"old":" b\n","new":"y"}])"),
      "two edits of 'a.txt' overlap in line 3");
  has(edit(R"([{"old":"aaa","new":"x"}],"sha256":")" + sha("other") + "\""),
      "'a.txt' is not the file that was meant: its SHA-256 is " + sha(before) + "; read it again");
  has(edit(R"([{"old":"","new":"x"}])"), "edit 1 has an empty 'old'");
  has(edit("[]"), "0 edits; give 1 to 100");
  has(edit("[3]"), "an item of 'edits' is not an object");
  has(edit(R"([{"old":"aaa"}])"), "'new' is not a string");
  std::string many = R"([{"old":"aaa","new":"x"})";
  for (int i = 0; i < 100; ++i) many += R"(,{"old":"aaa","new":"x"})";
  has(edit(many + "]"), "101 edits; give 1 to 100");
  EXPECT_EQ(content("a.txt"), before);
  file("a.txt", std::string(40, 'x'));
  has(edit(R"([{"old":"x","new":"y"}])"),
      "stands 40 times in 'a.txt', in lines 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ...");
  file("a.txt", std::string_view{"\0a", 2});
  has(edit(R"([{"old":"a","new":"b"}])"), "no text file");
  has(text("files.edit", R"({"path":"no.txt","edits":[{"old":"a","new":"b"}]})"), "NE0008");
  has(text("files.edit", R"({"path":".git/a","edits":[{"old":"a","new":"b"}]})"), "hidden");
}

// Texts that are slow for a search without memory of what it has seen.
TEST_F(TextFilesTest, NoTextMakesTheSearchSlow) {
  file("a.txt", std::string(4'000'000, 'a') + "b");
  const std::string old = std::string(190'000, 'a');
  const auto result = run("files.edit", R"({"path":"a.txt","edits":[{"old":")" + old +
                                            R"(c","new":""},{"old":"b","new":"c"}]})");
  has(result.error().text(), "edit 1: its 'old' does not stand");
  has(edit(R"([{"old":")" + old + R"(","new":""}])"), "stands 3810001 times");
  has(edit(R"([{"old":")" + old + R"(b","new":"c"}])"), R"("bytes":3810001)");
}

// A crash after the effect and before its outcome is recorded: the next attempt says the same.
TEST_F(TextFilesTest, AnotherAttemptFindsWhatTheFirstOneFound) {
  const json::Object write = {{"path", "a.txt"}, {"content", "new\n"}};
  const json::Object edit = {{"path", "a.txt"},
                             {"edits", json::Array{json::Object{{"old", "x"}, {"new", "xx"}}}},
                             {"sha256", sha("x\n")}};
  const json::Value text_before{{"path", "a.txt"}, {"content", "x\n"}, {"encoding", "utf-8"}};
  const json::Value nothing{{"path", "a.txt"}, {"content", nullptr}, {"encoding", "utf-8"}};
  const json::Value bytes{{"path", "a.txt"}, {"content", "/w=="}, {"encoding", "base64"}};
  for (const auto& [tool, arguments, former, before, after] :
       {std::tuple{"files.write", write, text_before, "x\n", "new\n"},
        std::tuple{"files.write", write, nothing, "", "new\n"},
        std::tuple{"files.write", write, bytes, "\xff", "new\n"},
        std::tuple{"files.edit", edit, text_before, "x\n", "xx\n"}}) {
    file("a.txt", before);
    const auto first = attempt(tool, arguments, former);
    ASSERT_TRUE(first) << first.error().text();
    EXPECT_EQ(content("a.txt"), after);
    const auto second = attempt(tool, arguments, former);
    ASSERT_TRUE(second) << second.error().text();
    EXPECT_EQ(json::write(*first), json::write(*second));
    EXPECT_EQ(content("a.txt"), after);
  }
}

TEST_F(TextFilesTest, AnEditKeepsWhatSomebodyElseWrote) {
  const json::Object edit = {{"path", "a.txt"},
                             {"edits", json::Array{json::Object{{"old", "x"}, {"new", "y"}}}}};
  file("a.txt", "by hand x\n");
  const json::Value former{{"path", "a.txt"}, {"content", "x\n"}, {"encoding", "utf-8"}};
  has(attempt("files.edit", edit, former).error().text(), "'a.txt' changed while it was to be");
  const json::Value nothing{{"path", "a.txt"}, {"content", nullptr}, {"encoding", "utf-8"}};
  has(attempt("files.edit", edit, nothing).error().text(), "was not there");
  const json::Value broken{{"path", "a.txt"}, {"content", "?"}, {"encoding", "base64"}};
  has(attempt("files.edit", edit, broken).error().text(), "no base64");
  EXPECT_EQ(content("a.txt"), "by hand x\n");
}

// What the adapter reads before the call is what the tool acts upon, and what restoring needs.
TEST_F(TextFilesTest, TheAdapterHandsTheRecordOn) {
  ToolAdapter adapter{Workspace::open(dir.str()).value(), {}, call};
  door::Effect effect;
  effect.target = "files.write@1";
  effect.declared = {{contract::EffectKind::read, "path", true},
                     {contract::EffectKind::write, "path", true}};
  effect.arguments = {{"path", "a.txt"}, {"content", "new\n"}};
  file("a.txt", "old\n");
  const auto former = adapter.prepare(door::Intent::durable(effect, {}));
  ASSERT_TRUE(former);
  const auto intent = door::Intent::durable(effect, {}, *former);
  const auto first = adapter.act(intent, {}, {}).result;
  ASSERT_TRUE(first);
  EXPECT_EQ(json::write(*adapter.act(intent, {}, {}).result), json::write(*first));
  EXPECT_EQ(json::text_at(first->as_object(), "sha256_before"), sha("old\n"));
  json::Object back = former->as_object();
  back["sha256"] = json::Array{first->at("sha256")};
  EXPECT_TRUE(call("files.restore", 1, back, {ws, {}}));
  EXPECT_EQ(content("a.txt"), "old\n");
}

TEST_F(TextFilesTest, WhatIsReadComesCleanAndWhatUndoingNeedsIsExact) {
  const auto clean = [](std::string_view text) -> std::optional<std::string> {
    const std::size_t at = text.find("hunter2-hunter2");
    if (at == std::string_view::npos) return std::nullopt;
    return std::string{text}.replace(at, 15, "#");
  };
  const Workspace cleaned = ws.within({}, clean).value();
  const std::string former = "a\nhunter2-hunter2\n";
  file("a.txt", former);
  EXPECT_EQ(cleaned.read("a.txt", 100).value(), "a\n#\n");
  EXPECT_EQ(cleaned.read_exact("a.txt", 100).value(), former);
  const auto tool = [&](std::string_view name, const json::Object& arguments) {
    const auto got = call(name, 1, arguments, {cleaned, {}});
    return got ? json::write(*got) : got.error().text();
  };
  has(tool("files.read", {{"path", "a.txt"}}), R"("text":"a\n#\n")");
  const json::Array edits{json::Object{{"old", "a\n"}, {"new", "b\n"}}};
  has(tool("files.edit", {{"path", "a.txt"}, {"edits", edits}}), "holds the value of a secret");
  EXPECT_EQ(content("a.txt"), former);
  ToolAdapter adapter{Workspace::open(dir.str()).value(), {}, call, {}, clean};
  door::Effect effect;
  effect.target = "files.write@1";
  effect.declared = {{contract::EffectKind::write, "path", true}};
  effect.arguments = {{"path", "a.txt"}, {"content", "new\n"}};
  const auto kept = adapter.prepare(door::Intent::durable(effect, {}));
  EXPECT_EQ(json::text_at(kept->as_object(), "content"), former);
  const auto done = adapter.act(door::Intent::durable(effect, {}, *kept), {}, {}).result;
  has(json::write(*done), R"(\n-a\n-#\n+new\n)");
  EXPECT_EQ(json::text_at(done->as_object(), "sha256_before"), sha(former));
  json::Object back = kept->as_object();
  back["sha256"] = json::Array{sha("new\n")};
  has(tool("files.restore", back), sha(former));
  EXPECT_EQ(content("a.txt"), former);
}

TEST_F(TextFilesTest, DiffsFilesAndTexts) {
  file("a.txt", "1\n2\n");
  file("b.txt", "1\n3\n");
  EXPECT_EQ(text("text.diff", R"({"file_a":"a.txt","file_b":"b.txt"})"),
            R"({"diff":"--- a.txt\n+++ b.txt\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n","equal":false,)"
            R"("lines_added":1,"lines_removed":1,"coarse":false,"truncated":false})");
  has(text("text.diff", R"({"file_a":"a.txt","text":"1\n"})"),
      R"(+++ text\n@@ -1,2 +1,1 @@\n 1\n-2)");
  has(text("text.diff", R"({"file_a":"a.txt","file_b":"a.txt"})"), R"("diff":"","equal":true)");
  has(text("text.diff", R"({"file_a":"a.txt"})"), "give one of the two");
  has(text("text.diff", R"({"file_a":"a.txt","file_b":"b.txt","text":""})"), "give one of the two");
  has(text("text.diff", R"({"file_a":"a.txt","file_b":"no.txt"})"), "NE0008");
  has(text("text.diff", R"({"file_a":"../a.txt","file_b":"b.txt"})"), "NE0501");
  has(text("text.diff", R"({"file_a":"a.txt","text":3})"), "'text' is not a string");
  file("b.txt", "\xff");
  has(text("text.diff", R"({"file_a":"a.txt","file_b":"b.txt"})"),
      "b.txt:1: the text is not UTF-8");
  file("b.txt", std::string(500'000, '\n'));
  const auto large = run("text.diff", R"({"file_a":"a.txt","file_b":"b.txt"})");
  EXPECT_TRUE(large->at("truncated").as_bool());
  EXPECT_LE(json::write(*large).size(), kDiffOutputMax);
  const json::Object huge = {{"file_a", "a.txt"}, {"text", std::string((8 << 20) + 1, 'x')}};
  EXPECT_EQ(call("text.diff", 1, huge, {ws, {}}).error().code, Code::kTooLarge);
}

// Edits of parts that stand once do what replacing them one by one does, in whatever order.
TEST_F(TextFilesTest, EditsEqualReplacements) {
  for (const int count : {1, 2, 17, 100}) {
    std::string before;
    std::string after;
    json::Array edits;
    for (int i = 0; i < count; ++i) {
      const std::string name = "<" + std::to_string(i) + ">";
      const std::string part(static_cast<std::size_t>(i % 3), i % 2 == 0 ? 'x' : '\n');
      before += part + name;
      after += part + part;
      edits.insert(edits.begin() + i * 7 % (i + 1), json::Object{{"old", name}, {"new", part}});
    }
    file("a.txt", before);
    const auto result = call("files.edit", 1, {{"path", "a.txt"}, {"edits", edits}}, {ws, {}});
    ASSERT_TRUE(result) << result.error().text();
    EXPECT_EQ(content("a.txt"), after);
  }
}

TEST_F(TextFilesTest, InstructionsAreThoseFromTheRootDown) {
  const auto at = [&](const char* path) {
    return *run("files.instructions", json::write(json::Object{{"path", path}}));
  };
  EXPECT_EQ(json::write(at(".")), R"({"text":"","files":[],"truncated":false})");
  file("AGENTS.md", "Use tabs.\n");
  file("src/AGENTS.md", "Use blanks.");
  file("src/deep/x.cpp", "");
  file("other/AGENTS.md", "not this");
  EXPECT_EQ(json::write(at("./src/deep/x.cpp")),
            R"({"text":"## AGENTS.md\nUse tabs.\n## src/AGENTS.md\nUse blanks.\n","files":[)"
            R"({"path":"AGENTS.md","bytes":10,"shown":10,"sha256":")" +
                sha("Use tabs.\n") +
                R"(","problem":""},{"path":"src/AGENTS.md","bytes":11,"shown":11,"sha256":")" +
                sha("Use blanks.") + R"(","problem":""}],"truncated":false})");
  EXPECT_EQ(at(".").at("files").as_array().size(), 1);
}

// What lies nearest has the room first; one that cannot be read spoils none of the others.
TEST_F(TextFilesTest, InstructionsAreCapped) {
  std::string lines;
  while (lines.size() < 20'000) lines += "a line of an instruction\n";
  file("AGENTS.md", lines);
  file("a/AGENTS.md", "\xff");
  file("a/b/AGENTS.md", lines);
  file("a/b/c/AGENTS.md", std::string(40'000, 'x'));  // no line of it fits
  const json::Value all = *run("files.instructions", R"({"path":"a/b/c"})");
  EXPECT_TRUE(all.at("truncated").as_bool());
  const json::Array& files = all.at("files").as_array();
  ASSERT_EQ(files.size(), 4);
  EXPECT_EQ(files[3].at("shown"), 0);
  EXPECT_EQ(files[2].at("shown").to_number<std::size_t>(), lines.size());
  has(std::string{files[1].at("problem").as_string()}, "not UTF-8");
  EXPECT_EQ(files[1].at("sha256"), "");
  const auto shown = files[0].at("shown").to_number<std::size_t>();
  EXPECT_GT(shown, 10'000U);
  EXPECT_EQ(shown % 25, 0U);  // whole lines
  const std::string text{all.at("text").as_string()};
  EXPECT_LE(text.size(), 32U << 10);
  EXPECT_LT(text.find("## AGENTS.md"), text.find("## a/b/AGENTS.md"));
  std::string deep = "d";
  for (int i = 0; i < 120; ++i) deep += "/d";
  has(run("files.instructions", json::write(json::Object{{"path", deep}})).error().message,
      "more than 100 folders deep");
}

}  // namespace
}  // namespace naestro::tools
