// The functions and methods of policy expressions, as a table.
#pragma once

#include <span>
#include <string_view>

#include "policy/entities.hpp"
#include "policy/value.hpp"

namespace naestro::policy {

struct Function {
  std::string_view name;
  bool method = false;       // the first operand stands before the dot
  std::size_t operands = 1;  // with that one
  bool extension = true;     // another number of operands is found when it is called, as in Cedar
  Result<Value> (*apply)(std::span<const Value> operands, const Entities& entities) = nullptr;
};

std::span<const Function> functions();

// kStepFailed: "contains takes a set, not a long".
std::unexpected<Error> wrong_type(std::string_view who, std::string_view wants, const Value& found);
std::unexpected<Error> overflow(std::string_view who);

}  // namespace naestro::policy
