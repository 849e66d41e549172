#include "run/kept_shadow.hpp"

namespace naestro::run {

Result<std::optional<KeptShadow>> kept_shadow(std::span<const ledger::StoredEvent> events,
                                              std::string_view workspace, const OpenBlob& open) {
  std::optional<KeptShadow> out;
  for (const ledger::StoredEvent& stored : events) {
    const json::Object& data = stored.event.data;
    if (stored.event.kind != "shadow.set") continue;
    NAESTRO_LET(const std::string where, opened(data, "workspace", open));
    if (where != workspace) continue;
    out.reset();
    if (!data.contains("file")) continue;
    KeptShadow kept;
    NAESTRO_LET(kept.file, opened(data, "file", open));
    NAESTRO_LET(kept.who, opened(data, "who", open));
    kept.set_us = ledger::wall_at(stored);
    out = std::move(kept);
  }
  return out;
}

ledger::Append set_shadow(std::string_view workspace, const std::optional<std::string>& file,
                          std::string_view who, std::int64_t seq, const Sealer& sealer) {
  ledger::Append append{std::string{ledger::kSystemStream}, 0, {}, {}, {}, true};
  json::Object data{{"workspace", sealer.put(workspace, append.blobs)}};
  if (file) data["file"] = sealer.put(std::string_view{*file}, append.blobs);
  data["who"] = sealer.put(who, append.blobs);
  append.events.push_back({append.stream, seq, "shadow.set", std::move(data), 0});
  return append;
}

}  // namespace naestro::run
