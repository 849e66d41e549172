#include "plan/second_opinion.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "plan/reference.hpp"

namespace naestro::plan {
namespace {

using Steps = std::map<std::string, json::Object*>;

bool asked_once(const json::Object& step) {
  const json::Object* kinds = json::object_at(step, "do");
  return kinds != nullptr && kinds->size() == 1 && json::object_at(*kinds, "model") != nullptr &&
         !step.contains("for_each") && !step.contains("repeat");
}

// The text with `.answer` behind every reference to one of the steps.
std::string renamed(std::string_view text, const std::set<std::string>& steps) {
  std::string out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t begin = text.find("${", from);
    const std::size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) return out + std::string{text.substr(from)};
    const bool escaped = begin > from && text[begin - 1] == '$';
    auto reference =
        escaped ? std::nullopt : parse_reference(text.substr(begin + 2, end - begin - 2));
    out += text.substr(from, begin - from);
    if (reference && reference->from == Reference::From::step && steps.contains(reference->name)) {
      reference->pointer.insert(0, "/answer");
      out += written(*reference);
    } else {
      out += text.substr(begin, end + 1 - begin);
    }
    from = end + 1;
  }
  return out;
}

void rename(json::Value& value, const std::set<std::string>& steps) {
  if (auto* text = value.if_string()) {
    *text = renamed(json::view(*text), steps);
  } else if (json::Array* items = value.if_array()) {
    for (json::Value& each : *items) rename(each, steps);
  } else if (json::Object* members = value.if_object()) {
    for (auto& member : *members) rename(member.value(), steps);
  }
}

// What stands in where nobody answers, in the form of a consensus.
json::Value as_result(json::Value answer, std::string_view protocol) {
  json::Object none{{"rate_percent", 0}, {"low_percent", 0}, {"high_percent", 100}, {"agree", 0},
                    {"drafts", 0},       {"asked", 0},       {"method", "exact"}};
  return json::Object{{"answer", std::move(answer)},  {"protocol", protocol},     {"by", "order"},
                      {"agreement", std::move(none)}, {"dissent", json::Array{}}, {"reasons", ""}};
}

// Whether the step is done in every run that succeeds.
bool always_there(const json::Object& step, const Steps& steps, std::size_t depth = 0) {
  if (step.contains("when") || step.contains("on_error") || depth > steps.size()) return false;
  const std::string text = json::write(json::Value(step));
  return std::ranges::all_of(steps, [&](const auto& other) {
    const bool named = other.second != &step && (text.contains("${steps." + other.first + ".out") ||
                                                 text.contains('"' + other.first + '"'));
    return !named || other.second->contains("default") ||
           always_there(*other.second, steps, depth + 1);
  });
}

}  // namespace

SecondOpinion second_opinion(json::Value plan, std::string_view protocol) {
  SecondOpinion out{std::move(plan), 0};
  json::Object* object = out.plan.if_object();
  json::Value* list = object == nullptr ? nullptr : object->if_contains("steps");
  if (list == nullptr || !list->is_array()) return out;
  Steps steps;
  std::set<std::string> asked;
  for (json::Value& each : list->get_array()) {
    json::Object* step = each.if_object();
    const auto id = step == nullptr ? std::nullopt : json::text_at(*step, "id");
    if (!id) continue;
    steps.emplace(*id, step);
    if (asked_once(*step)) asked.emplace(*id);
  }
  out.steps = static_cast<std::int64_t>(asked.size());
  if (asked.empty()) return out;
  for (const auto& [id, step] : steps) {
    for (const std::string_view key : {"with", "when", "for_each", "repeat"}) {
      if (json::Value* value = step->if_contains(key)) rename(*value, asked);
    }
    if (!asked.contains(id)) continue;
    json::Object consensus = step->at("do").at("model").get_object();
    consensus["protocol"] = protocol;
    (*step)["do"] = json::Object{{"consensus", std::move(consensus)}};
    if (json::Value* fallback = step->if_contains("default")) {
      *fallback = as_result(std::move(*fallback), protocol);
    }
  }
  for (const std::string_view key : {"outputs", "accept"}) {
    if (json::Value* value = object->if_contains(key)) rename(*value, asked);
  }
  json::Value& results = object->emplace("outputs", json::Object{}).first->value();
  for (const std::string& id : asked) {
    if (!results.is_object() || !always_there(*steps.at(id), steps)) continue;
    results.get_object().emplace(asked.size() == 1 ? "consensus" : "consensus_" + id,
                                 "${steps." + id + ".out}");
  }
  return out;
}

}  // namespace naestro::plan
