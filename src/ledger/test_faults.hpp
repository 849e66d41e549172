// A SQLite VFS for tests: it wraps the default one and fails the n-th call of one kind; and so it
// does with statements. While a FaultVfs lives it is the default VFS of the process; every
// connection must be closed before it dies. For one thread.
#pragma once

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace naestro::ledger {

enum class Fault : std::uint8_t {
  write_error,     // nothing is written, SQLITE_IOERR_WRITE
  disk_full,       // half of the bytes are written, SQLITE_FULL
  torn_write,      // half of the bytes are written, then the process is killed
  power_cut,       // the process is killed before the write; what was not synced is gone
  power_cut_sync,  // the same before a sync
  sync_error,      // SQLITE_IOERR_FSYNC; what was not synced is gone
  truncate_error,  // SQLITE_IOERR_TRUNCATE
  open_error,      // SQLITE_CANTOPEN
  read_error,      // SQLITE_IOERR_READ
  shm_error,       // the shared memory of the journal's index cannot be mapped
  read_only,       // the file is opened, but only for reading
  refused,         // a statement is not prepared: SQLITE_AUTH
  interrupted,     // a statement ends before its time: SQLITE_INTERRUPT
};

class FaultVfs {
 public:
  FaultVfs() : real_{sqlite3_vfs_find(nullptr)}, vfs_{*real_} {
    vfs_.zName = "naestro-fault";
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    vfs_.xAccess = [](sqlite3_vfs* v, const char* name, int flags, int* out) {
      return of(v).real_->xAccess(of(v).real_, name, flags, out);
    };
    vfs_.xFullPathname = [](sqlite3_vfs* v, const char* name, int size, char* out) {
      return of(v).real_->xFullPathname(of(v).real_, name, size, out);
    };
    sqlite3_vfs_register(&vfs_, 1);
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(connected));
  }
  ~FaultVfs() {
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(connected));
    sqlite3_vfs_unregister(&vfs_);
    disarm();
  }
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  // The n-th call of that kind from now on fails, counted from 1; `lasting`: all later ones too.
  void arm(Fault fault, int n, bool lasting) {
    disarm();
    fault_ = fault;
    countdown_ = n;
    lasting_ = lasting;
    armed_ = true;
  }
  // Nothing fails any more. Only while no connection is open.
  void disarm() {
    armed_ = struck_ = false;
    for (const auto& [path, unsynced] : unsynced_) ::close(unsynced.fd);
    unsynced_.clear();
  }
  // Whether a call has failed since arm().
  [[nodiscard]] bool struck() const { return struck_; }
  // From now on calls are not failed, but struck() is kept.
  void heal() { armed_ = false; }

 private:
  struct File {
    sqlite3_file base;  // must stand first
    FaultVfs* owner;
    const char* path;  // SQLite keeps it until the file is closed; null for a temporary file
    sqlite3_file* real;
  };
  // How a write is taken back.
  struct Undo {
    off_t at;
    std::string bytes;
    off_t size;
  };
  struct Unsynced {
    int fd;  // of our own; closing one would let go of SQLite's locks, so that it stays open
    std::vector<Undo> undo;
  };

  static FaultVfs& of(sqlite3_vfs* vfs) { return *static_cast<FaultVfs*>(vfs->pAppData); }
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

  // So small a cache and a journal that a short run writes back before its commits, and into the
  // database. The statements of the connection fail as those of its files do.
  static int connected(sqlite3* db, char**, const void*) {
    sqlite3_exec(db, "PRAGMA cache_size = 8", nullptr, nullptr, nullptr);
    sqlite3_wal_autocheckpoint(db, 8);
    void* self = sqlite3_vfs_find(nullptr)->pAppData;
    sqlite3_trace_v2(
        db, SQLITE_TRACE_STMT,
        [](unsigned, void* vfs, void*, void*) {
          static_cast<FaultVfs*>(vfs)->interrupts_ |=
              static_cast<FaultVfs*>(vfs)->strikes(Fault::interrupted);
          return 0;
        },
        self);
    sqlite3_progress_handler(
        db, 1,
        [](void* vfs) {
          return std::exchange(static_cast<FaultVfs*>(vfs)->interrupts_, false) ? 1 : 0;
        },
        self);
    return sqlite3_set_authorizer(
        db,
        [](void* vfs, int action, const char*, const char*, const char*, const char*) {
          const bool part = action == SQLITE_READ || action == SQLITE_FUNCTION;
          return !part && static_cast<FaultVfs*>(vfs)->strikes(Fault::refused) ? SQLITE_DENY
                                                                               : SQLITE_OK;
        },
        self);
  }

  bool strikes(Fault fault) {
    if (!armed_ || fault != fault_) return false;
    if (countdown_ > 0 && --countdown_ > 0) return false;
    if (struck_ && !lasting_) return false;
    return struck_ = true;
  }
  [[nodiscard]] bool loses_unsynced() const {
    return armed_ && (fault_ == Fault::power_cut || fault_ == Fault::power_cut_sync ||
                      fault_ == Fault::sync_error);
  }

  // Remembers what a write of [at, at + size) or a truncation to `at` destroys.
  void remember(const char* path, off_t at, off_t size) {
    if (!loses_unsynced() || path == nullptr) return;
    auto [entry, added] = unsynced_.try_emplace(path);
    if (added) entry->second.fd = ::open(path, O_RDWR | O_CLOEXEC);
    struct stat info{};
    ::fstat(entry->second.fd, &info);
    Undo undo{at, {}, info.st_size};
    undo.bytes.resize(static_cast<std::size_t>(
        std::clamp<off_t>(info.st_size - at, 0, size < 0 ? info.st_size : size)));
    (void)!::pread(entry->second.fd, undo.bytes.data(), undo.bytes.size(), at);
    entry->second.undo.push_back(std::move(undo));
  }
  static void lose(Unsynced& unsynced) {
    for (; !unsynced.undo.empty(); unsynced.undo.pop_back()) {
      const Undo& undo = unsynced.undo.back();
      (void)!::pwrite(unsynced.fd, undo.bytes.data(), undo.bytes.size(), undo.at);
      (void)!::ftruncate(unsynced.fd, undo.size);
    }
  }
  [[noreturn]] void cut_power() {
    for (auto& [path, unsynced] : unsynced_) lose(unsynced);
    ::kill(::getpid(), SIGKILL);
    ::_exit(1);
  }

  static int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags,
                  int* out_flags) {
    FaultVfs& self = of(vfs);
    File& made = of(file);
    made = {{nullptr}, &self, name, reinterpret_cast<sqlite3_file*>(&made + 1)};
    if (self.strikes(Fault::open_error)) return SQLITE_CANTOPEN;
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0 && self.strikes(Fault::read_only)) {
      flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    }
    const int status = self.real_->xOpen(self.real_, name, made.real, flags, out_flags);
    if (made.real->pMethods != nullptr) file->pMethods = &kMethods;
    return status;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    FaultVfs& self = of(vfs);
    if (const auto entry = self.unsynced_.find(name); entry != self.unsynced_.end()) {
      ::close(entry->second.fd);
      self.unsynced_.erase(entry);
    }
    return self.real_->xDelete(self.real_, name, sync_folder);
  }

  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    File& f = of(file);
    FaultVfs& self = *f.owner;
    if (self.strikes(Fault::power_cut)) self.cut_power();
    if (self.strikes(Fault::write_error)) return SQLITE_IOERR_WRITE;
    if (self.strikes(Fault::disk_full)) {
      f.real->pMethods->xWrite(f.real, data, size / 2, at);
      return SQLITE_FULL;
    }
    if (self.strikes(Fault::torn_write)) {
      f.real->pMethods->xWrite(f.real, data, size / 2, at);
      self.cut_power();
    }
    self.remember(f.path, at, size);
    return f.real->pMethods->xWrite(f.real, data, size, at);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    File& f = of(file);
    if (f.owner->strikes(Fault::truncate_error)) return SQLITE_IOERR_TRUNCATE;
    f.owner->remember(f.path, size, -1);
    return f.real->pMethods->xTruncate(f.real, size);
  }
  static int sync(sqlite3_file* file, int) {
    File& f = of(file);
    FaultVfs& self = *f.owner;
    if (self.strikes(Fault::power_cut_sync)) self.cut_power();
    const auto unsynced = f.path == nullptr ? self.unsynced_.end() : self.unsynced_.find(f.path);
    if (self.strikes(Fault::sync_error)) {
      if (unsynced != self.unsynced_.end()) lose(unsynced->second);
      return SQLITE_IOERR_FSYNC;
    }
    if (unsynced != self.unsynced_.end()) unsynced->second.undo.clear();
    return SQLITE_OK;  // what a sync is for is tried here without the disk's delay
  }
  static int read(sqlite3_file* file, void* out, int size, sqlite3_int64 at) {
    File& f = of(file);
    if (f.owner->strikes(Fault::read_error)) return SQLITE_IOERR_READ;
    return f.real->pMethods->xRead(f.real, out, size, at);
  }
  static int map_shm(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    File& f = of(file);
    if (f.owner->strikes(Fault::shm_error)) return SQLITE_IOERR_SHMMAP;
    return f.real->pMethods->xShmMap(f.real, page, size, extend, out);
  }

  // The same call of the wrapped file.
  template <auto Method, class... Args>
  static int pass(sqlite3_file* file, Args... args) {
    return (of(file).real->pMethods->*Method)(of(file).real, args...);
  }
  using M = sqlite3_io_methods;
  static constexpr sqlite3_io_methods kMethods = {
      .iVersion = 2,  // without memory-mapped reading, which nobody turns on
      .xClose = pass<&M::xClose>,
      .xRead = read,
      .xWrite = write,
      .xTruncate = truncate,
      .xSync = sync,
      .xFileSize = pass<&M::xFileSize, sqlite3_int64*>,
      .xLock = pass<&M::xLock, int>,
      .xUnlock = pass<&M::xUnlock, int>,
      .xCheckReservedLock = pass<&M::xCheckReservedLock, int*>,
      .xFileControl = pass<&M::xFileControl, int, void*>,
      .xSectorSize = pass<&M::xSectorSize>,
      .xDeviceCharacteristics = pass<&M::xDeviceCharacteristics>,
      .xShmMap = map_shm,
      .xShmLock = pass<&M::xShmLock, int, int, int>,
      .xShmBarrier =
          [](sqlite3_file* file) { of(file).real->pMethods->xShmBarrier(of(file).real); },
      .xShmUnmap = pass<&M::xShmUnmap, int>,
      .xFetch = nullptr,
      .xUnfetch = nullptr,
  };

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  Fault fault_ = Fault::write_error;
  int countdown_ = 0;
  bool lasting_ = false;
  bool armed_ = false;
  bool struck_ = false;
  bool interrupts_ = false;  // the statement that has begun
  std::map<std::string, Unsynced> unsynced_;
};

}  // namespace naestro::ledger
