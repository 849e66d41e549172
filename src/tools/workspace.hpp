// The folder that a run may touch. Every access is relative to an open directory handle and
// resolved by the kernel beneath it (openat2 with RESOLVE_BENEATH): "..", absolute paths and
// symbolic links that leave the folder fail with kOutsideWorkspace, also under races. Links that
// stay inside may be read through. Paths are taken in their normal form (base/path.hpp).
// Needs Linux 5.6. A Workspace may be used from several threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/path.hpp"

namespace naestro::tools {

using naestro::glob_match;

// What a call must not read or write though its arguments do not name it: asked of each file, by
// its path from the workspace, in normal form and with all links followed. Empty: nothing.
struct Barred {
  using Asks = std::function<bool(std::string_view path)>;
  Asks read = {};
  Asks write = {};
  Asks own = {};  // of what is barred: whether it is Naestro's own, and no rule's
};

// The text without what no tool should see; nullopt where there is nothing of it.
using Clean = std::function<std::optional<std::string>(std::string_view text)>;

class Workspace {
 public:
  // More files than this in one list() are an error, not a long wait.
  static constexpr std::size_t kFilesMax = 200'000;

  // An existing folder; `path` is the operator's word and may be any path.
  static Result<Workspace> open(const std::string& path);
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;
  ~Workspace();

  // The same folder for one call: what is barred is kDenied, and left out of lists; what is read
  // comes clean.
  [[nodiscard]] Result<Workspace> within(Barred barred, Clean clean = {}) const;
  [[nodiscard]] const Barred& barred() const { return barred_; }
  // Nullopt where nothing is taken out.
  [[nodiscard]] std::optional<std::string> cleaned(std::string_view text) const {
    return clean_ ? clean_(text) : std::nullopt;
  }

  // The whole file, clean, at most `bytes_max` (kTooLarge beyond). Regular files only: a folder,
  // FIFO or device is refused without waiting on it.
  [[nodiscard]] Result<std::string> read(std::string_view path, std::size_t bytes_max) const;
  // As it is: for who compares it, hashes it or keeps it for undoing, and shows nothing of it.
  [[nodiscard]] Result<std::string> read_exact(std::string_view path, std::size_t bytes_max) const;
  // Atomically: a temporary file beside it, fsync, rename, fsync of the folder. Makes missing
  // parent folders. Doing it twice leaves the same state. An existing file keeps its permissions;
  // anything there but a regular file is refused. A crash may leave a hidden ".naestro-*.tmp",
  // which the next write into that folder removes.
  [[nodiscard]] Result<void> write(std::string_view path, std::string_view content) const;
  // The file is gone afterwards, also when it was not there. Regular files and links only (the link
  // itself). To disk.
  [[nodiscard]] Result<void> remove(std::string_view path) const;
  // Regular files below `folder` ("" or "." for all) as paths relative to the workspace, sorted
  // bytewise. Hidden entries (leading '.') and symbolic links are left out. Names are bytes and
  // may not be UTF-8. Fails with kInterrupted when `stop` is asked for.
  [[nodiscard]] Result<std::vector<std::string>> list(std::string_view folder,
                                                      const std::stop_token& stop = {}) const;
  // Where an existing folder beneath the workspace lies now: absolute, no links in it. For what
  // takes folders by name; it must refuse links on the way (RESOLVE_NO_SYMLINKS).
  [[nodiscard]] Result<std::string> folder(std::string_view path) const;

 private:
  explicit Workspace(int fd) : fd_{fd} {}
  [[nodiscard]] Result<std::string> place(int fd) const;
  [[nodiscard]] Result<std::string> place_to_be(const std::string& folder) const;
  // kDenied where the place is barred.
  [[nodiscard]] Result<void> permit(const Barred::Asks& asks, std::string_view doing,
                                    std::string_view path, const std::string& place) const;
  int fd_ = -1;
  Barred barred_ = {};
  Clean clean_ = {};
};

}  // namespace naestro::tools
