#include "cli/loaded.hpp"

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

}  // namespace naestro::cli
