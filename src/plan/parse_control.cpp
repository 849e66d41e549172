// The members of a step that say whether it is done, how often, and what if it fails.
#include <algorithm>

#include "base/text.hpp"
#include "plan/passes.hpp"

namespace naestro::plan {
namespace {

constexpr std::int64_t kItemsMax = 10'000;
constexpr std::int64_t kRoundsMax = 1'000;
constexpr std::int64_t kParallelMax = 64;
constexpr std::int64_t kRetriesMax = 10;
constexpr std::int64_t kWaitMax = 3'600;
constexpr std::size_t kAcceptMax = 100;
constexpr std::size_t kSaysMax = 300;

std::optional<Condition> condition(Fields& fields, std::string_view key, Fields::Need need,
                                   Sink& sink) {
  const auto text = fields.text(key, need);
  if (!text) return std::nullopt;
  auto parsed = parse_condition(*text);
  if (parsed) return *std::move(parsed);
  sink.error(Np::kBadCondition, fields.at(key),
             "a condition is malformed: " + parsed.error().message,
             {"'" + shorten(*text, 80) + "'", "such as ${steps.ID.out.count} > 0", ""});
  return std::nullopt;
}

void note_uses(const std::vector<Reference>& references, const std::string& pointer,
               DraftStep& step) {
  for (const Reference& reference : references) step.control_uses.push_back({reference, pointer});
}

void parse_for_each(const json::Object& object, DraftStep& step, Sink& sink) {
  Fields fields{object, step.pointer + "/for_each", "for_each", sink};
  fields.only({"in", "max", "parallel", "on_error"});
  ForEach out;
  const auto text = fields.text("in", Fields::required);
  if (text) {
    const bool whole = text->starts_with("${") && text->find('}') == text->size() - 1;
    auto reference =
        whole ? parse_reference(std::string_view{*text}.substr(2, text->size() - 3)) : std::nullopt;
    const bool from_outside = reference && (reference->from == Reference::From::input ||
                                            reference->from == Reference::From::step);
    if (from_outside) {
      out.in = *std::move(reference);
    } else {
      sink.error(Np::kBadReference, fields.at("in"), "for_each goes over one reference",
                 {"'" + shorten(*text, 80) + "'", "${steps.ID.out...} or ${inputs.NAME}", ""});
    }
  }
  out.max = fields.integer("max", Fields::required, 1, kItemsMax).value_or(1);
  out.parallel = fields.integer("parallel", Fields::optional, 1, kParallelMax).value_or(4);
  const auto on_error = fields.text("on_error", Fields::optional);
  out.collect = on_error == "collect";
  if (on_error && *on_error != "fail" && *on_error != "collect") {
    sink.error(Np::kBadValue, fields.at("on_error"), "there is no such way to go on",
               {"'" + *on_error + "'", "one of fail, collect",
                did_you_mean(*on_error, {"fail", "collect"})});
  }
  if (!out.in.name.empty()) note_uses({out.in}, fields.at("in"), step);
  step.control.for_each = std::move(out);
}

void parse_repeat(const json::Object& object, DraftStep& step, Sink& sink) {
  Fields fields{object, step.pointer + "/repeat", "repeat", sink};
  fields.only({"until", "max", "start"});
  Repeat out;
  if (auto until = condition(fields, "until", Fields::required, sink)) {
    note_uses(references(*until), fields.at("until"), step);
    out.until = *std::move(until);
  }
  out.max = fields.integer("max", Fields::required, 1, kRoundsMax).value_or(1);
  if (const json::Value* start = object.if_contains("start")) out.start = *start;
  step.control.repeat = std::move(out);
}

void parse_retry(const json::Object& object, DraftStep& step, Sink& sink) {
  Fields fields{object, step.pointer + "/retry", "retry", sink};
  fields.only({"max", "wait_s"});
  step.control.retry.max = fields.integer("max", Fields::required, 1, kRetriesMax).value_or(0);
  step.control.retry.wait_s = fields.integer("wait_s", Fields::optional, 0, kWaitMax).value_or(0);
}

void parse_on_error(const std::string& text, Fields& fields, DraftStep& step, Sink& sink) {
  const std::vector<std::string> known{"fail", "continue", "value"};
  const auto found = std::ranges::find(known, text);
  if (found == known.end()) {
    sink.error(Np::kBadValue, fields.at("on_error"), "there is no such way to go on",
               {"'" + text + "'", "one of fail, continue, value", did_you_mean(text, known)});
    return;
  }
  step.control.on_error = static_cast<OnError>(found - known.begin());
  if (step.control.on_error == OnError::value && !step.control.fallback) {
    sink.error(Np::kMissingMember, step.pointer, "on_error 'value' needs a default",
               {"no 'default'", "'default'", "the value that stands in for the result"});
  }
}

}  // namespace

void parse_accept(const json::Array& accept, Draft& draft, Sink& sink) {
  if (accept.size() > kAcceptMax) {
    sink.error(Np::kTooLarge, "/accept", "the plan has too many checks",
               {std::to_string(accept.size()), "at most " + std::to_string(kAcceptMax), ""});
    return;
  }
  for (std::size_t i = 0; i < accept.size(); ++i) {
    const std::string pointer = "/accept/" + std::to_string(i);
    const json::Object* object = accept[i].if_object();
    if (object == nullptr) {
      sink.error(Np::kWrongType, pointer, "a check is an object",
                 {std::string{json::type_name(accept[i])}, "{\"check\": a condition}", ""});
      continue;
    }
    Fields fields{*object, pointer, "check", sink};
    fields.only({"check", "says"});
    AcceptDraft out;
    out.pointer = fields.at("check");
    if (auto check = condition(fields, "check", Fields::required, sink)) {
      out.accept.check = *std::move(check);
    }
    out.accept.says = fields.text("says", Fields::optional).value_or("");
    if (out.accept.says.size() > kSaysMax) {
      sink.error(Np::kBadValue, fields.at("says"), "what a check says is too long",
                 {std::to_string(out.accept.says.size()) + " bytes",
                  "at most " + std::to_string(kSaysMax), ""});
    }
    draft.accept.push_back(std::move(out));
  }
}

void parse_control(Fields& fields, const json::Object& object, DraftStep& step, Sink& sink) {
  if (auto when = condition(fields, "when", Fields::optional, sink)) {
    note_uses(references(*when), fields.at("when"), step);
    step.control.when = *std::move(when);
  }
  if (const auto* each = fields.object("for_each", Fields::optional)) {
    parse_for_each(*each, step, sink);
  }
  if (const auto* repeat = fields.object("repeat", Fields::optional)) {
    parse_repeat(*repeat, step, sink);
  }
  if (const auto* retry = fields.object("retry", Fields::optional)) parse_retry(*retry, step, sink);
  if (const json::Value* fallback = object.if_contains("default")) {
    step.control.fallback = *fallback;
  }
  if (const auto text = fields.text("on_error", Fields::optional)) {
    parse_on_error(*text, fields, step, sink);
  }
  if (const auto* budget = fields.object("budget", Fields::optional)) {
    step.budget = parse_budget(*budget, step.pointer + "/budget", sink);
  }
}

}  // namespace naestro::plan
