// Any text as policies in Cedar's language: what is read is asked about a request, whatever it
// says.
#include "policy/cedar.hpp"

#include "fuzz/fuzz.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto policies = policy::parse_cedar(fuzz::text(data, size));
  if (!policies) {
    fuzz::require(!policies.error().message.empty(), "an error says what");
    return 0;
  }
  const policy::Request request{.principal = {"User", "ann"},
                                .action = {"Action", "view"},
                                .resource = {"Doc", "a"},
                                .context = {}};
  const auto answer = policy::authorize(*policies, request, policy::Entities{});
  fuzz::require(answer.reasons.size() + answer.errors.size() <= policies->size(),
                "a policy decides, fails or says nothing");
  fuzz::require(!answer.allow || !answer.reasons.empty(), "what is allowed has a reason");
  return 0;
}
