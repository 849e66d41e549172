#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "base/text.hpp"
#include "plan/passes.hpp"
#include "schema/validate.hpp"

namespace naestro::plan {
namespace {

class Resolver {
 public:
  Resolver(const Environment& environment, Sink& sink) : environment_{environment}, sink_{sink} {}

  void inputs(const Draft& draft) {
    for (const auto& [name, input] : draft.inputs) {
      const auto compiled = schema::Schema::compile(input.schema);
      if (!input.value || !compiled) continue;  // a faulty schema was reported already
      const std::string pointer = "/inputs/" + json::pointer_token(name) + "/value";
      for (const schema::Violation& violation : compiled->validate(*input.value)) {
        sink_.error(Np::kInputMismatch, pointer + violation.instance,
                    "the value of input '" + name + "' does not fit its schema",
                    {"", "", violation.message});
      }
    }
  }

  void roles(const Draft& draft) {
    for (const auto& [name, role] : draft.roles) {
      if (!role) continue;
      for (const contract::RoleFault& fault : contract::unknown_tools(*role, environment_.tools)) {
        sink_.error(Np::kUnknownTool, "/roles/" + name + fault.pointer, fault.message,
                    {"", "a tool of the catalog", fault.remedy});
      }
    }
  }

  // Whoever reads answers of a consensus has room for what is said in it at most.
  static void readers(Draft& draft) {
    std::map<std::string_view, std::int64_t> longest;
    for (const DraftStep& step : draft.steps) {
      const auto* use = step.use ? std::get_if<ModelUse>(&*step.use) : nullptr;
      if (use != nullptr && !step.group.empty()) {
        std::int64_t& most = longest[step.group];
        most = std::max(most, use->max_output_tokens);
      }
    }
    for (DraftStep& step : draft.steps) {
      auto* use = step.use ? std::get_if<ModelUse>(&*step.use) : nullptr;
      if (use == nullptr || step.model->answers == 0) continue;
      use->max_input_tokens = with_answers(*use, step.model->answers, longest.at(step.group));
    }
  }

  void step(DraftStep& step) {
    if (step.tool && step.model) return;
    if (step.tool) tool(step);
    if (step.hand_of && step.use) hand(step, *std::get<ToolUse>(*step.use).tool);
    if (step.model) model(step);
    if (step.use) result(step);
  }

 private:
  void tool(DraftStep& step) {
    const std::string& pointer = step.tool_pointer;
    const std::string& written = *step.tool;
    const std::size_t at = std::min(written.find('@'), written.size());
    const std::string name = written.substr(0, at);
    std::int64_t version = 0;
    if (at < written.size()) {
      const char* end = written.data() + written.size();
      const auto [stop, error] = std::from_chars(written.data() + at + 1, end, version);
      if (error != std::errc{} || stop != end || version < 1) {
        sink_.error(Np::kUnknownToolVersion, pointer, "the version of the tool is malformed",
                    {"'" + written + "'", "'" + name + "@1'", ""});
        return;
      }
    }
    const contract::ToolContract* found = environment_.tools.find(name, version);
    if (found == nullptr) {
      if (!step.tool_of_role) unknown_tool(name, version, pointer);  // else said of the role
      return;
    }
    if (!found->deprecated.empty()) {
      sink_.warn(Np::kDeprecatedTool, pointer, "the tool " + found->id() + " is deprecated",
                 {"'" + written + "'", "", found->deprecated});
    }
    step.use = ToolUse{found};
    // The contract's promise is a cap too: the smaller holds.
    step.timeout = std::min(step.timeout_s.value_or(found->timeout_s), found->timeout_s);
    arguments(step, *found);
  }

  // What the plan does not give a hand, its agent's model gives.
  static void hand(DraftStep& step, const contract::ToolContract& tool) {
    Expression::Members members;
    if (const auto* literal = std::get_if<json::Value>(&step.with.expression.node)) {
      for (const auto& member : literal->get_object()) {
        members.emplace_back(std::string{member.key()}, Expression{member.value()});
      }
    } else {
      members = std::move(std::get<Expression::Members>(step.with.expression.node));
    }
    for (const auto& [name, kind] : tool.arguments) {
      if (std::ranges::find(members, name, &Expression::Member::key) != members.end()) continue;
      const std::string token = "/" + json::pointer_token(name);
      const Reference given{Reference::From::call, "", token};
      members.emplace_back(name, Expression{given});
      step.with.uses.push_back({given, step.with_pointer + token});
    }
    std::ranges::sort(members, json::canonical_before, &Expression::Member::key);
    step.with.expression.node = std::move(members);
  }

