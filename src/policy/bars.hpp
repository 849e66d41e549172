// What a call must not touch though nobody asked about it: beyond the path that it names a tool
// meets others, a search all below a folder, a link another place, a program the whole workspace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.hpp"

namespace naestro::policy {

// Of one call that may happen. Thread-safe.
class Bars {
 public:
  // `policy` has to outlive this; what `call` refers to need not.
  Bars(const Policy& policy, const Question& call);

  // Whether a rule of people denies that this call reads or writes (`kind`) the file at a normal
  // path, or asks about such places and was not answered with the call itself. What cannot be told
  // is barred. Rules that ask whatever the place, the built-in ones among them, bar nothing: the
  // call's own answer covers that.
  [[nodiscard]] bool bars(contract::EffectKind kind, std::string_view path) const;

  // The rule that does, as "id (file:line)"; "": none.
  [[nodiscard]] std::string by(contract::EffectKind kind, std::string_view path) const;

  // Whether there is a rule that could; without one nobody has to ask about each file.
  [[nodiscard]] bool any() const;

 private:
  [[nodiscard]] std::optional<Policy::Finding> barring(contract::EffectKind kind,
                                                       std::string_view path) const;

  const Policy& policy_;
  std::string target_;
  Mode mode_;
  Flow flow_;
  std::string user_;
  std::vector<const Rule*> answered_;
};

}  // namespace naestro::policy
