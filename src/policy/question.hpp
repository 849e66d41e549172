// What a policy is asked: one call of a tool or a model, before or while it runs.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "contract/tool.hpp"
#include "policy/flow.hpp"
#include "policy/words.gen.hpp"

namespace naestro::policy {

// Refers to what the asker holds.
struct Question {
  std::string_view target;  // "files.write@1", or "model:NAME"
  std::span<const contract::DeclaredEffect> effects;
  Mode mode = Mode::copilot;
  Flow flow{};
  const json::Object& authority;  // the authority arguments whose values are known
  // Those that the call has, and whose values are known only when it is made.
  std::span<const std::string> open = {};
  std::string_view server = {};  // the URL that a model's call goes to; "": nobody else's
  std::string_view user = {};    // the name of the system's user who runs it; "": not known

  [[nodiscard]] bool is_open(std::string_view argument) const {
    return std::ranges::find(open, argument) != open.end();
  }
};

}  // namespace naestro::policy