  // The schema of the step's whole result, and its default held to it.
  void result(DraftStep& step) {
    if (step.call_yields() == nullptr) return;
    const json::Value& call = *step.call_yields();
    if (step.control.for_each) step.yields = result_schema(*step.control.for_each, call, step.id);
    if (step.control.fallback) fits(step, "default", *step.control.fallback, step.result());
    if (step.control.repeat && step.control.repeat->start) {
      fits(step, "repeat/start", *step.control.repeat->start, call);
    }
  }

  void fits(const DraftStep& step, const std::string& member, const json::Value& value,
            const json::Value& schema) {
    const auto compiled = schema::Schema::compile(schema);
    if (!compiled) return;  // a faulty schema was reported already
    for (const schema::Violation& violation : compiled->validate(value)) {
      sink_.error(Np::kDefaultMismatch, step.pointer + "/" + member + violation.instance,
                  "the value of '" + member + "' does not fit what step '" + step.id + "' yields",
                  {"", "", violation.message});
    }
  }

  void unknown_tool(const std::string& name, std::int64_t version, const std::string& pointer) {
    std::vector<std::string> names;
    std::vector<std::string> versions;
    for (const contract::ToolContract& known : environment_.tools.all()) {
      names.push_back(known.name);
      if (known.name == name) versions.push_back(known.id());
    }
    if (!versions.empty()) {
      sink_.error(
          Np::kUnknownToolVersion, pointer, "the tool has no such version",
          {"'" + name + "@" + std::to_string(version) + "'", "one of " + join(versions, ", "), ""});
      return;
    }
    sink_.error(Np::kUnknownTool, pointer, "no tool is called '" + name + "'",
                {"'" + name + "'", "a tool of the catalog", did_you_mean(name, names)});
  }

  void argument(const contract::ToolContract& tool, const std::string& name,
                const json::Value* literal, const std::string& with) {
    if (!tool.arguments.contains(name)) {
      std::vector<std::string> known;
      for (const auto& [key, kind] : tool.arguments) known.push_back(key);
      std::string hint = did_you_mean(name, known);
      sink_.error(Np::kUnknownArgument, with + "/" + json::pointer_token(name),
                  tool.id() + " has no argument '" + name + "'",
                  {"'" + name + "'", "one of " + join(known, ", "), std::move(hint)});
      return;
    }
    if (literal == nullptr) return;
    // What the schema says of the arguments together is asked when all of them are known.
    for (const schema::Violation& violation :
         input(tool).validate(json::Object{{name, *literal}})) {
      if (!violation.keyword.starts_with("/properties/")) continue;
      sink_.error(Np::kArgumentMismatch, with + violation.instance,
                  "the argument '" + name + "' does not fit " + tool.id(),
                  {"", "", violation.message});
    }
  }

  void arguments(const DraftStep& step, const contract::ToolContract& tool) {
    const std::string& pointer = step.with_pointer;
    std::vector<std::string> given;
    const auto visit = [&](const std::string& name, const json::Value* literal) {
      given.push_back(name);
      argument(tool, name, literal, pointer);
    };
    if (const auto* members = std::get_if<Expression::Members>(&step.with.expression.node)) {
      for (const auto& [key, value] : *members) visit(key, std::get_if<json::Value>(&value.node));
    } else {
      const auto& literal = std::get<json::Value>(step.with.expression.node).get_object();
      for (const auto& member : literal) visit(member.key(), &member.value());
    }
    const json::Array* required = json::array_at(tool.input.get_object(), "required");
    if (required == nullptr || step.hand_of) return;  // a model gives the rest
    for (const json::Value& item : *required) {
      const std::string name{json::view(item.get_string())};
      if (std::ranges::find(given, name) != given.end()) continue;
      sink_.error(Np::kMissingArgument, pointer, tool.id() + " needs the argument '" + name + "'",
                  {"no '" + name + "'", "'" + name + "'", ""});
    }
  }

