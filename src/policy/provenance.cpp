#include "policy/provenance.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "policy/days.hpp"
#include "policy/labels.hpp"
#include "policy/scalars.hpp"

namespace naestro::policy {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}

// Lower case, one blank for each run of blanks, none at the ends.
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

// What a scalar looks like in text.
std::string text_of(const json::Value& scalar) {
  if (scalar.is_string()) return folded(json::view(scalar.get_string()));
  const std::string written = json::canonical(scalar);
  return std::string{without_zeros(written)};
}

// Whether `value` stands in `text` as whole words. A number also with zeros behind its point.
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

// "id", "id_", "file_id", "eventId"
bool names_an_id(std::string_view key) {
  const std::string name = ascii_lower(key);
  const std::string_view end = std::string_view{name}.substr(0, name.find_last_not_of('_') + 1);
  return end == "id" || end.ends_with("_id") || key.ends_with("Id");
}

constexpr std::size_t kFieldBytesMax = 80;  // of an id or an address

const contract::Label kUser{{"user"}, {"private"}, false};
const contract::Label kPlan{{"plan"}, {"private"}, false};
const contract::Label kModel{{"model"}, {"private"}, true};

}  // namespace

std::string host_in(std::string_view url) {
  const std::string text = folded(url);
  std::size_t at = text.find("://");
  at = at == std::string::npos ? 0 : at + 3;
  const std::string_view rest = std::string_view{text}.substr(at);
  const std::string_view host = rest.substr(0, rest.find_first_of("/?#\\"));
  return std::string{host.substr(host.find('@') + 1)};  // what is before an @ is no host
}

Provenance::Provenance(std::string_view words) : words_{folded(words)}, days_{days_in(words)} {}

contract::Label Provenance::of(const json::Value& scalar) const {
  // One bit holds no order, and what is empty holds nothing.
  if (scalar.is_bool() || scalar.is_null()) return kPlan;
  const std::string value = text_of(scalar);
  if (endorsed_.contains(value) || stands_in(value, words_)) return kUser;
  if (const auto day = day_of(value); day && days_.contains(*day)) return kUser;
  if (own_.contains(value) || seen_.empty()) return kPlan;
  bool found = false;
  contract::Label label = kPlan;
  for (const Seen& seen : seen_) {
    const bool loose = stands_in(value, seen.rest);
    if (!loose && !seen.whole.contains(value)) continue;
    found = true;
    label = join(label, seen.label);
    label.instruction_bearing = label.instruction_bearing || loose;
  }
  return found ? label : kModel;
}

contract::Label Provenance::of_all(const json::Value& value) const {
  contract::Label label = kPlan;
  each_scalar("", value, [&](std::string_view, const json::Value& scalar) {
    label = join(label, of(scalar));
  });
  return label;
}

bool Provenance::names_host(std::string_view url) const {
  const std::string host = host_in(url);
  return !host.empty() && (hosts_.contains(host) || stands_in(host, words_));
}

void Provenance::endorse(const json::Value& scalar) { endorsed_.insert(text_of(scalar)); }

void Provenance::endorse_host(std::string_view url) { hosts_.insert(host_in(url)); }

void Provenance::add(std::string_view tool, const contract::Label& arguments, bool own,
                     const json::Value& result) {
  Seen seen{.label = arguments, .whole = {}, .rest = {}};
  seen.label.integrity.insert("tool:" + std::string{tool});
  each_scalar("", result, [&](std::string_view key, const json::Value& scalar) {
    if (scalar.is_bool()) return;
    std::string text = text_of(scalar);
    if (text.size() <= kFieldBytesMax && !text.contains(' ')) {
      if (own && names_an_id(key)) own_.insert(text);
      seen.whole.insert(std::move(text));
    } else {
      seen.rest += text + '\n';
    }
  });
  seen_.push_back(std::move(seen));
}

}  // namespace naestro::policy
