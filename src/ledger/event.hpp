// An event: a body that replay compares, and an envelope of what differs between two executions.
// docs/formats/ledger.md has the whole format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/json.hpp"

namespace naestro::ledger {

// The stream of what belongs to no run.
inline constexpr std::string_view kSystemStream = "sys";

struct Event {
  std::string stream;    // a run id, or kSystemStream
  std::int64_t seq = 0;  // from 0, without gaps within the stream
  std::string kind;      // "step.ready"; schemas/events/ has one schema per kind
  json::Object data;
  std::int64_t latency_us = 0;  // of the effect that it records; goes into the envelope

  // Unique within a store: stream "/" seq.
  [[nodiscard]] std::string id() const { return stream + "/" + std::to_string(seq); }
  // Canonical JSON (RFC 8785) of {data, kind, seq, stream, v}.
  [[nodiscard]] std::string body() const;
  // The same of data that is written already.
  [[nodiscard]] std::string body(std::string_view written) const;
  static Result<Event> from_body(std::string_view body);
};

// H(0x00 | H(body) | H(envelope)), the leaf of the store's tree.
Digest event_leaf(std::string_view body, std::string_view envelope);

// How a body names a blob: {"blob": "<hex of the SHA-256 of the stored bytes>"}.
json::Value blob_ref(const Digest& id);
Result<Digest> blob_id(const json::Object& ref);
Result<Digest> blob_id(const json::Value& ref);
// All blobs that an event's data names, in order of appearance.
std::vector<Digest> blobs_of(const json::Object& data);

}  // namespace naestro::ledger
