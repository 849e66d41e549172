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
  std::string text = R"(["naestro.key/1",)";
  append_canonical(text, run);
  text += ',';
  append_canonical(text, step);
  text += ",[";
  for (const std::int64_t index : path) text += std::to_string(index) + ",";
  if (!path.empty()) text.pop_back();
  text += R"(],")" + hex(call) + R"(",)" + std::to_string(ordinal) + "," + std::to_string(n);
  return crypto::sha256(text + "]");
}

}  // namespace naestro::door
