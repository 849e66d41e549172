// The two processes of a confined program: a keeper, which is process 1 of the namespace, and the
// program. Used inside the room only.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "sandbox/root.hpp"
#include "sandbox/wall.hpp"

namespace naestro::sandbox {

// What the keeper says, once.
struct Report {
  enum Stage : int { ended, identity, mounts, limits, wall, folder, program, network };
  Stage stage = ended;
  int value = 0;  // of `ended` the wait status, else errno
};

// All that the child needs, ready before clone(): behind it another thread may hold the
// allocator's lock for ever.
struct Launch {
  Wall wall;
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<const char*> programs;  // tried in this order
  std::vector<Entry> root;            // empty without namespaces
  std::vector<Grant> grants;
  const char* cwd = nullptr;
  std::string uid_map;
  std::string gid_map;
  std::vector<sock_filter> filter;
  // The keeper waits for a byte of `control`, and kills all when its other end is closed.
  int in = -1, out = -1, err = -1, report = -1, ruleset = -1, control = -1;
  // A UNIX socket, over which the keeper hands out sockets of its own network: one of UDP for
  // names, and one that listens at each of wall.doors. Where there are no doors there is none.
  int egress = -1;
  bool root_user = false;
};

// The keeper in the parent's numbers, and errno, negative, where there is none. Its end is the end
// of every process of the namespace. Without namespaces it ends only when all that descended from
// the program are dead.
pid_t launch(Launch& launch);

}  // namespace naestro::sandbox
