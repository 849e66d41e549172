// Any JSON as a JSON Schema, and any as the value: [schema, value], or a schema that meets itself.
#include "fuzz/fuzz.hpp"
#include "schema/validate.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = json::parse(fuzz::text(data, size));
  if (!read) return 0;
  const json::Array* pair = read->if_array();
  const bool two = pair != nullptr && pair->size() == 2;
  const json::Value& form = two ? (*pair)[0] : *read;
  const json::Value& value = two ? (*pair)[1] : *read;
  (void)schema::Schema::compile(form, {}, schema::Unknown::ignore);
  const auto compiled = schema::Schema::compile(form);
  if (!compiled) return 0;
  const auto violations = compiled->validate(value);
  const auto again = compiled->validate(value);
  fuzz::require(violations.size() == again.size(), "the same answer twice");
  fuzz::require(schema::conforms(*compiled, value, "it").has_value() == violations.empty(),
                "both ways to ask agree");
  return 0;
}
