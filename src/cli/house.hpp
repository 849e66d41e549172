// What the commands need of the house. The app builds it; a test builds its own.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/embedded.hpp"
#include "cli/health.hpp"
#include "cli/settings.hpp"
#include "contract/model.hpp"
#include "contract/role.hpp"
#include "contract/tool.hpp"
#include "door/perform.hpp"
#include "ledger/store.hpp"
#include "policy/policy.hpp"
#include "vault/keeper.hpp"

namespace naestro::cli {

struct House {
  Clock& clock;
  Random& random;
  ledger::Folders folders;
  const contract::ToolCatalog& tools;
  const contract::ModelCatalog& models;
  const policy::Policy& policy;
  // The built-in program that turns a goal into a plan (plans/plan_goal.json).
  std::string planner = {};
  // The same with a model behind the skills (plans/model_goal.json), which writes so many plans, of
  // the tools that are allowed (ids), with these roles (by name, schemas/role.schema.json).
  std::function<Result<std::string>(const contract::ModelContract&, std::int64_t candidates,
                                    std::set<std::string> allowed, json::Object roles)>
      model_planner = {};
  std::size_t goal_bytes_max = 0;  // of a goal that they read
  std::string version;
  std::string user;
  std::string host;
  std::string cwd;
  std::string config = {};  // Naestro's folder for a person's settings; absolute
  // The far sides of the two doors.
  // `policy` and `keeper`, which takes secrets out of what tools read, outlive the adapter;
  // `keys`: where they get secrets that they send.
  std::function<Result<std::unique_ptr<door::Adapter>>(const std::string& workspace,
                                                       const policy::Policy& policy, policy::Mode,
                                                       vault::Keeper& keeper, vault::Keys keys)>
      open_tools;
  // `script`: the file with the answers of the scripted model, or "".
  std::function<Result<std::unique_ptr<door::Adapter>>(const std::string& script, vault::Keys keys)>
      open_models;
  // Of the environment.
  std::function<std::optional<std::string>(const std::string& name)> variable = {};
  // The program itself, for the demo, which kills it.
  std::string executable = {};
  std::span<const EmbeddedFile> demo_files = {};  // the papers and the script of the demo
  std::string demo_planner = {};                  // plans/demo_goal.json
  // Calls the handler, on a thread of its own, when the person presses Ctrl-C; one at a time.
  std::function<void(std::function<void()>)> on_interrupt;
  std::FILE* in;
  std::FILE* out;
  std::FILE* err;
  bool interactive = false;  // in and err are terminals
  bool draws = false;        // out is a terminal that can be drawn over
  // Called once, when the command line is parsed; its result is kept in the three below.
  std::function<Configured(const ConfigWords&)> configure = {};
  Settings settings = {};
  std::vector<ConfigFinding> config_findings = {};
  FilesRead policy_files = {};
  // Reads the policy again, now with the project's file of this workspace (absolute).
  std::function<Result<void>(const std::string& workspace)> use_policy_of = {};
  // The roles to choose from, with those of the project of this workspace (absolute, or "").
  std::function<contract::RoleCatalog(const std::string& workspace)> roles = {};
  // For `init` and `doctor`. Neither changes anything but a model file's note of its hash.
  std::function<std::vector<Source>(const House&)> look_around = {};
  std::function<std::vector<Check>(House&, bool live)> examine = {};
  std::function<Result<TestCall>(const House&)> test_call = {};
  // The exact command that brings the engine and the model of the settings.
  std::function<std::string(const House&)> engine_command = {};
  // Brings a model's file and writes its contract. `progress` gets the bytes that are there, and
  // how many there will be (-1: not known).
  std::function<Result<PulledModel>(
      const House&, const PullOrder&,
      const std::function<void(std::int64_t there, std::int64_t total)>& progress, std::stop_token)>
      pull_model = {};
  // Runs a program behind the wall; `say` gets at once what has to be known before it begins.
  std::function<Result<Confined>(const House&, const SandboxOrder&,
                                 const std::function<void(const std::string&)>& say,
                                 std::stop_token)>
      confine = {};
  // A YAML file as JSON, whose texts stay texts; `line`: where the value at a pointer stands.
  struct Yaml {
    json::Value value;
    std::function<int(const std::string& pointer)> line;
  };
  std::function<Result<Yaml>(const std::string& file)> read_yaml = {};
  // The text of a new naestro.yaml.
  std::string starter_config = {};
  // Takes from the process that calls it what the one that holds the vault does not need.
  std::function<void()> shut_in = {};
};

// Runs one command line (without the program's name) and returns its exit code.
int main(House& house, const std::vector<std::string>& arguments);

}  // namespace naestro::cli
