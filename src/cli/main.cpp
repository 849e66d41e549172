// From a command line to the command: parsing, configuration, what is wrong with the words.
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/help.hpp"
#include "cli/house.hpp"
#include "cli/words.hpp"

namespace naestro::cli {
namespace {

// -c and its like may stand before the command and behind it.
void add_config_options(CLI::App* command, ConfigWords& words) {
  const auto more = [&words](const std::vector<std::string>& sets) {
    words.sets.insert(words.sets.end(), sets.begin(), sets.end());
  };
  command
      ->add_option_function<std::vector<std::string>>(
          "-c,--config", more, "dotted.key=value over the configuration; may be repeated")
      ->take_all()
      ->allow_extra_args(false)
      ->group("Configuration");
  // Of `sandbox` it is another profile; that command reads no configuration.
  if (command->get_option_no_throw("--profile") == nullptr) {
    command->add_option("--profile", words.profile, "use profiles.NAME of the configuration")
        ->group("Configuration");
  }
  command
      ->add_flag_callback(
          "--strict-config", [&words] { words.strict = true; },
          "warnings about the configuration are errors")
      ->group("Configuration");
  for (CLI::App* each : command->get_subcommands({})) add_config_options(each, words);
}

// 'policy check' shows itself what is wrong.
bool policy_checked(const CLI::App& app) {
  return app.got_subcommand("policy") && app.get_subcommand("policy")->got_subcommand("check");
}

// Commands that stop something, take something back or only look decide nothing by rules: no file,
// whoever wrote it, is in their way. Where a file cannot be read the built-in values hold.
OnFault on_fault(const CLI::App& app) {
  const auto got = [&](std::string_view word) { return app.got_subcommand(std::string{word}); };
  constexpr std::array<std::string_view, 4> kShowing = {"doctor", "features", "completion", "help"};
  constexpr std::array<std::string_view, 12> kBystanders = {
      "kill", "pause",    "quarantine", "switches", "refuse", "runs",
      "show", "consents", "grants",     "audit",    "vault",  "replay"};
  if (policy_checked(app) || std::ranges::any_of(kShowing, got)) return OnFault::silent;
  return std::ranges::any_of(kBystanders, got) ? OnFault::warned : OnFault::refuse;
}

// Runs the command that the arguments name.
int parse(CLI::App& app, const Words& words, const std::vector<std::string>& arguments) {
  House& house = words.house;
  std::vector<std::string> reversed{arguments.rbegin(), arguments.rend()};
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    const CLI::App* asked = &app;
    std::string before;
    while (!asked->get_subcommands().empty()) {
      before += (before.empty() ? "" : " ") + asked->get_name();
      asked = asked->get_subcommands().front();
    }
    std::fputs(asked->help(before).c_str(), house.out);
    return 0;
  } catch (const CLI::CallForVersion&) {
    std::fputs(("naestro " + house.version + "\n").c_str(), house.out);
    return 0;
  } catch (const CLI::RuntimeError& stopped) {
    return stopped.get_exit_code();
  } catch (const CLI::ParseError& error) {
    // CLI11 throws; this is the one place that turns it into our exit code.
    std::fputs(
        ("naestro: NE0801 " + std::string{error.what()} + "; see 'naestro --help'\n").c_str(),
        house.err);
    return info(Code::kUsage).exit;
  }
  return words.code;
}

}  // namespace

int main(House& house, const std::vector<std::string>& arguments) {
  CLI::App app{"Naestro compiles a goal into a checked plan and runs it durably.", "naestro"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "naestro " + house.version);
  Words words{house};
  if (!arguments.empty() && arguments.front() == "sandbox") {
    add_sandbox_words(app, words);  // alone: programs are started often, and all words take a while
  } else {
    add_plan_words(app, words);
    add_run_words(app, words);
    add_house_words(app, words);
  }
  add_config_options(&app, words.config);
  add_examples(app);
  if (!arguments.empty() && arguments.front() == "complete") {  // the scripts', not a person's
    return complete(house, app, {arguments.begin() + 1, arguments.end()});
  }
  app.parse_complete_callback([&] {             // before the command's own
    if (app.got_subcommand("sandbox")) return;  // whatever the folder's file says
    for (const PlanOptions* each : {&words.goal.plan, &words.plan, &words.run.plan}) {
      if (!each->workspace.empty()) words.config.workspace = each->workspace;
    }
    if (!words.policy.workspace.empty()) words.config.workspace = words.policy.workspace;
    if (const int bad = configure(house, words.config, on_fault(app)); bad != 0)
      throw CLI::RuntimeError(bad);
    fill_in(house, words.goal.plan);
    fill_in(house, words.plan);
    fill_in(house, words.run.plan);
  });

  // What is not UTF-8 could be written into an event and never be read again.
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (is_utf8(arguments[i])) continue;
    return report(
        house, fail(Code::kInvalidUtf8, "argument " + std::to_string(i + 1) + " is not valid UTF-8",
                    "write it in UTF-8; rename a file whose name is not")
                   .error());
  }
  return parse(app, words, arguments);
}

}  // namespace naestro::cli
