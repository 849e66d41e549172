#include "vault/redactor.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/bytes.hpp"
#include "base/text.hpp"

namespace naestro::vault {
namespace {

constexpr std::size_t kWindow = kSecretBytesMin;
constexpr std::size_t kBlock = 3;
constexpr std::size_t kShiftMost = kWindow - kBlock + 1;
constexpr std::size_t kHashBits = 18;
constexpr std::size_t kBeginningBits = 19;

std::size_t hash_of(const char* block) {
  std::uint32_t three = 0;
  std::memcpy(&three, block, kBlock);
  return (three * 2654435761U) >> (32U - kHashBits);
}

// How many places of a text are looked at in turn.
constexpr std::size_t kLanes = 4;

// What the lane that is farthest has left of its part.
std::size_t least_left(const std::array<std::size_t, kLanes>& at, std::size_t part) {
  std::size_t out = part;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::size_t end = (lane + 1) * part;
    out = std::min(out, end > at[lane] ? end - at[lane] : 0);
  }
  return out;
}

// Where a beginning has its bit: what has none there begins no pattern.
std::size_t bit_of(std::uint64_t beginning) {
  return (beginning * 0x9e3779b97f4a7c15U) >> (64U - kBeginningBits);
}

std::uint64_t beginning_of(const char* at) {
  std::uint64_t out = 0;
  std::memcpy(&out, at, kWindow);
  return out;
}

// The part of base64 that is the value's alone, where `before` bytes of others stand before it in
// its group of three.
std::string base64_behind(std::string_view value, std::size_t before) {
  const std::string whole = base64(as_bytes(std::string(before, '\0') + std::string{value}));
  const std::size_t begin = (8 * before + 5) / 6;
  return whole.substr(begin, 8 * (before + value.size()) / 6 - begin);
}

std::string url_alphabet(std::string text) {
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

template <class One>
std::string each_byte(std::string_view value, const One& one) {
  std::string out;
  for (const char c : value) out += one(c, hex(as_bytes(std::string_view{&c, 1})));
  return out;
}

// Those that leave the plain letters and `also`, and write all else as `one` says.
template <class One>
std::string but_plain(std::string_view value, std::string_view also, const One& one) {
  return each_byte(value, [&](char c, const std::string& digits) {
    return is_plain(c) || also.contains(c) ? std::string{c} : one(digits);
  });
}

// The code points of UTF-8.
std::vector<std::uint32_t> points_of(std::string_view value) {
  std::vector<std::uint32_t> out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80U && !out.empty()) {
      out.back() = out.back() << 6U | (byte & 0x3FU);
    } else {
      out.push_back(byte < 0x80   ? byte
                    : byte < 0xE0 ? byte & 0x1FU
                    : byte < 0xF0 ? byte & 0x0FU
                                  : byte & 0x07U);
    }
  }
  return out;
}

// The code units of UTF-16.
std::vector<std::uint32_t> units_of(std::string_view value) {
  std::vector<std::uint32_t> out;
  for (const std::uint32_t point : points_of(value)) {
    if (point < 0x10000) {
      out.push_back(point);
    } else {
      out.push_back(0xD800 + ((point - 0x10000) >> 10U));
      out.push_back(0xDC00 + ((point - 0x10000) & 0x3FFU));
    }
  }
  return out;
}

std::string utf16(std::string_view value, bool big_endian) {
  std::string out;
  for (const std::uint32_t unit : units_of(value)) {
    const char low = static_cast<char>(unit & 0xFFU);
    const char high = static_cast<char>(unit >> 8U);
    out += big_endian ? std::string{high, low} : std::string{low, high};
  }
  return out;
}

