#include "policy/lint.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace naestro::policy {
namespace {

// Of all globs of a rule and of those that may stand before it.
constexpr std::size_t kPathStatesMax = 1'000;
// Calls that are asked about one rule.
constexpr std::size_t kCallsOfRuleMax = 200'000;
// Rules that one is held against, and what that counts for at least, in calls.
constexpr std::size_t kHeldAgainstMax = 100;
constexpr std::size_t kHoldingCosts = 10'000;
// Rules that a finding names.
constexpr std::size_t kNamedMax = 3;

// A name that no rule has by chance.
constexpr std::string_view kSome = "some";
constexpr std::string_view kModel = "model:";

constexpr auto kRead = static_cast<std::size_t>(contract::EffectKind::read);

bool has_kind(const Rule& rule, std::size_t kind) { return (rule.kinds >> kind & 1U) != 0; }

// Every entry of `narrow` stands in `wide`; no entry stands for all.
template <class Entries, class Covers>
bool covers(const Entries& wide, const Entries& narrow, Covers each_covers) {
  if (wide.empty()) return true;
  return !narrow.empty() && std::ranges::all_of(narrow, [&](const auto& each) {
    return std::ranges::any_of(wide, [&](const auto& one) { return each_covers(one, each); });
  });
}

// Whether all that `narrow` matches is plainly matched by `wide`, too.
bool covers(const Rule& wide, const Rule& narrow) {
  return !wide.when && (narrow.kinds & ~wide.kinds) == 0 &&
         covers(wide.tools, narrow.tools, covers_tool) &&
         covers(wide.paths, narrow.paths,
                [&](const Glob& a, const Glob& b) {
                  // What is asked of a folder is not denied there.
                  const bool above = narrow.effect == Decision::ask && has_kind(narrow, kRead) &&
                                     leaves_out(wide, a);
                  return a.text() == b.text() && !above;
                }) &&
         covers(wide.hosts, narrow.hosts, std::equal_to<>{}) &&
         covers(wide.users, narrow.users, std::equal_to<>{}) &&
         (wide.modes == 0 || wide.modes == narrow.modes) &&
         (wide.effect == Decision::deny || wide.obligations.covers(narrow.obligations));
}

// Whether the first is asked before the second where both match.
bool before(const Rule& first, const Rule& second) {
  return first.strictness() > second.strictness() ||
         (first.strictness() == second.strictness() && first.place < second.place);
}

// The folder of the workspace in which all lies that a glob matches; "": it is not one alone.
std::string_view folder_of(const Glob& glob) {
  const std::string_view first = std::string_view{glob.text()}.substr(0, glob.text().find('/'));
  return first.find_first_of("*?") == std::string_view::npos ? first : "";
}

// Whether there may be a path but "." that both match.
bool may_meet(const std::vector<Glob>& a, const std::vector<Glob>& b) {
  return a.empty() || b.empty() || std::ranges::any_of(a, [&](const Glob& one) {
           return std::ranges::any_of(b, [&](const Glob& other) {
             return folder_of(one).empty() || folder_of(other).empty() ||
                    folder_of(one) == folder_of(other);
           });
         });
}

// Names of tools and models that a word of a rule's `tools`, or a text of a condition, tells from
// others.
void add_names(std::string_view word, std::set<std::string>& names) {
  const bool model = word.starts_with(kModel);
  if (word.ends_with('*')) {
    const std::string start{word.substr(0, word.size() - 1)};
    names.insert(start + std::string{kSome} + (model ? "" : "@1"));
  } else if (model) {
    names.emplace(word);
  } else {
    if (word.contains('@')) names.emplace(word);
    const std::string name{tool_name(word)};
    for (const char* version : {"@1", "@2"}) names.insert(name + version);
  }
}

bool is_like_tool(const Expression& expression) {
  return expression.op == Expression::Op::like && expression.of[0].name == "tool";
}

void add_named(const Expression& expression, std::set<std::string>& names) {
  const auto* text = std::get_if<std::string>(&expression.literal.of);
  if (expression.op == Expression::Op::literal && text != nullptr &&
      (text->contains('@') || text->starts_with(kModel))) {
    add_names(*text, names);
  }
  if (is_like_tool(expression)) add_names(filled(expression.pattern), names);
  for (const Expression& each : expression.of) add_named(each, names);
}

bool asks_like_tool(const Expression& expression) {
  return is_like_tool(expression) || std::ranges::any_of(expression.of, asks_like_tool);
}

// One effect of a target, so that what a rule does is not hidden by another.
struct Asked {
  Target target;                  // with that effect alone
  const Target* whole = nullptr;  // null: one that no catalog has
};

std::vector<Asked> known_for(const Rule& rule, std::span<const Target> known) {
  std::vector<Asked> out;
  for (const Target& target : known) {
    for (const auto& effect : target.effects) {
      if (!has_kind(rule, static_cast<std::size_t>(effect.kind))) continue;
      out.push_back({target, &target});
      out.back().target.effects = {effect};
    }
    if (target.effects.empty() && has_kind(rule, kNoEffect)) out.push_back({target, &target});
  }
  return out;
}

// Any of this kind that some of the rules tell apart.
void add_any(std::size_t kind, const std::set<std::string>& names, const Samples& samples,
             std::vector<Asked>& out) {
  using enum contract::EffectKind;
  std::vector<contract::DeclaredEffect> effects;
  std::vector<std::string> servers = {""};
  std::vector<std::string> arguments;
  for (const auto& [argument, values] : samples.values) arguments.push_back(argument);
  const auto effect = static_cast<contract::EffectKind>(kind);  // but of kNoEffect
  const bool of_model = effect == model_local || effect == model_cloud;
  if (kind != kNoEffect) {
    const std::string argument = effect == net                       ? "url"
                                 : effect == read || effect == write ? "path"
                                                                     : "";
    if (!argument.empty() && !samples.values.contains(argument)) arguments.push_back(argument);
    effects.push_back({effect, argument, true});
    if ((samples.facts & flag_named("irreversible")) != 0) {
      effects.push_back({effect, argument, false});
    }
  }
  for (const std::string& host : of_model ? samples.hosts : std::vector<std::string>{}) {
    servers.push_back("https://" + host + "/v1");
  }
  for (const std::string& name : names) {
    if (name.starts_with(kModel) && !of_model) continue;
    for (const std::string& server : name.starts_with(kModel) ? servers : std::vector{servers[0]}) {
      for (const auto& each : effects) out.push_back({{name, {each}, arguments, server}});
      if (effects.empty()) out.push_back({{name, {}, arguments, ""}});
    }
  }
}

// Those of `known` come first.
std::vector<Asked> asked_for(const Rule& rule, std::span<const Rule* const> rules,
                             const Samples& samples, std::span<const Target> known) {
  std::set<std::string> names = {std::string{kModel} + std::string{kSome},
                                 std::string{kSome} + ".tool@1"};
  for (const Rule* each : rules) {
    for (const std::string& tool : each->tools) add_names(tool, names);
    if (each->when) add_named(*each->when, names);
  }
  std::vector<Asked> out = known_for(rule, known);
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    if (has_kind(rule, kind)) add_any(kind, names, samples, out);
  }
  return out;
}

