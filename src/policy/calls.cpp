#include "policy/calls.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/path_samples.hpp"
#include "base/text.hpp"
#include "net/hosts.hpp"

namespace naestro::policy {
namespace {

using Op = Expression::Op;
// What an argument is; nullopt: it is left out.
using Given = std::optional<json::Value>;

// Of all globs of two policies together; some dozens fit.
constexpr std::size_t kPathStatesMax = 10'000;
// The same times the number of globs: how long it may take.
constexpr std::size_t kGlobStatesMax = 2'000'000;
// Values that are tried for one argument.
constexpr std::size_t kValuesMax = 100;

// The last word is of the effect, not of a flow.
constexpr Flags kFlowFlags = (1U << (kFlagWords.size() - 1)) - 1;

constexpr Mode kModes[] = {Mode::copilot, Mode::guide, Mode::automatic};

Flow flow_of(Flags facts) {
  Flow out;
  for (const std::string_view word : kFlagWords) {
    const Fact* fact = fact_named(word);
    if (fact != nullptr) out.*fact->holds = (facts & flag_named(word)) != 0;
  }
  return out;
}

// `context.arguments`.
bool is_arguments(const Expression& expression) {
  return expression.op == Op::attribute && expression.name == "arguments" &&
         expression.of[0].op == Op::variable;
}

bool is_argument(const Expression& expression) {
  return expression.op == Op::attribute && is_arguments(expression.of[0]);
}

bool asks_about_arguments(const Expression& expression) {
  return is_arguments(expression) || std::ranges::any_of(expression.of, asks_about_arguments);
}

bool is_scalar(const Expression& expression) {
  return expression.op == Op::literal &&
         (std::holds_alternative<bool>(expression.literal.of) ||
          std::holds_alternative<std::int64_t>(expression.literal.of) ||
          std::holds_alternative<std::string>(expression.literal.of));
}

// What an expression has literally.
struct Literals {
  std::set<std::string> texts;
  std::set<std::int64_t> numbers;

  void add(const Expression& expression) {
    if (expression.op == Op::literal) {
      if (const auto* text = std::get_if<std::string>(&expression.literal.of)) texts.insert(*text);
      if (const auto* number = std::get_if<std::int64_t>(&expression.literal.of)) {
        numbers.insert(*number);
      }
    } else if (expression.op == Op::like) {
      texts.insert(filled(expression.pattern));
    }
    for (const Expression& each : expression.of) add(each);
  }

