// JSON as the house uses it: I-JSON (RFC 7493) in, RFC 8785 canonical form for what is hashed.
// Wraps Boost.JSON; nothing else parses or writes JSON.
#pragma once

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace naestro::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;
using boost::json::kind;

// Where values keep their parts. An arena gives nothing back before the last value in it is gone:
// for what is built, read once and dropped as a whole.
using Storage = boost::json::storage_ptr;
Storage arena();

// The largest integer that every JSON reader keeps exactly, 2^53-1.
inline constexpr std::int64_t kMaxInteger = 9'007'199'254'740'991;

struct Limits {
  std::size_t bytes_max = std::size_t{16} << 20;
  unsigned depth_max = 64;
  // Lets integers up to 2^64-1 in, for foreign data that is never hashed by us.
  bool large_integers = false;
};

// Strict RFC 8259 text: valid UTF-8, no duplicate keys, integers within 2^53-1 (also those that
// are written as fractions below 1e21), finite numbers, nothing after the value. The error names
// line and column.
Result<Value> parse(std::string_view text, Limits limits = {}, const Storage& in = {});

// Whether canonical() can write it: integers within 2^53-1, finite numbers. All that parse() lets
// in is; what a tool computed has to be asked.
bool exact(const Value& value);

// Compact text, members in their order.
std::string write(const Value& value);
// Indented by two spaces, members in their order, ending in a line feed.
std::string pretty(const Value& value);
// RFC 8785: members sorted by UTF-16 code units, shortest numbers. Equal values, equal bytes.
std::string canonical(const Value& value);
// The same behind what is there, also of an object and of a string.
void append_canonical(std::string& out, const Value& value);
void append_canonical(std::string& out, const Object& object);
void append_canonical(std::string& out, std::string_view text);

// Whether member `a` stands before member `b` in that form.
bool canonical_before(std::string_view a, std::string_view b);

// 1-based; columns count bytes.
struct Position {
  int line = 1;
  int column = 1;
  bool operator==(const Position&) const = default;
};
// Where the value at `pointer` (RFC 6901) begins in `text`; where it is absent, its nearest
// existing ancestor. `text` must have passed parse().
Position locate(std::string_view text, std::string_view pointer);
// The same as a count of bytes.
std::size_t offset_of(std::string_view text, std::string_view pointer);

// The value at an RFC 6901 pointer, or null.
const Value* at(const Value& root, std::string_view pointer);
// `token` with ~ and / escaped, ready to stand behind a '/'.
std::string pointer_token(std::string_view token);

// Typed reads of a member; nullopt (or null) when it is absent or of another type.
std::optional<std::string_view> text_at(const Object& object, std::string_view key);
std::optional<std::int64_t> integer_at(const Object& object, std::string_view key);
std::optional<bool> bool_at(const Object& object, std::string_view key);
const Object* object_at(const Object& object, std::string_view key);
const Array* array_at(const Object& object, std::string_view key);

inline std::string_view view(const boost::json::string& s) { return {s.data(), s.size()}; }
// Any JSON number, as a double; nullopt for other types.
std::optional<double> number(const Value& value);
// RFC 8785 / ECMAScript text of a finite number.
std::string number_text(double value);

// Equal as JSON values: 1 equals 1.0, members in any order (JSON Schema's equality).
bool equal(const Value& a, const Value& b);

// "a string", "an object", ... for messages.
std::string_view type_name(const Value& value);

}  // namespace naestro::json
