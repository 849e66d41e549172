#include "policy/provenance.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "policy/days.hpp"
#include "policy/labels.hpp"
#include "policy/scalars.hpp"
#include "policy/wording.hpp"

namespace naestro::policy {
namespace {

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
