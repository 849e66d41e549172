#include "door/effect.hpp"

#include "base/crypto.hpp"

namespace naestro::door {

using json::append_canonical;

Digest action_digest(const Scope& scope, const Effect& effect) {
  std::string text;
  text.reserve(512);           // most are shorter
  text += R"({"authority":)";  // members in the order of RFC 8785
  append_canonical(text, effect.authority);
  text.append(R"(,"contract":")").append(hex(effect.contract));
  text.append(R"(","plan":")").append(hex(scope.plan)).append(R"(","step":)");
  append_canonical(text, effect.step);
  text += R"(,"target":)";
  append_canonical(text, effect.target);
  text += R"(,"workspace":)";
  append_canonical(text, scope.workspace);
  text += '}';
  return crypto::sha256(text);
}

Digest call_hash(const Effect& effect) {
  std::string text;
  text.reserve(512);
  text += '[';
  append_canonical(text, effect.target);
  text += ',';
  append_canonical(text, effect.arguments);
  text += ']';
  return crypto::sha256(text);
}

Digest effect_key(std::string_view run, std::string_view step,
                  const std::vector<std::int64_t>& path, const Digest& call, std::int64_t ordinal,
                  std::int64_t n) {
  std::string text;
  text.reserve(256);
  text += R"(["naestro.key/1",)";
  append_canonical(text, run);
  text += ',';
  append_canonical(text, step);
  text += ",[";
  for (const std::int64_t index : path) text.append(std::to_string(index)) += ',';
  if (!path.empty()) text.pop_back();
  text.append(R"(],")").append(hex(call)).append(R"(",)");
  text.append(std::to_string(ordinal)) += ',';
  text.append(std::to_string(n)) += ']';
  return crypto::sha256(text);
}

}  // namespace naestro::door
