#include "run/undo.hpp"

#include <algorithm>
#include <map>
#include <ranges>

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

// All that a run did to one object (a file), as one undoing call.
struct Group {
  const contract::ToolContract* undoing;
  std::string object;                // the authority arguments of the undoing call, canonical
  json::Object arguments;            // what was recorded before the first effect
  const ledger::StoredEvent* first;  // that record
  std::vector<std::string> steps;    // who did it, the last at the end
};

std::string object_of(const contract::ToolContract& undoing, const json::Object& former) {
  json::Object object;
  for (const auto& [name, kind] : undoing.arguments) {
    const json::Value* value = former.if_contains(name);
    if (kind == contract::ArgumentKind::authority && value != nullptr) object[name] = *value;
  }
  return json::canonical(object);
}

// Of a result what the undoing tool takes and was not recorded before; of several results a list.
void add_result(const json::Object& result, Group& group, const json::Object& former) {
  for (const auto& member : result) {
    const std::string name = member.key();
    if (!group.undoing->arguments.contains(name) || former.contains(name)) continue;
    json::Value& list = group.arguments[name];
    if (!list.is_array()) list = json::Array{};
    json::Array& values = list.get_array();
    if (std::ranges::find(values, member.value()) == values.end()) values.push_back(member.value());
  }
}

// An effect joins the group of its object. The one that was prepared first found what was there
// before the run: no effect is done before its own preparation is recorded.
Result<void> add(const Done& done, const contract::ToolContract& undoing, const OpenBlob& open,
                 std::vector<Group>& groups) {
  NAESTRO_LET(const json::Object former, blob_object(done.prepared->event, "former", open));
  NAESTRO_LET(const json::Object result, blob_object(done.outcome->event, "result", open));
  const std::string object = object_of(undoing, former);
  auto group = std::ranges::find_if(groups, [&](const Group& known) {
    return std::pair{known.undoing, std::string_view{known.object}} ==
           std::pair{&undoing, std::string_view{object}};
  });
  if (group == groups.end()) {
    groups.push_back({&undoing, object, former, done.prepared, {}});
    group = groups.end() - 1;
  } else {
    if (done.prepared->event.seq < group->first->event.seq) {
      for (const auto& member : former) group->arguments[member.key()] = member.value();
      group->first = done.prepared;
    }
    std::rotate(group, group + 1, groups.end());  // the last to be done is the first to be undone
    group = groups.end() - 1;
  }
  group->steps.push_back(done.step);
  add_result(result, *group, former);
  return {};
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
  std::vector<Group> groups;
  for (const Done& each : effects_done(events)) {
    const contract::ToolContract* tool = tool_of(tools, each.target);
    const contract::ToolContract* undoing =
        tool == nullptr || tool->undo.empty() ? nullptr : tools.find(tool->undo);
    if (undoing != nullptr && each.prepared != nullptr) {
      NAESTRO_TRY(add(each, *undoing, open, groups));
      continue;
    }
    const bool lasts = tool != nullptr && std::ranges::any_of(tool->effects, [](const auto& e) {
                         return contract::changes_world(e.kind);
                       });
    if (lasts && (step.empty() || each.step == step)) {
      out.lasting.push_back(each.step + " (" + each.target + ")");
    }
  }
  json::Array steps;
  for (const Group& group : std::views::reverse(groups)) {
    const auto others =
        std::ranges::count_if(group.steps, [&](const std::string& one) { return one != step; });
    const auto own = static_cast<std::ptrdiff_t>(group.steps.size()) - others;
    if (!step.empty() && own == 0) continue;
    if (!step.empty() && others > 0) {
      return fail(Code::kUsage,
                  "step '" + std::string{step} + "' is not the only one that wrote " + group.object,
                  "undo the whole run");
    }
    json::Object with;
    for (const auto& member : group.arguments) {
      const auto* text = member.value().if_string();  // data, which is no reference
      with[member.key()] =
          text == nullptr ? member.value() : json::Value(plan::escaped(json::view(*text)));
    }
    json::Object undo{{"id", "undo_" + std::to_string(steps.size() + 1)},
                      {"do", json::Object{{"tool", group.undoing->id()}}},
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
