#include "turns/turn.hpp"

#include <algorithm>
#include <array>

#include "base/path.hpp"
#include "base/text.hpp"
#include "contract/within.hpp"

namespace naestro::turns {
namespace {

constexpr std::int64_t kWhyMax = 500;  // characters of a reason
constexpr std::size_t kShownBytes = 200;

json::Object object_schema(json::Object properties, json::Array required) {
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

json::Object constant(std::string_view word) { return {{"const", word}}; }

// Why a call may not read what it names; "" where it may.
std::string outside_of(const Tool& tool, const json::Object& arguments) {
  if (tool.within.empty() || !contract::only_reads(*tool.contract)) return {};
  for (const auto& [name, kind] : tool.contract->arguments) {
    const auto given = json::text_at(arguments, name);
    if (kind != contract::ArgumentKind::authority || !given) continue;
    const auto path = normal_path(*given);
    if (path && contract::lies_within(*path, tool.within)) continue;
    return "'" + name + "' is '" + shorten(one_line(*given), kShownBytes) +
           "', which is outside of what may be read: " + join(tool.within, ", ");
  }
  return {};
}

Said read_calls(const json::Object& said, const std::vector<Tool>& tools,
                const Functions& functions) {
  const json::Array* calls = json::array_at(said, "calls");
  if (calls == nullptr || calls->empty()) {
    return Fault{R"(to call tools, say {"do":"call","calls":[{"tool":NAME,"with":{...}}]})"};
  }
  if (calls->size() > static_cast<std::size_t>(kParallelMax)) {
    return Fault{"at most " + std::to_string(kParallelMax) + " calls in one turn, found " +
                 std::to_string(calls->size())};
  }
  Calls out;
  for (const json::Value& each : *calls) {
    const json::Object* call = each.if_object();
    const auto tool = call == nullptr ? std::nullopt : json::text_at(*call, "tool");
    if (!tool) return Fault{"a call names its 'tool' and gives its arguments in 'with'"};
    const json::Object* with = json::object_at(*call, "with");
    Calls::Asked asked{{std::string{*tool}, with == nullptr ? json::Object{} : *with}, {}};
    if (with == nullptr && call->contains("with")) {
      asked.fault = "'with' is no object of arguments";
    } else if (auto fits = functions.check(*tool, json::Value(asked.call.arguments)); !fits) {
      asked.fault = fits.error().message;
    } else {
      const auto offered = std::ranges::find(
          tools, *tool, [](const Tool& known) -> std::string_view { return known.contract->name; });
      asked.fault = outside_of(*offered, asked.call.arguments);
    }
    out.asked.push_back(std::move(asked));
  }
  return out;
}

}  // namespace

std::string_view name(Stop stop) {
  constexpr std::array<std::string_view, 7> names = {"answered", "gave_up", "turns",  "tokens",
                                                     "usd",      "faults",  "stalled"};
  return names[static_cast<std::size_t>(stop)];
}

Tool offered(const contract::ToolContract& contract, const std::vector<std::string>& pinned,
             std::vector<std::string> within) {
  json::Object parameters = contract.input.get_object();
  json::Object properties;
  if (const json::Object* all = json::object_at(parameters, "properties")) properties = *all;
  for (const std::string& name : pinned) properties.erase(name);
  json::Array required;
  if (const json::Array* all = json::array_at(parameters, "required")) {
    for (const json::Value& name : *all) {
      if (properties.contains(json::view(name.get_string()))) required.push_back(name);
    }
  }
  parameters["properties"] = std::move(properties);
  parameters["required"] = std::move(required);
  return {&contract, std::move(parameters), std::move(within)};
}

json::Value turn_schema(const std::vector<Tool>& tools, const json::Value& answer, bool last) {
  json::Array any;
  if (!last && !tools.empty()) {
    json::Array calls;
    for (const Tool& tool : tools) {
      calls.push_back(object_schema(
          {{"tool", constant(tool.contract->name)}, {"with", tool.parameters}}, {"tool", "with"}));
    }
    const json::Object list{{"type", "array"},
                            {"minItems", 1},
                            {"maxItems", kParallelMax},
                            {"items", json::Object{{"anyOf", std::move(calls)}}}};
    any.push_back(object_schema({{"do", constant("call")}, {"calls", list}}, {"do", "calls"}));
  }
  any.push_back(object_schema({{"do", constant("answer")}, {"answer", answer}}, {"do", "answer"}));
  any.push_back(object_schema(
      {{"do", constant("give_up")},
       {"why", json::Object{{"type", "string"}, {"minLength", 1}, {"maxLength", kWhyMax}}}},
      {"do", "why"}));
  return json::Object{{"anyOf", std::move(any)}};
}

Functions functions_of(const std::vector<Tool>& tools) {
  Functions out;
  for (const Tool& tool : tools) {
    check(out.add(tool.contract->name, tool.parameters).has_value(),
          "a contract's schemas compile, and a step offers a tool once");
  }
  return out;
}

Said read(std::string_view text, const std::vector<Tool>& tools, const Functions& functions,
          const schema::Schema& answer, bool last) {
  constexpr std::string_view kForms =
      R"(say one JSON object, with "do": "call", "answer" or "give_up")";
  auto parsed = json::parse(text);
  if (!parsed) {
    return Fault{"that is no JSON (" + parsed.error().message + "): " + std::string{kForms}};
  }
  const json::Object* said = parsed->if_object();
  const auto done = said == nullptr ? std::nullopt : json::text_at(*said, "do");
  if (done == "give_up") {
    return GaveUp{shorten(json::text_at(*said, "why").value_or(""), kWhyMax)};
  }
  if (done == "answer") {
    const json::Value* value = said->if_contains("answer");
    if (value == nullptr) return Fault{"an answer stands in the member 'answer'"};
    if (auto fits = schema::conforms(answer, *value, "the answer"); !fits) {
      return Fault{fits.error().message};
    }
    return Answer{*value};
  }
  if (done != "call") return Fault{std::string{kForms}};
  if (last) return Fault{"no calls are left: answer with what there is, or give up"};
  return read_calls(*said, tools, functions);
}

}  // namespace naestro::turns
