// The schema of a part of a value: what a reference such as ${steps.q.out.rows[0].total} yields.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/validate.hpp"

namespace naestro::schema {

struct Projection {
  // Of the value there; nullopt: no value of the whole schema has anything there.
  std::optional<Schema> schema;
  // Some values have nothing there.
  bool may_be_absent = false;
  // When nothing can be there: the members that can, at the first step of the pointer that leads
  // nowhere; sorted.
  std::vector<std::string> names;
};

// A value of `schema` in which `part` stands at the pointer, if one is found; it was validated. So
// what a projection admits and this completes is certain to occur.
std::optional<json::Value> completed(const Schema& schema, std::string_view pointer,
                                     const json::Value& part);

// What stands at an RFC 6901 pointer inside of values of `schema`. The result admits every value
// that can stand there; where `oneOf`, `not`, `contains`, `dependent...` or sizes of the values
// around rule some of them out, it may admit more. Where the limits of depth and steps end, or a
// $dynamicRef depends on the way to it, it admits anything and may be absent.
Projection project(const Schema& schema, std::string_view pointer);

}  // namespace naestro::schema
