#include <algorithm>
#include <tuple>

#include "base/text.hpp"
#include "plan/sink.hpp"

namespace naestro::plan {
namespace {

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

}  // namespace

const std::vector<DiagnosticInfo>& all_diagnostics() {
  static const std::vector<DiagnosticInfo> rows = {
#define X(name, code, title, remedy) {code, title, remedy},
#include "plan/diagnostics.def"
#undef X
  };
  return rows;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string near = nearest(word, candidates);
  return near.empty() ? "" : "did you mean '" + near + "'?";
}

void Sink::error(Np code, std::string pointer, const std::string& message, const Details& details) {
  add(Severity::error, code, std::move(pointer), message, details);
}

void Sink::warn(Np code, std::string pointer, const std::string& message, const Details& details) {
  add(Severity::warning, code, std::move(pointer), message, details);
}

void Sink::add(Severity severity, Np code, std::string pointer, const std::string& message,
               const Details& details) {
  std::size_t& count = severity == Severity::error ? errors_ : warnings_;
  if (++count > kShownMax) return;
  const DiagnosticInfo& row = all_diagnostics()[static_cast<std::size_t>(code)];
  // What a plan says may be long; a diagnostic stays readable.
  constexpr std::size_t kTextShown = 200;
  kept_.push_back({std::string{row.code},
                   severity,
                   std::move(pointer),
                   {},
                   shorten(message, 2 * kTextShown),
                   shorten(details.found, kTextShown),
                   shorten(details.expected, 2 * kTextShown),
                   shorten(details.hint, kTextShown)});
}

std::vector<Diagnostic> Sink::finish(std::string_view text) {
  for (Diagnostic& diagnostic : kept_) diagnostic.at = json::locate(text, diagnostic.pointer);
  std::ranges::sort(kept_, {}, [](const Diagnostic& d) {
    return std::tie(d.at.line, d.at.column, d.code, d.pointer, d.message, d.hint);
  });
  const std::size_t hidden = errors_ + warnings_ - kept_.size();
  // What a step says is found in each of the steps that it stands for.
  const auto twins = std::ranges::unique(kept_, {}, [](const Diagnostic& d) {
    return std::tie(d.pointer, d.code, d.message, d.found, d.expected, d.hint);
  });
  kept_.erase(twins.begin(), twins.end());
  if (hidden > 0) {
    const DiagnosticInfo& row = all_diagnostics()[static_cast<std::size_t>(Np::kMoreFindings)];
    kept_.push_back({std::string{row.code},
                     Severity::warning,
                     "",
                     {1, 1},
                     std::to_string(hidden) + " more findings are not shown",
                     "",
                     "",
                     std::string{row.remedy}});
  }
  return std::move(kept_);
}

void Fields::only(std::initializer_list<std::string_view> known,
                  std::initializer_list<std::string_view> unbuilt) {
  for (const auto& member : object_) {
    const std::string_view key{member.key().data(), member.key().size()};
    if (std::ranges::find(known, key) != known.end()) continue;
    if (std::ranges::find(unbuilt, key) != unbuilt.end()) {
      sink_.error(Np::kNotBuilt, at(key), what_ + " member " + quoted(key) + " is not built yet",
                  {quoted(key), "", "write the plan without it"});
      continue;
    }
    std::vector<std::string> candidates{known.begin(), known.end()};
    std::string expected = "one of " + join(candidates, ", ");
    sink_.error(Np::kUnknownMember, at(key), "a " + what_ + " has no member " + quoted(key),
                {quoted(key), std::move(expected), did_you_mean(key, candidates)});
  }
}

const json::Value* Fields::value(std::string_view key, Need need) {
  const json::Value* found = object_.if_contains(key);
  if (found == nullptr && need == Need::required) {
    sink_.error(Np::kMissingMember, pointer_, "the " + what_ + " has no " + quoted(key),
                {"no " + quoted(key), quoted(key), ""});
  }
  return found;
}

void Fields::wrong_type(std::string_view key, const json::Value& found, std::string_view expected) {
  sink_.error(Np::kWrongType, at(key), quoted(key) + " has the wrong type",
              {std::string{json::type_name(found)}, std::string{expected}, ""});
}

std::optional<std::string> Fields::text(std::string_view key, Need need) {
  const json::Value* found = value(key, need);
  if (found == nullptr) return std::nullopt;
  if (found->is_string()) return std::string{json::view(found->get_string())};
  wrong_type(key, *found, "a string");
  return std::nullopt;
}

std::optional<std::int64_t> Fields::integer(std::string_view key, Need need, std::int64_t min,
                                            std::int64_t max) {
  const json::Value* found = value(key, need);
  if (found == nullptr) return std::nullopt;
  const auto number = json::integer_at(object_, key);
  if (!found->is_number()) {
    wrong_type(key, *found, "an integer");
  } else if (!number || *number < min || *number > max) {
    sink_.error(Np::kBadValue, at(key), quoted(key) + " is out of range",
                {json::canonical(*found),
                 "an integer from " + std::to_string(min) + " to " + std::to_string(max), ""});
  } else {
    return number;
  }
  return std::nullopt;
}

const json::Object* Fields::object(std::string_view key, Need need) {
  const json::Value* found = value(key, need);
  if (found == nullptr) return nullptr;
  if (!found->is_object()) wrong_type(key, *found, "an object");
  return found->if_object();
}

const json::Array* Fields::array(std::string_view key, Need need) {
  const json::Value* found = value(key, need);
  if (found == nullptr) return nullptr;
  if (!found->is_array()) wrong_type(key, *found, "an array");
  return found->if_array();
}

bool refused_only(const std::vector<Diagnostic>& diagnostics, bool (*kind)(const Diagnostic&)) {
  bool any = false;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity != Severity::error) continue;
    if (!kind(diagnostic)) return false;
    any = true;
  }
  return any;
}

