// What undoing makes of a run; bringing files back is tools/files_restore's.
#include "run/undo.hpp"

#include "run/test_plans.hpp"
#include "run/test_run.hpp"

namespace naestro::run {
namespace {

class UndoTest : public testing::RunFixture {
 protected:
  Result<Undo> undo(std::string_view step = "") {
    auto store = world_.open();
    const auto record = events();
    return undo_of(record, blob_opener(*store, world_.sealer()), world_.tools, step);
  }
};

constexpr const char* kTwoWrites = R"({"naestro":"plan/1","goal":"g","steps":[
  {"id":"a","do":{"tool":"report.markdown@1"},"with":{"path":"a.md","title":"$${x}","sections":[]}},
  {"id":"b","do":{"tool":"report.markdown@1"},"needs":["a"],
   "with":{"path":"b.md","title":"b","sections":[]}}],"outputs":{"a":"${steps.a.out.path}"}})";

TEST_F(UndoTest, TheCallsComeInTheOppositeOrderWithWhatWasThere) {
  ASSERT_EQ(go(true, kTwoWrites).how, Ending::How::done);
  EXPECT_EQ(std::ranges::count(world_.kinds, "effect.prepared"), 2);
  EXPECT_TRUE(replay(events()).empty());
  const auto undo = this->undo();
  ASSERT_TRUE(undo) << undo.error().text();
  EXPECT_TRUE(undo->lasting.empty());
  const json::Array& steps = *json::array_at(undo->plan, "steps");
  ASSERT_EQ(steps.size(), 2);
  EXPECT_EQ(steps[0].at("with").at("path"), "b.md");
  EXPECT_EQ(steps[1].at("with").at("path"), "a.md");
  EXPECT_EQ(steps[1].at("with").at("content"), "it was $${this}");
  EXPECT_EQ(steps[1].at("needs").at(0), "undo_1");
  EXPECT_EQ(json::view(steps[1].at("with").at("sha256").at(0).as_string()).size(), 64);
  EXPECT_TRUE(plan::compile(json::pretty(undo->plan), world_.environment()).program);
}

TEST_F(UndoTest, OneStepAlone) {
  ASSERT_EQ(go(true, kTwoWrites).how, Ending::How::done);
  const auto undo = this->undo("a");
  ASSERT_TRUE(undo);
  ASSERT_EQ(json::array_at(undo->plan, "steps")->size(), 1);
  EXPECT_EQ(this->undo("c").error().code, Code::kNotFound);
}

TEST_F(UndoTest, WhatCannotBeUndoneIsListed) {
  const EmbeddedFile file{"post.json", testing::kPostTool};
  world_.tools = contract::ToolCatalog::from(std::span{&file, 1}).value();
  world_.tool_adapter.set(
      [](const door::Effect&) -> Result<json::Value> { return json::Object{{"id", 5}}; });
  ASSERT_EQ(go(true, testing::kPosts).how, Ending::How::done);
  const auto undo = this->undo();
  ASSERT_TRUE(undo);
  EXPECT_TRUE(json::array_at(undo->plan, "steps")->empty());
  EXPECT_EQ(undo->lasting, std::vector<std::string>{"p (note.post@1)"});
}

// Many writes of one file, in any order: what was there before the first of them comes back.
TEST_F(UndoTest, AFileThatWasWrittenOftenIsRestoredOnce) {
  const char* text = R"({"naestro":"plan/1","goal":"g",
    "inputs":{"list":{"schema":{"type":"array","items":{"type":"string","maxLength":9}},
                      "value":["a","b","c","d","e","f"]}},
    "steps":[{"id":"a","do":{"tool":"report.markdown@1"},
              "with":{"path":"a.md","title":"${item}","sections":[]},
              "for_each":{"in":"${inputs.list}","max":9}},
             {"id":"b","do":{"tool":"report.markdown@1"},"needs":["a"],
              "with":{"path":"a.md","title":"last","sections":[]}}],"outputs":{}})";
  std::atomic<int> reads = 0;
  world_.tool_adapter.former = [&](const door::Effect& effect) {
    return json::Object{{"path", effect.arguments.at("path")},
                        {"content", reads++ == 0 ? "before" : "in between"},
                        {"encoding", "utf-8"}};
  };
  ASSERT_EQ(go(true, text).how, Ending::How::done);
  const auto undo = this->undo();
  ASSERT_TRUE(undo) << undo.error().text();
  const json::Array& steps = *json::array_at(undo->plan, "steps");
  ASSERT_EQ(steps.size(), 1);
  EXPECT_EQ(steps[0].at("with").at("sha256").as_array().size(), 7);
  EXPECT_NE(steps[0].at("with").at("content"), json::Value{});
  EXPECT_EQ(this->undo("a").error().code, Code::kUsage);  // b wrote it after a
}

