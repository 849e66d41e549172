#include "ledger/verify.hpp"

#include <unistd.h>

#include <algorithm>
#include <future>
#include <map>
#include <optional>
#include <set>

#include "ledger/files.hpp"
#include "ledger/kept.hpp"

namespace naestro::ledger {
namespace {

constexpr std::size_t kFindingsMax = 100;

class Auditor {
 public:
  Auditor(const Folders& folders, const Trust& trust, Database database)
      : folders_{folders}, key_{trust.key}, trust_{trust}, database_{std::move(database)} {}

  AuditReport run() {
    // Each part reports what it finds; one that cannot be read does not hide the others.
    keep(read_id(), "store");
    // The copy outside is read before the snapshot, which then has what that head was signed over;
    // the snapshot is one, since runs may go on meanwhile.
    (void)mirror();
    if (trust_.former) open_former(*trust_.former);
    keep(database_.run("BEGIN"), "store");
    // Its own look at the file, beside the walk: neither needs the other.
    auto structure = std::async(std::launch::async, damages, store_file(folders_));
    keep(read_heads(), "heads");
    keep(walk_events(), "events");
    keep(walk_blobs(), "blobs");
    keep(note_damages(structure.get()), "store");
    compare_mirror();
    if (former_) compare_former(*former_);
    for (const auto& [size, root] : heads_) note_signed(size);
    report_.unsigned_tail = report_.events - std::min(report_.events, report_.signed_over);
    if (!report_.store_id.empty()) {
      find_other_stores(other_heads(folders_, report_.store_id, key_), report_);
    }
    return std::move(report_);
  }

  static void find_other_stores(const std::vector<OtherHead>& others, AuditReport& report) {
    for (const OtherHead& other : others) {
      report.findings.push_back(
          {"store_missing", "store " + other.store, other.text() + "; " + other.remedy()});
    }
  }

 private:
  void note_signed(std::uint64_t size) {
    report_.signed_over = std::max(report_.signed_over, size);
  }
  void find(std::string what, std::string where, std::string detail) {
    if (report_.findings.size() < kFindingsMax) {
      report_.findings.push_back({std::move(what), std::move(where), std::move(detail)});
    }
  }
  void keep(const Result<void>& result, std::string_view part) {
    if (!result) find("unreadable", std::string{part}, result.error().text());
  }

  Result<void> read_id() {
    NAESTRO_LET(auto id, database_.prepare("SELECT value FROM meta WHERE key = 'store_id'"));
    NAESTRO_LET(const bool found, id.step());
    if (!found) return fail(Code::kStoreCorrupt, "the store has no id");
    report_.store_id = id.text(0);
    return {};
  }

  static Result<std::vector<std::string>> damages(const std::string& file) {
    NAESTRO_LET(auto database, Database::open(file, Database::Mode::read_only));
    NAESTRO_LET(auto check, database.prepare("PRAGMA integrity_check(10)"));
    std::vector<std::string> out;
    for (;;) {
      NAESTRO_LET(const bool row, check.step());
      if (!row) return out;
      if (check.view(0) != "ok") out.push_back(check.text(0));
    }
  }
  Result<void> note_damages(const Result<std::vector<std::string>>& damages) {
    if (!damages) return std::unexpected(damages.error());
    for (const std::string& damage : *damages) find("database_damaged", "store.db", damage);
    return {};
  }

  Result<void> read_heads() {
    NAESTRO_LET(auto select, database_.prepare("SELECT size, checkpoint FROM heads ORDER BY size"));
    for (;;) {
      NAESTRO_LET(const bool row, select.step());
      if (!row) return {};
      ++report_.heads;
      const std::string where = "head " + std::to_string(select.integer(0));
      const auto head = open_head(select.text(1), key_);
      if (!head) {
        find("head_bad", where, head.error().text());
      } else if (head->origin != "naestro/store/" + report_.store_id ||
                 head->size != static_cast<std::uint64_t>(select.integer(0))) {
        find("head_bad", where,
             "it is the head of " + head->origin + " at size " + std::to_string(head->size));
      } else {
        heads_[head->size] = head->root;
      }
    }
  }

