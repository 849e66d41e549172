// An agent's step: a model step with tools, a number of turns and of calls. Each tool becomes a
// step of its own, so that all passes hold of it without special cases.
#include <algorithm>

#include "base/path.hpp"
#include "plan/passes.hpp"

namespace naestro::plan {
namespace {

constexpr std::int64_t kTurnsMax = 100;
constexpr std::int64_t kCallsMax = 1'000;
constexpr std::size_t kToolsMax = 64;
constexpr std::size_t kIdMax = 64;

AgentDraft::Tool parse_tool(const json::Value& value, const std::string& pointer, Sink& sink) {
  AgentDraft::Tool out;
  out.pointer = pointer;
  out.with_pointer = pointer + "/with";
  out.with.expression = {json::Value(json::Object{})};
  if (value.is_string()) {
    out.tool = json::view(value.get_string());
    return out;
  }
  const json::Object* object = value.if_object();
  if (object == nullptr) {
    sink.error(Np::kWrongType, pointer, "a tool of an agent is a name, or an object with one",
               {std::string{json::type_name(value)}, "\"files.search@1\"", ""});
    return out;
  }
  Fields fields{*object, pointer, "tool of an agent", sink};
  fields.only({"tool", "with"});
  out.pointer = fields.at("tool");
  out.tool = fields.text("tool", Fields::required).value_or("");
  if (fields.object("with", Fields::optional) != nullptr) {
    out.with = parse_argument(object->at("with"), out.with_pointer, sink);
  }
  return out;
}

// "files.search@1" of an agent "look" is done as "look.files_search".
std::string hand_id(const std::string& agent, std::string_view tool) {
  std::string name{tool.substr(0, tool.find('@'))};
  std::ranges::replace(name, '.', '_');
  return agent + "." + name;
}

}  // namespace

AgentDraft parse_agent(const json::Object& agent, const std::string& pointer, Fields::Need need,
                       Sink& sink) {
  Fields fields{agent, pointer, "agent step", sink};
  AgentDraft out;
  out.turns = fields.integer("turns", need, 1, kTurnsMax).value_or(0);
  out.tool_calls = fields.integer("tool_calls", need, 1, kCallsMax).value_or(0);
  if (const auto* tools = fields.array("tools", need)) {
    if (tools->empty() || tools->size() > kToolsMax) {
      sink.error(Np::kBadValue, fields.at("tools"), "an agent has tools",
                 {std::to_string(tools->size()), "1 to " + std::to_string(kToolsMax),
                  "a step without tools is a model step"});
    }
    for (std::size_t i = 0; i < tools->size() && i < kToolsMax; ++i) {
      out.tools.push_back(
          parse_tool((*tools)[i], fields.at("tools") + "/" + std::to_string(i), sink));
    }
  }
  const auto* within = fields.array("within", Fields::optional);
  if (within != nullptr && within->empty()) {
    sink.error(Np::kBadValue, fields.at("within"),
               "an agent that may read nothing needs no 'within'",
               {"[]", "a folder or a file", "leave it out, and each read is asked for"});
  }
  for (std::size_t i = 0; within != nullptr && i < within->size(); ++i) {
    const std::string here = fields.at("within") + "/" + std::to_string(i);
    const json::Value& path = (*within)[i];
    const auto normal = path.is_string() ? normal_path(json::view(path.get_string()))
                                         : fail(Code::kOutsideWorkspace, "it is no text");
    if (normal) {
      out.within.push_back(*normal);
    } else {
      sink.error(Np::kOutsideWorkspace, here, "what an agent may read is a path of the workspace",
                 {json::write(path), "\"notes\", or \".\" for all of it", ""});
    }
  }
  return out;
}

void add_hands(Draft& draft, Sink& sink) {
  const std::size_t written = draft.steps.size();
  for (std::size_t i = 0; i < written; ++i) {
    if (!draft.steps[i].agent) continue;
    const DraftStep agent = draft.steps[i];
    for (const auto& [member, there] : {std::pair{"for_each", agent.control.for_each.has_value()},
                                        std::pair{"repeat", agent.control.repeat.has_value()}}) {
      if (!there) continue;
      sink.error(Np::kNotBuilt, agent.pointer + "/" + member,
                 "an agent goes over nothing and is not repeated yet",
                 {std::string{"'"} + member + "'", "none", "give it one task, with more turns"});
    }
    for (const AgentDraft::Tool& tool : agent.agent->tools) {
      DraftStep hand;
      hand.pointer = tool.pointer;
      hand.id = hand_id(agent.id, tool.tool);
      if (hand.id.size() > kIdMax) {
        sink.error(Np::kBadName, agent.pointer + "/id",
                   "the agent's id and the name of a tool are too long together",
                   {"'" + hand.id + "'", "at most " + std::to_string(kIdMax) + " bytes", ""});
      }
      hand.tool = tool.tool;
      hand.hand_of = i;
      hand.tool_pointer = tool.pointer;
      hand.tool_of_role = tool.of_role;
      hand.with_pointer = tool.with_pointer;
      hand.with = tool.with;
      draft.steps[i].agent->hands.push_back(draft.steps.size());
      draft.steps.push_back(std::move(hand));
    }
  }
}

}  // namespace naestro::plan
