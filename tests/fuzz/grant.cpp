// Lasting yeses as a store has them: what is read is written back as it was, and answers no call
// that the policy denies.
#include "policy/grant.hpp"

#include "fuzz/fuzz.hpp"

using namespace naestro;

namespace {

void ask(const policy::Policy& rules, std::span<const policy::Grant> grants,
         contract::EffectKind kind, const char* value) {
  const std::vector<contract::DeclaredEffect> effects = {{kind, "path", true}};
  const json::Object known = {{"path", value}};
  const policy::Question question{
      .target = "files.write@1", .effects = effects, .authority = known};
  if (rules.decide(question).first.decision != policy::Decision::ask) return;
  static const Digest kContract{};
  (void)policy::answering(rules, {question, kContract, "/w"}, grants);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kRules = policy::Policy::parse(policy::embedded_policies().front().name,
                                                   policy::embedded_policies().front().text);
  const auto [pattern, text] = fuzz::halves(fuzz::text(data, size));
  const auto form = json::parse(text);
  if (!form) return 0;
  auto grants = policy::grants_from_json(*form);
  if (!grants) {
    fuzz::require(!grants.error().message.empty(), "an error says what");
    return 0;
  }
  const json::Array written = policy::to_json(*grants);
  const auto again = policy::grants_from_json(written);
  fuzz::require(again && policy::to_json(*again) == written, "a grant has one form");
  using contract::EffectKind;
  for (const auto kind : {EffectKind::write, EffectKind::net, EffectKind::exec}) {
    for (const char* value : {"a", "secrets/b.md", "../c", "https://a.example/"}) {
      ask(*kRules, *grants, kind, value);
    }
  }
  for (policy::Grant& grant : *grants) {
    const auto authority = grant.authority;  // as it was before it grows
    for (const auto& [argument, allowed] : authority) {
      (void)policy::widen(grant, argument, pattern);
    }
    (void)policy::covering(grant, *grants);
  }
  return 0;
}
