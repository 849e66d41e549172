// The pass "effects": what each step may touch, from its contract's declared effects and its
// arguments: exact where they are literal, a beginning where they are templates.
#include <algorithm>
#include <array>

#include "base/path.hpp"
#include "base/text.hpp"
#include "contract/within.hpp"
#include "plan/asked.hpp"
#include "plan/labels.hpp"
#include "plan/passes.hpp"

namespace naestro::plan {
namespace {

using Extent = StepEffect::Extent;

bool of_steps(const Expression& expression) {
  return std::ranges::any_of(expression.references(), [](const Reference& reference) {
    return reference.from != Reference::From::input;
  });
}

// The literal text that a template begins with.
std::string beginning(const Template& text) {
  const auto* first = std::get_if<std::string>(&text.parts.front());
  return first == nullptr ? std::string{} : *first;
}

// The beginning as far as it ends with a slash: what follows may still change the last segment.
std::string folders_of(const std::string& text) { return text.substr(0, text.rfind('/') + 1); }

class Effects {
 public:
  Effects(const Draft& draft, Sink& sink) : draft_{draft}, sink_{sink} {}

  void step(DraftStep& step) {
    if (!step.use) return;
    for (const contract::DeclaredEffect& declared :
         declared_effects(*step.use, step.with.expression)) {
      StepEffect effect{declared.kind, declared.argument, Extent::whole, "", declared.reversible};
      if (!effect.argument.empty()) object(step, effect);
      if (step.hand_of) within(step, effect);
      step.effects.push_back(std::move(effect));
    }
  }

 private:
  // What the plan itself gives a tool of an agent's, which may read only some paths.
  void within(const DraftStep& step, const StepEffect& effect) {
    const std::vector<std::string>& may = draft_.steps[*step.hand_of].agent->within;
    const bool bound = bounded(may, *step.use) && effect.extent == Extent::exact;
    if (!bound || contract::lies_within(effect.object, may)) return;
    sink_.error(Np::kOutsideWorkspace,
                step.with_pointer + "/" + json::pointer_token(effect.argument),
                "the path is outside of what the agent may read",
                {"'" + effect.object + "'", "a path in " + join(may, ", "), ""});
  }

  void object(const DraftStep& step, StepEffect& effect) {
    const auto value = argument(step.with.expression, effect.argument);
    if (!value) return;  // the tool's own default
    const std::string pointer = step.with_pointer + "/" + json::pointer_token(effect.argument);
    const bool path =
        effect.kind == contract::EffectKind::read || effect.kind == contract::EffectKind::write;
    if (const auto* literal = std::get_if<json::Value>(&value->node)) {
      effect.extent = Extent::exact;
      effect.object = literal->is_string() ? std::string{json::view(literal->get_string())}
                                           : json::write(*literal);
      if (path && literal->is_string()) effect.object = inside(effect.object, pointer);
      return;
    }
    const auto* text = std::get_if<Template>(&value->node);
    effect.extent = of_steps(*value) ? Extent::computed : text ? Extent::prefix : Extent::input;
    if (text != nullptr) {
      effect.object = beginning(*text);
      if (path && !folders_of(effect.object).empty()) inside(folders_of(effect.object), pointer);
    } else if (const auto* reference = std::get_if<Reference>(&value->node)) {
      effect.object = written(*reference);
    }
  }

  // The path's normal form; reports one that leaves the workspace.
  std::string inside(const std::string& text, const std::string& pointer) {
    auto normal = normal_path(text);
    if (normal) return *std::move(normal);
    sink_.error(Np::kOutsideWorkspace, pointer, normal.error().message,
                {"'" + text + "'", "a path inside of the workspace", normal.error().remedy});
    return text;
  }

  const Draft& draft_;
  Sink& sink_;
};

}  // namespace

std::vector<contract::DeclaredEffect> declared_effects(const std::variant<ToolUse, ModelUse>& use,
                                                       const Expression& with) {
  const auto* tool = std::get_if<ToolUse>(&use);
  if (tool == nullptr) return {{std::get<ModelUse>(use).model->kind, "", true}};
  std::vector<contract::DeclaredEffect> out = tool->tool->effects;
  std::erase_if(out, [&](const contract::DeclaredEffect& effect) {
    if (!effect.each) return false;
    const auto list = argument(with, effect.argument);
    const auto* literal = list ? std::get_if<json::Value>(&list->node) : nullptr;
    return !list || (literal != nullptr && literal->is_array() && literal->get_array().empty());
  });
  return out;
}

bool reaches_out(const std::vector<contract::DeclaredEffect>& effects) {
  const auto has = [&](contract::EffectKind kind) {
    return std::ranges::find(effects, kind, &contract::DeclaredEffect::kind) != effects.end();
  };
  return has(contract::EffectKind::exec) && has(contract::EffectKind::net);
}

std::string_view name(StepEffect::Extent extent) {
  constexpr std::array<std::string_view, 5> names = {"whole", "exact", "prefix", "input",
                                                     "computed"};
  return names[static_cast<std::size_t>(extent)];
}

void effects(Draft& draft, Sink& sink) {
  Effects pass{draft, sink};
  for (DraftStep& step : draft.steps) pass.step(step);
}

}  // namespace naestro::plan
