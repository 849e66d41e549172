#include "ledger/event.hpp"

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "ledger/merkle.hpp"

namespace naestro::ledger {
namespace {

constexpr std::int64_t kBodyVersion = 1;

void collect(const json::Value& value, std::vector<Digest>& out);

void collect(const json::Object& object, std::vector<Digest>& out) {
  if (object.size() == 1 && object.contains("blob")) {
    if (auto id = blob_id(object)) out.push_back(*id);
    return;
  }
  for (const auto& member : object) collect(member.value(), out);
}

void collect(const json::Value& value, std::vector<Digest>& out) {
  if (const json::Object* object = value.if_object()) {
    collect(*object, out);
  } else if (const json::Array* array = value.if_array()) {
    for (const auto& item : *array) collect(item, out);
  }
}

}  // namespace

std::string Event::body() const {
  std::string written;
  written.reserve(512);  // most are shorter
  json::append_canonical(written, data);
  return body(written);
}

std::string Event::body(std::string_view written) const {
  std::string out;
  out.reserve(written.size() + kind.size() + stream.size() + 100);
  out += R"({"data":)";  // members in the order of RFC 8785
  out += written;
  out += R"(,"kind":)";
  json::append_canonical(out, kind);
  out += R"(,"seq":)" + std::to_string(seq) + R"(,"stream":)";
  json::append_canonical(out, stream);
  out += R"(,"v":)" + std::to_string(kBodyVersion) + "}";
  return out;
}

Result<Event> Event::from_body(std::string_view body) {
  NAESTRO_LET(json::Value value, json::parse(body));
  json::Object* object = value.if_object();
  if (object == nullptr || object->size() != 5 || json::integer_at(*object, "v") != kBodyVersion) {
    return fail(Code::kStoreCorrupt, "an event's body is not of version 1");
  }
  const auto stream = json::text_at(*object, "stream");
  const auto seq = json::integer_at(*object, "seq");
  const auto kind = json::text_at(*object, "kind");
  json::Value* const member = object->if_contains("data");
  json::Object* const data = member == nullptr ? nullptr : member->if_object();
  if (!stream || !seq || !kind || data == nullptr) {
    return fail(Code::kStoreCorrupt, "an event's body lacks a member");
  }
  return Event{std::string{*stream}, *seq, std::string{*kind}, std::move(*data), 0};
}

Digest event_leaf(std::string_view body, std::string_view envelope) {
  std::array<std::uint8_t, 2 * sizeof(Digest)> data{};
  const auto behind = std::ranges::copy(crypto::sha256(body), data.begin()).out;
  std::ranges::copy(crypto::sha256(envelope), behind);
  return leaf_hash(data);
}

json::Value blob_ref(const Digest& id) { return json::Object{{"blob", hex(id)}}; }

Result<Digest> blob_id(const json::Object& ref) {
  const auto text = json::text_at(ref, "blob");
  if (!text) return fail(Code::kStoreCorrupt, "an event should name a blob and does not");
  return digest_from_hex(*text);
}

Result<Digest> blob_id(const json::Value& ref) {
  const json::Object* object = ref.if_object();
  return blob_id(object == nullptr ? json::Object{} : *object);
}

std::vector<Digest> blobs_of(const json::Object& data) {
  std::vector<Digest> out;
  collect(data, out);
  return out;
}

}  // namespace naestro::ledger
