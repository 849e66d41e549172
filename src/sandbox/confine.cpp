#include "sandbox/confine.hpp"

#include <netinet/in.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>

#include "sandbox/attend.hpp"
#include "sandbox/egress.hpp"
#include "sandbox/protect.hpp"
#include "sandbox/watch.hpp"

namespace naestro::sandbox {
namespace {

constexpr const char* kSearch[] = {"/usr/local/bin/", "/usr/bin/", "/bin/"};
constexpr const char* kDevices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                    "/dev/urandom"};
constexpr const char* kSystem[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
constexpr const char* kSettings[] = {"/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime",
                                     "/etc/ssl/certs", "/etc/ssl/openssl.cnf"};

constexpr const char* kNamesFrom = "/etc/resolv.conf";

std::unexpected<Error> system_failed(const std::string& what) {
  return fail(Code::kIo, what + ": " + std::strerror(errno));
}

std::unexpected<Error> cannot(const std::string& why, const std::string& remedy = {}) {
  return fail(Code::kCannotConfine, "the program was not run, it cannot be confined: " + why,
              (remedy.empty() ? "" : remedy + "; ") + "see the check sandbox of naestro doctor");
}

// Without mounts of its own: an empty folder that is gone with this object.
struct Scratch {
  std::string path;
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  bool make() {
    char name[] = "/tmp/naestro-exec-XXXXXX";
    if (::mkdtemp(name) == nullptr) return false;
    path = name;
    return true;
  }
  ~Scratch() {
    std::error_code ignored;
    // An empty one goes without a descriptor, of which there may be none left.
    if (!path.empty() && ::rmdir(path.c_str()) != 0) std::filesystem::remove_all(path, ignored);
  }
};

Result<Ended> judge(const Report& report, const std::string& program, Ended ended) {
  errno = report.value;
  switch (report.stage) {
    case Report::ended: break;
    case Report::identity:
      return cannot(std::string{"its user and open files: "} + std::strerror(errno));
    case Report::mounts: return cannot(std::string{"its mounts: "} + std::strerror(errno));
    case Report::limits: return cannot(std::string{"its limits: "} + std::strerror(errno));
    case Report::wall: return cannot(std::string{"its filters: "} + std::strerror(errno));
    case Report::network: return cannot(std::string{"its network: "} + std::strerror(errno));
    case Report::folder: return system_failed("the working folder cannot be entered");
    case Report::program:
      return fail(Code::kNotFound,
                  "the program '" + program + "' cannot be run: " + std::strerror(errno),
                  "name a program of /usr/local/bin, /usr/bin or /bin, or its path from cwd");
  }
  if (WIFSIGNALED(report.value)) {
    ended.signal = WTERMSIG(report.value);
  } else {
    ended.exit_code = WEXITSTATUS(report.value);
  }
  return ended;
}

bool is_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder == "/" ? folder : folder + "/");
}

// What of these is there to be hidden in the folder, and not hidden with a folder above it.
std::vector<std::string> to_hide(std::vector<std::string> paths, const std::string& folder) {
  std::erase_if(paths, [&](const std::string& path) {
    return path == folder || !is_below(path, folder) || !identify(path);
  });
  const std::set<std::string> all(paths.begin(), paths.end());
  std::vector<std::string> out;
  for (const std::string& path : all) {
    bool above = false;
    for (std::size_t end = path.rfind('/'); end > folder.size() && !above;
         end = path.rfind('/', end - 1)) {
      above = all.contains(path.substr(0, end));
    }
    if (!above) out.push_back(path);
  }
  return out;
}

using Protections = std::vector<Protection>;

Result<Protections> protections(const Job& job) {
  Protections out;
  for (const std::string& path : job.writable) {
    const bool top = path == job.folder;
    NAESTRO_LET(Protection each,
                Protection::of(path, job.profile == Profile::whole,
                               top ? job.kept : std::vector<std::string>{}, job.fixes));
    out.push_back(std::move(each));
  }
  return out;
}

// A folder with something in it that stays for its path must not get another name: with it the
// mounts below would move, and what they cover would be found under its new path. The kernel moves
// no mount point, so each such folder is one. Parents come first.
Result<std::set<std::string>> fixed_above(const Job& job, const Protections& protections) {
  std::set<std::string> out;
  const auto add = [&](const std::string& path) {
    for (const std::string& top : job.writable) {
      if (path == top || !is_below(path, top)) continue;
      for (std::size_t end = path.rfind('/'); end > top.size(); end = path.rfind('/', end - 1)) {
        if (!out.insert(path.substr(0, end)).second) break;
      }
    }
  };
  for (const Protection& each : protections) {
    for (const Kept& kept : each.kept()) {
      if (kept.placed) add(kept.path);
    }
  }
  std::ranges::for_each(job.hidden, add);
  if (out.size() > kKeptMax) {
    return cannot("more folders of " + job.folder +
                  " than can be held hold what the policy bars: " + std::to_string(out.size()));
  }
  return out;
}

