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
    for (;;) {
      const std::string said = ascii_lower(trimmed(read_line(stop)));
      if (stop.stop_requested()) return;
      const bool yes = said == "y" || said == "yes";
      // A refusal is final, so it is not read from a slip of the hand.
      if (!yes && !said.empty() && said != "n" && said != "no") {
        print(house_.err, "Please say y or n. Approve? [y/N] ");
        continue;
      }
      executor_.answer(digest, {yes, "terminal", house_.user});
      return;
    }
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
