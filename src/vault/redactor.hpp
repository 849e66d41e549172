// Takes the values of secrets out of texts, in whatever usual encoding they stand there.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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

// Thread-safe.
class Redactor {
 public:
  Redactor() = default;
  // Values shorter than kSecretBytesMin are passed over.
  explicit Redactor(const std::vector<NamedValue>& secrets) { know(secrets); }
  // From now on it looks for these.
  void know(const std::vector<NamedValue>& secrets);

  // The text with "⟦secret:NAME⟧" for each; nullopt where there is none.
  [[nodiscard]] std::optional<std::string> redacted(std::string_view text) const;
  // The name of the first secret that stands in the text; "": none.
  [[nodiscard]] std::string found_in(std::string_view text) const;

  // Of a text that comes in pieces: takes from `held` what no further piece can change, and gives
  // it without values; what could be the beginning of one stays.
  [[nodiscard]] std::string sure(std::string& held) const;

 private:
  class Table;
  [[nodiscard]] std::shared_ptr<const Table> table() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const Table> table_;  // null: nothing is looked for
};

}  // namespace naestro::vault
