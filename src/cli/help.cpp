#include "cli/help.hpp"

#include <algorithm>
#include <map>

#include "base/remedy.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "plan/compile.hpp"

namespace naestro::cli {
namespace {

constexpr const char* kOverview = R"(Examples:
  naestro demo                                      see it work; needs nothing
  naestro init                                      first: configuration, key, store, a test call
  naestro doctor                                    what is wrong here, and how to mend it
  naestro run "how many warranty claims in 2026-Q1?" -w examples/company
  naestro plan "total cost by product" -o plan.json
  naestro plan explain examples/first/plan.json -w examples/company   what it does and costs
  naestro run examples/first/plan.json -w examples/company
  naestro runs                                      all runs, newest last
  naestro show last                                 steps, time, cost, results of the last run
  naestro why last                                  who decided what, from which data
  naestro consents                                  questions that wait for you
  naestro approve last DIGEST && naestro resume last
  naestro undo last                                 bring back the files that it wrote
  naestro tools && naestro models && naestro roles  what there is to plan with
  naestro sandbox -- make test                      any program: this folder, no network
  naestro replay last                               recompute every event and compare
  naestro audit verify                              check the whole store
  source <(naestro completion bash)                 complete commands, options and run ids

Exit codes: 0 ok, 1 failed, 2 usage, 3 denied or refused, 4 bound over budget,
5 waits for consent, 6 replay divergence, 7 a limit was reached or something is
switched off, 130 interrupted.
)";

// By the words that call the command.
const std::map<std::string, const char*> kExamples = {
    {"approve",
     "  naestro approve last 3f0c...                      the digest that 'naestro consents' "
     "shows\n"
     "  naestro approve last 3f0c... --done '{\"bytes\": 12}'   it was done, and gave this\n"
     "  naestro approve last 3f0c... --reason \"ticket 17\"   where the policy wants to know why\n"
     "  naestro approve last 3f0c... --scope always --where 'path=reports/**' --until 7d\n"},
    {"audit", "  naestro audit verify\n"},
    {"audit prove",
     "  naestro audit prove last 5 > proof.json           of the run's fifth event\n"
     "  naestro audit prove --from old.checkpoint > grown  that the store goes on from there\n"},
    {"audit export",
     "  naestro audit export -o log --readable            with the texts, without what is private\n"
     "  naestro audit export -o log                       the whole log, sealed, as static "
     "files\n"},
    {"audit shred",
     "  naestro audit shred RUN --confirm                 its key is erased, the log still "
     "verifies\n"},
    {"audit witness", "  naestro audit witness grown --key signing.pub > cosigned\n"},
    {"audit verify",
     "  naestro audit verify                              the whole store, without a network\n"
     "  naestro audit verify --file proof.json --key signing.pub\n"
     "  naestro audit verify --file log --key signing.pub --from old.checkpoint\n"
     "  naestro audit verify --from cosigned --witness witness.key\n"},
    {"completion",
     "  source <(naestro completion bash)                 for this shell; or into ~/.bashrc\n"
     "  naestro completion zsh > ~/.zfunc/_naestro        a folder of $fpath\n"
     "  naestro completion fish > ~/.config/fish/completions/naestro.fish\n"},
    {"config",
     "  naestro config                                    each value, and where it comes from\n"
     "  naestro config -c limits.usd=0.05 --strict-config\n"},
    {"consents", "  naestro consents --json\n"},
    {"demo", "  naestro demo\n"},
    {"doctor",
     "  naestro doctor                                    each check with its remedy\n"
     "  naestro doctor --live --json                      with one call of the model\n"},
    {"export",
     "  naestro export last -o run.json                   sealed: what happened, not with what\n"
     "  naestro export last --readable                    with all texts in the clear\n"},
    {"features", "  naestro features\n"},
    {"steer",
     "  naestro steer last \"total cost by product\"       shows what is kept, new and dropped, "
     "and "
     "asks\n"
     "  naestro steer last \"total cost by product\" --consensus judge\n"},
    {"fork",
     "  naestro fork last --at summary --set question=\"what failed?\"\n"
     "  naestro fork last --at summary --model smollm2-135m-instruct\n"},
    {"help",
     "  naestro help NE0204                               what mends an error of this code\n"},
    {"grants", "  naestro grants --json\n"},
    {"grants revoke", "  naestro grants revoke g95vxnmh8m19                asked anew\n"},
    {"init", "  naestro init\n"},
    {"kill", "  naestro kill last\n"},
    {"pause",
     "  naestro pause last                                it stops within a second, and is kept\n"
     "  naestro pause --all --reason \"who is that?\"      until naestro release --all\n"},
    {"quarantine", "  naestro quarantine http.get --reason \"odd answers\"\n"},
    {"release", "  naestro release http.get && naestro resume --all\n"},
    {"switches", "  naestro switches --json\n"},
    {"models", "  naestro models --json\n"},
    {"models add",
     "  naestro models add llama3.2 --url http://127.0.0.1:11434/v1          (Ollama)\n"
     "  naestro models add mini --url https://api.openai.com/v1 --model gpt-4o-mini \\\n"
     "      --key-env OPENAI_API_KEY --context 128000 --usd-in 0.15 --usd-out 0.60\n"},
    {"models pull",
     "  naestro models pull https://example.org/small.gguf --sha256 HEX\n"
     "  naestro models pull https://example.org/small.gguf --sha256 HEX --name mine\n"},
    {"plan",
     "  naestro plan \"total cost by product\" -w examples/company -o plan.json\n"
     "  naestro plan check plan.json\n"},
    {"plan check",
     "  naestro plan check plan.json -w examples/company\n"
     "  naestro plan check plan.json --sarif > plan.sarif\n"},
    {"plan diff", "  naestro plan diff old.json new.json\n"},
    {"plan explain", "  naestro plan explain examples/first/plan.json -w examples/company\n"},
    {"plan graph", "  naestro plan graph examples/first/plan.json\n"},
    {"policy",
     "  naestro policy check                              each file, its rules, what is odd\n"
     "  naestro policy explain --tool files.write --arg path=secrets/a.md\n"},
    {"policy check", "  naestro policy check\n"},
    {"policy diff",
     "  naestro policy diff old.yaml new.yaml             on which calls they differ\n"},
    {"policy explain",
     "  naestro policy explain --tool files.write --arg path=secrets/a.md\n"
     "  naestro policy explain --tool http.get --arg url=https://a.example/ --mode auto\n"},
    {"policy prove",
     "  naestro policy prove implies floor.yaml           yours is nowhere milder\n"
     "  naestro policy prove equivalent old.yaml new.yaml\n"
     "  naestro policy prove always-denies locked.yaml --tool http.get\n"},
    {"policy shadow",
     "  naestro policy shadow new.yaml                    it decides beside yours in new runs\n"
     "  naestro policy shadow                             what it said otherwise\n"
     "  naestro policy shadow --off\n"},
    {"policy test", "  naestro policy test cases.yaml\n"},
    {"refuse",
     "  naestro refuse last 3f0c...                       the digest that 'naestro consents' "
     "shows\n"},
    {"replay",
     "  naestro replay last                               all differences, if there are any\n"
     "  naestro replay last --frozen                      the first alone\n"},
    {"resume",
     "  naestro resume last --max-tokens 20000            with a higher ceiling\n"
     "  naestro resume --all                              every run that can go on by itself\n"},
    {"run",
     "  naestro run \"how many warranty claims in 2026-Q1?\" -w examples/company\n"
     "  naestro run examples/first/plan.json -w examples/company --max-usd 0.05\n"
     "  naestro run plan.json --input year=2026 --mode guide\n"
     "  naestro run \"summarise the complaint of Lower Tarn\" -w examples/company --consensus "
     "judge\n"},
    {"roles", "  naestro roles                                     who a step of a plan may be\n"},
    {"roles list", "  naestro roles list --json\n"},
    {"roles show",
     "  naestro roles show researcher                     its tools, share and prompt\n"},
    {"runs", "  naestro runs --json\n"},
    {"sandbox",
     "  naestro sandbox -- make test                      may change this folder, and no other\n"
     "  naestro sandbox --profile read-only -- ./tool < data.csv\n"
     "  naestro sandbox --refused                         what was stopped until now\n"},
    {"show",
     "  naestro show last                                 steps, time, cost, results\n"
     "  naestro show last --events                        every event\n"},
    {"tools",
     "  naestro tools                                     all of them\n"
     "  naestro tools csv.query                           one's contract\n"},
    {"undo", "  naestro undo last --step report\n"},
    {"why",
     "  naestro why last                                  who decided, from which data\n"
     "  naestro why last report                           of one step\n"},
    {"vault", "  naestro vault set OPENAI_API_KEY && naestro vault list\n"},
    {"vault set",
     "  naestro vault set OPENAI_API_KEY                  typed twice, not shown\n"
     "  naestro vault set OPENAI_API_KEY < key.txt\n"
     "  naestro vault set SHOP_KEY --host shop.example --tool http.get --for 30d --uses 100\n"},
    {"vault bind",
     "  naestro vault bind SHOP_KEY --host shop.example   nowhere else from now on\n"
     "  naestro vault bind SHOP_KEY --free\n"},
    {"vault list", "  naestro vault list --json\n"},
    {"vault revoke",
     "  naestro vault revoke OPENAI_API_KEY               its next use is refused\n"},
    {"vault remove", "  naestro vault remove OPENAI_API_KEY\n"},
    {"vault protect",
     "  naestro vault protect                             a passphrase from now on\n"},
};

void add_below(CLI::App& command, const std::string& before) {
  for (CLI::App* each : command.get_subcommands({})) {
    const std::string path = before + (before.empty() ? "" : " ") + each->get_name();
    const auto found = kExamples.find(path);
    each->footer(found == kExamples.end() ? "" : std::string{"Examples:\n"} + found->second);
    add_below(*each, path);
  }
}

std::string_view text_of(RetryClass retry) {
  switch (retry) {
    case RetryClass::never: return "the same again ends the same";
    case RetryClass::later: return "it can help to try again later";
    case RetryClass::now: return "it can help to try again at once";
  }
  return {};
}

}  // namespace

