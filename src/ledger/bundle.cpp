#include "ledger/bundle.hpp"

#include <algorithm>
#include <map>

namespace naestro::ledger {
namespace {

constexpr std::int64_t kBundleVersion = 1;

Result<Digest> digest_member(const json::Value& value) {
  const auto* text = value.if_string();
  if (text == nullptr) return fail(Code::kUsage, "expected a hash in hex");
  return digest_from_hex(json::view(*text));
}

Result<Bytes> bytes_member(const json::Value& value) {
  const auto* text = value.if_string();
  if (text == nullptr) return fail(Code::kUsage, "expected base64");
  return from_base64(json::view(*text));
}

// Reads a bundle part by part; each part reports what is wrong with it.
class Checker {
 public:
  explicit Checker(const crypto::PublicKey& key) : key_{key} {}

  BundleReport run(std::string_view text) {
    const auto value = json::parse(text);
    const json::Object* bundle = value ? value->if_object() : nullptr;
    if (bundle == nullptr || json::integer_at(*bundle, "bundle") != kBundleVersion) {
      find("malformed", "bundle", "it is no JSON object with \"bundle\": 1");
      return std::move(report_);
    }
    report_.store_id = json::text_at(*bundle, "store").value_or("");
    report_.run = json::text_at(*bundle, "run").value_or("");
    head(*bundle);
    const json::Array* events = json::array_at(*bundle, "events");
    if (events == nullptr || events->empty()) find("malformed", "events", "there are none");
    for (std::size_t i = 0; events != nullptr && i < events->size(); ++i) event(i, (*events)[i]);
    if (const json::Object* blobs = json::object_at(*bundle, "blobs")) this->blobs(*blobs);
    if (const json::Object* texts = json::object_at(*bundle, "texts")) this->texts(*bundle, *texts);
    return std::move(report_);
  }

 private:
  void find(std::string what, std::string where, std::string detail) {
    report_.findings.push_back({std::move(what), std::move(where), std::move(detail)});
  }

  void head(const json::Object& bundle) {
    if (json::text_at(bundle, "key") != base64(key_)) {
      find("key_other", "key", "it is not the key that this bundle is checked with");
    }
    const auto opened = open_head(json::text_at(bundle, "checkpoint").value_or(""), key_);
    if (!opened) return find("head_bad", "checkpoint", opened.error().text());
    head_ = *opened;
    report_.size = head_->size;
    if (head_->origin != "naestro/store/" + report_.store_id) {
      find("store_other", "store", "the head is of " + head_->origin);
    }
  }

  void event(std::size_t at, const json::Value& value) {
    const std::string where = "event " + std::to_string(at);
    const json::Object* row = value.if_object();
    const auto body = row == nullptr ? std::nullopt : json::text_at(*row, "body");
    const auto envelope = row == nullptr ? std::nullopt : json::text_at(*row, "envelope");
    const auto index = row == nullptr ? std::nullopt : json::integer_at(*row, "index");
    const json::Array* path = row == nullptr ? nullptr : json::array_at(*row, "path");
    if (!body || !envelope || !index || *index < 0 || path == nullptr) {
      return find("malformed", where, "body, envelope, index or path is missing");
    }
    std::vector<Digest> hashes;
    for (const json::Value& hash : *path) {
      const auto digest = digest_member(hash);
      if (!digest) return find("malformed", where, "its path has what is no hash");
      hashes.push_back(*digest);
    }
    if (head_ && !verify_inclusion(static_cast<std::uint64_t>(*index), head_->size,
                                   event_leaf(*body, *envelope), hashes, head_->root)) {
      find("event_changed", where,
           "its body, envelope, index and path do not lead to the signed root");
    }
    const auto parsed = Event::from_body(*body);
    if (!parsed) return find("malformed", where, parsed.error().text());
    follow(where, *parsed);
  }

  // The events of an export are the run's own, from its beginning, without a gap.
  void follow(const std::string& where, const Event& event) {
    if (event.stream != report_.run) find("run_other", where, "it is of run " + event.stream);
    if (report_.events > 0 && event.seq != next_) {
      find("event_missing", where,
           "it is " + event.id() + ", expected number " + std::to_string(next_));
    }
    next_ = event.seq + 1;
    if (report_.events++ == 0) report_.first = event.id();
    report_.last = event.id();
    for (const Digest& id : blobs_of(json::Value(event.data))) named_[hex(id)] = where;
  }

