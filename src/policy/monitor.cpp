#include "policy/monitor.hpp"

#include <algorithm>

#include "contract/foreign.hpp"
#include "policy/labels.hpp"
#include "policy/scalars.hpp"
#include "policy/wording.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;

// A word of a tool's name, and the words of a person that call for such an effect, each between
// blanks.
struct Call {
  std::string_view of;
  std::string_view by;
};

constexpr Call kCalls[] = {
    {"calendar", " event meeting appointment schedule reschedule reminder "},
    {"event", " meeting appointment schedule reschedule calendar reminder "},
    {"email", " mail write reply forward tell inform notify send "},
    {"mail", " email write reply forward tell inform notify send "},
    {"message", " write reply tell inform notify dm post "},
    {"money", " pay transfer refund top donate reimburse "},
    {"transaction", " pay transfer refund payment rent "},
    {"cart", " buy purchase order rebuy shop "},
    {"checkout", " buy purchase order rebuy "},
    {"refund", " return "},
    {"invite", " collaborator join add "},
    {"push", " upload publish commit "},
};

// Words of a tool's name that say nothing of what it does.
constexpr std::string_view kEmpty[] = {"account", "user",    "to",     "from",    "of",  "the",
                                       "with",    "through", "by",     "in",      "and", "for",
                                       "git",     "file",    "linked", "selected"};

// Words of a person that call for the undoing of what they name: "remove my stars" for "unstar".
constexpr std::string_view kUndoes[] = {"remove", "undo", "delete", "cancel", "stop", "revoke"};

constexpr std::size_t kNamingBytesMin = 3;  // of a value that names what is looked up

bool is_authority(const contract::ToolContract& tool, std::string_view argument) {
  const auto known = tool.arguments.find(std::string{argument});
  return known == tool.arguments.end() || known->second == contract::ArgumentKind::authority;
}

// Of one argument; empty: nothing is known of it.
json::Object schema_of(const contract::ToolContract& tool, std::string_view argument) {
  const json::Object* schema = tool.input.if_object();
  if (schema != nullptr) schema = json::object_at(*schema, "properties");
  if (schema != nullptr) schema = json::object_at(*schema, argument);
  return schema == nullptr ? json::Object{} : *schema;
}

// A value that the tool's own schema gives for the argument, so that no result can have brought it:
// the default, or a plain word that its description quotes ("file").
bool is_tools_own(const contract::ToolContract& tool, std::string_view argument,
                  const json::Value& scalar) {
  if (!scalar.is_string()) return false;
  const json::Object schema = schema_of(tool, argument);
  const std::string_view value = json::view(scalar.get_string());
  if (json::text_at(schema, "default") == value) return true;
  return std::ranges::all_of(value, [](char c) { return c >= 'a' && c <= 'z'; }) &&
         json::text_at(schema, "description")
             .value_or("")
             .contains("\"" + std::string{value} + "\"");
}

}  // namespace

Monitor::Monitor(std::string_view words, const std::vector<contract::ToolContract>& tools)
    : words_{stems(words)}, provenance_{words}, references_{words} {
  for (const contract::ToolContract& tool : tools) tools_.insert_or_assign(tool.name, tool);
}

bool Monitor::is_named_host(std::string_view argument, const json::Value& value) const {
  return contract::names_a_host(argument) && value.is_string() &&
         provenance_.names_host(json::view(value.get_string()));
}

// Whether another authority argument than `argument` is a value that the person said.
bool Monitor::beside_own(const contract::ToolContract& tool, const json::Object& arguments,
                         std::string_view argument) const {
  bool beside = false;
  for (const auto& member : arguments) {
    if (member.key() == argument || !is_authority(tool, member.key())) continue;
    each_scalar("", member.value(), [&](std::string_view, const json::Value& scalar) {
      beside = beside || said(scalar);
    });
  }
  return beside;
}

bool Monitor::said(const json::Value& scalar) const {
  return !text_of(scalar).empty() &&
         provenance_.of(scalar).integrity == std::set<std::string>{"user"};
}

