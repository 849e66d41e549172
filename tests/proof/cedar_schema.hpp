// As much of Cedar's schemas as reading data needs: which attributes are entities or of an
// extension type, so that {"type", "id"} and plain texts can stand for them. The product reads no
// schemas.
#pragma once

#include <map>
#include <string>

#include "base/json.hpp"

namespace naestro::proof {

struct CedarType {
  enum class Kind : std::uint8_t { plain, named, set, record };
  Kind kind = Kind::plain;
  std::string name;                          // of named: as written, behind its namespace
  std::string space;                         // where it is written
  std::map<std::string, CedarType> members;  // of record; of set the element under ""
};

struct CedarSchema {
  std::map<std::string, CedarType> types;     // common types by full name
  std::map<std::string, CedarType> entities;  // attributes by full name
  std::map<std::string, CedarType> contexts;  // by the action's id
};

Result<CedarSchema> parse_cedar_schema(std::string_view text);

// The data with {"__entity"} and {"__extn"} where the schema says so.
json::Value explicit_form(const CedarSchema& schema, const CedarType& type,
                          const json::Value& data);

}  // namespace naestro::proof
