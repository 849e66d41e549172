#include "plan/compile.hpp"

#include <charconv>

#include "plan/passes.hpp"

namespace naestro::plan {
namespace {

// A parse error carries its place only in its words ("... at line 3, column 7 ...").
json::Position position_in(std::string_view message) {
  json::Position at;
  const auto number_behind = [&](std::string_view word, int& out) {
    const std::size_t found = message.find(word);
    if (found == std::string_view::npos) return;
    const char* begin = message.data() + found + word.size();
    std::from_chars(begin, message.data() + message.size(), out);
  };
  number_behind("line ", at.line);
  number_behind("column ", at.column);
  return at;
}

Compiled not_json(std::string_view text, const Error& error) {
  Sink sink;
  const bool large = error.code == Code::kTooLarge;
  sink.error(
      large ? Np::kTooLarge : Np::kNotJson, "", error.message,
      {large ? std::to_string(text.size()) + " bytes" : "",
       large ? "at most " + std::to_string(kTextMax) + " bytes" : "JSON text", error.remedy});
  Compiled out{std::nullopt, sink.finish("null")};
  out.diagnostics.front().at = position_in(error.message);
  return out;
}

}  // namespace

Compiled compile(std::string_view text, const Environment& environment) {
  auto plan = json::parse(text, {.bytes_max = kTextMax}, json::arena());
  if (!plan) return not_json(text, plan.error());
  Sink sink;
  Draft draft = parse(*plan, sink);
  resolve(draft, environment, sink);
  graph(draft, sink);
  types(draft, sink);
  effects(draft, sink);
  check_policy(draft, environment, sink);
  flow(draft, environment, sink);
  check_caps(draft, sink);
  Compiled out;
  if (!sink.failed()) {
    settle_order(draft);
    Bound bound = bounds(draft, environment, sink);
    if (!sink.failed()) out.program = lower(std::move(draft), std::move(bound), *plan);
  }
  out.diagnostics = sink.finish(text);
  return out;
}

}  // namespace naestro::plan
