#include "sandbox/terminal.hpp"

#include "base/text.hpp"

namespace naestro::sandbox {
namespace {

constexpr std::size_t kControlBytesMax = 64;

std::size_t length_of(unsigned char first) {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}

// A whole letter that printable() would not show as it is: C1 controls, bidirectional overrides,
// what is not UTF-8.
bool is_plain(const std::string& letter) { return printable(letter) == letter; }

}  // namespace

void TerminalText::take_text(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x80) {
    held_.clear();  // of a letter that was broken off
    if (byte == 0x1b) {
      state_ = State::escape;
    } else if (byte >= 0x20 ? byte != 0x7f : c == '\n' || c == '\t' || c == '\r') {
      out += c;
    }
    return;
  }
  if (byte >= 0xc0) held_.clear();
  held_ += c;
  if (held_.size() < length_of(static_cast<unsigned char>(held_[0]))) return;
  if (is_plain(held_)) out += held_;
  held_.clear();
}

void TerminalText::take(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  switch (state_) {
    case State::text: take_text(out, c); return;
    case State::escape:
      if (c == '[') {
        held_ = "\x1b[";
        state_ = State::control;
      } else if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_') {
        state_ = State::string;
      } else if (c != 0x1b) {
        state_ = byte >= 0x20 && byte < 0x30 ? State::other : State::text;
      }
      return;
    case State::control:
      held_ += c;
      if (byte >= 0x40 && byte < 0x7f) {
        if (c == 'm' && held_.find_first_not_of("0123456789;:", 2) == held_.size() - 1) {
          out += held_;
        }
        held_.clear();
        state_ = State::text;
      } else if (byte < 0x20 || byte >= 0x7f || held_.size() > kControlBytesMax) {
        held_.clear();
        state_ = byte == 0x1b ? State::escape : State::text;
      }
      return;
    case State::string:
      if (c == '\a' || c == '\n') state_ = State::text;
      if (c == 0x1b) state_ = State::string_escape;
      return;
    case State::string_escape: state_ = c == '\\' ? State::text : State::string; return;
    case State::other:
      if (byte < 0x20 || byte >= 0x30) state_ = State::text;
      return;
  }
}

std::string TerminalText::pass(std::string_view piece) {
  std::string out;
  for (const char c : piece) take(out, c);
  return out;
}

}  // namespace naestro::sandbox
