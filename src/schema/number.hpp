// JSON numbers compared and divided as the decimals that stand in the text, where doubles would
// lie: 0.3 is a multiple of 0.1.
#pragma once

#include <compare>
#include <cstdint>

#include "base/json.hpp"

namespace naestro::schema {

// Of two numbers; exact also between 64-bit integers and doubles. Both must be finite numbers.
std::strong_ordering compare(const json::Value& a, const json::Value& b);

// Whether a value is a number without a fraction; 1.0 is one.
bool is_integer(const json::Value& value);

// Whether `value` is an integer times `divisor`, both read as the shortest decimals that give
// their doubles (as RFC 8785 writes them). `divisor` is above 0.
bool is_multiple(const json::Value& value, const json::Value& divisor);

}  // namespace naestro::schema
