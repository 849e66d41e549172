#include "turns/calls.hpp"

#include <utility>
#include <vector>

#include "base/text.hpp"
#include "contract/foreign.hpp"

namespace naestro::turns {

Result<void> Functions::add(std::string name, const json::Value& parameters) {
  json::Value typed = contract::standard_types(parameters);
  const json::Object* object = typed.if_object();
  if (object == nullptr) {
    return fail(Code::kSchemaInvalid, "the parameters of '" + name + "' are no JSON Schema");
  }
  // A function has the parameters that it has, also where its schema does not close the list.
  if (object->contains("properties") && !object->contains("additionalProperties")) {
    typed.get_object()["additionalProperties"] = false;
  }
  auto compiled = schema::Schema::compile(typed, {}, schema::Unknown::ignore);
  if (!compiled) {
    return fail(compiled.error().code, "the parameters of '" + name + "' are no JSON Schema",
                std::move(compiled.error()));
  }
  if (!by_name_.emplace(name, *std::move(compiled)).second) {
    return fail(Code::kSchemaInvalid, "there are two functions named '" + name + "'");
  }
  return {};
}

Result<void> Functions::check(std::string_view name, const json::Value& arguments) const {
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    return schema::conforms(found->second, arguments, "the arguments of '" + found->first + "'");
  }
  std::vector<std::string> names;
  for (const auto& [each, schema] : by_name_) names.push_back(each);
  const std::string near = nearest(name, names);
  std::string said = "there is no function '" + std::string{name} + "'";
  if (!near.empty()) return fail(Code::kNotFound, said + "; did you mean '" + near + "'?");
  return fail(Code::kNotFound, said + "; there are: " + join(names, ", "));
}

}  // namespace naestro::turns
