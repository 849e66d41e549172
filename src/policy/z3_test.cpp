// The algebra of paths, hosts, intervals and finite sets against an SMT solver, which is told what
// rules mean in its own terms: random policies, in both directions, each witness decided for real.
#include <z3++.h>

#include <random>

#include "base/text.hpp"
#include "policy/compare.hpp"
#include "policy/lint.hpp"
#include "policy/prove.hpp"
#include "policy/test_asked.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;
using Op = Expression::Op;

const std::vector<Target> kTargets = {
    {"files.write@1", {{EffectKind::write, "path", true}}, {"path"}, ""},
    {"http.get@1", {{EffectKind::net, "url", false}}, {"url"}, ""},
    {"note.send@1", {{EffectKind::send, "", false}}, {"n", "s"}, ""},
    {"files.write@2", {{EffectKind::write, "path", false}}, {"path"}, ""},
    {"note.tell@1", {{EffectKind::send, "", false}}, {}, ""}};

std::vector<const Rule*> rules_of(const Policy& policy) {
  std::vector<const Rule*> out;
  for (const RuleFile& file : policy.files()) {
    for (const Rule& rule : file.rules) out.push_back(&rule);
  }
  return out;
}

// A call of which nothing is known yet.
class Unknown {
 public:
  explicit Unknown(z3::context& context)
      : c{context},
        tool{c.string_const("tool")},
        path{c.string_const("path")},
        dotted{c.bool_const("dotted")},
        host{c.string_const("host")},
        user{c.string_const("user")},
        mode{c.int_const("mode")} {
    for (const std::string_view word : kFlagWords) {
      facts.push_back(c.bool_const(std::string{word}.c_str()));
    }
  }

  // What an argument of any type is.
  struct Argument {
    z3::expr type;  // 0: left out, 1: a number, 2: a text, 3: true, 4: false, 5: something else
    z3::expr number;
    z3::expr text;
  };
  Argument argument(const std::string& name) const {
    if (name == "path") {
      return {c.int_val(2), c.int_val(0), z3::ite(dotted, c.string_val("./") + path, path)};
    }
    return {c.int_const((name + ".type").c_str()), c.int_const((name + ".number").c_str()),
            c.string_const((name + ".text").c_str())};
  }

  z3::expr sane() const {
    z3::expr out = mode >= 0 && mode <= 2;
    const z3::expr name = z3::plus(letter());
    const z3::expr folder = z3::star(z3::concat(name, re("/")));
    out = out && (path == c.string_val(".") || in(path, z3::concat(folder, name)));
    out = out && path.length() <= 9 && host.length() <= 12;
    const z3::expr label = z3::concat(name, z3::star(z3::concat(re("."), name)));
    out = out && in(host, label) && in(user, name) && user.length() <= 4;
    for (const char* each : {"n", "s"}) {
      const Argument of = argument(each);
      out = out && of.type >= 0 && of.type <= 5 && of.number > -100 && of.number < 100 &&
            in(of.text, z3::plus(letter())) && of.text.length() <= 3;
    }
    return out;
  }

  // A tool's name with its version.
  z3::expr named() const {
    const z3::expr name = z3::plus(z3::range(c.string_val("a"), c.string_val("z")));
    return tool.length() <= 15 &&
           in(tool, joined({name, re("."), name, re("@"),
                            z3::range(c.string_val("1"), c.string_val("3"))}));
  }

  z3::expr letter() const { return z3::range(c.string_val("a"), c.string_val("d")); }
  z3::expr re(const std::string& text) const { return z3::to_re(c.string_val(text)); }
  static z3::expr in(const z3::expr& text, const z3::expr& language) {
    return z3::in_re(text, language);
  }
  static z3::expr joined(std::initializer_list<z3::expr> parts) {
    z3::expr out = *parts.begin();
    for (const z3::expr& each : std::span{parts}.subspan(1)) out = z3::concat(out, each);
    return out;
  }

