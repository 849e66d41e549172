#include "ledger/tiles.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "ledger/readable.hpp"
#include "ledger/receipts.hpp"

namespace naestro::ledger {
namespace {

// The length of an entry before it, in two bytes.
constexpr std::string_view kEntryLength{"\0\x40", 2};

// What is hashed into the leaf behind its prefix: H(body) | H(envelope).
std::string entry_of(std::string_view body, std::string_view envelope) {
  std::string out{as_text(crypto::sha256(body))};
  return out += as_text(crypto::sha256(envelope));
}

std::string number_text(std::uint64_t number) {
  std::string digits = std::to_string(number % 1000);
  return std::string(3 - digits.size(), '0') + digits;
}

std::string bytes_of(std::span<const Digest> hashes) {
  std::string out;
  for (const Digest& hash : hashes) out += as_text(hash);
  return out;
}

using Tile = std::function<void(const std::string& path, std::string content)>;

// All hash tiles over these leaves. On each level a hash is the root of a full tile below.
void each_tile(std::vector<Digest> hashes, const Tile& give) {
  for (int level = 0; !hashes.empty(); ++level) {
    std::vector<Digest> above;
    for (std::size_t at = 0; at < hashes.size(); at += kTileWidth) {
      const std::size_t width = std::min<std::size_t>(kTileWidth, hashes.size() - at);
      const auto tile = std::span{hashes}.subspan(at, width);
      give(tile_path("tile/" + std::to_string(level), at / kTileWidth, width), bytes_of(tile));
      if (width == kTileWidth) above.push_back(root_of({tile.begin(), tile.end()}));
    }
    hashes = std::move(above);
  }
}

// Collects events into the files of 256.
class Pages {
 public:
  Pages(std::uint64_t size, const PutFile& put) : size_{size}, put_{put} {}

  Result<void> add(std::string_view body, std::string_view envelope) {
    events_ += std::string{body} + "\n" + std::string{envelope} + "\n";
    entries_ += std::string{kEntryLength} + entry_of(body, envelope);
    if (++count_ % kTileWidth != 0 && count_ != size_) return {};
    const std::uint64_t number = (count_ - 1) / kTileWidth;
    const std::uint64_t width = count_ - number * kTileWidth;
    NAESTRO_TRY(put_(tile_path("events", number, width), std::exchange(events_, {})));
    return put_(tile_path("tile/entries", number, width), std::exchange(entries_, {}));
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::uint64_t size_;
  const PutFile& put_;
  std::uint64_t count_ = 0;
  std::string events_;
  std::string entries_;
};

std::unexpected<Error> not_signed(const std::string& what) {
  return fail(Code::kStoreCorrupt, what + " is not what was signed", "run 'naestro audit verify'");
}

}  // namespace

std::string tile_path(std::string_view folder, std::uint64_t number, std::uint64_t width) {
  std::string name = number_text(number);
  if (width < kTileWidth) name += ".p/" + std::to_string(width);
  while ((number /= 1000) > 0) name = "x" + number_text(number) + "/" + name;
  return std::string{folder} + "/" + name;
}

Result<Published> publish_log(const Folders& folders, const SignedTree& tree,
                              const crypto::PublicKey& signer, const PutFile& put) {
  NAESTRO_LET(const Head head, open_head(tree.checkpoint, signer));
  Published out{head.origin.substr(head.origin.rfind('/') + 1), head.size, 0, 0};
  const PutFile counted = [&](const std::string& path, std::string_view content) {
    ++out.files;
    return put(path, content);
  };
  if (tree.leaves.size() != head.size || root_of(tree.leaves) != head.root) {
    return not_signed("the tree");
  }
  NAESTRO_LET(auto database, Database::open(store_file(folders), Database::Mode::read_only));
  NAESTRO_LET(auto select, database.prepare("SELECT body, envelope FROM events WHERE leaf < ? "
                                            "ORDER BY leaf"));
  select.bind(1, static_cast<std::int64_t>(head.size));
  Pages pages{head.size, counted};
  Receipts receipts;
  while (pages.count() < head.size) {
    NAESTRO_LET(const bool row, select.step());
    const std::string body = row ? select.text(0) : "";
    const std::string envelope = row ? select.text(1) : "";
    const std::uint64_t index = pages.count();
    const auto event = Event::from_body(body);
    if (!event || event_leaf(body, envelope) != tree.leaves[index]) {
      return not_signed("event " + std::to_string(index));
    }
    NAESTRO_TRY(pages.add(body, envelope));
    NAESTRO_TRY(receipts.add(index, *event, body, envelope));
  }
  Result<void> written;
  each_tile(tree.leaves, [&](const std::string& path, const std::string& content) {
    if (written) written = counted(path, content);
  });
  NAESTRO_TRY(written);
  out.consents = receipts.size();
  NAESTRO_TRY(counted("key", NoteKey{head.origin, NoteKey::kStore, signer}.text() + "\n"));
  NAESTRO_TRY(counted("receipts.json", json::pretty(receipts.file(out.store, tree.checkpoint,
                                                                  signer, Tree{tree.leaves}))));
  NAESTRO_TRY(counted("checkpoint", tree.checkpoint));
  return out;
}

namespace {

class LogChecker {
 public:
  LogChecker(const GetFile& get, const Trust& trust) : get_{get}, trust_{trust} {}

