// Any text as a policy: read, every kind of call is decided in every mode; else an error. As an
// expression: read and evaluated, whatever it is.
#include "policy/policy.hpp"

#include "fuzz/fuzz.hpp"
#include "policy/parser.hpp"

using namespace naestro;

namespace {

void decide(const policy::Policy& rules) {
  using contract::EffectKind;
  const std::vector<std::string> unknown = {"path"};
  for (const std::string_view target : {"files.write@1", "model:m"}) {
    for (const auto kind :
         {EffectKind::read, EffectKind::write, EffectKind::net, EffectKind::model_cloud}) {
      const std::vector<contract::DeclaredEffect> effects = {{kind, "path", true}};
      for (const char* path : {"a", "secrets/b", "../c", "https://a.example/"}) {
        const json::Object known = {{"path", path}};
        const json::Object nothing;
        for (const bool untrusted : {false, true}) {
          policy::Question question{.target = target,
                                    .effects = effects,
                                    .flow = {untrusted},
                                    .authority = known,
                                    .server = "https://m.example/v1"};
          const auto [late, of_late] = rules.decide(question);
          fuzz::require(!late.reason.empty() && !late.open, "a verdict has a reason");
          const policy::Question before{.target = target,
                                        .effects = effects,
                                        .flow = {untrusted},
                                        .authority = nothing,
                                        .open = unknown,
                                        .server = "https://m.example/v1"};
          const auto [early, of_early] = rules.decide(before);
          fuzz::require(early.decision <= late.decision, "what comes is no milder");
          fuzz::require(early.open || early.decision == late.decision,
                        "what is not open stays as it is");
          (void)rules.findings(question);
        }
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  const auto rules = policy::Policy::parse("policy.json", text);
  if (rules) {
    decide(*rules);
  } else {
    fuzz::require(!rules.error().message.empty(), "an error says what");
  }
  const auto expression = policy::parse_expression(text);
  if (expression) {
    (void)policy::evaluate(*expression, {}, policy::Entities{});
    (void)policy::constant(*expression);
  } else {
    fuzz::require(!expression.error().message.empty(), "an error says what");
  }
  return 0;
}