  z3::context& c;
  z3::expr tool, path, dotted, host, user, mode;
  std::vector<z3::expr> facts;
};

// Rules in the solver's terms.
class Meaning {
 public:
  Meaning(const Unknown& call, EffectKind kind, bool effect, bool reversible)
      : u_{call}, c_{call.c}, kind_{kind}, effect_{effect}, reversible_{reversible} {}

  // The rule is true, and it says something (deny and ask also where they cannot be told).
  z3::expr yes(const Rule& rule) const { return of(rule).first; }
  z3::expr applies(const Rule& rule) const {
    const auto [yes, errs] = of(rule);
    return rule.effect == Decision::allow ? yes : yes || errs;
  }

  // It obliges to something to which none of the others does.
  z3::expr adds(const Rule& rule, const std::vector<const Rule*>& others) const {
    const Obligations& own = rule.obligations;
    z3::expr bytes = truth(own.max_bytes.has_value());
    z3::expr reason = truth(own.require_reason);
    z3::expr rate = truth(!own.rates.empty());
    for (const Rule* each : others) {
      const Obligations& theirs = each->obligations;
      if (theirs.none()) continue;
      if (own.max_bytes && theirs.max_bytes.value_or(*own.max_bytes + 1) <= *own.max_bytes) {
        bytes = bytes && !obliges(*each);
      }
      if (theirs.require_reason) reason = reason && !obliges(*each);
      if (theirs.rates == own.rates) rate = rate && !obliges(*each);
    }
    return own.none() ? truth(false) : obliges(rule) && (bytes || reason || rate);
  }

  // The first policy obliges to something to which the other does not, where neither denies.
  z3::expr obliges_to_more(const Policy& one, const Policy& other) const {
    z3::expr out = truth(false);
    for (const Rule* rule : rules_of(one)) out = out || adds(*rule, rules_of(other));
    return out;
  }

  z3::expr differ(const Policy& one, const Policy& other) const {
    const z3::expr decided = decision(one);
    return decided != decision(other) ||
           (decided != 4 && (obliges_to_more(one, other) || obliges_to_more(other, one)));
  }

  // Some rule cannot be told.
  z3::expr errs(const Policy& policy) const {
    z3::expr out = truth(false);
    for (const RuleFile& file : policy.files()) {
      for (const Rule& rule : file.rules) out = out || of(rule).second;
    }
    return out;
  }

  // 0 allow, 2 ask, 3 a locked ask, 4 deny.
  z3::expr decision(const Policy& policy) const {
    z3::expr out = c_.int_val(-1);
    for (const RuleFile& file : policy.files()) {
      for (const Rule& rule : file.rules) {
        const z3::expr strictness = c_.int_val(rule.strictness());
        out = z3::ite(applies(rule) && strictness > out, strictness, out);
      }
    }
    out = z3::ite(out == 1, c_.int_val(0), out);  // an allow that obliges
    if (!effect_) return z3::ite(out < 0, c_.int_val(0), out);
    out = z3::ite(out < 0, c_.int_val(4), out);
    const bool suggests = kind_ != EffectKind::read && kind_ != EffectKind::model_local;
    return suggests ? z3::ite(u_.mode == 1, c_.int_val(4), out) : out;
  }

 private:
  struct Of {  // an expression: its truth, and whether it errs
    z3::expr yes;
    z3::expr errs;
  };
  z3::expr truth(bool value) const { return c_.bool_val(value); }

  z3::expr obliges(const Rule& rule) const {
    const auto [yes, errs] = of(rule);
    return yes || errs;
  }

  std::pair<z3::expr, z3::expr> of(const Rule& rule) const {
    const std::size_t kind = effect_ ? static_cast<std::size_t>(kind_) : kNoEffect;
    if ((rule.kinds >> kind & 1U) == 0) return {truth(false), truth(false)};
    z3::expr place = tools(rule) && who(rule);
    if (!rule.paths.empty()) place = place && paths(rule);
    if (!rule.hosts.empty()) place = place && hosts(rule);
    if (!rule.when) return {place, truth(false)};
    const Of when = condition(*rule.when);
    return {place && when.yes, place && when.errs};
  }

