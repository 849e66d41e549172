#include "door/effect.hpp"

#include "base/crypto.hpp"

namespace naestro::door {

Digest action_digest(const Scope& scope, const Effect& effect) {
  return crypto::sha256(json::canonical(json::Object{{"plan", hex(scope.plan)},
                                                     {"workspace", scope.workspace},
                                                     {"step", effect.step},
                                                     {"target", effect.target},
                                                     {"contract", hex(effect.contract)},
                                                     {"authority", effect.authority}}));
}

Digest call_hash(const Effect& effect) {
  return crypto::sha256(json::canonical(json::Array{effect.target, effect.arguments}));
}

Digest effect_key(std::string_view run, std::string_view step,
                  const std::vector<std::int64_t>& path, const Digest& call, std::int64_t ordinal,
                  std::int64_t n) {
  json::Array iteration;
  for (const std::int64_t index : path) iteration.emplace_back(index);
  return crypto::sha256(json::canonical(
      json::Array{"naestro.key/1", run, step, std::move(iteration), hex(call), ordinal, n}));
}

}  // namespace naestro::door
