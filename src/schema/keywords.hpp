// The keywords of JSON Schema 2020-12 and where schemas stand in them.
#pragma once

#include <cstdint>
#include <string_view>

namespace naestro::schema {

inline constexpr std::string_view kDialect = "https://json-schema.org/draft/2020-12/schema";

enum Vocabulary : unsigned {
  kCore = 1,
  kApplicator = 2,
  kUnevaluated = 4,
  kValidation = 8,
  kMetaData = 16,
  kFormat = 32,  // as an annotation
  kContent = 64,
  kAllVocabularies = 127,
};

// What a keyword's value holds.
enum class Shape : std::uint8_t {
  schema,
  schemas,     // an array of them
  schema_map,  // an object of them
  text,        // an annotation that is a string
  flag,        // an annotation that is a boolean
  any,         // an annotation
  list,        // an annotation that is an array
  own,         // something that asserts, read by its own rule
};

struct Keyword {
  std::string_view name;
  Vocabulary vocabulary;
  Shape shape;
};

// Null for a name that is no keyword.
const Keyword* find_keyword(std::string_view name);
// The vocabulary of a URI, 0 when it is not known.
unsigned find_vocabulary(std::string_view uri);

}  // namespace naestro::schema
