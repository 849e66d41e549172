#include "agents/model_program.hpp"

#include <algorithm>

#include "agents/written.hpp"
#include "turns/context.hpp"

namespace naestro::agents {
namespace {

constexpr std::int64_t kOutputTokensMax = 4000;
constexpr std::int64_t kInputTokensMax = 32'000;
constexpr std::int64_t kMarksBytes = 600;  // around messages and schema, as they are sent

// What is at `pointer` in one step of the program; null where there is nothing.
json::Value* part_of(json::Object& plan, std::string_view step, std::string_view pointer) {
  for (json::Value& each : plan["steps"].as_array()) {
    if (json::text_at(each.as_object(), "id") != step) continue;
    boost::system::error_code none;
    return each.find_pointer(pointer, none);
  }
  return nullptr;
}

constexpr std::string_view kToolsTold = "/with/tools";
constexpr std::string_view kStepForm = "/out/properties/steps/items/properties";

// Only these tools are told of, and taken.
void narrow(json::Object& plan, const std::set<std::string>& allowed) {
  json::Value* told = part_of(plan, "brief", kToolsTold);
  json::Value* taken =
      part_of(plan, "write", std::string{kStepForm} + "/do/anyOf/0/properties/tool/enum");
  for (json::Value* list : {told, taken}) {
    if (list == nullptr) continue;
    json::Array kept;
    for (const json::Value& tool : list->as_array()) {
      if (allowed.contains(std::string{json::view(tool.get_string())})) kept.push_back(tool);
    }
    if (kept.empty() && list == taken) kept.emplace_back("none");  // an enumeration has to have one
    *list = std::move(kept);
  }
}

// Only these roles are told of, and taken; without any no step has one.
void give_roles(json::Object& plan, const json::Object& roles) {
  json::Value* form = part_of(plan, "write", kStepForm);
  json::Value* kinds = part_of(plan, "write", std::string{kStepForm} + "/do/anyOf");
  json::Value* input = plan["inputs"].as_object().if_contains("roles");
  if (form == nullptr || kinds == nullptr || input == nullptr) return;
  input->as_object()["value"] = roles;
  json::Array names;
  for (const auto& role : roles) names.emplace_back(role.key());
  if (names.empty()) {
    form->as_object().erase("role");
    kinds->as_array().pop_back();
  } else {
    form->at("role").as_object()["enum"] = std::move(names);
  }
}

// The model writes several plans, each asked for by its number; one that is no plan spoils none of
// the others.
void draw(json::Object& plan, std::int64_t candidates) {
  json::Array numbers;
  for (std::int64_t i = 1; i <= candidates; ++i) numbers.emplace_back(i);
  plan["inputs"].as_object()["numbers"] = json::Object{
      {"schema", json::parse(R"({"type":"array","items":{"type":"integer"}})").value()},
      {"value", std::move(numbers)}};
  for (json::Value& each : plan["steps"].as_array()) {
    json::Object& step = each.as_object();
    json::Object& with = step["with"].as_object();
    if (step["id"] == "write") {
      step["for_each"] = json::Object{{"in", "${inputs.numbers}"},
                                      {"max", candidates},
                                      {"parallel", 1},
                                      {"on_error", "collect"}};
      step["default"] = json::Array{
          json::Value(json::Object{{"ok", true}, {"value", json::Value(step["default"])}})};
      json::Object& user = with["messages"].as_array().back().as_object();
      user["content"] = std::string{json::view(user["content"].as_string())} +
                        "\n\nThis is draft ${item} of " + std::to_string(candidates) +
                        "; each goes about it in another way.";
    } else if (step["id"] == "adopt") {
      step["for_each"] = json::Object{{"in", "${steps.write.out}"}, {"max", candidates}};
      with["written"] = "${item}";
    }
  }
  json::Object& outputs = plan["outputs"].as_object();
  outputs["plan"] = "${steps.adopt.out}";
  for (const std::string_view each : {"status", "skill", "reason"}) {
    outputs[each] = "${steps.adopt.out[0]." + std::string{each} + "}";
  }
}

// What the model reads besides the brief: the instructions, the answer's schema.
std::int64_t frame_bytes(json::Object& plan) {
  std::size_t out = 0;
  for (const std::string_view part : {"/out", "/with/messages"}) {
    const json::Value* found = part_of(plan, "write", part);
    if (found != nullptr) out += json::write(*found).size();
  }
  return static_cast<std::int64_t>(out) + kMarksBytes;
}

}  // namespace

// The caps share the context: a quarter, at most kOutputTokensMax, for the plan; the rest is read,
// the schema and the instructions with it.
Result<std::string> program_for(std::string_view program, const contract::ModelContract& model,
                                const Drawing& drawing) {
  NAESTRO_LET(json::Value plan, json::parse(program));
  if (drawing.tools) narrow(plan.as_object(), *drawing.tools);
  give_roles(plan.as_object(), drawing.roles);
  if (drawing.candidates > 1) draw(plan.as_object(), drawing.candidates);
  const std::int64_t output = std::min(kOutputTokensMax, model.context_tokens / 4);
  const std::int64_t input = std::min(kInputTokensMax, model.context_tokens - output);
  const std::int64_t bytes = turns::bytes_of(model, input) - frame_bytes(plan.as_object());
  if (bytes < kBriefBytesMin) {
    return fail(Code::kUsage,
                "the model " + model.name + " has room for " +
                    std::to_string(model.context_tokens) +
                    " tokens, too few to be told of the tools and the folder",
                "choose another planner.model; 'naestro models' shows them");
  }
  for (json::Value& each : plan.as_object()["steps"].as_array()) {
    json::Object& step = each.as_object();
    json::Object& with = step["with"].as_object();
    if (with.contains("max_bytes")) with["max_bytes"] = bytes;
    if (with.contains("model")) with["model"] = model.name;
    json::Value* call = step["do"].as_object().if_contains("model");
    if (call == nullptr) continue;
    json::Object& use = call->as_object();
    use["model"] = model.name;
    use["max_input_tokens"] = input;
    use["max_output_tokens"] = output;
  }
  return json::pretty(plan);
}

}  // namespace naestro::agents