// A tool that the rule is about, where it and all others of its tools have none of the effects that
// the rule is about.
const Target* without_effect(const Rule& rule, std::span<const Target> known) {
  const Target* out = nullptr;
  for (const Target& target : known) {
    const bool named = std::ranges::any_of(
        rule.tools, [&](const auto& tool) { return covers_tool(tool, target.name); });
    if (!named) continue;
    if (!known_for(rule, std::span{&target, 1}).empty()) return nullptr;
    if (out == nullptr) out = &target;
  }
  return out;
}

std::string kinds_of(const Rule& rule) {
  std::vector<std::string> out;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    if (has_kind(rule, kind)) out.emplace_back(kind_word(kind));
  }
  return join(out, ", ");
}

std::string kinds_of(const Target& target) {
  std::set<std::string> out;
  for (const auto& effect : target.effects) out.emplace(contract::name(effect.kind));
  return out.empty() ? "nothing outside" : join({out.begin(), out.end()}, ", ");
}

bool happens_nowhere(const Question& question, const contract::DeclaredEffect* effect) {
  return effect != nullptr && places_of(question, *effect) == 0;
}

// More than one by one: what is found may be so of the calls alone that were tried.
bool is_sampled(const Rule& rule) {
  return rule.when && (!one_by_one(*rule.when) || asks_like_tool(*rule.when));
}

