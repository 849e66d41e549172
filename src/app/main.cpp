// The wiring: the only place that knows who is who, and the only one that reads the environment.
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "agents/goal.hpp"
#include "agents/model_program.hpp"
#include "agents/planner.hpp"
#include "app/barred.hpp"
#include "app/config.hpp"
#include "app/confined.hpp"
#include "app/doctor.hpp"
#include "app/models.hpp"
#include "app/policy_files.hpp"
#include "app/pull.hpp"
#include "app/role_files.hpp"
#include "app/sources.hpp"
#include "base/crypto.hpp"
#include "cli/house.hpp"
#include "sandbox/shut_in.hpp"
#include "tools/adapter.hpp"

namespace naestro::app {
std::span<const EmbeddedFile> embedded_plans();  // plans/*.json
std::span<const EmbeddedFile> embedded_demo();   // demo/*
}  // namespace naestro::app

namespace {

using namespace naestro;

std::string environment(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? fallback : value;
}

std::string user_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? std::to_string(::geteuid()) : entry->pw_name;
}

// Without $HOME the folder that the system knows for the user, as other programs do; never '/'.
std::string home_folder() {
  const std::string told = environment("HOME", "");
  if (!told.empty()) return told;
  const passwd* entry = ::getpwuid(::geteuid());  // takes a while
  return entry == nullptr ? "" : entry->pw_dir;
}

std::string host_name() {
  char buffer[256] = {};
  ::gethostname(buffer, sizeof buffer - 1);
  return buffer;
}

// Waits for Ctrl-C on a thread of its own, so that the handler may do what it likes.
class Interrupts {
 public:
  Interrupts() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    // A terminal that is closed stops the run in good order; under nohup it goes on.
    struct sigaction hangup{};
    ::sigaction(SIGHUP, nullptr, &hangup);
    if (hangup.sa_handler != SIG_IGN) sigaddset(&signals_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);  // before any other thread begins
    thread_ = std::thread{[this] { wait(); }};
    thread_.detach();  // it waits in the kernel until the process ends
  }

  void handle(std::function<void()> handler) {
    const std::scoped_lock lock{mutex_};
    handler_ = std::move(handler);
  }

 private:
  void wait() {
    for (int count = 1;; ++count) {
      int signal = 0;
      sigwait(&signals_, &signal);
      const std::scoped_lock lock{mutex_};
      // Without a run, or when asked thrice, there is nothing to wait for.
      if (!handler_ || count >= 3) std::_Exit(130);
      handler_();
    }
  }

  sigset_t signals_{};
  std::mutex mutex_;
  std::function<void()> handler_;
  std::thread thread_;
};

// The folder with the engine and the models: beside the binary.
std::string built_in_assets() {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return (self.parent_path().parent_path() / "assets").string();
}

std::string_view embedded_plan(std::string_view name) {
  for (const EmbeddedFile& file : app::embedded_plans()) {
    if (file.name == name) return file.text;
  }
  check(false, "a shipped plan is in the binary");
  return {};
}

// The built-in tools and the planner's.
Result<json::Value> call_tool(std::string_view tool, std::int64_t version,
                              const json::Object& arguments, const tools::Context& context) {
  static const std::vector<std::string> planners = agents::known();
  const std::string id = std::string{tool} + "@" + std::to_string(version);
  const bool planner = std::ranges::find(planners, id) != planners.end();
  return (planner ? agents::call : tools::call)(tool, version, arguments, context);
}

app::ConfigPlaces config_places(const std::string& home, const std::string& folder) {
  app::ConfigPlaces places{.folder = folder,
                           .user_file = environment("XDG_CONFIG_HOME", home + "/.config") +
                                        "/naestro/" + std::string{app::kConfigName},
                           .home = home,
                           .assets = built_in_assets(),
                           .assets_of_environment = {},
                           .organisation_policy = std::string{app::kOrganisationPolicy}};
  const std::string assets = environment("NAESTRO_ASSETS", "");
  if (!assets.empty()) places.assets_of_environment = assets;
  return places;
}

