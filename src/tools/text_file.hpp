// Text files as the tools read and write them: UTF-8 without NUL, written as a whole, with a result
// that says what changed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tools/builtin.hpp"

namespace naestro::tools {

// The most that a written file may hold, and that may stand where it is written: what undoing needs
// is kept in the ledger.
inline constexpr std::size_t kWrittenBytesMax = std::size_t{8} << 20;

// Of a text that is not UTF-8: "FILE:LINE: the text is not UTF-8 at byte N", N from 0 within the
// file.
std::unexpected<Error> not_utf8(std::string_view file, std::string_view text);

// A kToolFailed that names the line, where the file is no UTF-8 text.
Result<std::string> read_text(std::string_view file, std::size_t bytes_max, const Context& context);

// The argument "path" in its normal form. Hidden files and folders are refused: what tools list and
// search leaves them out, and they steer other programs (.git, .env).
Result<std::string> written_path(const json::Object& arguments);

// What was in the file before the call: what the run recorded, so that every attempt finds the
// same, or without a record what is there now. Nothing for no file; bytes that may be no text.
Result<std::optional<std::string>> former_content(const std::string& path, const Context& context);

// Writes the file and returns what files.write and files.edit say of it.
Result<json::Value> write_text(const std::string& path, const std::optional<std::string>& former,
                               std::string_view content, const Context& context);

}  // namespace naestro::tools