// The rules that a rule is held against, and itself.
struct Against {
  std::vector<const Rule*> rules;
  std::vector<bool> places;  // theirs in the file; empty: all of it count
};

// Those that may stand before it where both match; `whole`: none that can only be sampled.
Against before_it(const RuleFile& file, const Rule& rule, bool whole) {
  Against out{{&rule}, std::vector<bool>(file.rules.size())};
  out.places[rule.place] = true;
  for (const Rule& other : file.rules) {
    const bool meets = out.rules.size() <= kHeldAgainstMax && before(other, rule) &&
                       (other.kinds & rule.kinds) != 0 && may_meet(other.paths, rule.paths) &&
                       !(whole && is_sampled(other));
    if (!meets) continue;
    out.rules.push_back(&other);
    out.places[other.place] = true;
  }
  return out;
}

// What calls say of a rule.
struct Known {
  bool does = false;     // it decides on one of them in its file, or obliges to more than others
  bool complete = true;  // there are no others
  std::size_t tried = 0;
  std::set<const Rule*> others = {};          // that do it instead
  std::optional<Lint::Example> matched = {};  // it is true of this
  std::optional<Lint::Example> failed = {};   // it cannot be told of this
  std::string failure = {};                   // why
};

class Linter {
 public:
  Linter(const Policy& policy, std::span<const Target> targets, std::size_t calls_max)
      : policy_{policy}, targets_{targets}, left_{calls_max} {
    std::set<std::string> users;
    for (const RuleFile& file : policy.files()) {
      for (const Rule& rule : file.rules) users.insert(rule.users.begin(), rule.users.end());
    }
    somebody_ = with_another(users).back();
  }

  std::vector<Lint> lint() {
    for (const RuleFile& file : policy_.files()) {
      if (file.layer == Layer::builtin) continue;
      for (const Rule& rule : file.rules) {
        if (left_ == 0) {
          say(file, rule, "and those after it were not looked at: too many calls were tried");
          return std::move(out_);
        }
        look_at(file, rule);
      }
    }
    return std::move(out_);
  }

 private:
  void say(const RuleFile& file, const Rule& rule, std::string message,
           std::optional<Lint::Example> example = {}) {
    out_.push_back({file.file, rule.line, rule.id, std::move(message), std::move(example)});
  }

  void look_at(const RuleFile& file, const Rule& rule) {
    if (rule.when && constant(*rule.when) == false) {
      return say(file, rule, "never matches: its `when` is always false", missed(rule));
    }
    if (const Target* tool = without_effect(rule, targets_)) {
      return say(file, rule,
                 "never matches: it is about " + kinds_of(rule) + ", and " + tool->name + " does " +
                     kinds_of(*tool));
    }
    Known known = ask(file, rule, {{&rule}, {}});
    if (!known.matched) return never_true(file, rule, std::move(known));
    if (!known.does) {
      const auto shadow = std::ranges::find_if(file.rules, [&](const Rule& other) {
        return before(other, rule) && covers(other, rule);
      });
      if (shadow != file.rules.end()) {
        return decided(file, rule, {&*shadow}, std::move(known.matched));
      }
      // Without those that can only be sampled what is found is so of all calls.
      known = ask(file, rule, before_it(file, rule, true));
      if (known.does) known = ask(file, rule, before_it(file, rule, false));
      left_ -= std::min(left_, kHoldingCosts);
    }
    if (!known.matched) return;  // of so many rules no more calls could be tried
    if (known.does) {
      if (rule.effect != Decision::allow || rule.obliges()) return;
      return say(file, rule,
                 "loosens nothing: the strictest layer holds, and the built-in rules decide on "
                 "every effect",
                 std::move(known.matched));
    }
    std::vector<const Rule*> others(known.others.begin(), known.others.end());
    std::ranges::sort(others, {}, &Rule::place);
    decided(file, rule, others, std::move(known.matched), known.complete ? 0 : known.tried);
  }

