#include "tools/markdown.hpp"

#include <algorithm>

namespace naestro::tools::markdown {
namespace {

// ASCII only: other characters may be blanks or punctuation of Unicode, beside which '_' counts.
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// One line: control characters as blanks, none at the ends (two at an end would break the line,
// four at the start would make a code block).
std::string flat(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  const std::size_t begin = out.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  return out.substr(begin, out.find_last_not_of(' ') - begin + 1);
}

bool needs_escape(std::string_view text, std::size_t at) {
  const char before = at > 0 ? text[at - 1] : ' ';
  const char after = at + 1 < text.size() ? text[at + 1] : ' ';
  switch (text[at]) {
    case '\\':
    case '`':
    case '*':
    case '[':
    case ']':
    case '<':
    case '|':
    case '~':
    case '#': return true;
    case '_': return !is_word(before) || !is_word(after);  // snake_case is no emphasis
    case '&': return after == '#' || is_word(after);       // an entity
    case '!': return after == '[';
    default: return false;
  }
}

}  // namespace

std::string inline_text(std::string_view text) {
  const std::string line = flat(text);
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (needs_escape(line, i)) out += '\\';
    out += line[i];
  }
  return out;
}

std::string line_text(std::string_view text) {
  std::string line = inline_text(text);
  if (line.empty()) return line;
  // Quotes, lists, setext underlines, table rules; '#', '*', '~' and others are escaped already.
  if (std::string_view{">-+=:"}.find(line.front()) != std::string_view::npos) return "\\" + line;
  const auto digits_end = std::ranges::find_if_not(line, is_digit);
  const auto digits = static_cast<std::size_t>(digits_end - line.begin());
  if (digits > 0 && digits < line.size() && (line[digits] == '.' || line[digits] == ')')) {
    const bool item = digits + 1 == line.size() || line[digits + 1] == ' ';
    if (item) line.insert(digits, 1, '\\');
  }
  return line;
}

std::vector<std::string> block_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    std::string line = line_text(text.substr(0, end));
    const bool doubled = line.empty() && (lines.empty() || lines.back().empty());
    if (!doubled) lines.push_back(std::move(line));
    text.remove_prefix(end);
    text.remove_prefix(text.starts_with("\r\n") ? 2 : text.empty() ? 0 : 1);
  }
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::string code(std::string_view text) {
  const std::string line = flat(text);
  std::size_t run = 0;
  std::size_t longest = 0;
  for (const char c : line) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  // A blank beside the fence keeps backquotes at the ends apart from it, and is not shown.
  const bool pad = line.empty() || line.front() == '`' || line.back() == '`';
  return fence + (pad ? " " : "") + line + (pad ? " " : "") + fence;
}

}  // namespace naestro::tools::markdown
