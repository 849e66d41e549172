#include "tools/diff.hpp"

#include <algorithm>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"

namespace naestro::tools {
namespace {

constexpr int kContext = 3;

// A text and where its lines begin.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_{text} {
    for (std::size_t at = 0; at < text.size();
         at = std::min(text.find('\n', at), text.size()) + 1) {
      begins_.push_back(static_cast<std::uint32_t>(at));
    }
    begins_.push_back(static_cast<std::uint32_t>(text.size()));
  }
  [[nodiscard]] int size() const { return static_cast<int>(begins_.size()) - 1; }
  // With its line feed, if it has one.
  [[nodiscard]] std::string_view operator[](int i) const {
    const std::size_t begin = begins_[static_cast<std::size_t>(i)];
    return text_.substr(begin, begins_[static_cast<std::size_t>(i) + 1] - begin);
  }

 private:
  std::string_view text_;
  std::vector<std::uint32_t> begins_;
};

// Lines [left, right) of the text before and [top, bottom) of the text after.
struct Box {
  int left, top, right, bottom;
};

// Numbers for lines, equal ones for equal lines; only of those in the box.
class Numbers {
 public:
  Numbers(const Lines& before, const Lines& after, const Box& box)
      : box_{box},
        before_(static_cast<std::size_t>(box.right - box.left)),
        after_(static_cast<std::size_t>(box.bottom - box.top)) {
    // Sorted rather than hashed: no text can make that slow.
    std::vector<std::pair<std::string_view, std::uint32_t*>> all;
    for (int i = box.left; i < box.right; ++i)
      all.emplace_back(before[i], &at(before_, i, box.left));
    for (int i = box.top; i < box.bottom; ++i) all.emplace_back(after[i], &at(after_, i, box.top));
    std::ranges::sort(all, {}, [](const auto& entry) { return entry.first; });
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i > 0 && all[i].first != all[i - 1].first) ++number;
      *all[i].second = number;
    }
  }
  [[nodiscard]] bool same(int x, int y) const {
    return before_[static_cast<std::size_t>(x - box_.left)] ==
           after_[static_cast<std::size_t>(y - box_.top)];
  }

 private:
  static std::uint32_t& at(std::vector<std::uint32_t>& numbers, int i, int begin) {
    return numbers[static_cast<std::size_t>(i - begin)];
  }
  Box box_;
  std::vector<std::uint32_t> before_;
  std::vector<std::uint32_t> after_;
};

// The lines of each text that the other does not have.
struct Marks {
  std::vector<bool> removed;
  std::vector<bool> added;
  bool coarse = false;

  void replace(const Box& box) {
    std::fill(removed.begin() + box.left, removed.begin() + box.right, true);
    std::fill(added.begin() + box.top, added.begin() + box.bottom, true);
  }
};

template <class Same>
void shrink(Box& box, const Same& same) {
  while (box.left < box.right && box.top < box.bottom && same(box.left, box.top)) {
    ++box.left;
    ++box.top;
  }
  while (box.left < box.right && box.top < box.bottom && same(box.right - 1, box.bottom - 1)) {
    --box.right;
    --box.bottom;
  }
}

bool one_sided(const Box& box) { return box.left == box.right || box.top == box.bottom; }

class Search {
 public:
  Search(const Numbers& numbers, const Box& all, std::int64_t steps_max)
      : numbers_{numbers},
        offset_{(all.right - all.left + all.bottom - all.top) / 2 + 2},
        forward_(2 * static_cast<std::size_t>(offset_) + 1),
        backward_(2 * static_cast<std::size_t>(offset_) + 1),
        steps_{steps_max} {}

  void run(const Box& all, Marks& marks) {
    std::vector<Box> open = {all};
    while (!open.empty()) {
      Box box = open.back();
      open.pop_back();
      shrink(box, [&](int x, int y) { return numbers_.same(x, y); });
      Box snake{};
      if (one_sided(box)) {
        marks.replace(box);
      } else if (middle(box, snake)) {
        open.push_back({box.left, box.top, snake.left, snake.top});
        open.push_back(snake);
        open.push_back({snake.right, snake.bottom, box.right, box.bottom});
      } else {
        marks.coarse = true;
        marks.replace(box);
      }
    }
  }