  // `tried`: so many calls, of more; 0: all.
  void decided(const RuleFile& file, const Rule& rule, const std::vector<const Rule*>& others,
               std::optional<Lint::Example> example, std::size_t tried = 0) {
    std::vector<std::string> names;
    for (const Rule* each : others) {
      if (names.size() == kNamedMax) break;
      names.push_back(each->id + " in line " + std::to_string(each->line));
    }
    const std::size_t more = others.size() - names.size();
    const bool many = others.size() > 1;
    const std::string all = (many ? "rules " : "rule ") + join(names, ", ") +
                            (more > 0 ? " and " + std::to_string(more) + " more" : "");
    const std::string sampled = sampled_text(tried);
    say(file, rule,
        tried > 0
            ? "decided nothing in " + sampled + ": " + all + " did"
            : "decides nothing: " + all + (many ? " match" : " matches") + " all that it does",
        std::move(example));
  }

  void never_true(const RuleFile& file, const Rule& rule, Known known) {
    const std::string sampled = sampled_text(known.tried);
    if (!rule.when) {
      return say(file, rule, "never matches: nothing of that name does " + kinds_of(rule));
    }
    if (!known.failed) {
      return say(file, rule,
                 known.complete ? "never matches: its `when` is false of every call"
                                : "matched none of " + sampled,
                 missed(rule));
    }
    const std::string when =
        known.complete ? "its `when` is never true" : "its `when` was true of none of " + sampled;
    say(file, rule,
        (rule.applies(Match::failed) || rule.obliges()
             ? "applies only where its `when` errs: " + when
             : "never matches: " + when + ", and errs") +
            " (" + known.failure + ")",
        std::move(known.failed));
  }

  static std::string sampled_text(std::size_t tried) {
    return std::to_string(tried) + " calls that were tried, which are not all there may be";
  }

  // Tries calls that the rules tell apart until one shows that the rule is true and does something.
  Known ask(const RuleFile& file, const Rule& rule, const Against& against) {
    Known out;
    const Samples samples = samples_for(against.rules);
    out.complete =
        std::ranges::none_of(against.rules, [](const Rule* each) { return is_sampled(*each); });
    std::size_t left = std::min(kCallsOfRuleMax, left_);
    const std::size_t all = left;
    for (const Asked& each : asked_for(rule, against.rules, samples, targets_)) {
      const bool complete = each_call(each.target, samples, left, [&](const Call& call) {
        return look_at_call(file, against.places, rule, each, call, out);
      });
      out.complete = out.complete && complete;
      if (out.does && out.matched) break;
    }
    out.tried = all - left;
    left_ -= out.tried;
    return out;
  }

  // Whom no rule of the policy names stands for everybody else.
  [[nodiscard]] Samples samples_for(std::span<const Rule* const> rules) const {
    Samples out = samples_of(rules, kPathStatesMax);
    out.users.back() = somebody_;
    return out;
  }

  // Whether more have to be looked at.
  bool look_at_call(const RuleFile& file, const std::vector<bool>& places, const Rule& rule,
                    const Asked& asked, const Call& call, Known& out) const {
    const Question question = call.question();
    const auto* effect = question.effects.empty() ? nullptr : question.effects.data();
    if (happens_nowhere(question, effect)) return true;
    const Matched matched = rule.matches(question, effect);
    if (matched.match == Match::no) return true;
    const bool failed = matched.match == Match::failed;
    if (failed && !out.failed) {
      out.failed = example(asked, call);
      out.failure = matched.failure;
    }
    if (!rule.applies(matched.match) && !rule.obliges()) return true;
    const auto others = instead(file, places, rule, matched.match, question, effect);
    const bool does = others.empty();
    if (!failed && (!out.matched || does)) out.matched = example(asked, call);
    out.does = out.does || does;
    out.others.insert(others.begin(), others.end());
    return !(out.does && out.matched);
  }

