#include "policy/fault.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.hpp"

namespace naestro::policy {
namespace {

constexpr std::size_t kShownMax = 60;
constexpr std::int64_t kYearS = std::int64_t{366} * 86'400;

// The number that a text begins with, and what follows it; nullopt where there is none.
std::optional<std::pair<std::int64_t, std::string_view>> leading(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return std::nullopt;
  return std::pair{number, std::string_view{rest, static_cast<std::size_t>(end - rest)}};
}

}  // namespace

std::unexpected<RuleFault> fault(std::string pointer, std::string message, std::string remedy) {
  return std::unexpected(RuleFault{std::move(pointer), std::move(message), std::move(remedy)});
}

std::string quoted(std::string_view text) { return "'" + one_line(shorten(text, kShownMax)) + "'"; }

std::string did_you_mean(std::string_view word, std::span<const std::string_view> words) {
  const std::vector<std::string> known(words.begin(), words.end());
  const std::string near = nearest(word, known);
  return near.empty() ? "one of " + join(known, ", ") : "did you mean '" + near + "'?";
}

Read<void> only(const json::Object& form, std::string_view what, std::string_view pointer,
                std::span<const std::string_view> known) {
  for (const auto& each : form) {
    const std::string_view key = each.key();
    if (std::ranges::find(known, key) != known.end()) continue;
    return fault(std::string{pointer} + "/" + json::pointer_token(each.key()),
                 std::string{what} + " has no member " + quoted(key), did_you_mean(key, known));
  }
  return {};
}

std::optional<std::int64_t> whole_number(const json::Value& value, std::int64_t min) {
  std::optional<std::int64_t> out;
  if (value.is_int64()) out = value.get_int64();
  if (value.is_string()) {
    const auto number = leading(json::view(value.get_string()));
    if (number && number->second.empty()) out = number->first;
  }
  return out && *out >= min && *out <= json::kMaxInteger ? out : std::nullopt;
}

std::optional<std::int64_t> seconds_of(std::string_view text) {
  const auto number = leading(text);
  if (!number || number->second.size() != 1) return std::nullopt;
  constexpr std::string_view kUnits = "smhd";
  constexpr std::int64_t kSeconds[] = {1, 60, 3'600, 86'400};
  const std::size_t unit = kUnits.find(number->second.front());
  if (unit == std::string_view::npos) return std::nullopt;
  const bool fits = number->first > 0 && number->first <= kYearS / kSeconds[unit];
  return fits ? std::optional{number->first * kSeconds[unit]} : std::nullopt;
}

}  // namespace naestro::policy
