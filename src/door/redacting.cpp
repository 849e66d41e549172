#include "door/redacting.hpp"

namespace naestro::door {
namespace {

// What a failure says, all of it: what is recorded of an error is its whole text, with its causes.
void write_error(const Error& error, json::Array& texts) {
  texts.emplace_back(error.message);
  texts.emplace_back(error.remedy);
  for (const auto& [name, value] : error.context) texts.emplace_back(value);
  if (error.cause) write_error(*error.cause, texts);
}

// The same with the texts in their places, from `at` on.
Error read_error(Error error, const json::Array& texts, std::size_t& at) {
  const auto next = [&] { return std::string{json::view(texts.at(at++).get_string())}; };
  error.message = next();
  error.remedy = next();
  for (auto& [name, value] : error.context) value = next();
  if (error.cause) {
    error.cause = std::make_shared<const Error>(read_error(*error.cause, texts, at));
  }
  return error;
}

}  // namespace

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
  json::Array all;
  write_error(error, all);
  json::Value texts(std::move(all));
  if (const auto done = keeper_.redact(texts); !done) {
    error = done.error();  // what it says cannot be looked through
  } else if (*done) {
    std::size_t at = 0;
    error = read_error(std::move(error), texts.get_array(), at);
  }
  outcome.result = std::unexpected(std::move(error));
  return outcome;
}

}  // namespace naestro::door