 private:
  // Where the furthest ways from both corners of the box meet: at most one line removed or added,
  // and the equal lines beside it, on a shortest way. `box` is shrunk, so that it takes two lines
  // at least and all three parts are smaller. False: the steps are used up.
  bool middle(const Box& box, Box& snake) {
    const int delta = (box.right - box.left) - (box.bottom - box.top);
    forward(1) = box.left;
    backward(1) = box.bottom;
    for (int d = 0;; ++d) {
      steps_ -= 2 * d + 2;
      if (steps_ < 0) return false;
      for (int k = -d; k <= d; k += 2) {
        if (down(box, d, k, delta, snake)) return true;
      }
      for (int c = -d; c <= d; c += 2) {
        if (up(box, d, c, delta, snake)) return true;
      }
    }
  }

  // The furthest way from the upper left on the diagonal k after d removals and additions.
  bool down(const Box& box, int d, int k, int delta, Box& snake) {
    const bool adds = k == -d || (k != d && forward(k - 1) < forward(k + 1));
    const int from_x = adds ? forward(k + 1) : forward(k - 1);
    int x = adds ? from_x : from_x + 1;
    int y = box.top + (x - box.left) - k;
    const int from_y = d == 0 || !adds ? y : y - 1;
    const int begin = x;
    while (x < box.right && y < box.bottom && numbers_.same(x, y)) {
      ++x;
      ++y;
    }
    steps_ -= x - begin;
    forward(k) = x;
    const int c = k - delta;
    if (delta % 2 == 0 || c <= -d || c >= d || y < backward(c)) return false;
    snake = {from_x, from_y, x, y};
    return true;
  }

  // The furthest way from the lower right.
  bool up(const Box& box, int d, int c, int delta, Box& snake) {
    const bool removes = c == -d || (c != d && backward(c - 1) > backward(c + 1));
    const int from_y = removes ? backward(c + 1) : backward(c - 1);
    int y = removes ? from_y : from_y - 1;
    const int k = c + delta;
    int x = box.left + (y - box.top) + k;
    const int from_x = d == 0 || !removes ? x : x + 1;
    const int begin = x;
    while (x > box.left && y > box.top && numbers_.same(x - 1, y - 1)) {
      --x;
      --y;
    }
    steps_ -= begin - x;
    backward(c) = y;
    if (delta % 2 != 0 || k < -d || k > d || x > forward(k)) return false;
    snake = {x, y, from_x, from_y};
    return true;
  }

  int& forward(int k) { return forward_[static_cast<std::size_t>(std::ptrdiff_t{k} + offset_)]; }
  int& backward(int c) { return backward_[static_cast<std::size_t>(std::ptrdiff_t{c} + offset_)]; }

  const Numbers& numbers_;
  int offset_;
  std::vector<int> forward_;   // diagonal x - y -> x
  std::vector<int> backward_;  // the same, shifted by delta -> y
  std::int64_t steps_;
};

Marks marks_of(const Lines& before, const Lines& after, const DiffLimits& limits) {
  Marks marks{std::vector<bool>(static_cast<std::size_t>(before.size())),
              std::vector<bool>(static_cast<std::size_t>(after.size()))};
  Box box{0, 0, before.size(), after.size()};
  shrink(box, [&](int x, int y) { return before[x] == after[y]; });
  if (one_sided(box)) {
    marks.replace(box);
  } else if (std::cmp_greater(box.right - box.left, limits.lines_max) ||
             std::cmp_greater(box.bottom - box.top, limits.lines_max)) {
    marks.coarse = true;
    marks.replace(box);
  } else {
    const Numbers numbers{before, after, box};
    Search{numbers, box, limits.steps_max}.run(box, marks);
  }
  return marks;
}