  z3::expr tools(const Rule& rule) const {
    if (rule.tools.empty()) return truth(true);
    z3::expr out = truth(false);
    for (const std::string& tool : rule.tools) {
      if (tool.ends_with('*')) {
        out = out || z3::prefixof(c_.string_val(tool.substr(0, tool.size() - 1)), u_.tool);
      } else {
        out =
            out || u_.tool == c_.string_val(tool) ||
            (tool.contains('@') ? truth(false) : z3::prefixof(c_.string_val(tool + "@"), u_.tool));
      }
    }
    return out;
  }

  z3::expr is_mode(Mode mode) const {
    return u_.mode == (mode == Mode::copilot ? 0 : mode == Mode::guide ? 1 : 2);
  }

  z3::expr who(const Rule& rule) const {
    z3::expr mode = truth(rule.modes == 0);
    for (const Mode each : {Mode::copilot, Mode::guide, Mode::automatic}) {
      if ((rule.modes >> static_cast<unsigned>(each) & 1U) != 0) mode = mode || is_mode(each);
    }
    z3::expr user = truth(rule.users.empty());
    for (const std::string& each : rule.users) user = user || u_.user == c_.string_val(each);
    return mode && user;
  }

  // The language of a glob.
  z3::expr language(const std::string& glob) const {
    const z3::expr letters = u_.letter();
    const z3::expr any = z3::star(letters + u_.re("/"));
    z3::expr out = u_.re("");
    for (std::size_t i = 0; i < glob.size(); ++i) {
      z3::expr part = u_.re(glob.substr(i, 1));
      if (glob.substr(i, 3) == "**/") {
        part = z3::option(z3::concat(any, u_.re("/")));
        i += 2;
      } else if (glob.substr(i, 2) == "**") {
        part = any;
        i += 1;
      } else if (glob[i] == '*') {
        part = z3::star(letters);
      } else if (glob[i] == '?') {
        part = letters;
      }
      out = z3::concat(out, part);
    }
    return out;
  }

  z3::expr paths(const Rule& rule) const {
    z3::expr out = truth(false);
    for (const Glob& each : rule.paths) {
      const std::string& glob = each.text();
      out = out || Unknown::in(u_.path, language(glob));
      if (rule.effect == Decision::allow) continue;
      if (effect_ && kind_ == EffectKind::read && leaves_out(rule, each)) continue;
      out = out || u_.path == c_.string_val(".");
      for (std::size_t i = 0; i < glob.size() && glob[i] != '*' && glob[i] != '?'; ++i) {
        if (glob[i] == '/') out = out || u_.path == c_.string_val(glob.substr(0, i));
      }
    }
    return out;
  }

  z3::expr hosts(const Rule& rule) const {
    z3::expr out = truth(false);
    for (const std::string& each : rule.hosts) {
      out = out || (each.starts_with("*.") ? z3::suffixof(c_.string_val(each.substr(1)), u_.host)
                                           : u_.host == c_.string_val(each));
    }
    return out;
  }

  Of condition(const Expression& e) const {
    switch (e.op) {
      case Op::both: {
        const Of a = condition(e.of[0]);
        const Of b = condition(e.of[1]);
        return {a.yes && b.yes, a.errs || (a.yes && b.errs)};
      }
      case Op::either: {
        const Of a = condition(e.of[0]);
        const Of b = condition(e.of[1]);
        const z3::expr no = !a.yes && !a.errs;
        return {a.yes || (no && b.yes), a.errs || (no && b.errs)};
      }
      case Op::negation: {
        const Of a = condition(e.of[0]);
        return {!a.yes && !a.errs, a.errs};
      }
      case Op::has: return {u_.argument(e.name).type != 0, truth(false)};
      case Op::equal:
      case Op::less:
      case Op::at_most: return comparison(e);
      default: break;
    }
    if (is_argument(e)) {
      const auto of = u_.argument(e.name);
      return {of.type == 3, of.type != 3 && of.type != 4};
    }
    check(e.op == Op::attribute, "the test makes no other conditions");
    const auto at =
        static_cast<std::size_t>(std::ranges::find(kFlagWords, e.name) - kFlagWords.begin());
    if (e.name == "irreversible") return {truth(effect_ && !reversible_), truth(false)};
    return {u_.facts[at], truth(false)};
  }

