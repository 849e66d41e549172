#include "cli/render.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <functional>
#include <set>

#include "base/text.hpp"
#include "cli/roles.hpp"
#include "plan/labels.hpp"
#include "policy/labels.hpp"

namespace naestro::cli {
namespace {

constexpr std::size_t kGoalBytesMax = 1000;
constexpr std::size_t kAllowedBytesMax = 60;  // of an argument that nobody is asked about
constexpr std::size_t kPathBytesMax = 300;    // of a way of data

// 1768 -> "1,768"
std::string grouped(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string text(const json::Object& data, std::string_view key) {
  return std::string{json::text_at(data, key).value_or("")};
}

// What the data of a step says of it, in words for people, in the order of their weight.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kFacts = {{
    {"untrusted_control", "data decides whether or how often it is done"},
    {"untrusted_authority", "data decides where"},
    {"off_prem_forbidden", "holds data that must not leave this machine"},
    {"untrusted_input", "untrusted data goes in"},
    {"private_data", "private data goes in"},
    {"instruction_bearing", "free text goes in, which may hold orders"},
}};

std::string data_text(const run::CardLine& line) {
  const auto has = [&](std::string_view fact) {
    return std::ranges::find(line.paths, fact, &plan::FlowPath::fact) != line.paths.end();
  };
  std::string out;
  // Of a step that goes outside alone private data is said.
  if (has("untrusted_input") && has("private_data")) {
    out =
        "  " + line.step + ": untrusted input, private data and an effect outside come together\n";
  }
  for (const auto& [fact, words] : kFacts) {
    const auto found = std::ranges::find(line.paths, fact, &plan::FlowPath::fact);
    if (found == line.paths.end()) continue;
    out += "  " + line.step + ": " + std::string{words} + ": " +
           shorten(one_line(found->path), kPathBytesMax) + "\n";
  }
  return out;
}

// The label of what goes into a step, as far as the plan tells.
contract::Label label_into(const plan::Program& program, const plan::Step& step) {
  const std::function<contract::Label(const plan::Reference&)> of =
      [&](const plan::Reference& reference) -> contract::Label {
    using From = plan::Reference::From;
    if (reference.from == From::input) return plan::input_label();
    if (reference.from == From::item) return of(step.control.for_each->in);
    if (reference.from == From::call) return policy::whole(program.steps[step.hand->of].labels);
    if (reference.from == From::prev) return policy::whole(step.labels);
    return policy::whole(program.find(reference.name)->labels);
  };
  return policy::whole(plan::labels_into(step.with, step.role, of));
}

std::string sources_text(const contract::Label& label) {
  return one_line(join({label.integrity.begin(), label.integrity.end()}, ", ")) + " (" +
         join({label.readers.begin(), label.readers.end()}, ", ") + ")";
}

// "builtin.write (builtin.json:12)".
std::string rule_text(const policy::Verdict& verdict) {
  const std::string place =
      verdict.line == 0 ? "" : " (" + verdict.file + ":" + std::to_string(verdict.line) + ")";
  return verdict.rule + place;
}

}  // namespace

std::string count(std::int64_t n, const std::string& noun) {
  return grouped(n) + " " + noun + (n == 1 ? "" : "s");
}

std::string failure_text(std::string_view code, const std::string& message) {
  const std::size_t end = message.find(' ');
  const bool own = end != std::string::npos && code_named(std::string_view{message}.substr(0, end));
  return own ? message : std::string{code} + " " + message;
}

std::string price_list_of(const plan::Program& program) {
  std::set<std::string> names;
  for (const plan::Step& step : program.steps) {
    if (const auto* model = std::get_if<plan::ModelUse>(&step.use)) {
      names.insert(model->model->price_list);
    }
  }
  return names.empty() ? "none" : join({names.begin(), names.end()}, ", ");
}

std::string limit_flag(std::string_view limit) {
  return limit == "usd"          ? "--max-usd"
         : limit == "tokens"     ? "--max-tokens"
         : limit == "wall_s"     ? "--max-time"
         : limit == "tool_calls" ? "--max-tool-calls"
                                 : "";
}

