#include "plan/control.hpp"

#include <algorithm>
#include <array>

#include "plan/form.hpp"

namespace naestro::plan {

std::string_view name(OnError on_error) {
  constexpr std::array<std::string_view, 3> names = {"fail", "continue", "value"};
  return names[static_cast<std::size_t>(on_error)];
}

std::vector<Reference> Control::references() const {
  std::vector<Reference> out;
  if (when) out = plan::references(*when);
  if (for_each) out.push_back(for_each->in);
  if (repeat) std::ranges::move(plan::references(repeat->until), std::back_inserter(out));
  return out;
}

namespace {

json::Value form(const Condition& condition, const NameOf& name_of, const json::Storage& in) {
  json::Array out(in);
  out.emplace_back(static_cast<std::int64_t>(condition.op));
  if (condition.op == Condition::Op::literal) out.push_back(condition.literal);
  if (condition.op == Condition::Op::reference) {
    out.push_back(plan::form(Expression{condition.reference}, name_of, in));
  }
  for (const Condition& inner : condition.of) out.push_back(form(inner, name_of, in));
  return out;
}

}  // namespace

json::Value form(const Control& control, const NameOf& name_of, const json::Storage& in) {
  json::Object out(in);
  if (control.when) out["when"] = form(*control.when, name_of, in);
  if (control.for_each) {
    out["for_each"] = json::Object{{"in", form(Expression{control.for_each->in}, name_of, in)},
                                   {"max", control.for_each->max},
                                   {"parallel", control.for_each->parallel},
                                   {"collect", control.for_each->collect}};
  }
  if (control.repeat) {
    out["repeat"] = json::Object{{"until", form(control.repeat->until, name_of, in)},
                                 {"max", control.repeat->max},
                                 {"start", control.repeat->start.value_or(nullptr)}};
  }
  if (control.retry.max > 0) {
    out["retry"] = json::Object{{"max", control.retry.max}, {"wait_s", control.retry.wait_s}};
  }
  if (control.on_error != OnError::fail) out["on_error"] = name(control.on_error);
  if (control.fallback) out["default"] = *control.fallback;
  return out.empty() ? json::Value{} : json::Value(std::move(out));
}

json::Value result_schema(const ForEach& each, const json::Value& call, const std::string& step) {
  json::Value one = call;
  // References inside of it lead to its own root.
  const std::string text = json::write(one);
  const bool refers = text.contains("\"$ref\"") || text.contains("\"$dynamicRef\"");
  if (json::Object& object = one.get_object(); refers && !object.contains("$id")) {
    object["$id"] = "urn:naestro:step:" + step;
  }
  if (each.collect) {
    one = json::Object{
        {"oneOf",
         json::Array{json::Object{{"type", "object"},
                                  {"properties", json::Object{{"ok", json::Object{{"const", true}}},
                                                              {"value", std::move(one)}}},
                                  {"required", json::Array{"ok", "value"}},
                                  {"additionalProperties", false}},
                     json::Object{{"type", "object"},
                                  {"properties",
                                   json::Object{{"ok", json::Object{{"const", false}}},
                                                {"code", json::Object{{"type", "string"}}},
                                                {"message", json::Object{{"type", "string"}}}}},
                                  {"required", json::Array{"ok", "code", "message"}},
                                  {"additionalProperties", false}}}}};
  }
  return json::Object{{"type", "array"}, {"items", std::move(one)}, {"maxItems", each.max}};
}

}  // namespace naestro::plan
