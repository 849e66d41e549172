#include "contract/foreign.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "base/text.hpp"

namespace naestro::contract {
namespace {

using Words = std::span<const std::string_view>;

// A first word that only looks.
constexpr std::string_view kLooks[] = {"get",       "read",    "list",     "search",    "view",
                                       "find",      "check",   "fetch",    "lookup",    "query",
                                       "calculate", "count",   "describe", "summarize", "compare",
                                       "retrieve",  "compute", "show"};
// A last word of one that only looks, where no other word says more.
constexpr std::string_view kFigures[] = {"total", "status", "balance"};
// A first word that goes to a host and brings what is there.
constexpr std::string_view kVisits[] = {"browse", "visit", "open", "download", "crawl"};
constexpr std::string_view kPays[] = {"pay",      "money",       "funds",    "payment",
                                      "purchase", "buy",         "checkout", "order",
                                      "refund",   "transaction", "reserve",  "book"};
constexpr std::string_view kSends[] = {
    "send",   "share",   "email",  "mail", "post",  "publish", "reply",        "forward", "notify",
    "invite", "message", "submit", "push", "issue", "input",   "participants", "transfer"};
constexpr std::string_view kRuns[] = {"run",  "exec",  "execute", "shell", "command",
                                      "eval", "spawn", "bash",    "script"};
// What decides who may do what.
constexpr std::string_view kAccess[] = {"password", "key",    "keys", "ssh",   "permission",
                                        "owner",    "access", "role", "token", "ownership"};
// What is made anew or added: a person can take it away again.
constexpr std::string_view kAdds[] = {"create", "add",   "append",   "copy",   "write",   "save",
                                      "draft",  "clone", "schedule", "verify", "download"};
constexpr std::string_view kHosts[] = {"url",     "urls", "uri",    "link",     "links", "website",
                                       "webpage", "host", "domain", "endpoint", "site"};
constexpr std::string_view kProofs[] = {"otp", "pin", "captcha", "passcode"};
// What somebody reads, or how much and when: it says nothing of whom or what an effect touches.
constexpr std::string_view kPayload[] = {"body",     "content",     "contents", "subject", "title",
                                         "comment",  "description", "caption",  "note",    "notes",
                                         "message",  "summary",     "reason",   "text",    "query",
                                         "location", "quantity",    "date",     "time",    "day"};
// A first word of an argument that holds what is filled into a form.
constexpr std::string_view kForms[] = {"input", "inputs", "form", "field", "fields"};

bool in(Words table, std::string_view word) {
  return std::ranges::find(table, word) != table.end();
}

bool any(Words table, const std::vector<std::string>& words) {
  return std::ranges::any_of(words, [&](const std::string& word) { return in(table, word); });
}

// "It also sends an email to the participants."
bool says_it_sends(std::string_view description) {
  const std::string text = ascii_lower(description);
  for (const std::string_view verb : {"send ", "sends ", "will email ", "also email "}) {
    const std::size_t at = text.find(verb);
    if (at == std::string::npos) continue;
    const std::string rest = text.substr(at, 60);
    if (rest.contains("mail") || rest.contains("message") || rest.contains("notif")) return true;
  }
  return false;
}

struct Sort {
  EffectKind kind;
  bool reversible;
};

Sort sort_of(const std::vector<std::string>& words, std::string_view description, bool host) {
  using enum EffectKind;
  if (words.empty()) return {exec, false};
  if (in(kLooks, words.front())) return {host ? net : read, true};
  if (in(kVisits, words.front()) && host) return {net, true};
  if (any(kRuns, words)) return {exec, false};
  if (any(kPays, words)) return {pay, false};
  if (any(kSends, words) || says_it_sends(description)) return {send, false};
  if (any(kAccess, words)) return {write, false};
  if (any(kAdds, words)) return {write, true};
  if (in(kFigures, words.back())) return {host ? net : read, true};
  return {write, false};
}

ArgumentKind kind_of(std::string_view argument, const json::Value& schema, EffectKind effect) {
  using enum ArgumentKind;
  if (names_a_host(argument)) return authority;
  if (effect == EffectKind::read) return inert;
  const json::Object* form = schema.if_object();
  if (form != nullptr && json::text_at(*form, "type") == "boolean") return inert;
  const std::vector<std::string> words = words_of_name(argument);
  if (words.empty()) return authority;
  return in(kPayload, words.back()) || in(kForms, words.front()) || names_a_proof(argument)
             ? payload
             : authority;
}

constexpr std::pair<std::string_view, std::string_view> kPythonTypes[] = {
    {"dict", "object"}, {"float", "number"}, {"tuple", "array"}, {"list", "array"},
    {"str", "string"},  {"int", "integer"},  {"bool", "boolean"}};

}  // namespace

json::Value standard_types(const json::Value& schema) {
  const json::Object* in = schema.if_object();
  if (in == nullptr) return schema;
  json::Object out;
  for (const auto& [key, value] : *in) {
    if (key == "type" && value == "any") continue;
    if (key == "type" && value.is_string()) {
      const auto* const known =
          std::ranges::find(kPythonTypes, json::view(value.get_string()),
                            &std::pair<std::string_view, std::string_view>::first);
      out[key] = known == std::end(kPythonTypes) ? value : json::Value(known->second);
    } else if (key == "properties" && value.is_object()) {
      json::Object properties;
      for (const auto& [name, each] : value.get_object()) properties[name] = standard_types(each);
      out[key] = std::move(properties);
    } else if (key == "items" || key == "additionalProperties") {
      out[key] = standard_types(value);
    } else {
      out[key] = value;
    }
  }
  return out;
}

std::vector<std::string> words_of_name(std::string_view name) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  char last = '\0';
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool letter = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter || (upper && last >= 'a' && last <= 'z')) end_word();
    if (letter) word += upper ? static_cast<char>(c - 'A' + 'a') : c;
    last = c;
  }
  end_word();
  return words;
}