  // The rules before it that decide on the call and oblige to what it obliges to, so that it adds
  // nothing; none: it does.
  static std::vector<const Rule*> instead(const RuleFile& file, const std::vector<bool>& places,
                                          const Rule& rule, Match match, const Question& question,
                                          const contract::DeclaredEffect* effect) {
    const Rule* first = rule.applies(match) ? &rule : nullptr;
    std::vector<const Rule*> out;
    Obligations obliged;
    Place place{question, effect};
    const std::size_t kind = effect == nullptr ? kNoEffect : static_cast<std::size_t>(effect->kind);
    file.index.candidates(question.target, kind, place, [&](std::uint32_t at) {
      const Rule& other = file.rules[at];
      const bool counts = places.empty() || places[at];
      if (!counts || !before(other, rule)) return;
      const bool decides = first == nullptr || before(other, *first);
      const bool obliges = other.obliges() && !obliged.covers(rule.obligations);
      if (!decides && !obliges) return;
      const Match found = other.matches(question, effect, place).match;
      if (decides && other.applies(found)) first = &other;
      if (!obliges || found == Match::no) return;
      obliged.join(other.obligations);
      out.push_back(&other);
    });
    if (first == &rule) return {};
    const bool denied = first != nullptr && first->effect == Decision::deny;
    if (denied) return {first};  // nobody is obliged to anything then
    if (!obliged.covers(rule.obligations)) return {};
    if (first != nullptr) out.push_back(first);
    return out;
  }

  // A call that all but the rule's condition fits.
  std::optional<Lint::Example> missed(const Rule& rule) const {
    Rule bare = rule;
    bare.when.reset();
    const Rule* self = &bare;
    const Samples samples = samples_for(std::span{&self, 1});
    std::optional<Lint::Example> out;
    for (const Asked& each : asked_for(bare, std::span{&self, 1}, samples, targets_)) {
      std::size_t left = kCallsOfRuleMax;
      each_call(each.target, samples, left, [&](const Call& call) {
        const Question question = call.question();
        const auto* effect = question.effects.empty() ? nullptr : question.effects.data();
        if (happens_nowhere(question, effect)) return true;
        if (bare.matches(question, effect).match != Match::yes) return true;
        out = example(each, call);
        return false;
      });
      if (out) break;
    }
    return out;
  }

  [[nodiscard]] Lint::Example example(const Asked& asked, const Call& call) const {
    Call whole = call;
    if (asked.whole != nullptr) whole.target = asked.whole;
    return {call.target->name, call.authority, call.mode,
            call.flow,         call.user,      policy_.decide(whole.question()).first};
  }

  const Policy& policy_;
  std::span<const Target> targets_;
  std::size_t left_;
  std::string somebody_;
  std::vector<Lint> out_;
};

}  // namespace

std::vector<Lint> lint(const Policy& policy, std::span<const Target> targets,
                       std::size_t calls_max) {
  return Linter{policy, targets, calls_max}.lint();
}

std::vector<Lint> hints(const Policy& policy) {
  std::vector<Lint> out;
  for (const RuleFile& file : policy.files()) {
    const json::Array& forms = file.form.get_object().at("rules").get_array();
    for (const Rule& rule : file.rules) {
      const bool of_all = rule.effect == Decision::deny && !rule.paths.empty() &&
                          rule.tools.empty() && !forms[rule.place].get_object().contains("kinds");
      if (!of_all) continue;
      out.push_back({file.file, rule.line, rule.id,
                     "also denies reading, and with it whatever reads a folder above, as the "
                     "planner does: kinds: [write] denies writing alone"});
    }
  }
  return out;
}

}  // namespace naestro::policy
