// Durable small files: the signing key, the last head, large blobs.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/bytes.hpp"

namespace naestro::ledger {

// mkdir -p with mode 0700 for what is missing.
Result<void> make_folder(const std::string& path);
Result<std::string> read_whole(const std::string& path);
// Through a temporary file, fsync, rename, fsync of the folder: after a crash the old content or
// the new, never a part.
Result<void> write_durably(const std::string& path, ByteSpan content, mode_t mode);

}  // namespace naestro::ledger
