#include "app/confined.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "app/barred.hpp"
#include "cli/session.hpp"
#include "net/hosts.hpp"
#include "sandbox/confine.hpp"

namespace naestro::app {
namespace {

namespace fs = std::filesystem;

// Of a home folder; whoever has one of them is somebody else's guest.
constexpr const char* kSecrets[] = {".ssh",
                                    ".gnupg",
                                    ".aws",
                                    ".azure",
                                    ".kube",
                                    ".docker",
                                    ".config/gcloud",
                                    ".netrc",
                                    ".git-credentials",
                                    ".pypirc",
                                    ".npmrc",
                                    ".config/gh",
                                    ".mozilla",
                                    ".config/chromium",
                                    ".config/google-chrome",
                                    ".password-store",
                                    ".local/share/keyrings",
                                    ".vault-token",
                                    ".bash_history",
                                    ".zsh_history"};

// What a session or a login takes from a home folder, beside the names that are protected anywhere.
constexpr const char* kObeyed[] = {".config",   ".local",      "bin",      ".xprofile",
                                   ".xsession", ".xsessionrc", ".xinitrc", ".pam_environment",
                                   ".login",    ".cshrc",      ".tcshrc"};

// A folder with all that is in it; to give one of these away is to give the machine.
constexpr const char* kSystem[] = {
    "/",      "/bin", "/boot",    "/dev",     "/etc",      "/home",      "/lib", "/lib64",
    "/media", "/mnt", "/opt",     "/proc",    "/run",      "/sbin",      "/srv", "/sys",
    "/tmp",   "/usr", "/usr/bin", "/usr/lib", "/usr/sbin", "/usr/share", "/var"};

std::unexpected<Error> wrong(const std::string& what, const std::string& remedy) {
  return fail(Code::kUsage, what, remedy);
}

Result<std::string> folder_of(const cli::House& house, const cli::SandboxOrder& order) {
  std::error_code failed;
  const fs::path asked = order.folder.empty() ? house.cwd : order.folder;
  const fs::path path = fs::canonical(fs::absolute(asked), failed);
  if (failed || !fs::is_directory(path, failed)) {
    return wrong("the folder '" + asked.string() + "' is not there", "name a folder with -w");
  }
  if (std::ranges::find(kSystem, path.string()) != std::end(kSystem)) {
    return wrong("'" + path.string() + "' is a folder of the system, and nobody's workspace",
                 "go to a folder of your own, or name one with -w");
  }
  NAESTRO_TRY(cli::not_our_own(house, path.string()));
  return path.string();
}

// Empty folders that go with this object, if they are still empty.
struct Made {
  std::vector<fs::path> folders = {};
  Made() = default;
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  void make(const fs::path& path) {
    std::error_code failed;
    if (fs::exists(path, failed)) return;
    make(path.parent_path());
    if (fs::create_directory(path, failed)) folders.push_back(path);
  }
  ~Made() {
    std::error_code ignored;
    for (auto each = folders.rbegin(); each != folders.rend(); ++each) fs::remove(*each, ignored);
  }
};

// A host without a port is reached at the two that are everybody's.
Result<net::HostList> hosts_of(const cli::SandboxOrder& order) {
  std::string text;
  for (const std::string& host : order.hosts) {
    if (host.contains(' '))
      return wrong("'" + host + "' is not one host", "give one HOST or HOST:PORT");
    text += host.contains("://") ? host + " " : "https://" + host + " http://" + host + " ";
  }
  return net::HostList::parse(text);
}

}  // namespace

Result<cli::Confined> confine(const cli::House& house, const cli::SandboxOrder& order,
                              const std::string& home, const policy::Policy& policy,
                              const std::function<void(const std::string&)>& say,
                              const std::stop_token& stop) {
  sandbox::Job job;
  NAESTRO_LET(job.folder, folder_of(house, order));
  job.cwd = job.folder;
  job.argv = order.argv;
  if (order.profile != "read-only") job.writable = {job.folder};
  if (order.profile == "weak") job.profile = sandbox::Profile::weak;
  std::error_code ignored;
  Made made;
  for (const std::string& each : {house.folders.state, house.folders.data, house.config}) {
    // What is not there could be made, and be ours from then on.
    const fs::path path = fs::weakly_canonical(each, ignored);
    if (path.string().starts_with(job.folder + "/")) made.make(path);
    job.hidden.push_back(path.string());
  }
  const fs::path own = fs::canonical(home, ignored);
  if (own == job.folder) job.kept.assign(std::begin(kObeyed), std::end(kObeyed));
  for (const char* name : kSecrets) job.hidden.push_back((own / name).string());
  if (!order.hosts.empty() && order.profile != "net") {
    return wrong("--allow-host is of the profile net", "add --profile net");
  }
  if (order.profile == "net") {
    NAESTRO_LET(job.hosts, hosts_of(order));
    if (order.verbose) job.log = say;
  }
  if (const auto bars = bars_of_programs(policy, house.user)) {
    const auto below = [&](contract::EffectKind kind) {
      return sandbox::barred_below(
          job.folder, [bars, kind](std::string_view path) { return bars->bars(kind, path); },
          [bars, kind](std::string_view path) { return bars->by(kind, path); });
    };
    job.hides = below(contract::EffectKind::read);
    job.fixes = below(contract::EffectKind::write);
  }
  job.in = STDIN_FILENO;
  job.out = STDOUT_FILENO;
  job.err = STDERR_FILENO;
  job.time_ms_max = 1000 * order.time_s_max;
  const sandbox::Kernel kernel = sandbox::glance();
  if (const std::string weakness = sandbox::weakness(kernel, job.profile); !weakness.empty()) {
    say("profile weak: " + weakness);
  }
  NAESTRO_LET(const sandbox::Ended ended, sandbox::run(kernel, job, stop));
  if (ended.hidden > 0) {
    say("the policy hides " + std::to_string(ended.hidden) + " of the folder's files and folders");
  }
  std::vector<std::string> notes = ended.notes;
  notes.insert(notes.end(), ended.refused.begin(), ended.refused.end());
  return cli::Confined{ended.signal != 0 ? 128 + ended.signal : ended.exit_code, std::move(notes)};
}

}  // namespace naestro::app
