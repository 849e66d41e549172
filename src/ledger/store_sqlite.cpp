#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "ledger/files.hpp"
#include "ledger/store.hpp"

namespace naestro::ledger {
namespace {

constexpr const char* kSchemaV1 = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE events(
  leaf INTEGER PRIMARY KEY, stream TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL,
  body TEXT NOT NULL, envelope TEXT NOT NULL, hash BLOB NOT NULL,
  UNIQUE(stream, seq)) STRICT;
CREATE INDEX runs ON events(leaf) WHERE kind = 'run.created';
CREATE TABLE blobs(id BLOB PRIMARY KEY, stream TEXT NOT NULL, bytes BLOB) STRICT;
CREATE TABLE tree(one INTEGER PRIMARY KEY CHECK(one = 1), size INTEGER NOT NULL,
                  frontier BLOB NOT NULL) STRICT;
CREATE TABLE heads(size INTEGER PRIMARY KEY, checkpoint TEXT NOT NULL) STRICT;
CREATE TABLE owners(run TEXT PRIMARY KEY, fence INTEGER NOT NULL, pid INTEGER NOT NULL,
                    boot TEXT NOT NULL, started INTEGER NOT NULL) STRICT;
CREATE TABLE inbox(id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, kind TEXT NOT NULL,
                   payload TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
INSERT INTO tree(one, size, frontier) VALUES(1, 0, x'');
PRAGMA user_version = 1;
)sql";

Result<StoredEvent> read_event(const Statement& row) {
  StoredEvent stored;
  stored.leaf = static_cast<std::uint64_t>(row.integer(0));
  stored.body = row.text(1);
  stored.envelope = row.text(2);
  auto event = Event::from_body(stored.body);
  if (!event) {
    return fail(Code::kStoreCorrupt, "event " + std::to_string(stored.leaf) + " is unreadable",
                std::move(event).error());
  }
  stored.event = *std::move(event);
  return stored;
}

}  // namespace

std::string store_file(const Folders& folders) { return folders.state + "/store.db"; }
std::string keys_file(const Folders& folders) { return folders.state + "/keys.db"; }
std::string blob_file(const Folders& folders, const Digest& id) {
  const std::string name = hex(id);
  return folders.state + "/blobs/" + name.substr(0, 2) + "/" + name;
}
std::string head_file(const Folders& folders, std::string_view store_id) {
  return folders.data + "/heads/" + std::string{store_id};
}

bool store_has_heads(const Folders& folders) {
  if (::access(store_file(folders).c_str(), F_OK) != 0) return false;
  auto database = Database::open(store_file(folders), Database::Mode::read_only);
  if (!database) return false;
  auto select = database->prepare("SELECT 1 FROM heads LIMIT 1");
  const auto row = select ? select->step() : Result<bool>{false};
  return row && *row;
}

namespace {

// A store that was emptied is not made anew in silence: heads are kept of stores that had events.
// (Where the file is missing a person moved it away, or there was none.)
Result<void> check_not_emptied(const Folders& folders) {
  std::error_code error;
  const auto size = std::filesystem::file_size(store_file(folders), error);
  if (error || size != 0) return {};
  if (std::filesystem::is_empty(folders.data + "/heads", error) || error) return {};
  return fail(Code::kStoreCorrupt,
              store_file(folders) + " is empty, but " + folders.data +
                  "/heads has signed heads: a store was there",
              "restore it from a backup, or remove the empty file to begin a new store; 'naestro "
              "audit verify' then names the head that is to be removed with it");
}

}  // namespace

std::int64_t wall_at(const StoredEvent& stored) {
  const auto envelope = json::parse(stored.envelope);
  const json::Object* object = envelope ? envelope->if_object() : nullptr;
  return object == nullptr ? 0 : json::integer_at(*object, "wall_at").value_or(0);
}

Store::Store(Database database, Folders folders, Options options)
    : database_{std::move(database)}, folders_{std::move(folders)}, options_{std::move(options)} {}

Result<std::unique_ptr<Store>> Store::open(const Folders& folders, Options options) {
  NAESTRO_TRY(make_folder(folders.state));
  NAESTRO_TRY(make_folder(folders.data + "/heads"));
  NAESTRO_LET(const auto lock, FolderLock::take(folders.state));
  NAESTRO_TRY(check_not_emptied(folders));
  NAESTRO_LET(auto database, Database::open(store_file(folders), Database::Mode::read_write));
  std::unique_ptr<Store> store{new Store{std::move(database), folders, std::move(options)}};
  NAESTRO_TRY(store->prepare_schema());
  NAESTRO_TRY(store->read_id());
  // The copy outside is read before the snapshot: it is of a commit that the snapshot then has.
  const auto outside = read_whole(head_file(folders, store->id_));
  NAESTRO_TRY(store->database_.run("BEGIN"));
  NAESTRO_LET(const Frontier frontier, store->read_frontier());
  NAESTRO_TRY(store->check_tail(frontier, outside));
  NAESTRO_TRY(store->check_count(frontier));
  NAESTRO_TRY(store->database_.run("COMMIT"));
  return store;
}

Result<std::unique_ptr<Store>> Store::open_to_look(const Folders& folders, Options options) {
  const auto none = fail(Code::kNotFound, "there is no store yet in " + folders.state,
                         "it is made by the first run");
  if (::access(store_file(folders).c_str(), F_OK) != 0) return none;
  NAESTRO_LET(auto database, Database::open(store_file(folders), Database::Mode::read_only));
  std::unique_ptr<Store> store{new Store{std::move(database), folders, std::move(options)}};
  NAESTRO_LET(std::int64_t version, store->check_version());
  if (version == 0) {
    // Another process makes it just now and holds the lock; or one died before it had made it.
    (void)FolderLock::take(folders.state);
    NAESTRO_TRY(check_not_emptied(folders));
    NAESTRO_LET(version, store->check_version());
    if (version == 0) return none;
  }
  NAESTRO_TRY(store->read_id());
  return store;
}

Result<std::int64_t> Store::check_version() {
  NAESTRO_LET(auto version, database_.prepare("PRAGMA user_version"));
  NAESTRO_TRY(version.step());
  const std::int64_t found = version.integer(0);
  if (found > kStoreVersion) {
    return fail(Code::kStoreNewer,
                store_file(folders_) + " has version " + std::to_string(found) +
                    ", this program understands up to " + std::to_string(kStoreVersion),
                "use the newer naestro; nothing was changed");
  }
  return found;
}

Result<void> Store::prepare_schema() {
  NAESTRO_TRY(
      // A page that many commits change, as those of indexes are, goes once from the journal into
      // the file: 16 MB of journal between two such times, not 4.
      database_.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                    "PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 4000;"));
  NAESTRO_LET(const std::int64_t found, check_version());
  if (found != 0) return {};
  // With its name: a store that lost it is not given another, under which no head is known.
  Bytes random(8);
  options_.random.fill(random);
  return database_.transact([&]() -> Result<void> {
    NAESTRO_TRY(database_.run(kSchemaV1));
    NAESTRO_LET(auto name, database_.prepare("INSERT INTO meta(key, value) VALUES('store_id', ?)"));
    return name.bind(1, std::string_view{hex(random)}).execute();
  });
}

