#include "tools/adapter.hpp"

#include <charconv>

namespace naestro::tools {

door::Outcome ToolAdapter::act(const door::Intent& intent, std::stop_token stop,
                               const door::Provisional&) {
  const std::string& target = intent.effect().target;
  const std::size_t at = target.rfind('@');
  std::int64_t version = 0;
  if (at != std::string::npos) {
    std::from_chars(target.data() + at + 1, target.data() + target.size(), version);
  }
  door::Outcome outcome;
  outcome.result = call_(target.substr(0, at), version, intent.effect().arguments,
                         {workspace_, std::move(stop)});
  return outcome;
}

}  // namespace naestro::tools