  static bool is_argument(const Expression& e) {
    return e.op == Op::attribute && e.of[0].op == Op::attribute && e.of[0].name == "arguments";
  }

  Of comparison(const Expression& e) const {
    const bool first = e.of[0].op != Op::literal;  // the literal is the second
    const Expression& asked = e.of[first ? 0 : 1];
    const Value& literal = e.of[first ? 1 : 0].literal;
    if (asked.name == "mode") {
      return {is_mode(*mode_from(std::get<std::string>(literal.of))), truth(false)};
    }
    if (asked.name == "tool") {
      return {u_.tool == c_.string_val(std::get<std::string>(literal.of)), truth(false)};
    }
    const auto of = u_.argument(asked.name);
    if (const auto* text = std::get_if<std::string>(&literal.of)) {
      return {of.type == 2 && of.text == c_.string_val(*text), of.type == 0};
    }
    const z3::expr number = c_.int_val(std::get<std::int64_t>(literal.of));
    const z3::expr left = first ? of.number : number;
    const z3::expr right = first ? number : of.number;
    if (e.op == Op::equal) return {of.type == 1 && left == right, of.type == 0};
    return {of.type == 1 && (e.op == Op::less ? left < right : left <= right), of.type != 1};
  }

  const Unknown& u_;
  z3::context& c_;
  EffectKind kind_;
  bool effect_;
  bool reversible_;
};

// Random rules of one user's file, all about the same few things, so that they meet.
class Author {
 public:
  explicit Author(unsigned seed) : random_{seed}, about_{seed % kTargets.size()} {}