  // The literals, what lies beside them, and something of each kind that is none of them.
  [[nodiscard]] std::vector<json::Value> values() const {
    std::vector<json::Value> out;
    std::string other = "x";
    while (texts.contains(other)) other += "x";
    for (const std::string& text : texts) {
      out.emplace_back(text);
      out.emplace_back(json::Array{json::Value(text)});
    }
    out.emplace_back(other);
    out.emplace_back(json::Array{json::Value(other)});
    std::set<std::int64_t> near = {0};
    for (const std::int64_t number : numbers) {
      near.insert(number);
      if (number > std::numeric_limits<std::int64_t>::min()) near.insert(number - 1);
      if (number < std::numeric_limits<std::int64_t>::max()) near.insert(number + 1);
    }
    for (const std::int64_t number : near) out.emplace_back(number);
    for (const bool truth : {true, false}) out.emplace_back(truth);
    out.emplace_back(json::Array{});
    return out;
  }
};

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

// A path that a glob of this text matches.
std::string an_example(std::string text) {
  for (char& each : text) {
    if (each == '*' || each == '?') each = 'x';
  }
  return text;
}

// Whether a glob of this text matches this text alone.
bool is_plain_path(const std::string& text) {
  return is_normal_path(text) && text.find_first_of("*?") == std::string::npos;
}

std::string url_of(const std::string& host) {
  return "https://" + (host.contains(':') ? "[" + host + "]" : host) + "/";
}

json::Value entry_of(const std::string& host) {
  return json::Value(host.contains(':') ? "[" + host + "]" : host);
}

// Whether it is a URL, or a path in the workspace.
bool is_somewhere(const json::Value& value, bool is_url) {
  if (!value.is_string()) return false;
  const std::string_view text = json::view(value.get_string());
  return is_url ? net::parse_url(text).has_value() : normal_path(text).has_value();
}

// Those that the tool's schema lets in; `complete` is made false where of one kind of values some
// are out and others are in, since others of that kind may be, too.
std::vector<Given> possible(std::vector<Given> values, const std::string& argument,
                            const contract::ToolContract& tool, bool& complete) {
  const json::Array* required = json::array_at(tool.input.get_object(), "required");
  const bool needed =
      required != nullptr && std::ranges::find(*required, json::Value(argument)) != required->end();
  std::set<json::kind> in;
  std::set<json::kind> out;
  std::erase_if(values, [&](const Given& value) {
    if (!value) return needed;
    const json::Object alone{{argument, *value}};
    const auto violations = tool.input_schema.value().validate(json::Value(alone));
    const std::string pointer = "/" + json::pointer_token(argument);
    const bool wrong = std::ranges::any_of(violations, [&](const schema::Violation& each) {
      return each.instance == pointer || each.instance.starts_with(pointer + "/");
    });
    (wrong ? out : in).insert(value->kind());
    return wrong;
  });
  complete = complete && std::ranges::none_of(out, [&](auto kind) { return in.contains(kind); });
  return values;
}

// What an argument of the target may be: where an effect goes, and what conditions name.
std::vector<Given> values_of(const Target& target, const std::string& argument,
                             const Samples& samples, bool& complete) {
  std::vector<Given> places;
  const auto effect =
      std::ranges::find(target.effects, argument, &contract::DeclaredEffect::argument);
  const bool is_place =
      effect != target.effects.end() &&
      (effect->kind == contract::EffectKind::net || effect->kind == contract::EffectKind::read ||
       effect->kind == contract::EffectKind::write);
  const bool is_url = is_place && effect->kind == contract::EffectKind::net;
  const bool is_list = is_url && effect->each;
  // Of several hosts each is judged by itself, so that one at a time tells all apart.
  for (const std::string& host : is_url ? samples.hosts : std::vector<std::string>{}) {
    if (is_list) {
      places.emplace_back(json::Array{entry_of(host)});
    } else {
      places.emplace_back(url_of(host));
    }
  }
  if (is_list) places.emplace_back(json::Array{});
  for (const std::string& path : is_place && !is_url ? samples.paths : std::vector<std::string>{}) {
    places.emplace_back(path);
  }
  const auto named = samples.values.find(argument);
  std::vector<Given> others;
  if (named != samples.values.end()) {
    // URLs that differ beyond their hosts are not gone through.
    complete = complete && !is_url;
    for (const json::Value& value : named->second) {
      if (!is_place || (!is_list && is_somewhere(value, is_url))) others.emplace_back(value);
    }
    // An effect goes somewhere; another argument may be left out.
    if (!is_place) others.emplace_back(std::nullopt);
  } else if (!is_place) {
    others = {json::Value("x"), json::Value(json::Array{json::Value("x")})};
  }
  if (target.contract != nullptr) {
    others = possible(std::move(others), argument, *target.contract, complete);
  }
  if (named == samples.values.end()) others.resize(std::min<std::size_t>(others.size(), 1));
  places.insert(places.end(), others.begin(), others.end());
  if (places.empty()) places.emplace_back("x");  // no rule asks what it is
  return places;
}

// The next combination; false after the last.
bool next(std::vector<std::size_t>& at, const std::vector<std::vector<Given>>& values) {
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (++at[i] < values[i].size()) return true;
    at[i] = 0;
  }
  return false;
}

}  // namespace

bool one_by_one(const Expression& expression) {
  if (is_argument(expression)) return true;
  if (expression.op == Op::has && is_arguments(expression.of[0])) return true;
  const auto& of = expression.of;
  switch (expression.op) {
    case Op::equal:
    case Op::less:
    case Op::at_most:
      if (is_argument(of[0]) && is_scalar(of[1])) return true;
      if (is_argument(of[1]) && is_scalar(of[0])) return true;
      return !asks_about_arguments(expression);
    case Op::both:
    case Op::either:
    case Op::negation:
    case Op::condition: return std::ranges::all_of(of, one_by_one);
    default: return !asks_about_arguments(expression);
  }
}

std::vector<std::string> with_another(const std::set<std::string>& users) {
  if (users.empty()) return {""};
  std::vector<std::string> out(users.begin(), users.end());
  std::string other = "other";
  while (users.contains(other)) other += "-";
  out.push_back(std::move(other));
  return out;
}

