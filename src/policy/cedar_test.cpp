#include "policy/cedar.hpp"

#include "testing/testing.hpp"

namespace naestro::policy {
namespace {

CedarAnswer answer(std::string_view policies) {
  const auto entities = Entities::parse(json::parse(R"([{"uid": {"type": "User", "id": "alice"},
        "parents": [{"type": "Team", "id": "ops"}]}])")
                                            .value());
  const auto parsed = parse_cedar(policies);
  check(parsed.has_value(), parsed ? "" : parsed.error().text());
  return authorize(*parsed, {{"User", "alice"}, {"Action", "view"}, {"File", "a"}, {}}, *entities);
}

using Ids = std::vector<std::string>;

TEST(Cedar, WhatNothingPermitsIsDenied) {
  EXPECT_FALSE(answer("").allow);
  const auto out = answer("permit(principal, action, resource) when { false };");
  EXPECT_FALSE(out.allow);
  EXPECT_TRUE(out.reasons.empty());
}

TEST(Cedar, ForbidBeatsPermit) {
  const auto out = answer(R"(
    permit(principal, action, resource);
    forbid(principal, action, resource) unless { principal == User::"bob" };
    permit(principal, action, resource);)");
  EXPECT_FALSE(out.allow);
  EXPECT_EQ(out.reasons, Ids{"policy1"});
}

TEST(Cedar, EveryFormOfAScopeIsRead) {
  const auto out = answer(R"(
    @id("x") @note
    permit(principal == User::"alice", action == Action::"view", resource == File::"a",);
    permit(principal in Team::"ops", action in [Action::"view", Action::"edit"], resource is File);
    permit(principal is User in Team::"ops", action in Action::"view", resource);
    permit(principal is Team, action, resource);
    permit(principal, action in [], resource);)");
  EXPECT_TRUE(out.allow);
  EXPECT_EQ(out.reasons, (Ids{"policy0", "policy1", "policy2"}));
  EXPECT_TRUE(out.errors.empty());
}

TEST(Cedar, APolicyThatFailsSaysNothingAndIsNamed) {
  const auto out = answer(R"(
    permit(principal, action, resource) when { true } when { true };
    forbid(principal, action, resource) when { context.none };
    forbid(principal, action, resource) when { 1 };
    permit(principal, action, resource) when { if true then 1 else 2 };)");
  EXPECT_TRUE(out.allow);
  EXPECT_EQ(out.reasons, Ids{"policy0"});
  EXPECT_EQ(out.errors, (Ids{"policy1", "policy2", "policy3"}));
}

TEST(Cedar, WhatIsNoPolicyIsNamedWithItsPlace) {
  struct Case {
    const char* text;
    const char* part;
  };
  const Case cases[] = {
      {"$", "begins nothing"},
      {"allow(", "expected 'forbid', found 'allow'"},
      {"permit", "expected '('"},
      {"permit(action", "expected 'principal'"},
      {"permit(principal == ?principal, action, resource);", "expected a name, found '?'"},
      {"permit(principal == A, action, resource);", "expected '::', found ','"},
      {"permit(principal == A::B::1, action, resource);", "expected a text, found '1'"},
      {"permit(principal in 1, action, resource);", "expected a name"},
      {"permit(principal is 1, action, resource);", "expected a name"},
      {"permit(principal, action in [1], resource);", "expected a name"},
      {"permit(principal, action in [A::\"a\" A::\"b\"], resource);", "expected ','"},
      {"permit(principal action, resource);", "expected ','"},
      {"permit(principal, resource);", "expected 'action'"},
      {"permit(principal, action resource);", "expected ','"},
      {"permit(principal, action, principal);", "expected 'resource'"},
      {"permit(principal, action, resource;", "expected ')'"},
      {"permit(principal, action, resource)", "expected ';'"},
      {"permit(principal, action, resource) when true;", "expected '{'"},
      {"permit(principal, action, resource) when { };", "expected a value"},
      {"permit(principal, action, resource) when { true;", "expected '}'"},
      {"@1 permit(principal, action, resource);", "expected a name"},
      {"@a @a permit(principal, action, resource);", "stands twice"},
      {"@a(1) permit(principal, action, resource);", "expected a text"},
      {"@a(\"x\" permit(principal, action, resource);", "expected ')'"},
  };
  for (const Case& each : cases) {
    const auto parsed = parse_cedar(each.text);
    ASSERT_FALSE(parsed) << each.text;
    EXPECT_TRUE(parsed.error().message.contains(each.part))
        << each.text << ": " << parsed.error().message;
  }
}

}  // namespace
}  // namespace naestro::policy