// Runs of marked lines, with unmarked ones between them.
std::vector<Box> changes_of(const Marks& marks) {
  std::vector<Box> out;
  const auto marked = [](const std::vector<bool>& side, int i) {
    return std::cmp_less(i, side.size()) && side[static_cast<std::size_t>(i)];
  };
  int x = 0;
  int y = 0;
  while (std::cmp_less(x, marks.removed.size()) || std::cmp_less(y, marks.added.size())) {
    Box change{x, y, x, y};
    while (marked(marks.removed, change.right)) ++change.right;
    while (marked(marks.added, change.bottom)) ++change.bottom;
    const bool equal = change.right == x && change.bottom == y;
    if (!equal) out.push_back(change);
    x = change.right + (equal ? 1 : 0);
    y = change.bottom + (equal ? 1 : 0);
  }
  return out;
}

// Appends lines as long as they fit.
class Writer {
 public:
  Writer(Diff& diff, std::size_t json_bytes_max) : diff_{diff}, room_{json_bytes_max} {}

  void line(std::string_view mark, std::string_view line) {
    std::string text = std::string{mark} + std::string{line};
    if (!text.ends_with('\n')) text += "\n\\ No newline at end of file\n";
    const std::size_t bytes = json::write(json::Value(text)).size() - 2;
    diff_.truncated = diff_.truncated || bytes > room_;
    if (diff_.truncated) return;
    room_ -= bytes;
    diff_.text += text;
  }
  void lines(std::string_view mark, const Lines& lines, int begin, int end) {
    for (int i = begin; i < end && !diff_.truncated; ++i) line(mark, lines[i]);
  }

 private:
  Diff& diff_;
  std::size_t room_;
};

// A name that could be taken for something else stands in quotes, as JSON has it.
std::string shown(std::string_view name) {
  const bool plain = printable(name) == name && name.find_first_of("\n\t\"\\") == name.npos;
  return plain ? std::string{name} : json::write(json::Value(name));
}

std::string range(int begin, int end) {
  return std::to_string(begin == end ? begin : begin + 1) + "," + std::to_string(end - begin);
}

}  // namespace

Diff unified_diff(const DiffNames& names, std::string_view before, std::string_view after,
                  const DiffLimits& limits) {
  Diff diff;
  const Lines old_lines{before};
  const Lines new_lines{after};
  const Marks marks = marks_of(old_lines, new_lines, limits);
  diff.coarse = marks.coarse;
  diff.removed = std::ranges::count(marks.removed, true);
  diff.added = std::ranges::count(marks.added, true);
  const std::vector<Box> changes = changes_of(marks);
  if (changes.empty()) return diff;
  Writer out{diff, limits.json_bytes_max};
  out.line("--- ", shown(names.before) + "\n");
  out.line("+++ ", shown(names.after) + "\n");
  for (std::size_t first = 0; first < changes.size() && !diff.truncated;) {
    std::size_t last = first;
    while (last + 1 < changes.size() &&
           changes[last + 1].left - changes[last].right <= 2 * kContext) {
      ++last;
    }
    const int lead = std::min(kContext, changes[first].left);
    const int tail = std::min(kContext, old_lines.size() - changes[last].right);
    const Box hunk{changes[first].left - lead, changes[first].top - lead,
                   changes[last].right + tail, changes[last].bottom + tail};
    out.line("@@ -", range(hunk.left, hunk.right) + " +" + range(hunk.top, hunk.bottom) + " @@\n");
    int at = hunk.left;
    for (; first <= last; ++first) {
      out.lines(" ", old_lines, at, changes[first].left);
      out.lines("-", old_lines, changes[first].left, changes[first].right);
      out.lines("+", new_lines, changes[first].top, changes[first].bottom);
      at = changes[first].right;
    }
    out.lines(" ", old_lines, at, hunk.right);
  }
  return diff;
}

}  // namespace naestro::tools
