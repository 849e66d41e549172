// The root of its own that a program sees: built in the child from a list that the parent made.
// Used inside the room only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace naestro::sandbox {

// The kernel's MOUNT_ATTR_*: linux/mount.h and sys/mount.h do not go together.
inline constexpr std::uint64_t kReadOnly = 1;
inline constexpr std::uint64_t kNoSetId = 2;
inline constexpr std::uint64_t kNoDevices = 4;
inline constexpr std::uint64_t kNoPrograms = 8;

// Which file a path led to when the parent looked; the child takes no other. 0 and 0: any.
struct Identity {
  dev_t device = 0;
  ino_t number = 0;
  bool operator==(const Identity&) const = default;
};

struct Entry {
  enum class Kind : std::uint8_t {
    folder,   // is made
    file,     // likewise, with `source` in it
    link,     // to `source`
    bind,     // `source` of the machine
    scratch,  // a file system in memory; `source`: its options
    process,  // /proc of the namespace, or an empty folder where the kernel denies one
    keep,     // what stands at `target` is mounted on itself, so that it stays, and is what it was
    hide,     // an empty file or folder stands in its place
  };
  Kind kind = Kind::folder;
  std::string target;  // from the root, without a first slash
  std::string source = {};
  std::uint64_t attributes = 0;
  Identity identity = {};
  bool optional = false;  // of bind: passed over where it does not exist
  int tree = -1;          // the child's: a copy of the mount, not yet at its place
};

// The list for one folder: the system's programs and libraries, a few devices, /proc, an empty
// /tmp, and the folder. `folder` and `writable` as in Job. Errors: kCannotConfine.
Result<std::vector<Entry>> root_for(const std::string& folder,
                                    const std::vector<std::string>& writable);
extern const char* const kScratch;  // "/tmp/naestro": HOME and TMPDIR

// Opens it, by a path without links. Error: kCannotConfine.
Result<Identity> identify(const std::string& path);

// In the child, in a namespace of mounts of its own: builds the root and goes there.
// Async-signal-safe; false sets errno.
bool enter_root(std::vector<Entry>& entries);

}  // namespace naestro::sandbox
