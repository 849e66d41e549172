#include "cli/commands.hpp"
#include "cli/render.hpp"
#include "cli/session.hpp"

namespace naestro::cli {
namespace {

enum class FeatureState : std::uint8_t { built, planned };

struct Feature {
  const char* id;
  FeatureState state;
  const char* text;
};

constexpr Feature kFeatures[] = {
#define X(id, state, text) {id, FeatureState::state, text},
#include "cli/features.def"
#undef X
};

std::string name(FeatureState state) { return state == FeatureState::built ? "built" : "planned"; }

}  // namespace

int features(House& house, bool json) {
  if (json) {
    json::Array rows;
    for (const Feature& feature : kFeatures) {
      rows.push_back(
          json::Object{{"id", feature.id}, {"state", name(feature.state)}, {"text", feature.text}});
    }
    print(house.out,
          json::pretty(json::Object{{"version", house.version}, {"features", std::move(rows)}}));
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const Feature& feature : kFeatures) {
    rows.push_back({feature.id, name(feature.state), feature.text});
  }
  print(house.out, table(rows));
  return 0;
}

}  // namespace naestro::cli