std::string describe(const Diagnostic& diagnostic) {
  std::string facts;
  if (!diagnostic.found.empty()) facts += "found " + diagnostic.found;
  if (!diagnostic.expected.empty()) {
    facts += (facts.empty() ? "expected " : ", expected ") + diagnostic.expected;
  }
  if (!diagnostic.hint.empty()) facts += (facts.empty() ? "" : "; ") + diagnostic.hint;
  return facts.empty() ? diagnostic.message : diagnostic.message + " (" + facts + ")";
}

std::string format(const Diagnostic& diagnostic, std::string_view file) {
  return std::string{file} + ":" + std::to_string(diagnostic.at.line) + ":" +
         std::to_string(diagnostic.at.column) +
         (diagnostic.severity == Severity::error ? ": error " : ": warning ") + diagnostic.code +
         ": " + describe(diagnostic);
}

json::Value to_json(const Diagnostic& diagnostic) {
  return json::Object{{"code", diagnostic.code},
                      {"severity", diagnostic.severity == Severity::error ? "error" : "warning"},
                      {"pointer", diagnostic.pointer},
                      {"line", diagnostic.at.line},
                      {"column", diagnostic.at.column},
                      {"message", diagnostic.message},
                      {"found", diagnostic.found},
                      {"expected", diagnostic.expected},
                      {"hint", diagnostic.hint}};
}

json::Value to_json(const Bound& bound) {
  json::Array path;
  for (const std::string& id : bound.critical_path) path.emplace_back(id);
  return json::Object{{"usd", format_usd(bound.usd)},    {"tokens", bound.tokens},
                      {"tool_calls", bound.tool_calls},  {"model_calls", bound.model_calls},
                      {"wall_s", bound.wall_s},          {"concurrency", bound.concurrency},
                      {"critical_path", std::move(path)}};
}

json::Array passes_json() {
  json::Array out;
  for (const std::string_view pass : kPasses) {
    out.push_back(json::Object{{"name", pass}, {"checked", true}});
  }
  return out;
}

json::Value to_json(const StepEffect& effect) {
  return json::Object{{"kind", contract::name(effect.kind)},
                      {"argument", effect.argument},
                      {"extent", name(effect.extent)},
                      {"object", effect.object},
                      {"reversible", effect.reversible}};
}

}  // namespace naestro::plan