  void blobs(const json::Object& blobs) {
    for (const auto& [id, where] : named_) {
      if (!blobs.contains(id)) find("blob_missing", where, "blob " + id + " is not there");
    }
    for (const auto& member : blobs) {
      const std::string id = member.key();
      const auto sealed = bytes_member(member.value());
      if (!sealed || hex(crypto::sha256(*sealed)) != id) {
        find("blob_changed", "blob " + id, "its bytes do not have this hash");
      }
      ++report_.blobs;
    }
  }

  // A text is what its blob says: sealed again it gives the same bytes.
  void texts(const json::Object& bundle, const json::Object& texts) {
    const json::Value* given = bundle.if_contains("run_key");
    const auto bytes = given == nullptr ? Result<Bytes>{Bytes{}} : bytes_member(*given);
    crypto::BlobKey key{};
    if (!bytes || bytes->size() != key.size()) {
      return find("malformed", "run_key", "texts need the run's key: 32 bytes in base64");
    }
    std::ranges::copy(*bytes, key.begin());
    for (const auto& member : texts) {
      const auto* text = member.value().if_string();
      if (text == nullptr || hex(crypto::sha256(crypto::seal(key, as_bytes(json::view(*text))))) !=
                                 std::string_view{member.key()}) {
        find("text_changed", "text " + std::string{member.key()},
             "it is not what the blob of this name says");
      }
    }
  }

  const crypto::PublicKey& key_;
  std::optional<Head> head_;
  std::int64_t next_ = 0;
  std::map<std::string, std::string> named_;  // blob -> by whom
  BundleReport report_;
};

Result<void> add_blobs(Store& store, const BundleWish& wish, const Event& event,
                       json::Object& blobs, json::Object& texts) {
  for (const Digest& id : blobs_of(json::Value(event.data))) {
    NAESTRO_LET(const Bytes sealed, store.blob(id));
    blobs[hex(id)] = base64(sealed);
    if (!wish.run_key) continue;
    NAESTRO_LET(const Bytes plain, crypto::open(*wish.run_key, sealed));
    texts[hex(id)] = as_text(plain);
  }
  return {};
}

}  // namespace

Result<json::Object> make_bundle(Store& store, const BundleWish& wish) {
  NAESTRO_LET(const std::vector<StoredEvent> all, store.events(wish.run));
  NAESTRO_LET(const SignedTree signed_tree, store.signed_tree());
  const Tree tree{signed_tree.leaves};
  json::Array events;
  json::Object blobs;
  json::Object texts;
  for (const StoredEvent& stored : all) {
    if (wish.seq && stored.event.seq != *wish.seq) continue;
    if (stored.leaf >= signed_tree.leaves.size()) {
      return fail(Code::kUnsigned, "event " + stored.event.id() + " is under no signed head yet",
                  "wait until the run ends or parks, or resume it");
    }
    json::Array path;
    for (const Digest& hash : tree.inclusion(stored.leaf)) path.emplace_back(hex(hash));
    events.push_back(json::Object{{"index", stored.leaf},
                                  {"body", stored.body},
                                  {"envelope", stored.envelope},
                                  {"path", std::move(path)}});
    if (!wish.seq) NAESTRO_TRY(add_blobs(store, wish, stored.event, blobs, texts));
  }
  if (events.empty()) {
    return fail(Code::kNotFound, "run " + wish.run + " has no such event",
                "it has " + std::to_string(all.size()) + ", from 0; naestro show " + wish.run +
                    " --events");
  }
  json::Object out{{"bundle", kBundleVersion},
                   {"store", store.id()},
                   {"run", wish.run},
                   {"checkpoint", signed_tree.checkpoint},
                   {"key", base64(wish.signer)},
                   {"events", std::move(events)}};
  if (!wish.seq) out["blobs"] = std::move(blobs);
  if (!wish.seq && wish.run_key) {
    out["run_key"] = base64(*wish.run_key);
    out["texts"] = std::move(texts);
  }
  return out;
}

BundleReport check_bundle(std::string_view text, const crypto::PublicKey& key) {
  return Checker{key}.run(text);
}

json::Value to_json(const BundleReport& report) {
  return json::Object{{"good", report.good()},
                      {"store", report.store_id},
                      {"run", report.run},
                      {"events", report.events},
                      {"blobs", report.blobs},
                      {"size", report.size},
                      {"first", report.first},
                      {"last", report.last},
                      {"findings", to_json(report.findings)}};
}

}  // namespace naestro::ledger
