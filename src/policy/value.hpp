// The values of policy expressions, as Cedar has them: booleans, 64-bit integers, texts, entities,
// sets, records, and the extension types ip, decimal, datetime, duration.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace naestro::policy {

// "User::\"alice\"": a type (a path of names) and an id.
struct EntityUid {
  std::string type;
  std::string id;
  auto operator<=>(const EntityUid&) const = default;
};

struct Decimal {
  std::int64_t tenthousandths = 0;
  auto operator<=>(const Decimal&) const = default;
};

// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
struct Datetime {
  std::int64_t ms = 0;
  auto operator<=>(const Datetime&) const = default;
};

struct Duration {
  std::int64_t ms = 0;
  auto operator<=>(const Duration&) const = default;
};

// An address or a range of them. Two are equal when address and prefix are.
struct Ip {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // of v4 the first four
  int prefix = 32;
  auto operator<=>(const Ip&) const = default;
};

struct Value;
struct Member;

// Elements in order, each once.
struct Set {
  std::vector<Value> elements;
  std::strong_ordering operator<=>(const Set& other) const;
  bool operator==(const Set& other) const;
};

// Members by name, in order.
struct Record {
  std::vector<Member> members;
  [[nodiscard]] const Value* find(std::string_view name) const;
  std::strong_ordering operator<=>(const Record& other) const;
  bool operator==(const Record& other) const;
};

struct Value {
  std::variant<bool, std::int64_t, std::string, EntityUid, Set, Record, Ip, Decimal, Datetime,
               Duration>
      of;
  std::strong_ordering operator<=>(const Value& other) const = default;
  bool operator==(const Value& other) const = default;
};

struct Member {
  std::string name;
  Value value;
  std::strong_ordering operator<=>(const Member& other) const = default;
  bool operator==(const Member& other) const = default;
};

Set make_set(std::vector<Value> elements);
// Of members whose names differ.
Record make_record(std::vector<Member> members);
// "a bool", "a long", ...: for messages.
std::string_view type_name(const Value& value);

// The extension types from their texts; kUsage where a text is none.
//   ip: 10.0.0.1, 10.0.0.0/8, ::1, fe80::/10; no leading zeros, no IPv4 inside of IPv6
//   decimal: -?digits.one to four digits
//   datetime: 2026-01-31, 2026-01-31T10:11:12Z, .123 before Z or an offset such as +0230
//   duration: -?, then any of d, h, m, s, ms in this order, as 1d2h
Result<Ip> parse_ip(std::string_view text);
Result<Decimal> parse_decimal(std::string_view text);
Result<Datetime> parse_datetime(std::string_view text);
Result<Duration> parse_duration(std::string_view text);

// Whether every address of `inner` is one of `outer`.
bool is_within(const Ip& inner, const Ip& outer);
bool is_loopback(const Ip& ip);
bool is_multicast(const Ip& ip);

}  // namespace naestro::policy
