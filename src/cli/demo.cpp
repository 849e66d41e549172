// `naestro demo`: the whole path in under a minute, with a scripted model. Every stage is this same
// program, started as a person would, in a folder of its own that is removed at the end.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "base/text.hpp"
#include "cli/render.hpp"
#include "cli/session.hpp"
#include "ledger/files.hpp"

extern char** environ;

namespace naestro::cli {
namespace {

constexpr const char* kGoal =
    "Which product cost us most in refunds this quarter, and why? Write a report.";

struct Ended {
  int code = 0;        // as a shell has it: 128 + signal when it was killed
  std::string output;  // standard output
};

class Stage {
 public:
  Stage(House& house, std::string folder) : house_{house}, folder_{std::move(folder)} {}

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  // Runs `naestro words...`. `show`: its lines are passed on. `kill_at`: a line that begins so is
  // the last one; the process gets SIGKILL then. `store`: which of the demo's stores.
  Ended run(const std::vector<std::string>& words, bool show, const std::string& kill_at = {},
            const std::string& store = "store") {
    if (show) print(house_.out, "$ naestro " + shown(words) + "\n");
    int pipe_fds[2];
    check(::pipe2(pipe_fds, O_CLOEXEC) == 0, "a pipe for the demo");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder_.c_str());  // no naestro.yaml is there
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDERR_FILENO);
    std::vector<std::string> arguments{house_.executable};
    arguments.insert(arguments.end(), words.begin(), words.end());
    std::vector<std::string> variables = surroundings(store);
    pid_t child = 0;
    const int status = ::posix_spawn(&child, house_.executable.c_str(), &actions, nullptr,
                                     pointers(arguments).data(), pointers(variables).data());
    posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_fds[1]);
    Ended ended;
    if (status != 0) {
      ::close(pipe_fds[0]);
      ended.code = 127;
      return ended;
    }
    read_lines(pipe_fds[0], child, show, kill_at, ended);
    ::close(pipe_fds[0]);
    int how = 0;
    ::waitpid(child, &how, 0);
    ended.code = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
    return ended;
  }

 private:
  void read_lines(int fd, pid_t child, bool show, const std::string& kill_at, Ended& ended) {
    std::string line;
    char c = 0;
    while (::read(fd, &c, 1) == 1) {
      line += c;
      if (c != '\n') continue;
      if (show) print(house_.out, "  " + line);
      if (!kill_at.empty() && line.starts_with(kill_at)) ::kill(child, SIGKILL);
      ended.output += line;
      line.clear();
    }
    ended.output += line;
  }

  // The person's environment, with store, keys and configuration below the demo's folder.
  std::vector<std::string> surroundings(const std::string& store) const {
    std::vector<std::string> out{"XDG_STATE_HOME=" + path(store), "XDG_DATA_HOME=" + path("data"),
                                 "XDG_CONFIG_HOME=" + path("config")};
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view text = *entry;
      if (!text.starts_with("XDG_STATE_HOME=") && !text.starts_with("XDG_DATA_HOME=") &&
          !text.starts_with("XDG_CONFIG_HOME=")) {
        out.emplace_back(text);
      }
    }
    return out;
  }

  static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> out;
    for (std::string& word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
  }

  // The command as a person would type it, without the demo's folder.
  [[nodiscard]] std::string shown(const std::vector<std::string>& words) const {
    std::string out;
    for (std::string word : words) {
      if (const auto at = word.find(folder_ + "/"); at == 0) word.erase(0, folder_.size() + 1);
      if (word.contains(' ')) word = "\"" + word + "\"";
      out += (out.empty() ? "" : " ") + word;
    }
    return out;
  }

  House& house_;
  std::string folder_;
};

// Changes one byte inside of the body of an event, as a careless or dishonest hand would.
Result<void> flip_a_byte(const std::string& file) {
  NAESTRO_LET(std::string bytes, ledger::read_whole(file));
  const std::size_t at = bytes.find("\"kind\":\"effect.done\"");
  if (at == std::string::npos) return fail(Code::kNotFound, "no event was found in " + file);
  bytes[at + 8] = static_cast<char>(bytes[at + 8] ^ 1);
  return ledger::write_durably(file, as_bytes(bytes), 0600);
}

// A folder for the demo, gone with the value.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "naestro-demo-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// What the compiler says of the plan that obeys an order which stands in a document. Its mail tool
// is none of the built-in ones: only its contract joins the catalog, and nothing of it runs. False
// when the plan is not refused for the reason that it must be.
Result<bool> refuse_the_order(House& house, const Stage& stage) {
  NAESTRO_LET(const std::string mail, ledger::read_whole(stage.path("mail.send.json")));
  NAESTRO_LET(const std::string plan, ledger::read_whole(stage.path("obey.json")));
  const auto shipped = contract::embedded_tools();
  std::vector<EmbeddedFile> files{shipped.begin(), shipped.end()};
  files.push_back({"mail.send.json", mail});
  NAESTRO_LET(const auto tools, contract::ToolCatalog::from(files));
  const auto compiled =
      plan::compile(plan, {.tools = tools, .models = house.models, .policy = house.policy});
  for (const plan::Diagnostic& diagnostic : compiled.diagnostics) {
    print(house.out, "  " + plan::format(diagnostic, "obey.json") + "\n");
  }
  return plan::refused_only(compiled.diagnostics, plan::forbidden);
}

}  // namespace

