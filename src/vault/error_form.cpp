#include "vault/error_form.hpp"

#include "base/json.hpp"

namespace naestro::vault {

std::string error_form(const Error& error) {
  return json::write(json::Object{
      {"code", info(error.code).name}, {"message", error.message}, {"remedy", error.remedy}});
}

Error error_of(std::string_view form) {
  const auto value = json::parse(form);
  const json::Object* object = value ? value->if_object() : nullptr;
  const auto code =
      object == nullptr ? std::nullopt : code_named(json::text_at(*object, "code").value_or(""));
  if (!code) return {Code::kIo, "the vault's process says what is no error", {}, {}, nullptr};
  return {*code,
          std::string{json::text_at(*object, "message").value_or("")},
          std::string{json::text_at(*object, "remedy").value_or("")},
          {},
          nullptr};
}

}  // namespace naestro::vault
