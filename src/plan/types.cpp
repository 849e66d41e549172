// The pass "types": does every value that flows into an argument fit what the argument takes? A
// lone reference has the schema of what it names, a template is a string, an object or array is
// made of its parts; that schema has to be a subtype of the argument's. A plan is refused only when
// values were found that can really be there together and that the argument refuses.
#include <algorithm>
#include <unordered_map>

#include "base/text.hpp"
#include "plan/passes.hpp"
#include "schema/compose.hpp"
#include "schema/node.hpp"
#include "schema/project.hpp"
#include "schema/subtype.hpp"

namespace naestro::plan {
namespace {

using schema::Schema;
using schema::Subtype;

// The schema of what references name; absent where it does not compile, which was reported.
using Source = std::optional<Schema>;

constexpr std::size_t kPartsMax = 1'000;  // of one argument that is compared

std::size_t count_parts(const Expression& expression) {
  std::size_t out = 1;
  if (const auto* members = std::get_if<Expression::Members>(&expression.node)) {
    for (const auto& [key, value] : *members) out += count_parts(value);
  } else if (const auto* items = std::get_if<Expression::Items>(&expression.node)) {
    for (const Expression& item : *items) out += count_parts(item);
  }
  return out;
}

// The parts of an object or array, with the token of each; none for anything else.
std::vector<std::pair<std::string, const Expression*>> parts_of(const Expression& expression) {
  std::vector<std::pair<std::string, const Expression*>> out;
  if (const auto* members = std::get_if<Expression::Members>(&expression.node)) {
    for (const auto& [key, value] : *members) out.emplace_back(json::pointer_token(key), &value);
  } else if (const auto* items = std::get_if<Expression::Items>(&expression.node)) {
    for (const Expression& item : *items) out.emplace_back(std::to_string(out.size()), &item);
  }
  return out;
}

std::string called(const Expression& expression) {
  if (const auto* reference = std::get_if<Reference>(&expression.node)) return written(*reference);
  if (std::holds_alternative<Expression::Members>(expression.node)) return "an object";
  return std::holds_alternative<Expression::Items>(expression.node) ? "an array" : "text";
}

// Values of steps that can be there, by the steps' ids.
using Found = std::map<std::string, json::Value, std::less<>>;

// The innermost part of an argument that can be named for what does not fit.
struct Blame {
  std::string pointer;  // inside of the argument
  const Expression* part;
  std::string reason;
};

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
    for (const AcceptDraft& each : draft_.accept) accept(each);
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
    if (step.hand_of)
      note(step, {step.tool_pointer, "a model says when and with what it is called"});
    const auto* tool = std::get_if<ToolUse>(&*step.use);
    const auto* members = std::get_if<Expression::Members>(&step.with.expression.node);
    if (tool == nullptr || members == nullptr)
      return;  // what is all literal was checked by resolve
    for (const Expression::Member& member : *members) {
      if (member.value.literal()) continue;
      argument(step, *tool->tool, member, taken_by(*tool->tool, member.key));
    }
  }

  // What may fail with some values is found out when all is done.
  void accept(const AcceptDraft& each) {
    const Condition& condition = each.accept.check;
    if (condition.text.empty()) return;  // it was malformed
    const auto uses = references(condition);
    // Outside of a loop they mean nothing, as was said of the graph.
    const auto of_loop = [](const Reference& use) {
      return use.from == Reference::From::item || use.from == Reference::From::prev;
    };
    if (std::ranges::any_of(uses, of_loop)) return;
    for (const Reference& reference : uses) look({reference, each.pointer});
    for (const ConditionFinding& finding :
         check_types(condition, [this](const Reference& of) { return types_of(of); })) {
      if (finding.certain) certain(finding, each.pointer);
    }
  }

  void certain(const ConditionFinding& finding, const std::string& pointer) {
    sink_.error(Np::kConditionTypes, pointer, "the condition fails whatever the values are",
                {finding.message, "operands of the types that it takes", ""});
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
        certain(finding, pointer);
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
    const std::string pointer = step.with_pointer + "/" + json::pointer_token(member.key);
    if (count_parts(member.value) > kPartsMax) {
      step.checks.push_back({pointer, "it has more than 1000 parts"});
      return;
    }
    const Source gives = given_by(member.value, {});
    if (!gives) return;  // a reference that is reported elsewhere
    const Subtype found = schema::subtype(*gives, takes);
    if (found.verdict == Subtype::Verdict::yes) return;
    const json::Value* witness = found.witness ? &*found.witness : nullptr;
    const Blame blame = blamed({"", &member.value, found.reason}, takes, witness);
    if (found.verdict == Subtype::Verdict::unknown ||
        !never_fits(member.value, *gives, takes, *found.witness, blame.pointer)) {
      step.checks.push_back({pointer + blame.pointer, blame.reason});
      return;
    }
    const std::string shown = json::write(*json::at(*found.witness, blame.pointer));
    sink_.error(Np::kTypeMismatch, pointer + blame.pointer,
                "what flows into '" + member.key + "' does not fit " + tool.id(),
                {called(*blame.part), blame.reason, "for instance " + shorten(shown, 100)});
  }