int explain_code(House& house, const CLI::App& app, const std::string& code) {
  if (code.empty()) {
    // help() of the app itself would be that of the command that was called.
    std::fputs(
        app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal).c_str(),
        house.out);
    return 0;
  }
  const auto& findings = plan::all_diagnostics();
  if (const auto row = std::ranges::find(findings, code, &plan::DiagnosticInfo::code);
      row != findings.end()) {
    const std::string out = std::string{row->code} + ": " + std::string{row->title} +
                            "\nTo mend it: " + std::string{row->remedy} +
                            "\nA finding about a plan; 'naestro plan check' names the place\n";
    std::fputs(out.c_str(), house.out);
    return 0;
  }
  const auto found = code_named(code);
  if (!found) {
    return report(
        house, fail(Code::kUsage, "no error has the code '" + shorten(code, 40) + "'",
                    "codes look like NE0204 and NP8102; for a command see 'naestro COMMAND --help'")
                   .error());
  }
  const CodeInfo& row = info(*found);
  std::string out = std::string{row.name} + ": " + std::string{row.title} + "\n";
  out += "To mend it: " + std::string{remedy(row.code)} + "\n";
  out += "Exit code " + std::to_string(row.exit) + "; " + std::string{text_of(row.retry)} + "\n";
  std::fputs(out.c_str(), house.out);
  return 0;
}

void add_examples(CLI::App& app) {
  app.footer(kOverview);
  add_below(app, "");
}

}  // namespace naestro::cli
