// Carrying a run out in this process: ownership, doors, progress, questions, the last lines.
#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "cli/day.hpp"
#include "cli/ending.hpp"
#include "cli/grants.hpp"
#include "cli/live.hpp"
#include "cli/loaded.hpp"
#include "cli/prompt.hpp"
#include "cli/render.hpp"
#include "cli/secrets.hpp"
#include "cli/session.hpp"
#include "cli/shadow.hpp"
#include "cli/switches.hpp"
#include "door/redacting.hpp"
#include "ledger/writer.hpp"

namespace naestro::cli {
namespace {

constexpr std::chrono::milliseconds kDrawInterval{250};
constexpr std::size_t kRunIdLetters = 12;
constexpr unsigned kPoolThreads = run::kConcurrencyMax;

std::string question_text(House& house, const run::Machine& machine,
                          const run::Question& question) {
  if (question.step.empty()) {
    const plan::Program& program = machine.program();
    const auto& patch = machine.patch();
    const std::string why = machine.kept_why();
    return (why.empty() ? "" : "Nothing came of the other plan: " + one_line(why) + "\n") +
           (patch ? patch_text(run::to_json(*patch)) : "") +
           card_text(program, machine.card(), machine.scope().workspace, price_list_of(program),
                     likely_text(house, program)) +
           left_text(machine.budget());
  }
  std::string out = "Step " + question.step + " asks: " + json::pretty(question.what);
  if (question.scope == run::Question::Scope::effect) out += about_text(machine.about(question));
  out += left_text(machine.budget());
  if (question.scope == run::Question::Scope::doubt) {
    out +=
        "It is not known whether this was done. Yes does it again, no leaves it; if it was done, "
        "'naestro approve " +
        machine.start().run + " DIGEST --done JSON' says so and what it gave.\n";
  }
  return out + "Digest: " + hex(question.digest) + "\n";
}

Result<void> without_secrets(const Secrets& secrets, const std::vector<Said>& said) {
  for (const Said& each : said) NAESTRO_TRY(secrets.check(each.what, each.text));
  return {};
}

int execute_with(Secrets& secrets, House& house, Session& session, run::Machine& machine,
                 run::Batch first, run::Hold hold, const RunOptions& options,
                 std::optional<ledger::FolderLock> day) {
  const std::int64_t fence = hold.fence;
  const std::string workspace{
      json::text_at(machine.start().context, "workspace").value_or(house.cwd)};
  const vault::Keys keys = [&secrets, &run = machine.start().run](vault::Use use) {
    use.run = run;
    return secrets.use(use);
  };
  auto tools =
      house.open_tools(workspace, machine.policy(), machine.start().mode, secrets.keeper(), keys);
  if (!tools) return report(house, tools.error());
  auto models = house.open_models(options.script, keys);
  if (!models) return report(house, models.error());
  door::RedactingAdapter clean_tools{**tools, secrets.keeper()};
  door::RedactingAdapter clean_models{**models, secrets.keeper()};
  auto writing = ledger::Store::open(house.folders, store_options(house, session.key));
  if (!writing) return report(house, writing.error());

  const auto approved = approved_by(options);
  if (!approved) return report(house, approved.error());

  int code = 1;
  {
    rt::ThreadLoop loop;
    ledger::StoreWriter writer{*std::move(writing), std::move(session.keys)};
    rt::ThreadPool pool{kPoolThreads};
    run::Executor* executor = nullptr;
    std::unique_ptr<Prompt> prompt;
    std::set<Digest> asked;  // at the terminal
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
      day.reset();  // what was taken of the day is durable
      if (drawn) live.note(event);
      draw();
      if (!drawn)
        print(options.quiet ? house.err : house.out,
              options.json ? event.body() + "\n" : event_text(event));
      if (event.kind == "plan.kept" && !drawn && !options.json) {
        print(options.quiet ? house.err : house.out,
              "         " + one_line(machine.kept_why()) + "\n");
      }
      if (event.kind == "plan.replanning") {  // what was asked is not asked any more
        for (const Digest& digest : asked) prompt->answered(digest);
        asked.clear();
      }
      const auto answered = digest_from_hex(json::text_at(event.data, "digest").value_or(""));
      if (event.kind.starts_with("consent.") && event.kind != "consent.asked" && answered) {
        prompt->answered(*answered);
      }
    };
    observer.ask = [&](const run::Question& question) {
      // At a terminal the card goes where the prompt goes, whatever stands in between.
      const std::string text = question_text(house, machine, question);
      if (!house.interactive && !options.json) print(house.out, text);
      const bool wants_reason = run::wants_reason(question.what);
      if (std::ranges::find(*approved, question.digest) != approved->end()) {
        if (!wants_reason || !options.reason.empty()) {
          if (house.interactive) print(house.err, text);
          run::Answer yes{true, "flag", house.user};
          yes.reason = options.reason;
          executor->answer(question.digest, std::move(yes));
          return true;
        }
        print(house.err, "A yes to this question says why: give it with --reason.\n");
      }
      if (machine.start().mode == policy::Mode::automatic) {
        executor->answer(question.digest, {false, "mode", house.user});
        return true;
      }
      if (!house.interactive) return false;
      asked.insert(question.digest);
      prompt->ask(question.digest, text, machine.lasting(question), wants_reason);
      return true;
    };
    run::StoreMeter meter{*session.store, house.clock};
    run::StoreGate gate{*session.store};
    run::Executor real{
        {house.clock, loop, pool, writer, *session.store, clean_tools, clean_models, meter, gate},
        std::move(observer),
        machine,
        hold};
    executor = &real;
    prompt = std::make_unique<Prompt>(house, [&](const Digest& digest, run::Answer answer) {
      loop.post([&, digest, answer = std::move(answer)]() mutable {
        const std::string& run = machine.start().run;
        if (answer.scope == "always") {
          auto written = keep_grants(house, *session.store, run, answer.grants);
          if (!written) {  // it still holds in this run
            report(house, written.error());
            answer.scope = "run";
            for (policy::Grant& grant : answer.grants) grant.id = run::kRunGrant;
          }
        }
        real.answer(digest, std::move(answer));
      });
    });
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

}  // namespace

bool asks_several(const plan::Program& program) {
  return std::ranges::any_of(program.steps,
                             [](const plan::Step& step) { return !step.group.empty(); });
}

Result<std::vector<Digest>> approved_by(const RunOptions& options) {
  std::vector<Digest> out;
  for (const std::string& text : options.approve) {
    NAESTRO_LET(const Digest digest, digest_from_hex(text));
    out.push_back(digest);
  }
  return out;
}

int execute(House& house, Session& session, run::Machine& machine, run::Batch first, run::Hold hold,
            const RunOptions& options, std::optional<ledger::FolderLock> day) {
  const auto secrets = Secrets::open(house);
  if (!secrets) return report(house, secrets.error());
  return execute_with(**secrets, house, session, machine, std::move(first), std::move(hold),
                      options, std::move(day));
}

std::vector<Said> said_of(const run::Start& start) {
  return {{"the goal", start.goal},
          {"the plan", start.plan_text},
          {"an input", json::canonical(start.inputs)}};
}

int start_run(House& house, plan::Program program, run::Start start, const std::vector<Said>& said,
              const RunOptions& options, json::Object* outputs) {
  auto secrets = Secrets::open(house);
  if (!secrets) return report(house, secrets.error());
  const auto clean = without_secrets(**secrets, said);
  if (!clean) return report(house, clean.error());
  auto session = open_session(house);
  if (!session) return report(house, session.error());
  start.run = make_id('r', kRunIdLetters, house.random);
  const std::string workspace{json::text_at(start.context, "workspace").value_or(house.cwd)};
  auto grants = grants_in_force(house, *session->store, workspace);
  if (!grants) return report(house, grants.error());
  start.grants = *std::move(grants);
  auto shadow = shadow_of(house, *session->store, workspace);
  if (!shadow) return report(house, shadow.error());
  start.shadow = *std::move(shadow);
  start.context["user"] = house.user;
  crypto::BlobKey key{};
  house.random.fill(key);
  const run::Sealer sealer{key};
  run::Machine machine{std::move(start), std::move(program), environment(house)};
  const auto begins = let_go_on(*session->store, machine);
  if (!begins) return report(house, begins.error());
  auto day = take_day(house, *session->store, machine);
  if (!day) return report(house, day.error());
  run::Batch first = machine.begin(day->left);
  const int code = execute_with(**secrets, house, *session, machine, std::move(first),
                                {.sealer = sealer, .key = key}, options, std::move(day->held));
  if (outputs != nullptr) {
    *outputs = machine.outputs();
    return code;
  }
  if (code == 0 && !options.consensus.empty() && !asks_several(machine.program())) {
    print(house.err,
          "note: no step of the plan asks a model once, so --consensus asked nobody else\n");
  }
  return code;
}

}  // namespace naestro::cli
