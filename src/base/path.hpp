// Paths of files in a workspace, as text: the one spelling that policy rules and tools both see,
// and the globs over it. Nothing here asks the file system.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace naestro {

// `path` without "." segments and doubled or trailing slashes; "." for the folder itself. Fails
// with kOutsideWorkspace for absolute paths, ".." segments and NUL bytes, with kInvalidUtf8 for
// other bytes. Two spellings of one path have one normal form (links aside).
Result<std::string> normal_path(std::string_view path);

// '?' is one character and '*' any run of them within a path segment; '**' also crosses segments,
// and '**/' may stand for nothing, so that '**/a.md' matches 'a.md'. All else is literal. The time
// is at most the product of the lengths.
bool glob_match(std::string_view pattern, std::string_view path);

}  // namespace naestro