Result<void> Store::read_id() {
  NAESTRO_LET(auto select, database_.prepare("SELECT value FROM meta WHERE key = 'store_id'"));
  NAESTRO_LET(const bool found, select.step());
  if (!found) return fail(Code::kStoreCorrupt, "the store has no id", "run 'naestro audit verify'");
  id_ = select.text(0);
  return {};
}

void Store::remember(std::string_view checkpoint, const Head& head) {
  proven_[1] = std::move(proven_[0]);
  proven_[0] = {std::string{checkpoint}, head};
}

// open_head() with this store's key.
Result<Head> Store::proven(std::string_view checkpoint) {
  for (const auto& [text, head] : proven_) {
    if (!text.empty() && text == checkpoint) return head;
  }
  NAESTRO_LET(Head head, open_head(checkpoint, options_.key.public_key));
  remember(checkpoint, head);
  return head;
}

// What is about to be built upon must be what was signed: the kept head outside of the store is
// among the store's, the last signed head fits the frontier, and the events behind it match their
// hashes. The whole is the auditor's work.
Result<void> Store::check_tail(const Frontier& frontier, const Result<std::string>& kept) {
  const auto corrupt = [](const std::string& why) {
    return fail(Code::kStoreCorrupt, why,
                "run 'naestro audit verify'; restore the store from a backup");
  };
  const auto bad_head = [](const std::string& where, const Error& error) {
    return fail(error.code, where + ": " + error.message,
                "it was signed by the key that made the store; restore that key, or move the "
                "store away to begin a new one");
  };
  if (kept) {
    const auto kept_head = proven(*kept);
    if (!kept_head) return bad_head(head_file(folders_, id_), kept_head.error());
    const Head& outside = *kept_head;
    NAESTRO_LET(auto same, database_.prepare("SELECT checkpoint FROM heads WHERE size = ?"));
    NAESTRO_LET(const bool found, same.bind(1, static_cast<std::int64_t>(outside.size)).step());
    const auto inside = found ? proven(same.text(0)) : Result<Head>{Head{}};
    if (!inside || *inside != outside || outside.size > frontier.size()) {
      return corrupt("the store lacks the head at " + std::to_string(outside.size) +
                     " events that is kept outside of it");
    }
  }
  NAESTRO_LET(auto last,
              database_.prepare("SELECT checkpoint FROM heads ORDER BY size DESC LIMIT 1"));
  NAESTRO_LET(const bool any, last.step());
  Head head;
  if (any) {
    const auto opened = proven(last.text(0));
    if (!opened) return bad_head(store_file(folders_), opened.error());
    head = *opened;
    if (head.origin != origin() || head.size > frontier.size() ||
        (head.size == frontier.size() && head.root != frontier.root())) {
      return corrupt("the tree differs from its last signed head");
    }
  }
  NAESTRO_LET(auto tail, database_.prepare("SELECT leaf, body, envelope, hash FROM events "
                                           "WHERE leaf >= ? ORDER BY leaf"));
  tail.bind(1, static_cast<std::int64_t>(head.size));
  std::uint64_t next = head.size;
  for (;; ++next) {
    NAESTRO_LET(const bool row, tail.step());
    if (!row) break;
    const Digest hash = event_leaf(tail.text(1), tail.text(2));
    const Bytes stored = tail.blob(3);
    if (static_cast<std::uint64_t>(tail.integer(0)) != next ||
        !std::equal(stored.begin(), stored.end(), hash.begin(), hash.end())) {
      return corrupt("event " + std::to_string(next) + " is missing or was changed");
    }
  }
  if (next != frontier.size()) return corrupt("the tree and the events differ in number");
  return {};
}