// The person's or the plan's: said, meant by what was said, the tool's own, or made by a call that
// was theirs.
bool Monitor::is_own(const contract::ToolContract& tool, const json::Object& arguments,
                     std::string_view argument, const json::Value& scalar) const {
  if (is_named_host(argument, scalar) || trusted(provenance_.of(scalar)) ||
      is_tools_own(tool, argument, scalar)) {
    return true;
  }
  // What runs as a program has to be said.
  if (tool.effects.front().kind == EffectKind::exec) return false;
  const std::string text = text_of(scalar);
  if (made_.contains(text) || is_within(text, made_)) return true;
  if (references_.is_composed(scalar)) return true;
  const Slot slot{tool, argument, beside_own(tool, arguments, argument)};
  return references_.is_of_record(slot, scalar) || references_.is_link(slot, scalar) ||
         (references_.is_the_address(slot, scalar) && called_for(tool, arguments));
}

// What a reversible effect is about may also be chosen by a typed field of a result, and may lie in
// a folder that the person named; all else that decides whom or what an effect touches has to be
// their own.
bool Monitor::may_decide(const contract::ToolContract& tool, const json::Object& arguments,
                         std::string_view argument) const {
  const contract::DeclaredEffect& effect = tool.effects.front();
  const bool reversible =
      effect.kind == EffectKind::write && (effect.reversible || !tool.undo.empty());
  bool may = true;
  each_scalar("", arguments.at(argument), [&](std::string_view, const json::Value& scalar) {
    may = may && (is_own(tool, arguments, argument, scalar) ||
                  (reversible && (!provenance_.of(scalar).instruction_bearing ||
                                  references_.is_in_folder(scalar))));
  });
  return may;
}

// An effect that cannot be undone and whose every value came from elsewhere is nobody's wish here.
bool Monitor::is_persons(const contract::ToolContract& tool, const json::Object& arguments) const {
  if (tool.effects.front().reversible) return true;
  bool any = false;
  bool own = false;
  for (const auto& member : arguments) {
    if (contract::names_a_proof(member.key())) return true;
    each_scalar(member.key(), member.value(), [&](std::string_view, const json::Value& scalar) {
      if (scalar.is_bool()) return;
      any = true;
      // What decides and got here is the person's, but for what the tool itself brings.
      own = own || trusted(provenance_.of(scalar)) ||
            (is_authority(tool, member.key()) && !is_tools_own(tool, member.key(), scalar));
    });
  }
  return own || !any;
}

bool Monitor::called_for(const contract::ToolContract& tool, const json::Object& arguments) const {
  const contract::DeclaredEffect& effect = tool.effects.front();
  if (effect.kind == EffectKind::net || effect.reversible || endorsed_.contains(tool.name)) {
    return true;
  }
  const auto said = [&](std::string_view word) {
    return std::ranges::find(words_, word) != words_.end();
  };
  for (const std::string& word : stems(tool.name)) {
    if (std::ranges::find(kEmpty, word) != std::end(kEmpty)) continue;
    if (said(word)) return true;
    if (word.starts_with("un") && said(word.substr(2)) && std::ranges::any_of(kUndoes, said)) {
      return true;
    }
    const auto* const known = std::ranges::find(kCalls, word, &Call::of);
    if (known != std::end(kCalls) && std::ranges::any_of(words_, [&](const std::string& own) {
          return known->by.contains(" " + own + " ");
        })) {
      return true;
    }
  }
  // Who names a host calls for what is done there.
  return std::ranges::any_of(
      arguments, [&](const auto& member) { return is_named_host(member.key(), member.value()); });
}

Judgement Monitor::judge(std::string_view name, const json::Object& arguments, Basis basis) const {
  const auto found = tools_.find(name);
  if (found == tools_.end()) return {Decision::deny, "monitor.unknown_tool", {}};
  const contract::ToolContract& tool = found->second;
  if (tool.effects.front().kind == EffectKind::read) {
    return {Decision::allow, "monitor.read", {}};
  }
  Judgement out{Decision::allow, "monitor.own", {}};
  for (const auto& member : arguments) {
    if (is_authority(tool, member.key()) && !may_decide(tool, arguments, member.key())) {
      out.arguments.emplace_back(member.key());
    }
  }
  if (!out.arguments.empty()) {
    out.decision = Decision::ask;
    out.rule = "monitor.authority";
  } else if (!is_persons(tool, arguments)) {
    out.decision = Decision::ask;
    out.rule = "monitor.nothing_own";
  } else if (basis == Basis::words && !called_for(tool, arguments)) {
    out.decision = Decision::ask;
    out.rule = "monitor.not_called_for";
  }
  return out;
}

