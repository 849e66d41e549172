// Limits of all processes of a program together, which no limit of one process holds.
// Used inside the room only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace naestro::sandbox {

// A cgroup of its own, where this machine lets us make one: version 2 that was delegated, version 1
// as root. Elsewhere it is empty, and Watch alone counts.
class Group {
 public:
  explicit Group(const std::string& name);
  // Whether this machine lets us make one, as far as the rights of folders tell.
  static bool can_be_made();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group();
  // Puts the process into it, and with it all that it will start.
  Result<void> take(pid_t process);

 private:
  bool make(const std::string& folder, const char* limit, const std::string& most);
  std::vector<std::string> folders_;
};

class Watch {
 public:
  // `writable`: folders on whose disks it may write.
  Watch(pid_t keeper, const std::vector<std::string>& writable);
  // Why it has to end, one sentence; "" while all is well.
  [[nodiscard]] std::string over() const;

 private:
  struct Disk {
    std::string path;
    std::uint64_t bytes = 0;  // free at the beginning
    std::uint64_t files = 0;
  };
  pid_t keeper_;
  std::vector<Disk> disks_;
};

}  // namespace naestro::sandbox
