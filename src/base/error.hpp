// Errors are values. A function that can fail for operational reasons returns Result<T>; the Error
// says what happened, where, and how to mend it. A programmer's bug is check(), which aborts.
// Codes come from the one table errors.def; each has a page under docs/errors/.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace naestro {

enum class Code : std::uint16_t {
#define X(name, code, exit, http, retry, title) name,
#include "base/errors.def"
#undef X
};

// Whether trying again can help: never; later (something outside must change); now.
enum class RetryClass : std::uint8_t { never, later, now };

// One row of the table.
struct CodeInfo {
  Code code;
  std::string_view name;  // "NE0202", what a user looks up
  int exit;               // process exit code
  int http;               // HTTP status
  RetryClass retry;
  std::string_view title;  // what it means, one line
};

const CodeInfo& info(Code code);
// The code of that name ("NE0202"); nullopt for any other word.
std::optional<Code> code_named(std::string_view name);
// All rows, in table order.
const std::vector<CodeInfo>& all_codes();

struct Error {
  Code code;
  std::string message;  // what and where, one sentence, no trailing period needed
  std::string remedy;   // how to mend it; may be empty
  std::vector<std::pair<std::string, std::string>> context;  // facts such as {"file", "a.csv"}
  std::shared_ptr<const Error> cause;                        // may be null

  // "NE0202 the store is corrupt: ...; remedy" on one line, causes appended.
  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = std::expected<T, Error>;

// Builds the failing side of a Result.
std::unexpected<Error> fail(Code code, std::string message, std::string remedy = {});
// Wraps `cause`, keeping its code when none is given.
std::unexpected<Error> fail(Code code, std::string message, Error cause);

// Aborts in all builds when `ok` is false: the program's own assumption is broken.
void check(bool ok, std::string_view what);

}  // namespace naestro

// Returns the error of a Result expression to the caller, else does nothing. For Result<void>
// and for values that are already named. (A macro, since only a macro can return.)
#define NAESTRO_TRY(expr)                                    \
  do {                                                       \
    if (auto&& naestro_r_ = (expr); !naestro_r_.has_value()) \
      return std::unexpected(std::move(naestro_r_).error()); \
  } while (false)

#define NAESTRO_CAT2(a, b) a##b
#define NAESTRO_CAT(a, b) NAESTRO_CAT2(a, b)
// NAESTRO_LET(auto x, f()) declares x from a Result, or returns its error.
#define NAESTRO_LET(decl, expr)                                                   \
  auto NAESTRO_CAT(naestro_l_, __LINE__) = (expr);                                \
  if (!NAESTRO_CAT(naestro_l_, __LINE__).has_value())                             \
    return std::unexpected(std::move(NAESTRO_CAT(naestro_l_, __LINE__)).error()); \
  decl = std::move(*NAESTRO_CAT(naestro_l_, __LINE__))
