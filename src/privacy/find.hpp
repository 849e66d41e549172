// What identifies a person, found in texts by its form and, where a form has one, its check digits:
// no model, no names or addresses. docs/formats/privacy.md has each class and what it leaves out.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace naestro::privacy {

enum class Kind : unsigned char { email, iban, ip, card, us_ssn, birth_date, id_number, phone };
std::string_view name_of(Kind kind);  // "us_ssn"
std::optional<Kind> kind_named(std::string_view name);
using Kinds = std::set<Kind>;
const Kinds& all_kinds();

struct Found {
  Kind kind;
  std::size_t at;  // bytes into the text
  std::size_t size;
  bool operator==(const Found&) const = default;
};

// In the order of the text, without overlaps: where two kinds claim the same bytes, the one that
// stands first in Kind. Time is linear in the text.
std::vector<Found> find(std::string_view text);

// The text with "⟦pii:KIND⟧" for each of these kinds; nullopt where there is none.
std::optional<std::string> redacted_text(std::string_view text, const Kinds& kinds = all_kinds());
// The same of a JSON value: of its texts, its numbers (which become texts) and its members' names;
// the name of a member is context for its value. A text that is JSON is searched as that.
json::Value redacted_value(const json::Value& value, const Kinds& kinds = all_kinds());

}  // namespace naestro::privacy