  Result<void> walk_events() {
    NAESTRO_LET(auto select,
                database_.prepare("SELECT leaf, stream, seq, kind, body, envelope, hash "
                                  "FROM events ORDER BY leaf"));
    Frontier tree;
    for (;;) {
      NAESTRO_LET(const bool row, select.step());
      if (!row) break;
      const auto leaf = static_cast<std::uint64_t>(select.integer(0));
      if (leaf != report_.events) {
        find("event_missing", where(select),
             "leaf " + std::to_string(report_.events) + " should stand here");
        report_.events = leaf;
      }
      ++report_.events;
      const Digest hash = event_leaf(select.view(4), select.view(5));
      if (!std::ranges::equal(select.span(6), hash)) {
        find("event_changed", where(select), "its content does not match its stored hash");
      }
      check_body(select);
      tree.append(hash);
      if (heads_.contains(tree.size()) || tree.size() == mirror_size() ||
          (former_ && tree.size() == former_->size)) {
        roots_[tree.size()] = tree.root();
      }
    }
    compare_heads();
    return compare_frontier(tree);
  }

  // Said of few: what it costs nobody pays whose events are good.
  static std::string where(const Statement& row) {
    return "event " + std::to_string(row.integer(0)) + " (" + row.text(1) + "/" +
           std::to_string(row.integer(2)) + " " + row.text(3) + ")";
  }

  void check_body(const Statement& row) {
    const auto event = Event::from_body(row.view(4));
    if (!event) {
      find("event_changed", where(row), event.error().text());
      return;
    }
    // Replay compares bytes: of one event there is one body.
    if (event->body() != row.view(4)) {
      find("event_changed", where(row), "its body is not in canonical form");
    }
    if (event->stream != row.view(1) || event->seq != row.integer(2) ||
        event->kind != row.view(3)) {
      find("event_changed", where(row), "its columns differ from its body " + event->id());
    }
    std::int64_t& next = next_seq_[event->stream];
    if (event->seq != next) {
      find("event_order", where(row),
           event->stream + "/" + std::to_string(next) + " should stand here");
    }
    next = event->seq + 1;
    for (const Digest& id : blobs_of(event->data)) {
      if (!named_.contains(id)) named_.emplace(id, where(row));
    }
  }

  void compare_heads() {
    std::uint64_t good_until = 0;
    for (const auto& [size, root] : heads_) {
      const std::string where = "head " + std::to_string(size);
      if (size > report_.events) {
        find("events_missing", where,
             "it was signed over " + std::to_string(size) + " events, the store has " +
                 std::to_string(report_.events));
      } else if (!roots_.contains(size) || roots_[size] != root) {
        find("root_differs", where,
             "events " + std::to_string(good_until) + ".." + std::to_string(size - 1) +
                 " are not those that were signed");
        return;  // every later head differs for the same reason
      } else {
        good_until = size;
        report_.proven = size;
      }
    }
  }

  Result<void> compare_frontier(const Frontier& tree) {
    NAESTRO_LET(auto select, database_.prepare("SELECT size, frontier FROM tree"));
    NAESTRO_LET(const bool row, select.step());
    Bytes bytes;
    for (const Digest& hash : tree.hashes()) bytes.insert(bytes.end(), hash.begin(), hash.end());
    if (!row || static_cast<std::uint64_t>(select.integer(0)) != tree.size() ||
        select.blob(1) != bytes) {
      find("frontier_differs", "tree", "the kept edge of the tree is not that of the events");
    }
    return {};
  }

  Result<void> walk_blobs() {
    NAESTRO_LET(auto select, database_.prepare("SELECT id, bytes FROM blobs ORDER BY id"));
    std::set<Digest> present;
    for (;;) {
      NAESTRO_LET(const bool row, select.step());
      if (!row) break;
      ++report_.blobs;
      Digest id{};
      const ByteSpan raw = select.span(0);
      if (raw.size() != id.size()) {
        find("blob_changed", "blob " + hex(raw), "its id is no hash");
        continue;
      }
      std::ranges::copy(raw, id.begin());
      Bytes bytes = select.blob(1);
      if (select.is_null(1)) {
        const auto text = read_whole(blob_file(folders_, id));
        if (!text) {
          find("blob_missing", "blob " + hex(id), text.error().text());
          continue;
        }
        bytes.assign(text->begin(), text->end());
      }
      present.insert(id);
      if (crypto::sha256(bytes) != id) {
        find("blob_changed", "blob " + hex(id), "its bytes do not match its id");
      }
    }
    for (const auto& [id, where] : named_) {
      if (!present.contains(id)) find("blob_missing", "blob " + hex(id), "named by " + where);
    }
    return {};
  }