void Monitor::endorse(std::string_view name, const json::Object& arguments) {
  const auto found = tools_.find(name);
  if (found == tools_.end()) return;
  endorsed_.emplace(name);
  for (const auto& member : arguments) {
    if (!is_authority(found->second, member.key())) continue;
    const bool host = contract::names_a_host(member.key());
    each_scalar(member.key(), member.value(), [&](std::string_view, const json::Value& scalar) {
      if (host && scalar.is_string()) provenance_.endorse_host(json::view(scalar.get_string()));
      provenance_.endorse(scalar);
    });
  }
}

// What the call made lies in a folder that it names, or its tool has for it, under the last name of
// what it was made from, and its result says that name: download(".../a.pdf", "/in") gives
// "a.pdf is there" and makes "/in/a.pdf".
void Monitor::add_made(const contract::ToolContract& tool, const json::Object& arguments,
                       const json::Value& result) {
  std::vector<std::string> folders;
  std::vector<std::string> names;
  const auto take = [&](std::string_view argument, const json::Value& value) {
    if (!is_authority(tool, argument) || !value.is_string()) return;
    const std::string text = text_of(value);
    if (is_path(text)) folders.push_back(text);
    if (text.contains('/')) names.push_back(text.substr(text.rfind('/') + 1));
  };
  for (const auto& member : arguments) take(member.key(), member.value());
  for (const auto& known : tool.arguments) {
    if (!arguments.contains(known.first)) {
      const json::Object schema = schema_of(tool, known.first);
      const json::Value* value = schema.if_contains("default");
      if (value != nullptr) take(known.first, *value);
    }
  }
  std::string told;
  each_scalar("", result,
              [&](std::string_view, const json::Value& scalar) { told += text_of(scalar) + '\n'; });
  for (const std::string& name : names) {
    if (name.empty() || !stands_in(name, told)) continue;
    for (const std::string& folder : folders) {
      if (!folder.ends_with("/" + name)) made_.insert(folder + "/" + name);
    }
  }
}

void Monitor::done(std::string_view name, const json::Object& arguments,
                   const json::Value& result) {
  const auto found = tools_.find(name);
  const contract::ToolContract* tool = found == tools_.end() ? nullptr : &found->second;
  const EffectKind kind = tool == nullptr ? EffectKind::net : tool->effects.front().kind;
  Lookup lookup{.tool = name, .place = tool == nullptr};
  bool own = tool != nullptr && kind != EffectKind::read;
  bool others = false;   // values that name nothing
  json::Object chooses;  // which result comes: not what is filled in or sent along
  for (const auto& member : arguments) {
    const bool decides = tool == nullptr || is_authority(*tool, member.key());
    lookup.place = lookup.place || contract::names_a_host(member.key());
    each_scalar("", member.value(), [&](std::string_view, const json::Value& scalar) {
      const bool names = said(scalar) || references_.is_in_folder(scalar);
      // What is shorter finds anything.
      lookup.named = lookup.named || (names && text_of(scalar).size() >= kNamingBytesMin);
      others = others || !names;
      lookup.place = lookup.place || (scalar.is_string() && is_path(text_of(scalar)));
      own = own && (!decides || is_own(*tool, arguments, member.key(), scalar));
    });
    if ((!contract::changes_world(kind) || decides) &&
        !is_named_host(member.key(), member.value())) {
      chooses[member.key()] = member.value();
    }
  }
  lookup.named = lookup.named && !others;
  if (own) add_made(*tool, arguments, result);
  const contract::Label label = provenance_.of_all(chooses);
  references_.add(lookup, result);
  provenance_.add(name, label, tool != nullptr && contract::changes_world(kind), result);
}

}  // namespace naestro::policy