Result<void> Store::check_count(const Frontier& frontier) {
  NAESTRO_LET(auto count, database_.prepare("SELECT count(*) FROM events"));
  NAESTRO_TRY(count.step());
  if (static_cast<std::uint64_t>(count.integer(0)) == frontier.size()) return {};
  return fail(Code::kStoreCorrupt, "the tree and the events differ in number",
              "run 'naestro audit verify'; restore the store from a backup");
}

Result<void> Store::sign_recovered_tail() {
  std::optional<std::string> head;
  NAESTRO_TRY(database_.transact([&]() -> Result<void> {
    NAESTRO_LET(const Frontier frontier, read_frontier());
    NAESTRO_TRY(check_tail(frontier, read_whole(head_file(folders_, id_))));
    NAESTRO_LET(head, commit_frontier(frontier, true));
    return {};
  }));
  if (head) mirror_head(*head);
  return {};
}

Result<Frontier> Store::read_frontier() {
  NAESTRO_LET(auto select, database_.prepare("SELECT size, frontier FROM tree WHERE one = 1"));
  NAESTRO_LET(const bool found, select.step());
  const Bytes bytes = found ? select.blob(1) : Bytes{};
  if (!found || bytes.size() % sizeof(Digest) != 0) {
    return fail(Code::kStoreCorrupt, "the tree's frontier is missing or malformed",
                "run 'naestro audit verify'");
  }
  std::vector<Digest> hashes(bytes.size() / sizeof(Digest));
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * sizeof(Digest)), sizeof(Digest),
                hashes[i].begin());
  }
  return Frontier::from(static_cast<std::uint64_t>(select.integer(0)), std::move(hashes));
}

std::string Store::envelope(const Event& event) const {
  std::string out;
  out.reserve(256);
  out += R"({"host":)";  // members in the order of RFC 8785
  json::append_canonical(out, options_.host);
  out += R"(,"latency_us":)" + std::to_string(event.latency_us);
  out += R"(,"mono_at":)" + std::to_string(options_.clock.mono_us());
  out += R"(,"wall_at":)" + std::to_string(options_.clock.wall_us()) + R"(,"worker":)";
  json::append_canonical(out, options_.worker);
  out += '}';
  return out;
}

Result<void> Store::write_blob(const Bytes& sealed, std::string_view stream) {
  const Digest id = crypto::sha256(sealed);
  NAESTRO_LET(auto insert,
              database_.prepare("INSERT OR IGNORE INTO blobs(id, stream, bytes) VALUES(?, ?, ?)"));
  insert.bind(1, ByteSpan{id}).bind(2, stream);
  if (sealed.size() <= kBlobInlineMax) {
    insert.bind(3, ByteSpan{sealed});
  } else {  // durable before the commit that names it
    const std::string file = blob_file(folders_, id);
    NAESTRO_TRY(make_folder(file.substr(0, file.rfind('/'))));
    NAESTRO_TRY(write_durably(file, sealed, 0600));
    insert.bind_null(3);
  }
  return insert.execute();
}

