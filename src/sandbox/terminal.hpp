// What a program may say to a person's terminal. Used inside the room only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace naestro::sandbox {

// Text in pieces, as it comes. Passed on: letters, line feeds, tabs, carriage returns, colours
// (ESC [ ... m). Dropped: all else that a terminal obeys, such as titles, the clipboard, moves of
// the cursor, questions that it answers by typing, and signs that turn the order of letters.
class TerminalText {
 public:
  std::string pass(std::string_view piece);

 private:
  enum class State : std::uint8_t { text, escape, control, string, string_escape, other };
  void take(std::string& out, char c);
  void take_text(std::string& out, char c);
  State state_ = State::text;
  std::string held_;  // of a sequence or a letter that is not complete
};

}  // namespace naestro::sandbox
