// What a rule matches: tools, paths, hosts, conditions; and what is not known or cannot be told.
#include "policy/rule.hpp"

#include "policy/parser.hpp"
#include "policy/test_asked.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;
using testing::Call;

Rule rule_of(const std::string& members) {
  auto rule = parse_rule(json::parse("{\"id\":\"a\"," + members + "}").value());
  check(rule.has_value(), rule ? "" : rule.error().message);
  return *std::move(rule);
}

Matched matched(const std::string& members, const Call& call) {
  const auto* effect = call.effects.empty() ? nullptr : call.effects.data();
  return rule_of(members).matches(call.question(), effect);
}

Match match(const std::string& members, const Call& call) { return matched(members, call).match; }

TEST(Rule, NamesToolsWithOrWithoutAVersionOrByTheirBeginning) {
  const auto of = [](const std::string& tool, const std::string& target) {
    Call call;
    call.target = target;
    return match(R"("effect":"deny","tools":["other.tool",")" + tool + "\"]", call) == Match::yes;
  };
  EXPECT_TRUE(of("files.write", "files.write@1"));
  EXPECT_TRUE(of("files.write@1", "files.write@1"));
  EXPECT_FALSE(of("files.write@2", "files.write@1"));
  EXPECT_FALSE(of("files.wri", "files.write@1"));
  EXPECT_TRUE(of("files.*", "files.write@1"));
  EXPECT_TRUE(of("*", "files.write@1"));
  EXPECT_FALSE(of("file.*", "files.write@1"));
  EXPECT_TRUE(of("model:tiny", "model:tiny"));
  EXPECT_TRUE(of("model:*", "model:tiny"));
}

TEST(Rule, HoldsPathsToItsGlobs) {
  const auto of = [](const std::string& effect, const json::Value& path) {
    Call call;
    call.authority = {{"path", path}};
    return matched("\"effect\":\"" + effect + R"(","paths":["secrets/**","x/*.md"])", call);
  };
  EXPECT_EQ(of("deny", "secrets/a").match, Match::yes);
  EXPECT_EQ(of("deny", "./secrets//a").match, Match::yes) << "another spelling is the same path";
  EXPECT_EQ(of("deny", "x/a.md").match, Match::yes);
  EXPECT_EQ(of("deny", "x/y/a.md").match, Match::no);
  EXPECT_EQ(of("deny", "secrets.md").match, Match::no);
  // Who is given the folder above is given what is in it.
  for (const char* above : {"secrets", ".", "x"}) {
    EXPECT_EQ(of("deny", above).match, Match::yes) << above;
    EXPECT_EQ(of("ask", above).match, Match::yes) << above;
    EXPECT_EQ(of("allow", above).match, Match::no) << above;
  }
  // A deny to read of files wherever they are leaves them out of a folder, which is read.
  const auto anywhere = [](const std::string& effect, EffectKind kind, const char* path) {
    Call call;
    call.effects = {{kind, "path", true}};
    call.authority = {{"path", path}};
    return match("\"effect\":\"" + effect + R"(","paths":["**/*.key"])", call);
  };
  EXPECT_EQ(anywhere("deny", EffectKind::read, "."), Match::no);
  EXPECT_EQ(anywhere("deny", EffectKind::read, "a/b.key"), Match::yes);
  EXPECT_EQ(anywhere("deny", EffectKind::write, "."), Match::yes);
  EXPECT_EQ(anywhere("ask", EffectKind::read, "."), Match::yes);
  EXPECT_EQ(anywhere("allow", EffectKind::read, "."), Match::no);
  EXPECT_EQ(of("deny", "../a").match, Match::failed);
  EXPECT_EQ(of("deny", "../a").failure, "'../a' goes up with '..'");
  EXPECT_EQ(of("deny", json::Array{"a"}).match, Match::failed);
  Call none;
  none.authority = {};
  EXPECT_EQ(matched(R"("effect":"deny","paths":["a"])", none).failure,
            "it does not say which path");
}

