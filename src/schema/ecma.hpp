// ECMA-262 regular expressions (with the flag u) in the words of PCRE2.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace naestro::schema {

// The same expression for PCRE2 with UTF, DOLLAR_ENDONLY, ALLOW_EMPTY_CLASS and
// MATCH_UNSET_BACKREF. Fails with kSchemaInvalid at what ECMA-262 does not know but PCRE2 would
// take: \A, (?i), a++ and the like. What both refuse is left to PCRE2.
Result<std::string> ecma_to_pcre(std::string_view ecma);

}  // namespace naestro::schema