int demo(House& house) {
  const std::int64_t begin = house.clock.mono_us();
  const auto say = [&](const std::string& text) { print(house.out, "\n== " + text + "\n"); };
  print(
      house.out,
      "The model of this demo is scripted: its answers are in the program, so that the demo needs "
      "no key, no network and no model, and shows the same each time. All else is real.\n");
  const Scratch scratch;
  Stage stage{house, scratch.path()};
  for (const EmbeddedFile& file : house.demo_files) {
    // The papers are what a person could have; the JSON files are the demo's own.
    const bool paper = !file.name.ends_with(".json");
    const std::string folder = scratch.path() + (paper ? "/papers" : "");
    if (auto made = ledger::make_folder(folder); !made) return report(house, made.error());
    const auto put =
        ledger::write_durably(folder + "/" + std::string{file.name}, as_bytes(file.text), 0600);
    if (!put) return report(house, put.error());
  }
  const auto planner =
      ledger::write_durably(stage.path("planner.json"), as_bytes(house.demo_planner), 0600);
  if (!planner) return report(house, planner.error());

  const std::string papers = stage.path("papers");
  const std::string plan = stage.path("plan.json");
  const std::vector<std::string> script{"--model-script", stage.path("script.json")};
  const auto with = [](std::vector<std::string> words, const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  // A stage that ends otherwise than it must ends the demo, and says so.
  bool good = true;
  const auto expect = [&](const Ended& ended, int code) {
    if (ended.code == code) return true;
    print(house.out, "The demo stops: this ended with " + std::to_string(ended.code) + ", not " +
                         std::to_string(code) + ".\n");
    good = false;
    return false;
  };

  say("1. A goal becomes a plan, which the compiler checks");
  print(house.out, "Goal: " + std::string{kGoal} + "\n");
  if (!expect(stage.run(with({"plan", kGoal, "-w", papers, "--planner", stage.path("planner.json"),
                              "-o", plan},
                             script),
                        true),
              0)) {
    return 1;
  }
  say("2. What it can cost at most, and what it asks");
  if (!expect(stage.run({"plan", "explain", plan, "-w", papers}, true), 0)) return 1;
  const auto explained =
      json::parse(stage.run({"plan", "explain", plan, "-w", papers, "--json"}, false).output);
  const std::string digest{explained ? json::text_at(explained->get_object(), "digest").value_or("")
                                     : ""};
  say("3. A budget that its worst case exceeds: refused before anything runs (exit 4)");
  if (!expect(stage.run({"run", plan, "-w", papers, "--max-tokens", "1000"}, true), 4)) return 1;
  say("4. A mail in the folder orders whoever reads it to send the payroll away: the plan that "
      "would");
  print(house.out,
        "   obey is refused before anything runs, with the path that the data would take\n");
  const auto refused = refuse_the_order(house, stage);
  if (!refused) return report(house, refused.error());
  if (!*refused) {
    print(house.out, "The demo stops: the plan was not refused for that.\n");
    return 1;
  }
  say("5. One consent, by the digest of exactly this plan; steps run in parallel; then kill -9");
  if (!expect(stage.run(with({"run", plan, "-w", papers, "--approve", digest}, script), true,
                        "start    cause"),
              128 + SIGKILL)) {
    return 1;
  }
  say("6. It goes on where it was; what was done is not done again");
  if (!expect(stage.run(with({"resume", "last"}, script), true), 0)) return 1;
  say("7. Every event is recomputed from the recorded facts and compared");
  if (!expect(stage.run({"replay", "last"}, true), 0)) return 1;
  say("8. The whole ledger is checked with the public key alone");
  if (!expect(stage.run({"audit", "verify"}, true), 0)) return 1;
  say("9. One byte of a copy of the store is changed: it is found and named");
  std::error_code ignored;
  std::filesystem::copy(stage.path("store"), stage.path("copy"),
                        std::filesystem::copy_options::recursive, ignored);
  const std::string copy = stage.path("copy/naestro/store.db");
  if (const auto flipped = flip_a_byte(copy); !flipped) {
    const auto in_journal = flip_a_byte(copy + "-wal");
    if (!in_journal) return report(house, in_journal.error());
  }
  if (!expect(stage.run({"audit", "verify"}, true, {}, "copy"), 1)) return 1;
  say("10. The report that was written");
  const auto text = ledger::read_whole(papers + "/reports/refunds.md");
  for (const std::string& line : split(text.value_or(""), '\n')) {
    if (line.starts_with("## Sold")) break;
    print(house.out, "  " + line + "\n");
  }
  print(house.out,
        "Done in " + duration_text(house.clock.mono_us() - begin) +
            ". Next: naestro run \"YOUR GOAL\" in a folder of yours, or naestro --help\n");
  return good ? 0 : 1;
}

}  // namespace naestro::cli
