// Consent receipts: each question with its answer, and each lasting yes with its end, as the events
// that say so. docs/formats/tiles.md.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/bundle.hpp"

namespace naestro::ledger {

// Whether events of this kind stand in receipts.
bool is_consent(std::string_view kind);

// Collects them in the order of the tree.
class Receipts {
 public:
  void add(std::uint64_t index, const Event& event, std::string_view body,
           std::string_view envelope);
  // The file: each event with its proof under the checkpoint.
  [[nodiscard]] json::Object file(std::string_view store, std::string_view checkpoint,
                                  const crypto::PublicKey& signer, const Tree& tree) const;
  [[nodiscard]] std::size_t size() const { return receipts_.size(); }

 private:
  struct Row {
    std::uint64_t index;
    std::string body;
    std::string envelope;
  };
  struct Receipt {
    std::string stream;
    std::string about;
    std::string state;
    std::vector<Row> rows;
  };
  std::vector<Receipt> receipts_;
  std::map<std::pair<std::string, std::string>, std::size_t> open_;  // stream, about -> where
};

// Whether it says what these events, its own, say.
bool is_receipt_of(const json::Object& receipt, const std::vector<Event>& events);

}  // namespace naestro::ledger
