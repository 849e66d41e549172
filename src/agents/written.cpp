#include "agents/written.hpp"

#include <algorithm>
#include <ranges>
#include <set>
#include <tuple>

#include "agents/role_steps.hpp"
#include "base/text.hpp"
#include "plan/reference.hpp"
#include "turns/signature.hpp"

namespace naestro::agents {

using turns::signature;
namespace {

constexpr std::size_t kValuesShown = 6;
constexpr std::size_t kFolderBytes = 2000;  // of a brief, that no list of tools takes
constexpr std::size_t kTriesMax = 20;
constexpr std::size_t kWordLetters = 4;  // shorter ones say little
constexpr std::size_t kCellBytesMax = 40;
constexpr std::size_t kBasisBytesMax =
    900;  // answer.compose takes 2,000 characters, escapes and all

std::string text_of(const json::Object& object, std::string_view key) {
  return std::string{json::text_at(object, key).value_or("")};
}

// What fits is added, whole lines only; what does not is counted.
class Page {
 public:
  explicit Page(std::size_t bytes_max) : left_{bytes_max} {}

  // What a line takes: in the JSON in which the model is asked these take two bytes each, and so
  // does the line's end.
  static std::size_t cost(std::string_view text) {
    const auto escaped = std::ranges::count_if(text, [](char c) { return c == '"' || c == '\\'; });
    return text.size() + static_cast<std::size_t>(escaped) + 2;
  }

  void line(std::string_view text) {
    if (cost(text) > left_) {
      truncated_ = true;
      return;
    }
    left_ -= cost(text);
    out_ += text;
    out_ += '\n';
  }
  // A text that may be cut, to at most `part` of what is left.
  void passage(std::string_view text, std::size_t part) {
    const std::size_t room = left_ / part;
    truncated_ = truncated_ || text.size() > room;
    line(shorten(text, std::min(room, text.size())));
  }
  // What is not there on purpose.
  void leave_out(std::string_view text) {
    if (!text.empty()) line(text);
    truncated_ = true;
  }
  [[nodiscard]] std::size_t left() const { return left_; }
  json::Value end() && { return json::Object{{"text", out_}, {"truncated", truncated_}}; }

