// Carrying a run out in this process: ownership, doors, progress, questions, the last lines.
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <thread>

#include "base/text.hpp"
#include "cli/live.hpp"
#include "cli/render.hpp"
#include "cli/session.hpp"
#include "ledger/writer.hpp"

namespace naestro::cli {
namespace {

constexpr std::chrono::milliseconds kDrawInterval{250};
constexpr unsigned kPoolThreads = run::kConcurrencyMax;

// Twelve letters and digits without the ones that are mistaken for others: 60 random bits.
std::string make_run_id(Random& random) {
  static constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::array<std::uint8_t, 12> bytes{};
  random.fill(bytes);
  std::string id = "r";
  for (const std::uint8_t byte : bytes) id += kAlphabet[byte & 31];
  return id;
}

// Reads answers from the terminal without blocking the loop, one question after the other.
class Prompt {
 public:
  Prompt(House& house, run::Executor& executor) : house_{house}, executor_{executor} {}

  // On the loop's thread, as answered().
  void ask(const Digest& digest, std::string text) {
    waiting_.emplace_back(digest, std::move(text));
    if (waiting_.size() == 1) next();
  }

  // An answer to `digest` came, from here or elsewhere.
  void answered(const Digest& digest) {
    const bool current = !waiting_.empty() && waiting_.front().first == digest;
    std::erase_if(waiting_, [&](const auto& question) { return question.first == digest; });
    if (current && !waiting_.empty()) next();
  }

 private:
  // What was typed before the question was shown is no answer to it. The prompt comes last: who
  // waits for it before typing is heard.
  void next() {
    const auto& [current, text] = waiting_.front();
    print(house_.err, text);
    ::tcflush(::fileno(house_.in), TCIFLUSH);
    print(house_.err, "Approve? [y/N] ");
    reader_ = std::jthread{[this, digest = current](const std::stop_token& stop) {
      const std::string line = read_line(stop);
      if (stop.stop_requested()) return;
      const std::string said = ascii_lower(trimmed(line));
      const bool yes = said == "y" || said == "yes";
      executor_.answer(digest, {yes, "terminal", house_.user});
    }};
  }

  std::string read_line(const std::stop_token& stop) {
    std::string line;
    const int fd = ::fileno(house_.in);
    while (!stop.stop_requested()) {
      pollfd ready{fd, POLLIN, 0};
      if (::poll(&ready, 1, 100) <= 0) continue;
      char c = 0;
      if (::read(fd, &c, 1) != 1 || c == '\n') break;  // the end of input is no yes
      line += c;
    }
    return line;
  }

