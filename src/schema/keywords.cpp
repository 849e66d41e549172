#include "schema/keywords.hpp"

#include <algorithm>

namespace naestro::schema {
namespace {

constexpr Keyword kKeywords[] = {
    {"$anchor", kCore, Shape::own},
    {"$comment", kCore, Shape::text},
    {"$defs", kCore, Shape::schema_map},
    {"$dynamicAnchor", kCore, Shape::own},
    {"$dynamicRef", kCore, Shape::own},
    {"$id", kCore, Shape::own},
    {"$ref", kCore, Shape::own},
    {"$schema", kCore, Shape::own},
    {"$vocabulary", kCore, Shape::own},
    {"additionalProperties", kApplicator, Shape::schema},
    {"allOf", kApplicator, Shape::schemas},
    {"anyOf", kApplicator, Shape::schemas},
    {"contains", kApplicator, Shape::schema},
    {"dependentSchemas", kApplicator, Shape::schema_map},
    {"else", kApplicator, Shape::schema},
    {"if", kApplicator, Shape::schema},
    {"items", kApplicator, Shape::schema},
    {"not", kApplicator, Shape::schema},
    {"oneOf", kApplicator, Shape::schemas},
    {"patternProperties", kApplicator, Shape::schema_map},
    {"prefixItems", kApplicator, Shape::schemas},
    {"properties", kApplicator, Shape::schema_map},
    {"propertyNames", kApplicator, Shape::schema},
    {"then", kApplicator, Shape::schema},
    {"unevaluatedItems", kUnevaluated, Shape::schema},
    {"unevaluatedProperties", kUnevaluated, Shape::schema},
    {"const", kValidation, Shape::own},
    {"dependentRequired", kValidation, Shape::own},
    {"enum", kValidation, Shape::own},
    {"exclusiveMaximum", kValidation, Shape::own},
    {"exclusiveMinimum", kValidation, Shape::own},
    {"maxContains", kValidation, Shape::own},
    {"maxItems", kValidation, Shape::own},
    {"maxLength", kValidation, Shape::own},
    {"maxProperties", kValidation, Shape::own},
    {"maximum", kValidation, Shape::own},
    {"minContains", kValidation, Shape::own},
    {"minItems", kValidation, Shape::own},
    {"minLength", kValidation, Shape::own},
    {"minProperties", kValidation, Shape::own},
    {"minimum", kValidation, Shape::own},
    {"multipleOf", kValidation, Shape::own},
    {"pattern", kValidation, Shape::own},
    {"required", kValidation, Shape::own},
    {"type", kValidation, Shape::own},
    {"uniqueItems", kValidation, Shape::own},
    {"default", kMetaData, Shape::any},
    {"deprecated", kMetaData, Shape::flag},
    {"description", kMetaData, Shape::text},
    {"examples", kMetaData, Shape::list},
    {"readOnly", kMetaData, Shape::flag},
    {"title", kMetaData, Shape::text},
    {"writeOnly", kMetaData, Shape::flag},
    {"format", kFormat, Shape::text},
    {"contentEncoding", kContent, Shape::text},
    {"contentMediaType", kContent, Shape::text},
    {"contentSchema", kContent, Shape::schema},
};

struct VocabularyName {
  std::string_view name;
  Vocabulary vocabulary;
};
constexpr VocabularyName kVocabularies[] = {
    {"core", kCore},
    {"applicator", kApplicator},
    {"unevaluated", kUnevaluated},
    {"validation", kValidation},
    {"meta-data", kMetaData},
    {"format-annotation", kFormat},
    {"content", kContent},
};

}  // namespace

const Keyword* find_keyword(std::string_view name) {
  const auto* const row = std::ranges::find(kKeywords, name, &Keyword::name);
  return row == std::end(kKeywords) ? nullptr : row;
}

unsigned find_vocabulary(std::string_view uri) {
  constexpr std::string_view kPrefix = "https://json-schema.org/draft/2020-12/vocab/";
  if (!uri.starts_with(kPrefix)) return 0;
  uri.remove_prefix(kPrefix.size());
  const auto* const row = std::ranges::find(kVocabularies, uri, &VocabularyName::name);
  return row == std::end(kVocabularies) ? 0U : row->vocabulary;
}

}  // namespace naestro::schema
