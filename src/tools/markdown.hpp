// Text that nobody vouches for, as CommonMark (with GitHub's tables) that shows it literally: it
// makes no heading, list, link, image, HTML or table of its own. Input need not be UTF-8-clean.
// Plain addresses stay as they are, since what they show is where they lead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace naestro::tools::markdown {

// One line for use inside a line: line ends and control characters become blanks, what has a
// meaning is escaped. Never holds an unescaped '|', '[', '<', '`' or '#'.
std::string inline_text(std::string_view text);

// The same for use at the start of a line or list item.
std::string line_text(std::string_view text);

// Lines of line_text, without line ends; runs of empty lines become one.
std::vector<std::string> block_lines(std::string_view text);

// `text` as a code span, whatever backquotes it holds.
std::string code(std::string_view text);

}  // namespace naestro::tools::markdown
