// For a process of our own that needs no more than the files of one folder.
#pragma once

#include <string>

namespace naestro::sandbox {

// From here on this process reads and writes below `folder` (without links in its path) alone,
// makes no connection, and starts no program. False where this kernel lacks a part of that; what it
// has holds.
bool shut_in(const std::string& folder);

}  // namespace naestro::sandbox