Result<void> Store::write(const Append& append, Frontier& frontier) {
  if (append.key) NAESTRO_TRY(claim(append.stream));
  NAESTRO_TRY(check_owner(append));
  NAESTRO_LET(auto next,
              database_.prepare("SELECT coalesce(max(seq) + 1, 0) FROM events WHERE stream = ?"));
  NAESTRO_TRY(next.bind(1, std::string_view{append.stream}).step());
  std::int64_t seq = next.integer(0);
  for (const Bytes& blob : append.blobs) NAESTRO_TRY(write_blob(blob, append.stream));
  NAESTRO_LET(auto insert,
              database_.prepare("INSERT INTO events(leaf, stream, seq, kind, body, envelope, hash) "
                                "VALUES(?, ?, ?, ?, ?, ?, ?)"));
  std::string written;
  for (std::size_t at = 0; at < append.events.size(); ++at) {
    const Event& event = append.events[at];
    if (event.stream != append.stream || event.seq != seq++) {
      return fail(Code::kOwnershipLost, "event " + event.id() + " does not follow its stream");
    }
    const std::string& body = append.bodies.empty() ? written = event.body() : append.bodies[at];
    const std::string around = envelope(event);
    const Digest leaf = event_leaf(body, around);
    NAESTRO_TRY(insert.bind(1, static_cast<std::int64_t>(frontier.size()))
                    .bind(2, std::string_view{event.stream})
                    .bind(3, event.seq)
                    .bind(4, std::string_view{event.kind})
                    .bind(5, std::string_view{body})
                    .bind(6, std::string_view{around})
                    .bind(7, ByteSpan{leaf})
                    .execute());
    frontier.append(leaf);
  }
  for (const std::int64_t row : append.inbox) {
    NAESTRO_LET(auto drop, database_.prepare("DELETE FROM inbox WHERE id = ?"));
    NAESTRO_TRY(drop.bind(1, row).execute());
  }
  return append.release ? disown(append.stream, append.fence) : Result<void>{};
}

// Writes the frontier; signs and stores a head when asked to, or when the last is too far back.
Result<std::optional<std::string>> Store::commit_frontier(const Frontier& frontier, bool sign) {
  Bytes bytes;
  for (const Digest& hash : frontier.hashes()) {
    bytes.insert(bytes.end(), hash.begin(), hash.end());
  }
  NAESTRO_LET(auto update,
              database_.prepare("UPDATE tree SET size = ?, frontier = ? WHERE one = 1"));
  NAESTRO_TRY(update.bind(1, static_cast<std::int64_t>(frontier.size()))
                  .bind(2, ByteSpan{bytes})
                  .execute());
  NAESTRO_LET(auto last, database_.prepare("SELECT coalesce(max(size), 0) FROM heads"));
  NAESTRO_TRY(last.step());
  const auto signed_size = static_cast<std::uint64_t>(last.integer(0));
  if (frontier.size() == signed_size || (!sign && frontier.size() < signed_size + kHeadInterval)) {
    return std::nullopt;
  }
  const Head fresh{origin(), frontier.size(), frontier.root()};
  std::string head = sign_head(fresh, options_.key);
  remember(head, fresh);
  NAESTRO_LET(auto insert, database_.prepare("INSERT INTO heads(size, checkpoint) VALUES(?, ?)"));
  NAESTRO_TRY(insert.bind(1, static_cast<std::int64_t>(frontier.size()))
                  .bind(2, std::string_view{head})
                  .execute());
  return head;
}

Result<void> Store::commit(std::span<const Append> appends, std::optional<std::string>& head) {
  NAESTRO_LET(Frontier frontier, read_frontier());
  bool sign = false;
  for (const Append& append : appends) {
    NAESTRO_TRY(write(append, frontier));
    sign = sign || append.sign;
  }
  NAESTRO_LET(head, commit_frontier(frontier, sign));
  return {};
}

Result<void> Store::append(std::span<const Append> appends) {
  std::optional<std::string> head;
  NAESTRO_TRY(database_.transact([&]() -> Result<void> {
    NAESTRO_TRY(commit(appends, head));
    if (options_.probe) options_.probe(WritePoint::before_commit);
    return {};
  }));
  if (options_.probe) options_.probe(WritePoint::after_commit);
  if (head) {
    mirror_head(*head);
    if (options_.probe) options_.probe(WritePoint::after_head_file);
  }
  return {};
}

