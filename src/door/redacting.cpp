#include "door/redacting.hpp"

namespace naestro::door {
namespace {

// Whether anything was taken out.
bool redact_text(std::string& text, const vault::Redactor& redactor);
bool redact_value(json::Value& value, const vault::Redactor& redactor);

bool redact_members(json::Object& object, const vault::Redactor& redactor) {
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

bool redact_value(json::Value& value, const vault::Redactor& redactor) {
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
bool redact_text(std::string& text, const vault::Redactor& redactor) {
  auto clean = redactor.redacted(text);
  if (clean) text = *std::move(clean);
  const bool maybe = text.starts_with('{') || text.starts_with('[') || text.starts_with('"');
  auto inside = maybe ? json::parse(text) : fail(Code::kInvalidJson, "");
  if (!inside || !redact_value(*inside, redactor)) return clean.has_value();
  text = json::write(*inside);
  return true;
}

// All of it: what is recorded of an error is its whole text, with its causes.
Error redact_error(Error error, const vault::Redactor& redactor) {
  redact_text(error.message, redactor);
  redact_text(error.remedy, redactor);
  for (auto& [name, value] : error.context) redact_text(value, redactor);
  if (error.cause) {
    error.cause = std::make_shared<const Error>(redact_error(*error.cause, redactor));
  }
  return error;
}

}  // namespace

void redact(json::Value& value, const vault::Redactor& redactor) { redact_value(value, redactor); }

Outcome RedactingAdapter::act(const Intent& intent, std::stop_token stop,
                              const Provisional& provisional) {
  vault::Redactor::Stream stream{redactor_};
  Provisional clean;
  if (provisional) {
    clean = [&](std::string_view chunk) {
      if (const std::string sure = stream.feed(chunk); !sure.empty()) provisional(sure);
    };
  }
  Outcome outcome = inner_.act(intent, std::move(stop), clean);
  if (provisional) {
    if (const std::string rest = stream.finish(); !rest.empty()) provisional(rest);
  }
  if (outcome.result) {
    redact(*outcome.result, redactor_);
  } else {
    outcome.result = std::unexpected(redact_error(std::move(outcome.result).error(), redactor_));
  }
  return outcome;
}

}  // namespace naestro::door
