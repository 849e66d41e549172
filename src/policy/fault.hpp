// Why a part of a policy was not read, and what the readers of its parts share.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace naestro::policy {

// The member at fault ("" for the part as a whole) and what is wrong.
struct RuleFault {
  std::string pointer;  // RFC 6901, within the part
  std::string message;
  std::string remedy = {};
};
template <class T>
using Read = std::expected<T, RuleFault>;

std::unexpected<RuleFault> fault(std::string pointer, std::string message, std::string remedy = {});

// For messages: in quotes, on one line, shortened.
std::string quoted(std::string_view text);
std::string did_you_mean(std::string_view word, std::span<const std::string_view> words);

// The first member of `form` that is none of `known` is a fault; `what`: "a rule".
Read<void> only(const json::Object& form, std::string_view what, std::string_view pointer,
                std::span<const std::string_view> known);

// A whole number, written as one or as a text: policy files are texts. nullopt for anything else
// and for what is less than `min` or more than 2^53-1.
std::optional<std::int64_t> whole_number(const json::Value& value, std::int64_t min);
// Seconds of "30s", "1m", "2h", "1d"; nullopt for anything else, for none and for more than a year.
std::optional<std::int64_t> seconds_of(std::string_view text);

}  // namespace naestro::policy