std::string bound_text(const plan::Bound& bound, const std::string& price_list) {
  return count(bound.tool_calls, "tool call") + ", " + count(bound.model_calls, "model call") +
         ", " + count(bound.tokens, "token") + ", " + format_usd(bound.usd) + " USD (price list " +
         price_list + "), " + grouped(bound.wall_s) + " s";
}

std::string usage_text(const door::Usage& usage) {
  return count(usage.tool_calls, "tool call") + ", " + count(usage.model_calls, "model call") +
         ", " + count(usage.tokens(), "token") + ", " + format_usd(usage.usd) + " USD";
}

std::string proofs_text(const plan::Program& program, const run::Card& card) {
  std::vector<std::vector<std::string>> rows;
  std::string checks;
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const plan::Step& step = program.steps[i];
    const run::CardLine& line = card.lines[i];
    std::string effects;
    for (const plan::StepEffect& effect : step.effects) {
      effects += (effects.empty() ? "" : ", ") + std::string{contract::name(effect.kind)};
      if (effect.object.empty()) continue;
      effects += " " + shorten(effect.object, 60);
      if (effect.extent == plan::StepEffect::Extent::prefix) effects += "...";
    }
    const contract::Label label = policy::whole(step.labels);
    const std::string sources = join({label.integrity.begin(), label.integrity.end()}, ", ");
    const std::string readers = join({label.readers.begin(), label.readers.end()}, ", ");
    rows.push_back({"  " + step.id, line.proved ? "PROVED" : "CHECKED AT RUN TIME",
                    effects.empty() ? "touches nothing" : effects, "from " + sources,
                    readers + (label.instruction_bearing ? ", free text" : "")});
    if (line.verdict.open) {
      const std::string what =
          line.open.empty() ? "what its data was read from" : join(line.open, ", ");
      checks += "  " + step.id + ": the policy, when " + what + " is known\n";
    }
    for (const plan::RuntimeCheck& check : step.checks) {
      checks += "  " + check.pointer + ": " + check.reason + "\n";
    }
  }
  std::string passes;
  for (const std::string_view pass : plan::kPasses) {
    passes += (passes.empty() ? "" : ", ") + std::string{pass};
  }
  return "Passes: " + passes + ": all checked\nSteps:\n" + table(rows) +
         (checks.empty() ? "" : "Checked at run time:\n" + checks);
}

std::string card_text(const plan::Program& program, const run::Card& card,
                      const std::string& workspace, const std::string& price_list,
                      const std::string& likely) {
  std::string out = "Plan: " + shorten(one_line(program.goal), kGoalBytesMax) + "\n";
  out += "  in the folder " + one_line(workspace) + "\n";
  out += "  at most " + bound_text(program.bound, price_list) + "; likely: " + likely + "\n";
  for (const plan::Accept& each : program.accept) {
    out += "  accepted if: " + one_line(each.says.empty() ? each.check.text : each.says) + "\n";
  }
  std::vector<std::vector<std::string>> rows;
  for (const run::CardLine& line : card.lines) {
    // Who says yes to an effect says yes to all of it.
    const bool asks = line.verdict.decision == policy::Decision::ask;
    std::string where = line.to.empty() ? "" : "to " + line.to;
    for (const auto& member : line.authority) {
      const std::string value = json::write(member.value());
      where += (where.empty() ? "" : ", ") + std::string{member.key()} + "=" +
               (asks ? value : shorten(value, kAllowedBytesMax));
    }
    if (line.times > 1) where += " (up to " + std::to_string(line.times) + " times)";
    if (!line.verdict.obligations.none()) {
      where += " (" + one_line(policy::text_of(line.verdict.obligations)) + ")";
    }
    if (line.verdict.locked && !line.computed) where += " (asked again just before)";
    if (!line.grant.empty()) where += " (granted: " + line.grant + ")";
    if (line.computed) where += where.empty() ? "(asked when known)" : ", (rest asked when known)";
    rows.push_back({"  " + line.step, line.target, std::string{contract::name(line.kind)},
                    std::string{policy::name(line.verdict.decision)},
                    line.reversible ? "reversible" : "NOT reversible", where});
  }
  out += table(rows);
  for (const run::CardLine& line : card.lines) {
    out += data_text(line);
    const plan::Step* step = program.find(line.step);
    if (step != nullptr && step->role && step->role->origin == "project") {
      out += "  " + line.step + ": is told what a file of the project says, its role " +
             step->role->name + "@" + std::to_string(step->role->version) + "\n";
    }
    if (line.verdict.decision != policy::Decision::ask || step == nullptr) continue;
    out += "  " + line.step + ": asked for by " + one_line(rule_text(line.verdict)) +
           "; what goes in comes from " + sources_text(label_into(program, *step)) + "\n";
  }
  out += "Digest: " + hex(card.digest) + "\n";
  return out;
}

