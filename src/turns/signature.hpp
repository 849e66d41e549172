// A tool as a model reads it: its name, what it takes and gives, in one short form.
#pragma once

#include <string>

#include "contract/tool.hpp"

namespace naestro::turns {

// The type that a JSON Schema describes, in the notation of TypeScript without blanks:
// {file:string,where?:[{column:string,op:"eq"|"ne",value?:any}]}. Ranges, lengths and patterns are
// left out; what has no type is any.
std::string type_text(const json::Value& schema);

// "csv.query@1 {file:string,...} -> {rows:[...],row_count:integer,...}", then the first sentence of
// its description.
std::string signature(const contract::ToolContract& tool);
// The same under another name, of a tool that takes something else than its contract says.
std::string signature(std::string_view name, const json::Value& takes,
                      const contract::ToolContract& tool);

}  // namespace naestro::turns
