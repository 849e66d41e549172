#include "plan/form.hpp"

namespace naestro::plan {
namespace {

using json::append_canonical;

void append_form(std::string& out, const Reference& reference, const NameOf& name_of) {
  const auto member = [&out](std::string_view key, std::string_view text) {
    out += key;
    append_canonical(out, text);
  };
  const auto pointer = [&](std::string_view key) { member(key, reference.pointer); };
  switch (reference.from) {  // members in the order of RFC 8785
    case Reference::From::input:
      member(R"({"input":)", reference.name);
      pointer(R"(,"pointer":)");
      break;
    case Reference::From::item:
      member(R"({"item":)", reference.name);
      pointer(R"(,"pointer":)");
      break;
    case Reference::From::call: pointer(R"({"call":)"); break;
    case Reference::From::prev:
      pointer(R"({"pointer":)");
      member(R"(,"prev":)", reference.name);
      break;
    default: pointer(R"({"pointer":)"); member(R"(,"step":)", name_of(reference.name));
  }
  out += '}';
}

void append_form(std::string& out, const Template& text, const NameOf& name_of) {
  append_list(out, text.parts, [&](const auto& part) {
    if (const auto* literal = std::get_if<std::string>(&part)) {
      append_canonical(out, *literal);
    } else {
      append_form(out, std::get<Reference>(part), name_of);
    }
  });
}

void append_form(std::string& out, const Expression::Members& members, const NameOf& name_of) {
  char before = '{';
  for (const auto& [key, member] : members) {
    out += before;
    before = ',';
    append_canonical(out, key);
    out += ':';
    plan::append_form(out, member, name_of);
  }
  out += '}';  // one without members is a literal
}

}  // namespace

void append_form(std::string& out, const Expression& expression, const NameOf& name_of) {
  if (const auto* literal = std::get_if<json::Value>(&expression.node)) {
    out += R"({"literal":)";
    append_canonical(out, *literal);
  } else if (const auto* reference = std::get_if<Reference>(&expression.node)) {
    out += R"({"reference":)";
    append_form(out, *reference, name_of);
  } else if (const auto* text = std::get_if<Template>(&expression.node)) {
    out += R"({"template":)";
    append_form(out, *text, name_of);
  } else if (const auto* members = std::get_if<Expression::Members>(&expression.node)) {
    out += R"({"object":)";
    append_form(out, *members, name_of);
  } else {
    out += R"({"array":)";
    append_list(out, std::get<Expression::Items>(expression.node),
                [&](const Expression& item) { append_form(out, item, name_of); });
  }
  out += '}';
}

void append_form(std::string& out, const std::variant<ToolUse, ModelUse>& use) {
  if (const auto* to = std::get_if<ToolUse>(&use)) {
    out += R"({"contract":")" + hex(to->tool->digest) + R"(","tool":)";
    append_canonical(out, to->tool->id());
    out += '}';
    return;
  }
  const auto& model = std::get<ModelUse>(use);
  out += R"({"contract":")" + hex(model.model->digest) + '"';
  out += R"(,"max_input_tokens":)" + std::to_string(model.max_input_tokens);
  out += R"(,"max_output_tokens":)" + std::to_string(model.max_output_tokens) + R"(,"model":)";
  append_canonical(out, model.model->name);
  out += R"(,"seed":)" + std::to_string(model.seed) + R"(,"task":)";
  append_canonical(out, model.task);
  out += '}';
}

}  // namespace naestro::plan