// Of parallel writes the one that was prepared first found what was there, whichever ended first.
TEST_F(UndoTest, WhatWasReadFirstIsWhatWasThere) {
  testing::SimWorld world;
  const std::string text = R"({"naestro":"plan/1","goal":"g","inputs":{"l":{"schema":
    {"type":"array","items":{"type":"string","maxLength":9}},"value":["a","b","c"]}},
    "steps":[{"id":"w","do":{"tool":"report.markdown@1"},"with":{"path":"a.md","title":"${item}",
    "sections":[]},"for_each":{"in":"${inputs.l}","max":3,"parallel":3}}]})";
  const plan::Program program = world.compile(text);
  testing::SimRun run{world, [&](const door::Intent& intent) {
                        testing::Reply reply{9000 - 1000 * intent.effect().path[0], {}};
                        reply.outcome.result = testing::tool_answer(intent.effect());
                        return reply;
                      }};
  ASSERT_EQ(run.begin(program, world.start(program, text)).how, Ending::How::done);
  const OpenBlob open = [&](const Digest& id) {
    return world.sealer().open(run.durable.blobs.at(id));
  };
  const auto undo = undo_of(run.durable.events, open, world.tools, "");
  ASSERT_TRUE(undo);
  const json::Value& with = json::array_at(undo->plan, "steps")->at(0).at("with");
  EXPECT_EQ(with.at("content"), "before");
  EXPECT_EQ(with.at("sha256").as_array().size(), 3);

  // A record that lacks what undoing needs: what was done lasts.
  auto record = run.durable.events;
  std::erase_if(record, [](const auto& stored) { return stored.event.kind == "effect.prepared"; });
  EXPECT_EQ(undo_of(record, open, world.tools, "")->lasting.size(), 3);
  EXPECT_EQ(undo_of(record, open, world.tools, "w")->lasting.size(), 3);
  record.front().event.data["step"] = "other";
  EXPECT_TRUE(undo_of(record, open, world.tools, "other")->lasting.empty());
}

TEST_F(UndoTest, TheSameContentTwiceIsOneHashAndAReferencesFormStaysText) {
  const char* text = R"({"naestro":"plan/1","goal":"g","steps":[
    {"id":"a","do":{"tool":"report.markdown@1"},"with":{"path":"a.md","title":"t","sections":[]}},
    {"id":"b","do":{"tool":"report.markdown@1"},"needs":["a"],
     "with":{"path":"a.md","title":"t","sections":[]}}]})";
  world_.tool_adapter.former = [&](const door::Effect&) {
    return json::Object{{"content", "ends with ${"}, {"encoding", "utf-8"}};
  };
  ASSERT_EQ(go(true, text).how, Ending::How::done);
  const auto undo = this->undo();
  ASSERT_TRUE(undo);
  const json::Value& with = json::array_at(undo->plan, "steps")->at(0).at("with");
  EXPECT_EQ(with.at("sha256").as_array().size(), 1);
  EXPECT_EQ(with.at("content"), "ends with $${");
}

// Killed between what was read for undoing and the effect, it ends the same.
TEST_F(UndoTest, KilledAtEveryWritePointItEndsTheSame) {
  EXPECT_EQ(killed_everywhere(kTwoWrites), 2);
}

}  // namespace
}  // namespace naestro::run
