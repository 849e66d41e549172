#include "cli/prompt.hpp"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/session.hpp"

namespace naestro::cli {

void Prompt::ask(const Digest& digest, std::string text) {
  waiting_.emplace_back(digest, std::move(text));
  if (waiting_.size() == 1) next();
}

void Prompt::answered(const Digest& digest) {
  const bool current = !waiting_.empty() && waiting_.front().first == digest;
  std::erase_if(waiting_, [&](const auto& question) { return question.first == digest; });
  if (current && !waiting_.empty()) next();
}

// What was typed before the question was shown is no answer to it. The prompt comes last: who
// waits for it before typing is heard.
void Prompt::next() {
  const auto& [current, text] = waiting_.front();
  print(house_.err, text);
  ::tcflush(::fileno(house_.in), TCIFLUSH);
  print(house_.err, "Approve? [y/N] ");
  reader_ = std::jthread{[this, digest = current](const std::stop_token& stop) {
    const std::string line = read_line(stop);
    if (stop.stop_requested()) return;
    const std::string said = ascii_lower(trimmed(line));
    const bool yes = said == "y" || said == "yes";
    executor_.answer(digest, {yes, "terminal", house_.user});
  }};
}

std::string Prompt::read_line(const std::stop_token& stop) {
  std::string line;
  const int fd = ::fileno(house_.in);
  while (!stop.stop_requested()) {
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, 100) <= 0) continue;
    char c = 0;
    if (::read(fd, &c, 1) != 1 || c == '\n') break;  // the end of input is no yes
    line += c;
  }
  return line;
}

}  // namespace naestro::cli