// Each number as `form` says, in hex of at least `digits` digits.
std::string numbers(const std::vector<std::uint32_t>& values, std::string_view before,
                    std::size_t digits, bool large, std::string_view behind) {
  std::string out;
  for (const std::uint32_t value : values) {
    const std::array<std::uint8_t, 4> bytes = {
        static_cast<std::uint8_t>(value >> 24U), static_cast<std::uint8_t>(value >> 16U),
        static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
    std::string text = hex(bytes);
    text.erase(0, std::min(text.find_first_not_of('0'), text.size() - digits));
    out += std::string{before} + (large ? upper(text) : text) + std::string{behind};
  }
  return out;
}

// Sign by sign.
std::string backwards(std::string_view value) {
  std::string out;
  for (std::size_t end = value.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && (static_cast<unsigned char>(value[begin]) & 0xC0U) == 0x80U) --begin;
    out += value.substr(begin, end - begin);
    end = begin;
  }
  return out;
}

// The value, and each line of one that has several: tools give lines one by one, and trimmed.
std::vector<std::string> parts_of(const std::string& value) {
  std::vector<std::string> out{value};
  if (!value.contains('\n')) return out;
  for (const std::string& line : split(value, '\n')) {
    if (!line.starts_with("-----")) out.emplace_back(trimmed(line));  // of PEM, nobody's secret
  }
  return out;
}

}  // namespace

