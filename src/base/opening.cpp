#include "base/opening.hpp"

#include <sodium.h>

#include <algorithm>

namespace naestro::crypto {
namespace {

constexpr std::size_t kOwn = crypto_core_hchacha20_INPUTBYTES;  // of the nonce, for the key
constexpr std::size_t kTag = crypto_aead_chacha20poly1305_ietf_ABYTES;

}  // namespace

Result<Opening> opening_of(const BlobKey& key, ByteSpan sealed) {
  Opening out;
  if (sealed.size() < out.nonce.size() + kTag) return fail(Code::kCrypto, "a blob is too short");
  std::ranges::copy(sealed.first(out.nonce.size()), out.nonce.begin());
  crypto_core_hchacha20(out.key.data(), out.nonce.data(), key.data(), nullptr);
  return out;
}

Bytes seal_again(const Opening& opening, ByteSpan plaintext) {
  std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES> nonce{};
  std::copy(opening.nonce.begin() + kOwn, opening.nonce.end(), nonce.begin() + 4);
  Bytes out(opening.nonce.begin(), opening.nonce.end());
  out.resize(opening.nonce.size() + plaintext.size() + kTag);
  crypto_aead_chacha20poly1305_ietf_encrypt(out.data() + opening.nonce.size(), nullptr,
                                            plaintext.data(), plaintext.size(), nullptr, 0, nullptr,
                                            nonce.data(), opening.key.data());
  return out;
}

}  // namespace naestro::crypto
