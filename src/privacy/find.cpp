#include "privacy/find.hpp"

#include <algorithm>
#include <array>

#include "privacy/scan.hpp"
#include "privacy/tables.hpp"
#include "privacy/valid.hpp"

namespace naestro::privacy {
namespace {

// RFC 5321 and RFC 1035.
constexpr std::size_t kLocalMax = 64;
constexpr std::size_t kDomainMax = 253;
constexpr std::size_t kIbanMax = 34;
constexpr std::size_t kIpv6Max = 45;
constexpr std::size_t kCardGroupsMax = 6;

constexpr std::array<std::string_view, 8> kNames = {"email",  "iban",       "ip",        "card",
                                                    "us_ssn", "birth_date", "id_number", "phone"};

// RFC 5322's atext and the dot, but for what texts put around an address.
bool is_local(char c) {
  return is_word(c) || std::string_view{"!#$%&*+-./=?^~"}.contains(c) ||
         static_cast<signed char>(c) < 0;
}
bool is_domain(char c) {
  return is_digit(c) || is_letter(c) || c == '-' || c == '.' || static_cast<signed char>(c) < 0;
}

// The length of the domain at the beginning of the text: at least two labels, the last of letters.
std::size_t domain_at(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && size < kDomainMax && is_domain(text[size])) ++size;
  while (size > 0 && (text[size - 1] == '.' || text[size - 1] == '-')) --size;
  const std::string_view domain = text.substr(0, size);
  const std::size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || domain.contains("..") || domain[0] == '-')
    return 0;
  const std::string_view last = domain.substr(dot + 1);
  return last.size() >= 2 && !std::ranges::any_of(last, is_digit) ? size : 0;
}

void find_emails(Scan& scan) {
  const std::string_view text = scan.text();
  for (std::size_t sign = text.find('@'); sign != std::string_view::npos;
       sign = text.find('@', sign + 1)) {
    std::size_t begin = sign;
    while (begin > 0 && sign - begin < kLocalMax && is_local(text[begin - 1])) --begin;
    // What begins with a mark is text around the address.
    while (begin < sign && !is_word(text[begin]) && static_cast<signed char>(text[begin]) >= 0)
      ++begin;
    const std::size_t domain = domain_at(text.substr(sign + 1));
    if (begin < sign && text[sign - 1] != '.' && domain > 0) {
      scan.claim(Kind::email, begin, sign + 1 + domain - begin);
    }
  }
}

// One of letters and digits, perhaps in groups between single blanks or hyphens.
void find_ibans(Scan& scan) {
  const std::string_view text = scan.text();
  for (const Group& group : scan.groups()) {
    if (group.size() < 2 || group.at < 2) continue;
    const std::size_t begin = group.at - 2;
    if (!is_letter(text[begin]) || !is_letter(text[begin + 1]) || is_word(scan.before(begin)))
      continue;
    std::string joined;
    std::size_t best = 0;
    for (std::size_t i = begin; i < text.size() && joined.size() < kIbanMax; ++i) {
      const char c = text[i];
      if (is_digit(c) || is_letter(c)) {
        joined += c;
        if (!is_word(scan.at(i + 1)) && is_iban(joined)) best = i + 1;
      } else if ((c != ' ' && c != '-') || !is_word(scan.at(i + 1))) {
        break;
      }
    }
    if (best > 0) scan.claim(Kind::iban, begin, best - begin);
  }
}

void find_ipv4(Scan& scan) {
  const auto groups = scan.groups();
  for (std::size_t i = 0; i + 3 < groups.size(); ++i) {
    const Group& first = groups[i];
    const Group& last = groups[i + 3];
    const std::string_view address = scan.text().substr(first.at, last.end - first.at);
    const char before = scan.before(first.at);
    const char after = scan.at(last.end);
    if (address.size() > 15 || is_word(before) || before == '.' || is_word(after) ||
        (after == '.' && is_digit(scan.at(last.end + 1)))) {
      continue;
    }
    if (is_ipv4(address) && !scan.after_word(first.at, kNoAddress)) {
      scan.claim(Kind::ip, first.at, address.size());
    }
  }
}

bool is_ipv6_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

void find_ipv6(Scan& scan) {
  const std::string_view text = scan.text();
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos;) {
    std::size_t begin = colon;
    while (begin > 0 && colon - begin < kIpv6Max && is_ipv6_char(text[begin - 1])) --begin;
    std::size_t end = colon;
    while (end < text.size() && end - begin < kIpv6Max + 1 && is_ipv6_char(text[end])) ++end;
    const std::size_t next = std::max(end, colon + 1);
    while (end > begin && text[end - 1] == '.') --end;
    if (end > begin && text[end - 1] == ':' && !(end - begin > 1 && text[end - 2] == ':')) --end;
    const std::string_view address = text.substr(begin, end - begin);
    if (!is_word(scan.before(begin)) && !is_word(scan.at(end)) &&
        std::ranges::any_of(address, is_digit) && is_ipv6(address)) {
      scan.claim(Kind::ip, begin, end - begin);
    }
    colon = text.find(':', next);
  }
}

// Whether digits may begin, or end, there: they are no part of a word or of a fraction.
bool free_before(const Scan& scan, std::size_t at) {
  const char before = scan.before(at);
  return !is_word(before) &&
         !((before == '.' || before == ',') && at > 1 && is_digit(scan.before(at - 1)));
}
bool free_behind(const Scan& scan, std::size_t end) {
  return !is_word(scan.at(end)) && !(scan.at(end) == '.' && is_digit(scan.at(end + 1)));
}