Result<std::vector<Entry>> root_of(const Job& job, const Protections& protections) {
  NAESTRO_LET(std::vector<Entry> out, root_for(job.folder, job.writable));
  if (job.hosts) {
    out.push_back(
        {.kind = Entry::Kind::file, .target = &kNamesFrom[1], .source = "nameserver 127.0.0.1\n"});
  }
  NAESTRO_LET(const std::set<std::string> fixed, fixed_above(job, protections));
  for (const std::string& path : fixed) {
    out.push_back({.kind = Entry::Kind::keep, .target = path.substr(1)});
  }
  for (const Protection& each : protections) {
    for (const Kept& kept : each.kept()) {
      if (kept.link) continue;  // nothing can be mounted on one; it is looked at afterwards
      out.push_back({.kind = Entry::Kind::keep,
                     .target = kept.path.substr(1),
                     .attributes = kReadOnly | kNoSetId | kNoDevices,
                     .identity = kept.identity});
    }
  }
  for (const std::string& path : job.hidden) {
    out.push_back({.kind = Entry::Kind::hide, .target = path.substr(1)});
  }
  return out;
}

// In the root of its own, or, without one, in the machine's.
Result<std::vector<Grant>> grants_of(const Job& job, const Protections& protections,
                                     const std::string& scratch) {
  std::vector<Grant> out;
  for (const char* path : kSystem) out.push_back({path, Access::run, true});
  for (const char* path : kSettings) out.push_back({path, Access::read, true});
  for (const char* path : kDevices) out.push_back({path, Access::device, true});
  if (job.profile == Profile::whole) {
    if (job.hosts) out.push_back({kNamesFrom, Access::read});
    out.push_back({"/proc", Access::read});
    out.push_back({"/dev/shm", Access::fill});
    // A folder below /tmp would else have its rights as well.
    out.push_back({is_below(job.folder, "/tmp") ? kScratch : "/tmp", Access::fill});
    out.push_back({job.folder, Access::run});
    for (const std::string& path : job.writable) out.push_back({path, Access::change});
    return out;
  }
  out.push_back({scratch, Access::fill});
  // What is hidden is not given, nor, then, the lists of the folders above it.
  std::vector<Kept> hidden;
  for (const std::string& path : job.hidden) {
    hidden.push_back({.path = path, .identity = {}});
  }
  NAESTRO_LET(const std::vector<std::string> seen, beside(job.folder, hidden));
  for (const std::string& path : seen) out.push_back({path, Access::run});
  for (std::size_t i = 0; i < job.writable.size(); ++i) {
    std::vector<Kept> kept = protections[i].kept();
    kept.insert(kept.end(), hidden.begin(), hidden.end());
    NAESTRO_LET(const std::vector<std::string> free, beside(job.writable[i], kept));
    for (const std::string& path : free) out.push_back({path, Access::change});
  }
  return out;
}

std::vector<std::string> programs_of(const Job& job) {
  const std::string& name = job.argv.front();
  if (name.contains('/')) return {name};
  std::vector<std::string> out;
  for (const char* folder : kSearch) out.push_back(folder + name);
  return out;
}

// What stands outside as the user stands inside; root's files are made by somebody who is not root.
std::string mapping(unsigned outside) {
  const unsigned inside = outside == 0 ? 1000 : outside;
  return std::to_string(inside) + " " + std::to_string(outside) + " 1";
}

// The proxy, and each name at each of its ports; none without a network.
Result<std::vector<Door>> doors_of(const Job& job) {
  if (!job.hosts) return std::vector<Door>{};
  const StandIns names = stand_ins(*job.hosts);
  std::vector<Door> out{{INADDR_LOOPBACK, kProxyPort}};
  std::set<std::pair<std::uint32_t, std::uint16_t>> known;
  for (const net::Url& url : job.hosts->urls()) {
    const auto name = names.find(url.host);
    const bool fresh = name != names.end() && known.emplace(name->second, url.port).second;
    if (fresh) out.push_back({name->second, url.port});
  }
  if (out.size() <= kDoorsMax) return out;
  return fail(Code::kToolFailed,
              std::to_string(known.size()) + " hosts and ports are named, more than " +
                  std::to_string(kDoorsMax - 1),
              "name those that the program needs");
}