  House& house_;
  run::Executor& executor_;
  std::deque<std::pair<Digest, std::string>> waiting_;  // the first is being asked
  std::jthread reader_;
};

std::string question_text(const run::Machine& machine, const run::Question& question) {
  if (question.step.empty()) {
    return card_text(machine.program(), machine.card(), machine.scope().workspace,
                     price_list_of(machine.program()));
  }
  std::string out = "Step " + question.step + " asks: " + json::pretty(question.what);
  if (question.scope == run::Question::Scope::doubt) {
    out +=
        "It is not known whether this was done. Yes does it again, no leaves it; if it was done, "
        "'naestro approve " +
        machine.start().run + " DIGEST --done JSON' says so and what it gave.\n";
  }
  return out + "Digest: " + hex(question.digest) + "\n";
}

// One line; all of it is in the outputs, which `naestro show` prints.
constexpr std::size_t kAnswerBytesMax = 500;

// The plan's output `answer` where it has one, else all outputs: "cause: gasket; product: RL-300".
std::string answer_text(const run::Machine& machine) {
  std::string out;
  if (const auto answer = json::text_at(machine.outputs(), "answer")) {
    for (const std::string& line : split(*answer, '\n')) {
      if (!line.empty()) out += (out.empty() ? "" : "; ") + line;
    }
    return shorten(out, kAnswerBytesMax);
  }
  for (const auto& member : machine.outputs()) {
    const json::Value& value = member.value();
    out += (out.empty() ? "" : "; ") + std::string{member.key()} + ": " +
           (value.is_string() ? std::string{json::view(value.get_string())} : json::write(value));
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
    out += "  " + std::string{json::text_at(*row, "file").value_or("")} +
           (line ? ":" + std::to_string(*line) : "") + "  " +
           shorten(json::text_at(*row, "text").value_or(""), 100) + "\n";
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

std::string cost_text(const run::Machine& machine, std::int64_t worked_us) {
  const auto& bound = machine.bound();
  const auto& spent = machine.budget().spent();
  return usage_text(spent) + ", " + duration_text(worked_us) + "; the bound was " +
         bound_text(bound, price_list_of(machine.program()));
}

// The smallest ceiling with which the run goes on.
std::string raised_text(const run::Machine& machine, const door::Shortage& shortage) {
  const door::Ceilings& ceilings = machine.budget().ceilings();
  const auto ceiling = shortage.limit == "usd"      ? ceilings.usd
                       : shortage.limit == "tokens" ? ceilings.tokens
                       : shortage.limit == "wall_s" ? ceilings.wall_s
                                                    : ceilings.tool_calls;
  const std::int64_t value = ceiling.value_or(0) + shortage.needed - shortage.left;
  return shortage.limit == "usd" ? format_usd(value) : std::to_string(value);
}

// Whatever the ending, the last five lines are: answer, files, cost of bound, run, what next.
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
      answer = "none: " + (ending.error ? ending.error->text() : "the run failed");
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
      answer = "none yet: the limit of " + shortage.limit + " was reached at step " +
               machine.limited_step() + " (needs " + std::to_string(shortage.needed) + ", left " +
               std::to_string(shortage.left) + ")";
      next = "naestro resume " + id + " " + limit_flag(shortage.limit) + " " +
             raised_text(machine, shortage);
      code = info(Code::kLimitReached).exit;
      break;
    }
    case How::interrupted:
      answer = "none yet: interrupted";
      next = "naestro resume " + id;
      code = info(Code::kInterrupted).exit;
      break;
    case How::broken:
      answer = "none: " + (ending.error ? ending.error->text() : "the executor stopped");
      next = "naestro resume " + id;
      code = ending.error ? info(ending.error->code).exit : 1;
      break;
  }
  if (ending.how == How::done) print(house.out, citations_text(machine));
  print(house.out, "Answer: " + answer + "\nFiles:  " + files_text(machine) +
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

}  // namespace

int execute(House& house, Session& session, run::Machine& machine, run::Batch first, run::Hold hold,
            const RunOptions& options) {
  const std::int64_t fence = hold.fence;
  const std::string workspace{
      json::text_at(machine.start().context, "workspace").value_or(house.cwd)};
  auto tools = house.open_tools(workspace);
  if (!tools) return report(house, tools.error());
  auto models = house.open_models(options.script);
  if (!models) return report(house, models.error());
  auto writing = ledger::Store::open(house.folders, store_options(house, session.key));
  if (!writing) return report(house, writing.error());

  std::vector<Digest> approved;
  for (const std::string& text : options.approve) {
    const auto digest = digest_from_hex(text);
    if (!digest) return report(house, digest.error());
    approved.push_back(*digest);
  }

  int code = 1;
  {
    rt::ThreadLoop loop;
    ledger::StoreWriter writer{*std::move(writing), std::move(session.keys)};
    rt::ThreadPool pool{kPoolThreads};
    run::Executor* executor = nullptr;
    std::unique_ptr<Prompt> prompt;
    run::Observer observer;
    const bool drawn = house.interactive && house.draws && !options.quiet && !options.json;
    Live live{house.out, house.clock, machine};
    const auto draw = [&] {
      if (drawn) live.draw(executor->worked_us());
    };
    std::function<void()> tick = [&] {
      draw();
      loop.after(kDrawInterval, tick);
    };
    if (drawn) {
      loop.post(tick);
      observer.provisional = [&](const std::string& step, std::string_view chunk) {
        live.part(step, chunk);
      };
    }
    observer.event = [&](const ledger::Event& event) {
      if (drawn) live.note(event);
      draw();
      if (!drawn)
        print(options.quiet ? house.err : house.out,
              options.json ? event.body() + "\n" : event_text(event));
      const auto answered = digest_from_hex(json::text_at(event.data, "digest").value_or(""));
      if (event.kind.starts_with("consent.") && event.kind != "consent.asked" && answered) {
        prompt->answered(*answered);
      }
    };
    observer.ask = [&](const run::Question& question) {
      // At a terminal the card goes where the prompt goes, whatever stands in between.
      const std::string text = question_text(machine, question);
      if (!house.interactive && !options.json) print(house.out, text);
      if (std::ranges::find(approved, question.digest) != approved.end()) {
        if (house.interactive) print(house.err, text);
        executor->answer(question.digest, {true, "flag", house.user});
        return true;
      }
      if (machine.start().mode == policy::Mode::automatic) {
        executor->answer(question.digest, {false, "mode", house.user});
        return true;
      }
      if (!house.interactive) return false;
      prompt->ask(question.digest, text);
      return true;
    };
    run::Executor real{{house.clock, loop, pool, writer, *session.store, **tools, **models},
                       std::move(observer),
                       machine,
                       std::move(hold)};
    executor = &real;
    prompt = std::make_unique<Prompt>(house, real);
    house.on_interrupt([&real] { real.interrupt(); });
    const run::Ending ending = real.run(std::move(first));
    house.on_interrupt({});
    prompt.reset();
    if (drawn) live.end(real.worked_us());
    if (options.quiet && ending.how == run::Ending::How::done) {
      code = 0;
    } else if (options.json) {
      std::FILE* out = house.out;
      house.out = house.err;  // the words go aside; the last line of `out` is JSON
      code = last_lines(house, machine, ending, real.worked_us());
      house.out = out;
      print(out, json::write(ending_json(machine, code)) + "\n");
    } else {
      code = last_lines(house, machine, ending, real.worked_us());
    }
  }
  (void)session.store->disown(machine.start().run, fence);
  return code;
}

int start_run(House& house, plan::Program program, run::Start start, const RunOptions& options,
              json::Object* outputs) {
  auto session = open_session(house);
  if (!session) return report(house, session.error());
  start.run = make_run_id(house.random);
  crypto::BlobKey key{};
  house.random.fill(key);
  const run::Sealer sealer{key};
  run::Machine machine{std::move(start), std::move(program), environment(house), sealer};
  run::Batch first = machine.begin();
  const int code =
      execute(house, *session, machine, std::move(first), {.sealer = sealer, .key = key}, options);
  if (outputs != nullptr) *outputs = machine.outputs();
  return code;
}

}  // namespace naestro::cli
