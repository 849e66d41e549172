#include "policy/functions.hpp"

#include <algorithm>

namespace naestro::policy {
namespace {

using Operands = std::span<const Value>;

constexpr std::int64_t kDay = 86'400'000;

template <class T>
constexpr std::string_view kWanted = "";
template <>
constexpr std::string_view kWanted<std::string> = "a string";
template <>
constexpr std::string_view kWanted<EntityUid> = "an entity";
template <>
constexpr std::string_view kWanted<Set> = "a set";
template <>
constexpr std::string_view kWanted<Ip> = "an ip";
template <>
constexpr std::string_view kWanted<Decimal> = "a decimal";
template <>
constexpr std::string_view kWanted<Datetime> = "a datetime";
template <>
constexpr std::string_view kWanted<Duration> = "a duration";

// The operand as a T.
template <class T>
Result<const T*> as(const Value& value, std::string_view who) {
  if (const T* out = std::get_if<T>(&value.of)) return out;
  return wrong_type(who, kWanted<T>, value);
}

// A function of one operand that always has a result.
template <class A, auto F>
Result<Value> one(Operands operands, const Entities&) {
  NAESTRO_LET(const A* a, as<A>(operands[0], "the call"));
  return Value{F(*a)};
}

// The same of two.
template <class A, class B, auto F>
Result<Value> two(Operands operands, const Entities&) {
  NAESTRO_LET(const A* a, as<A>(operands[0], "the call"));
  NAESTRO_LET(const B* b, as<B>(operands[1], "the call"));
  return Value{F(*a, *b)};
}

// A value of an extension type out of its text.
template <auto Parse>
Result<Value> made(Operands operands, const Entities&) {
  NAESTRO_LET(const std::string* text, as<std::string>(operands[0], "the call"));
  auto out = Parse(*text);
  if (!out) return fail(Code::kStepFailed, out.error().message);
  return Value{*std::move(out)};
}

bool holds(const Set& set, const Value& value) {
  return std::ranges::binary_search(set.elements, value);
}

Result<Value> contains(Operands operands, const Entities&) {
  NAESTRO_LET(const Set* set, as<Set>(operands[0], "contains"));
  return Value{holds(*set, operands[1])};
}

bool contains_all(const Set& set, const Set& of) {
  return std::ranges::all_of(of.elements, [&](const Value& each) { return holds(set, each); });
}

bool contains_any(const Set& set, const Set& of) {
  return std::ranges::any_of(of.elements, [&](const Value& each) { return holds(set, each); });
}

bool is_empty(const Set& set) { return set.elements.empty(); }

// The tag of an entity, or null.
Result<const Value*> tag(Operands operands, const Entities& entities) {
  NAESTRO_LET(const EntityUid* uid, as<EntityUid>(operands[0], "a tag"));
  NAESTRO_LET(const std::string* name, as<std::string>(operands[1], "a tag"));
  const Entity* entity = entities.find(*uid);
  return entity == nullptr ? nullptr : entity->tags.find(*name);
}

Result<Value> has_tag(Operands operands, const Entities& entities) {
  NAESTRO_LET(const Value* found, tag(operands, entities));
  return Value{found != nullptr};
}

Result<Value> get_tag(Operands operands, const Entities& entities) {
  NAESTRO_LET(const Value* found, tag(operands, entities));
  if (found != nullptr) return *found;
  return fail(Code::kStepFailed, "the entity has no such tag");
}

bool less(const Decimal& a, const Decimal& b) { return a < b; }
bool at_most(const Decimal& a, const Decimal& b) { return a <= b; }
bool greater(const Decimal& a, const Decimal& b) { return a > b; }
bool at_least(const Decimal& a, const Decimal& b) { return a >= b; }

bool is_v4(const Ip& ip) { return !ip.v6; }
bool is_v6(const Ip& ip) { return ip.v6; }

Result<Value> offset(Operands operands, const Entities&) {
  NAESTRO_LET(const Datetime* from, as<Datetime>(operands[0], "offset"));
  NAESTRO_LET(const Duration* by, as<Duration>(operands[1], "offset"));
  Datetime out;
  if (__builtin_add_overflow(from->ms, by->ms, &out.ms)) return overflow("offset");
  return Value{out};
}

Result<Value> duration_since(Operands operands, const Entities&) {
  NAESTRO_LET(const Datetime* to, as<Datetime>(operands[0], "durationSince"));
  NAESTRO_LET(const Datetime* from, as<Datetime>(operands[1], "durationSince"));
  Duration out;
  if (__builtin_sub_overflow(to->ms, from->ms, &out.ms)) return overflow("durationSince");
  return Value{out};
}

Duration time_of(const Datetime& datetime) { return {(datetime.ms % kDay + kDay) % kDay}; }

Result<Value> to_date(Operands operands, const Entities&) {
  NAESTRO_LET(const Datetime* from, as<Datetime>(operands[0], "toDate"));
  Datetime out;
  if (__builtin_sub_overflow(from->ms, time_of(*from).ms, &out.ms)) return overflow("toDate");
  return Value{out};
}

template <std::int64_t unit>
std::int64_t in_units(const Duration& duration) {
  return duration.ms / unit;
}

constexpr Function kFunctions[] = {
    {"ip", false, 1, true, made<parse_ip>},
    {"decimal", false, 1, true, made<parse_decimal>},
    {"datetime", false, 1, true, made<parse_datetime>},
    {"duration", false, 1, true, made<parse_duration>},
    {"contains", true, 2, false, contains},
    {"containsAll", true, 2, false, two<Set, Set, contains_all>},
    {"containsAny", true, 2, false, two<Set, Set, contains_any>},
    {"isEmpty", true, 1, false, one<Set, is_empty>},
    {"hasTag", true, 2, false, has_tag},
    {"getTag", true, 2, false, get_tag},
    {"lessThan", true, 2, true, two<Decimal, Decimal, less>},
    {"lessThanOrEqual", true, 2, true, two<Decimal, Decimal, at_most>},
    {"greaterThan", true, 2, true, two<Decimal, Decimal, greater>},
    {"greaterThanOrEqual", true, 2, true, two<Decimal, Decimal, at_least>},
    {"isIpv4", true, 1, true, one<Ip, is_v4>},
    {"isIpv6", true, 1, true, one<Ip, is_v6>},
    {"isLoopback", true, 1, true, one<Ip, is_loopback>},
    {"isMulticast", true, 1, true, one<Ip, is_multicast>},
    {"isInRange", true, 2, true, two<Ip, Ip, is_within>},
    {"offset", true, 2, true, offset},
    {"durationSince", true, 2, true, duration_since},
    {"toDate", true, 1, true, to_date},
    {"toTime", true, 1, true, one<Datetime, time_of>},
    {"toMilliseconds", true, 1, true, one<Duration, in_units<1>>},
    {"toSeconds", true, 1, true, one<Duration, in_units<1000>>},
    {"toMinutes", true, 1, true, one<Duration, in_units<60'000>>},
    {"toHours", true, 1, true, one<Duration, in_units<3'600'000>>},
    {"toDays", true, 1, true, one<Duration, in_units<kDay>>},
};

}  // namespace

std::span<const Function> functions() { return kFunctions; }

std::unexpected<Error> wrong_type(std::string_view who, std::string_view wants,
                                  const Value& found) {
  return fail(Code::kStepFailed, std::string{who} + " takes " + std::string{wants} + ", not " +
                                     std::string{type_name(found)});
}

std::unexpected<Error> overflow(std::string_view who) {
  return fail(Code::kStepFailed, "the result of " + std::string{who} + " leaves 64 bits");
}

}  // namespace naestro::policy