  std::vector<std::string> rules(std::size_t most) {
    std::vector<std::string> out;
    for (std::size_t count = 2 + pick(most - 1); out.size() < count;) {
      out.push_back(rule("r" + std::to_string(out.size())));
    }
    return out;
  }
  // The same, but for one rule.
  std::vector<std::string> other_than(std::vector<std::string> rules) {
    const std::size_t at = pick(rules.size());
    if (pick(2) == 0) {
      rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      rules[at] = rule("other");
    }
    return rules;
  }
  // That of the targets which the rules are about.
  [[nodiscard]] const Target& target() const { return kTargets[about_]; }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }
  std::string one_of(const std::vector<std::string>& words) { return words[pick(words.size())]; }

  std::string rule(const std::string& id) {
    const std::string effect =
        one_of({R"("deny")", R"("deny")", R"("ask")", R"("ask","locked":true)", R"("allow")"});
    std::string out = R"({"id":")" + id + R"(","effect":)" + effect;
    std::size_t often = 2;  // conditions
    switch (about_) {
      case 0:
        out += R"(,"paths":[)" +
               several({"a/**", "a/b", "a/b/c", "**/c", "a/*", "a/?", "?", "**", "a/**/c", "c",
                        "a/b/**", "c/**", "a*"}) +
               "]";
        break;
      case 1:
        out += R"(,"kinds":["net"],"hosts":[)" + several({"a.b", "*.a.b", "c.a.b", "*.b", "d.d"}) +
               "]";
        often = 4;
        break;
      case 2:
        out += R"(,"kinds":["send"])";
        often = 1;
        break;
      case 3: out += R"(,"kinds":["write","net"])"; break;
      default:
        out += R"(,"kinds":["send"])" + who();
        if (!effect.contains("deny")) out += obligations();
        often = 3;
        break;
    }
    if (about_ == 3 || pick(5) == 0) {
      out += R"(,"tools":[)" +
             several({"files.write", "files.write@1", "files.*", "note.send@1", "http.*",
                      "http.get", "n*", "f*"}) +
             "]";
    }
    if (pick(often) == 0) out += R"(,"when":")" + condition(2) + "\"";
    return out + "}";
  }

  std::string who() {
    const std::string users = R"("users":[)" + several({"ada", "bab", "cad"}) + "]";
    const std::string modes = R"("modes":[)" + several({"copilot", "guide", "auto"}) + "]";
    return one_of({"", R"(,"who":{)" + users + "}", R"(,"who":{)" + modes + "}",
                   R"(,"who":{)" + users + "," + modes + "}"});
  }

  std::string obligations() {
    const std::string of = one_of(
        {"", "", R"("max_bytes":1000)", R"("max_bytes":2000)", R"("require_reason":true)",
         R"("max_bytes":1000,"require_reason":true)", R"("rate_limit":{"calls":1,"per":"1m"})",
         R"("max_bytes":2000,"rate_limit":{"calls":1,"per":"1m"})"});
    return of.empty() ? "" : R"(,"obligations":{)" + of + "}";
  }

  std::string several(const std::vector<std::string>& words) {
    std::string out = "\"" + one_of(words) + "\"";
    if (pick(2) == 0) out += ",\"" + one_of(words) + "\"";
    return out;
  }

  std::string condition(int depth) {
    if (depth == 0 || pick(3) == 0) return atom();
    const std::string left = condition(depth - 1);
    switch (pick(3)) {
      case 0: return "(" + left + " && " + condition(depth - 1) + ")";
      case 1: return "(" + left + " || " + condition(depth - 1) + ")";
      default: return "!(" + left + ")";
    }
  }

  std::string atom() {
    switch (about_) {
      case 0:
        return one_of({R"(context.arguments.path == \"a/b\")", R"(context.arguments.path == \"c\")",
                       R"(context.arguments.path != \"a/b\")", "context.untrusted_input"});
      case 1: return one_of({R"(context.mode == \"auto\")", "context.private_data"});
      case 2:
        return one_of(
            {"context.arguments has n", "context.arguments.n < -5", "context.arguments.n <= -5",
             "context.arguments.n >= 20", "20 > context.arguments.n", "context.arguments.n == 20",
             R"(context.arguments.s == \"ab\")", "context.arguments has s", "context.arguments.s"});
      case 4:
        return one_of({R"(context.mode == \"auto\")", "context.private_data",
                       "context.arguments.n < 3", "context.arguments has n"});
      default:
        return one_of({R"(context.tool == \"files.write@1\")",
                       R"(context.tool == \"files.write@2\")", R"(context.mode == \"auto\")",
                       R"(context.mode != \"copilot\")", "context.irreversible",
                       "context.private_data"});
    }
  }

  std::mt19937 random_;
  std::size_t about_;
};

std::string text_of(const std::vector<std::string>& rules) {
  return rules.empty() ? "" : join(rules, ",\n");
}

// The call that a model of the solver says.
Call call_of(const Unknown& u, const z3::model& model, const Target& target) {
  Call out;
  out.target = &target;
  const auto text = [&](const z3::expr& of) { return model.eval(of, true).get_string(); };
  for (const std::string& name : target.authority) {
    if (name == "url") {
      out.authority[name] = "https://" + text(u.host) + "/";
      continue;
    }
    const auto of = u.argument(name);
    switch (model.eval(of.type, true).get_numeral_int()) {
      case 0: break;
      case 1: out.authority[name] = model.eval(of.number, true).get_numeral_int(); break;
      case 2: out.authority[name] = text(of.text); break;
      case 3: out.authority[name] = true; break;
      case 4: out.authority[name] = false; break;
      default: out.authority[name] = json::Array{}; break;
    }
  }
  const Mode modes[] = {Mode::copilot, Mode::guide, Mode::automatic};
  out.user = text(u.user);
  out.mode = modes[model.eval(u.mode, true).get_numeral_int()];
  for (std::size_t i = 0; i + 1 < kFlagWords.size(); ++i) {
    out.flow.*fact_named(kFlagWords[i])->holds = model.eval(u.facts[i], true).is_true();
  }
  return out;
}