// A reader that went away, as `head` does, has all that it wanted: no error of ours.
bool reader_is_gone() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

template <class T>
T or_exit(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "naestro: %s\n", result.error().text().c_str());
  std::exit(info(result.error().code).exit);
}

// The first of what is wrong with the rules.
Result<void> good(const app::LoadedPolicy& rules) {
  for (const cli::ConfigFinding& finding : rules.findings) {
    if (!finding.error) continue;
    return fail(finding.code, finding.file + ": " + finding.message, finding.remedy);
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  // Scripts and shells ask this often; the catalogs that all else needs take most of a start.
  if (argc == 2 && std::string_view{argv[1]} == "--version") {
    std::puts("naestro " NAESTRO_VERSION);
    return 0;
  }
  crypto::initialize();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file over the user's limit is an error of that write
  static Interrupts interrupts;   // outlives its thread
  SystemClock clock;
  SystemRandom random;
  // A program behind the wall is started often too, and looks at no catalog.
  const bool alone = argc > 1 && std::string_view{argv[1]} == "sandbox";
  const auto tools = alone ? contract::ToolCatalog{}
                           : or_exit(contract::ToolCatalog::from(contract::embedded_tools()));
  const EmbeddedFile file = policy::embedded_policies().front();
  const auto builtin =
      alone ? policy::Policy{} : or_exit(policy::Policy::parse(file.name, file.text));
  policy::Policy policy = builtin;  // with people's own files, once the configuration is read

  const std::string home = home_folder();
  if (home.empty()) {
    std::fputs("naestro: NE0008 this user has no home folder; set HOME\n", stderr);
    return info(Code::kNotFound).exit;
  }
  const ledger::Folders folders{environment("XDG_STATE_HOME", home + "/.local/state") + "/naestro",
                                environment("XDG_DATA_HOME", home + "/.local/share") + "/naestro"};
  const app::LoadedModels loaded =
      alone ? app::LoadedModels{} : app::load_models(folders.data + "/models");
  const contract::ModelCatalog& models = loaded.catalog;
  std::error_code ignored;
  cli::House house{
      .clock = clock,
      .random = random,
      .folders = folders,
      .tools = tools,
      .models = models,
      .policy = policy,
      .planner = std::string{embedded_plan("plan_goal.json")},
      .model_planner =
          [](const contract::ModelContract& model, std::int64_t candidates,
             std::set<std::string> allowed, json::Object roles) {
            return agents::program_for(embedded_plan("model_goal.json"), model,
                                       {candidates, std::move(allowed), std::move(roles)});
          },
      .goal_bytes_max = agents::kGoalBytesMax,
      .version = NAESTRO_VERSION,
      .user = user_name(),
      .host = host_name(),
      .cwd = std::filesystem::current_path(ignored).string(),
      .config = environment("XDG_CONFIG_HOME", home + "/.config") + "/naestro",
      .open_tools = {},
      .open_models = {},
      .executable = std::filesystem::read_symlink("/proc/self/exe", ignored).string(),
      .demo_files = app::embedded_demo(),
      .demo_planner = std::string{embedded_plan("demo_goal.json")},
      .on_interrupt = [](std::function<void()> handler) { interrupts.handle(std::move(handler)); },
      .in = stdin,
      .out = stdout,
      .err = stderr,
      .interactive = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1,
      .draws = ::isatty(STDOUT_FILENO) == 1 && environment("TERM", "dumb") != "dumb"};
  const app::ConfigPlaces places = config_places(home, house.cwd);
  // A project's rules are about its folder, wherever a command is called.
  const auto places_of = [&places](const std::string& workspace) {
    app::ConfigPlaces there = places;
    if (!workspace.empty()) {
      there.folder = (std::filesystem::path{places.folder} / workspace).lexically_normal().string();
    }
    return there;
  };
  const auto rules_for = [&places_of, &builtin](const std::string& workspace) {
    return app::load_policy(places_of(workspace), builtin);
  };
  house.roles = [&places_of, &tools](const std::string& workspace) {
    return app::load_roles(places_of(workspace), tools);
  };
  house.configure = [&](const cli::ConfigWords& words) {
    cli::Configured configured = app::load_config(places, words, loaded.catalog);
    for (cli::ConfigFinding fault : loaded.faults) {
      fault.error = words.strict;
      configured.findings.push_back(std::move(fault));
    }
    app::LoadedPolicy rules =
        rules_for(words.workspace.empty() ? configured.settings.workspace : words.workspace);
    policy = std::move(rules.policy);
    auto& files = configured.settings.files;
    files.insert(files.end(), rules.files.begin(), rules.files.end());
    configured.policy_files = std::move(rules.files);
    std::ranges::move(rules.findings, std::back_inserter(configured.findings));
    return configured;
  };
  house.use_policy_of = [&](const std::string& workspace) -> Result<void> {
    app::LoadedPolicy rules = rules_for(workspace);
    NAESTRO_TRY(good(rules));
    policy = std::move(rules.policy);
    return {};
  };
  house.read_yaml = app::read_yaml_file;
  house.settings.assets = built_in_assets();
  house.open_tools = [&house](const std::string& workspace, const policy::Policy& policy,
                              policy::Mode mode, vault::Keeper& keeper,
                              vault::Keys keys) -> Result<std::unique_ptr<door::Adapter>> {
    NAESTRO_LET(auto opened, tools::Workspace::open(workspace));
    NAESTRO_LET(auto hosts, net::HostList::parse(house.settings.hosts));
    return std::make_unique<tools::ToolAdapter>(
        std::move(opened), std::move(hosts), call_tool,
        app::barred_by(policy, mode, house.user, workspace,
                       {house.folders.state, house.folders.data, house.config}),
        [&keeper](std::string_view text) {
          auto clean = keeper.redacted(text);
          // The adapter around fails then.
          return clean ? *std::move(clean) : std::optional<std::string>{"⟦not looked through⟧"};
        },
        std::move(keys));
  };
  house.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>{value};
  };
  house.shut_in = [&house] {
    std::error_code ignored;
    sandbox::shut_in(std::filesystem::canonical(house.folders.data, ignored).string());
  };
  house.open_models = [&house](const std::string& script, vault::Keys keys) {
    return app::open_models(house.models, house.settings.assets, std::move(keys), script);
  };
  house.look_around = [](const cli::House& asked) {
    return app::look_around(asked, [](const char* name) { return !environment(name, "").empty(); });
  };
  house.examine = app::examine;
  house.test_call = app::test_call;
  house.engine_command = app::engine_command;
  house.pull_model = [](const cli::House& asked, const cli::PullOrder& order, const auto& progress,
                        std::stop_token stop) {
    return app::pull_model(asked.models,
                           {asked.folders.data + "/models", asked.settings.assets + "/models"},
                           order, progress, std::move(stop));
  };
  house.confine = [&home](const cli::House& asked, const cli::SandboxOrder& order, const auto& say,
                          const std::stop_token& stop) -> Result<cli::Confined> {
    // The built-in rules bar nothing (policy/bars), so people's own are enough.
    const app::LoadedPolicy rules = app::load_policy(
        config_places(home, order.folder.empty() ? asked.cwd : order.folder), policy::Policy{});
    NAESTRO_TRY(good(rules));
    return app::confine(asked, order, home, rules.policy, say, stop);
  };
  if (!alone) house.starter_config = app::starter_config(models);
  const int code = cli::main(house, {argv + 1, argv + argc});
  // What could not be said (a full disk behind a redirection) is no success.
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  if (reader_is_gone()) return code;
  std::fputs("naestro: NE0007 the output could not be written\n", stderr);
  return code != 0 ? code : 1;
}
