// The pass "types": does every value that flows into an argument fit what the argument takes? A
// lone reference has the schema of what it names, a template is a string; that schema has to be a
// subtype of the argument's. What is put together of several values is checked when the step runs.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/text.hpp"
#include "plan/passes.hpp"
#include "schema/project.hpp"
#include "schema/subtype.hpp"

namespace naestro::plan {
namespace {

using schema::Schema;
using schema::Subtype;

// The schema of what references name; absent where it does not compile, which was reported.
using Source = std::optional<Schema>;

// Whose values may still fit, though not every value does: what a person gives, and text that is
// put together.
bool may_still_fit(const Expression& leaf) {
  if (std::holds_alternative<Template>(leaf.node)) return true;
  const auto* reference = std::get_if<Reference>(&leaf.node);
  return reference != nullptr && reference->from == Reference::From::input;
}

class Types {
 public:
  Types(Draft& draft, Sink& sink) : draft_{draft}, sink_{sink} {
    for (std::size_t i = 0; i < draft.steps.size(); ++i) index_.emplace(draft.steps[i].id, i);
  }

  void run() {
    for (DraftStep& step : draft_.steps) {
      if (step.use) this->step(step);
    }
    for (const auto& [name, output] : draft_.outputs) {
      for (const ReferenceUse& use : output.uses) look(use);
    }
  }

 private:
  void step(DraftStep& step) {
    at_ = &step;
    for (const auto* uses : {&step.with.uses, &step.control_uses}) {
      for (const ReferenceUse& use : *uses) {
        if (look(use)) note(step, {use.pointer, written(use.reference) + " may be absent"});
      }
    }
    control(step);
    const auto* tool = std::get_if<ToolUse>(&*step.use);
    const auto* members = std::get_if<Expression::Members>(&step.with.expression.node);
    if (tool == nullptr || members == nullptr)
      return;  // what is all literal was checked by resolve
    for (const Expression::Member& member : *members) {
      if (member.value.literal()) continue;
      const Source* takes = taken_by(*tool->tool, member.key);
      if (takes != nullptr && *takes) argument(step, *tool->tool, member, **takes);
    }
  }

  static void note(DraftStep& step, RuntimeCheck check) {
    if (std::ranges::find(step.checks, check) != step.checks.end()) return;
    step.checks.push_back(std::move(check));
  }

  void control(DraftStep& step) {
    if (step.control.when) condition(step, *step.control.when, step.pointer + "/when");
    if (step.control.repeat) {
      condition(step, step.control.repeat->until, step.pointer + "/repeat/until");
    }
    if (!step.control.for_each) return;
    const std::uint8_t types = types_of(step.control.for_each->in);
    const std::string pointer = step.pointer + "/for_each/in";
    if ((types & kArray) == 0) {
      sink_.error(Np::kTypeMismatch, pointer, "for_each goes over an array",
                  {written(step.control.for_each->in), "an array", ""});
    } else if (types != kArray) {
      note(step, {pointer, "it may be no array"});
    }
  }

  void condition(DraftStep& step, const Condition& condition, const std::string& pointer) {
    if (condition.text.empty()) return;  // it was malformed
    const auto found =
        check_types(condition, [this](const Reference& reference) { return types_of(reference); });
    for (const ConditionFinding& finding : found) {
      if (finding.certain) {
        sink_.error(Np::kConditionTypes, pointer, "the condition fails whatever the values are",
                    {finding.message, "operands of the types that it takes", ""});
      } else {
        note(step, {pointer, finding.message});
      }
    }
  }

  // Which types a reference's value may have.
  std::uint8_t types_of(const Reference& reference) {
    const schema::Projection* found = projected(reference);
    if (found == nullptr || !found->schema) return kAnyType;
    constexpr std::array<std::string_view, 6> kTypes = {"null",   "boolean", "number",
                                                        "string", "array",   "object"};
    std::uint8_t out = 0;
    for (std::size_t i = 0; i < kTypes.size(); ++i) {
      const auto without =
          Schema::compile(json::Object{{"not", json::Object{{"type", kTypes[i]}}}});
      const bool lacks = schema::subtype(*found->schema, *without).verdict == Subtype::Verdict::yes;
      if (!lacks) out |= static_cast<std::uint8_t>(1U << i);
    }
    return out;
  }

  void argument(DraftStep& step, const contract::ToolContract& tool,
                const Expression::Member& member, const Schema& takes) {
    const std::string pointer = step.pointer + "/with/" + json::pointer_token(member.key);
    const auto gives = given_by(member.value);
    if (!gives) {  // an object or array with references inside, or a reference reported elsewhere
      if (!std::holds_alternative<Reference>(member.value.node)) {
        step.checks.push_back({pointer, "it is put together of several values"});
      }
      return;
    }
    const Subtype found = schema::subtype(*gives, takes);
    if (found.verdict == Subtype::Verdict::yes) return;
    if (found.verdict == Subtype::Verdict::unknown ||
        (may_still_fit(member.value) && !nothing_fits(*gives, takes))) {
      step.checks.push_back({pointer, found.reason});
      return;
    }
    const auto* reference = std::get_if<Reference>(&member.value.node);
    sink_.error(Np::kTypeMismatch, pointer,
                "what flows into '" + member.key + "' does not fit " + tool.id(),
                {reference != nullptr ? written(*reference) : "text", found.reason,
                 found.witness ? "for instance " + shorten(json::write(*found.witness), 100) : ""});
  }

