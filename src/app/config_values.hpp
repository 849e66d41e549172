// What each key of the configuration may hold. Who says it, and where, is config.cpp's business.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "app/config.hpp"
#include "app/yaml.hpp"

namespace naestro::app {

// Every key, in the order in which `naestro config` shows them.
inline constexpr std::string_view kConfigKeys[] = {
    "mode",   "limits.usd",    "limits.tokens",      "limits.tool_calls",
    "model",  "planner.model", "planner.candidates", "net.hosts",
    "assets", "workspace"};
inline constexpr std::string_view kPlannerModel = "planner.model";
inline constexpr std::string_view kCandidates = "planner.candidates";
inline constexpr std::int64_t kCandidatesMax = 5;
inline constexpr std::string_view kHosts = "net.hosts";

// As much of a text as a message shows.
inline constexpr std::size_t kConfigShownMax = 60;

struct ValueFault {
  Code code = Code::kConfigInvalid;
  std::string message;
  std::string remedy;
  std::optional<json::Position> at{};  // where it is not the value's own place
};

// Whose word it is: a project's folder comes with somebody, so its folders lie inside of it.
struct Speaker {
  std::string folder;  // what relative paths are relative to
  bool project = false;
};

// The value, which is there, in its one spelling.
std::expected<std::string, ValueFault> checked_value(const std::string& key, const YamlNode& node,
                                                     const Speaker& speaker,
                                                     const ConfigPlaces& places,
                                                     const contract::ModelCatalog& models);

// Whether `text` allows more than `held`; both are checked values of `key`.
bool is_looser(const std::string& key, const std::string& text, const std::string& held);

// Whether `model:` may name it. The scripted one has no file; it answers to --model-script alone.
bool is_choice(const contract::ModelContract& model);

}  // namespace naestro::app
