#include "run/undo.hpp"

#include <algorithm>
#include <map>

namespace naestro::run {
namespace {

// One effect that was done.
struct Done {
  std::string step;
  std::string target;
  const ledger::StoredEvent* prepared = nullptr;
  const ledger::StoredEvent* outcome = nullptr;
};

Result<json::Object> blob_object(const ledger::Event& event, std::string_view member,
                                 const OpenBlob& open) {
  const json::Value* ref = event.data.if_contains(member);
  if (ref == nullptr) return fail(Code::kStoreCorrupt, event.id() + " names no blob");
  NAESTRO_LET(const Digest id, ledger::blob_id(*ref));
  NAESTRO_LET(const std::string text, open(id));
  NAESTRO_LET(json::Value value, json::parse(text));
  if (!value.is_object()) return fail(Code::kStoreCorrupt, event.id() + ": no object");
  return std::move(value.get_object());
}

// Effects that have an outcome, in order of their outcomes.
std::vector<Done> effects_done(std::span<const ledger::StoredEvent> events) {
  std::map<std::string, Done> by_key;
  std::vector<Done> out;
  for (const ledger::StoredEvent& stored : events) {
    const ledger::Event& event = stored.event;
    const std::string key{json::text_at(event.data, "key").value_or("")};
    if (event.kind == "effect.intended") {
      by_key[key] = {std::string{json::text_at(event.data, "step").value_or("")},
                     std::string{json::text_at(event.data, "target").value_or("")}};
    } else if (event.kind == "effect.prepared") {
      by_key[key].prepared = &stored;
    } else if (event.kind == "effect.done") {
      by_key[key].outcome = &stored;
      out.push_back(by_key[key]);
    }
  }
  return out;
}

const contract::ToolContract* tool_of(const contract::ToolCatalog& tools, std::string_view target) {
  const auto found = std::ranges::find(tools.all(), target, &contract::ToolContract::id);
  return found == tools.all().end() ? nullptr : &*found;
}

// What was recorded before the effect, and of its result what the undoing tool takes.
Result<json::Object> arguments_of(const Done& done, const contract::ToolContract& undoing,
                                  const OpenBlob& open) {
  NAESTRO_LET(json::Object out, blob_object(done.prepared->event, "former", open));
  NAESTRO_LET(const json::Object result, blob_object(done.outcome->event, "result", open));
  for (const auto& member : result) {
    const std::string name = member.key();
    if (undoing.arguments.contains(name)) out.insert({{member.key(), member.value()}});
  }
  return out;
}

// Data that stands in a plan: no reference in it.
json::Value literal(const json::Value& value) {
  const auto* text = value.if_string();
  if (text == nullptr) return value;
  std::string out;
  std::string_view rest = json::view(*text);
  while (!rest.empty()) {
    const std::size_t at = std::min(rest.find("${"), rest.size());
    out += rest.substr(0, at);
    rest.remove_prefix(at);
    if (rest.empty()) break;
    out += "$${";
    rest.remove_prefix(2);
  }
  return json::Value(out);
}

}  // namespace

Result<Undo> undo_of(std::span<const ledger::StoredEvent> events, const OpenBlob& open,
                     const contract::ToolCatalog& tools, std::string_view step) {
  const std::string run = events.empty() ? "" : events.front().event.stream;
  const bool known = step.empty() || std::ranges::any_of(events, [&](const auto& stored) {
                       return json::text_at(stored.event.data, "step") == step;
                     });
  if (!known) {
    return fail(Code::kNotFound, "run " + run + " has no step '" + std::string{step} + "'",
                "see 'naestro show " + run + "'");
  }
  Undo out;
  json::Array steps;
  std::vector<Done> done = effects_done(events);
  std::ranges::reverse(done);
  for (const Done& each : done) {
    if (!step.empty() && each.step != step) continue;
    const contract::ToolContract* tool = tool_of(tools, each.target);
    const contract::ToolContract* undoing =
        tool == nullptr || tool->undo.empty() ? nullptr : tools.find(tool->undo);
    if (undoing == nullptr || each.prepared == nullptr) {
      const bool lasts = tool != nullptr && std::ranges::any_of(tool->effects, [](const auto& e) {
                           return contract::changes_world(e.kind);
                         });
      if (lasts) out.lasting.push_back(each.step + " (" + each.target + ")");
      continue;
    }
    NAESTRO_LET(const json::Object given, arguments_of(each, *undoing, open));
    json::Object with;
    for (const auto& member : given) with[member.key()] = literal(member.value());
    json::Object undo{{"id", "undo_" + std::to_string(steps.size() + 1)},
                      {"do", json::Object{{"tool", undoing->id()}}},
                      {"with", std::move(with)}};
    if (!steps.empty()) {
      undo["needs"] = json::Array{json::Value("undo_" + std::to_string(steps.size()))};
    }
    steps.push_back(std::move(undo));
  }
  out.plan = {{"naestro", "plan/1"},
              {"goal", "undo " + (step.empty() ? "run " + run
                                               : "step " + std::string{step} + " of run " + run)},
              {"steps", std::move(steps)},
              {"outputs", json::Object{}}};
  return out;
}

}  // namespace naestro::run
