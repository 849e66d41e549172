// What the labels of a call's data say of the call: facts that are true or not, which rules ask
// about as context.NAME.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "contract/label.hpp"
#include "contract/tool.hpp"

namespace naestro::policy {

struct Flow {
  // An authority argument holds a value that is not the user's, the policy's or the plan's own.
  bool untrusted_authority = false;
  // Such a value decides whether or how often the call is made.
  bool untrusted_control = false;
  // Such a value goes in, in whatever argument, or decides whether the call is made.
  bool untrusted_input = false;
  // What goes in is not for everybody.
  bool private_data = false;
  // It must not leave this machine, or is a secret.
  bool off_prem_forbidden = false;
  // It holds free text of an untrusted source.
  bool instruction_bearing = false;
  // A file whose path is not known yet may make off_prem_forbidden hold.
  bool off_prem_open = false;
  bool operator==(const Flow&) const = default;
};

// The facts as bits, by their place here. The last is no label's: the effect cannot be undone.
inline constexpr std::array<std::string_view, 7> kFlagWords = {
    "untrusted_authority", "untrusted_control",   "untrusted_input", "private_data",
    "off_prem_forbidden",  "instruction_bearing", "irreversible"};
// A fact of the labels by its word; null where it is none.
struct Fact {
  std::string_view word;
  bool Flow::* holds;
};
const Fact* fact_named(std::string_view word);

using Flags = std::uint16_t;
// 0 where it is none of them.
Flags flag_named(std::string_view word);
// Those that hold of this effect of the call; null: of the call without one.
Flags flags_of(const Flow& flow, const contract::DeclaredEffect* effect);
// Those that may still come to hold.
Flags open_flags_of(const Flow& flow);

// The facts of a call, from the labels of all its arguments, of those that decide where it goes,
// and of what decides whether and how often it is made.
Flow flow_of(const contract::Label& arguments, const contract::Label& authority,
             const contract::Label& control);

// What holds in either.
Flow either(const Flow& a, const Flow& b);

}  // namespace naestro::policy