  const std::optional<Head>& mirror() {
    if (!mirror_read_ && !report_.store_id.empty()) {
      mirror_read_ = true;
      const auto text = read_whole(head_file(folders_, report_.store_id));
      report_.mirror_found = text || text.error().code != Code::kNotFound;
      if (text) {
        const auto head = open_head(*text, key_);
        if (head)
          mirror_ = *head;
        else
          find("mirror_bad", "the head outside of the store", head.error().text());
      } else if (report_.mirror_found) {
        find("mirror_bad", "the head outside of the store", text.error().text());
      }
    }
    return mirror_;
  }
  std::uint64_t mirror_size() { return mirror() ? mirror()->size : 0; }

  void open_former(const std::string& checkpoint) {
    const auto head = open_head(checkpoint, key_);
    if (!head) return find("head_bad", "the kept head", head.error().text());
    if (const auto missing = without_witness(checkpoint, trust_.witnesses)) {
      return find(missing->what, "the kept head", missing->detail);
    }
    former_ = *head;
  }

  void compare_former(const Head& head) {
    if (head.origin != "naestro/store/" + report_.store_id) {
      find("store_other", "the kept head", "it is of " + head.origin);
    } else {
      note_signed(head.size);
      (void)goes_on_from(head, "the kept head");
    }
  }

  // Whether the events begin with those that this head was signed over.
  bool goes_on_from(const Head& head, const std::string& where) {
    if (head.size > report_.events) {
      find("events_missing", where,
           "it was signed over " + std::to_string(head.size) + " events, the store has " +
               std::to_string(report_.events));
      return false;
    }
    if (roots_.contains(head.size) && roots_[head.size] == head.root) return true;
    find("root_differs", where,
         "the first " + std::to_string(head.size) + " events are not those that were signed");
    return false;
  }

  void compare_mirror() {
    if (!mirror()) return;
    const Head& head = *mirror();
    note_signed(head.size);
    if (goes_on_from(head, "the head outside of the store")) {
      report_.mirrored = true;
      report_.mirrored_at = head.size;
      report_.proven = std::max(report_.proven, head.size);
    }
  }

  Folders folders_;
  crypto::PublicKey key_;
  const Trust& trust_;
  std::optional<Head> former_;
  Database database_;
  AuditReport report_;
  std::map<std::uint64_t, Digest> heads_;  // size -> signed root
  std::map<std::uint64_t, Digest> roots_;  // size -> recomputed root, where a head wants it
  std::map<std::string, std::int64_t> next_seq_;
  std::map<Digest, std::string> named_;  // blob -> the first event that names it
  std::optional<Head> mirror_;
  bool mirror_read_ = false;
};

}  // namespace

Result<AuditReport> audit(const Folders& folders, const crypto::PublicKey& key) {
  return audit(folders, Trust{key, {}, {}});
}

Result<AuditReport> audit(const Folders& folders, const Trust& trust) {
  if (::access(store_file(folders).c_str(), F_OK) != 0) {
    AuditReport report;
    report.there = false;
    Auditor::find_other_stores(other_heads(folders, "", trust.key), report);
    if (!report.good()) return report;
  }
  NAESTRO_LET(auto database, Database::open(store_file(folders), Database::Mode::read_only));
  NAESTRO_LET(auto version, database.prepare("PRAGMA user_version"));
  NAESTRO_TRY(version.step());
  if (version.integer(0) > kStoreVersion) {
    return fail(Code::kStoreNewer,
                store_file(folders) + " has version " + std::to_string(version.integer(0)) +
                    ", this program understands up to " + std::to_string(kStoreVersion),
                "audit it with the newer naestro");
  }
  version.reset();
  return Auditor{folders, trust, std::move(database)}.run();
}

json::Array to_json(const std::vector<Finding>& findings) {
  json::Array out;
  for (const Finding& finding : findings) {
    out.push_back(
        json::Object{{"what", finding.what}, {"where", finding.where}, {"detail", finding.detail}});
  }
  return out;
}

json::Value to_json(const AuditReport& report) {
  return json::Object{{"good", report.good()},
                      {"there", report.there},
                      {"store", report.store_id},
                      {"events", report.events},
                      {"blobs", report.blobs},
                      {"heads", report.heads},
                      {"proven", report.proven},
                      {"signed_over", report.signed_over},
                      {"unsigned_tail", report.unsigned_tail},
                      {"mirror_found", report.mirror_found},
                      {"mirrored", report.mirrored},
                      {"mirrored_at", report.mirrored_at},
                      {"findings", to_json(report.findings)}};
}

}  // namespace naestro::ledger
