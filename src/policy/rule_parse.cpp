#include <algorithm>
#include <array>
#include <span>

#include "base/text.hpp"
#include "net/hosts.hpp"
#include "policy/fault.hpp"
#include "policy/parser.hpp"
#include "policy/rule.hpp"

namespace naestro::policy {
namespace {

constexpr std::size_t kIdBytesMax = 100;
constexpr std::size_t kPatternBytesMax = 200;  // so that matching it allocates nothing
constexpr std::size_t kReasonBytesMax = 500;
constexpr std::size_t kWhenBytesMax = 4'000;

constexpr std::array<std::string_view, 11> kMembers = {"id",     "effect", "kinds",      "tools",
                                                       "paths",  "hosts",  "when",       "reason",
                                                       "locked", "who",    "obligations"};
constexpr std::array<std::string_view, 2> kWho = {"users", "modes"};
constexpr std::array<std::string_view, 4> kContext = {"kind", "tool", "mode", "arguments"};

using Op = Expression::Op;
constexpr std::uint16_t bit(std::size_t kind) { return static_cast<std::uint16_t>(1U << kind); }
constexpr std::uint16_t bit(contract::EffectKind kind) {
  return bit(static_cast<std::size_t>(kind));
}
constexpr std::uint16_t kAll = bit(kKinds) - 1;
constexpr std::uint16_t kOfPaths =
    bit(contract::EffectKind::read) | bit(contract::EffectKind::write);
constexpr std::uint16_t kOfHosts = bit(contract::EffectKind::net) |
                                   bit(contract::EffectKind::model_local) |
                                   bit(contract::EffectKind::model_cloud);

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdBytesMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

// The texts of a list that is not empty.
Read<std::vector<std::string>> texts(const json::Object& form, std::string_view member,
                                     const std::string& above = {}) {
  const json::Array* list = json::array_at(form, member);
  const std::string pointer = above + "/" + std::string{member};
  if (list == nullptr || list->empty()) {
    return fault(pointer, "'" + std::string{member} + "' is no list with something in it",
                 "leave it out where the rule is about all of them");
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string at = pointer + "/" + std::to_string(i);
    if (!(*list)[i].is_string()) return fault(at, "'" + std::string{member} + "' takes texts");
    out.emplace_back(json::view((*list)[i].get_string()));
    if (out.back().empty() || out.back().size() > kPatternBytesMax) {
      return fault(at, "an entry of '" + std::string{member} + "' has 1 to " +
                           std::to_string(kPatternBytesMax) + " bytes");
    }
  }
  return out;
}

Read<std::uint16_t> read_kinds(const json::Object& form) {
  if (!form.contains("kinds")) {
    return form.contains("paths") ? kOfPaths : form.contains("hosts") ? kOfHosts : kAll;
  }
  NAESTRO_LET(const auto words, texts(form, "kinds"));
  std::uint16_t out = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto kind = contract::effect_kind(words[i]);
    if (!kind) {
      return fault("/kinds/" + std::to_string(i), "there is no effect kind " + quoted(words[i]),
                   did_you_mean(words[i], contract::kEffectKindWords));
    }
    out |= bit(*kind);
  }
  return out;
}

Read<std::vector<std::string>> read_tools(const json::Object& form) {
  if (!form.contains("tools")) return {};
  NAESTRO_LET(auto tools, texts(form, "tools"));
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (tools[i].find('*') >= tools[i].size() - 1) continue;
    return fault("/tools/" + std::to_string(i), "a '*' stands only at the end of a tool's name",
                 "as in files.*");
  }
  return tools;
}

Read<std::vector<Glob>> read_paths(const json::Object& form) {
  if (!form.contains("paths")) return {};
  return parse_paths(form);
}

Read<std::vector<std::string>> read_hosts(const json::Object& form) {
  if (!form.contains("hosts")) return {};
  NAESTRO_LET(auto hosts, texts(form, "hosts"));
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const std::string_view host =
        std::string_view{hosts[i]}.substr(hosts[i].starts_with("*.") ? 2 : 0);
    const bool v6 = host.contains(':');
    const auto url = net::parse_url("https://" + std::string{v6 ? "[" : ""} + std::string{host} +
                                    (v6 ? "]" : ""));
    if (url && url->host == host) continue;
    const std::string at = "/hosts/" + std::to_string(i);
    return url ? fault(at, quoted(hosts[i]) + " is no host in its one spelling",
                       "write " + quoted(url->host))
               : fault(at, quoted(hosts[i]) + " is no host",
                       "as in docs.example or *.docs.example");
  }
  return hosts;
}

