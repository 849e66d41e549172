#include "policy/reference.hpp"

#include <algorithm>
#include <functional>

#include "base/text.hpp"
#include "contract/foreign.hpp"
#include "policy/scalars.hpp"
#include "policy/wording.hpp"

namespace naestro::policy {
namespace {

using contract::ArgumentKind;
using contract::EffectKind;

// Members that say who wrote a record.
constexpr std::string_view kWriters[] = {"sender", "from", "author"};
constexpr std::string_view kAround = "\"'`(<>),.;:!?[]";  // a word in a text

constexpr std::size_t kNameBytesMin = 4;  // a shorter name stands in words by chance
constexpr std::size_t kPartBytesMin = 3;  // of a name put together
constexpr std::size_t kPartsMax = 3;
constexpr std::size_t kRecordMembersMax = 64;  // of one record that are looked at

void each_object(const json::Value& value, const std::function<void(const json::Object&)>& each) {
  if (const json::Array* items = value.if_array()) {
    for (const json::Value& item : *items) each_object(item, each);
  } else if (const json::Object* members = value.if_object()) {
    each(*members);
    for (const auto& member : *members) each_object(member.value(), each);
  }
}

std::set<std::string> values_of(const json::Value& member) {
  std::set<std::string> values;
  if (!member.is_object()) {
    each_scalar("", member, [&](std::string_view, const json::Value& scalar) {
      values.insert(text_of(scalar));
    });
  }
  return values;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words = split(text, ' ');
  for (std::string& word : words) {
    word.erase(word.find_last_not_of(kAround) + 1);  // npos + 1: all of it
    word.erase(0, word.find_first_not_of(kAround));
  }
  return words;
}

// Without what a model may add or leave out.
std::string link_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string{url};
}

// All its text, one member after the other.
std::string text_in(const json::Object& record) {
  std::string text;
  for (const auto& member : record) {
    each_scalar("", member.value(), [&](std::string_view, const json::Value& scalar) {
      text += text_of(scalar) + ' ';
    });
  }
  return text;
}

bool names_an_address(std::string_view key) {
  const std::vector<std::string> words = stems(key);
  return !words.empty() && words.back() == "email";
}

bool writes_or_sends(const contract::ToolContract& tool) {
  const EffectKind kind = tool.effects.front().kind;
  return kind == EffectKind::write || kind == EffectKind::send;
}

}  // namespace

References::References(std::string_view words) : words_{folded(words)}, stems_{stems(words)} {
  for (std::string& word : words_of(words_)) {
    if (word.ends_with('/')) word.pop_back();
    if (is_path(word)) folders_.insert(std::move(word));
  }
}

void References::add(const Lookup& lookup, const json::Value& result) {
  if (!lookup.place) {
    each_object(result, [&](const json::Object& record) { add_record(lookup, record); });
    return;
  }
  if (!lookup.named) return;
  each_scalar("", result, [&](std::string_view, const json::Value& scalar) {
    if (scalar.is_string()) addresses_.merge(addresses_in(text_of(scalar)));
  });
}

void References::add_record(const Lookup& lookup, const json::Object& record) {
  if (record.size() > kRecordMembersMax) return;
  for (const std::string_view key : kWriters) {
    const auto writer = json::text_at(record, key);
    if (!writer || writer->empty() || !stands_in(folded(*writer), words_)) continue;
    for (const std::string& word : words_of(text_in(record))) {
      if (word.starts_with("www.") || word.contains("://")) {
        links_.insert(link_of(word));
      }
    }
  }
  for (const auto& named : record) {
    if (!named.value().is_string() || !names_a_name(named.key())) continue;
    const std::string name = text_of(named.value());
    if (name.size() < kNameBytesMin || !stands_in(name, words_)) continue;
    for (const auto& member : record) {
      members_.push_back({std::string{lookup.tool}, std::string{member.key()},
                          values_of(member.value()), lookup.named});
    }
  }
}

bool References::fits(const Slot& slot, const Member& member) const {
  const EffectKind kind = slot.tool.effects.front().kind;
  if (names_an_id(member.key)) {
    return names_an_id(slot.argument) && about_the_same(member.tool, slot.tool.name) &&
           (kind == EffectKind::write || slot.beside_own);
  }
  if (member.looked_up && writes_or_sends(slot.tool) && names_an_address(member.key)) return true;
  return kind != EffectKind::pay && about_the_same(member.key, slot.argument) &&
         std::ranges::any_of(
             stems_, [&](const std::string& said) { return about_the_same(said, member.key); });
}

bool References::is_of_record(const Slot& slot, const json::Value& scalar) const {
  if (contract::names_a_host(slot.argument)) return false;
  const std::set<std::string>* agreed = nullptr;
  for (const Member& member : members_) {
    if (member.values.empty() || !fits(slot, member)) continue;
    if (agreed != nullptr && *agreed != member.values) return false;
    agreed = &member.values;
  }
  return agreed != nullptr && agreed->contains(text_of(scalar));
}

bool References::is_the_address(const Slot& slot, const json::Value& scalar) const {
  return slot.beside_own && writes_or_sends(slot.tool) && scalar.is_string() &&
         addresses_ == std::set<std::string>{text_of(scalar)} &&
         std::ranges::none_of(slot.tool.arguments, [](const auto& argument) {
           return argument.second == ArgumentKind::payload;
         });
}

bool References::is_link(const Slot& slot, const json::Value& scalar) const {
  if (slot.tool.effects.front().kind != EffectKind::net || slot.tool.arguments.size() != 1 ||
      !contract::names_a_host(slot.argument) || !scalar.is_string()) {
    return false;
  }
  return links_ == std::set<std::string>{link_of(text_of(scalar))};
}

bool References::is_in_folder(const json::Value& scalar) const {
  return scalar.is_string() && is_within(text_of(scalar), folders_);
}

bool References::is_composed(const json::Value& scalar) const {
  if (!scalar.is_string()) return false;
  const std::vector<std::string> parts = split(text_of(scalar), '/');
  return parts.size() > 1 && parts.size() <= kPartsMax &&
         std::ranges::all_of(parts, [&](const std::string& part) {
           return part.size() >= kPartBytesMin && !part.contains(' ') && stands_in(part, words_);
         });
}

}  // namespace naestro::policy
