// What the types of a condition's operands allow; the reading beside it is condition.cpp.
#include <algorithm>

#include "base/text.hpp"
#include "plan/condition.hpp"

namespace naestro::plan {
namespace {

using Op = Condition::Op;

constexpr std::uint8_t kOrdered = kNumber | kString;
constexpr std::uint8_t kSized = kString | kArray | kObject;

// Of a literal, which is no array (a list is its own operation) and no object.
std::uint8_t bits_of(const json::Value& value) {
  switch (value.kind()) {
    case json::kind::null: return kNull;
    case json::kind::bool_: return kBoolean;
    case json::kind::string: return kString;
    default: return kNumber;
  }
}

std::string words(std::uint8_t types) {
  constexpr std::string_view kNames[] = {"null",     "a boolean", "a number",
                                         "a string", "an array",  "an object"};
  std::vector<std::string> out;
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if ((types >> i & 1) != 0) out.emplace_back(kNames[i]);
  }
  return join(out, " or ");
}

class Check {
 public:
  using TypesOf = std::function<std::uint8_t(const Reference&)>;
  explicit Check(const TypesOf& types_of) : types_of_{types_of} {}

  std::uint8_t types(const Condition& condition) {
    switch (condition.op) {
      case Op::literal: return bits_of(condition.literal);
      case Op::reference: return types_of_(condition.reference);
      case Op::list:
        for (const Condition& element : condition.of) types(element);
        return kArray;
      case Op::negation:
      case Op::both:
      case Op::either: return of(condition, kBoolean, kBoolean);
      case Op::equal:
      case Op::unequal: return of(condition, kAnyType, kBoolean);
      case Op::less:
      case Op::at_most:
      case Op::greater:
      case Op::at_least: return compared(condition);
      case Op::in: {
        types(condition.of[0]);
        want(condition.of[1], kSized);
        return kBoolean;
      }
      case Op::length: return of(condition, kSized, kNumber);
      default: {
        const std::uint8_t number = of(condition, kNumber, kNumber);
        const bool divides = condition.op == Op::divide || condition.op == Op::remainder;
        const Condition& right = condition.of.back();
        if (divides && !(right.op == Op::literal && json::number(right.literal).value_or(0) != 0)) {
          found.push_back({false, "a division by what may be zero"});
        }
        return number;
      }
    }
  }

  // The operand's types must be among `taken`.
  void want(const Condition& operand, std::uint8_t taken) { judge(types(operand), taken); }

  std::vector<ConditionFinding> found;

 private:
  void judge(std::uint8_t given, std::uint8_t taken) {
    if ((given & ~taken) == 0) return;
    const bool never = (given & taken) == 0;
    found.push_back({never, "it is " + words(given) + " where " + words(taken) + " is taken"});
  }

  std::uint8_t of(const Condition& condition, std::uint8_t taken, std::uint8_t gives) {
    for (const Condition& operand : condition.of) want(operand, taken);
    return gives;
  }

  // Both numbers or both strings.
  std::uint8_t compared(const Condition& condition) {
    const std::uint8_t left = types(condition.of[0]);
    const std::uint8_t right = types(condition.of[1]);
    judge(left, kOrdered);
    judge(right, kOrdered);
    const std::uint8_t both = left & right & kOrdered;
    if ((left & kOrdered) != 0 && (right & kOrdered) != 0 && (both == 0 || both == kOrdered)) {
      found.push_back({both == 0, "a number is compared with a string"});
    }
    return kBoolean;
  }

  const TypesOf& types_of_;
};

}  // namespace

std::vector<ConditionFinding> check_types(
    const Condition& condition, const std::function<std::uint8_t(const Reference&)>& types_of) {
  Check check{types_of};
  check.want(condition, kBoolean);
  return std::move(check.found);
}

}  // namespace naestro::plan
