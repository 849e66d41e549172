// Durable small files: the signing key, the last head, large blobs.
#pragma once

#include <sys/types.h>

#include <limits>
#include <string>
#include <utility>

#include "base/bytes.hpp"

namespace naestro::ledger {

// mkdir -p with mode 0700 for what is missing.
Result<void> make_folder(const std::string& path);
// Fails with kTooLarge beyond `bytes_max`, without reading on.
Result<std::string> read_whole(const std::string& path,
                               std::size_t bytes_max = std::numeric_limits<std::size_t>::max());
// Through a temporary file, fsync, rename, fsync of the folder: after a crash the old content or
// the new, never a part. EIO of an fsync ends the process.
Result<void> write_durably(const std::string& path, ByteSpan content, mode_t mode);
// The same for a file that must not be replaced: of several processes that make it at once one
// wins, and all of them succeed.
Result<void> create_durably(const std::string& path, ByteSpan content, mode_t mode);

// Holds an exclusive lock among processes while it lives. A first use makes files in several steps,
// and SQLite waits for no other process while it changes the journal mode.
class FolderLock {
 public:
  static Result<FolderLock> take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_{fd} {}
  int fd_;
};

}  // namespace naestro::ledger
