#include "cli/ending.hpp"

#include "base/text.hpp"
#include "cli/render.hpp"
#include "cli/session.hpp"

namespace naestro::cli {
namespace {

// One line; all of it is in the outputs, which `naestro show` prints.
constexpr std::size_t kAnswerBytesMax = 500;

// The plan's output `answer` where it has one, else all outputs: "cause: gasket; product: RL-300".
std::string answer_text(const run::Machine& machine) {
  std::string out;
  if (const auto answer = json::text_at(machine.outputs(), "answer")) {
    for (const std::string& line : split(*answer, '\n')) {
      if (!line.empty()) out += (out.empty() ? "" : out.ends_with(':') ? " " : "; ") + line;
    }
    return shorten(out, kAnswerBytesMax);
  }
  for (const auto& member : machine.outputs()) {
    const json::Value& value = member.value();
    out += (out.empty() ? "" : "; ") + std::string{member.key()} + ": " +
           one_line(value.is_string() ? std::string{json::view(value.get_string())}
                                      : json::canonical(value));
  }
  return out.empty() ? "the plan has no outputs" : out;
}

constexpr std::size_t kCitationsShown = 20;

// The output `citations` of a plan: where its answer stands, one line each.
std::string citations_text(const run::Machine& machine) {
  const json::Array* citations = json::array_at(machine.outputs(), "citations");
  std::string out;
  for (std::size_t i = 0; citations != nullptr && i < citations->size(); ++i) {
    const json::Object* row = (*citations)[i].if_object();
    if (row == nullptr) continue;
    if (i == kCitationsShown) {
      out += "  ... " + std::to_string(citations->size() - i) + " more: naestro show " +
             machine.start().run + "\n";
      break;
    }
    const auto line = json::integer_at(*row, "line");
    out += "  " + one_line(json::text_at(*row, "file").value_or("")) +
           (line ? ":" + std::to_string(*line) : "") + "  " +
           shorten(one_line(json::text_at(*row, "text").value_or("")), 100) + "\n";
  }
  return out.empty() ? out : "Sources:\n" + out;
}

std::string files_text(const run::Machine& machine) {
  std::string out;
  for (const json::Value& file : machine.files()) {
    out += (out.empty() ? "" : ", ") +
           std::string{json::text_at(file.get_object(), "path").value_or("")};
  }
  return out.empty() ? "none" : out;
}

// Which limit was reached, and, where no option raises it, what lets the run go on.
std::string limit_answer(const run::Machine& machine, const door::Shortage& shortage) {
  const std::string at = " at step " + machine.limited_step();
  if (!shortage.rule.empty()) {
    return "none yet: the rate limit of " + shortage.rule + " was reached" + at +
           "; it lets a call go in " + std::to_string(shortage.wait_s) + " s";
  }
  const std::string rest =
      limit_flag(shortage.limit).empty()
          ? "; it goes on when a new day (UTC) has begun, or the policy lets more through"
          : "";
  return "none yet: the limit of " + shortage.limit + " was reached" + at + " (needs " +
         std::to_string(shortage.needed) + ", left " + std::to_string(shortage.left) + ")" + rest;
}

// "step x: NE0602 ..."; the step once, and one code.
std::string told(const Error& error) {
  std::string step;
  Error plain = error;
  for (const auto& [key, value] : error.context) {
    if (key == "step") step = "step " + value;
  }
  plain.context.clear();
  const std::string code{info(error.code).name};
  const std::string text = failure_text(code, plain.text().substr(code.size() + 1));
  const std::string_view what = std::string_view{text}.substr(0, text.find("; "));  // no remedy
  return step.empty() || what.contains(step) ? text : step + ": " + text;
}

std::string cost_text(const run::Machine& machine, std::int64_t worked_us) {
  const auto& bound = machine.bound();
  const auto& spent = machine.budget().spent();
  return usage_text(spent) + ", " + duration_text(worked_us) + "; the bound was " +
         bound_text(bound, price_list_of(machine.program()));
}

}  // namespace

std::string limit_text(std::string_view limit, std::int64_t value) {
  return limit.starts_with("usd") ? format_usd(value) : std::to_string(value);
}

std::string raised_text(const run::Machine& machine, const door::Shortage& shortage) {
  const door::Budget& budget = machine.budget();
  const door::Usage& spent = budget.spent();
  const door::Caps& reserved = budget.reserved();
  // What counts against the ceiling already; it may be more than a ceiling that was lowered.
  const std::int64_t used = shortage.limit == "usd"      ? spent.usd + reserved.usd
                            : shortage.limit == "tokens" ? spent.tokens() + reserved.tokens
                            : shortage.limit == "wall_s" ? budget.ceilings().wall_s.value_or(0)
                                                         : spent.tool_calls + reserved.tool_calls;
  return limit_text(shortage.limit, used + shortage.needed);
}

int last_lines(House& house, const run::Machine& machine, const run::Ending& ending,
               std::int64_t worked_us) {
  using How = run::Ending::How;
  const std::string& id = machine.start().run;
  std::string answer = "none";
  std::string next;
  int code = 1;
  switch (ending.how) {
    case How::done:
      answer = answer_text(machine);
      next = "naestro show " + id + "; naestro replay " + id + "; naestro audit verify";
      code = 0;
      break;
    case How::failed:
      answer = "none: " + (ending.error ? told(*ending.error) : "the run failed");
      next = "naestro show " + id;
      code = ending.error && info(ending.error->code).exit == 3 ? 3 : 1;
      break;
    case How::waits_for_consent: {
      answer = "none yet: the run waits for a consent";
      const auto questions = machine.questions();
      const std::string digest = questions.empty() ? "DIGEST" : hex(questions.front().digest);
      next = "naestro approve " + id + " " + digest + " && naestro resume " + id;
      code = info(Code::kConsentOpen).exit;
      break;
    }
    case How::limit: {
      const auto& shortage = *machine.shortage();
      answer = limit_answer(machine, shortage);
      const std::string flag = limit_flag(shortage.limit);
      next = "naestro resume " + id +
             (flag.empty() ? "" : " " + flag + " " + raised_text(machine, shortage));
      code = info(Code::kLimitReached).exit;
      break;
    }
    case How::interrupted:
      answer = "none yet: interrupted";
      next = "naestro resume " + id;
      code = info(Code::kInterrupted).exit;
      break;
    case How::paused:
      answer = "none yet: paused by a person";
      next = "naestro resume " + id;
      code = info(Code::kInterrupted).exit;
      break;
    case How::held:
      answer = "none yet: " + run::text(*ending.held);
      next = run::release_words(*ending.held) + " && naestro resume " + id;
      code = info(ending.held->why == run::Held::Why::off ? Code::kSwitchedOff
                                                          : Code::kContractChanged)
                 .exit;
      break;
    case How::broken:
      answer = "none: " + (ending.error ? ending.error->text() : "the executor stopped");
      next = "naestro resume " + id;
      code = ending.error ? info(ending.error->code).exit : 1;
      break;
  }
  if (ending.how == How::done) print(house.out, citations_text(machine));
  const std::string& kept = machine.kept_why();
  print(house.out, (kept.empty() ? "" : "Kept:   the plan before; " + one_line(kept) + "\n") +
                       "Answer: " + answer + "\nFiles:  " + files_text(machine) +
                       "\nCost:   " + cost_text(machine, worked_us) + "\nRun:    " + id +
                       "\nNext:   " + next + "\n");
  return code;
}

json::Value ending_json(const run::Machine& machine, int code) {
  json::Object out{{"run", machine.start().run},
                   {"exit", code},
                   {"outputs", machine.outputs()},
                   {"files", machine.files()},
                   {"spent", door::to_json(machine.budget().spent())},
                   {"bound", plan::to_json(machine.bound())}};
  if (code == 0) out["digest"] = hex(machine.final_digest());
  return out;
}

}  // namespace naestro::cli
