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

void append_form(std::string& out, const Condition& condition, const NameOf& name_of) {
  out += '[' + std::to_string(static_cast<int>(condition.op));
  if (condition.op == Condition::Op::literal) {
    out += ',';
    json::append_canonical(out, condition.literal);
  }
  if (condition.op == Condition::Op::reference) {
    out += ',';
    plan::append_form(out, Expression{condition.reference}, name_of);
  }
  for (const Condition& inner : condition.of) {
    out += ',';
    append_form(out, inner, name_of);
  }
  out += ']';
}

}  // namespace

void append_form(std::string& out, const Control& control, const NameOf& name_of) {
  char before = '{';
  const auto member = [&](std::string_view key) {  // in the order of RFC 8785
    out += before;
    before = ',';
    out += key;
  };
  if (control.fallback) {
    member(R"("default":)");
    json::append_canonical(out, *control.fallback);
  }
  if (control.for_each) {
    member(R"("for_each":{"collect":)");
    out += control.for_each->collect ? R"(true,"in":)" : R"(false,"in":)";
    append_form(out, Expression{control.for_each->in}, name_of);
    out += R"(,"max":)" + std::to_string(control.for_each->max);
    out += R"(,"parallel":)" + std::to_string(control.for_each->parallel) + '}';
  }
  if (control.on_error != OnError::fail) {
    member(R"("on_error":")");
    out += name(control.on_error);
    out += '"';
  }
  if (control.repeat) {
    member(R"("repeat":{"max":)");
    out += std::to_string(control.repeat->max) + R"(,"start":)";
    json::append_canonical(out, control.repeat->start.value_or(nullptr));
    out += R"(,"until":)";
    append_form(out, control.repeat->until, name_of);
    out += '}';
  }
  if (control.retry.max > 0) {
    member(R"("retry":{"max":)");
    out += std::to_string(control.retry.max);
    out += R"(,"wait_s":)" + std::to_string(control.retry.wait_s) + '}';
  }
  if (control.when) {
    member(R"("when":)");
    append_form(out, *control.when, name_of);
  }
  out += '}';
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
