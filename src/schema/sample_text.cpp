#include <algorithm>

#include "schema/sample.hpp"

namespace naestro::schema {
namespace {

// Reads a pattern and writes one text on the way. `extra` is how often a part is repeated beyond
// its minimum, `turn` which alternative is taken.
class Writer {
 public:
  Writer(std::string_view pattern, std::size_t extra, std::size_t turn)
      : pattern_{pattern}, extra_{extra}, turn_{turn} {}

  std::string run() { return alternatives(); }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= pattern_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : pattern_[at_]; }

  std::string alternatives() {
    std::vector<std::string> all{sequence()};
    while (peek() == '|') {
      ++at_;
      all.push_back(sequence());
    }
    return all[turn_ % all.size()];
  }

  std::string sequence() {
    std::string out;
    while (!at_end() && peek() != '|' && peek() != ')') {
      const std::string part = atom();
      for (std::size_t count = repeats(); count > 0; --count) out += part;
    }
    return out;
  }

  std::string atom() {
    const char c = pattern_[at_++];
    switch (c) {
      case '^':
      case '$': return {};
      case '.': return "a";
      case '[': return char_class();
      case '\\': return escape();
      case '(': {
        if (pattern_.substr(at_).starts_with("?:")) at_ += 2;
        std::string inner = alternatives();
        ++at_;  // ')'
        return inner;
      }
      default: return {c};
    }
  }

  std::string escape() {
    if (at_end()) return {};
    const char c = pattern_[at_++];
    switch (c) {
      case 'd': return "0";
      case 'w': return "a";
      case 's': return " ";
      case 'D':
      case 'S': return "a";
      case 'W': return "-";
      case 'b': return {};
      case 'n': return "\n";
      case 't': return "\t";
      default: return {c};
    }
  }

  std::string char_class() {
    const bool negated = peek() == '^';
    if (negated) ++at_;
    const std::size_t begin = at_;
    while (!at_end() && peek() != ']') at_ += peek() == '\\' ? 2 : 1;
    const std::string_view inside = pattern_.substr(begin, at_ - begin);
    ++at_;
    if (negated) {
      constexpr std::string_view kTries = "aA0-_ ~";
      const auto free = std::ranges::find_if(kTries, [&](char c) { return !inside.contains(c); });
      return {free == kTries.end() ? '!' : *free};
    }
    if (!inside.starts_with('\\')) return std::string{inside.substr(0, 1)};
    return Writer{inside, extra_, turn_}.atom();
  }

  // How often the part before is written.
  std::size_t repeats() {
    std::size_t least = 1;
    std::size_t most = 1;
    const char c = peek();
    if (c == '*' || c == '+' || c == '?') {
      least = c == '+' ? 1 : 0;
      most = c == '?' ? 1 : 1000;
      ++at_;
    } else if (c == '{') {
      ++at_;
      least = number();
      most = least;
      if (peek() == ',') {
        ++at_;
        most = peek() == '}' ? 1000 : number();
      }
      ++at_;  // '}'
    }
    if (peek() == '?') ++at_;  // lazy
    return std::min({least + extra_, std::max(least, most), std::size_t{1000}});
  }

  std::size_t number() {
    std::size_t out = 0;
    while (peek() >= '0' && peek() <= '9' && out < 1000) {
      out = out * 10 + static_cast<std::size_t>(pattern_[at_++] - '0');
    }
    return out;
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  std::size_t extra_;
  std::size_t turn_;
};

}  // namespace

std::vector<std::string> sample_texts(std::string_view pattern) {
  std::vector<std::string> out;
  for (const std::size_t extra : {0, 1, 3, 20}) {
    for (const std::size_t turn : {0, 1}) {
      std::string text = Writer{pattern, extra, turn}.run();
      const bool fresh = text.size() < 10'000 && std::ranges::find(out, text) == out.end();
      if (fresh) out.push_back(std::move(text));
    }
  }
  return out;
}

}  // namespace naestro::schema
