#include "policy/flow.hpp"

#include <algorithm>

#include "policy/labels.hpp"

namespace naestro::policy {
namespace {

// By the places of kFlagWords.
constexpr std::array<Fact, 6> kFacts = {{{kFlagWords[0], &Flow::untrusted_authority},
                                         {kFlagWords[1], &Flow::untrusted_control},
                                         {kFlagWords[2], &Flow::untrusted_input},
                                         {kFlagWords[3], &Flow::private_data},
                                         {kFlagWords[4], &Flow::off_prem_forbidden},
                                         {kFlagWords[5], &Flow::instruction_bearing}}};

constexpr Flags bit(std::size_t place) { return static_cast<Flags>(1U << place); }
constexpr Flags kIrreversible = bit(kFacts.size());

}  // namespace

const Fact* fact_named(std::string_view word) {
  const auto* const found = std::ranges::find(kFacts, word, &Fact::word);
  return found == kFacts.end() ? nullptr : found;
}

Flags flag_named(std::string_view word) {
  const auto* const found = std::ranges::find(kFlagWords, word);
  return found == kFlagWords.end() ? Flags{0}
                                   : bit(static_cast<std::size_t>(found - kFlagWords.begin()));
}

Flags flags_of(const Flow& flow, const contract::DeclaredEffect* effect) {
  Flags out = effect != nullptr && !effect->reversible ? kIrreversible : Flags{0};
  for (std::size_t i = 0; i < kFacts.size(); ++i) {
    if (flow.*kFacts[i].holds) out |= bit(i);
  }
  return out;
}

Flags open_flags_of(const Flow& flow) {
  return flow.off_prem_open && !flow.off_prem_forbidden ? flag_named("off_prem_forbidden")
                                                        : Flags{0};
}

Flow flow_of(const contract::Label& arguments, const contract::Label& authority,
             const contract::Label& control) {
  Flow out;
  out.untrusted_authority = !trusted(authority);
  out.untrusted_control = !trusted(control);
  out.untrusted_input = out.untrusted_control || !trusted(arguments);
  out.private_data = !is_public(arguments) || !is_public(control);
  out.off_prem_forbidden = off_prem_forbidden(arguments) || off_prem_forbidden(control);
  out.instruction_bearing = arguments.instruction_bearing || control.instruction_bearing;
  return out;
}

Flow either(const Flow& a, const Flow& b) {
  Flow out = a;
  for (const Fact& fact : kFacts) out.*fact.holds = a.*fact.holds || b.*fact.holds;
  out.off_prem_open = a.off_prem_open || b.off_prem_open;
  return out;
}

}  // namespace naestro::policy
