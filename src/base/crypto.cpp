#include "base/crypto.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <algorithm>
#include <memory>

namespace naestro::crypto {
namespace {
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
}  // namespace

Digest sha256(std::initializer_list<ByteSpan> parts) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> ctx{EVP_MD_CTX_new(),
                                                                    EVP_MD_CTX_free};
  check(ctx && EVP_DigestInit_ex(ctx.get(), EVP_sha256(), nullptr) == 1, "sha256 init");
  for (const ByteSpan part : parts) EVP_DigestUpdate(ctx.get(), part.data(), part.size());
  Digest out{};
  check(EVP_DigestFinal_ex(ctx.get(), out.data(), nullptr) == 1, "sha256 final");
  return out;
}

Digest hmac_sha256(ByteSpan key, ByteSpan message) {
  Digest out{};
  unsigned size = 0;
  check(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(),
             out.data(), &size) != nullptr &&
            size == out.size(),
        "hmac");
  return out;
}

Bytes seal(const BlobKey& key, ByteSpan plaintext) {
  const Digest mac = hmac_sha256(key, plaintext);
  Bytes out(kNonce + plaintext.size() + kTag);
  std::copy_n(mac.begin(), kNonce, out.begin());
  unsigned long long written = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + kNonce, &written, plaintext.data(),
                                             plaintext.size(), nullptr, 0, nullptr, out.data(),
                                             key.data());
  check(written == plaintext.size() + kTag, "seal size");
  return out;
}

Result<Bytes> open(const BlobKey& key, ByteSpan sealed) {
  if (sealed.size() < kNonce + kTag) return fail(Code::kCrypto, "a sealed blob is too short");
  Bytes out(sealed.size() - kNonce - kTag);
  unsigned long long written = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), &written, nullptr,
                                                 sealed.data() + kNonce, sealed.size() - kNonce,
                                                 nullptr, 0, sealed.data(), key.data()) != 0) {
    return fail(Code::kCrypto, "a sealed blob does not open: it was changed, or the key differs");
  }
  return out;
}

KeyPair key_pair_from_seed(const std::array<std::uint8_t, 32>& seed) {
  KeyPair pair{};
  crypto_sign_seed_keypair(pair.public_key.data(), pair.secret_key.data(), seed.data());
  return pair;
}

KeyPair make_key_pair(Random& random) {
  std::array<std::uint8_t, 32> seed{};
  random.fill(seed);
  return key_pair_from_seed(seed);
}

Signature sign(const KeyPair& key, ByteSpan message) {
  Signature out{};
  crypto_sign_detached(out.data(), nullptr, message.data(), message.size(), key.secret_key.data());
  return out;
}

bool verify(const PublicKey& key, ByteSpan message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.data()) == 0;
}

}  // namespace naestro::crypto
