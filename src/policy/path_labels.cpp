#include "policy/path_labels.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "policy/labels.hpp"
#include "policy/place.hpp"

namespace naestro::policy {
namespace {

using contract::EffectKind;

constexpr std::size_t kReadersBytesMax = 100;

}  // namespace

std::expected<PathLabel, RuleFault> parse_path_label(const json::Value& form) {
  const json::Object* object = form.if_object();
  if (object == nullptr || object->size() != 2 || !object->contains("readers")) {
    return fault("", "a label is paths and readers, and nothing more",
                 "as in paths: [\"hr/**\"] and readers: off_prem_forbidden");
  }
  PathLabel out;
  NAESTRO_LET(out.paths, parse_paths(*object));
  out.readers = json::text_at(*object, "readers").value_or("");
  const bool named = out.readers != "secret:" && out.readers.size() <= kReadersBytesMax &&
                     one_line(out.readers) == out.readers;
  if (!named || !off_prem_forbidden(std::string_view{out.readers})) {
    return fault("/readers", "'readers' is none of off_prem_forbidden and secret:NAME",
                 "files without a label are private");
  }
  return out;
}

void reach(const std::vector<PathLabel>& labels, const Question& question, Reached& out) {
  if (labels.empty()) return;
  for (const contract::DeclaredEffect& effect : question.effects) {
    if (effect.kind != EffectKind::read && effect.kind != EffectKind::exec) continue;
    Place place{question, &effect};
    const Place::Part path =
        effect.kind == EffectKind::read ? place.path() : Place::Part{Match::failed, {}, {}};
    if (path.match == Match::open) {
      out.open = true;
      continue;
    }
    for (const PathLabel& label : labels) {
      const bool touched =
          path.match == Match::failed || std::ranges::any_of(label.paths, [&](const Glob& glob) {
            return glob.matches(path.text) || glob.below(path.text);
          });
      if (touched) out.readers.insert(label.readers);
    }
  }
}

}  // namespace naestro::policy
