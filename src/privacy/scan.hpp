// A text under search, for the finders of single kinds.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "privacy/find.hpp"

namespace naestro::privacy {

// A run of digits.
struct Group {
  std::size_t at;
  std::size_t end;
  [[nodiscard]] std::size_t size() const { return end - at; }
};

class Scan {
 public:
  explicit Scan(std::string_view text);
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::span<const Group> groups() const { return groups_; }
  // The digits of some groups that follow each other, without what stands between them.
  [[nodiscard]] std::string digits(std::span<const Group> groups) const;
  // The byte at `at`; a blank outside of the text.
  [[nodiscard]] char at(std::size_t at) const { return at < text_.size() ? text_[at] : ' '; }
  [[nodiscard]] char before(std::size_t at) const { return at > 0 ? text_[at - 1] : ' '; }
  [[nodiscard]] std::string_view between(const Group& one, const Group& next) const {
    return text_.substr(one.end, next.at - one.end);
  }
  [[nodiscard]] std::string_view of(const Group& group) const {
    return text_.substr(group.at, group.size());
  }

  // Whether one of the words stands among the last few before `at`, in the same sentence. A line's
  // end is passed only where nothing but marks stands between: "Phone:", and the number below it.
  [[nodiscard]] bool after_word(std::size_t at, std::span<const std::string_view> words) const;
  // Whether the next word is one of them: "-Fax", " (mobile)".
  [[nodiscard]] bool before_word(std::size_t end, std::span<const std::string_view> words) const;

  // Claims the bytes for a kind. False where another has some of them.
  bool claim(Kind kind, std::size_t at, std::size_t size);
  [[nodiscard]] bool taken(std::size_t at) const { return taken_[at]; }
  std::vector<Found> found() &&;

 private:
  std::string_view text_;
  std::vector<Group> groups_;
  std::vector<bool> taken_;
  std::vector<Found> found_;
};

void find_phones(Scan& scan);
// Dates of birth and numbers of papers, which are those only beside a word that says so.
void find_birth_dates(Scan& scan);
void find_id_numbers(Scan& scan);

}  // namespace naestro::privacy
