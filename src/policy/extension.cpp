// The extension types' texts and what they can say of each other.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "policy/value.hpp"

namespace naestro::policy {
namespace {

std::unexpected<Error> no(std::string_view type, std::string_view text) {
  return fail(Code::kUsage, "'" + std::string{text} + "' is no " + std::string{type});
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Decimal digits alone; nullopt also beyond `max`.
std::optional<std::int64_t> number(std::string_view text, std::int64_t max) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || !is_digit(text.front()) || out > max) return std::nullopt;
  return out;
}

// As number(), without a leading zero.
std::optional<std::int64_t> plain_number(std::string_view text, std::int64_t max) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return number(text, max);
}

// Takes what stands before `mark`, and the mark.
std::optional<std::string_view> up_to(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return part;
}

bool parse_v4(std::string_view text, Ip& ip) {
  for (int i = 0; i < 4; ++i) {
    const auto part = i < 3 ? up_to(text, '.') : std::optional{text};
    const auto byte = part ? plain_number(*part, 255) : std::nullopt;
    if (!byte) return false;
    ip.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(*byte);
  }
  return true;
}

// Groups between colons, of at most four hexadecimal digits, into `out`; false where one is none.
bool groups(std::string_view text, std::vector<std::uint16_t>& out) {
  if (text.empty()) return true;
  for (;;) {
    const std::string_view part = text.substr(0, text.find(':'));
    std::uint16_t group = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), group, 16);
    const bool good = error == std::errc{} && end == part.data() + part.size();
    if (!good || part.size() > 4) return false;
    out.push_back(group);
    if (part.size() == text.size()) return true;
    text.remove_prefix(part.size() + 1);
  }
}

bool parse_v6(std::string_view text, Ip& ip) {
  std::vector<std::uint16_t> head;
  std::vector<std::uint16_t> tail;
  const std::size_t gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  if (!groups(text.substr(0, gap), head)) return false;
  if (has_gap && !groups(text.substr(gap + 2), tail)) return false;
  const std::size_t given = head.size() + tail.size();
  if (has_gap ? given > 7 : given != 8) return false;
  head.resize(8 - tail.size());
  head.insert(head.end(), tail.begin(), tail.end());
  for (std::size_t i = 0; i < 8; ++i) {
    ip.bytes[2 * i] = static_cast<std::uint8_t>(head[i] >> 8);
    ip.bytes[2 * i + 1] = static_cast<std::uint8_t>(head[i] & 0xff);
  }
  return true;
}

int bits(const Ip& ip) { return ip.v6 ? 128 : 32; }

// The first address of the range, or with `last` the last one.
std::array<std::uint8_t, 16> edge(const Ip& ip, bool last) {
  auto out = ip.bytes;
  for (int bit = ip.prefix; bit < bits(ip); ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80 >> (bit % 8));
    auto& byte = out[static_cast<std::size_t>(bit / 8)];
    byte = static_cast<std::uint8_t>(last ? byte | mask : byte & ~mask);
  }
  return out;
}

Ip range(bool v6, std::uint8_t first, int prefix) {
  Ip out{.v6 = v6, .bytes = {}, .prefix = prefix};
  out.bytes[0] = first;
  return out;
}

// Exactly `count` digits at the front, as a number.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  const std::string_view part = text.substr(0, count);
  if (part.size() != count || !std::ranges::all_of(part, is_digit)) return std::nullopt;
  text.remove_prefix(count);
  return static_cast<int>(*number(part, 9999));
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// hh mm, with `mark` between them; nullopt beyond 23:59.
std::optional<std::int64_t> minutes(std::string_view& text, std::string_view mark) {
  const auto hours = digits(text, 2);
  if (!hours || !text.starts_with(mark)) return std::nullopt;
  text.remove_prefix(mark.size());
  const auto rest = digits(text, 2);
  if (!rest || *hours > 23 || *rest > 59) return std::nullopt;
  return *hours * 60 + *rest;
}

// What follows a date: T10:11:12, .123, and Z or an offset; in milliseconds.
std::optional<std::int64_t> time_of_day(std::string_view text) {
  const auto clock = minutes(text, ":");
  if (!clock || !take(text, ':')) return std::nullopt;
  const auto seconds = digits(text, 2);
  if (!seconds || *seconds > 59) return std::nullopt;
  int fraction = 0;
  if (take(text, '.')) {
    const auto read = digits(text, 3);
    if (!read) return std::nullopt;
    fraction = *read;
  }
  const std::int64_t ms = (*clock * 60 + *seconds) * 1000 + fraction;
  if (text == "Z") return ms;
  const int sign = take(text, '+') ? -1 : take(text, '-') ? 1 : 0;
  const auto offset = minutes(text, "");
  if (sign == 0 || !offset || !text.empty()) return std::nullopt;
  return ms + sign * *offset * 60'000;
}

}  // namespace

