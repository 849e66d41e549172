#include "ledger/bundle.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "ledger/receipts.hpp"

namespace naestro::ledger {
namespace {

constexpr std::int64_t kBundleVersion = 1;
constexpr std::array<std::string_view, 9> kBundleMembers = {
    "bundle", "store", "run", "checkpoint", "key", "events", "blobs", "run_key", "texts"};
// The first five are those of version 1.
constexpr std::array<std::string_view, 8> kReceiptsMembers = {
    "receipts", "store", "checkpoint", "key", "consents", "@context", "@type", "dct:conformsTo"};
constexpr std::size_t kOldReceiptsMembers = 5;
// As large as a file that is read at all.
constexpr json::Limits kBundleLimits{.bytes_max = std::size_t{1} << 30};

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
  Checker(const Trust& trust, std::set<std::uint64_t>* indices)
      : trust_{trust}, indices_{indices} {}

  BundleReport run(std::string_view text) {
    if (text.starts_with("old ")) {
      consistency(text);
    } else if (text.starts_with("{")) {
      parts(text);
    } else {
      heads(text);
    }
    return std::move(report_);
  }

 private:
  void find(std::string what, std::string where, std::string detail) {
    report_.findings.push_back({std::move(what), std::move(where), std::move(detail)});
  }

  void heads(std::string_view checkpoint) {
    heads_ = open_heads(checkpoint, trust_, report_.findings);
    if (!heads_.head) return;
    report_.size = heads_.head->size;
    if (report_.store_id.empty()) {
      report_.store_id = heads_.head->origin.substr(heads_.head->origin.rfind('/') + 1);
    }
  }

  void consistency(std::string_view text) {
    const auto proof = Consistency::from(text);
    if (!proof) return find("malformed", "proof", proof.error().text());
    heads(proof->checkpoint);
    const auto& [head, former] = heads_;
    if (!former) {
      find("malformed", "proof", "it leads from a head that is not given (--from)");
    } else if (head && (proof->old_size != former->size ||
                        !verify_consistency(former->size, head->size, proof->proof, former->root,
                                            head->root))) {
      find("history_other", "proof", "it does not lead from the head that was kept");
    }
  }

  void parts(std::string_view text) {
    const auto value = json::parse(text, kBundleLimits);
    const json::Object* bundle = value ? value->if_object() : nullptr;
    const bool receipts = bundle != nullptr && bundle->contains("receipts");
    const auto version = bundle == nullptr
                             ? std::nullopt
                             : json::integer_at(*bundle, receipts ? "receipts" : "bundle");
    records_ = receipts && version == 2;
    if (version != kBundleVersion && !records_) {
      return find("malformed", "bundle", "it is no JSON object with \"bundle\": 1");
    }
    std::span<const std::string_view> members = kBundleMembers;
    if (receipts) members = kReceiptsMembers;
    if (receipts && !records_) members = members.first(kOldReceiptsMembers);
    for (const auto& member : *bundle) {
      if (std::ranges::find(members, std::string_view{member.key()}) == members.end()) {
        find("malformed", std::string{member.key()}, "no bundle has such a member");
      }
    }
    report_.store_id = json::text_at(*bundle, "store").value_or("");
    report_.run = json::text_at(*bundle, "run").value_or("");
    head(*bundle);
    if (records_ && !has_receipt_names(*bundle)) {
      find("malformed", "receipts", "its @context, @type or dct:conformsTo is another");
    }
    if (receipts) return consents(*bundle);
    const json::Array* events = json::array_at(*bundle, "events");
    if (events == nullptr || events->empty()) find("malformed", "events", "there are none");
    const json::Object* blobs = json::object_at(*bundle, "blobs");
    if (events != nullptr && blobs == nullptr && events->size() > 1) {
      find("malformed", "events", "it is neither one event nor an export, which has blobs");
    }
    whole_ = blobs != nullptr;
    for (std::size_t i = 0; events != nullptr && i < events->size(); ++i) {
      if (const auto read = event("event " + std::to_string(i), (*events)[i])) {
        follow("event " + std::to_string(i), *read);
      }
    }
    if (blobs != nullptr) this->blobs(*blobs);
    if (const json::Object* texts = json::object_at(*bundle, "texts")) this->texts(*bundle, *texts);
  }

  void head(const json::Object& bundle) {
    if (json::text_at(bundle, "key") != base64(trust_.key)) {
      find("key_other", "key", "it is not the key that this is checked with");
    }
    heads(json::text_at(bundle, "checkpoint").value_or(""));
    if (heads_.head && heads_.head->origin != "naestro/store/" + report_.store_id) {
      find("store_other", "store", "the head is of " + heads_.head->origin);
    }
  }

