#include "agents/second_opinion.hpp"

#include "plan/second_opinion.hpp"

namespace naestro::agents {
namespace {

// Where the plan has no models' steps it stays as it is, ceilings and all.
std::int64_t ask_several(json::Value& plan, std::string_view protocol) {
  std::int64_t steps = 0;
  if (json::Array* all = plan.if_array()) {
    for (json::Value& each : *all) steps += ask_several(each, protocol);
    return steps;
  }
  json::Object* object = plan.if_object();
  json::Value* inner = object == nullptr ? nullptr : object->if_contains("plan");
  if (inner != nullptr) return ask_several(*inner, protocol);
  plan::SecondOpinion found = plan::second_opinion(std::move(plan), protocol);
  plan = std::move(found.plan);
  json::Value* budget = found.steps > 0 ? plan.get_object().if_contains("budget") : nullptr;
  for (const std::string_view key : {"usd", "tokens", "tool_calls"}) {
    if (budget != nullptr && budget->is_object()) budget->get_object().erase(key);
  }
  return found.steps;
}

}  // namespace

Result<json::Value> second_opinion(const json::Object& arguments) {
  const auto protocol = json::text_at(arguments, "protocol");
  const json::Value* plan = arguments.if_contains("plan");
  if (!protocol || plan == nullptr) {
    return fail(Code::kUsage, "planner.second_opinion takes 'plan' and 'protocol'");
  }
  json::Value out = *plan;
  const std::int64_t steps = ask_several(out, *protocol);
  return json::Value(json::Object{{"plan", std::move(out)}, {"steps", steps}});
}

}  // namespace naestro::agents
