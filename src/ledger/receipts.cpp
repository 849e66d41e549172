#include "ledger/receipts.hpp"

#include <array>

namespace naestro::ledger {
namespace {

struct Kind {
  std::string_view kind;
  std::string_view state;  // of a receipt whose last event is of this kind
  std::string_view about;  // the member that says of which question, of which grant
  bool opens;              // an answer may follow
};
constexpr std::array<Kind, 6> kKinds = {{{"consent.asked", "open", "digest", true},
                                         {"consent.given", "yes", "digest", false},
                                         {"consent.refused", "no", "digest", false},
                                         {"consent.discharged", "granted", "digest", false},
                                         {"grant.given", "given", "id", true},
                                         {"grant.revoked", "revoked", "id", false}}};

const Kind* kind_of(std::string_view kind) {
  for (const Kind& one : kKinds) {
    if (one.kind == kind) return &one;
  }
  return nullptr;
}

std::string about(const Kind& kind, const Event& event) {
  return std::string{json::text_at(event.data, kind.about).value_or("")};
}

}  // namespace

bool is_consent(std::string_view kind) { return kind_of(kind) != nullptr; }

void Receipts::add(std::uint64_t index, const Event& event, std::string_view body,
                   std::string_view envelope) {
  const Kind* kind = kind_of(event.kind);
  if (kind == nullptr) return;
  const std::pair key{event.stream, about(*kind, event)};
  const auto open = open_.find(key);
  const bool answers = !kind->opens && open != open_.end();
  if (!answers) receipts_.push_back({event.stream, key.second, "", {}});
  Receipt& receipt = answers ? receipts_[open->second] : receipts_.back();
  receipt.state = kind->state;
  receipt.rows.push_back({index, std::string{body}, std::string{envelope}});
  if (answers) open_.erase(open);
  if (kind->opens) open_[key] = receipts_.size() - 1;
}

json::Object Receipts::file(std::string_view store, std::string_view checkpoint,
                            const crypto::PublicKey& signer, const Tree& tree) const {
  json::Array consents;
  for (const Receipt& receipt : receipts_) {
    json::Array events;
    for (const Row& row : receipt.rows) {
      events.push_back(proven_event(tree, row.index, row.body, row.envelope));
    }
    consents.push_back(json::Object{{"stream", receipt.stream},
                                    {"about", receipt.about},
                                    {"state", receipt.state},
                                    {"events", std::move(events)}});
  }
  return {{"receipts", 1},
          {"store", store},
          {"checkpoint", checkpoint},
          {"key", base64(signer)},
          {"consents", std::move(consents)}};
}

bool is_receipt_of(const json::Object& receipt, const std::vector<Event>& events) {
  const json::Array* rows = json::array_at(receipt, "events");
  if (receipt.size() != 4 || rows == nullptr || events.empty() || events.size() != rows->size()) {
    return false;
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Kind* kind = kind_of(events[i].kind);
    if (kind == nullptr || events[i].stream != json::text_at(receipt, "stream") ||
        about(*kind, events[i]) != json::text_at(receipt, "about") ||
        (i > 0 && events[i].seq <= events[i - 1].seq) ||
        kind->about != kind_of(events[0].kind)->about) {
      return false;
    }
  }
  return kind_of(events.back().kind)->state == json::text_at(receipt, "state");
}

}  // namespace naestro::ledger
