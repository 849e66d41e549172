#include "models/scripted.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace naestro::models {

Result<ScriptedModel> ScriptedModel::parse(std::string_view file, std::string_view text) {
  const auto bad = [&](const std::string& why) {
    return fail(Code::kUsage, "the model script " + std::string{file} + " " + why,
                "see schemas/script.schema.json");
  };
  auto value = json::parse(text);
  if (!value) return bad("is not JSON: " + value.error().message);
  const json::Object* object = value->if_object();
  const json::Array* answers = object == nullptr ? nullptr : json::array_at(*object, "answers");
  if (answers == nullptr) return bad("has no member 'answers'");
  ScriptedModel model;
  for (const json::Value& item : *answers) {
    const json::Object* row = item.if_object();
    const auto step = row == nullptr ? std::nullopt : json::text_at(*row, "step");
    const auto said = row == nullptr ? std::nullopt : json::text_at(*row, "text");
    if (!step || !said) return bad("has an answer without 'step' or 'text'");
    const auto count = [&](const char* key) {
      return std::max<std::int64_t>(0, json::integer_at(*row, key).value_or(0));
    };
    model.answers_.push_back({std::string{*step}, json::integer_at(*row, "turn"),
                              std::string{json::text_at(*row, "contains").value_or("")},
                              std::string{*said}, count("tokens_in"), count("tokens_out"),
                              count("delay_ms")});
  }
  return model;
}

door::Outcome ScriptedModel::act(const door::Intent& intent, std::stop_token stop,
                                 const door::Provisional& provisional) {
  door::Outcome outcome;
  outcome.usage_known = true;
  const json::Value* messages = intent.effect().arguments.if_contains("messages");
  const std::string asked = messages == nullptr ? std::string{} : json::write(*messages);
  const auto found = std::ranges::find_if(answers_, [&](const Answer& answer) {
    const auto& path = intent.effect().path;
    return answer.step == intent.effect().step && asked.contains(answer.contains) &&
           (!answer.turn || (!path.empty() && path.back() == *answer.turn));
  });
  if (found == answers_.end()) {
    outcome.result =
        fail(Code::kModelAnswer, "the model script has no answer for step " + intent.effect().step,
             "add one to the file");
    return outcome;
  }
  const Answer& answer = *found;
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock{mutex};
  wake.wait_for(lock, stop, std::chrono::milliseconds{answer.delay_ms}, [] { return false; });
  if (stop.stop_requested()) {
    outcome.usage_known = false;
    outcome.result = fail(Code::kInterrupted, "the scripted model was stopped");
    return outcome;
  }
  if (provisional) provisional(answer.text);
  outcome.result = json::Object{{"text", answer.text}};
  outcome.usage = {.tokens_in = answer.tokens_in,
                   .tokens_out = answer.tokens_out,
                   .tool_calls = 0,
                   .model_calls = 1,
                   .usd = 0};
  return outcome;
}

}  // namespace naestro::models