 private:
  std::size_t left_;
  std::string out_;
  bool truncated_ = false;
};

// "status text: open, paid, ... (4)"; of numbers and dates the range.
std::string column_text(const json::Object& column) {
  const std::string type = text_of(column, "type");
  std::string out = text_of(column, "name") + " " + type;
  if (const std::string unit = text_of(column, "unit"); !unit.empty()) out += " in " + unit;
  if (const std::string least = text_of(column, "min"); !least.empty()) {
    return out + " " + shorten(least, kCellBytesMax) + ".." +
           shorten(text_of(column, "max"), kCellBytesMax);
  }
  std::vector<std::string> shown;
  for (const json::Value& value : *json::array_at(column, "values")) {
    if (shown.size() == kValuesShown) break;
    shown.push_back(shorten(json::view(value.get_string()), kCellBytesMax));
  }
  return out + " (" + std::to_string(json::integer_at(column, "distinct").value_or(0)) + ": " +
         join(shown, ", ") + ")";
}

void tables(const json::Object& survey, Page& page) {
  page.line("\nTables:");
  for (const json::Value& each : *json::array_at(survey, "tables")) {
    const json::Object& table = each.get_object();
    const std::int64_t at = json::integer_at(table, "table_line").value_or(0);
    std::vector<std::string> columns;
    for (const json::Value& column : *json::array_at(table, "columns")) {
      columns.push_back(column_text(column.get_object()));
    }
    page.line("- " + text_of(table, "file") +
              (at > 0 ? ", table_line " + std::to_string(at) : std::string{}) + ", " +
              std::to_string(json::integer_at(table, "rows").value_or(0)) +
              " rows: " + join(columns, "; "));
  }
}

void texts(const json::Object& survey, Page& page) {
  page.line("\nTexts:");
  for (const json::Value& each : *json::array_at(survey, "files")) {
    const json::Object& file = each.get_object();
    if (text_of(file, "kind") == "csv") continue;
    page.line("- " + text_of(file, "file") + ", " +
              std::to_string(json::integer_at(file, "lines").value_or(0)) +
              " lines: " + text_of(file, "title"));
  }
}

// The tools that a plan may call: those that are asked for, where there is a list of them.
std::vector<const contract::ToolContract*> usable(const json::Object& arguments,
                                                  const contract::ToolCatalog& tools) {
  const json::Array* ids = json::array_at(arguments, "tools");
  std::set<std::string_view> wanted;
  for (std::size_t i = 0; ids != nullptr && i < ids->size(); ++i) {
    if ((*ids)[i].is_string()) wanted.insert(json::view((*ids)[i].get_string()));
  }
  std::vector<const contract::ToolContract*> out;
  for (const contract::ToolContract& tool : tools.all()) {
    if (is_offered(tool) && (ids == nullptr || wanted.contains(tool.id()))) out.push_back(&tool);
  }
  return out;
}

// How many words of the goal a tool's name or description has.
std::ptrdiff_t relevance(const contract::ToolContract& tool,
                         const std::set<std::string>& goal_words) {
  const std::string says = ascii_lower(tool.name + " " + tool.description);
  return std::ranges::count_if(goal_words,
                               [&](const std::string& word) { return says.contains(word); });
}

// All of them in the catalog's order, which a cache of beginnings likes; where they are too many,
// those first that have to do with the goal.
void list(std::vector<const contract::ToolContract*> tools, const std::string& goal, bool counted,
          Page& page) {
  const auto line_of = [](const contract::ToolContract* tool) { return "- " + signature(*tool); };
  const std::size_t room = page.left() > kFolderBytes ? page.left() - kFolderBytes : 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < tools.size() && bytes <= room; ++i) {
    bytes += Page::cost(line_of(tools[i]));
  }
  if (bytes > room) {
    std::set<std::string> words;
    for (const std::string& word : split(ascii_lower(goal), ' ')) {
      if (word.size() >= kWordLetters) words.insert(word);
    }
    std::vector<std::pair<std::ptrdiff_t, const contract::ToolContract*>> ranked;
    for (const auto* tool : tools) ranked.emplace_back(-relevance(*tool, words), tool);
    std::ranges::sort(ranked, {}, [](const auto& each) {
      return std::tie(each.first, each.second->name, each.second->version);
    });
    std::ranges::copy(ranked | std::views::values, tools.begin());
  }
  std::size_t used = 0;
  std::size_t told = 0;
  // A long one in the way keeps no short one out, but not all of a thousand are looked at.
  std::size_t tries = kTriesMax;
  for (std::size_t i = 0; i < tools.size() && tries > 0; ++i) {
    const std::string line = line_of(tools[i]);
    if (used + Page::cost(line) > room) {
      --tries;
      continue;
    }
    used += Page::cost(line);
    ++told;
    page.line(line);
  }
  const std::size_t without = tools.size() - told;
  if (without == 0) return;
  // Of version 1 every line is one of the whole.
  page.leave_out(counted ? std::to_string(without) + " more tools are not listed" : "");
}

// The output of a tool that has an answer, in the shape that answer.compose takes.
struct Answer {
  std::string_view argument;  // of answer.compose
  std::string_view member;    // of the tool's output; empty: all of it
};
Answer answer_of(const contract::ToolContract* tool) {
  const json::Object* output = tool == nullptr ? nullptr : tool->output.if_object();
  const json::Object* properties =
      output == nullptr ? nullptr : json::object_at(*output, "properties");
  for (const std::string_view member : {"quotes", "matches"}) {
    if (properties != nullptr && properties->contains(member)) return {"quotes", member};
  }
  return {"table", ""};
}

// "csv.query@1" of a step as a model wrote it, and the tool, where there is one.
std::pair<std::string, const contract::ToolContract*> tool_of(const json::Object& step,
                                                              const contract::ToolCatalog& tools) {
  const json::Object* use = json::object_at(step, "do");
  const std::string id = use == nullptr ? std::string{} : text_of(*use, "tool");
  const std::size_t at = id.find('@');
  return {id, tools.find(id.substr(0, at))};
}

const json::Object* step_of(const json::Array& steps, std::string_view id) {
  for (const json::Value& each : steps) {
    const json::Object* step = each.if_object();
    if (step != nullptr && text_of(*step, "id") == id) return step;
  }
  return nullptr;
}

bool is_model_step(const json::Object* step) {
  const json::Object* use = step == nullptr ? nullptr : json::object_at(*step, "do");
  return use != nullptr && use->contains("model");
}

// An id that no step of the model's has.
std::string free_id(const json::Array& steps) {
  std::string id = "answer";
  while (step_of(steps, id) != nullptr) id += "_";
  return id;
}

// What an agent with a role says is the answer.
json::Object plan_of_report(std::string_view goal, const json::Array& steps,
                            const std::string& answering) {
  json::Array all;
  for (const json::Value& each : steps) {
    const bool last = each.is_object() && text_of(each.get_object(), "id") == answering;
    all.push_back(last ? json::Value(reporting(each.get_object())) : each);
  }
  json::Object outputs;
  for (const std::string_view each : {"answer", "sources"}) {
    outputs[each] = "${steps." + answering + ".out." + std::string{each} + "}";
  }
  return {{"naestro", "plan/1"},
          {"goal", goal},
          {"steps", std::move(all)},
          {"outputs", std::move(outputs)}};
}

json::Object plan_of(std::string_view goal, std::string_view model, const json::Array& steps,
                     const std::string& answering, const contract::ToolCatalog& tools) {
  static const json::Object none;
  const json::Object* found = step_of(steps, answering);
  const json::Object& step = found != nullptr ? *found : none;
  const auto [id, tool] = tool_of(step, tools);
  const json::Object* with = json::object_at(step, "with");
  const Answer shape = answer_of(tool);
  const std::string computed = json::write(json::Value(with != nullptr ? *with : none));
  json::Object arguments{
      {"lead", "By a plan that " + std::string{model} + " wrote:"},
      {"basis", plan::escaped(id + " " + shorten(computed, kBasisBytesMax))},
      {"nothing", "The plan that " + std::string{model} + " wrote found nothing."},
      {shape.argument, "${steps." + answering + ".out" +
                           (shape.member.empty() ? "" : "." + std::string{shape.member}) + "}"}};
  const auto file = with == nullptr ? std::nullopt : json::text_at(*with, "file");
  if (file && shape.argument == "table") arguments["file"] = *file;
  json::Array all = steps;
  const std::string last = free_id(steps);
  all.push_back(json::Object{{"id", last},
                             {"do", json::Object{{"tool", "answer.compose@1"}}},
                             {"with", std::move(arguments)}});
  json::Object outputs;
  for (const std::string_view each : {"answer", "citations", "found"}) {
    outputs[each] = "${steps." + last + ".out." + std::string{each} + "}";
  }
  return {{"naestro", "plan/1"},
          {"goal", goal},
          {"steps", std::move(all)},
          {"outputs", std::move(outputs)}};
}

json::Value refused(std::string reason) {
  return json::Object{{"plan", json::Object{}},
                      {"status", "refused"},
                      {"skill", ""},
                      {"reason", std::move(reason)}};
}

}  // namespace