  // Whether the witness is no accident of the comparison: with values of the steps that can be
  // there, nothing fits, whatever a person gives and however text is put together.
  bool never_fits(const Expression& expression, const Schema& gives, const Schema& takes,
                  const json::Value& witness, std::string_view first) {
    if (nothing_fits(gives, takes)) return true;
    Found found;
    // What is at fault before all else: the values of one step belong together.
    for (const std::string_view under : {first, std::string_view{}}) {
      if (!complete(expression, witness, "", under, found)) return false;
    }
    const Source fixed = given_by(expression, found);
    return fixed && nothing_fits(*fixed, takes);
  }

  static bool nothing_fits(const Schema& gives, const Schema& takes) {
    return schema::subtype(gives, schema::all_but(takes)).verdict == Subtype::Verdict::yes;
  }

  // For every step that a lone reference at or below `under` names: a value that has there what the
  // witness has. False when one is not found.
  bool complete(const Expression& expression, const json::Value& witness, const std::string& at,
                std::string_view under, Found& found) {
    const auto* reference = std::get_if<Reference>(&expression.node);
    if (reference != nullptr && at.starts_with(under) && reference->from == Reference::From::step &&
        !found.contains(reference->name)) {
      auto whole =
          schema::completed(**source_of(*reference), reference->pointer, *json::at(witness, at));
      if (!whole) return false;
      found.emplace(reference->name, *std::move(whole));
    }
    return std::ranges::all_of(parts_of(expression), [&](const auto& part) {
      return complete(*part.second, witness, at + "/" + part.first, under, found);
    });
  }

  // The part that the witness is refused for, or that is not known to fit.
  Blame blamed(Blame so_far, const Schema& takes, const json::Value* witness) {
    for (const auto& [token, part] : parts_of(*so_far.part)) {
      const Source below = schema::project(takes, "/" + token).schema;
      if (!below) continue;
      const json::Value* value = witness == nullptr ? nullptr : json::at(*witness, "/" + token);
      if (value != nullptr && below->validate(*value, 1).empty()) continue;
      const Subtype found = schema::subtype(*given_by(*part, {}), *below);
      if (found.verdict == Subtype::Verdict::yes) continue;
      return blamed({so_far.pointer + "/" + token, part, found.reason}, *below, value);
    }
    return so_far;
  }

  // The schema of an expression's values, with those of steps that are in `known`; absent where a
  // reference leads nowhere.
  Source given_by(const Expression& expression, const Found& known) {
    if (const auto* literal = std::get_if<json::Value>(&expression.node)) return only(*literal);
    if (const auto* text = std::get_if<Template>(&expression.node)) return text_of(*text);
    if (const auto* reference = std::get_if<Reference>(&expression.node)) {
      const schema::Projection* found = projected(*reference);
      if (found == nullptr) return std::nullopt;
      const auto whole = known.find(reference->name);
      if (reference->from == Reference::From::input || whole == known.end()) return found->schema;
      const json::Value* there = json::at(whole->second, reference->pointer);
      return there == nullptr ? std::nullopt : only(*there);
    }
    std::vector<std::pair<std::string, Schema>> members;
    std::vector<Schema> items;
    if (const auto* list = std::get_if<Expression::Items>(&expression.node)) {
      for (const Expression& item : *list) {
        Source part = given_by(item, known);
        if (!part) return std::nullopt;
        items.push_back(*std::move(part));
      }
      return schema::array_of(items);
    }
    for (const auto& [key, value] : std::get<Expression::Members>(expression.node)) {
      Source part = given_by(value, known);
      if (!part) return std::nullopt;
      members.emplace_back(key, *std::move(part));
    }
    return schema::object_of(members);
  }

  static Source only(const json::Value& value) {
    return *Schema::compile(json::Object{{"const", value}});
  }

  // At least as long as what stands around its references.
  static Source text_of(const Template& text) {
    std::int64_t length = 0;
    for (const auto& part : text.parts) {
      const auto* literal = std::get_if<std::string>(&part);
      if (literal != nullptr) length += static_cast<std::int64_t>(schema::code_points(*literal));
    }
    return *Schema::compile(json::Object{{"type", "string"}, {"minLength", length}});
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
    const schema::Projection* array = projected(in);
    slot->second = *Schema::compile(json::Value(true));
    if (array == nullptr || !array->schema) return &slot->second;
    // Elements that have schemas of their own by their place are checked when the step runs.
    if (json::write(*text_of(in)).contains("\"prefixItems\"")) return &slot->second;
    if (auto one = schema::project(*array->schema, "/0").schema) slot->second = *std::move(one);
    return &slot->second;
  }

  const Source* source_of(const Reference& reference) {
    if (reference.from == Reference::From::call) return nullptr;  // asked at each call
    if (reference.from == Reference::From::item) return item();
    if (reference.from == Reference::From::prev) return call_of(*at_);
    const json::Value* text = text_of(reference);
    return text == nullptr ? nullptr : known(*text);
  }

  const Source* call_of(const DraftStep& step) {
    const json::Value* found = step.call_yields();
    return found == nullptr ? nullptr : known(*found);
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
    return step.call_yields() == nullptr ? nullptr : &step.result();
  }

  // An argument's schema; its `$ref`s lead into the tool's whole input schema.
  const Schema& taken_by(const contract::ToolContract& tool, const std::string& argument) {
    const auto [slot, fresh] = takers_.try_emplace({&tool, argument});
    if (fresh) {
      const Source* input = known(tool.input);  // the catalog compiled it
      slot->second = schema::project(**input, "/" + json::pointer_token(argument))
                         .schema.value_or(*Schema::compile(false));
    }
    return *slot->second;
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
