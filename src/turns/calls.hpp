// The functions that a model may call, and whether a call is one of them: what it names is there,
// every argument that it needs is given, none that it does not know, each of its type. Nothing is
// mended on the way: "5" is no number. What does not fit goes back to the model in words that say
// what to change.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "schema/validate.hpp"

namespace naestro::turns {

class Functions {
 public:
  // `parameters`: the JSON Schema of its arguments, an object; words that JSON Schema does not
  // know mean nothing, and Python's names of types are read as contract::standard_types() does.
  // Refused: a second one of the name, a schema that is none.
  Result<void> add(std::string name, const json::Value& parameters);

  // kNotFound: there is none of the name (the error names the one most like it, or all).
  // kSchemaMismatch: the arguments do not fit.
  [[nodiscard]] Result<void> check(std::string_view name, const json::Value& arguments) const;

 private:
  std::map<std::string, schema::Schema, std::less<>> by_name_;
};

}  // namespace naestro::turns
