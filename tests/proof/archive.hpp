// The files of a corpus: what lies in a folder and in the archives (*.tar.gz) in it; of a
// compressed file (*.gz) what it holds, by its name without ".gz".
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/error.hpp"

namespace naestro::proof {

// Text by path relative to the folder; a member of an archive as if it had been unpacked beside it.
Result<std::map<std::string, std::string>> files_of(const std::filesystem::path& folder);

}  // namespace naestro::proof
