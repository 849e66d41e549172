// Is this the model file that the contract pins?
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "base/bytes.hpp"

namespace naestro::models {

using Deadline = std::chrono::steady_clock::time_point;

// Hashes the file and compares. The result is kept in FILE.sha256 beside it, under the file's size,
// inode and times of change, so that half a gigabyte is not read at every start; a file that was
// touched is hashed again. It guards against mix-ups and damage: who can write into the folder can
// write that note too. A folder that cannot be written only costs the time of hashing.
// Errors: kEngineMissing (absent, or another file), kIo, kTimeout, kInterrupted.
Result<void> verify_model_file(const std::string& path, const Digest& expected, Deadline deadline,
                               const std::stop_token& stop);

// The digest that the note beside `path` holds for the file as it is now; nullopt when it was never
// hashed, or touched since. Reads no more than the note.
std::optional<Digest> noted_digest(const std::string& path);

}  // namespace naestro::models
