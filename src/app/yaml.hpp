// YAML text as a plain tree with positions; wraps yaml-cpp, which nothing else sees. The part of
// YAML that configuration needs: one document of maps, lists and scalars. Aliases, anchors, tags,
// further documents and duplicate keys are refused, never ignored.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace naestro::app {

struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  Kind kind = Kind::null;
  json::Position at{};
  std::string text = {};  // of a scalar
  bool quoted = false;    // so that "12" is a text and 12 a number
  // Of a list or a map; those of a map have keys.
  std::vector<YamlNode> items = {};
  std::string key = {};
  json::Position key_at{};
};

struct YamlFault {
  Code code;
  json::Position at;
  std::string message;
  std::string remedy;
};

inline constexpr std::size_t kYamlBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kYamlDepthMax = 16;

// An empty text is the null node. `remedy`: what helps where the text is no YAML at all.
std::expected<YamlNode, YamlFault> parse_yaml(
    std::string_view text, std::string_view remedy = "see 'naestro init' for a file to start from");
// "a list", for messages.
std::string_view type_name(const YamlNode& node);

// The tree as JSON; what a scalar means, the form of the file says.
json::Value to_json(const YamlNode& node, json::Value (*scalar)(const YamlNode&));

// Where the value at `pointer` (RFC 6901) stands, or what is nearest above it; a member by its key.
json::Position place_of(const YamlNode& root, const std::string& pointer);

}  // namespace naestro::app
