// JSON Schema 2020-12, all vocabularies; `format` and the content keywords are annotations and
// assert nothing. Source: https://json-schema.org/draft/2020-12; what is true of the official suite
// is printed by `naestro-proof json-schema`. Nothing is ever fetched: a reference leads into the
// schema itself, into a resource that was handed in, or to the metaschema of 2020-12.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace naestro::schema {

struct Program;

// One way in which a value does not fit.
struct Violation {
  std::string instance;  // RFC 6901 pointer into the value
  std::string keyword;   // the way through the schema, e.g. "/properties/a/$ref/type"
  std::string message;   // "expected a string, found an integer"
};

// Schemas that references may lead to, by their absolute URIs (without fragment). A schema of
// another dialect than 2020-12 needs its metaschema among them.
using Resources = std::map<std::string, json::Value, std::less<>>;

// What a keyword means that JSON Schema 2020-12 does not know: a plan or contract that is refused,
// or, for schemas of others, nothing.
enum class Unknown : bool { refuse, ignore };

// A schema that was checked once; immutable, cheap to copy, may be shared between threads.
class Schema {
 public:
  // Fails with kSchemaUnsupported (an unknown keyword, reference or dialect, which is named),
  // kSchemaInvalid, kTooDeep or kTooLarge; "pointer" of the context says where.
  static Result<Schema> compile(const json::Value& schema, const Resources& known = {},
                                Unknown unknown = Unknown::refuse);

  // All violations, at most `max` (but at least one); empty when the value fits. What cannot be
  // decided within the limits of depth and steps, which do not depend on the machine, is a
  // violation that says so.
  [[nodiscard]] std::vector<Violation> validate(const json::Value& value,
                                                std::size_t max = 64) const;

  // The room's own form.
  explicit Schema(std::shared_ptr<const Program> program) : program_{std::move(program)} {}
  [[nodiscard]] const Program& program() const { return *program_; }
  [[nodiscard]] const std::shared_ptr<const Program>& shared_program() const { return program_; }

 private:
  std::shared_ptr<const Program> program_;
};

// kSchemaMismatch with the first violations in its message, or success.
Result<void> conforms(const Schema& schema, const json::Value& value, std::string_view what);

}  // namespace naestro::schema
