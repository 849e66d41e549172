// Values of secrets out of JSON.
#include "vault/keeper.hpp"

namespace naestro::vault {
namespace {

// Whether anything was taken out.
bool redact_text(std::string& text, const Redactor& redactor);
bool redact_value(json::Value& value, const Redactor& redactor);

bool redact_members(json::Object& object, const Redactor& redactor) {
  json::Object clean;
  bool any = false;
  for (auto& member : object) {
    std::string name{member.key()};
    any = redact_text(name, redactor) || any;
    any = redact_value(member.value(), redactor) || any;
    clean[name] = std::move(member.value());
  }
  object = std::move(clean);
  return any;
}

bool redact_value(json::Value& value, const Redactor& redactor) {
  if (json::Object* object = value.if_object()) return redact_members(*object, redactor);
  bool any = false;
  if (json::Array* array = value.if_array()) {
    for (json::Value& item : *array) any = redact_value(item, redactor) || any;
  } else if (value.is_string()) {
    std::string text{value.get_string()};
    any = redact_text(text, redactor);
    if (any) value = json::Value(text);
  }
  return any;
}

// A text may be JSON (a model's answer is), in which one is written otherwise than what is read
// from it.
bool redact_text(std::string& text, const Redactor& redactor) {
  auto clean = redactor.redacted(text);
  if (clean) text = *std::move(clean);
  const bool maybe = text.starts_with('{') || text.starts_with('[') || text.starts_with('"');
  auto inside = maybe ? json::parse(text) : fail(Code::kInvalidJson, "");
  if (!inside || !redact_value(*inside, redactor)) return clean.has_value();
  text = json::write(*inside);
  return true;
}

}  // namespace

bool redact(json::Value& value, const Redactor& redactor) { return redact_value(value, redactor); }

}  // namespace naestro::vault
