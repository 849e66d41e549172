#include "base/bytes.hpp"

#include <sodium.h>

#include <array>
#include <cstring>

namespace naestro {

std::string hex(ByteSpan bytes) {
  static constexpr auto kPairs = [] {
    constexpr char kDigits[] = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> pairs{};
    for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kDigits[i >> 4], kDigits[i & 15]};
    return pairs;
  }();
  std::string out(bytes.size() * 2, '0');
  char* to = out.data();
  for (const std::uint8_t byte : bytes) {
    std::memcpy(to, kPairs[byte].data(), 2);
    to += 2;
  }
  return out;
}

Result<Digest> digest_from_hex(std::string_view text) {
  const auto value = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  Digest out{};
  bool ok = text.size() == out.size() * 2;
  for (std::size_t i = 0; ok && i < out.size(); ++i) {
    const int high = value(text[2 * i]);
    const int low = value(text[2 * i + 1]);
    ok = high >= 0 && low >= 0;
    if (ok) out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  if (!ok) {
    return fail(Code::kUsage, "'" + std::string{text} + "' is not a digest",
                "give the 64 lower-case hex digits as they were printed");
  }
  return out;
}

std::string base64(ByteSpan bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // the terminating NUL that libsodium counts
  return out;
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.empty()) return Bytes{};  // libsodium wants a buffer also for nothing
  Bytes out(text.size());
  std::size_t used = 0;
  const char* end = nullptr;
  if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &used, &end,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size()) {
    return fail(Code::kCrypto, "text is not valid base64");
  }
  out.resize(used);
  // libsodium 1.0.18 looks at the low bits of a byte alone, so that 0xaf passes for '/'.
  if (base64(out) != text) return fail(Code::kCrypto, "text is not valid base64");
  return out;
}

}  // namespace naestro
