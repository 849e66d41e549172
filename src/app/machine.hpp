// What this machine's processor and kernel can do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace naestro::app {

bool has_avx2();
// Whether the kernel has openat2(), by which tools stay in their workspace.
bool has_openat2();
// The version of Landlock's interface; 0: none.
int landlock_abi();
// Whether a child may make a user namespace of its own. Forks.
bool has_user_namespaces();
// "6.1.0-18-amd64"
std::string kernel_release();

struct FolderState {
  bool exists = false;
  std::string nearest;  // the folder itself, or its nearest ancestor that exists
  bool writable = false;
  std::uint64_t free_bytes = 0;
};
FolderState folder_state(const std::string& path);

struct FileState {
  std::uint64_t size = 0;
  unsigned mode = 0;  // permission bits
  bool mine = false;
  bool regular = false;
};
std::optional<FileState> file_state(const std::string& path);  // nullopt: not there

// Runs a program with one argument and gives what it printed, at most 4 KiB. In an empty
// environment; ended after `time_ms`.
Result<std::string> output_of(const std::string& program, const std::string& argument, int time_ms);

}  // namespace naestro::app
