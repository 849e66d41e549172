#include "policy/compare.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/path_samples.hpp"

namespace naestro::policy {
namespace {

// Of all globs of two policies together; some dozens fit.
constexpr std::size_t kPathStatesMax = 10'000;
// Values that conditions name are tried in all their combinations up to here, by argument.
constexpr std::size_t kValuesMax = 50;

constexpr Mode kModes[] = {Mode::copilot, Mode::guide, Mode::automatic};

// All combinations of the facts of a flow.
constexpr Flags kFacts = 1U << (kFlagWords.size() - 1);  // the last is no flow's

Flow flow_of(Flags facts) {
  Flow out;
  for (std::size_t i = 0; i + 1 < kFlagWords.size(); ++i) {
    out.*(fact_named(kFlagWords[i])->holds) = (facts >> i & 1U) != 0;
  }
  return out;
}

// What the rules of both policies can tell apart.
struct Samples {
  std::vector<std::string> paths;
  std::vector<std::string> hosts;
  std::set<std::string> users = {""};
  std::map<std::string, std::vector<json::Value>> values;  // by argument
  bool complete = true;
};

// The texts and numbers that an expression has literally.
void add_literals(const Expression& expression, std::vector<json::Value>& out) {
  if (expression.op == Expression::Op::literal) {
    if (const auto* text = std::get_if<std::string>(&expression.literal.of)) {
      out.emplace_back(json::Value(*text));
      out.emplace_back(json::Array{json::Value(*text)});
    } else if (const auto* number = std::get_if<std::int64_t>(&expression.literal.of)) {
      for (const std::int64_t near : {*number, *number + 1}) out.emplace_back(json::Value(near));
    }
  }
  for (const Expression& each : expression.of) add_literals(each, out);
}

void add_hosts(const std::vector<std::string>& patterns, std::set<std::string>& hosts) {
  for (const std::string& pattern : patterns) {
    if (pattern.starts_with("*.")) {
      hosts.insert("x" + pattern.substr(1));
      hosts.insert(pattern.substr(2));
    } else {
      hosts.insert(pattern);
    }
  }
}

Samples samples_of(const Policy& before, const Policy& after) {
  Samples out;
  std::vector<Glob> globs;
  std::set<std::string> texts;
  std::set<std::string> hosts = {"other.example"};
  for (const Policy* policy : {&before, &after}) {
    for (const RuleFile& file : policy->files()) {
      // What they say of values is not asked here.
      out.complete = out.complete && file.labels.empty();
      for (const Rule& rule : file.rules) {
        for (const Glob& glob : rule.paths) {
          if (texts.insert(glob.text()).second) globs.push_back(glob);
        }
        add_hosts(rule.hosts, hosts);
        out.users.insert(rule.users.begin(), rule.users.end());
        for (const std::string& argument : rule.depends) {
          out.complete = false;
          auto& values = out.values[argument];
          add_literals(*rule.when, values);
          values.resize(std::min(values.size(), kValuesMax));
        }
      }
    }
  }
  PathSamples paths = sample_paths(globs, kPathStatesMax);
  out.paths = std::move(paths.paths);
  out.complete = out.complete && paths.complete;
  out.hosts.assign(hosts.begin(), hosts.end());
  if (out.users.size() > 1) {  // one more, whom no rule names
    out.users.erase("");
    std::string other = "other";
    while (out.users.contains(other)) other += "-";
    out.users.insert(other);
  }
  return out;
}

// What an argument of the target may be: where an effect goes, and what conditions name.
std::vector<json::Value> values_of(const Target& target, const std::string& argument,
                                   const Samples& samples) {
  std::vector<json::Value> out;
  const auto effect =
      std::ranges::find(target.effects, argument, &contract::DeclaredEffect::argument);
  if (effect != target.effects.end() && effect->kind == contract::EffectKind::net) {
    for (const std::string& host : samples.hosts) out.emplace_back("https://" + host + "/");
  } else if (effect != target.effects.end()) {
    for (const std::string& path : samples.paths) out.emplace_back(json::Value(path));
  }
  if (const auto named = samples.values.find(argument); named != samples.values.end()) {
    out.insert(out.end(), named->second.begin(), named->second.end());
  }
  if (out.empty()) out.emplace_back("x");
  return out;
}

// The next combination; false after the last.
bool next(std::vector<std::size_t>& at, const std::vector<std::vector<json::Value>>& values) {
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (++at[i] < values[i].size()) return true;
    at[i] = 0;
  }
  return false;
}

int strictness(const Verdict& verdict) {
  return static_cast<int>(verdict.decision) * 2 + (verdict.locked ? 1 : 0);
}

class Comparer {
 public:
  Comparer(const Policy& before, const Policy& after)
      : before_{before}, after_{after}, samples_{samples_of(before, after)} {
    out_.complete = samples_.complete;
  }

  void look_at(const Target& target) {
    std::vector<std::vector<json::Value>> values;
    for (const std::string& argument : target.authority) {
      values.push_back(values_of(target, argument, samples_));
    }
    std::vector<std::size_t> at(values.size());
    do {
      Witness witness;
      witness.target = &target;
      for (std::size_t i = 0; i < at.size(); ++i) {
        witness.authority[target.authority[i]] = values[i][at[i]];
      }
      for (const std::string& user : samples_.users) {
        witness.user = user;
        for (const Mode mode : kModes) {
          for (Flags facts = 0; facts < kFacts; ++facts) {
            witness.mode = mode;
            witness.flow = flow_of(facts);
            ask(witness);
          }
        }
      }
    } while (next(at, values));
  }

  Comparison done() { return std::move(out_); }

 private:
  void ask(Witness& witness) {
    ++out_.asked;
    const Target& target = *witness.target;
    const Question question{target.name,   target.effects,    witness.mode,
                            witness.flow,  witness.authority, {},
                            target.server, witness.user};
    const Ruling then = before_.judge(question);
    const Ruling now = after_.judge(question);
    if (then.decision == now.decision && then.locked == now.locked &&
        then.obligations == now.obligations) {
      return;
    }
    witness.before = before_.decide(question).first;  // in words
    witness.after = after_.decide(question).first;
    const bool fresh = shown_
                           .emplace(witness.before.file, witness.before.rule, witness.after.file,
                                    witness.after.rule)
                           .second;
    if (fresh) out_.witnesses.push_back(witness);
  }

  const Policy& before_;
  const Policy& after_;
  Samples samples_;
  Comparison out_;
  std::set<std::tuple<std::string, std::string, std::string, std::string>> shown_;
};

}  // namespace

bool stricter(const Verdict& second, const Verdict& first) {
  if (strictness(second) != strictness(first)) return strictness(second) > strictness(first);
  return second.obligations != first.obligations && second.obligations.covers(first.obligations);
}

Comparison compare(const Policy& before, const Policy& after, std::span<const Target> targets) {
  Comparer comparer{before, after};
  for (const Target& target : targets) comparer.look_at(target);
  return comparer.done();
}

}  // namespace naestro::policy