bool is_offered(const contract::ToolContract& tool) {
  return !tool.name.starts_with("planner.") && !tool.name.starts_with("consensus.") &&
         tool.name != "answer.compose" && tool.name != "files.restore" &&
         tool.name != "files.instructions" &&                     // roles are told of them
         tool.id() != "exec.run@2" && tool.id() != "http.get@2";  // no model names hosts or secrets
}

Result<json::Value> brief(const json::Object& arguments, const contract::ToolCatalog& tools) {
  const json::Object* survey = json::object_at(arguments, "survey");
  for (const std::string_view list : {"tables", "files"}) {
    if (survey != nullptr && json::array_at(*survey, list) != nullptr) continue;
    return fail(Code::kUsage, "'survey' is no result of planner.survey");
  }
  Page page{static_cast<std::size_t>(json::integer_at(arguments, "max_bytes").value_or(0))};
  page.line("Goal: " + text_of(arguments, "goal"));
  if (const std::string found = text_of(arguments, "diagnostics"); found != "none") {
    const auto told = json::parse(found);
    const auto says = [&](std::string_view member) {
      return told && told->is_object() && told->get_object().contains(member);
    };
    page.line(
        says("failed")
            ? "\nYour last plan was run and did not come through. What failed, the steps that "
              "are done (written again as they stand, they are not done again), the plan:"
        : says("steered")
            ? "\nA plan for another goal is under way. The steps of it that are done (where this "
              "goal needs them, write them again as they stand, they are not done again), the plan:"
            : "\nYour last plan was refused. Findings, and the plan as it was read:");
    page.passage(found, 3);
  }
  const json::Object* roles = json::object_at(arguments, "roles");
  if (roles != nullptr && !roles->empty()) {
    page.line("\nRoles, of agents that work by themselves with their tools:");
    for (const auto& role : *roles) {
      const json::Object* definition = role.value().if_object();
      if (definition != nullptr) page.line(role_line(role.key(), *definition));
    }
  }
  page.line("\nTools, as NAME ARGUMENTS -> RESULT:");
  list(usable(arguments, tools), text_of(arguments, "goal"), arguments.contains("tools"), page);
  tables(*survey, page);
  texts(*survey, page);
  return std::move(page).end();
}

