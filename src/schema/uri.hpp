// URI references as JSON Schema uses them. Nothing here is ever fetched.
// Source: RFC 3986, sections 3 and 5.2.
#pragma once

#include <string>
#include <string_view>

namespace naestro::schema {

// `reference` seen from `base`, dot segments removed, its fragment kept. With an empty base a
// relative reference stays relative. Any text is taken; what is no URI names nothing later.
std::string resolve_uri(std::string_view base, std::string_view reference);

// A URI cut at its '#'.
struct SplitUri {
  std::string absolute;  // without fragment
  std::string fragment;  // percent-decoded; empty when there is none
};
SplitUri split_uri(std::string_view uri);

}  // namespace naestro::schema