// The commit is durable whatever happens here, so nothing fails: a copy that could not be written
// is an older copy, which proves less, and the auditor says how far. It never goes backwards.
void Store::mirror_head(const std::string& checkpoint) {
  const auto lock = FolderLock::take(folders_.data + "/heads");
  const std::string file = head_file(folders_, id_);
  if (const auto old = read_whole(file)) {
    const auto before = proven(*old);
    const auto now = proven(checkpoint);
    if (before && now && before->size >= now->size) return;
  }
  (void)write_durably(file, as_bytes(checkpoint), 0644);
}

Result<std::vector<StoredEvent>> Store::events(std::string_view stream, std::int64_t from) {
  NAESTRO_LET(auto select, database_.prepare("SELECT leaf, body, envelope FROM events "
                                             "WHERE stream = ? AND seq >= ? ORDER BY seq"));
  select.bind(1, stream).bind(2, from);
  std::vector<StoredEvent> out;
  for (;;) {
    NAESTRO_LET(const bool row, select.step());
    if (!row) return out;
    NAESTRO_LET(StoredEvent stored, read_event(select));
    out.push_back(std::move(stored));
  }
}

// From the newest on: what is older is not read.
Result<std::vector<std::string>> Store::streams_since(std::int64_t wall_us) {
  NAESTRO_LET(auto select,
              database_.prepare("SELECT stream, envelope FROM events ORDER BY leaf DESC"));
  std::set<std::string> out;
  for (;;) {
    NAESTRO_LET(const bool row, select.step());
    if (!row) break;
    StoredEvent stored;
    stored.envelope = select.text(1);
    if (wall_at(stored) < wall_us) break;
    out.insert(select.text(0));
  }
  return std::vector<std::string>(out.begin(), out.end());
}

Result<std::optional<StoredEvent>> Store::last(std::string_view stream) {
  NAESTRO_LET(auto select, database_.prepare("SELECT leaf, body, envelope FROM events "
                                             "WHERE stream = ? ORDER BY seq DESC LIMIT 1"));
  NAESTRO_LET(const bool row, select.bind(1, stream).step());
  if (!row) return std::nullopt;
  NAESTRO_LET(StoredEvent stored, read_event(select));
  return stored;
}

Result<Bytes> Store::blob(const Digest& id) {
  NAESTRO_LET(auto select, database_.prepare("SELECT bytes FROM blobs WHERE id = ?"));
  NAESTRO_LET(const bool row, select.bind(1, ByteSpan{id}).step());
  if (!row) return fail(Code::kBlobMissing, "blob " + hex(id), "run 'naestro audit verify'");
  Bytes bytes;
  if (select.is_null(0)) {
    const auto text = read_whole(blob_file(folders_, id));
    if (!text) return fail(Code::kBlobMissing, "blob " + hex(id), text.error());
    bytes.assign(text->begin(), text->end());
  } else {
    bytes = select.blob(0);
  }
  if (crypto::sha256(bytes) != id) {
    return fail(Code::kStoreCorrupt, "blob " + hex(id) + " was changed",
                "run 'naestro audit verify'");
  }
  return bytes;
}

Result<SignedTree> Store::signed_tree() {
  SignedTree out;
  NAESTRO_LET(auto head,
              database_.prepare("SELECT size, checkpoint FROM heads ORDER BY size DESC LIMIT 1"));
  NAESTRO_LET(const bool there, head.step());
  if (!there) {
    return fail(Code::kUnsigned, "no head of the store is signed yet",
                "wait until a run ends or parks");
  }
  out.checkpoint = head.text(1);
  NAESTRO_LET(auto select,
              database_.prepare("SELECT hash FROM events WHERE leaf < ? ORDER BY leaf"));
  select.bind(1, head.integer(0));
  for (;;) {
    NAESTRO_LET(const bool row, select.step());
    if (!row) return out;
    const Bytes hash = select.blob(0);
    if (hash.size() != sizeof(Digest)) {
      return fail(Code::kStoreCorrupt, "a leaf's hash is malformed", "run 'naestro audit verify'");
    }
    std::ranges::copy(hash, out.leaves.emplace_back().begin());
  }
}

Result<std::vector<std::string>> Store::runs() {
  NAESTRO_LET(
      auto select,
      database_.prepare("SELECT stream FROM events WHERE kind = 'run.created' ORDER BY leaf"));
  std::vector<std::string> out;
  for (;;) {
    NAESTRO_LET(const bool row, select.step());
    if (!row) return out;
    out.push_back(select.text(0));
  }
}

}  // namespace naestro::ledger
