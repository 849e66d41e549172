#include "plan/consensus_schemas.hpp"

#include <string>
#include <utility>

namespace naestro::plan {
namespace {

constexpr std::int64_t kWhyMax = 1'000;  // characters of a judge's or critic's words

// Where values of the schema hold something that is equal or not: numbers, truths, one of a list.
void typed_parts(const json::Value& schema, const std::string& pointer, json::Array& out) {
  const json::Object* object = schema.if_object();
  if (object == nullptr) return;
  const auto type = json::text_at(*object, "type");
  const auto is_typed = [](const json::Object& of) {
    const auto scalar = json::text_at(of, "type");
    return of.contains("enum") || of.contains("const") || scalar == "boolean" ||
           scalar == "integer" || scalar == "number";
  };
  const json::Object* items = json::object_at(*object, "items");
  if (is_typed(*object) || (type == "array" && items != nullptr && is_typed(*items))) {
    out.emplace_back(pointer);
    return;
  }
  const json::Object* properties = json::object_at(*object, "properties");
  for (std::size_t i = 0; properties != nullptr && i < properties->size(); ++i) {
    const auto& member = *(properties->begin() + i);
    typed_parts(member.value(), pointer + "/" + json::pointer_token(std::string{member.key()}),
                out);
  }
}

// A schema inside of another: its own references stay its own.
json::Value inside(const json::Value& schema) {
  const std::string text = json::write(schema);
  if (!text.contains("Ref\":") && !text.contains("\"$ref\":")) return schema;
  json::Object out = schema.get_object();
  if (!out.contains("$id")) out["$id"] = "answer";
  return out;
}

json::Value text(std::int64_t length_max) {
  return json::Object{{"type", "string"}, {"maxLength", length_max}};
}

json::Value one_of(const json::Array& values) { return json::Object{{"enum", values}}; }

json::Value list_of(json::Value items, std::int64_t max) {
  return json::Object{{"type", "array"}, {"items", std::move(items)}, {"maxItems", max}};
}

json::Value object_of(json::Object properties) {
  json::Array required;
  for (const auto& member : properties) required.emplace_back(member.key());
  return json::Object{{"type", "object"},
                      {"properties", std::move(properties)},
                      {"required", std::move(required)},
                      {"additionalProperties", false}};
}

json::Value count() { return json::Object{{"type", "integer"}, {"minimum", 0}}; }

json::Array letters(std::int64_t count) {
  json::Array out;
  for (std::int64_t i = 0; i < count; ++i) {
    out.emplace_back(std::string(1, static_cast<char>('A' + i)));
  }
  return out;
}

}  // namespace

json::Array compared_parts(const json::Value& answer) {
  json::Array out;
  typed_parts(answer, "", out);
  return out;
}

json::Value consensus_schema(const json::Value& answer, std::int64_t answers_max) {
  const bool refers = inside(answer) != answer;
  const json::Value own = refers ? json::Value(json::Object{{"$ref", "#/$defs/answer"}}) : answer;
  json::Value out = object_of(
      {{"answer", own},
       {"protocol", one_of({"debate", "judge", "tournament", "vote"})},
       {"by",
        one_of({"agreement", "judge", "majority", "only", "order", "synthesis", "tournament"})},
       {"agreement", object_of({{"rate_percent", count()},
                                {"low_percent", count()},
                                {"high_percent", count()},
                                {"agree", count()},
                                {"drafts", count()},
                                {"asked", count()},
                                {"method", one_of({"exact", "semantic"})}})},
       {"dissent", list_of(object_of({{"answer", own}, {"drafts", count()}}), answers_max)},
       {"reasons", json::Object{{"type", "string"}}}});
  if (refers) out.get_object()["$defs"] = json::Object{{"answer", inside(answer)}};
  return out;
}

json::Value judge_schema(std::int64_t answers_max) {
  return object_of({{"choice", one_of(letters(answers_max))}, {"why", text(kWhyMax)}});
}

json::Value critic_schema(std::int64_t answers_max) {
  json::Value critique =
      object_of({{"answer", one_of(letters(answers_max))}, {"says", text(kWhyMax)}});
  return object_of({{"critiques", list_of(std::move(critique), answers_max)}});
}

json::Value same_schema(std::int64_t answers_max) {
  return object_of(
      {{"groups", list_of(list_of(one_of(letters(answers_max)), answers_max), answers_max)}});
}

json::Value pair_schema() {
  return object_of({{"better", one_of({"first", "second", "equal"})}, {"why", text(kWhyMax)}});
}

}  // namespace naestro::plan
