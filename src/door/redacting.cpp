#include "door/redacting.hpp"

namespace naestro::door {

Outcome RedactingAdapter::act(const Intent& intent, std::stop_token stop,
                              const Provisional& provisional) {
  std::string held;
  Provisional clean;
  if (provisional) {
    clean = [&](std::string_view chunk) {
      held.append(chunk);
      if (const auto sure = keeper_.sure(held); sure && !sure->empty()) provisional(*sure);
    };
  }
  Outcome outcome = inner_.act(intent, std::move(stop), clean);
  if (!held.empty()) {
    if (const auto rest = keeper_.redacted(held)) provisional(*rest ? **rest : held);
  }
  if (outcome.result) {
    const auto done = keeper_.redact(*outcome.result);
    if (!done) outcome.result = std::unexpected(done.error());
    return outcome;
  }
  Error error = std::move(outcome.result).error();
  json::Value texts = json::Array{error.message, error.remedy};
  if (const auto done = keeper_.redact(texts); !done) {
    error.message = done.error().message;
    error.remedy = done.error().remedy;
  } else if (*done) {
    error.message = texts.get_array()[0].get_string().c_str();
    error.remedy = texts.get_array()[1].get_string().c_str();
  }
  outcome.result = std::unexpected(std::move(error));
  return outcome;
}

}  // namespace naestro::door
