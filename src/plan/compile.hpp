// The compiler: plan text -> Program, or diagnostics. Pure: no I/O, no clock.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "contract/model.hpp"
#include "contract/tool.hpp"
#include "plan/program.hpp"

namespace naestro::plan {

enum class Severity : std::uint8_t { error, warning };

// One finding, always complete: what, where, what instead.
struct Diagnostic {
  std::string code;  // "NP1203"; docs/diagnostics.md has a section per code
  Severity severity = Severity::error;
  std::string pointer;  // RFC 6901, into the plan
  json::Position at;    // in the source text
  std::string message;
  std::string found;
  std::string expected;
  std::string hint;  // "did you mean ...?"; may be empty
};

// The codes that exist, for docs and tests: code, title, how to mend.
struct DiagnosticInfo {
  std::string_view code;
  std::string_view title;
  std::string_view remedy;
};
const std::vector<DiagnosticInfo>& all_diagnostics();

struct Environment {
  const contract::ToolCatalog& tools;
  const contract::ModelCatalog& models;
  const policy::Policy& policy;
  policy::Mode mode = policy::Mode::copilot;
  std::string user = {};  // who runs it, as policy::Question has it
  // The policy's ceilings; they join the plan's own budget, the smaller holds.
  Budget ceilings{};
  // Defaults for what a step leaves out. `default_model`: a name of the catalog, "" for its first.
  std::string default_model = {};
  std::int64_t default_timeout_s = 60;
  std::int64_t default_max_input_tokens = 2048;
  std::int64_t default_max_output_tokens = 256;
  // Steps that were done already and are not done again: they take nothing.
  std::set<std::string> done = {};
  // Steps that the executor runs at one time.
  std::int64_t concurrency_max = 4;
};

struct Compiled {
  std::optional<Program> program;       // absent when any diagnostic is an error
  std::vector<Diagnostic> diagnostics;  // sorted by position, all found at once
};

// Runs all passes over `text`.
Compiled compile(std::string_view text, const Environment& environment);

// The finding says only that the worst case is over a budget (NP81xx).
inline bool over_budget(const Diagnostic& diagnostic) {
  return diagnostic.code.starts_with("NP81");
}

// A policy rule or the flow of data forbids it (NP6xxx, NP7xxx).
inline bool forbidden(const Diagnostic& diagnostic) {
  return diagnostic.code.starts_with("NP6") || diagnostic.code.starts_with("NP7");
}

// There are errors, and each of them is of that kind: `over_budget` or `forbidden`.
bool refused_only(const std::vector<Diagnostic>& diagnostics, bool (*kind)(const Diagnostic&));

// One line per finding: "plan.json:3:7: error NP2101: ... (found ..., expected ...; hint)".
std::string format(const Diagnostic& diagnostic, std::string_view file);
// Without place and code: "... (found ..., expected ...; hint)".
std::string describe(const Diagnostic& diagnostic);
json::Value to_json(const Diagnostic& diagnostic);
// A SARIF 2.1.0 log with one run: all rules of the compiler and one result per diagnostic. `text`:
// that of the plan in `file`; `version`: the program's.
json::Value to_sarif(const std::vector<Diagnostic>& diagnostics, std::string_view file,
                     std::string_view text, std::string_view version);
json::Value to_json(const Bound& bound);
json::Value to_json(const StepEffect& effect);
// [{"name", "checked": true}, ...], all nine in their order.
json::Array passes_json();

}  // namespace naestro::plan