  BundleReport run() {
    const auto checkpoint = file("checkpoint");
    if (!checkpoint) return std::move(report_);
    const Heads heads = open_heads(*checkpoint, trust_, report_.findings);
    if (!heads.head) return std::move(report_);
    report_.size = heads.head->size;
    report_.store_id = heads.head->origin.substr(heads.head->origin.rfind('/') + 1);
    const NoteKey key{heads.head->origin, NoteKey::kStore, trust_.key};
    if (const auto text = file("key"); text && *text != key.text() + "\n") {
      find("key_other", "key", "it is not the key that this is checked with");
    }
    for (std::uint64_t first = 0; first < report_.size && whole_; first += kTileWidth) {
      page(first, std::min(kTileWidth, report_.size - first));
    }
    if (!whole_) return std::move(report_);
    each_tile(leaves_,
              [&](const std::string& path, const std::string& wanted) { expect(path, wanted); });
    compare(*heads.head, heads.former);
    receipts(*checkpoint);
    for (const auto& [stream, blobs] : named_) {  // whose texts are not there is sealed
      if (const auto text = get_(texts_path(stream))) check_texts(stream, *text, blobs, report_);
    }
    return std::move(report_);
  }

 private:
  void find(std::string what, std::string where, std::string detail) {
    report_.findings.push_back({std::move(what), std::move(where), std::move(detail)});
  }
  std::optional<std::string> file(const std::string& path) {
    auto text = get_(path);
    if (text) return *std::move(text);
    find("file_missing", path, text.error().text());
    return std::nullopt;
  }
  void expect(const std::string& path, std::string_view wanted) {
    const auto found = file(path);
    if (found && *found != wanted) {
      find("tile_changed", path, "it is not what the events give");
    }
  }

  // Without all events nothing more can be said of the tree.
  void page(std::uint64_t first, std::uint64_t width) {
    const std::string path = tile_path("events", first / kTileWidth, width);
    const auto text = file(path);
    const std::vector<std::string> lines = split(text.value_or(""), '\n');
    whole_ = lines.size() == 2 * width + 1 && lines.back().empty();
    if (!whole_) {
      return find("event_missing", path, "it should hold " + std::to_string(width) + " events");
    }
    std::string entries;
    for (std::size_t i = 0; i + 1 < lines.size(); i += 2) {
      event(lines[i]);
      entries += std::string{kEntryLength} + entry_of(lines[i], lines[i + 1]);
      leaves_.push_back(event_leaf(lines[i], lines[i + 1]));
    }
    expect(tile_path("tile/entries", first / kTileWidth, width), entries);
  }

  void event(std::string_view body) {
    const std::string where = "event " + std::to_string(leaves_.size());
    const auto event = Event::from_body(body);
    ++report_.events;
    if (!event) return find("malformed", where, event.error().text());
    std::int64_t& next = next_[event->stream];
    if (event->seq != next) {
      find("event_missing", where,
           "it is " + event->id() + ", expected number " + std::to_string(next));
    }
    next = event->seq + 1;
    if (report_.events == 1) report_.first = event->id();
    report_.last = event->id();
    if (is_consent(event->kind)) consents_.insert(leaves_.size());
    for (const Digest& id : blobs_of(event->data)) named_[event->stream].insert(hex(id));
  }

  void compare(const Head& head, const std::optional<Head>& former) {
    if (root_of(leaves_) != head.root) {
      find("root_differs", "checkpoint", "the events are not those that were signed");
    }
    if (former && former->size < leaves_.size() &&
        root_of({leaves_.begin(), leaves_.begin() + static_cast<std::ptrdiff_t>(former->size)}) !=
            former->root) {
      find("history_other", "checkpoint",
           "the first " + std::to_string(former->size) + " events are not those of the kept head");
    }
  }

  void receipts(const std::string& checkpoint) {
    const auto text = file("receipts.json");
    if (!text) return;
    std::set<std::uint64_t> found;
    const Trust alone{trust_.key, {}, {}};
    const BundleReport checked = check_bundle(*text, alone, &found);
    for (const Finding& one : checked.findings) {
      find(one.what, "receipts.json: " + one.where, one.detail);
    }
    report_.consents = checked.consents;
    const auto head = open_head(checkpoint, trust_.key);
    if (found != consents_ || checked.size != head->size || checked.store_id != report_.store_id) {
      find("receipt_missing", "receipts.json", "it has not all consents of this log");
    }
  }

  const GetFile& get_;
  const Trust& trust_;
  bool whole_ = true;
  std::vector<Digest> leaves_;
  std::map<std::string, std::int64_t> next_;
  std::set<std::uint64_t> consents_;
  NamedBlobs named_;
  BundleReport report_;
};

}  // namespace

BundleReport check_log(const GetFile& get, const Trust& trust) {
  return LogChecker{get, trust}.run();
}

}  // namespace naestro::ledger