Result<json::Value> adopt(const json::Object& arguments, const contract::ToolCatalog& tools) {
  const json::Object* draft = json::object_at(arguments, "draft");
  const json::Object* written = json::object_at(arguments, "written");
  static const json::Object kNone{{"steps", json::Array{}}, {"answer", ""}};
  if (const auto ok = written == nullptr ? std::nullopt : json::bool_at(*written, "ok")) {
    written = *ok ? json::object_at(*written, "value") : &kNone;  // one of several
  }
  if (draft == nullptr || written == nullptr || json::array_at(*written, "steps") == nullptr) {
    return fail(Code::kUsage, "'draft' or 'written' is not of the planner's form");
  }
  const json::Array& steps = *json::array_at(*written, "steps");
  const std::string model = text_of(arguments, "model");
  const std::string answering = text_of(*written, "answer");
  if (is_model_step(step_of(steps, answering))) {
    return refused("the plan that " + model + " wrote lets a model answer, step " + answering +
                   "; an answer is what a tool found");
  }
  if (!steps.empty()) {
    const std::string goal = text_of(arguments, "goal");
    const json::Object* roles = json::object_at(arguments, "roles");
    const json::Object* last = step_of(steps, answering);
    json::Object plan = roles != nullptr && last != nullptr && is_role_step(*last)
                            ? plan_of_report(goal, steps, answering)
                            : plan_of(goal, model, steps, answering, tools);
    if (roles != nullptr) {
      const json::Array* accept = json::array_at(*written, "accept");
      if (accept != nullptr && !accept->empty()) plan["accept"] = *accept;
      if (json::Object used = used_roles(steps, *roles); !used.empty()) {
        plan["roles"] = std::move(used);
      }
    }
    return json::Value(json::Object{{"plan", std::move(plan)},
                                    {"status", "planned"},
                                    {"skill", ""},
                                    {"reason", "written by " + model}});
  }
  std::string reason = text_of(*draft, "reason");
  const std::string status = text_of(*draft, "status");
  if (status != "planned") reason += "; " + model + " found no plan either";
  const json::Object* plan = json::object_at(*draft, "plan");
  return json::Value(json::Object{{"plan", plan != nullptr ? *plan : json::Object{}},
                                  {"status", status},
                                  {"skill", text_of(*draft, "skill")},
                                  {"reason", std::move(reason)}});
}

}  // namespace naestro::agents
