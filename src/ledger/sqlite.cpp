#include "ledger/sqlite.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace naestro::ledger {
namespace {

// How long a statement waits for another process's lock.
constexpr int kBusyTimeoutMs = 10'000;

// What the disk holds then is unknown, and the kernel forgets the failure: a second sync would
// succeed without the data. Recovery from what is durable is the only honest way on.
constexpr std::string_view kUnconfirmed =
    "the disk could not confirm a write; start again to recover what is durable";

// A path as the path of a URI.
std::string escaped(const std::string& path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      out += '%';
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[c & 15];
    } else {
      out += c;
    }
  }
  return out;
}

// Whether a write of the database met the user's limit of a file's size: SQLite has forgotten its
// errno when a COMMIT returns. Such a write fills the file up to the limit before it fails.
bool at_size_limit(sqlite3* db) {
  rlimit limit{};
  const char* name = sqlite3_db_filename(db, "main");
  if (name == nullptr || ::getrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
  if (limit.rlim_cur == RLIM_INFINITY) return false;
  return std::ranges::any_of(std::initializer_list<const char*>{"", "-wal"}, [&](const char* end) {
    struct stat file{};
    return ::stat((std::string{name} + end).c_str(), &file) == 0 &&
           static_cast<rlim_t>(file.st_size) >= limit.rlim_cur;
  });
}

Error error_of(sqlite3* db, std::string_view doing) {
  const int status = sqlite3_extended_errcode(db);
  check(status != SQLITE_IOERR_FSYNC && status != SQLITE_IOERR_DIR_FSYNC, kUnconfirmed);
  Code code = Code::kIo;
  std::string remedy = "check the disk; nothing that was acknowledged is lost";
  // SQLite calls only some writes without room full: not those of its shared memory, nor those over
  // a quota or the user's limit of a file's size.
  const int cause = (status & 0xff) == SQLITE_IOERR ? sqlite3_system_errno(db) : 0;
  const bool full = cause == ENOSPC || cause == EDQUOT || cause == EFBIG ||
                    (status == SQLITE_IOERR_WRITE && at_size_limit(db));
  switch (full ? SQLITE_FULL : status & 0xff) {
    case SQLITE_FULL:
      code = Code::kStoreFull;
      remedy =
          "free some space, or raise the limit of file sizes (ulimit -f); nothing that was "
          "acknowledged is lost";
      break;
    case SQLITE_BUSY:
      code = Code::kStoreBusy;
      remedy = "try again when the other naestro process is done";
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // the statements are fixed: what they name is missing or of another kind
      code = Code::kStoreCorrupt;
      remedy = "run 'naestro audit verify'; restore the store from a backup";
      break;
    case SQLITE_READONLY:
      code = Code::kStoreReadOnly;
      remedy = "make the store's folder writable";
      break;
    case SQLITE_CANTOPEN:
      code = Code::kStoreOpen;
      remedy = "check that the file exists and may be read";
      break;
    default: break;
  }
  const char* name = sqlite3_db_filename(db, "main");
  const std::string what = name == nullptr || *name == '\0' ? std::string{doing} : name;
  if (code == Code::kStoreCorrupt && what.ends_with("/keys.db")) {
    remedy =
        "restore it from a backup; or give the contents of all runs up: move it away and make "
        "an empty file in its place";
  }
  return Error{code, what + ": " + sqlite3_errmsg(db), remedy, {}, nullptr};
}

}  // namespace

