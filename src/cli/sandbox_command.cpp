// `naestro sandbox -- CMD`: one program behind the wall, for a person.
#include "cli/commands.hpp"
#include "cli/session.hpp"

namespace naestro::cli {

int confine(House& house, const SandboxOrder& order) {
  std::stop_source source;
  if (house.on_interrupt) house.on_interrupt([&source] { source.request_stop(); });
  // At once, in its place among what the program says.
  const auto say = [&house](const std::string& line) {
    print(house.err, "naestro: " + line + "\n");
    std::fflush(house.err);
  };
  const auto confined = house.confine(house, order, say, source.get_token());
  if (house.on_interrupt) house.on_interrupt({});
  if (!confined) return report(house, confined.error());
  for (const std::string& note : confined->notes) say(note);
  return confined->code;
}

}  // namespace naestro::cli