TEST(Rule, HoldsHostsToTheirOneSpelling) {
  const auto of = [](const std::string& url) {
    Call call;
    call.effects = {{EffectKind::net, "url", true}};
    call.authority = {{"url", json::Value(url)}};
    return match(R"("effect":"deny","hosts":["a.example","*.b.example","::1","127.0.0.1"])", call);
  };
  EXPECT_EQ(of("https://a.example/x"), Match::yes);
  EXPECT_EQ(of("http://A.EXAMPLE:8080"), Match::yes);
  EXPECT_EQ(of("https://x.a.example/"), Match::no);
  EXPECT_EQ(of("https://x.b.example/"), Match::yes);
  EXPECT_EQ(of("https://x.y.b.example/"), Match::yes);
  EXPECT_EQ(of("https://b.example/"), Match::no);
  EXPECT_EQ(of("https://ab.example/"), Match::no);
  EXPECT_EQ(of("https://[::1]/"), Match::yes);
  EXPECT_EQ(of("https://127.1/"), Match::yes);
  EXPECT_EQ(of("no url"), Match::failed);
  Call none;
  none.effects = {{EffectKind::net, "url", true}};
  none.authority = {{"url", 7}};
  EXPECT_EQ(matched(R"("effect":"deny","hosts":["a.example"])", none).failure,
            "it does not say which URL");
  none.authority = {};
  EXPECT_EQ(match(R"("effect":"deny","hosts":["a.example"])", none), Match::failed);
}

TEST(Rule, KnowsTheServerOfAModel) {
  Call call;
  call.target = "model:far";
  call.effects = {{EffectKind::model_cloud, "", true}};
  call.authority = {};
  EXPECT_EQ(match(R"("effect":"deny","hosts":["m.example"])", call), Match::no);
  call.server = "https://m.example/v1";
  EXPECT_EQ(match(R"("effect":"deny","hosts":["m.example"])", call), Match::yes);
  EXPECT_EQ(match(R"("effect":"deny","hosts":["n.example"])", call), Match::no);
}

TEST(Rule, AsksItsConditionAboutTheCall) {
  const auto holds = [](const std::string& when, const Call& call = {}) {
    return matched("\"effect\":\"deny\",\"when\":" + json::write(json::Value(when)), call);
  };
  for (const char* when :
       {"context.kind == \"write\"", "context.tool == \"files.write@1\"",
        "context.mode == \"copilot\"", "!context.untrusted_authority",
        "context.arguments has path && context.arguments.path like \"*.md\"",
        "context has arguments.path", "!(context.arguments has \"url\")",
        "[context.kind].contains(\"write\")", "if context.untrusted_authority then false else true",
        "{a: context.kind}.a == \"write\"", "true"}) {
    EXPECT_EQ(holds(when).match, Match::yes) << when << holds(when).failure;
  }
  Call call;
  call.flow.untrusted_authority = true;
  call.mode = Mode::automatic;
  EXPECT_EQ(holds("context.untrusted_authority && context.mode == \"auto\"", call).match,
            Match::yes);
  EXPECT_EQ(holds("context.kind == \"read\"").match, Match::no);
  EXPECT_EQ(holds("context.arguments.url == \"x\"").failure, "`when`: there is no attribute 'url'");
  EXPECT_EQ(holds("context.kind").failure, "`when`: it is a string, not a bool");
}

TEST(Rule, SeesArgumentsAsValuesOfExpressions) {
  Call call;
  call.authority =
      json::parse(R"({"flag":true,"n":3,"list":["rm","-r"],"deep":{"a":{"b":1},"x":1.5},
    "half":1.5,"null":null,"halves":[1.5],"entity":{"__entity":{"type":"T","id":"i"}}})")
          ->as_object();
  for (const char* when :
       {"context.arguments.flag", "context.arguments.n == 3",
        "context.arguments.list.contains(\"rm\")", "context.arguments.deep.a.b == 1",
        "!(context.arguments.deep has x)", "!(context.arguments has half)",
        "!(context.arguments has halves)", "context.arguments.entity has __entity"}) {
    const auto found =
        matched("\"effect\":\"deny\",\"when\":" + json::write(json::Value(when)), call);
    EXPECT_EQ(found.match, Match::yes) << when << found.failure;
  }
  EXPECT_EQ(match(R"x("effect":"deny","when":"!(context.arguments has null)")x", call), Match::yes);
}

