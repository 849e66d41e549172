#include "app/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "base/text.hpp"

namespace naestro::app {
namespace {

constexpr std::size_t kKeyShownMax = 60;

// Thrown through yaml-cpp, which has no other way to be stopped; caught in parse_yaml().
struct Refused {
  YamlFault fault;
};

json::Position position(const YAML::Mark& mark) {
  return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
}

[[noreturn]] void refuse(json::Position at, std::string message, std::string remedy,
                         Code code = Code::kConfigInvalid) {
  throw Refused{{code, at, std::move(message), std::move(remedy)}};
}

YamlFault alias(json::Position at) {
  return {Code::kConfigInvalid, at, "aliases are not understood here", "write the value out"};
}

// Builds the tree out of the parser's events.
class Builder final : public YAML::EventHandler {
 public:
  YamlNode root;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      refuse(position(mark), "a second document begins here", "keep one, without '---' between");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    no_anchor(mark, anchor);
    place({.kind = YamlNode::Kind::null, .at = position(mark)});
  }
  // An alias has an anchor before it, or the parser refuses it.
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    throw Refused{alias(position(mark))};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    no_anchor(mark, anchor);
    no_tag(mark, tag);
    const bool quoted = tag == "!";
    const bool null = !quoted && (value.empty() || value == "~" || value == "null");
    place({.kind = null ? YamlNode::Kind::null : YamlNode::Kind::scalar,
           .at = position(mark),
           .text = value,
           .quoted = quoted});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    begin(mark, tag, anchor, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    begin(mark, tag, anchor, YamlNode::Kind::map);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Open {
    YamlNode node;
    std::optional<YamlNode> key;  // of a map: read, its value not yet
  };

  static void no_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(position(mark), "anchors are not understood here", "leave it out");
  }
  static void no_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      refuse(position(mark), "tags such as " + shorten(tag, kKeyShownMax) + " are not understood",
             "leave it out");
    }
  }
  void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
             YamlNode::Kind kind) {
    no_anchor(mark, anchor);
    no_tag(mark, tag);
    if (open_.size() >= kYamlDepthMax) {
      refuse(position(mark), "nested deeper than " + std::to_string(kYamlDepthMax) + " levels",
             "nothing in a configuration is", Code::kTooDeep);
    }
    open_.push_back({{.kind = kind, .at = position(mark)}, std::nullopt});
  }
  void end() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    place(std::move(node));
  }
  void place(YamlNode node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Open& top = open_.back();
    if (top.node.kind == YamlNode::Kind::list) {
      top.node.items.push_back(std::move(node));
    } else if (!top.key) {
      if (node.kind != YamlNode::Kind::scalar) {
        refuse(node.at, "a key is " + std::string{type_name(node)}, "keys are texts");
      }
      for (const YamlNode& member : top.node.items) {
        if (member.key == node.text) {
          refuse(node.at,
                 "the key '" + shorten(node.text, kKeyShownMax) +
                     "' stands here twice, first in line " + std::to_string(member.key_at.line),
                 "keep one of them", Code::kDuplicateKey);
        }
      }
      top.key = std::move(node);
    } else {
      node.key = std::move(top.key->text);
      node.key_at = top.key->at;
      top.node.items.push_back(std::move(node));
      top.key.reset();
    }
  }

  std::vector<Open> open_;
  int documents_ = 0;
};

// The first byte that is no UTF-8 text, or a control character that has no place in a text file.
std::optional<YamlFault> foreign_byte(std::string_view text) {
  json::Position at;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    std::size_t length = 1;
    if (byte >= 0x80) {
      length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      if (i + length > text.size() || !is_utf8(text.substr(i, length))) {
        return YamlFault{Code::kInvalidUtf8, at, "the text is not valid UTF-8 here",
                         "save the file as UTF-8"};
      }
    } else if (byte == '\n') {
      at = {at.line + 1, 0};
    } else if ((byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7f) {
      return YamlFault{Code::kConfigInvalid, at, "a control character stands here", "remove it"};
    }
    i += length;
    ++at.column;
  }
  return std::nullopt;
}

// The member or item that a token of a pointer names; null where there is none.
const YamlNode* part(const YamlNode& of, const std::string& token) {
  if (of.kind == YamlNode::Kind::map) {
    const auto found = std::ranges::find_if(
        of.items, [&](const YamlNode& item) { return json::pointer_token(item.key) == token; });
    return found == of.items.end() ? nullptr : &*found;
  }
  std::size_t index = of.items.size();
  std::from_chars(token.data(), token.data() + token.size(), index);
  return index < of.items.size() ? &of.items[index] : nullptr;
}

}  // namespace

std::expected<YamlNode, YamlFault> parse_yaml(std::string_view text, std::string_view remedy) {
  if (text.size() > kYamlBytesMax) {
    return std::unexpected(YamlFault{Code::kTooLarge,
                                     {},
                                     "the file is larger than 1 MB",
                                     "is it the right one? A configuration has a few lines"});
  }
  if (auto fault = foreign_byte(text)) return std::unexpected(*std::move(fault));
  Builder builder;
  try {
    std::istringstream stream{std::string{text}};
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (Refused& refused) {
    return std::unexpected(std::move(refused.fault));
  } catch (const YAML::Exception& error) {
    // No anchor gets this far, so that the parser knows none.
    if (error.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR)) {
      return std::unexpected(alias(position(error.mark)));
    }
    return std::unexpected(YamlFault{Code::kConfigInvalid, position(error.mark),
                                     "this is not valid YAML: " + error.msg, std::string{remedy}});
  }
  return std::move(builder.root);
}

std::string_view type_name(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null: return "nothing";
    case YamlNode::Kind::scalar: return node.quoted ? "a text" : "a word";
    case YamlNode::Kind::list: return "a list";
    case YamlNode::Kind::map: return "a map";
  }
  return "";
}

json::Value to_json(const YamlNode& node, json::Value (*scalar)(const YamlNode&)) {
  if (node.kind == YamlNode::Kind::scalar) return scalar(node);
  if (node.kind == YamlNode::Kind::null) return nullptr;
  if (node.kind == YamlNode::Kind::list) {
    json::Array out;
    for (const YamlNode& item : node.items) out.push_back(to_json(item, scalar));
    return out;
  }
  json::Object out;
  for (const YamlNode& item : node.items) out[item.key] = to_json(item, scalar);
  return out;
}

json::Position place_of(const YamlNode& root, const std::string& pointer) {
  const YamlNode* at = &root;
  json::Position place = root.at;
  const auto tokens = split(pointer, '/');
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const YamlNode* next = part(*at, tokens[i]);
    if (next == nullptr) break;
    place = at->kind == YamlNode::Kind::map ? next->key_at : next->at;
    at = next;
  }
  return place;
}

}  // namespace naestro::app