// As many of the groups from the first as a card has, the same sign between them; 0: it is none.
std::size_t card_groups(const Scan& scan, std::span<const Group> groups) {
  const bool said = scan.after_word(groups[0].at, kCardBefore);
  std::string digits;
  std::size_t best = 0;
  for (std::size_t i = 0; i < groups.size() && i < kCardGroupsMax; ++i) {
    if (i > 0) {
      const std::string_view gap = scan.between(groups[i - 1], groups[i]);
      if ((gap != " " && gap != "-") || gap != scan.between(groups[0], groups[1])) break;
      if (groups[i].size() < 2 || groups[0].size() < 4) break;
    }
    digits += scan.of(groups[i]);
    if (digits.size() > kCardDigitsMax) break;
    if (free_behind(scan, groups[i].end) && (said ? is_checked_card(digits) : is_card(digits))) {
      best = i + 1;
    }
  }
  return best;
}

void find_cards(Scan& scan) {
  const auto groups = scan.groups();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!free_before(scan, groups[i].at)) continue;
    const std::size_t count = card_groups(scan, groups.subspan(i));
    if (count == 0) continue;
    scan.claim(Kind::card, groups[i].at, groups[i + count - 1].end - groups[i].at);
    i += count - 1;
  }
}

// 3-2-4 digits between hyphens or blanks; without any only behind a word that says so.
void find_ssns(Scan& scan) {
  const auto groups = scan.groups();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Group& first = groups[i];
    if (!free_before(scan, first.at) || scan.before(first.at) == '-') continue;
    if (first.size() == 9) {
      if (free_behind(scan, first.end) && is_us_ssn(scan.of(first)) &&
          scan.after_word(first.at, kSsnBefore)) {
        scan.claim(Kind::us_ssn, first.at, first.size());
      }
      continue;
    }
    if (i + 2 >= groups.size() || first.size() != 3 || groups[i + 1].size() != 2 ||
        groups[i + 2].size() != 4) {
      continue;
    }
    const std::string_view gap = scan.between(first, groups[i + 1]);
    const std::size_t end = groups[i + 2].end;
    const bool said = gap == "-" || (gap == " " && scan.after_word(first.at, kSsnBefore));
    if (said && gap == scan.between(groups[i + 1], groups[i + 2]) && free_behind(scan, end) &&
        scan.at(end) != '-' && is_us_ssn(scan.digits(groups.subspan(i, 3)))) {
      scan.claim(Kind::us_ssn, first.at, end - first.at);
    }
  }
}

}  // namespace

std::string_view name_of(Kind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::optional<Kind> kind_named(std::string_view name) {
  for (const Kind kind : all_kinds()) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

const Kinds& all_kinds() {
  static const Kinds all = [] {
    Kinds out;
    for (std::size_t i = 0; i < kNames.size(); ++i) out.insert(static_cast<Kind>(i));
    return out;
  }();
  return all;
}

std::vector<Found> find(std::string_view text) {
  Scan scan{text};
  find_emails(scan);
  find_ibans(scan);
  find_ipv6(scan);
  find_ipv4(scan);
  find_cards(scan);
  find_ssns(scan);
  find_birth_dates(scan);
  find_id_numbers(scan);
  find_phones(scan);
  return std::move(scan).found();
}

std::optional<std::string> redacted_text(std::string_view text, const Kinds& kinds) {
  std::vector<Found> all = find(text);
  std::erase_if(all, [&](const Found& one) { return !kinds.contains(one.kind); });
  if (all.empty()) return std::nullopt;
  std::string out;
  std::size_t done = 0;
  for (const Found& one : all) {
    out += text.substr(done, one.at - done);
    out += "⟦pii:" + std::string{name_of(one.kind)} + "⟧";
    done = one.at + one.size;
  }
  return out += text.substr(done);
}

namespace {

// `name`: of the member that it is the value of; stands before it while it is searched.
json::Value without(const json::Value& value, std::string_view name, const Kinds& kinds) {
  if (const auto* object = value.if_object()) {
    json::Object out;
    for (const auto& member : *object) {
      const std::string key = redacted_text(member.key(), kinds).value_or(member.key());
      out[key] = without(member.value(), member.key(), kinds);
    }
    return out;
  }
  if (const auto* array = value.if_array()) {
    json::Array out;
    for (const json::Value& one : *array) out.push_back(without(one, name, kinds));
    return out;
  }
  // A text may be JSON itself, in which a value is written otherwise than what it says.
  const auto* string = value.if_string();
  if (string != nullptr && (string->starts_with('{') || string->starts_with('['))) {
    if (const auto inside = json::parse(json::view(*string))) {
      const json::Value clean = without(*inside, name, kinds);
      return json::equal(clean, *inside) ? value : json::Value(json::write(clean));
    }
  }
  if (string == nullptr && !value.is_int64()) return value;
  const std::string text =
      string != nullptr ? std::string{json::view(*string)} : std::to_string(value.get_int64());
  std::string context{name};
  std::ranges::replace(context, '_', ' ');
  context += ": ";
  const auto out = redacted_text(context + text, kinds);
  // Where the name itself goes, the text begins elsewhere.
  if (out && out->starts_with(context)) return json::Value(out->substr(context.size()));
  if (const auto alone = redacted_text(text, kinds)) return json::Value(*alone);
  return value;
}

}  // namespace

json::Value redacted_value(const json::Value& value, const Kinds& kinds) {
  return without(value, "", kinds);
}

}  // namespace naestro::privacy
