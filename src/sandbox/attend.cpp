#include "sandbox/attend.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <iterator>
#include <optional>

#include "sandbox/egress.hpp"
#include "sandbox/terminal.hpp"
#include "sandbox/watch.hpp"

namespace naestro::sandbox {
namespace {

constexpr int kLookEveryMs = 50;
constexpr std::size_t kPiece = 65'536;

std::int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// Writing where nobody reads is an error here, and no end of this process.
class NoBrokenPipe {
 public:
  NoBrokenPipe() {
    sigset_t broken;
    ::sigemptyset(&broken);
    ::sigaddset(&broken, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken, &before_);
  }
  NoBrokenPipe(const NoBrokenPipe&) = delete;
  NoBrokenPipe& operator=(const NoBrokenPipe&) = delete;
  ~NoBrokenPipe() {
    if (::sigismember(&before_, SIGPIPE) == 1) return;
    sigset_t broken;
    ::sigemptyset(&broken);
    ::sigaddset(&broken, SIGPIPE);
    const timespec none{};
    while (::sigtimedwait(&broken, nullptr, &none) > 0) continue;
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t before_{};
};

bool write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EAGAIN) {
      pollfd ready{fd, POLLOUT, 0};
      ::poll(&ready, 1, -1);
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// What the program prints: kept, or passed on.
class Output {
 public:
  Output(Fd& from, int to, std::string& into, bool& cut, std::size_t most)
      : from_{from}, to_{to}, into_{into}, cut_{cut}, most_{most} {
    terminal_ = to >= 0 && ::isatty(to) == 1;
  }
  [[nodiscard]] int fd() const { return from_.fd; }
  void take() {
    char buffer[kPiece];
    const ssize_t got = ::read(from_.fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) return from_.close();
    const std::string_view piece{buffer, static_cast<std::size_t>(got)};
    if (to_ >= 0) {
      const bool ok = write_whole(to_, terminal_ ? text_.pass(piece) : std::string{piece});
      if (!ok) from_.close();  // the program then meets a broken pipe as well
      return;
    }
    const std::size_t kept = std::min(piece.size(), most_ - into_.size());
    into_.append(piece.substr(0, kept));
    cut_ = cut_ || kept < piece.size();
  }

 private:
  Fd& from_;
  int to_;
  std::string& into_;
  bool& cut_;
  std::size_t most_;
  bool terminal_ = false;
  TerminalText text_;
};

// What the program reads.
class Input {
 public:
  Input(Fd& to, int from, std::string_view text) : to_{to}, from_{from}, text_{text} {
    ::fcntl(to_.fd, F_SETFL, O_NONBLOCK);
    if (from_ < 0 && text_.empty()) to_.close();
  }
  // What to wait for: room in the pipe, or something to put there.
  [[nodiscard]] pollfd wanted() const {
    if (to_.fd < 0) return {-1, 0, 0};
    if (!text_.empty()) return {to_.fd, POLLOUT, 0};
    return {from_, POLLIN, 0};
  }
  // Whether the program still reads, while there is nothing to give.
  [[nodiscard]] pollfd reader() const { return {text_.empty() ? to_.fd : -1, 0, 0}; }
  void lost_reader() { to_.close(); }
  void serve() {
    if (text_.empty()) {
      const ssize_t got = ::read(from_, buffer_, sizeof buffer_);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
      if (got <= 0) return to_.close();
      text_ = {buffer_, static_cast<std::size_t>(got)};
    }
    const ssize_t written = ::write(to_.fd, text_.data(), text_.size());
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (written < 0) return to_.close();
    text_.remove_prefix(static_cast<std::size_t>(written));
    if (text_.empty() && from_ < 0) to_.close();
  }

 private:
  Fd& to_;
  int from_;
  std::string_view text_;
  char buffer_[kPiece];
};

void take_report(Fd& from, std::string& said) {
  char buffer[2 * sizeof(Report)];
  const ssize_t got = ::read(from.fd, buffer, sizeof buffer);
  if (got < 0 && errno == EINTR) return;
  if (got <= 0) return from.close();
  said.append(buffer, static_cast<std::size_t>(got));
}

// The sockets of the program's own network; none when the keeper ended before.
std::vector<int> take_sockets(int from) {
  char byte = 0;
  iovec text{&byte, 1};
  alignas(cmsghdr) char space[CMSG_SPACE((1 + kDoorsMax) * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  ssize_t got = 0;
  do {
    got = ::recvmsg(from, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  const cmsghdr* const head = got == 1 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (head == nullptr || head->cmsg_type != SCM_RIGHTS) return {};
  std::vector<int> out((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  std::memcpy(out.data(), CMSG_DATA(head), out.size() * sizeof(int));
  return out;
}

// Of the whole wall the kernel ends all when the keeper ends; without namespaces the keeper does.
void end_all(pid_t keeper, Pipes& pipes, Profile profile) {
  pipes.control.write.close();
  if (profile == Profile::whole) ::kill(keeper, SIGKILL);  // not waited for, so the number is its
}

}  // namespace

bool Pipe::open() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  read.fd = ends[0];
  write.fd = ends[1];
  return true;
}

bool Pipes::open(bool network) {
  wake.fd = ::eventfd(0, EFD_CLOEXEC);
  int pair[2];
  if (network) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return false;
    egress_here.fd = pair[0];
    egress_there.fd = pair[1];
  }
  return wake.fd >= 0 && in.open() && out.open() && err.open() && report.open() && control.open();
}

Result<Attended> attend(pid_t keeper, Pipes& pipes, const Job& job, const std::stop_token& stop) {
  const NoBrokenPipe quiet;
  const std::stop_callback on_stop{stop, [&pipes] { ::eventfd_write(pipes.wake.fd, 1); }};
  const Watch watch{keeper, job.writable};
  const std::int64_t begin = now_ms();
  std::int64_t looked = begin;
  Attended out;
  Ended& ended = out.ended;
  std::string said;
  Output streams[2] = {{pipes.out.read, job.out, ended.out, ended.out_cut, job.output_bytes_max},
                       {pipes.err.read, job.err, ended.err, ended.err_cut, job.output_bytes_max}};
  Input input{pipes.in.write, job.in, job.input};
  bool ending = !write_whole(pipes.control.write.fd, "g");
  std::optional<Egress> egress;
  if (pipes.egress_here.fd >= 0) {
    std::vector<int> sockets = take_sockets(pipes.egress_here.fd);
    if (!sockets.empty()) egress.emplace(std::move(sockets), *job.hosts, job.log);
  }
  const auto end = [&](const std::string& why) {
    if (!why.empty()) ended.notes.push_back("stopped: " + why);
    end_all(keeper, pipes, job.profile);
    ending = true;
  };
  while (streams[0].fd() >= 0 || streams[1].fd() >= 0 || pipes.report.read.fd >= 0) {
    pollfd watched[6] = {{streams[0].fd(), POLLIN, 0},
                         {streams[1].fd(), POLLIN, 0},
                         {pipes.report.read.fd, POLLIN, 0},
                         {ending ? -1 : pipes.wake.fd, POLLIN, 0},
                         input.wanted(),
                         input.reader()};
    if (::poll(watched, 6, kLookEveryMs) < 0) continue;  // EINTR
    if (watched[3].revents != 0) end("");
    for (int i = 0; i < 2; ++i) {
      if (watched[i].revents != 0) streams[i].take();
    }
    if (watched[2].revents != 0) take_report(pipes.report.read, said);
    if (watched[5].revents != 0) {
      input.lost_reader();
    } else if (watched[4].revents != 0) {
      input.serve();
    }
    const std::int64_t now = now_ms();
    if (ending || now < looked + kLookEveryMs) continue;
    looked = now;
    const bool late = job.time_ms_max > 0 && now >= begin + job.time_ms_max;
    const std::string why = late ? "its time is over" : watch.over();
    if (!why.empty()) end(why);
  }
  while (::waitpid(keeper, nullptr, 0) < 0 && errno == EINTR) continue;
  if (egress) egress->report(ended);
  if (stop.stop_requested()) {
    return fail(Code::kInterrupted, "the program was stopped, with all its processes");
  }
  if (said.size() >= sizeof(Report)) {
    std::memcpy(&out.report, said.data(), sizeof out.report);
  } else if (ending && !ended.notes.empty()) {
    out.report = {Report::ended, SIGKILL};
  } else {
    return fail(Code::kIo, "the program's keeper was killed");
  }
  return out;
}

}  // namespace naestro::sandbox