TEST(Rule, IsOpenWhileAValueThatItDependsOnIsNotKnown) {
  Call call;
  call.authority = {};
  call.open = {"path"};
  EXPECT_EQ(match(R"("effect":"deny","paths":["a"])", call), Match::open);
  EXPECT_EQ(match(R"("effect":"deny","when":"context.arguments.path == \"a\"")", call),
            Match::open);
  EXPECT_EQ(match(R"("effect":"deny","when":"context.arguments.other == \"a\"")", call),
            Match::failed);
  EXPECT_EQ(match(R"("effect":"deny")", call), Match::yes);
  // What surely does not match is no match.
  EXPECT_EQ(match(R"("effect":"deny","tools":["x"],"paths":["a"])", call), Match::no);
  EXPECT_EQ(match(R"("effect":"deny","paths":["a"],"when":"false")", call), Match::no);
  EXPECT_EQ(match(R"("effect":"deny","paths":["a"],"when":"1 == context.kind + 1")", call),
            Match::open);
  Call known;
  EXPECT_EQ(match(R"("effect":"deny","paths":["b"],"when":"context.kind + 1 == 1")", known),
            Match::no);
  known.authority = {{"path", "../x"}};
  EXPECT_EQ(match(R"("effect":"deny","paths":["b"],"when":"true")", known), Match::failed);
  EXPECT_EQ(match(R"("effect":"deny","paths":["b"],"when":"context.arguments.q == 1")", known),
            Match::failed);
  known.open = {"q"};
  EXPECT_EQ(match(R"("effect":"deny","paths":["b"],"when":"context.arguments.q == 1")", known),
            Match::open);
  Call net;
  net.effects = {{EffectKind::net, "url", true}};
  net.open = {"url"};
  EXPECT_EQ(match(R"("effect":"deny","hosts":["a.example"])", net), Match::open);
}

TEST(Rule, NamesTheArgumentsThatItsConditionDependsOn) {
  const Rule rule =
      rule_of(R"("effect":"deny","when":"context.arguments has a && context.arguments.b == 1 || )"
              R"(context.arguments.a == 2")");
  EXPECT_EQ(rule.depends, (std::vector<std::string>{"a", "b"}));
}

TEST(Rule, HasAnIdOfLettersDigitsAndThreeSigns) {
  const auto read = [](const std::string& id) {
    return parse_rule(json::Object{{"id", id}, {"effect", "deny"}}).has_value();
  };
  for (const char* id : {"a", "Zz9", "a.b-c_d"}) EXPECT_TRUE(read(id)) << id;
  for (const char* id : {"a{", "a[", "a/", "a:", "a@", "a ", "\xc3\xa9"})
    EXPECT_FALSE(read(id)) << id;
}

TEST(Rule, WithoutAReasonSaysItsName) {
  EXPECT_EQ(rule_of(R"("effect":"deny")").reason, "rule a says so");
  EXPECT_EQ(rule_of(R"("effect":"deny","reason":"")").reason, "rule a says so");
  EXPECT_EQ(rule_of(R"("effect":"deny","reason":"mine")").reason, "mine");
}

TEST(Rule, ARecordOfItsOwnMayHaveMembersOfAnyName) {
  Call call;
  call.open = {"x"};
  EXPECT_EQ(match(R"("effect":"deny","when":"{arguments: {x: 1}}.arguments.x == 1")", call),
            Match::yes);
}

TEST(Rule, KnowsAConditionThatIsAlwaysTheSame) {
  EXPECT_EQ(constant(parse_expression("1 == 2").value()), std::optional{false});
  EXPECT_EQ(constant(parse_expression("true").value()), std::optional{true});
  EXPECT_EQ(constant(parse_expression("context.untrusted_authority").value()), std::nullopt);
  EXPECT_EQ(constant(parse_expression("1").value()), std::nullopt);
}

TEST(Rule, WithoutKindsIsAboutAllThatItCanBe) {
  const auto bits = [](const std::string& members) { return rule_of(members).kinds; };
  EXPECT_EQ(bits(R"("effect":"deny")"), 0x1ff);
  EXPECT_EQ(bits(R"("effect":"deny","paths":["a"])"), 0x009);
  EXPECT_EQ(bits(R"("effect":"deny","hosts":["a.example"])"), 0x026);
  EXPECT_EQ(bits(R"("effect":"deny","kinds":["pay","read"])"), 0x081);
}

}  // namespace
}  // namespace naestro::policy
