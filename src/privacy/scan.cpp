#include "privacy/scan.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "privacy/valid.hpp"

namespace naestro::privacy {
namespace {

// How far a word's influence reaches, in bytes.
constexpr std::size_t kReach = 48;
constexpr std::size_t kWordMax = 16;

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return word.size() <= kWordMax && std::ranges::find(words, ascii_lower(word)) != words.end();
}

}  // namespace

Scan::Scan(std::string_view text) : text_{text}, taken_(text.size(), false) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text[i])) continue;
    const std::size_t begin = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    groups_.push_back({begin, i});
  }
}

std::string Scan::digits(std::span<const Group> groups) const {
  std::string out;
  for (const Group& group : groups) out += of(group);
  return out;
}

bool Scan::after_word(std::size_t at, std::span<const std::string_view> words) const {
  const std::size_t from = at > kReach ? at - kReach : 0;
  bool other = false;    // a word stood between
  bool lines = false;    // a line ended between
  std::size_t end = at;  // of the word that is looked at
  while (end > from) {
    const char c = text_[end - 1];
    if (!is_letter(c)) {
      lines = lines || c == '\n';
      const bool sentence = (c == '.' || c == '!' || c == '?' || c == ';') && at > end + 1 &&
                            (this->at(end) == ' ' || this->at(end) == '\n');
      if ((lines && other) || (sentence && other)) return false;
      other = other || is_digit(c);
      --end;
      continue;
    }
    std::size_t begin = end;
    while (begin > from && is_letter(text_[begin - 1])) --begin;
    if (is_one_of(text_.substr(begin, end - begin), words)) return true;
    if (lines) return false;
    other = true;
    end = begin;
  }
  return false;
}

bool Scan::before_word(std::size_t end, std::span<const std::string_view> words) const {
  std::size_t begin = end;
  while (begin < text_.size() && begin < end + 3 && !is_word(text_[begin]) &&
         text_[begin] != '\n') {
    ++begin;
  }
  std::size_t stop = begin;
  while (stop < text_.size() && stop < begin + kWordMax && is_letter(text_[stop])) ++stop;
  return is_one_of(text_.substr(begin, stop - begin), words);
}

bool Scan::claim(Kind kind, std::size_t at, std::size_t size) {
  for (std::size_t i = at; i < at + size; ++i) {
    if (taken_[i]) return false;
  }
  std::fill_n(taken_.begin() + static_cast<std::ptrdiff_t>(at), size, true);
  found_.push_back({kind, at, size});
  return true;
}

std::vector<Found> Scan::found() && {
  std::ranges::sort(found_, {}, &Found::at);
  return std::move(found_);
}

}  // namespace naestro::privacy
