#include "sandbox/confine.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "sandbox/launch.hpp"
#include "sandbox/wall.hpp"

namespace naestro::sandbox {
namespace {

constexpr const char* kSearch[] = {"/usr/local/bin/", "/usr/bin/", "/bin/"};

struct Fd {
  int fd = -1;
  Fd() = default;
  explicit Fd(int number) : fd{number} {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close(); }
  void close() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

struct Pipe {
  Fd read;
  Fd write;
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read.fd = ends[0];
    write.fd = ends[1];
    return true;
  }
};

// An empty folder that is gone with this object.
struct Scratch {
  std::string path;
  Scratch() {
    char name[] = "/tmp/naestro-exec-XXXXXX";
    if (::mkdtemp(name) != nullptr) path = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    // An empty one goes without a descriptor, of which there may be none left.
    if (!path.empty() && ::rmdir(path.c_str()) != 0) std::filesystem::remove_all(path, ignored);
  }
};

std::unexpected<Error> system_failed(const std::string& what) {
  return fail(Code::kIo, what + ": " + std::strerror(errno));
}

std::unexpected<Error> cannot(const std::string& why, const std::string& remedy = {}) {
  return fail(Code::kCannotConfine, "the program was not run, it cannot be confined: " + why,
              (remedy.empty() ? "" : remedy + "; ") + "see the check sandbox of naestro doctor");
}

// The input as a file in memory: no pipe that may fill up or break.
bool write_input(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::lseek(fd, 0, SEEK_SET) == 0;
}

// Takes what is there; false at the end of the stream.
bool take(int fd, std::string& into, std::size_t most, bool& cut) {
  char buffer[65536];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  if (got < 0) return errno == EINTR;
  const std::size_t size = static_cast<std::size_t>(got);
  const std::size_t kept = std::min(size, most - into.size());
  into.append(buffer, kept);
  cut = cut || kept < size;
  return got > 0;
}

Result<Ended> judge(const Report& report, const std::string& program, Ended ended) {
  errno = report.value;
  switch (report.stage) {
    case Report::ended: break;
    case Report::identity:
      return cannot(std::string{"its user and open files: "} + std::strerror(errno));
    case Report::mounts: return cannot(std::string{"its mounts: "} + std::strerror(errno));
    case Report::limits: return cannot(std::string{"its limits: "} + std::strerror(errno));
    case Report::wall: return cannot(std::string{"its filters: "} + std::strerror(errno));
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

std::vector<Grant> grants_of(const Job& job, const std::string& scratch) {
  std::vector<Grant> out{{job.folder}, {scratch, true}};
  for (const std::string& path : job.writable) out.push_back({path, true});
  for (const char* path : {"/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache"}) {
    out.push_back({path, false, true});
  }
  for (const char* path : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
    out.push_back({path, true, true});
  }
  return out;
}

// Reads all streams to their ends; kills everything when `stop` comes.
Result<Ended> attend(pid_t keeper, Pipe (&pipes)[3], const Fd& wake, const Job& job,
                     const std::stop_token& stop) {
  const std::stop_callback on_stop{stop, [&wake] { ::eventfd_write(wake.fd, 1); }};
  Ended ended;
  std::string said;
  bool ignored = false;
  pollfd watched[4] = {{pipes[0].read.fd, POLLIN, 0},
                       {pipes[1].read.fd, POLLIN, 0},
                       {pipes[2].read.fd, POLLIN, 0},
                       {wake.fd, POLLIN, 0}};
  while (watched[0].fd >= 0 || watched[1].fd >= 0 || watched[2].fd >= 0) {
    if (::poll(watched, 4, -1) < 0) continue;  // EINTR
    if (watched[3].revents != 0) {
      ::kill(keeper, SIGKILL);  // not waited for yet, so the number is still its own
      watched[3].fd = -1;
    }
    const auto look = [&](int i, std::string& into, std::size_t most, bool& cut) {
      if (watched[i].revents != 0 && !take(watched[i].fd, into, most, cut)) watched[i].fd = -1;
    };
    look(0, ended.out, job.output_bytes_max, ended.out_cut);
    look(1, ended.err, job.output_bytes_max, ended.err_cut);
    look(2, said, sizeof(Report), ignored);
  }
  while (::waitpid(keeper, nullptr, 0) < 0 && errno == EINTR) continue;
  if (stop.stop_requested()) {
    return fail(Code::kInterrupted, "the program was stopped, with all its processes");
  }
  if (said.size() < sizeof(Report)) return fail(Code::kIo, "the program's keeper was killed");
  Report report;
  std::memcpy(&report, said.data(), sizeof report);
  return judge(report, job.argv.front(), std::move(ended));
}

}  // namespace

Result<Ended> run(const Kernel& kernel, const Job& job, const std::stop_token& stop) {
  check(!job.argv.empty(), "a job names a program");
  if (const std::string why = missing(kernel); !why.empty()) {
    return cannot(why, remedy(kernel));
  }
  const Scratch scratch;
  if (scratch.path.empty()) return system_failed("no temporary folder can be made in /tmp");
  NAESTRO_LET(const int ruleset,
              landlock_ruleset(kernel.landlock_abi, grants_of(job, scratch.path)));
  const Fd rules{ruleset};
  const Fd input{::memfd_create("input", MFD_CLOEXEC)};
  const Fd wake{::eventfd(0, EFD_CLOEXEC)};
  Pipe pipes[3];
  if (input.fd < 0 || wake.fd < 0 || !write_input(input.fd, job.input) || !pipes[0].open() ||
      !pipes[1].open() || !pipes[2].open()) {
    return system_failed("the streams of a program cannot be made");
  }
  Launch all{.argv = {},
             .environment = {},
             .programs = {},
             .writable = {scratch.path.c_str()},
             .cwd = job.cwd.c_str(),
             .uid_map = std::to_string(::geteuid()) + " " + std::to_string(::geteuid()) + " 1",
             .gid_map = std::to_string(::getegid()) + " " + std::to_string(::getegid()) + " 1",
             .filter = system_call_filter(),
             .in = input.fd,
             .out = pipes[0].write.fd,
             .err = pipes[1].write.fd,
             .report = pipes[2].write.fd,
             .ruleset = ruleset,
             .root = ::getuid() == 0};
  std::vector<std::string> words = job.argv;
  std::vector<std::string> environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8",
                                          "HOME=" + scratch.path, "TMPDIR=" + scratch.path};
  for (std::string& word : words) all.argv.push_back(word.data());
  all.argv.push_back(nullptr);
  for (std::string& word : environment) all.environment.push_back(word.data());
  all.environment.push_back(nullptr);
  std::vector<std::string> programs;
  if (job.argv.front().contains('/')) {
    programs.push_back(job.argv.front());
  } else {
    for (const char* folder : kSearch) programs.push_back(folder + job.argv.front());
  }
  for (const std::string& program : programs) all.programs.push_back(program.c_str());
  for (const std::string& path : job.writable) all.writable.push_back(path.c_str());
  const pid_t keeper = launch(all);
  if (keeper < 0) {
    errno = -keeper;
    return cannot(std::string{"its namespaces: "} + std::strerror(errno));
  }
  for (Pipe& pipe : pipes) pipe.write.close();
  return attend(keeper, pipes, wake, job, stop);
}

}  // namespace naestro::sandbox