std::string filled(const std::vector<std::string>& pattern) { return join(pattern, "x"); }

Samples samples_of(std::span<const Rule* const> rules, std::size_t path_states_max) {
  Samples out;
  std::vector<Glob> globs;
  std::set<std::string> known;
  const auto add_glob = [&](const Glob& glob) {
    if (known.insert(glob.text()).second) globs.push_back(glob);
  };
  std::set<std::string> hosts = {"other.example"};
  std::set<std::string> users;
  std::map<std::string, Literals> literals;  // by argument
  for (const Rule* rule : rules) {
    std::ranges::for_each(rule->paths, add_glob);
    add_hosts(rule->hosts, hosts);
    users.insert(rule->users.begin(), rule->users.end());
    out.modes = out.modes || rule->modes != 0;
    out.facts |= rule->flags;
    if (!rule->when) continue;
    out.modes = out.modes || !rule->flags_alone;
    if (rule->depends.empty()) continue;
    out.complete = out.complete && one_by_one(*rule->when);
    for (const std::string& argument : rule->depends) literals[argument].add(*rule->when);
  }
  for (const auto& [argument, of] : literals) {
    auto& values = out.values[argument];
    values = of.values();
    // Spelled otherwise it is the same path, and another text.
    for (const std::string& text : of.texts) {
      if (!is_plain_path(text)) continue;
      add_glob(Glob{text});
      values.emplace_back("./" + text);
    }
    out.complete = out.complete && values.size() <= kValuesMax;
    values.resize(std::min(values.size(), kValuesMax));
  }
  PathSamples paths = sample_paths(
      globs, std::min(path_states_max, kGlobStatesMax / std::max<std::size_t>(globs.size(), 1)));
  out.paths = std::move(paths.paths);
  for (const Glob& glob : paths.complete ? std::vector<Glob>{} : globs) {
    out.paths.push_back(an_example(glob.text()));
  }
  std::ranges::reverse(out.paths);  // a file shows a person more than a folder above it
  out.complete = out.complete && paths.complete;
  out.hosts.assign(hosts.begin(), hosts.end());
  out.users = with_another(users);
  return out;
}

Samples samples_of(std::initializer_list<const Policy*> policies) {
  std::vector<const Rule*> rules;
  bool labels = false;
  for (const Policy* policy : policies) {
    for (const RuleFile& file : policy->files()) {
      for (const Rule& rule : file.rules) rules.push_back(&rule);
      labels = labels || !file.labels.empty();
    }
  }
  Samples out = samples_of(rules, kPathStatesMax);
  out.modes = true;  // one of them is a rule of its own
  out.complete = out.complete && !labels;
  return out;
}

bool each_call(const Target& target, const Samples& samples, std::size_t& left,
               const std::function<bool(const Call&)>& each) {
  bool complete = samples.complete;
  std::vector<std::vector<Given>> values;
  for (const std::string& argument : target.authority) {
    values.push_back(values_of(target, argument, samples, complete));
  }
  const Flags asked = samples.facts & kFlowFlags;
  std::vector<std::size_t> at(values.size());
  do {
    Call call{&target, {}, Mode::copilot, {}};
    for (std::size_t i = 0; i < at.size(); ++i) {
      if (const Given& value = values[i][at[i]]) call.authority[target.authority[i]] = *value;
    }
    for (const std::string& user : samples.users) {
      call.user = user;
      for (const Mode mode : std::span{kModes}.first(samples.modes ? std::size(kModes) : 1)) {
        call.mode = mode;
        Flags facts = 0;
        do {
          call.flow = flow_of(facts);
          if (left == 0) return false;
          --left;
          if (!each(call)) return complete;
          facts = static_cast<Flags>((facts - asked) & asked);
        } while (facts != 0);
      }
    }
  } while (next(at, values));
  return complete;
}

bool each_call(std::span<const Target> targets, const Samples& samples, std::size_t& left,
               const std::function<bool(const Call&)>& each) {
  bool complete = true;
  bool on = true;
  for (std::size_t i = 0; i < targets.size() && on; ++i) {
    const std::size_t part = left / (targets.size() - i);
    std::size_t left_of_part = part;
    const bool all = each_call(targets[i], samples, left_of_part, [&](const Call& call) {
      on = each(call);
      return on;
    });
    complete = complete && all;
    left -= part - left_of_part;
  }
  return complete;
}

}  // namespace naestro::policy