  void consents(const json::Object& bundle) {
    const json::Array* consents = json::array_at(bundle, "consents");
    if (consents == nullptr) return find("malformed", "consents", "they are missing");
    for (const json::Value& value : *consents) {
      const std::string where = "consent " + std::to_string(report_.consents++);
      const json::Object* receipt = value.if_object();
      const json::Array* rows = receipt == nullptr ? nullptr : json::array_at(*receipt, "events");
      if (rows == nullptr) {
        find("malformed", where, "its events are missing");
        continue;
      }
      std::vector<ConsentEvent> events;
      for (const json::Value& row : *rows) {
        auto read = event(where, row);
        if (!read) continue;
        auto timed = consent_event(*std::move(read), *json::text_at(row.get_object(), "envelope"));
        if (timed) events.push_back(*std::move(timed));
      }
      const auto store =
          records_ ? std::optional{std::string_view{report_.store_id}} : std::nullopt;
      if (!is_receipt_of(*receipt, events, store)) {
        find("receipt_changed", where, "it is not what its events say");
      }
      report_.events += events.size();
    }
  }

  // What the event's body says, where it can be read.
  std::optional<Event> event(const std::string& where, const json::Value& value) {
    const json::Object* row = value.if_object();
    const auto body = row == nullptr ? std::nullopt : json::text_at(*row, "body");
    const auto envelope = row == nullptr ? std::nullopt : json::text_at(*row, "envelope");
    const auto index = row == nullptr ? std::nullopt : json::integer_at(*row, "index");
    const json::Array* path = row == nullptr ? nullptr : json::array_at(*row, "path");
    if (!body || !envelope || !index || *index < 0 || path == nullptr || row->size() != 4) {
      find("malformed", where, "body, envelope, index or path is missing");
      return std::nullopt;
    }
    std::vector<Digest> hashes;
    for (const json::Value& hash : *path) {
      const auto digest = digest_member(hash);
      if (!digest) {
        find("malformed", where, "its path has what is no hash");
        return std::nullopt;
      }
      hashes.push_back(*digest);
    }
    const auto leaf = static_cast<std::uint64_t>(*index);
    const auto& head = heads_.head;
    if (head &&
        !verify_inclusion(leaf, head->size, event_leaf(*body, *envelope), hashes, head->root)) {
      find("event_changed", where,
           "its body, envelope, index and path do not lead to the signed root");
    }
    if (indices_ != nullptr) indices_->insert(leaf);
    auto parsed = Event::from_body(*body);
    if (!parsed) {
      find("malformed", where, parsed.error().text());
      return std::nullopt;
    }
    return *std::move(parsed);
  }

  // The events of an export are the run's own, from its beginning, without a gap.
  void follow(const std::string& where, const Event& event) {
    if (event.stream != report_.run) find("run_other", where, "it is of run " + event.stream);
    if ((whole_ || report_.events > 0) && event.seq != next_) {
      find("event_missing", where,
           "it is " + event.id() + ", expected number " + std::to_string(next_));
    }
    next_ = event.seq + 1;
    if (report_.events++ == 0) report_.first = event.id();
    report_.last = event.id();
    for (const Digest& id : blobs_of(event.data)) named_[hex(id)] = where;
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

  const Trust& trust_;
  std::set<std::uint64_t>* indices_;
  Heads heads_;
  bool whole_ = false;    // an export, which begins at 0
  bool records_ = false;  // receipts of version 2
  std::int64_t next_ = 0;
  std::map<std::string, std::string> named_;  // blob -> by whom
  BundleReport report_;
};

Result<void> add_blobs(Store& store, const BundleWish& wish, const Event& event,
                       json::Object& blobs, json::Object& texts) {
  for (const Digest& id : blobs_of(event.data)) {
    NAESTRO_LET(const Bytes sealed, store.blob(id));
    blobs[hex(id)] = base64(sealed);
    if (!wish.run_key) continue;
    NAESTRO_LET(const Bytes plain, crypto::open(*wish.run_key, sealed));
    texts[hex(id)] = as_text(plain);
  }
  return {};
}

}  // namespace

json::Object proven_event(const Tree& tree, std::uint64_t index, std::string_view body,
                          std::string_view envelope) {
  json::Array path;
  for (const Digest& hash : tree.inclusion(index)) path.emplace_back(hex(hash));
  return {{"index", index}, {"body", body}, {"envelope", envelope}, {"path", std::move(path)}};
}

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
    events.push_back(proven_event(tree, stored.leaf, stored.body, stored.envelope));
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

BundleReport check_bundle(std::string_view text, const Trust& trust,
                          std::set<std::uint64_t>* indices) {
  return Checker{trust, indices}.run(text);
}

json::Value to_json(const BundleReport& report) {
  return json::Object{{"good", report.good()}, {"store", report.store_id},
                      {"run", report.run},     {"events", report.events},
                      {"blobs", report.blobs}, {"consents", report.consents},
                      {"texts", report.texts}, {"taken_out", report.taken_out},
                      {"size", report.size},   {"first", report.first},
                      {"last", report.last},   {"findings", to_json(report.findings)}};
}

}  // namespace naestro::ledger
