#include "cli/loaded.hpp"

#include <algorithm>
#include <ranges>

#include "cli/render.hpp"

namespace naestro::cli {

Result<Loaded> load(Session& session, const std::string& id) {
  Loaded loaded;
  NAESTRO_LET(loaded.events, session.store->events(id));
  NAESTRO_LET(const std::int64_t owner, session.store->owner(id));
  loaded.view = run::view_of(loaded.events, owner != 0);
  const auto key = session.keys->find(id);
  if (!key && key.error().code != Code::kKeyMissing) return std::unexpected(key.error());
  if (key) {
    loaded.open = run::blob_opener(*session.store, run::Sealer{*key});
  }
  return loaded;
}

Result<Look> look_at(House& house, const std::string& text) {
  NAESTRO_LET(Session session, look_session(house));
  NAESTRO_LET(const std::string id, find_run(*session.store, text));
  NAESTRO_LET(Loaded run, load(session, id));
  return Look{std::move(session), id, std::move(run)};
}

std::string clear(const Loaded& loaded, const json::Value& ref) {
  if (!ref.is_object()) return {};
  const auto id = ledger::blob_id(ref);
  if (!id) return {};
  if (!loaded.open) return "(erased)";
  const auto text = loaded.open(*id);
  return text ? *text : "(" + text.error().text() + ")";
}

json::Value revealed(const Loaded& loaded, const json::Value& value) {
  if (const json::Object* object = value.if_object()) {
    if (object->size() == 1 && object->contains("blob")) {
      const std::string text = clear(loaded, value);
      auto parsed = json::parse(text);
      return parsed ? *std::move(parsed) : json::Value(text);
    }
    json::Object out;
    for (const auto& member : *object) out[member.key()] = revealed(loaded, member.value());
    return out;
  }
  if (const json::Array* array = value.if_array()) {
    json::Array out;
    for (const auto& item : *array) out.push_back(revealed(loaded, item));
    return out;
  }
  return value;
}

namespace {

// What a finished run took for the program, its last: without the planning before it. Nothing where
// it is no measure of it: another program (or model), steps taken over from another run, or an
// attempt that was lost and counts as its caps.
std::optional<door::Usage> taken_for(const Loaded& run, const plan::Program& program) {
  if (run.view.state != "done" || !run.view.fork.is_null()) return std::nullopt;
  bool same = false;
  for (const ledger::StoredEvent& stored : run.events) {
    const json::Object& data = stored.event.data;
    if (data.contains("lost_attempt")) return std::nullopt;
    if (stored.event.kind != "plan.compiled") continue;
    same = json::text_at(data, "program") == hex(program.program_digest);
  }
  door::Usage taken;
  for (const run::StepView& step : run.view.steps) {
    if (step.segment == run.view.segment) taken += step.usage;
  }
  return same ? std::optional{taken} : std::nullopt;
}

}  // namespace

std::string likely_text(House& house, const plan::Program& program) {
  constexpr std::size_t kRunsLookedAt = 100;
  constexpr std::size_t kRunsTaken = 9;
  std::string none = "n/a (no finished run of this plan)";
  auto session = look_session(house);
  const auto ids = session ? session->store->runs() : std::vector<std::string>{};
  if (!ids) return none;
  std::vector<door::Usage> taken;
  for (const std::string& id : *ids | std::views::reverse | std::views::take(kRunsLookedAt)) {
    const auto loaded = load(*session, id);
    const auto usage = loaded ? taken_for(*loaded, program) : std::nullopt;
    if (usage) taken.push_back(*usage);
    if (taken.size() == kRunsTaken) break;
  }
  if (taken.empty()) return none;
  std::ranges::sort(taken, {}, [](const door::Usage& usage) {
    return std::tuple{usage.usd, usage.tokens(), usage.tool_calls};
  });
  return usage_text(taken[taken.size() / 2]) +
         (taken.size() == 1 ? " (as the run before)"
                            : " (the median of " + std::to_string(taken.size()) + " runs)");
}

}  // namespace naestro::cli