std::string left_text(const door::Budget& budget) {
  const door::Ceilings& ceilings = budget.ceilings();
  const door::Usage& spent = budget.spent();
  const door::Caps& reserved = budget.reserved();
  std::vector<std::string> parts;
  if (const auto& usd = ceilings.usd) {
    parts.push_back(format_usd(*usd - spent.usd - reserved.usd) + " of " + format_usd(*usd) +
                    " USD");
  }
  const auto of = [&](const std::optional<std::int64_t>& ceiling, std::int64_t used,
                      const char* what) {
    if (ceiling) parts.push_back(grouped(*ceiling - used) + " of " + grouped(*ceiling) + what);
  };
  of(ceilings.tokens, spent.tokens() + reserved.tokens, " tokens");
  of(ceilings.tool_calls, spent.tool_calls + reserved.tool_calls, " tool calls");
  return parts.empty() ? "" : "Left: " + join(parts, ", ") + "\n";
}

std::string about_text(const run::Machine::About& about) {
  return "Asked for by " + one_line(rule_text(about.verdict)) + "; what goes in comes from " +
         sources_text(about.label) + "\n";
}

namespace {

// "[2]" or "[2, 0]": the item, the round, or both, of a call in a loop.
std::string where(const json::Object& data) {
  const json::Array* path = json::array_at(data, "path");
  std::string out;
  for (std::size_t i = 0; path != nullptr && i < path->size(); ++i) {
    out += (i == 0 ? "[" : ", ") + json::write((*path)[i]);
  }
  return out.empty() ? out : out + "]";
}

}  // namespace

std::string agreement_text(const json::Object& agreement) {
  using Words = std::pair<std::string_view, std::string_view>;
  constexpr Words kDecided[] = {{"agreement", "that is the answer"},
                                {"judge", "a judge decided"},
                                {"majority", "the answer of most stands"},
                                {"only", "that is the answer"},
                                {"order", "nothing decided, one of them stands"},
                                {"synthesis", "what was made of them stands"},
                                {"tournament", "the matches decided"}};
  const auto count = [&](std::string_view key) {
    return json::integer_at(agreement, key).value_or(0);
  };
  const auto percent = [&](std::string_view key) { return std::to_string(count(key)) + "%"; };
  const std::int64_t drafts = count("drafts");
  const std::int64_t others = count("dissent");
  std::string out = "1 answer";
  if (drafts > 1) {
    out = (count("agree") > 1 ? std::to_string(count("agree")) : "no two") + " of " +
          std::to_string(drafts) + " answers " +
          (text(agreement, "method") == "semantic" ? "mean the same" : "agree");
  }
  if (count("asked") != drafts) out += " (" + std::to_string(count("asked")) + " were asked)";
  if (drafts > 1) {
    out += ", " + percent("rate_percent") + " (with 95% confidence " + percent("low_percent") +
           " to " + percent("high_percent") + ")";
  }
  out += std::string{"; "} +
         std::string{std::ranges::find(kDecided, text(agreement, "by"), &Words::first)->second};
  return others == 0 ? out
                     : out + ", beside " + std::to_string(others) + " other answer" +
                           (others == 1 ? "" : "s");
}

std::string opinions_text(std::string_view result) {
  constexpr std::size_t kShown = 5;
  constexpr std::size_t kBytes = 300;
  const auto parsed = json::parse(result);
  const json::Object* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) return {};
  std::string out;
  const std::string reasons = text(*object, "reasons");
  if (!reasons.empty()) out += "  because  " + shorten(one_line(reasons), kBytes) + "\n";
  const json::Array* dissent = json::array_at(*object, "dissent");
  for (std::size_t i = 0; dissent != nullptr && i < std::min(kShown, dissent->size()); ++i) {
    const json::Object& each = (*dissent)[i].get_object();
    out += "  against  " + shorten(one_line(json::canonical(each.at("answer"))), kBytes) + " (" +
           std::to_string(json::integer_at(each, "drafts").value_or(0)) + ")\n";
  }
  return out;
}