Result<Ip> parse_ip(std::string_view text) {
  Ip ip;
  const std::string_view address = text.substr(0, text.find('/'));
  ip.v6 = address.contains(':');
  ip.prefix = bits(ip);
  // Of IPv6 no form with an IPv4 address in it: its dots are no hexadecimal digits.
  if (!(ip.v6 ? parse_v6(address, ip) : parse_v4(address, ip))) return no("ip", text);
  if (address.size() == text.size()) return ip;
  const auto prefix = plain_number(text.substr(address.size() + 1), bits(ip));
  if (!prefix) return no("ip", text);
  ip.prefix = static_cast<int>(*prefix);
  return ip;
}

bool is_within(const Ip& inner, const Ip& outer) {
  return inner.v6 == outer.v6 && edge(outer, false) <= edge(inner, false) &&
         edge(inner, true) <= edge(outer, true);
}

bool is_loopback(const Ip& ip) {
  if (!ip.v6) return is_within(ip, range(false, 127, 8));
  Ip one{.v6 = true, .bytes = {}, .prefix = 128};
  one.bytes[15] = 1;
  return is_within(ip, one);
}

bool is_multicast(const Ip& ip) {
  return is_within(ip, ip.v6 ? range(true, 0xff, 8) : range(false, 224, 4));
}

Result<Decimal> parse_decimal(std::string_view text) {
  std::string_view rest = text;
  const bool negative = take(rest, '-');
  const auto whole = up_to(rest, '.');
  const bool formed = whole && !whole->empty() && std::ranges::all_of(*whole, is_digit) &&
                      !rest.empty() && rest.size() <= 4 && std::ranges::all_of(rest, is_digit);
  if (!formed) return no("decimal", text);
  std::string all = (negative ? "-" : "") + std::string{*whole} + std::string{rest};
  all.append(4 - rest.size(), '0');
  Decimal out;
  const auto [end, error] =
      std::from_chars(all.data(), all.data() + all.size(), out.tenthousandths);
  if (error != std::errc{}) return no("decimal", text);
  return out;
}

Result<Datetime> parse_datetime(std::string_view text) {
  std::string_view rest = text;
  const auto year = digits(rest, 4);
  const bool first = take(rest, '-');
  const auto month = digits(rest, 2);
  const bool second = take(rest, '-');
  const auto day = digits(rest, 2);
  if (!year || !first || !month || !second || !day) return no("datetime", text);
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return no("datetime", text);
  const std::int64_t midnight =
      std::int64_t{std::chrono::sys_days{date}.time_since_epoch().count()} * 86'400'000;
  if (rest.empty()) return Datetime{midnight};
  const auto time = take(rest, 'T') ? time_of_day(rest) : std::nullopt;
  if (!time) return no("datetime", text);
  return Datetime{midnight + *time};
}

Result<Duration> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t ms;
  };
  constexpr std::array<Unit, 5> units = {
      {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
  std::string_view rest = text;
  const std::int64_t sign = take(rest, '-') ? -1 : 1;
  const Unit* next = units.begin();
  Duration out;
  if (rest.empty()) return no("duration", text);
  while (!rest.empty()) {
    const auto ends = std::ranges::find_if_not(rest, is_digit);
    const auto count = static_cast<std::size_t>(ends - rest.begin());
    // Signed from the start: the least of all has no positive counterpart.
    const std::string digits = (sign < 0 ? "-" : "") + std::string{rest.substr(0, count)};
    rest.remove_prefix(count);
    const std::string_view name = rest.substr(
        0, static_cast<std::size_t>(std::ranges::find_if(rest, is_digit) - rest.begin()));
    rest.remove_prefix(name.size());
    next = std::find_if(next, units.end(), [&](const Unit& unit) { return unit.name == name; });
    std::int64_t amount = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), amount);
    const bool good = count > 0 && next != units.end() && error == std::errc{} &&
                      !__builtin_mul_overflow(amount, next->ms, &amount) &&
                      !__builtin_add_overflow(out.ms, amount, &out.ms);
    if (!good) return no("duration", text);
    ++next;
  }
  return out;
}

}  // namespace naestro::policy
