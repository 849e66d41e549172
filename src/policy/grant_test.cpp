// What a lasting yes answers, and what it does not.
#include "policy/grant.hpp"

#include "policy/test_asked.hpp"
#include "testing/property.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;
using testing::Call;

const Digest kContract{7};

Occasion occasion(const Question& question, bool computed = false) {
  return {question, kContract, "/w", computed};
}

Grant grant_of(const Policy& policy, const Call& call, bool computed = false) {
  Grant grant = grant_for(policy, occasion(call.question(), computed));
  grant.id = "g1";
  return grant;
}

bool answered(const Policy& policy, const Call& call, const Grant& grant, bool computed = false) {
  const Question question = call.question();
  return answering(policy, occasion(question, computed), std::span{&grant, 1}) != nullptr;
}

Call writes(const std::string& path) {
  Call call;
  call.authority = {{"path", json::Value(path)}};
  return call;
}

Call gets(const std::string& url) {
  Call call;
  call.target = "http.get@1";
  call.effects = {{EffectKind::net, "url", true}};
  call.authority = {{"url", json::Value(url)}};
  return call;
}

TEST(Grant, AnswersExactlyWhatWasAsked) {
  const Policy policy = testing::builtin();
  const Grant grant = grant_of(policy, writes("a.md"));
  EXPECT_EQ(grant.asks, std::vector<std::string>{"built-in/builtin.write"});
  EXPECT_TRUE(answered(policy, writes("a.md"), grant));
  EXPECT_FALSE(answered(policy, writes("b.md"), grant));
  Call other = writes("a.md");
  other.target = "files.write@2";
  EXPECT_FALSE(answered(policy, other, grant));
  other = writes("a.md");
  other.authority["mode"] = "append";
  EXPECT_FALSE(answered(policy, other, grant));
  other.authority = {{"name", "a.md"}};
  EXPECT_FALSE(answered(policy, other, grant));
  const Call call = writes("a.md");
  const Question question = call.question();
  EXPECT_EQ(answering(policy, {question, Digest{8}, "/w"}, std::span{&grant, 1}), nullptr);
  EXPECT_EQ(answering(policy, {question, kContract, "/v"}, std::span{&grant, 1}), nullptr);
  EXPECT_EQ(answering(policy, occasion(question), {}), nullptr);
}

TEST(Grant, AnswersTheRulesAloneThatAskedThen) {
  const Policy before = testing::builtin();
  const Grant grant = grant_of(before, writes("a.md"));
  const Policy after = testing::with(Layer::user, R"({"id":"mine","effect":"ask"})");
  EXPECT_FALSE(answered(after, writes("a.md"), grant));
  const Grant both = grant_of(after, writes("a.md"));
  EXPECT_EQ(both.asks, (std::vector<std::string>{"built-in/builtin.write", "user/mine"}));
  EXPECT_TRUE(answered(after, writes("a.md"), both));
  EXPECT_TRUE(answered(before, writes("a.md"), both));
  // What data decides is another question.
  Call untrusted = writes("a.md");
  untrusted.flow.untrusted_authority = true;
  EXPECT_FALSE(answered(before, untrusted, grant));
  EXPECT_FALSE(answered(before, writes("a.md"), grant, true));
  const Grant seen = grant_of(before, untrusted, true);
  EXPECT_TRUE(answered(before, untrusted, seen, true));
  EXPECT_TRUE(answered(before, writes("a.md"), seen));
  // An allow and a deny are no asks.
  const Policy strict =
      testing::with(Layer::user, R"({"id":"no","effect":"deny"},{"id":"fine","effect":"allow"})");
  EXPECT_EQ(grant_of(strict, writes("a.md")).asks, grant.asks);
}

TEST(Grant, AGlobCoversPathsInTheirNormalForm) {
  const Policy policy = testing::builtin();
  Grant grant = grant_of(policy, writes("reports/a.md"));
  EXPECT_EQ(widen(grant, "name", "**").error().code, Code::kUsage);
  EXPECT_EQ(widen(grant, "path", "other/**").error().code, Code::kUsage);
  ASSERT_TRUE(widen(grant, "path", "reports/*"));
  EXPECT_TRUE(answered(policy, writes("reports/b.md"), grant));
  EXPECT_TRUE(answered(policy, writes("./reports//b.md"), grant));
  EXPECT_FALSE(answered(policy, writes("reports/../a.md"), grant));
  EXPECT_FALSE(answered(policy, writes("reports/x/a.md"), grant));
  Call list = writes("");
  list.authority = {{"path", json::Array{"reports/a.md"}}};
  EXPECT_FALSE(answered(policy, list, grant));
  // It may be made wider still.
  EXPECT_TRUE(widen(grant, "path", "reports/**"));
  EXPECT_TRUE(answered(policy, writes("reports/x/a.md"), grant));
  Grant of_list = grant_of(policy, list);
  EXPECT_EQ(widen(of_list, "path", "**").error().code, Code::kUsage);
  EXPECT_TRUE(answered(policy, list, of_list));
}

