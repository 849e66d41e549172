// Small helpers over text. All of them treat text as UTF-8 bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace naestro {

bool is_utf8(std::string_view text);
// Of a text that is not UTF-8: the line, from 1, where that shows first.
std::int64_t first_bad_line(std::string_view text);
// Lower-cases ASCII letters only.
std::string ascii_lower(std::string_view text);
// Without blanks, tabs and line ends at both ends.
std::string_view trimmed(std::string_view text);
// A number from 0 to 99 in two digits: "07".
std::string two_digits(int number);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
// Control characters (but line feed and tab), and format characters that change how other text is
// shown (U+200E-200F, U+202A-202E, U+2066-2069), as \uXXXX. Invalid UTF-8 as U+FFFD.
std::string printable(std::string_view text);
// As printable(), on one line: line feeds and tabs as \n and \t. For what somebody else wrote
// beside what the program says itself.
std::string one_line(std::string_view text);
// At most `bytes_max` bytes, cut before a broken code point, with "..." where something was cut.
std::string shorten(std::string_view text, std::size_t bytes_max);
// The candidate nearest to `word` by edit distance, or "" when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace naestro
