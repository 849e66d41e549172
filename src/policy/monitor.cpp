#include "policy/monitor.hpp"

#include <algorithm>

#include "contract/foreign.hpp"
#include "policy/labels.hpp"
#include "policy/scalars.hpp"

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

std::vector<std::string> stems(std::string_view text) {
  std::vector<std::string> words = contract::words_of_name(text);
  for (std::string& word : words) {
    if (word.size() > 3 && word.ends_with('s')) word.pop_back();
  }
  return words;
}

bool is_authority(const contract::ToolContract& tool, std::string_view argument) {
  const auto known = tool.arguments.find(std::string{argument});
  return known == tool.arguments.end() || known->second == contract::ArgumentKind::authority;
}

}  // namespace

Monitor::Monitor(std::string_view words, const std::vector<contract::ToolContract>& tools)
    : words_{stems(words)}, provenance_{words} {
  for (const contract::ToolContract& tool : tools) tools_.insert_or_assign(tool.name, tool);
}

// A typed field of a result may choose among what a reversible effect is about; all else that
// decides whom or what an effect touches has to be the person's.
bool Monitor::may_decide(const contract::ToolContract& tool, std::string_view argument,
                         const json::Value& value) const {
  const contract::DeclaredEffect& effect = tool.effects.front();
  const bool reversible = effect.kind == EffectKind::write && effect.reversible;
  bool may = true;
  each_scalar(argument, value, [&](std::string_view, const json::Value& scalar) {
    if (contract::names_a_host(argument) && scalar.is_string() &&
        provenance_.names_host(json::view(scalar.get_string()))) {
      return;
    }
    const contract::Label label = provenance_.of(scalar);
    may = may && (trusted(label) || (reversible && !label.instruction_bearing));
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
      // A host that got here is the person's.
      own = own || contract::names_a_host(member.key()) || trusted(provenance_.of(scalar));
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
    const auto* const known = std::ranges::find(kCalls, word, &Call::of);
    if (known != std::end(kCalls) && std::ranges::any_of(words_, [&](const std::string& own) {
          return known->by.contains(" " + own + " ");
        })) {
      return true;
    }
  }
  // Who names a host calls for what is done there.
  return std::ranges::any_of(arguments, [&](const auto& member) {
    return contract::names_a_host(member.key()) && member.value().is_string() &&
           provenance_.names_host(json::view(member.value().get_string()));
  });
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
    if (is_authority(tool, member.key()) && !may_decide(tool, member.key(), member.value())) {
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

void Monitor::done(std::string_view name, const json::Object& arguments,
                   const json::Value& result) {
  const auto found = tools_.find(name);
  const bool own =
      found != tools_.end() && contract::changes_world(found->second.effects.front().kind);
  provenance_.add(name, provenance_.of_all(arguments), own, result);
}

}  // namespace naestro::policy