  // Whether no value at all that flows in is one that is taken: their types have nothing in common.
  static bool nothing_fits(const Schema& gives, const Schema& takes) {
    constexpr std::array<std::string_view, 6> kTypes = {"null",   "boolean", "number",
                                                        "string", "array",   "object"};
    return std::ranges::none_of(kTypes, [&](std::string_view type) {
      const auto without = Schema::compile(json::Object{{"not", json::Object{{"type", type}}}});
      const auto lacks = [&](const Schema& schema) {
        return schema::subtype(schema, *without).verdict == Subtype::Verdict::yes;
      };
      return !lacks(gives) && !lacks(takes);
    });
  }

  std::optional<Schema> given_by(const Expression& expression) {
    if (std::holds_alternative<Template>(expression.node)) {
      return text_;
    }
    const auto* reference = std::get_if<Reference>(&expression.node);
    const schema::Projection* found = reference == nullptr ? nullptr : projected(*reference);
    return found == nullptr ? std::nullopt : found->schema;
  }

  // What the reference's producer says of it; null where that is not known.
  const schema::Projection* projected(const Reference& reference) {
    const Source* source = source_of(reference);
    if (source == nullptr || !*source) return nullptr;
    const auto [slot, fresh] = projections_.try_emplace({source, reference.pointer});
    if (fresh) slot->second = schema::project(**source, reference.pointer);
    return &slot->second;
  }

  // Reports what cannot be there. True for what may be absent.
  bool look(const ReferenceUse& use) {
    const schema::Projection* known = projected(use.reference);
    if (known == nullptr || known->schema) return known != nullptr && known->may_be_absent;
    const schema::Projection& found = *known;
    const std::string_view last =
        std::string_view{use.reference.pointer}.substr(use.reference.pointer.rfind('/') + 1);
    sink_.error(
        Np::kNothingThere, use.pointer, "the reference names what is never there",
        {written(use.reference),
         found.names.empty() ? "a part of what is there" : "one of " + join(found.names, ", "),
         did_you_mean(last, found.names)});
    return false;
  }

  // What the elements of the step's for_each are; null where that is not known.
  const Source* item() {
    const auto [slot, fresh] = items_.try_emplace(at_);
    if (!fresh || !at_->control.for_each) return &slot->second;
    const Reference& in = at_->control.for_each->in;
    const bool known = in.from == Reference::From::input || in.from == Reference::From::step;
    const schema::Projection* array = known ? projected(in) : nullptr;
    slot->second = *Schema::compile(json::Value(true));
    if (array == nullptr || !array->schema) return &slot->second;
    // Elements that have schemas of their own by their place are checked when the step runs.
    const json::Value* text = text_of(in);
    if (text == nullptr || json::write(*text).contains("\"prefixItems\"")) return &slot->second;
    if (auto one = schema::project(*array->schema, "/0").schema) slot->second = *std::move(one);
    return &slot->second;
  }

  const Source* source_of(const Reference& reference) {
    if (reference.from == Reference::From::item) return item();
    if (reference.from == Reference::From::prev) return call_of(*at_);
    const json::Value* text = text_of(reference);
    return text == nullptr ? nullptr : known(*text);
  }

  const Source* call_of(const DraftStep& step) {
    if (!step.use) return nullptr;
    const auto* tool = std::get_if<ToolUse>(&*step.use);
    if (tool == nullptr && !step.out) return nullptr;
    return known(tool != nullptr ? tool->tool->output : *step.out);
  }

  // The text of the schema that an input's or a step's reference is into.
  const json::Value* text_of(const Reference& reference) const {
    if (reference.from == Reference::From::input) {
      const auto found = draft_.inputs.find(reference.name);
      return found == draft_.inputs.end() ? nullptr : &found->second.schema;
    }
    const auto found = index_.find(reference.name);
    if (found == index_.end()) return nullptr;
    const DraftStep& step = draft_.steps[found->second];
    const bool is_known = step.use ? step.tool || step.out : step.out.has_value();
    if (!is_known) return nullptr;
    return step.use ? &step.result() : &*step.out;
  }

  // An argument's schema; its `$ref`s lead into the tool's whole input schema.
  const Source* taken_by(const contract::ToolContract& tool, const std::string& argument) {
    const auto [slot, fresh] = takers_.try_emplace({&tool, argument});
    if (fresh) {
      const Source* input = known(tool.input);
      if (*input)
        slot->second = schema::project(**input, "/" + json::pointer_token(argument)).schema;
    }
    return &slot->second;
  }

  const Source* known(const json::Value& text) {
    const auto [slot, fresh] = sources_.try_emplace(&text);
    if (fresh) {
      if (auto compiled = Schema::compile(text)) slot->second = *std::move(compiled);
    }
    return &slot->second;
  }

  Draft& draft_;
  Sink& sink_;
  const Schema text_ = *Schema::compile(json::Object{{"type", "string"}});
  const DraftStep* at_ = nullptr;  // the step whose loop ${item} and ${prev} are of
  std::unordered_map<std::string_view, std::size_t> index_;
  std::map<const DraftStep*, Source> items_;
  std::unordered_map<const json::Value*, Source> sources_;  // by where the text stands
  std::map<std::pair<const contract::ToolContract*, std::string>, Source> takers_;
  std::map<std::pair<const Source*, std::string>, schema::Projection> projections_;
};

}  // namespace

void types(Draft& draft, Sink& sink) { Types{draft, sink}.run(); }

}  // namespace naestro::plan
