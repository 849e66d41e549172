// Takes the values of secrets out of texts, in whatever usual encoding they stand there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace naestro::vault {

// Shorter values would hide words.
inline constexpr std::size_t kSecretBytesMin = 8;
inline constexpr std::size_t kSecretBytesMax = 8192;

struct NamedValue {
  std::string name;
  std::string value;
};

// How a value may stand in a text: as it is, in base64 (both alphabets, wherever it begins in what
// was encoded), hex, percent, JSON's \u, HTML's numbers, quoted-printable, UTF-16, backwards.
std::vector<std::string> encodings_of(std::string_view value);

// Thread-safe. Looks at a block of three bytes in some steps of six (Wu and Manber), at the whole
// only where a pattern's first eight bytes end.
class Redactor {
 public:
  Redactor() = default;
  // Values shorter than kSecretBytesMin are passed over.
  explicit Redactor(const std::vector<NamedValue>& secrets);

  // The text with "⟦secret:NAME⟧" for each; nullopt where there is none.
  [[nodiscard]] std::optional<std::string> redacted(std::string_view text) const;
  // The name of the first secret that stands in the text; "": none.
  [[nodiscard]] std::string_view found_in(std::string_view text) const;

  // For a text that comes in chunks: holds back what could be the beginning of a value.
  class Stream {
   public:
    explicit Stream(const Redactor& redactor) : redactor_{redactor} {}
    std::string feed(std::string_view chunk);
    std::string finish();

   private:
    const Redactor& redactor_;
    std::string held_;
  };

 private:
  struct Pattern {
    std::string text;
    std::size_t secret;
  };
  struct Hit {
    std::size_t at = std::string_view::npos;
    const Pattern* pattern = nullptr;
  };
  [[nodiscard]] const Pattern* pattern_at(std::string_view text, std::size_t at) const;
  bool step(std::string_view text, std::size_t& at, Hit& hit) const;
  [[nodiscard]] Hit next(std::string_view text, std::size_t from) const;
  // All of a text, also those that begin inside of others; in its order.
  [[nodiscard]] std::vector<Hit> hits(std::string_view text) const;
  std::size_t put(std::string_view text, std::size_t done, const Hit& hit, std::string& out) const;
  std::size_t replace(std::string_view text, std::size_t until, std::string& out) const;

  std::vector<std::string> names_;
  std::vector<Pattern> patterns_;  // of one beginning the longest first
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_beginning_;
  std::vector<std::uint64_t> beginnings_;  // bits by the hash of a beginning
  std::vector<std::uint8_t> shifts_;       // by the hash of a block; empty: no patterns
  std::size_t longest_ = 0;
};

}  // namespace naestro::vault