std::string patch_text(const json::Object& patch) {
  std::string out = text(patch, "because") == "steered"
                        ? "Another plan, since the goal was changed"
                        : "Another plan, since the one before did not come through";
  out += ":\n";
  const auto row = [&](const char* key, const char* words) {
    const json::Array* names = json::array_at(patch, key);
    std::string list;
    for (std::size_t i = 0; names != nullptr && i < names->size(); ++i) {
      list += (i == 0 ? "" : ", ") + std::string{json::view((*names)[i].get_string())};
    }
    if (!list.empty()) out += std::string{"  "} + words + list + "\n";
  };
  row("kept", "done already, and kept:    ");
  row("added", "to be done:                ");
  row("failed", "failed:                    ");
  row("gone", "no longer to be done:      ");
  row("undone", "done, and no part of it:   ");
  const auto come = [&](const char* key) {
    static const json::Object kNone;
    const json::Object* bound = json::object_at(patch, key);
    return bound == nullptr ? &kNone : bound;
  };
  if (const json::Value* planning = patch.if_contains("planning")) {
    out += "  finding it took, of what the run may take: " +
           usage_text(door::usage_from_json(planning)) + "\n";
  }
  const json::Object& before = *come("before");
  const json::Object& after = *come("after");
  const auto amount = [](const json::Object& bound, const char* key) {
    return json::integer_at(bound, key).value_or(0);
  };
  std::string more;
  const auto add = [&](const char* key, auto&& words) {
    const std::int64_t by = amount(after, key) - amount(before, key);
    if (by != 0) more += (more.empty() ? "" : ", ") + ((by > 0 ? "+" : "-") + words(std::abs(by)));
  };
  const auto counted = [](const char* what) {
    return [what](std::int64_t value) { return count(value, what); };
  };
  add("tool_calls", counted("tool call"));
  add("model_calls", counted("model call"));
  add("tokens", counted("token"));
  add("wall_s", [](std::int64_t value) { return grouped(value) + " s"; });
  const std::string usd = text(after, "usd");
  out += "  still to come, at most:    " + count(amount(after, "tool_calls"), "tool call") + ", " +
         count(amount(after, "model_calls"), "model call") + ", " +
         count(amount(after, "tokens"), "token") + ", " + usd + " USD, " +
         grouped(amount(after, "wall_s")) + " s\n";
  out += "  than the plan before:      " + (more.empty() ? "as much" : more);
  if (const std::string was = text(before, "usd"); was != usd)
    out += ", " + usd + " USD instead of " + was;
  return out + "\n";
}

