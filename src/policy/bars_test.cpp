// What a call must not touch beyond the path that it names.
#include "policy/bars.hpp"

#include "policy/test_asked.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;
using testing::Call;

constexpr EffectKind kRead = EffectKind::read;
constexpr EffectKind kWrite = EffectKind::write;

Call program() {
  Call call;
  call.target = "exec.run@1";
  call.effects = {{EffectKind::exec, "argv", false}};
  call.authority = {{"argv", json::Array{"make"}}};
  return call;
}
Call search(const char* folder) {
  Call call;
  call.target = "files.search@1";
  call.effects = {{kRead, "path", true}};
  call.authority = {{"path", folder}};
  return call;
}
Bars bars(const Policy& policy, const Call& call) { return Bars{policy, call.question()}; }

TEST(Bars, TheBuiltInRulesBarNothing) {
  const Policy policy = testing::builtin();
  const Bars none = bars(policy, program());
  EXPECT_FALSE(none.any());
  EXPECT_FALSE(none.bars(kRead, "a"));
  EXPECT_FALSE(none.bars(kWrite, "a"));
}

TEST(Bars, WhatARuleDeniesByPathIsBarredWhateverTheTool) {
  const Policy policy = testing::with(
      Layer::project, R"({"id":"keys","effect":"deny","kinds":["read"],"paths":["**/*.key"]},)"
                      R"({"id":"logs","effect":"deny","kinds":["write"],"paths":["log/**"]})");
  for (const Call& call : {program(), search("docs")}) {
    const Bars these = bars(policy, call);
    EXPECT_TRUE(these.any());
    EXPECT_TRUE(these.bars(kRead, "docs/a.key"));
    EXPECT_EQ(these.by(kRead, "docs/a.key"),
              "keys (" + policy.files().back().file + ":" +
                  std::to_string(policy.files().back().rules[0].line) + ")");
    EXPECT_EQ(these.by(kRead, "docs/a.md"), "");
    EXPECT_FALSE(these.bars(kRead, "docs/a.md"));
    EXPECT_FALSE(these.bars(kWrite, "docs/a.key"));
    EXPECT_TRUE(these.bars(kWrite, "log/x"));
    EXPECT_FALSE(these.bars(kRead, "log/x"));
  }
}

TEST(Bars, ARuleOfOtherToolsOrKindsIsPassedOver) {
  const Policy policy = testing::with(
      Layer::user, R"({"id":"a","effect":"deny","kinds":["read"],"tools":["files.read"],)"
                   R"("paths":["x/**"]},)"
                   R"({"id":"b","effect":"deny","kinds":["net"]},)"
                   R"({"id":"c","effect":"allow","kinds":["read"],"paths":["x/**"]})");
  EXPECT_TRUE(bars(policy, program()).any());
  EXPECT_FALSE(bars(policy, program()).bars(kRead, "x/a"));
  Call read = search("y");
  read.target = "files.read@1";
  EXPECT_TRUE(bars(policy, read).bars(kRead, "x/a"));
  EXPECT_FALSE(
      bars(testing::with(Layer::user, R"({"id":"b","effect":"deny","kinds":["net"]})"), program())
          .any());
}

TEST(Bars, WhatAllowsBarsNothing) {
  const Policy policy =
      testing::with(Layer::user, R"({"id":"a","effect":"allow","kinds":["read"],"paths":["x/**"],)"
                                 R"("obligations":{"max_bytes":1000}})");
  EXPECT_FALSE(bars(policy, program()).any());
}

TEST(Bars, ARuleOfOtherUsersOrModesIsPassedOver) {
  const Policy policy =
      testing::with(Layer::user, R"({"id":"a","effect":"deny","kinds":["read"],"paths":["x/**"],)"
                                 R"("who":{"users":["ann"],"modes":["copilot"]}})");
  Call call = program();
  call.user = "ann";
  EXPECT_TRUE(bars(policy, call).bars(kRead, "x/a"));
  call.mode = Mode::automatic;
  EXPECT_FALSE(bars(policy, call).bars(kRead, "x/a"));
  call = program();
  call.user = "bob";
  EXPECT_FALSE(bars(policy, call).bars(kRead, "x/a"));
  EXPECT_TRUE(bars(policy, program()).bars(kRead, "x/a")) << "it is not known who runs it";
}

TEST(Bars, ADenialWithoutPathsBarsAll) {
  const Policy policy =
      testing::with(Layer::organisation, R"({"id":"a","effect":"deny","kinds":["write"]})");
  EXPECT_TRUE(bars(policy, program()).bars(kWrite, "x"));
  EXPECT_FALSE(bars(policy, program()).bars(kRead, "x"));
}

TEST(Bars, WhatIsAskedOfAPlaceIsBarredUnlessTheCallWasAskedAboutIt) {
  const Policy policy =
      testing::with(Layer::user, R"({"id":"hr","effect":"ask","kinds":["read"],"paths":["hr/**"]},)"
                                 R"({"id":"all","effect":"ask","kinds":["read"]})");
  EXPECT_TRUE(bars(policy, program()).bars(kRead, "hr/pay.csv"));
  EXPECT_FALSE(bars(policy, program()).bars(kRead, "a.csv"));
  EXPECT_TRUE(bars(policy, search("docs")).bars(kRead, "hr/pay.csv"));  // by a link
  EXPECT_FALSE(bars(policy, search("hr")).bars(kRead, "hr/pay.csv"));
  EXPECT_FALSE(bars(policy, search(".")).bars(kRead, "hr/pay.csv"));
}

TEST(Bars, WhatCannotBeToldIsBarred) {
  const Policy policy =
      testing::with(Layer::user, R"({"id":"odd","effect":"deny","kinds":["read"],"paths":["x/**"],)"
                                 R"("when":"context.arguments.none == 1"},)"
                                 R"({"id":"bad","effect":"deny","kinds":["read"],"paths":["y/**"],)"
                                 R"("when":"context.mode == \"auto\""})");
  EXPECT_TRUE(bars(policy, program()).bars(kRead, "x/a"));
  EXPECT_FALSE(bars(policy, program()).bars(kRead, "y/a"));
  Call automatic = program();
  automatic.mode = Mode::automatic;
  EXPECT_TRUE(bars(policy, automatic).bars(kRead, "y/a"));
  EXPECT_TRUE(bars(policy, program()).bars(kRead, "../a"));  // no path of the workspace
}

}  // namespace
}  // namespace naestro::policy
