// The store on SQLite: events, blobs, the tree, signed heads, run owners, the inbox.
//
// Ownership: one Store is one connection, for one thread at a time; several Stores, in one process
// or in many, may be open on one folder. Every append is one transaction that reads and writes the
// tree's frontier, so no frontier is trusted across commits. docs/formats/ledger.md has the tables.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "ledger/checkpoint.hpp"
#include "ledger/event.hpp"
#include "ledger/merkle.hpp"
#include "ledger/sqlite.hpp"

namespace naestro::ledger {

// Where things lie. `state` holds the store, `data` the signing key and the last head.
struct Folders {
  std::string state;  // $XDG_STATE_HOME/naestro
  std::string data;   // $XDG_DATA_HOME/naestro
};

struct StoredEvent {
  std::uint64_t leaf = 0;  // index in the tree
  Event event;
  std::string body;
  std::string envelope;
};

// When it was written by its envelope, in microseconds since 1970; 0 where that does not say.
std::int64_t wall_at(const StoredEvent& stored);

// What goes into the ledger together: all of it, or nothing.
struct Append {
  std::string stream;
  std::int64_t fence = 0;           // from own(), or kFirstFence; unused for the system stream
  std::vector<Event> events;        // consecutive, from the stream's next seq on
  std::vector<Bytes> blobs;         // sealed bytes
  std::vector<std::int64_t> inbox;  // rows that these events answer
  bool sign = false;                // this commit needs a signed head
  bool release = false;             // the last of this process: the run is free for another
  // Of a new run with its first events: the run becomes this process's, under kFirstFence. The
  // writer makes the key durable first.
  std::optional<crypto::BlobKey> key{};
  // Of the events, where they are written already, and their `data` is not asked for; empty: the
  // store writes them.
  std::vector<std::string> bodies{};
};

inline constexpr std::int64_t kFirstFence = 1;

struct InboxRow {
  std::int64_t id = 0;
  std::string run;
  std::string kind;
  json::Object payload;
};

// What the last signed head is over.
struct SignedTree {
  std::string checkpoint;
  std::vector<Digest> leaves;  // hashes
};

// Points at which a test may crash the process or fail the disk.
enum class WritePoint : std::uint8_t { before_commit, after_commit, after_head_file };
using WriteProbe = std::function<void(WritePoint)>;

// One that may own runs.
struct Process {
  std::int64_t pid = 0;
  std::string boot;          // the machine's boot, so that a pid of a former boot is dead
  std::int64_t started = 0;  // start time in clock ticks, so that a reused pid is another
};
// The one that this code runs in.
Process this_process();

// What other processes left for the owner of a run.
class Inbox {
 public:
  virtual ~Inbox() = default;
  virtual Result<std::vector<InboxRow>> inbox(std::string_view run) = 0;
};

class Store final : public Inbox {
 public:
  struct Options {
    Clock& clock;
    Random& random;
    crypto::KeyPair key;
    std::string host;    // for envelopes
    std::string worker;  // for envelopes: which process or thread wrote
    WriteProbe probe;    // may be empty
  };

  // Makes the folders and the store when missing. Refuses (kStoreCorrupt) a store that is behind
  // the head kept outside of it, or whose unsigned tail does not match its hashes, so that no
  // forged tail is ever signed.
  static Result<std::unique_ptr<Store>> open(const Folders& folders, Options options);
  // For looking only: makes and changes nothing. kNotFound when there is no store yet.
  static Result<std::unique_ptr<Store>> open_to_look(const Folders& folders, Options options);

  // Commits all appends in one transaction. An append whose fence is stale or whose seq does not
  // follow fails all of them; nothing is written then. An fsync error ends the process: what the
  // disk holds is unknown, and recovery is the only honest way on.
  Result<void> append(std::span<const Append> appends);

  Result<std::vector<StoredEvent>> events(std::string_view stream, std::int64_t from = 0);
  // The sealed bytes of a blob; verified against their id.
  Result<Bytes> blob(const Digest& id);
  // Ids of all runs, oldest first.
  Result<std::vector<std::string>> runs();
  // The streams that have an event since a time (microseconds since 1970), sorted.
  Result<std::vector<std::string>> streams_since(std::int64_t wall_us);
  // The last event of a stream; nullopt when it has none.
  Result<std::optional<StoredEvent>> last(std::string_view stream);

  // kUnsigned when no head was signed yet.
  Result<SignedTree> signed_tree();

  // Takes the run for this process and returns the fence; kRunOwned when a live process has it.
  // Signs a tail that a crash left unsigned first.
  Result<std::int64_t> own(std::string_view run);
  Result<void> disown(std::string_view run, std::int64_t fence);
  // The pid of the live owner, or 0.
  Result<std::int64_t> owner(std::string_view run);

  // `first` is asked within the same transaction: where it fails nothing is posted.
  Result<void> post(
      std::string_view run, std::string_view kind, const json::Object& payload,
      const std::function<Result<void>()>& first = [] { return Result<void>{}; });
  Result<std::vector<InboxRow>> inbox(std::string_view run) override;

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] std::string origin() const { return "naestro/store/" + id_; }

 private:
  Store(Database database, Folders folders, Options options);
  Result<void> prepare_schema();
  Result<std::int64_t> check_version();
  Result<void> read_id();
  Result<Head> proven(std::string_view checkpoint);
  Result<void> check_tail(const Frontier& frontier, const Result<std::string>& kept);
  Result<void> check_count(const Frontier& frontier);
  Result<void> sign_recovered_tail();
  Result<void> check_owner(const Append& append);
  Result<void> claim(std::string_view run);
  Result<void> write(const Append& append, Frontier& frontier);
  Result<void> write_blob(const Bytes& sealed, std::string_view stream);
  Result<Frontier> read_frontier();
  Result<std::optional<std::string>> commit_frontier(const Frontier& frontier, bool sign);
  Result<void> commit(std::span<const Append> appends, std::optional<std::string>& head);
  void remember(std::string_view checkpoint, const Head& head);
  void mirror_head(const std::string& checkpoint);
  [[nodiscard]] std::string envelope(const Event& event) const;

  Database database_;
  Folders folders_;
  Options options_;
  Process self_ = this_process();
  std::string id_;
  // The heads that were last signed or verified here: a signature is not checked twice.
  std::array<std::pair<std::string, Head>, 2> proven_;
};

// Where the store keeps its parts; also for the verifier.
std::string store_file(const Folders& folders);
std::string keys_file(const Folders& folders);
std::string blob_file(const Folders& folders, const Digest& id);
std::string head_file(const Folders& folders, std::string_view store_id);

// Whether there is a store that somebody signed: its key cannot be made anew.
bool store_has_heads(const Folders& folders);

// Blobs above this size are files of their own.
inline constexpr std::size_t kBlobInlineMax = std::size_t{1} << 20;
// A head is signed at the latest after this many events.
inline constexpr std::uint64_t kHeadInterval = 256;
inline constexpr std::int64_t kStoreVersion = 1;

}  // namespace naestro::ledger