// `context.arguments`.
bool is_arguments(const Expression& expression) {
  return expression.op == Op::attribute && expression.name == "arguments" &&
         expression.of[0].op == Op::variable && expression.of[0].name == "context";
}

std::vector<std::string_view> context_words() {
  std::vector<std::string_view> out(kContext.begin(), kContext.end());
  out.insert(out.end(), kFlagWords.begin(), kFlagWords.end());
  return out;
}

// Nothing but facts of the flow joined by `&&`.
bool is_flags_alone(const Expression& expression) {
  if (expression.op == Op::both) return std::ranges::all_of(expression.of, is_flags_alone);
  return expression.op == Op::attribute && expression.of[0].op == Op::variable &&
         flag_named(expression.name) != 0;
}

// What an expression asks about. It names members of `context` and of `context.arguments` one by
// one, so that it is known before it is evaluated on which arguments it depends.
class Names {
 public:
  std::vector<std::string> arguments;
  Flags flags = 0;

  Read<void> of(const Expression& expression) {
    if (expression.op == Op::variable) {
      return fault(
          "/when",
          expression.name == "context" ? "`when` names members of context, not all of it at once"
                                       : "there is no '" + expression.name + "' to ask about",
          "ask about context.kind, tool, mode, arguments.NAME or a fact of the flow, as in "
          "context.untrusted_authority");
    }
    const bool member = expression.op == Op::attribute || expression.op == Op::has;
    if (member && expression.of[0].op == Op::variable && expression.of[0].name == "context") {
      const Flags flag = flag_named(expression.name);
      flags |= flag;
      if (flag == 0 && std::ranges::find(kContext, expression.name) == kContext.end()) {
        return fault("/when", "context has no member " + quoted(expression.name),
                     did_you_mean(expression.name, context_words()));
      }
      if (expression.name == "arguments" && expression.op == Op::attribute) {
        return fault("/when", "`when` names arguments one by one", "as in context.arguments.path");
      }
      return {};
    }
    if (member && is_arguments(expression.of[0])) {
      if (std::ranges::find(arguments, expression.name) == arguments.end()) {
        arguments.push_back(expression.name);
      }
      return {};
    }
    for (const Expression& each : expression.of) NAESTRO_TRY(of(each));
    return {};
  }
};

Read<void> read_when(const json::Object& form, Rule& rule) {
  const json::Value* value = form.if_contains("when");
  if (value == nullptr) return {};
  const std::string_view text = value->is_string() ? json::view(value->get_string()) : "";
  if (text.empty() || text.size() > kWhenBytesMax) {
    return fault("/when", "`when` is no text of 1 to " + std::to_string(kWhenBytesMax) + " bytes",
                 "such as context.untrusted_authority");
  }
  auto expression = parse_expression(text);
  if (!expression) {
    return fault("/when", "`when` is no expression: " + expression.error().message,
                 std::move(expression).error().remedy);
  }
  Names names;
  NAESTRO_TRY(names.of(*expression));
  rule.depends = std::move(names.arguments);
  rule.flags = names.flags;
  rule.flags_alone = is_flags_alone(*expression);
  rule.when = *std::move(expression);
  return {};
}

Read<void> read_words(const json::Object& form, Rule& rule) {
  const auto id = json::text_at(form, "id");
  if (!id || !is_id(*id)) {
    return fault("/id", "a rule has no id of letters, digits, '.', '-' and '_'");
  }
  rule.id = *id;
  const auto effect = decision_from(json::text_at(form, "effect").value_or(""));
  if (!effect) return fault("/effect", "'effect' is none of allow, ask, deny");
  rule.effect = *effect;
  rule.reason = "rule " + rule.id + " says so";
  if (const json::Value* reason = form.if_contains("reason")) {
    const auto text = json::text_at(form, "reason").value_or("");
    // It is shown on terminals and in questions.
    if (!reason->is_string() || text.size() > kReasonBytesMax || one_line(text) != text) {
      return fault("/reason", "'reason' is no text in one line of at most " +
                                  std::to_string(kReasonBytesMax) + " bytes");
    }
    if (!text.empty()) rule.reason = text;
  }
  if (const json::Value* locked = form.if_contains("locked")) {
    if (!locked->is_bool()) return fault("/locked", "'locked' is true or false");
    if (rule.effect != Decision::ask) return fault("/locked", "'locked' is of rules that ask");
    rule.locked = locked->get_bool();
  }
  return {};
}

