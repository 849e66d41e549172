#include "vault/redactor.hpp"

#include <algorithm>
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

std::size_t hash_of(const char* block) {
  std::uint32_t three = 0;
  std::memcpy(&three, block, kBlock);
  return (three * 2654435761U) >> (32U - kHashBits);
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

std::string interleaved(std::string_view value, bool big_endian) {
  return each_byte(value, [&](char c, const std::string&) {
    return big_endian ? std::string{'\0', c} : std::string{c, '\0'};
  });
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
    out.push_back(each_byte(value, [large](char, const std::string& hex) {
      return "\\u00" + (large ? upper(hex) : hex);
    }));
    out.push_back(each_byte(value, [large](char, const std::string& hex) {
      return "&#x" + (large ? upper(hex) : hex) + ";";
    }));
    out.push_back(each_byte(value, [large](char, const std::string& hex) {
      return "\\x" + (large ? upper(hex) : hex);
    }));
  }
  out.push_back(each_byte(value, [](char c, const std::string&) {
    return "&#" + std::to_string(static_cast<unsigned char>(c)) + ";";
  }));
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
  out.push_back(interleaved(value, false));
  out.push_back(interleaved(value, true));
  out.emplace_back(value.rbegin(), value.rend());
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
  std::size_t replace(std::string_view text, std::size_t until, std::string& out) const;
  [[nodiscard]] const std::string& name_of(const Hit& hit) const {
    return names_[hit.pattern->secret];
  }
  [[nodiscard]] std::size_t longest() const { return longest_; }

 private:
  std::vector<std::string> names_;
  std::vector<Pattern> patterns_;  // of one beginning the longest first
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_beginning_;
  std::vector<std::uint8_t> shifts_;  // by the hash of a block; empty: no patterns
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
  for (std::uint32_t at = 0; at < patterns_.size(); ++at) {
    const char* text = patterns_[at].text.data();
    by_beginning_[beginning_of(text)].push_back(at);
    for (std::size_t i = 0; i + kBlock <= kWindow; ++i) {
      std::uint8_t& shift = shifts_[hash_of(text + i)];
      shift = std::min(shift, static_cast<std::uint8_t>(kWindow - kBlock - i));
    }
  }
}

Redactor::Table::Hit Redactor::Table::next(std::string_view text, std::size_t from) const {
  if (shifts_.empty()) return {};
  const char* const data = text.data();
  std::size_t at = from;
  while (at + kWindow <= text.size()) {
    const std::size_t shift = shifts_[hash_of(data + at + kWindow - kBlock)];
    if (shift != 0) {
      at += shift;
      continue;
    }
    const auto bucket = by_beginning_.find(beginning_of(data + at));
    if (bucket != by_beginning_.end()) {
      for (const std::uint32_t index : bucket->second) {
        const Pattern& pattern = patterns_[index];
        if (text.substr(at).starts_with(pattern.text)) return {at, &pattern};
      }
    }
    ++at;
  }
  return {};
}

// Appends `text` up to `until` with what begins before that replaced; returns where it stopped.
std::size_t Redactor::Table::replace(std::string_view text, std::size_t until,
                                     std::string& out) const {
  std::size_t done = 0;
  for (Hit hit = next(text, 0); hit.pattern != nullptr && hit.at < until; hit = next(text, done)) {
    out.append(text.substr(done, hit.at - done));
    out.append("⟦secret:").append(name_of(hit)).append("⟧");
    done = hit.at + hit.pattern->text.size();
  }
  if (done >= until) return done;
  out.append(text.substr(done, until - done));
  return until;
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
  if (!table || table->next(text, 0).pattern == nullptr) return std::nullopt;
  std::string out;
  table->replace(text, text.size(), out);
  return out;
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
