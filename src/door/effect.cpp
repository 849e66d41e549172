#include "door/effect.hpp"

#include "base/crypto.hpp"

namespace naestro::door {

using json::append_canonical;

Digest action_digest(const Scope& scope, const Effect& effect) {
  std::string text = R"({"authority":)";  // members in the order of RFC 8785
  append_canonical(text, effect.authority);
  text += R"(,"contract":")" + hex(effect.contract) + R"(","plan":")" + hex(scope.plan);
  text += R"(","step":)";
  append_canonical(text, effect.step);
  text += R"(,"target":)";
  append_canonical(text, effect.target);
  text += R"(,"workspace":)";
  append_canonical(text, scope.workspace);
  return crypto::sha256(text + "}");
}

Digest call_hash(const Effect& effect) {
  std::string text = "[";
  append_canonical(text, effect.target);
  text += ',';
  append_canonical(text, effect.arguments);
  return crypto::sha256(text + "]");
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
