// Events that leave the store: each with its proof of inclusion under a signed head, so that anyone
// with the signer's public key can check them without the store. One event is a proof, a whole run
// an export. The form: schemas/bundle.schema.json, docs/formats/bundle.md.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "ledger/kept.hpp"
#include "ledger/store.hpp"
#include "ledger/verify.hpp"

namespace naestro::ledger {

struct BundleWish {
  std::string run;
  std::optional<std::int64_t> seq;  // one event alone; else all, with their blobs
  crypto::PublicKey signer{};       // stands in the bundle, to be compared with one's own
  std::optional<crypto::BlobKey>
      run_key;  // then blobs stand in the clear beside their sealed bytes
};

// Fails with kNotFound for an event that the run does not have, and with kUnsigned for one that no
// head is signed over yet.
Result<json::Object> make_bundle(Store& store, const BundleWish& wish);

// {index, body, envelope, path} of an event.
json::Object proven_event(const Tree& tree, std::uint64_t index, std::string_view body,
                          std::string_view envelope);

// Of whatever was checked without the store: a proof, an export, receipts, a published log, a head.
struct BundleReport {
  std::string store_id;
  std::string run;
  std::uint64_t events = 0;
  std::uint64_t blobs = 0;
  std::uint64_t consents = 0;   // receipts
  std::uint64_t texts = 0;      // in the clear, and proven to be what their blobs say
  std::uint64_t taken_out = 0;  // without some of it, so that nothing proves them
  std::uint64_t size = 0;       // of the signed tree
  std::string first;            // ids of the first and the last event
  std::string last;
  std::vector<Finding> findings;
  [[nodiscard]] bool good() const { return findings.empty(); }
};

// Checks a file as text, offline: a bundle, receipts, a proof of consistency, or a head alone.
// Never fails: what is wrong with it is a finding. `indices`: gets those of the events; may be
// null.
BundleReport check_bundle(std::string_view text, const Trust& trust,
                          std::set<std::uint64_t>* indices = nullptr);
json::Value to_json(const BundleReport& report);

}  // namespace naestro::ledger