// What it decides, and to what it obliges.
std::string said(const Policy& policy, const Call& call) {
  const Ruling ruling = policy.judge(call.question());
  return std::string{name(ruling.decision)} + (ruling.locked ? " locked " : " ") +
         text_of(ruling.obligations);
}

class Solver : public ::testing::Test {
 protected:
  // What is so of some call of the target, by the solver; nullopt: of none.
  std::optional<Call> some(const Target& target,
                           const std::function<z3::expr(const Unknown&, const Meaning&)>& so) {
    z3::context context;
    const Unknown u{context};
    const bool effect = !target.effects.empty();
    const Meaning meaning{u, effect ? target.effects[0].kind : EffectKind::read, effect,
                          !effect || target.effects[0].reversible};
    z3::solver solver{context};
    solver.set("timeout", 20'000U);
    solver.add(u.sane());
    if (!target.name.empty()) {
      solver.add(u.tool == context.string_val(target.name));
      for (const char* each : {"n", "s"}) {
        if (std::ranges::count(target.authority, each) > 0) continue;
        solver.add(u.argument(each).type == 0);
      }
    }
    solver.add(so(u, meaning));
    const z3::check_result result = solver.check();
    if (result == z3::unknown) ++unknown_;
    if (result != z3::sat) return std::nullopt;
    return call_of(u, solver.get_model(), target);
  }
  int unknown_ = 0;
};

TEST_F(Solver, APolicyDiffersFromAnotherWhereTheSolverSaysSo) {
  int differ = 0;
  int same = 0;
  for (unsigned seed = 0; seed < 75; ++seed) {
    Author author{seed};
    const auto rules = author.rules(4);
    const std::string first = text_of(rules);
    const std::string second = text_of(author.other_than(rules));
    const Policy before = testing::with(Layer::user, first);
    const Policy after = testing::with(Layer::user, second);
    const Target& target = author.target();
    const Comparison found = compare(before, after, std::span{&target, 1});
    EXPECT_TRUE(found.complete) << first << "\n" << second;
    const auto call = some(target, [&](const Unknown&, const Meaning& meaning) {
      return meaning.differ(before, after);
    });
    EXPECT_EQ(found.witnesses.empty(), !call) << first << "\n---\n" << second;
    (call ? differ : same) += 1;
    if (call) {
      EXPECT_NE(said(before, *call), said(after, *call))
          << json::write(json::Value(call->authority)) << first << "\n---\n"
          << second;
    }
    for (const Witness& each : found.witnesses) {
      EXPECT_NE(said(before, each), said(after, each));
    }
  }
  EXPECT_EQ(unknown_, 0);
  EXPECT_GT(differ, 15);
  EXPECT_GT(same, 15);
}

TEST_F(Solver, AClaimHoldsWhereTheSolverSaysSo) {
  std::map<std::pair<std::size_t, bool>, int> seen;
  for (unsigned seed = 200; seed < 215; ++seed) {
    Author author{seed};
    const auto rules = author.rules(4);
    const Policy one = testing::with(Layer::user, text_of(rules));
    const Policy other = testing::with(Layer::user, text_of(author.other_than(rules)));
    const Target& target = author.target();
    for (std::size_t i = 0; i < kClaimWords.size(); ++i) {
      const auto claim = static_cast<Claim>(i);
      const Proof proof = prove(claim, one, other, std::span{&target, 1});
      const auto against = some(target, [&](const Unknown&, const Meaning& meaning) {
        const z3::expr a = meaning.decision(one);
        const z3::expr b = meaning.decision(other);
        switch (claim) {
          case Claim::always_allows: return a != 0;
          case Claim::always_denies: return a != 4;
          case Claim::disjoint: return a != 4 && b != 4;
          case Claim::implies: return a != 4 && (a < b || meaning.obliges_to_more(other, one));
          case Claim::equivalent: return meaning.differ(one, other);
          default: return meaning.errs(one);
        }
      });
      EXPECT_EQ(proof.counter.has_value(), against.has_value()) << kClaimWords[i] << "\n"
                                                                << text_of(rules);
      EXPECT_TRUE(proof.complete);
      ++seen[{i, proof.counter.has_value()}];
    }
  }
  EXPECT_EQ(unknown_, 0);
  for (std::size_t i = 0; i < kClaimWords.size(); ++i) {
    EXPECT_GT((seen[{i, true}]), 0) << kClaimWords[i];
  }
  for (const Claim claim : {Claim::never_errs, Claim::implies, Claim::equivalent}) {
    EXPECT_GT((seen[{static_cast<std::size_t>(claim), false}]), 0);
  }
}

// A rule of a file decides on no call where the solver finds none.
TEST_F(Solver, ARuleIsWarnedOfWhereTheSolverFindsNoCall) {
  // Of any tool: the name is left to the solver.
  const std::vector<Target> any = {{"", {{EffectKind::write, "path", true}}, {"path"}, ""},
                                   {"", {{EffectKind::write, "path", false}}, {"path"}, ""},
                                   {"", {{EffectKind::net, "url", true}}, {"url"}, ""},
                                   {"", {{EffectKind::net, "url", false}}, {"url"}, ""},
                                   {"", {{EffectKind::send, "", true}}, {}, ""}};
  int never = 0;
  int shadowed = 0;
  int alive = 0;
  for (unsigned seed = 400; seed < 415; ++seed) {
    Author author{seed};
    const std::string text = text_of(author.rules(5));
    const Policy policy = testing::with(Layer::user, text);
    const RuleFile& file = policy.files()[1];
    std::map<std::string, std::string> warned;
    for (const Lint& each : lint(policy)) warned[each.rule] = each.message;
    for (const Rule& rule : file.rules) {
      bool decides = false;
      bool is_true = false;
      for (const Target& target : any) {
        const auto kind = static_cast<std::size_t>(target.effects[0].kind);
        // Reads are like writes.
        if ((rule.kinds >> kind & 1U) == 0 || (decides && is_true)) continue;
        is_true = is_true || some(target, [&](const Unknown& u, const Meaning& meaning) {
                               return u.named() && meaning.yes(rule);
                             }).has_value();
        decides = decides ||
                  some(target, [&](const Unknown& u, const Meaning& meaning) {
                    std::vector<const Rule*> first;
                    z3::expr decides = meaning.applies(rule);
                    z3::expr denied = decides && !decides;
                    for (const Rule& other : file.rules) {
                      const bool before =
                          other.strictness() > rule.strictness() ||
                          (other.strictness() == rule.strictness() && other.place < rule.place);
                      if (!before) continue;
                      first.push_back(&other);
                      decides = decides && !meaning.applies(other);
                      if (other.effect != Decision::deny) continue;
                      denied = denied || meaning.applies(other);
                    }
                    return u.named() && (decides || (!denied && meaning.adds(rule, first)));
                  }).has_value();
      }
      const std::string& message = warned[rule.id];
      EXPECT_EQ(message.starts_with("never") || message.starts_with("applies only"), !is_true)
          << rule.id << " " << message << "\n"
          << text;
      EXPECT_EQ(message.starts_with("decides nothing"), is_true && !decides)
          << rule.id << " " << message << "\n"
          << text;
      ++(!is_true ? never : !decides ? shadowed : alive);
    }
  }
  EXPECT_EQ(unknown_, 0);
  EXPECT_GT(never + shadowed, 8);
  EXPECT_GT(alive, 10);
}

}  // namespace
}  // namespace naestro::policy
