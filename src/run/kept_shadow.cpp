#include "run/kept_shadow.hpp"

namespace naestro::run {
namespace {

Result<std::string> opened(const json::Object& data, std::string_view member,
                           const OpenBlob& open) {
  const json::Value* ref = data.if_contains(member);
  if (ref == nullptr) {
    return fail(Code::kStoreCorrupt, "shadow.set lacks '" + std::string{member} + "'");
  }
  NAESTRO_LET(const Digest id, ledger::blob_id(*ref));
  return open(id);
}

}  // namespace

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
    if (const auto envelope = json::parse(stored.envelope); envelope && envelope->is_object()) {
      kept.set_us = json::integer_at(envelope->get_object(), "wall_at").value_or(0);
    }
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
