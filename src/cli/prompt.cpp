#include "cli/prompt.hpp"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/grants.hpp"
#include "cli/session.hpp"

namespace naestro::cli {

void Prompt::ask(const Digest& digest, std::string text, std::vector<policy::Grant> lasting,
                 bool wants_reason) {
  waiting_.push_back({digest, std::move(text), std::move(lasting), wants_reason});
  if (waiting_.size() == 1) next();
}

void Prompt::answered(const Digest& digest) {
  const bool current = !waiting_.empty() && waiting_.front().digest == digest;
  std::erase_if(waiting_, [&](const Waiting& question) { return question.digest == digest; });
  if (current && !waiting_.empty()) next();
}

// What was typed before the question was shown is no answer to it. The prompt comes last: who
// waits for it before typing is heard.
void Prompt::next() {
  print(house_.err, waiting_.front().text);
  ::tcflush(::fileno(house_.in), TCIFLUSH);
  reader_ = std::jthread{
      [this, question = waiting_.front()](const std::stop_token& stop) { read(question, stop); }};
}

void Prompt::read(const Waiting& question, const std::stop_token& stop) {
  if (!question.lasting.empty()) {
    print(house_.err, "A yes can last: say 'run' (for this run) or 'always'.\n");
  }
  for (;;) {
    print(house_.err, "Approve? [y/n] ");
    const auto line = read_line(stop);
    if (stop.stop_requested()) return;
    if (!line) {
      print(house_.err,
            "\nThe input has ended, so nobody can say yes any more: that is a no. (Ctrl-C would "
            "have stopped the run and left the question open.)\n");
      return take_(question.digest, {false, "terminal", house_.user});
    }
    auto answer = understood(question, std::string{trimmed(*line)}, stop);
    if (stop.stop_requested()) return;
    if (answer) return take_(question.digest, *std::move(answer));
  }
}

// A refusal is final, so it is not read from a slip of the hand. Nothing: it is asked again.
std::optional<run::Answer> Prompt::understood(const Waiting& question, const std::string& said,
                                              const std::stop_token& stop) {
  std::vector<std::string> words = split(said, ' ');
  std::erase(words, "");
  const std::string first = words.empty() ? "" : ascii_lower(words.front());
  const bool alone = words.size() == 1;
  if (alone && (first == "y" || first == "yes")) {
    return yes(question, {true, "terminal", house_.user}, stop);
  }
  if (alone && (first == "n" || first == "no")) {
    return run::Answer{false, "terminal", house_.user};
  }
  const bool lasts = !question.lasting.empty() && (first == "run" || first == "always");
  if (!lasts) {
    print(house_.err, "Please say y or n. ");
    return std::nullopt;
  }
  Lasting lasting{first, {words.begin() + 1, words.end()}, ""};
  auto grants = shaped(house_, question.lasting, lasting);
  if (!grants) {
    print(house_.err, grants.error().text() + "\n");
    return std::nullopt;
  }
  print(house_.err, grants_text(*grants) + "Grant this? [y/n] ");
  const std::string sure = ascii_lower(trimmed(read_line(stop).value_or("")));
  if (sure != "y" && sure != "yes") return std::nullopt;
  return yes(question, {true, "terminal", house_.user, {}, first, *std::move(grants)}, stop);
}

// Nothing: no reason was given, and one is wanted.
std::optional<run::Answer> Prompt::yes(const Waiting& question, run::Answer answer,
                                       const std::stop_token& stop) {
  if (!question.wants_reason) return answer;
  print(house_.err, "The policy wants to know why. Reason: ");
  answer.reason = trimmed(read_line(stop).value_or(""));
  if (!answer.reason.empty()) return answer;
  print(house_.err, "Without a reason it is no yes. ");
  return std::nullopt;
}

std::optional<std::string> Prompt::read_line(const std::stop_token& stop) {
  std::string line;
  const int fd = ::fileno(house_.in);
  while (!stop.stop_requested()) {
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, 100) <= 0) continue;
    char c = 0;
    if (::read(fd, &c, 1) != 1) return std::nullopt;
    if (c == '\n') break;
    line += c;
  }
  return line;
}

}  // namespace naestro::cli