// Who runs it: both, where both are there.
Read<void> read_who(const json::Object& form, Rule& rule) {
  const json::Value* value = form.if_contains("who");
  if (value == nullptr) return {};
  const json::Object* who = value->if_object();
  if (who == nullptr || who->empty()) {
    return fault("/who", "'who' is no map with something in it",
                 "as in {users: [alice]} or {modes: [auto]}");
  }
  NAESTRO_TRY(only(*who, "who", "/who", kWho));
  if (who->contains("users")) {
    NAESTRO_LET(rule.users, texts(*who, "users", "/who"));
  }
  if (!who->contains("modes")) return {};
  NAESTRO_LET(const auto modes, texts(*who, "modes", "/who"));
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const auto mode = mode_from(modes[i]);
    if (!mode) {
      return fault("/who/modes/" + std::to_string(i), "there is no mode " + quoted(modes[i]),
                   did_you_mean(modes[i], kModeWords));
    }
    rule.modes |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(*mode));
  }
  return {};
}

Read<void> read_obligations(const json::Object& form, Rule& rule) {
  const json::Value* value = form.if_contains("obligations");
  if (value == nullptr) return {};
  if (rule.effect == Decision::deny) {
    return fault("/obligations", "'obligations' are of rules that allow or ask",
                 "what is denied has none");
  }
  NAESTRO_LET(rule.obligations, parse_obligations(*value));
  return {};
}

Read<void> fits_kinds(const Rule& rule, const json::Object& form) {
  if (form.contains("paths") && form.contains("hosts")) {
    return fault("/hosts", "no effect has a path and a host", "make two rules of it");
  }
  if (form.contains("paths") && (rule.kinds & ~kOfPaths) != 0) {
    return fault("/kinds", "paths are of read and write alone", "make another rule for the rest");
  }
  if (form.contains("hosts") && (rule.kinds & ~kOfHosts) != 0) {
    return fault("/kinds", "hosts are of net, model.local and model.cloud alone",
                 "make another rule for the rest");
  }
  return {};
}

}  // namespace

std::expected<std::vector<Glob>, RuleFault> parse_paths(const json::Object& form) {
  std::vector<Glob> out;
  NAESTRO_LET(const auto globs, texts(form, "paths"));
  for (std::size_t i = 0; i < globs.size(); ++i) {
    if (!is_normal_path(globs[i])) {
      const auto normal = normal_path(globs[i]);
      return fault(
          "/paths/" + std::to_string(i), quoted(globs[i]) + " is no path in its normal form",
          normal
              ? "write " + quoted(*normal) + ", or for all inside of it " + quoted(*normal + "/**")
              : "paths are relative to the workspace, without '..'");
    }
    out.emplace_back(globs[i]);
  }
  return out;
}

std::expected<Rule, RuleFault> parse_rule(const json::Value& form) {
  const json::Object* object = form.if_object();
  if (object == nullptr) return fault("", "a rule is no object with id, effect and more");
  NAESTRO_TRY(only(*object, "a rule", "", kMembers));
  Rule rule;
  NAESTRO_TRY(read_words(*object, rule));
  NAESTRO_LET(rule.kinds, read_kinds(*object));
  NAESTRO_LET(rule.tools, read_tools(*object));
  NAESTRO_LET(rule.paths, read_paths(*object));
  NAESTRO_LET(rule.hosts, read_hosts(*object));
  NAESTRO_TRY(fits_kinds(rule, *object));
  NAESTRO_TRY(read_when(*object, rule));
  NAESTRO_TRY(read_who(*object, rule));
  NAESTRO_TRY(read_obligations(*object, rule));
  return rule;
}

}  // namespace naestro::policy