std::string event_text(const ledger::Event& event) {
  const json::Object& data = event.data;
  const std::string step = text(data, "step");
  if (event.kind == "run.created") return "run      " + event.stream + " created\n";
  if (event.kind == "plan.compiled") {
    return json::bool_at(data, "planner").value_or(false) ? "plan     the planner works\n"
                                                          : "plan     compiled\n";
  }
  if (event.kind == "plan.proposed") return "plan     proposed\n";
  if (event.kind == "accept.checked") {
    const json::Array* passed = json::array_at(data, "passed");
    const auto good = passed == nullptr ? 0 : std::ranges::count(*passed, json::Value(true));
    return "checked  " + std::to_string(good) + " of " +
           std::to_string(passed == nullptr ? 0 : passed->size()) + " accepted\n";
  }
  if (event.kind == "run.steered") return "steered  the goal is another one\n";
  if (event.kind == "plan.chosen") {
    const json::Array* all = json::array_at(data, "candidates");
    return "plan     the best of " + std::to_string(all == nullptr ? 0 : all->size()) +
           " that the planner proposed\n";
  }
  if (event.kind == "plan.replanning") return "plan     stands aside; another one is looked for\n";
  if (event.kind == "plan.patched") {  // what is asked stands in the question
    return json::bool_at(data, "asks").value_or(false) ? "" : patch_text(data);
  }
  if (event.kind == "plan.kept") {
    return "plan     the one before goes on: " + text(data, "because") + "\n";
  }
  if (event.kind == "plan.rejected")
    return "plan     rejected; the diagnostics go back to the planner, where it takes them\n";
  if (event.kind == "effect.intended") {
    return "start    " + step + where(data) + "  " + text(data, "target") + "\n";
  }
  if (event.kind == "budget.charged") {
    const auto usage = door::usage_from_json(data.if_contains("usage"));
    const auto spent = door::usage_from_json(data.if_contains("spent"));
    if (data.contains("lost_attempt")) {
      return "charged  " + step + "  a lost attempt, at its cap; so far " + usage_text(spent) +
             "\n";
    }
    return "charged  " + step + "  " + usage_text(usage) + "; so far " + usage_text(spent) + "\n";
  }
  if (event.kind == "step.done") return "done     " + step + "\n";
  if (event.kind == "step.reused") return "reused   " + step + "  " + text(data, "from") + "\n";
  if (event.kind == "step.skipped") return "skipped  " + step + "\n";
  if (event.kind == "step.retried") {
    return "again    " + step + where(data) + "  attempt " +
           std::to_string(json::integer_at(data, "attempt").value_or(0)) + " after " +
           text(data, "code") + "\n";
  }
  if (event.kind == "call.failed") {
    return "failed   " + step + where(data) + "  " + text(data, "code") + "\n";
  }
  if (event.kind == "role.spawned") return "role     " + step + "  " + role_line(data) + "\n";
  if (event.kind == "agent.turned") {
    const std::string turn = std::to_string(json::integer_at(data, "turn").value_or(0) + 1);
    const std::string calls =
        data.contains("calls") ? " " + std::to_string(json::integer_at(data, "calls").value_or(0))
                               : "";
    return "turn     " + step + "  " + turn + ": " + text(data, "did") + calls + "\n";
  }
  if (event.kind == "agent.stopped") {
    const std::string reason = text(data, "reason");
    return reason == "answered" ? std::string{} : "stopped  " + step + "  " + reason + "\n";
  }
  if (event.kind == "consensus.reached") {
    return "agreed   " + step + "  " + agreement_text(data) + "\n";
  }
  if (event.kind == "effect.in_doubt") {
    return "doubt    " + step + where(data) + "  nobody knows whether it was done\n";
  }
  if (event.kind == "step.failed") {
    // That a step failed says no more than the word; the last lines say why.
    const std::string code = text(data, "code");
    return "failed   " + step + (code == info(Code::kStepFailed).name ? "" : "  " + code) + "\n";
  }
  if (event.kind == "consent.given") {
    const std::string scope = text(data, "scope");
    const std::string lasts = scope == "once" ? "" : ", " + scope;
    return "consent  given (" + text(data, "via") + lasts + ")\n";
  }
  if (event.kind == "consent.discharged") return "consent  " + step + "  by the same yes\n";
  if (event.kind == "consent.refused") return "consent  refused (" + text(data, "via") + ")\n";
  if (event.kind == "budget.exhausted") {
    return "limit    " + text(data, "limit") + " at step " + step + "\n";
  }
  if (event.kind == "run.killed") return "run      killed\n";
  if (event.kind == "run.resumed") return "run      resumed\n";
  if (event.kind == "run.paused") {
    const std::string what = text(data, "what");
    return "run      paused: " + (what.empty() ? text(data, "reason") : what) + "\n";
  }
  if (event.kind == "effect.withheld") return "held     step " + step + ", before it was done\n";
  return {};
}

std::string time_text(std::int64_t wall_us) {
  const std::time_t seconds = wall_us / 1'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char buffer[32];
  std::strftime(buffer, sizeof buffer, "%Y-%m-%d %H:%M:%S", &parts);
  return buffer;
}

std::string duration_text(std::int64_t us) {
  if (us < 10'000) return std::to_string(us) + " us";
  if (us < 10'000'000) return std::to_string(us / 1000) + " ms";
  return std::to_string(us / 1'000'000) + " s";
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + "\n";
  }
  return out;
}

}  // namespace naestro::cli
