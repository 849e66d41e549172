// Typed extraction: whether a part of a result can hold no free text, by its schema. Such a part is
// no order to a model. It makes no value trusted.
#pragma once

#include <string_view>

#include "base/json.hpp"
#include "contract/label.hpp"
#include "plan/control.hpp"

namespace naestro::plan {

// The part at `pointer` (of a reference: its members are plain names) of what fits the schema is
// made of numbers, truth values, null, values that the schema lists, and texts without blanks by
// their pattern: in arrays, and in objects of no other members than the schema names. A no may be
// wrong, where the schema says it in another way ($ref, anyOf, a pattern with groups), a yes is
// not.
bool is_typed(const json::Value& schema, std::string_view pointer);

// The label of the part at `pointer` of what a call yields, by the schema `out` of that, without
// the mark of free text where it can hold none.
contract::Label of_call(contract::Label label, const json::Value& out, std::string_view pointer);
// The same of a step's result, in which a call's may be a row.
contract::Label of_step(contract::Label label, const Control& control, const json::Value& out,
                        std::string_view pointer);

}  // namespace naestro::plan