TEST(Grant, AHostCoversItsUrls) {
  const Policy policy = testing::builtin();
  Grant grant = grant_of(policy, gets("https://a.example/x"));
  EXPECT_EQ(widen(grant, "url", "example").error().code, Code::kUsage);
  ASSERT_TRUE(widen(grant, "url", "a.example"));
  EXPECT_TRUE(answered(policy, gets("https://A.example/y?z"), grant));
  EXPECT_FALSE(answered(policy, gets("https://a.example.evil/y"), grant));
  EXPECT_FALSE(answered(policy, gets("https://a.example@evil/y"), grant));
  EXPECT_FALSE(answered(policy, gets("no url"), grant));
  Call none = gets("");
  none.authority = {{"url", 1}};
  EXPECT_FALSE(answered(policy, none, grant));
}

TEST(Grant, ItsFormIsReadAsItWasWritten) {
  const Policy policy = testing::builtin();
  Grant path = grant_of(policy, writes("reports/a.md"));
  path.expires_s = 99;
  Grant wide = path;
  ASSERT_TRUE(widen(wide, "path", "reports/**"));
  Grant host = grant_of(policy, gets("https://a.example/x"));
  ASSERT_TRUE(widen(host, "url", "a.example"));
  const std::vector<Grant> all = {path, wide, host};
  const json::Value form = to_json(all);
  const auto read = grants_from_json(form);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 3U);
  EXPECT_TRUE(json::Value(to_json(*read)) == form);
  EXPECT_TRUE(answered(policy, writes("reports/b.md"), (*read)[1]));
  EXPECT_EQ((*read)[0].expires_s, 99);
  EXPECT_TRUE(grants_from_json({}).value().empty());
}

TEST(Grant, WhatIsNoGrantIsRefused) {
  const std::string contract(64, '0');
  const auto form = [&](const std::string& asks, const std::string& authority) {
    return R"({"asks":)" + asks + R"(,"authority":)" + authority + R"(,"contract":")" + contract +
           "\"}";
  };
  EXPECT_TRUE(grant_from_json(json::parse(form("[]", R"({"a":{"value":1}})")).value()));
  for (const std::string& text :
       {std::string{"1"}, std::string{"{}"}, R"({"asks":[],"contract":")" + contract + "\"}",
        std::string{R"({"asks":[],"authority":{},"contract":"0"})"}, form("[1]", "{}"),
        form("[]", R"({"a":1})"), form("[]", R"({"a":{}})"), form("[]", R"({"a":{"any":1}})"),
        form("[]", R"({"a":{"host":""}})"), form("[]", R"({"a":{"value":1,"host":"h"}})")}) {
    EXPECT_FALSE(grant_from_json(json::parse(text).value())) << text;
    EXPECT_FALSE(grants_from_json(json::Array{json::parse(text).value()})) << text;
  }
  EXPECT_FALSE(grants_from_json(json::Object{}));
}

// Whatever grants there are: taking one away never lets anything happen, and their order does not
// matter to whether a call is answered.
RC_GTEST_PROP(Grant, FewerGrantsLetHappenNoMore, ()) {
  const Policy policy = testing::with(Layer::user, R"({"id":"r","effect":"ask","paths":["r/**"]})");
  const auto path = rc::gen::elementOf(std::vector<std::string>{"a.md", "r/a.md", "r/b/c.md"});
  const auto glob = rc::gen::elementOf(std::vector<std::string>{"", "**", "r/**", "*.md", "r/*"});
  std::vector<Grant> grants;
  for (std::size_t i = *rc::gen::inRange<std::size_t>(0, 5); i > 0; --i) {
    Grant grant = grant_of(policy, writes(*path));
    (void)widen(grant, "path", *glob);
    grants.push_back(std::move(grant));
  }
  const Call call = writes(*path);
  const Question question = call.question();
  const auto yes = [&](std::span<const Grant> some) {
    return answering(policy, occasion(question), some) != nullptr;
  };
  const bool all = yes(grants);
  const std::vector<Grant> turned{grants.rbegin(), grants.rend()};
  RC_ASSERT(yes(turned) == all);
  for (std::size_t i = 0; i < grants.size(); ++i) {
    std::vector<Grant> fewer = grants;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    RC_ASSERT(all || !yes(fewer));
  }
}

}  // namespace
}  // namespace naestro::policy