// With everything ready: runs it and sees it end.
Result<Attended> run_in(const Kernel& kernel, const Job& job, const Protections& protections,
                        const std::stop_token& stop) {
  const bool whole = job.profile == Profile::whole;
  Scratch scratch;
  if (!whole && !scratch.make()) return system_failed("no temporary folder can be made in /tmp");
  const std::string home = whole ? kScratch : scratch.path;
  NAESTRO_LET(const int ruleset, landlock_ruleset(kernel.landlock_abi));
  const Fd rules{ruleset};
  Pipes pipes;
  if (!pipes.open(job.hosts.has_value()))
    return system_failed("the streams of a program cannot be made");
  NAESTRO_LET(std::vector<Door> doors, doors_of(job));
  const Wall wall{whole, kernel.landlock_abi, std::move(doors)};
  Launch all{.wall = wall,
             .argv = {},
             .environment = {},
             .programs = {},
             .root = {},
             .grants = {},
             .cwd = job.cwd.c_str(),
             .uid_map = mapping(::geteuid()),
             .gid_map = mapping(::getegid()),
             .filter = system_call_filter(wall),
             .in = pipes.in.read.fd,
             .out = pipes.out.write.fd,
             .err = pipes.err.write.fd,
             .report = pipes.report.write.fd,
             .ruleset = ruleset,
             .control = pipes.control.read.fd,
             .egress = pipes.egress_there.fd,
             .root_user = ::getuid() == 0};
  if (whole) {
    NAESTRO_LET(all.root, root_of(job, protections));
  }
  NAESTRO_LET(all.grants, grants_of(job, protections, home));
  std::vector<std::string> words = job.argv;
  std::vector<std::string> environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8",
                                          "HOME=" + home, "TMPDIR=" + home};
  if (job.hosts) {
    const std::string proxy = "http://127.0.0.1:" + std::to_string(kProxyPort);
    for (const char* name : {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"}) {
      environment.push_back(std::string{name} + "=" + proxy);
    }
  }
  for (std::string& word : words) all.argv.push_back(word.data());
  all.argv.push_back(nullptr);
  for (std::string& word : environment) all.environment.push_back(word.data());
  all.environment.push_back(nullptr);
  const std::vector<std::string> programs = programs_of(job);
  for (const std::string& program : programs) all.programs.push_back(program.c_str());
  Group group{"naestro-" + std::to_string(::getpid()) + "-" + std::to_string(ruleset)};
  const pid_t keeper = launch(all);
  if (keeper < 0) {
    errno = -keeper;
    return cannot(std::string{"its namespaces: "} + std::strerror(errno),
                  remedy({1, true, false, true}));
  }
  pipes.in.read.close();
  pipes.control.read.close();
  pipes.egress_there.close();
  for (Pipe* pipe : {&pipes.out, &pipes.err, &pipes.report}) pipe->write.close();
  if (auto taken = group.take(keeper); !taken) {
    pipes.control.write.close();  // it has not begun, and ends
    while (::waitpid(keeper, nullptr, 0) < 0 && errno == EINTR) continue;
    return std::unexpected(std::move(taken).error());
  }
  return attend(keeper, pipes, job, stop);
}

}  // namespace

Barred barred_below(const std::string& folder, std::function<bool(std::string_view path)> asks,
                    std::function<std::string(std::string_view path)> by) {
  if (!asks) return {};
  static constexpr const char* kAny = "/naestro-any";
  const auto place = [top = folder.size() + 1](const std::string& path) {
    return path.substr(std::min(path.size(), top));
  };
  Barred out;
  out.asks = [place, asks = std::move(asks)](const std::string& path, bool is_folder) {
    const std::string at = place(path);
    return is_folder ? asks(at + kAny) && asks(at + kAny + kAny) : asks(at);
  };
  if (!by) return out;
  out.by = [place, by = std::move(by)](const std::string& path, bool is_folder) {
    return by(place(path) + (is_folder ? kAny : ""));
  };
  return out;
}

Result<Ended> run(const Kernel& kernel, const Job& given, const std::stop_token& stop) {
  check(!given.argv.empty(), "a job names a program");
  check(!given.hosts || given.profile == Profile::whole, "a network needs a namespace");
  Job job = given;
  std::vector<std::string> barred;
  if (job.hides) {
    NAESTRO_LET(barred, barred_in(job.folder, job.hides));
    job.hidden.insert(job.hidden.end(), barred.begin(), barred.end());
  }
  job.hidden = to_hide(std::move(job.hidden), job.folder);
  if (const std::string why = missing(kernel, job.profile); !why.empty()) {
    return cannot(why, remedy(kernel, job.profile));
  }
  NAESTRO_LET(Protections guarded, protections(job));
  auto attended = run_in(kernel, job, guarded, stop);
  std::vector<std::string> notes;
  for (Protection& each : guarded) std::ranges::move(each.sweep(), std::back_inserter(notes));
  if (!attended) return std::unexpected(std::move(attended).error());
  Ended& ended = attended->ended;
  ended.hidden = barred.size();
  ended.notes.insert(ended.notes.end(), notes.begin(), notes.end());
  return judge(attended->report, job.argv.front(), std::move(ended));
}

}  // namespace naestro::sandbox
