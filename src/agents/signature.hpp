// A tool as a model reads it: its name, what it takes and gives, in one short form.
#pragma once

#include <string>

#include "contract/tool.hpp"

namespace naestro::agents {

// The type that a JSON Schema describes, in the notation of TypeScript without blanks:
// {file:string,where?:[{column:string,op:"eq"|"ne",value?:any}]}. Ranges, lengths and patterns are
// left out; what has no type is any.
std::string type_text(const json::Value& schema);

// "csv.query@1 {file:string,...} -> {rows:[...],row_count:integer,...}", then the first sentence of
// its description.
std::string signature(const contract::ToolContract& tool);

}  // namespace naestro::agents
