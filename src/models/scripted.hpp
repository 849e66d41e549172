// The scripted model: answers come from a file, by step. For demonstrations and tests, which then
// need no key, no network and no engine, and say the same each time. It is a model of the catalog
// ("scripted"), so plans, cards, labels and the ledger name it for what it is.
//
// The file: {"answers": [{"step": "ID", "turn": n, "contains": "...", "text": "...", "tokens_in":
// n, "tokens_out": n, "delay_ms": n}, ...]}. The first answer of the step (of an agent's turn, from
// 0) whose `contains` stands in the messages is given; it depends on nothing else, so a resumed run
// gets the same one. schemas/script.schema.json.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "door/perform.hpp"

namespace naestro::models {

inline constexpr std::string_view kScriptedModel = "scripted";

class ScriptedModel final : public door::Adapter {
 public:
  // `file`: for messages.
  static Result<ScriptedModel> parse(std::string_view file, std::string_view text);
  // kModelAnswer where the script has no answer for the step.
  door::Outcome act(const door::Intent& intent, std::stop_token stop,
                    const door::Provisional& provisional) override;

 private:
  struct Answer {
    std::string step;
    std::optional<std::int64_t> turn;  // of an agent; none fits all
    std::string contains;              // "" fits all messages
    std::string text;
    std::int64_t tokens_in = 0;
    std::int64_t tokens_out = 0;
    std::int64_t delay_ms = 0;
  };
  std::vector<Answer> answers_;
};

}  // namespace naestro::models
