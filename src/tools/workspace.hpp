// The folder that a run may touch. Every access is relative to an open directory handle and
// resolved by the kernel beneath it (openat2 with RESOLVE_BENEATH): "..", absolute paths and
// symbolic links that leave the folder fail with kOutsideWorkspace, also under races.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace naestro::tools {

class Workspace {
 public:
  static Result<Workspace> open(const std::string& path);
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;
  ~Workspace();

  // The whole file, at most `bytes_max` (kTooLarge beyond).
  [[nodiscard]] Result<std::string> read(std::string_view path, std::size_t bytes_max) const;
  // Atomically: a temporary file beside it, fsync, rename, fsync of the folder. Makes missing
  // parent folders. Doing it twice leaves the same state.
  [[nodiscard]] Result<void> write(std::string_view path, std::string_view content) const;
  // Regular files below `folder` ("" or "." for all) as paths relative to the workspace, sorted
  // bytewise. Hidden entries (leading '.') and symbolic links are left out.
  [[nodiscard]] Result<std::vector<std::string>> list(std::string_view folder) const;

 private:
  explicit Workspace(int fd) : fd_{fd} {}
  int fd_ = -1;
};

// '*' and '?' within a path segment, '**' across segments.
bool glob_match(std::string_view pattern, std::string_view path);

}  // namespace naestro::tools
