// Labels of values before they exist: what the compiler's pass "flow" computes on the plan, and the
// machine again on the run's own values, by the same functions.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "contract/label.hpp"
#include "plan/program.hpp"

namespace naestro::plan {

// The label of what a reference names.
using LabelOf = std::function<contract::Label(const Reference&)>;

// The label of an input: the user gave it.
const contract::Label& input_label();

// The labels of an expression's value, by JSON pointer: a literal is the plan's own, a template has
// the labels of all its references joined.
contract::Labels labels_of(const Expression& expression, const LabelOf& of);

// Those of what goes into a step, with its role, if any: the prompt of a project's came with
// somebody's folder, and is no more trusted than a file of it.
contract::Labels labels_into(const Expression& with, const std::optional<RoleUse>& role,
                             const LabelOf& of);

// What is known of a result before the arguments' labels are joined: a tool's contract says it;
// what a model yields is private text of that model's.
contract::Labels declared_labels(const std::variant<ToolUse, ModelUse>& use);

// Of no data at all: what is the plan's own.
const contract::Label& plan_label();

// The facts of a call that rules ask about, by the labels of its arguments and of what decides
// whether and how often it is made.
policy::Flow flow_of(const std::variant<ToolUse, ModelUse>& use, const contract::Labels& arguments,
                     const contract::Label& control);

// Whether a tool of an agent's, of which the step says what may be read, is bounded by that: it
// does nothing but read.
bool bounded(const std::vector<std::string>& within, const std::variant<ToolUse, ModelUse>& use);

// `label`, narrowed to these readers.
contract::Label narrowed(contract::Label label, const std::set<std::string>& readers);

// A result's labels: whatever went in may come out again, so each declared label is joined with the
// arguments'. What no declared label covers is unlabelled, joined with them too.
contract::Labels result_labels(const contract::Labels& declared, const contract::Label& arguments);

}  // namespace naestro::plan
