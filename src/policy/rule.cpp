#include "policy/rule.hpp"

#include <algorithm>

namespace naestro::policy {
namespace {

using contract::DeclaredEffect;

Matched failed(std::string why) { return {Match::failed, std::move(why)}; }

Matched yes_or_no(bool yes) { return {yes ? Match::yes : Match::no, {}}; }

bool host_matches(std::string_view host, std::string_view pattern) {
  if (!pattern.starts_with("*.")) return host == pattern;
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

// An argument as expressions see it. What they have no value for (null, a fraction) is absent. A
// list is a set; foreign data is never an entity, whatever it looks like.
std::optional<Value> value_of(const json::Value& value) {
  switch (value.kind()) {
    case json::kind::bool_: return Value{value.get_bool()};
    case json::kind::int64: return Value{value.get_int64()};
    case json::kind::string: return Value{std::string{json::view(value.get_string())}};
    case json::kind::array: {
      std::vector<Value> elements;
      for (const json::Value& each : value.get_array()) {
        auto element = value_of(each);
        if (!element) return std::nullopt;
        elements.push_back(*std::move(element));
      }
      return Value{make_set(std::move(elements))};
    }
    case json::kind::object: {
      std::vector<Member> members;
      for (const auto& each : value.get_object()) {
        auto member = value_of(each.value());
        if (member) members.push_back({std::string{each.key()}, *std::move(member)});
      }
      return Value{make_record(std::move(members))};
    }
    default: return std::nullopt;
  }
}

// Only what the rule names of arguments and facts.
Record context_of(const Question& question, const DeclaredEffect* effect, const Rule& rule) {
  std::vector<Member> arguments;
  for (const std::string& each : rule.depends) {
    const json::Value* given = question.authority.if_contains(each);
    auto value = given == nullptr ? std::nullopt : value_of(*given);
    if (value) arguments.push_back({each, *std::move(value)});
  }
  const std::size_t kind = effect == nullptr ? kNoEffect : static_cast<std::size_t>(effect->kind);
  std::vector<Member> members = {{"arguments", Value{make_record(std::move(arguments))}},
                                 {"kind", Value{std::string{kind_word(kind)}}},
                                 {"mode", Value{std::string{name(question.mode)}}},
                                 {"tool", Value{std::string{question.target}}}};
  const Flags holds = flags_of(question.flow, effect);
  for (const std::string_view word : kFlagWords) {
    const Flags flag = flag_named(word);
    if ((rule.flags & flag) == 0) continue;
    members.push_back({std::string{word}, Value{(holds & flag) != 0}});
  }
  return make_record(std::move(members));
}

// Its truth about the context; an error where it has none.
Result<bool> truth(const Expression& when, Record context) {
  const Request request{{}, {}, {}, std::move(context)};
  NAESTRO_LET(const Value value, evaluate(when, request, Entities{}));
  const bool* holds = std::get_if<bool>(&value.of);
  if (holds != nullptr) return *holds;
  return fail(Code::kStepFailed, "it is " + std::string{type_name(value)} + ", not a bool");
}

bool depends(const Expression& expression) {
  return expression.op == Expression::Op::variable || std::ranges::any_of(expression.of, depends);
}

}  // namespace

std::string_view kind_word(std::size_t kind) {
  return kind == kNoEffect ? "none" : contract::kEffectKindWords[kind];
}

bool leaves_out(const Rule& rule, const Glob& glob) {
  return rule.effect == Decision::deny && glob.text().find_first_of("*?") == 0;
}

std::string_view tool_name(std::string_view tool) { return tool.substr(0, tool.find('@')); }

bool covers_tool(std::string_view wide, std::string_view narrow) {
  if (wide.ends_with('*')) return narrow.starts_with(wide.substr(0, wide.size() - 1));
  return wide == narrow || wide == tool_name(narrow);
}

std::optional<bool> constant(const Expression& expression) {
  if (depends(expression)) return std::nullopt;
  const auto value = truth(expression, {});
  return value ? std::optional{*value} : std::nullopt;
}

bool Rule::exact_tools() const {
  return !tools.empty() &&
         std::ranges::none_of(tools, [](const auto& tool) { return tool.ends_with('*'); });
}

bool Rule::of_tool(std::string_view target) const {
  return tools.empty() || std::ranges::any_of(tools, [&](std::string_view tool) {
           return covers_tool(tool, target);
         });
}

Matched Rule::of_who(const Question& question) const {
  const bool mode = modes == 0 || (modes >> static_cast<unsigned>(question.mode) & 1U) != 0;
  if (!mode || users.empty()) return yes_or_no(mode);
  // Of a run that did not record it.
  if (question.user.empty()) return failed("it is not known who runs it");
  return yes_or_no(std::ranges::find(users, question.user) != users.end());
}

// A tool that is given a folder may touch all that is in it. So what forbids or asks matches a
// folder above its paths, too; what allows does not.
Matched Rule::of_paths(const Place::Part& path, const DeclaredEffect* declared) const {
  if (path.match != Match::yes) return {path.match, path.failure};
  const bool reads = declared->kind == contract::EffectKind::read;
  return yes_or_no(std::ranges::any_of(paths, [&](const Glob& glob) {
    if (glob.matches(path.text)) return true;
    if (effect == Decision::allow || (reads && leaves_out(*this, glob))) return false;
    return glob.below(path.text);
  }));
}

Matched Rule::of_hosts(const Place::Part& host) const {
  if (host.match != Match::yes) return {host.match, host.failure};
  return yes_or_no(std::ranges::any_of(
      hosts, [&](const std::string& pattern) { return host_matches(host.text, pattern); }));
}

Matched Rule::of_when(const Question& question, const DeclaredEffect* declared) const {
  const Flags open = flags & open_flags_of(question.flow);
  if (flags_alone) {
    const Flags missing = flags & ~flags_of(question.flow, declared);
    if (missing == open) return {open == 0 ? Match::yes : Match::open, {}};
    return {};
  }
  const bool unknown = open != 0 || std::ranges::any_of(depends, [&](const auto& each) {
                         return question.is_open(each);
                       });
  if (unknown) return {Match::open, {}};
  const auto holds = truth(*when, context_of(question, declared, *this));
  return holds ? yes_or_no(*holds) : failed("`when`: " + holds.error().message);
}

// What surely does not match is no match, whatever else is open or failed.
Matched Rule::matches(const Question& question, const DeclaredEffect* declared,
                      Place& where) const {
  if (!of_tool(question.target)) return {};
  Matched out{Match::yes, {}};
  // What cannot be told is open as long as another part may still say no.
  const auto also = [&out](Matched part) {
    const bool more = part.match == Match::no || part.match == Match::open;
    if (more || out.match == Match::yes) out = std::move(part);
  };
  if (modes != 0 || !users.empty()) also(of_who(question));
  if (out.match == Match::no) return out;
  if (!paths.empty()) also(of_paths(where.path(), declared));
  if (!hosts.empty()) also(of_hosts(where.host()));
  if (out.match == Match::no || !when) return out;
  also(of_when(question, declared));
  return out;
}

}  // namespace naestro::policy
