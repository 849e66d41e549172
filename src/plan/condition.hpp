// Conditions: the small total language of `when` and `until`. It has comparison, boolean words,
// arithmetic, length and `in`; no loops and no calls, so every condition ends.
//
//   ${steps.find.out.match_count} > 0 and not (${inputs.mode} == 'quick')
//   length(${item.lines}) in [1, 2, 3]
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/reference.hpp"

namespace naestro::plan {

// A tree; its root also has the text as the plan has it.
struct Condition {
  enum class Op : std::uint8_t {
    literal,
    reference,
    list,
    negation,
    both,
    either,
    equal,
    unequal,
    less,
    at_most,
    greater,
    at_least,
    in,
    add,
    subtract,
    multiply,
    divide,
    remainder,
    minus,
    length
  };
  Op op = Op::literal;
  json::Value literal{};        // of literal
  Reference reference{};        // of reference
  std::vector<Condition> of{};  // operands, elements
  std::string text{};           // of the root
};

inline constexpr std::size_t kConditionBytesMax = 4096;
inline constexpr int kConditionDepthMax = 32;

// Fails with kUsage; the message says where in the text ("at character 12: ...").
Result<Condition> parse_condition(std::string_view text);

std::vector<Reference> references(const Condition& condition);

// Its truth. `and` and `or` stop where the answer is known. Fails with kStepFailed where a
// reference finds nothing, an operand has the wrong type, a number is divided by zero or leaves the
// range of exact numbers, or the whole is neither true nor false.
//
// Numbers and strings are ordered (strings by bytes); == and != take any two values (1 equals 1.0);
// `x in y`: an element of an array, a member's name of an object, a part of a string; length():
// characters, elements, members. Whole numbers stay whole, but for `/`, which is exact only where
// it divides.
Result<bool> holds(const Condition& condition, const Lookup& lookup);

// A set of JSON types, one bit each.
enum TypeBits : std::uint8_t {
  kNull = 1,
  kBoolean = 2,
  kNumber = 4,
  kString = 8,
  kArray = 16,
  kObject = 32,
  kAnyType = 63
};

struct ConditionFinding {
  bool certain = false;  // it fails whatever the values are; else it may
  std::string message;
};
// What may go wrong with the types of operands; `types_of`: those that a reference's value may
// have.
std::vector<ConditionFinding> check_types(
    const Condition& condition, const std::function<std::uint8_t(const Reference&)>& types_of);

}  // namespace naestro::plan