Result<Database> Database::open(const std::string& path, Mode mode) {
  // Nobody asks SQLite how much memory it uses; to count that, all threads would take turns. Has no
  // effect where SQLite is in use already.
  static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)uncounted;
  if (mode == Mode::read_write && ::access(path.c_str(), F_OK) != 0) {
    // SQLite would make it 0644; the journal files inherit the mode of the main file. Only a new
    // file is ever opened here: closing a second descriptor of a database lets go of all locks
    // that this process has on it (POSIX), and another process would then remove a live journal.
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST) {
      const Code code = errno == ENOSPC                     ? Code::kStoreFull
                        : errno == EROFS || errno == EACCES ? Code::kStoreReadOnly
                                                            : Code::kStoreOpen;
      return fail(code, path + ": " + std::strerror(errno),
                  "check that the folder exists and may be written, and that the disk has room");
    }
    if (fd >= 0) ::close(fd);
  }
  Database database;
  sqlite3* raw = nullptr;
  const int flags = mode == Mode::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  std::string name = path;
  if (mode == Mode::read_only && ::access((path + "-wal").c_str(), F_OK) != 0 &&
      ::access(path.substr(0, path.rfind('/') + 1).c_str(), W_OK) != 0) {
    // In a folder that may not be written SQLite cannot make the files of its shared memory. With
    // no journal there and nobody able to make one, the file does not change.
    name = "file:" + escaped(path) + "?immutable=1";
  }
  const int status =
      sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, nullptr);
  database.db_.reset(raw);
  if (status != SQLITE_OK) {
    Error error = database.error("open " + path);
    if (error.code == Code::kIo) error.code = Code::kStoreOpen;
    return std::unexpected(std::move(error));
  }
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  sqlite3_extended_result_codes(raw, 1);
  // A corrupt schema or a hostile database must not run code or crash us.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

Error Database::error(std::string_view doing) const { return error_of(db_.get(), doing); }

Result<void> Database::run(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return std::unexpected(error("store"));
  }
  return {};
}

Result<void> Database::transact(const std::function<Result<void>()>& work) {
  const auto say = [this](std::string_view words) -> Result<void> {
    NAESTRO_LET(Statement statement, prepare(words));
    return statement.execute();
  };
  auto done = say("BEGIN IMMEDIATE");
  if (done) done = work();
  if (done) {
    done = say("COMMIT");
    check(done || done.error().code != Code::kIo, kUnconfirmed);
  }
  if (!done) (void)run("ROLLBACK");  // of what SQLite itself has not rolled back
  return done;
}

Result<Statement> Database::prepare(std::string_view sql) {
  if (const auto known = idle_->find(sql); known != idle_->end()) {
    RawStatement raw = std::move(known->second);
    idle_->erase(known);
    return Statement{idle_, std::move(raw)};
  }
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) {
    return std::unexpected(error("store"));
  }
  return Statement{idle_, RawStatement{raw}};
}

Statement::~Statement() {
  if (!raw_) return;  // moved from
  reset();
  const std::string_view words = sqlite3_sql(raw_.get());
  idle_->emplace(words, std::move(raw_));
}

Statement& Statement::bind(int at, std::int64_t value) {
  check(sqlite3_bind_int64(raw_.get(), at, value) == SQLITE_OK, "bind integer");
  return *this;
}

Statement& Statement::bind(int at, std::string_view text) {
  check(sqlite3_bind_text64(raw_.get(), at, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8) ==
            SQLITE_OK,
        "bind text");
  return *this;
}

Statement& Statement::bind(int at, ByteSpan blob) {
  // A null pointer would bind NULL; an empty blob is not NULL.
  check(
      sqlite3_bind_blob64(raw_.get(), at, blob.empty() ? "" : static_cast<const void*>(blob.data()),
                          blob.size(), SQLITE_STATIC) == SQLITE_OK,
      "bind blob");
  return *this;
}

Statement& Statement::bind_null(int at) {
  check(sqlite3_bind_null(raw_.get(), at) == SQLITE_OK, "bind null");
  return *this;
}

Result<bool> Statement::step() {
  switch (sqlite3_step(raw_.get())) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: {
      Error error = error_of(sqlite3_db_handle(raw_.get()), "store");
      reset();
      return std::unexpected(std::move(error));
    }
  }
}

Result<void> Statement::execute() {
  const auto row = step();
  reset();
  if (!row) return std::unexpected(row.error());
  return {};
}

void Statement::reset() {
  sqlite3_reset(raw_.get());
  sqlite3_clear_bindings(raw_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(raw_.get(), column);
}

std::string_view Statement::view(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(raw_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(raw_.get(), column));
  return data == nullptr ? std::string_view{} : std::string_view{data, size};
}

ByteSpan Statement::span(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(raw_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(raw_.get(), column));
  return data == nullptr ? ByteSpan{} : ByteSpan{data, size};
}

std::string Statement::text(int column) const { return std::string{view(column)}; }

Bytes Statement::blob(int column) const {
  const ByteSpan bytes = span(column);
  return {bytes.begin(), bytes.end()};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(raw_.get(), column) == SQLITE_NULL;
}

}  // namespace naestro::ledger
