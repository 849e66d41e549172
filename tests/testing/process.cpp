#include "testing/process.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace naestro::testing {

std::string in_process(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  for (int& end : ends) {  // out of the way of tests that count or limit descriptors
    const int low = end;
    end = ::fcntl(low, F_DUPFD_CLOEXEC, 500);
    ::close(low);
  }
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string said = work();
    static_cast<void>(!::write(ends[1], said.data(), said.size()));
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    said.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0 ? said : said + "(died: " + std::to_string(status) + ")";
}

void refuse(const std::vector<Refusal>& refusals) {
  std::vector<sock_filter> program;
  const auto load = [&program](std::size_t offset) {
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
  };
  for (const Refusal& each : refusals) {
    const bool any = each.argument < 0;
    load(offsetof(seccomp_data, nr));
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(each.call), 0,
                               static_cast<std::uint8_t>(any ? 1 : 3)));
    if (!any) {
      load(offsetof(seccomp_data, args) + 8 * static_cast<std::size_t>(each.argument));
      program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, each.value, 0, 1));
    }
    program.push_back(
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(each.error)));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
    std::abort();
  }
}

bool any_process_says(const std::string& mark) {
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    std::ifstream file{entry.path() / "cmdline"};  // none, or gone meanwhile: empty
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (text.contains(mark)) return true;
  }
  return false;
}

}  // namespace naestro::testing
