// How contract files are read: JSON text, checked against the embedded schema of its form.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/money.hpp"
#include "schema/validate.hpp"

namespace naestro::contract {

// The schema of a form; `name` is a file name of embedded_schemas().
schema::Schema form_schema(std::string_view name);
// The object in `text`. Errors begin with `file`.
Result<json::Value> read_form(std::string_view file, std::string_view text,
                              const schema::Schema& form);

// kSchemaMismatch "FILE: 'MEMBER': MESSAGE".
std::unexpected<Error> faulty(std::string_view file, std::string_view member,
                              std::string_view message);

// The amount in a member that the schema made a string.
Result<NanoUsd> amount_at(std::string_view file, const json::Object& object,
                          std::string_view member);

// A member that the schema made a string.
std::string text_of(const json::Object& object, std::string_view member);

}  // namespace naestro::contract
