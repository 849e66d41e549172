// Any text as a skill; one that is read can be filled, or says why not.
#include "agents/skill.hpp"

#include <array>

#include "fuzz/fuzz.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::array<EmbeddedFile, 1> files{{{"x.json", fuzz::text(data, size)}}};
  const auto book = agents::SkillBook::from(files);
  if (!book) return 0;
  for (const auto& skill : book->all()) {
    json::Object parameters;
    for (const auto& [name, parameter] : skill.parameters) parameters[name] = "${x}";
    (void)agents::fill(skill, parameters, "a goal with ${steps.x.out}");
    (void)agents::fill(skill, {}, "");
  }
  return 0;
}