std::vector<std::string> encodings_of(std::string_view value) {
  std::vector<std::string> out{std::string{value}};
  for (std::size_t before = 0; before < 3; ++before) {
    out.push_back(base64_behind(value, before));
    out.push_back(url_alphabet(out.back()));
  }
  const std::string digits = hex(as_bytes(value));
  out.push_back(digits);
  out.push_back(upper(digits));
  const auto percent = [](const std::string& hex) { return "%" + hex; };
  const auto percent_upper = [](const std::string& hex) { return "%" + upper(hex); };
  for (const std::string_view also : {"-_.~", "-_.~/", "-_.!~*'()", ""}) {
    out.push_back(but_plain(value, also, percent));
    out.push_back(but_plain(value, also, percent_upper));
  }
  out.push_back(each_byte(value, [&](char, const std::string& hex) { return percent(hex); }));
  out.push_back(each_byte(value, [&](char, const std::string& hex) { return percent_upper(hex); }));
  for (const bool large : {false, true}) {
    out.push_back(numbers(units_of(value), "\\u", 4, large, ""));
    out.push_back(numbers(points_of(value), "&#x", 1, large, ";"));
    out.push_back(each_byte(value, [large](char, const std::string& hex) {
      return "\\x" + (large ? upper(hex) : hex);
    }));
  }
  // As JSON of ASCII alone: only what is none is written as numbers.
  std::string ascii;
  for (const std::uint32_t unit : units_of(value)) {
    const char c = static_cast<char>(unit);
    if (unit >= 0x80) {
      ascii += numbers({unit}, "\\u", 4, false, "");
    } else {
      ascii += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
  }
  out.push_back(std::move(ascii));
  std::string decimal;
  for (const std::uint32_t point : points_of(value)) decimal += "&#" + std::to_string(point) + ";";
  out.push_back(std::move(decimal));
  out.push_back(each_byte(value, [](char c, const std::string&) -> std::string {
    switch (c) {
      case '&': return "&amp;";
      case '<': return "&lt;";
      case '>': return "&gt;";
      case '"': return "&quot;";
      case '\'': return "&#39;";
      default: return {c};
    }
  }));
  for (const bool slashes : {false, true}) {
    out.push_back(each_byte(value, [slashes](char c, const std::string&) -> std::string {
      switch (c) {
        case '"': return "\\\"";
        case '\\': return "\\\\";
        case '/': return slashes ? "\\/" : "/";
        case '\n': return "\\n";
        case '\t': return "\\t";
        case '\r': return "\\r";
        default: return {c};
      }
    }));
  }
  out.push_back(but_plain(value, " !\"#$%&'()*+,-./:;<>?@[\\]^_`{|}~",
                          [](const std::string& hex) { return "=" + upper(hex); }));
  out.push_back(each_byte(value, [](char, const std::string& hex) { return "=" + upper(hex); }));
  out.push_back(utf16(value, false));
  out.push_back(utf16(value, true));
  out.push_back(backwards(value));
  std::ranges::sort(out);
  const auto same = std::ranges::unique(out);
  out.erase(same.begin(), same.end());
  return out;
}

// Looks at a block of three bytes in some steps of six (Wu and Manber), at the whole only where a
// pattern's first eight bytes end.
class Redactor::Table {
 public:
  explicit Table(const std::vector<NamedValue>& secrets);

  struct Pattern {
    std::string text;
    std::size_t secret;
  };
  struct Hit {
    std::size_t at = std::string_view::npos;
    const Pattern* pattern = nullptr;
  };
  [[nodiscard]] Hit next(std::string_view text, std::size_t from) const;
  [[nodiscard]] std::optional<std::string> redacted(std::string_view text) const;
  std::size_t replace(std::string_view text, std::size_t until, std::string& out) const;
  [[nodiscard]] const std::string& name_of(const Hit& hit) const {
    return names_[hit.pattern->secret];
  }
  [[nodiscard]] std::size_t longest() const { return longest_; }

 private:
  [[nodiscard]] const Pattern* pattern_at(std::string_view text, std::size_t at) const;
  bool step(std::string_view text, std::size_t& at, Hit& hit) const;
  // All of a text, also those that begin inside of others; in its order.
  [[nodiscard]] std::vector<Hit> hits(std::string_view text) const;
  std::size_t put(std::string_view text, std::size_t done, const Hit& hit, std::string& out) const;

  std::vector<std::string> names_;
  std::vector<Pattern> patterns_;  // of one beginning the longest first
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_beginning_;
  std::vector<std::uint64_t> beginnings_;  // bits by the hash of a beginning
  std::vector<std::uint8_t> shifts_;       // by the hash of a block; empty: no patterns
  std::size_t longest_ = 0;
};

Redactor::Table::Table(const std::vector<NamedValue>& secrets) {
  for (const NamedValue& secret : secrets) {
    for (const std::string& value : parts_of(secret.value)) {
      if (value.size() < kSecretBytesMin) continue;
      for (std::string& text : encodings_of(value)) {
        patterns_.push_back({std::move(text), names_.size()});
      }
    }
    names_.push_back(secret.name);
  }
  if (patterns_.empty()) return;
  std::ranges::sort(patterns_, [](const Pattern& a, const Pattern& b) {
    return a.text.size() != b.text.size() ? a.text.size() > b.text.size() : a.text < b.text;
  });
  longest_ = patterns_.front().text.size();
  shifts_.assign(std::size_t{1} << kHashBits, kShiftMost);
  beginnings_.assign((std::size_t{1} << kBeginningBits) / 64, 0);
  for (std::uint32_t at = 0; at < patterns_.size(); ++at) {
    const char* text = patterns_[at].text.data();
    by_beginning_[beginning_of(text)].push_back(at);
    const std::size_t bit = bit_of(beginning_of(text));
    beginnings_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    for (std::size_t i = 0; i + kBlock <= kWindow; ++i) {
      std::uint8_t& shift = shifts_[hash_of(text + i)];
      shift = std::min(shift, static_cast<std::uint8_t>(kWindow - kBlock - i));
    }
  }
}

// The longest pattern that begins there; null: none.
const Redactor::Table::Pattern* Redactor::Table::pattern_at(std::string_view text,
                                                            std::size_t at) const {
  const std::uint64_t beginning = beginning_of(text.data() + at);
  const std::size_t bit = bit_of(beginning);
  if ((beginnings_[bit / 64] >> (bit % 64) & 1U) == 0) return nullptr;
  const auto bucket = by_beginning_.find(beginning);
  if (bucket == by_beginning_.end()) return nullptr;
  for (const std::uint32_t index : bucket->second) {
    const Pattern& pattern = patterns_[index];
    if (text.substr(at).starts_with(pattern.text)) return &pattern;
  }
  return nullptr;
}

// Goes on to where the next pattern may begin, at `end` at the latest; a hit if one does.
bool Redactor::Table::step(std::string_view text, std::size_t& at, Hit& hit) const {
  const std::size_t shift = shifts_[hash_of(text.data() + at + kWindow - kBlock)];
  at += std::max<std::size_t>(shift, 1);
  if (shift != 0) [[likely]]
    return false;
  hit = {at - 1, pattern_at(text, at - 1)};
  return hit.pattern != nullptr;
}

Redactor::Table::Hit Redactor::Table::next(std::string_view text, std::size_t from) const {
  Hit hit;
  std::size_t at = from;
  while (!shifts_.empty() && at + kWindow <= text.size()) {
    if (step(text, at, hit)) return hit;
  }
  return {};
}

std::vector<Redactor::Table::Hit> Redactor::Table::hits(std::string_view text) const {
  std::vector<Hit> out;
  if (shifts_.empty() || text.size() < kWindow) return out;
  const std::size_t all = text.size() - kWindow + 1;  // places where a pattern may begin
  const std::size_t part = all / kLanes;
  std::array<std::size_t, kLanes> at{};
  std::array<std::vector<Hit>, kLanes> found;
  for (std::size_t lane = 0; lane < kLanes; ++lane) at[lane] = lane * part;
  Hit hit;
  // One step of each in turn: while one waits for memory the others go on. A step is seven bytes
  // at most.
  for (std::size_t rounds = part / kShiftMost; rounds > 0;
       rounds = least_left(at, part) / kShiftMost) {
    for (; rounds > 0; --rounds) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        if (step(text, at[lane], hit)) found[lane].push_back(hit);
      }
    }
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::size_t end = lane + 1 == kLanes ? all : (lane + 1) * part;
    while (at[lane] < end) {
      if (step(text, at[lane], hit)) found[lane].push_back(hit);
    }
    out.insert(out.end(), found[lane].begin(), found[lane].end());
  }
  return out;
}

