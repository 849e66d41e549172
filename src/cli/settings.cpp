#include "cli/settings.hpp"

#include <algorithm>

#include "cli/render.hpp"
#include "cli/session.hpp"

namespace naestro::cli {

std::string text_of(const ConfigFinding& finding) {
  std::string out = finding.file;
  if (finding.line > 0) {
    out += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column);
  }
  out += finding.error ? ": " + std::string{info(finding.code).name} + " " : ": warning: ";
  return out + finding.message + (finding.remedy.empty() ? "" : "; " + finding.remedy);
}

bool Configured::good() const { return std::ranges::none_of(findings, &ConfigFinding::error); }

int configure(House& house, const ConfigWords& words, OnFault on_fault) {
  if (!house.configure) return 0;
  Configured configured = house.configure(words);
  const bool good = configured.good();
  if (good) house.settings = std::move(configured.settings);
  house.config_findings = std::move(configured.findings);
  house.policy_files = std::move(configured.policy_files);
  if (on_fault == OnFault::silent) return 0;
  int code = 0;
  for (const ConfigFinding& finding : house.config_findings) {
    print(house.err, "naestro: " + text_of(finding) + "\n");
    // What the command line itself says is never passed over.
    const bool asked = words.strict || finding.file.starts_with('-');
    if (finding.error && (asked || on_fault == OnFault::refuse)) code = info(finding.code).exit;
  }
  return code;
}

void fill_in(const House& house, PlanOptions& options) {
  if (options.mode.empty()) options.mode = house.settings.mode;
  if (options.workspace.empty()) options.workspace = house.settings.workspace;
}

namespace {

Result<plan::Budget> of_command_line(const RunOptions& options) {
  plan::Budget budget;
  if (options.usd_max) {
    NAESTRO_LET(budget.usd, parse_usd(*options.usd_max));
  }
  budget.tokens = options.tokens_max;
  budget.tool_calls = options.tool_calls_max;
  budget.wall_s = options.time_s_max;
  return budget;
}

}  // namespace

Result<plan::Budget> limits_of(const House& house, const RunOptions& options) {
  NAESTRO_LET(const plan::Budget budget, of_command_line(options));
  const Limits& limits = house.settings.limits;
  return smaller(
      budget,
      {.usd = limits.usd, .tokens = limits.tokens, .tool_calls = limits.tool_calls, .wall_s = {}});
}

plan::Budget smaller(const plan::Budget& one, const plan::Budget& other) {
  const auto less = [](const auto& a, const auto& b) {
    return a && b ? std::min(*a, *b) : a ? a : b;
  };
  return {.usd = less(one.usd, other.usd),
          .tokens = less(one.tokens, other.tokens),
          .tool_calls = less(one.tool_calls, other.tool_calls),
          .wall_s = less(one.wall_s, other.wall_s)};
}

door::Ceilings ceilings_of(const plan::Budget& budget) {
  return {budget.usd, budget.tokens, budget.tool_calls, budget.wall_s};
}

door::Ceilings run_ceilings(const plan::Program& program, const plan::Budget& limits) {
  plan::Budget time;
  time.wall_s = program.budget.wall_s;
  return ceilings_of(smaller(time, limits));
}

Result<plan::Budget> raised_limits(const House& house, const RunOptions& options) {
  NAESTRO_LET(const plan::Budget budget, of_command_line(options));
  const auto over = [](const auto& mine, const auto& limit) {
    return mine && limit && *mine > *limit;
  };
  const Limits& limits = house.settings.limits;
  const std::string key = over(budget.usd, limits.usd)                 ? "limits.usd"
                          : over(budget.tokens, limits.tokens)         ? "limits.tokens"
                          : over(budget.tool_calls, limits.tool_calls) ? "limits.tool_calls"
                                                                       : "";
  if (key.empty()) return budget;
  const auto row = std::ranges::find(house.settings.rows, key, &Settings::Row::key);
  const bool known = row != house.settings.rows.end();
  return fail(Code::kUsage,
              "that is more than " + key + " allows" +
                  (known ? " (" + row->value + ", from " + row->origin + ")" : ""),
              "raise it there, or for this once with -c " + key + "=VALUE");
}

std::string files_text(const FilesRead& files) {
  std::string out;
  for (const auto& [file, there] : files)
    out += (there ? "read       " : "not there  ") + file + "\n";
  return out;
}

int show_config(House& house, bool json) {
  const Settings& settings = house.settings;
  if (json) {
    json::Object out;
    for (const Settings::Row& row : settings.rows) {
      out[row.key] = json::Object{{"value", row.value}, {"origin", row.origin}};
    }
    print(house.out, json::pretty(out));
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const Settings::Row& row : settings.rows) rows.push_back({row.key, row.value, row.origin});
  print(house.out, table(rows));
  print(house.out, files_text(settings.files));
  return 0;
}

}  // namespace naestro::cli