  // The compiled schema of a tool's input, made once per tool. All of it, since what it says of a
  // property may refer to other parts; but none is required, as arguments are asked one by one.
  const schema::Schema& input(const contract::ToolContract& tool) {
    const auto known = inputs_.find(&tool);
    if (known != inputs_.end()) return known->second;
    json::Object alone = tool.input.get_object();
    alone.erase("required");
    auto compiled = schema::Schema::compile(alone);
    check(compiled.has_value(), "a contract's schemas compile");
    return inputs_.emplace(&tool, std::move(*compiled)).first->second;
  }

  void model(DraftStep& step) {
    const ModelDraft& draft = *step.model;
    const std::string pointer = step.pointer + (step.agent ? "/do/agent" : "/do/model");
    const contract::ModelContract* found = nullptr;
    if (draft.model) {
      found = environment_.models.find(*draft.model);
    } else if (!environment_.default_model.empty()) {
      found = environment_.models.find(environment_.default_model);
    } else if (!environment_.models.all().empty()) {
      found = &environment_.models.fallback();
    }
    if (found == nullptr) {
      std::vector<std::string> names;
      for (const contract::ModelContract& known : environment_.models.all()) {
        names.push_back(known.name);
      }
      const std::string name = draft.model.value_or(environment_.default_model);
      sink_.error(Np::kUnknownModel, draft.model ? pointer + "/model" : pointer,
                  name.empty() ? "the catalog has no model" : "no model is called '" + name + "'",
                  {name.empty() ? "no model" : "'" + name + "'",
                   names.empty() ? "a model in the catalog" : "one of " + join(names, ", "),
                   did_you_mean(name, names)});
      return;
    }
    ModelUse use{
        found, draft.task, draft.max_input_tokens.value_or(environment_.default_max_input_tokens),
        draft.max_output_tokens.value_or(environment_.default_max_output_tokens), draft.seed};
    if (step.role && !draft.max_input_tokens) use.max_input_tokens = all_room(use, step);
    step.use = use;
    step.timeout = step.timeout_s.value_or(environment_.default_timeout_s);
  }

  // Who works by a role reads what its tools give: as much as its model holds, within reason and so
  // that its budget lasts for some turns.
  static std::int64_t all_room(const ModelUse& use, const DraftStep& step) {
    constexpr std::int64_t kMost = 32'000;
    constexpr std::int64_t kTurns = 4;
    std::int64_t most = std::min(kMost, use.model->context_tokens - use.max_output_tokens);
    if (step.budget.tokens) {
      most = std::min(most, *step.budget.tokens / kTurns - use.max_output_tokens);
    }
    return std::max(use.max_input_tokens, most);
  }

  // A question and answers to it, as far as the model's context reaches: what is longer when it is
  // asked is refused then, and the others go on.
  static std::int64_t with_answers(const ModelUse& use, std::int64_t answers,
                                   std::int64_t longest) {
    constexpr std::int64_t kFrameTokens = 400;  // what is said around them
    constexpr std::int64_t kTokenBytes = 4;     // in English
    // The input of a served model is counted a token a byte.
    const std::int64_t each = use.model->served ? kTokenBytes : 1;
    const std::int64_t most = use.model->context_tokens - use.max_output_tokens;
    const std::int64_t wanted = use.max_input_tokens + each * (answers * longest + kFrameTokens);
    return std::max(use.max_input_tokens, std::min(wanted, most));
  }

  const Environment& environment_;
  Sink& sink_;
  std::unordered_map<const contract::ToolContract*, schema::Schema> inputs_;
};

}  // namespace

void resolve(Draft& draft, const Environment& environment, Sink& sink) {
  Resolver resolver{environment, sink};
  resolver.inputs(draft);
  resolver.roles(draft);
  for (DraftStep& step : draft.steps) {
    resolver.step(step);
    step.done = environment.done.contains(step.id);
  }
  Resolver::readers(draft);
}

}  // namespace naestro::plan
