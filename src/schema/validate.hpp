// JSON Schema 2020-12, the core keywords: type, enum, const, properties, required,
// additionalProperties, items, minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength,
// maxLength, minItems, maxItems, minProperties, maxProperties; and the annotations $schema, $id,
// title, description, which assert nothing. Any other keyword is refused by name, never ignored.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace naestro::schema {

// One way in which a value does not fit.
struct Violation {
  std::string instance;  // RFC 6901 pointer into the value
  std::string keyword;   // pointer into the schema, e.g. "/properties/a/type"
  std::string message;   // "expected a string, found an integer"
};

// A schema that was checked once; immutable and cheap to copy.
class Schema {
 public:
  // Fails with kSchemaUnsupported (the keyword and its pointer are named) or kSchemaInvalid.
  static Result<Schema> compile(const json::Value& schema);

  // All violations, at most `max`; empty when the value fits.
  [[nodiscard]] std::vector<Violation> validate(const json::Value& value,
                                                std::size_t max = 64) const;

 private:
  struct Node;
  explicit Schema(std::shared_ptr<const Node> root) : root_{std::move(root)} {}
  std::shared_ptr<const Node> root_;
};

// kSchemaMismatch with the first violations in its message, or success.
Result<void> conforms(const Schema& schema, const json::Value& value, std::string_view what);

}  // namespace naestro::schema
