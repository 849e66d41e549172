#include "run/kept_grants.hpp"

#include <algorithm>

namespace naestro::run {
namespace {

Result<KeptGrant> kept_grant(const ledger::StoredEvent& stored, const OpenBlob& open) {
  const json::Object& data = stored.event.data;
  KeptGrant out;
  NAESTRO_LET(const std::string text, opened(data, "grant", open));
  NAESTRO_LET(out.who, opened(data, "who", open));
  NAESTRO_LET(const json::Value form, json::parse(text));
  NAESTRO_LET(out.grant, policy::grant_from_json(form));
  out.run = json::text_at(data, "run").value_or("");
  out.given_us = ledger::wall_at(stored);
  return out;
}

}  // namespace

Result<std::vector<KeptGrant>> kept_grants(std::span<const ledger::StoredEvent> events,
                                           const OpenBlob& open) {
  std::vector<KeptGrant> out;
  for (const ledger::StoredEvent& stored : events) {
    if (stored.event.kind == "grant.given") {
      NAESTRO_LET(KeptGrant kept, kept_grant(stored, open));
      out.push_back(std::move(kept));
    } else if (stored.event.kind == "grant.revoked") {
      const auto id = json::text_at(stored.event.data, "id");
      std::erase_if(out, [&](const KeptGrant& kept) { return kept.grant.id == id; });
    }
  }
  return out;
}

std::vector<policy::Grant> in_force(std::span<const KeptGrant> kept, std::string_view workspace,
                                    std::int64_t now_us) {
  std::vector<policy::Grant> out;
  for (const KeptGrant& each : kept) {
    const policy::Grant& grant = each.grant;
    const bool over = grant.expires_s && *grant.expires_s <= now_us / 1'000'000;
    if (!over && grant.workspace == workspace) out.push_back(grant);
  }
  return out;
}

ledger::Append given_grants(std::span<const policy::Grant> grants, std::string_view run,
                            std::string_view who, std::int64_t seq, const Sealer& sealer) {
  ledger::Append append{std::string{ledger::kSystemStream}, 0, {}, {}, {}, true};
  for (const policy::Grant& grant : grants) {
    json::Object data{{"id", grant.id}, {"run", run}};
    data["grant"] = sealer.put(policy::to_json(grant), append.blobs);
    data["who"] = sealer.put(who, append.blobs);
    append.events.push_back({append.stream, seq++, "grant.given", std::move(data), 0});
  }
  return append;
}

ledger::Append revoked_grant(std::string_view id, std::string_view who, std::int64_t seq,
                             const Sealer& sealer) {
  ledger::Append append{std::string{ledger::kSystemStream}, 0, {}, {}, {}, true};
  json::Object data{{"id", id}};
  data["who"] = sealer.put(who, append.blobs);
  append.events.push_back({append.stream, seq, "grant.revoked", std::move(data), 0});
  return append;
}

}  // namespace naestro::run
