// Policy expressions: the expressions of Cedar, which are total, have no loops and no calls of a
// user's own, and take time in proportion to their size and their values.
//
//   principal in Team::"ops" && context.amount <= 100 && context.host like "*.example"
//
// Source: the Cedar policy language's grammar and semantics (version 4).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/entities.hpp"
#include "policy/value.hpp"

namespace naestro::policy {

struct Expression {
  enum class Op : std::uint8_t {
    literal,
    variable,   // name: principal, action, resource, context
    condition,  // if of[0] then of[1] else of[2]
    both,
    either,
    negation,
    minus,
    equal,
    less,
    at_most,
    add,
    subtract,
    multiply,
    in,
    is,         // name: the type
    has,        // name: the attribute
    attribute,  // name
    like,       // pattern
    set,
    record,  // names, each of one operand
    call,    // a function or method, by its number; of[0] is a method's receiver
  };
  Op op = Op::literal;
  Value literal{};
  std::string name{};
  std::vector<std::string> names{};
  // Of `like`: what stands between the stars.
  std::vector<std::string> pattern{};
  std::size_t function = 0;
  std::vector<Expression> of{};
};

inline constexpr std::size_t kExpressionDepthMax = 200;

// What an expression is asked about.
struct Request {
  EntityUid principal;
  EntityUid action;
  EntityUid resource;
  Record context;
};

// Its value. Fails with kStepFailed where a type is wrong, an attribute or an entity is not there,
// or a number leaves 64 bits; the message says which.
Result<Value> evaluate(const Expression& expression, const Request& request,
                       const Entities& entities);

// Text like "a*b" as `like` takes it.
bool matches(std::string_view text, const std::vector<std::string>& pattern);

}  // namespace naestro::policy