// What stands before the hit, and its name; returns where the text goes on.
std::size_t Redactor::Table::put(std::string_view text, std::size_t done, const Hit& hit,
                                 std::string& out) const {
  out.append(text.substr(done, hit.at - done));
  out.append("⟦secret:").append(names_[hit.pattern->secret]).append("⟧");
  return hit.at + hit.pattern->text.size();
}

std::size_t Redactor::Table::replace(std::string_view text, std::size_t until,
                                     std::string& out) const {
  std::size_t done = 0;
  for (Hit hit = next(text, 0); hit.pattern != nullptr && hit.at < until; hit = next(text, done)) {
    done = put(text, done, hit, out);
  }
  if (done >= until) return done;
  out.append(text.substr(done, until - done));
  return until;
}

std::optional<std::string> Redactor::Table::redacted(std::string_view text) const {
  const std::vector<Hit> all = hits(text);
  if (all.empty()) return std::nullopt;
  std::string out;
  std::size_t done = 0;
  for (const Hit& hit : all) {
    if (hit.at < done) continue;  // inside of the last
    done = put(text, done, hit, out);
  }
  return out += text.substr(done);
}

void Redactor::know(const std::vector<NamedValue>& secrets) {
  auto table = std::make_shared<const Table>(secrets);
  const std::scoped_lock lock{mutex_};
  table_ = std::move(table);
}

std::shared_ptr<const Redactor::Table> Redactor::table() const {
  const std::scoped_lock lock{mutex_};
  return table_;
}

std::optional<std::string> Redactor::redacted(std::string_view text) const {
  const auto table = this->table();
  return table ? table->redacted(text) : std::nullopt;
}

std::string Redactor::found_in(std::string_view text) const {
  const auto table = this->table();
  if (!table) return {};
  const Table::Hit hit = table->next(text, 0);
  return hit.pattern == nullptr ? std::string{} : table->name_of(hit);
}

std::string Redactor::sure(std::string& held) const {
  const auto table = this->table();
  if (!table) return std::exchange(held, {});
  std::string out;
  const std::size_t until = held.size() - std::min(held.size(), table->longest());
  held.erase(0, table->replace(held, until, out));
  return out;
}

}  // namespace naestro::vault
