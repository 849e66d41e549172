#include "policy/wording.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "contract/foreign.hpp"

namespace naestro::policy {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}

bool is_number(std::string_view text) {
  return text.find_first_not_of("-0123456789.") == std::string_view::npos;
}

// "100.00" -> "100"
std::string_view without_zeros(std::string_view number) {
  if (!number.contains('.')) return number;
  while (number.ends_with('0')) number.remove_suffix(1);
  if (number.ends_with('.')) number.remove_suffix(1);
  return number;
}

// Words of a name that say what is done, or nothing.
constexpr std::string_view kDoes[] = {
    "get", "read", "list", "search", "view", "find", "check", "fetch", "lookup", "query", "show",
    "id",  "all",  "to",   "from",   "of",   "the",  "with",  "by",    "in",     "and",   "for"};
constexpr std::string_view kNames[] = {"title", "subject", "label"};

constexpr std::string_view kOfAddress = "abcdefghijklmnopqrstuvwxyz0123456789.-";
constexpr std::string_view kOfMailbox = "abcdefghijklmnopqrstuvwxyz0123456789.-_%+";

}  // namespace

std::string folded(std::string_view text) {
  std::string out;
  for (const char c : ascii_lower(trimmed(text))) {
    if (!is_blank(c)) {
      out += c;
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

std::string text_of(const json::Value& scalar) {
  if (scalar.is_string()) return folded(json::view(scalar.get_string()));
  const std::string written = json::canonical(scalar);
  return std::string{without_zeros(written)};
}

bool stands_in(std::string_view value, std::string_view text) {
  if (value.empty()) return true;
  const bool number = is_number(value);
  if (number) value = without_zeros(value);
  for (std::size_t at = text.find(value); at != std::string_view::npos;
       at = text.find(value, at + 1)) {
    std::size_t end = at + value.size();
    const bool front = at == 0 || (!is_word(text[at - 1]) && !(number && text[at - 1] == '.'));
    if (number && !value.contains('.') && end + 1 < text.size() && text[end] == '.' &&
        text[end + 1] == '0') {
      ++end;
    }
    if (number && text.substr(at, end - at).contains('.')) {
      while (end < text.size() && text[end] == '0') ++end;
    }
    const bool more = number && end + 1 < text.size() && text[end] == '.' &&
                      std::isdigit(static_cast<unsigned char>(text[end + 1])) != 0;
    if (front && !more && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

std::vector<std::string> stems(std::string_view text) {
  std::vector<std::string> words = contract::words_of_name(text);
  for (std::string& word : words) {
    if (word.size() > 3 && word.ends_with('s')) word.pop_back();
  }
  return words;
}

bool about_the_same(std::string_view a, std::string_view b) {
  const std::vector<std::string> others = stems(b);
  return std::ranges::any_of(stems(a), [&](const std::string& word) {
    return std::ranges::find(kDoes, word) == std::end(kDoes) &&
           std::ranges::find(others, word) != others.end();
  });
}

bool names_an_id(std::string_view key) {
  const std::string name = ascii_lower(key);
  const std::string_view end = std::string_view{name}.substr(0, name.find_last_not_of('_') + 1);
  return end == "id" || end.ends_with("_id") || key.ends_with("Id");
}

bool names_a_name(std::string_view key) {
  const std::vector<std::string> words = contract::words_of_name(key);
  return !words.empty() && (words.back().ends_with("name") ||
                            std::ranges::find(kNames, words.back()) != std::end(kNames));
}

std::set<std::string> addresses_in(std::string_view text) {
  std::set<std::string> found;
  for (std::size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    // npos + 1 is the front of the text.
    const std::size_t front = text.substr(0, at).find_last_not_of(kOfMailbox) + 1;
    std::string_view host = text.substr(at + 1);
    host = host.substr(0, host.find_first_not_of(kOfAddress));
    while (host.ends_with('.') || host.ends_with('-')) host.remove_suffix(1);
    if (front == at || !host.contains('.')) continue;
    found.emplace(text.substr(front, at + 1 + host.size() - front));
  }
  return found;
}

bool is_path(std::string_view text) {
  return text.size() > 1 && text.starts_with('/') && !text.contains("/..");
}

bool is_within(std::string_view path, const std::set<std::string>& folders) {
  if (!is_path(path)) return false;
  for (std::size_t at = path.rfind('/'); at != 0; at = path.rfind('/')) {
    path = path.substr(0, at);
    if (folders.contains(std::string{path})) return true;
  }
  return false;
}

}  // namespace naestro::policy
