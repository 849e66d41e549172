// References: how a plan names a value that is known only when it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace naestro::plan {

// ${inputs.x}, ${steps.id.out.a.b[0]}, ${item.a} or ${prev.a}: which value, and the RFC 6901
// pointer inside of it.
struct Reference {
  // item: the element that a for_each is at; prev: what the round before yielded, in a repeat;
  // call: what an agent's model calls its tool with (no plan writes it: the compiler does).
  enum class From : std::uint8_t { input, step, item, prev, call };
  From from = From::input;
  std::string name;     // of the input or the step; "" for the others
  std::string pointer;  // "" for the whole value
  bool operator==(const Reference&) const = default;
};

// As it stands in a plan: "${steps.id.out.a.b[0]}".
std::string written(const Reference& reference);
// A text as it stands in a plan where it is data: no "${" of it begins a reference.
std::string escaped(std::string_view text);
// What stands between "${" and "}"; nullopt when it is malformed.
std::optional<Reference> parse_reference(std::string_view body);

// Hands out the value that a reference is into (of an input, a settled step, ...); null when there
// is none.
using Lookup = std::function<const json::Value*(Reference::From, const std::string& name)>;

// The value that a reference names. Fails with kStepFailed where there is none.
Result<const json::Value*> value_at(const Reference& reference, const Lookup& lookup);

}  // namespace naestro::plan