bool names_a_host(std::string_view argument) {
  const std::vector<std::string> words = words_of_name(argument);
  return !words.empty() && in(kHosts, words.back());
}

bool names_a_proof(std::string_view argument) {
  const std::vector<std::string> words = words_of_name(argument);
  // "discount_code" and the like choose what an effect is about.
  return !words.empty() && (in(kProofs, words.back()) || (words.size() == 1 && words[0] == "code"));
}

void find_undoing(std::vector<ToolContract>& tools) {
  std::map<std::vector<std::string>, ToolContract*> writes;
  for (ToolContract& tool : tools) {
    if (tool.effects.front().kind == EffectKind::write) writes[words_of_name(tool.name)] = &tool;
  }
  for (const auto& [words, tool] : writes) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      std::vector<std::string> undone = words;
      undone[i] = "un" + undone[i];
      const auto found = writes.find(undone);
      if (found == writes.end()) continue;
      tool->undo = found->second->name;
      found->second->undo = tool->name;
    }
  }
}

ToolContract foreign_contract(std::string_view name, std::string_view description,
                              const json::Value& input) {
  ToolContract contract;
  contract.name = name;
  contract.description = description;
  contract.input = input;
  contract.labels.emplace("", unlabelled());
  const json::Object* schema = input.if_object();
  const json::Object* properties =
      schema == nullptr ? nullptr : json::object_at(*schema, "properties");
  bool host = false;
  if (properties != nullptr) {
    for (const auto& property : *properties) host = host || names_a_host(property.key());
  }
  const Sort sort = sort_of(words_of_name(name), description, host);
  contract.effects.push_back({sort.kind, "", sort.reversible});
  if (properties == nullptr) return contract;
  for (const auto& property : *properties) {
    contract.arguments.emplace(property.key(),
                               kind_of(property.key(), property.value(), sort.kind));
  }
  return contract;
}

}  // namespace naestro::contract
