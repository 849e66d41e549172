// The words about runs that there are: going on with them, and looking at them.
#include "cli/words.hpp"

namespace naestro::cli {
namespace {

CLI::Option* add_run_or_all(CLI::App* app, Words& words, const std::string& all) {
  CLI::Option* which =
      app->add_option("run", words.id, "run id, a unique beginning of it, or 'last'");
  return app->add_flag("--all", words.all, all)->excludes(which);
}

void add_going_on(CLI::App& app, Words& words) {
  CLI::App* resume_app = app.add_subcommand("resume", "go on with a run that is not finished");
  add_run_or_all(resume_app, words, "every run that can go on by itself");
  add_limit_options(resume_app, words.more);
  resume_app->add_option("--model-script", words.more.script,
                         "answers of the scripted model (JSON)");
  resume_app->add_flag("--json", words.more.json, "print events as JSON lines");
  resume_app->callback([&words] {
    if (!words.all && words.id.empty()) throw CLI::RequiredError("run, or --all,");
    words.code =
        words.all ? resume_all(words.house, words.more) : resume(words.house, words.id, words.more);
  });

  CLI::App* steer_app = app.add_subcommand(
      "steer", "change the goal of a run that has not ended; what is done already is kept");
  steer_app->add_option("run", words.id, "run id, a unique beginning of it, or 'last'")->required();
  steer_app->add_option("goal", words.steer, "the new goal in words, all of it")->required();
  add_limit_options(steer_app, words.more);
  add_planner_options(steer_app, words.more);
  add_consensus_option(steer_app, words.more);
  steer_app->add_flag("--json", words.more.json, "print events as JSON lines");
  steer_app->callback(
      [&words] { words.code = steer(words.house, words.id, words.steer, words.more); });

  CLI::App* kill_app = app.add_subcommand("kill", "end a run for good, from any process");
  add_run_or_all(kill_app, words, "every run that has not ended");
  kill_app->callback([&words] {
    if (!words.all && words.id.empty()) throw CLI::RequiredError("run, or --all,");
    words.code = words.all ? kill_all(words.house) : kill(words.house, words.id);
  });

  CLI::App* pause_app =
      app.add_subcommand("pause", "park a run from any process, or hold every run");
  CLI::Option* every = add_run_or_all(pause_app, words, "every run, until 'naestro release --all'");
  pause_app->add_option("--reason", words.answer.reason, "why, for those who ask")->needs(every);
  pause_app->callback([&words] {
    if (!words.all && words.id.empty()) throw CLI::RequiredError("run, or --all,");
    words.code =
        words.all ? pause_all(words.house, words.answer.reason) : pause_run(words.house, words.id);
  });

  CLI::App* quarantine_app =
      app.add_subcommand("quarantine", "switch a tool or a model off, in runs under way too");
  quarantine_app->add_option("name", words.id, "a tool or a model")->required();
  quarantine_app->add_option("--reason", words.answer.reason, "why, for those who ask");
  quarantine_app->callback(
      [&words] { words.code = quarantine(words.house, words.id, words.answer.reason); });

  CLI::App* release_app = app.add_subcommand(
      "release", "let go on what is switched off; accept a contract that has changed");
  CLI::Option* name = release_app->add_option("name", words.id, "a tool or a model");
  release_app->add_flag("--all", words.all, "every run, after 'naestro pause --all'")
      ->excludes(name);
  release_app->callback([&words] {
    if (!words.all && words.id.empty()) throw CLI::RequiredError("name, or --all,");
    words.code = release(words.house, words.all ? "" : words.id);
  });

  CLI::App* switches_app = app.add_subcommand("switches", "what is switched off, by whom and why");
  switches_app->add_flag("--json", words.json, "print JSON");
  switches_app->callback([&words] { words.code = list_switches(words.house, words.json); });

  CLI::App* fork_app = app.add_subcommand(
      "fork", "a new run that takes over a run's results before a step and goes on from there");
  fork_app->add_option("run", words.id, "run id, a unique beginning of it, or 'last'")->required();
  fork_app->add_option("--at", words.fork.at, "the first step that is done again")->required();
  fork_app->add_option("--set", words.fork.sets,
                       "another input, name=value as --input of run; may be repeated");
  fork_app->add_option("--plan", words.fork.plan, "another plan (JSON file)");
  fork_app->add_option("--model", words.fork.model, "another model, for steps that name none");
  fork_app->add_option("--execute", words.fork.execute,
                       "do this step again though that is a second effect; may be repeated");
  fork_app->add_option("--reuse", words.fork.reuse,
                       "take over this step's result though it comes later; may be repeated");
  fork_app->add_option("--stub", words.fork.stubs,
                       "step=JSON, a result instead of doing the step; may be repeated");
  add_limit_options(fork_app, words.more);
  fork_app->add_option("--model-script", words.more.script, "answers of the scripted model (JSON)");
  fork_app->add_flag("--json", words.more.json, "print events as JSON lines");
  fork_app->callback(
      [&words] { words.code = fork(words.house, words.id, words.fork, words.more); });

  CLI::App* undo_app =
      app.add_subcommand("undo", "bring back what a run changed; asks first, as a run of its own");
  undo_app->add_option("run", words.id, "run id, a unique beginning of it, or 'last'")->required();
  undo_app->add_option("--step", words.step, "of this step alone");
  add_limit_options(undo_app, words.more);
  undo_app->add_flag("--json", words.more.json, "print events as JSON lines");
  undo_app->callback(
      [&words] { words.code = undo(words.house, words.id, words.step, words.more); });
}

void add_looking(CLI::App& app, Words& words) {
  CLI::App* runs_app = app.add_subcommand("runs", "list all runs");
  runs_app->add_flag("--json", words.json, "print JSON");
  runs_app->callback([&words] { words.code = list_runs(words.house, words.json); });

  CLI::App* show_app = app.add_subcommand("show", "show one run");
  show_app->add_option("run", words.id, "run id, a unique beginning of it, or 'last'")->required();
  show_app->add_flag("--events", words.events, "print every event");
  show_app->add_flag("--json", words.json, "print JSON");
  show_app->callback(
      [&words] { words.code = show(words.house, words.id, words.events, words.json); });

  CLI::App* why_app =
      app.add_subcommand("why", "who decided what a run did, from which data, at what cost");
  why_app->add_option("run", words.id, "run id, a unique beginning of it, or 'last'")->required();
  why_app->add_option("step", words.step, "of this step alone");
  why_app->add_flag("--json", words.json, "print JSON");
  why_app->callback([&words] { words.code = why(words.house, words.id, words.step, words.json); });

  CLI::App* consents_app = app.add_subcommand("consents", "list open questions");
  consents_app->add_flag("--json", words.json, "print JSON");
  consents_app->callback([&words] { words.code = list_consents(words.house, words.json); });

  for (const bool yes : {true, false}) {
    CLI::App* answer_app =
        app.add_subcommand(yes ? "approve" : "refuse",
                           std::string{"answer an open question with "} + (yes ? "yes" : "no"));
    answer_app->add_option("run", words.id, "run id, or 'last'")->required();
    answer_app->add_option("digest", words.digest, "the question's digest")->required();
    if (yes) {
      answer_app->add_option("--done", words.answer.result,
                             "of an effect in doubt: it was done, and gave this (JSON)");
      answer_app->add_option("--reason", words.answer.reason, "why, where that is asked");
      answer_app
          ->add_option("--scope", words.answer.scope,
                       "how long the yes lasts: once (the default), run, always")
          ->check(CLI::IsMember({"once", "run", "always"}));
      answer_app->add_option("--where", words.answer.where,
                             "of run and always: ARGUMENT=PATTERN, a glob of paths or a host, "
                             "wider than what was asked; may be repeated");
      answer_app->add_option("--until", words.answer.until,
                             "of always: for how long, as 30m, 8h, 7d");
      answer_app->add_flag("--confirm", words.answer.confirmed,
                           "of always: write the grant that was shown before");
    }
    answer_app->callback([&words, yes] {
      words.answer.yes = yes;
      words.code = answer(words.house, words.id, words.digest, words.answer);
    });
  }

  CLI::App* grants_app = app.add_subcommand("grants", "list lasting yeses; take one back");
  grants_app->require_subcommand(0, 1);
  grants_app->add_flag("--json", words.json, "print JSON");
  CLI::App* revoke_app = grants_app->add_subcommand("revoke", "take a lasting yes back");
  revoke_app->add_option("id", words.id, "the grant's id")->required();
  revoke_app->callback([&words] { words.code = revoke_grant(words.house, words.id); });
  grants_app->callback([grants_app, &words] {
    if (grants_app->get_subcommands().empty()) words.code = list_grants(words.house, words.json);
  });

  CLI::App* replay_app =
      app.add_subcommand("replay", "recompute a run from its facts and compare every event");
  replay_app->add_option("run", words.id, "run id, a unique beginning of it, or 'last'")
      ->required();
  replay_app->add_flag("--frozen", words.frozen, "stop at the first difference");
  replay_app->add_flag("--json", words.json, "print JSON");
  replay_app->callback(
      [&words] { words.code = replay(words.house, words.id, words.frozen, words.json); });
}

}  // namespace

void add_run_words(CLI::App& app, Words& words) {
  add_going_on(app, words);
  add_looking(app, words);
}

}  // namespace naestro::cli
