#include "contract/form.hpp"

#include <algorithm>

#include "contract/tool.hpp"

namespace naestro::contract {

schema::Schema form_schema(std::string_view name) {
  const auto files = embedded_schemas();
  const auto file = std::ranges::find(files, name, &EmbeddedFile::name);
  check(file != files.end(), "the schema of a form is embedded");
  const auto parsed = json::parse(file->text);
  check(parsed.has_value(), "the embedded schemas are JSON");
  auto compiled = schema::Schema::compile(*parsed);
  check(compiled.has_value(), "the embedded schemas compile");
  return *std::move(compiled);
}

Result<json::Value> read_form(std::string_view file, std::string_view text,
                              const schema::Schema& form) {
  auto value = json::parse(text);
  if (!value) {
    Error error = std::move(value).error();
    error.message.insert(0, std::string{file} + ": ");
    return std::unexpected(std::move(error));
  }
  NAESTRO_TRY(schema::conforms(form, *value, file));
  return value;
}

std::unexpected<Error> faulty(std::string_view file, std::string_view member,
                              std::string_view message) {
  return fail(Code::kSchemaMismatch,
              std::string{file} + ": '" + std::string{member} + "': " + std::string{message});
}

Result<NanoUsd> amount_at(std::string_view file, const json::Object& object,
                          std::string_view member) {
  const auto amount = parse_usd(text_of(object, member));
  if (!amount) return faulty(file, "/" + std::string{member}, amount.error().message);
  return *amount;
}

std::string text_of(const json::Object& object, std::string_view member) {
  const auto text = json::text_at(object, member);
  check(text.has_value(), "the schema made this member a string");
  return std::string{*text};
}

}  // namespace naestro::contract
