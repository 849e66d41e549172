#include "ledger/receipts.hpp"

namespace naestro::ledger {
namespace {

constexpr std::int64_t kReceiptsVersion = 2;

std::string about(const Event& event) {
  return std::string{json::text_at(event.data, about_of(event.kind)).value_or("")};
}

}  // namespace

Result<ConsentEvent> consent_event(Event event, std::string_view envelope) {
  NAESTRO_LET(const json::Value read, json::parse(envelope));
  const json::Object* members = read.if_object();
  const auto wall_at = members == nullptr ? std::nullopt : json::integer_at(*members, "wall_at");
  if (!wall_at || *wall_at < 0) return fail(Code::kUsage, "its envelope has no time");
  return ConsentEvent{std::move(event), *wall_at};
}

Result<void> Receipts::add(std::uint64_t index, const Event& event, std::string_view body,
                           std::string_view envelope) {
  if (!is_consent(event.kind)) return {};
  NAESTRO_LET(ConsentEvent read, consent_event(event, envelope));
  const std::pair key{event.stream, about(event)};
  const auto open = open_.find(key);
  const bool answers = !opens(event.kind) && open != open_.end();
  if (!answers) receipts_.emplace_back();
  Receipt& receipt = answers ? receipts_[open->second] : receipts_.back();
  receipt.events.push_back(std::move(read));
  receipt.rows.push_back({index, std::string{body}, std::string{envelope}});
  if (answers) open_.erase(open);
  if (opens(event.kind)) open_[key] = receipts_.size() - 1;
  return {};
}

json::Object Receipts::file(std::string_view store, std::string_view checkpoint,
                            const crypto::PublicKey& signer, const Tree& tree) const {
  json::Array consents;
  for (const Receipt& receipt : receipts_) {
    json::Array events;
    for (const Row& row : receipt.rows) {
      events.push_back(proven_event(tree, row.index, row.body, row.envelope));
    }
    const Event& last = receipt.events.back().event;
    consents.push_back(json::Object{{"stream", last.stream},
                                    {"about", about(last)},
                                    {"state", state_of(last.kind)},
                                    {"record", consent_record(store, receipt.events)},
                                    {"events", std::move(events)}});
  }
  return {{"@context", consent_context()},
          {"@type", "dpv:ConsentReceipt"},
          {"dct:conformsTo", kReceiptProfile},
          {"receipts", kReceiptsVersion},
          {"store", store},
          {"checkpoint", checkpoint},
          {"key", base64(signer)},
          {"consents", std::move(consents)}};
}

bool has_receipt_names(const json::Object& file) {
  const json::Object* context = json::object_at(file, "@context");
  return context != nullptr && json::equal(*context, consent_context()) &&
         json::text_at(file, "@type") == "dpv:ConsentReceipt" &&
         json::text_at(file, "dct:conformsTo") == kReceiptProfile;
}

bool is_receipt_of(const json::Object& receipt, const std::vector<ConsentEvent>& events,
                   std::optional<std::string_view> store) {
  const json::Array* rows = json::array_at(receipt, "events");
  const std::size_t members = store ? 5 : 4;
  if (receipt.size() != members || rows == nullptr || events.empty() ||
      events.size() != rows->size()) {
    return false;
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i].event;
    if (!is_consent(event.kind) || event.stream != json::text_at(receipt, "stream") ||
        about(event) != json::text_at(receipt, "about") ||
        (i > 0 && event.seq <= events[i - 1].event.seq) ||
        about_of(event.kind) != about_of(events[0].event.kind)) {
      return false;
    }
  }
  if (state_of(events.back().event.kind) != json::text_at(receipt, "state")) return false;
  if (!store) return true;
  const json::Object* record = json::object_at(receipt, "record");
  return record != nullptr && json::equal(*record, consent_record(*store, events));
}

}  // namespace naestro::ledger
