#include "base/crypto.hpp"

// The plain functions, not those of EVP: no algorithm is looked up by its name, which takes 2 MB of
// a process and longer than to hash a short text.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>

namespace naestro::crypto {
namespace {
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

void begin(SHA256_CTX& state) { check(SHA256_Init(&state) == 1, "sha256 init"); }
void add(SHA256_CTX& state, ByteSpan bytes) {
  check(SHA256_Update(&state, bytes.data(), bytes.size()) == 1, "sha256 update");
}
Digest end(SHA256_CTX& state) {
  Digest out{};
  check(SHA256_Final(out.data(), &state) == 1, "sha256 final");
  return out;
}
}  // namespace

void Sha256::End::operator()(SHA256_CTX* state) const { delete state; }

Sha256::Sha256() : state_{new SHA256_CTX} { begin(*state_); }

void Sha256::update(ByteSpan bytes) { add(*state_, bytes); }

Digest Sha256::finish() { return end(*state_); }

void initialize() { check(sodium_init() >= 0, "libsodium starts"); }

Digest sha256(std::initializer_list<ByteSpan> parts) {
  SHA256_CTX state;
  begin(state);
  for (const ByteSpan part : parts) add(state, part);
  return end(state);
}

Digest hmac_sha256(ByteSpan key, ByteSpan message) {
  std::array<std::uint8_t, kHmacKeyMax> inner{};
  std::array<std::uint8_t, kHmacKeyMax> outer{};
  check(key.size() <= kHmacKeyMax, "a longer key would have to be hashed first");
  inner.fill(0x36);
  outer.fill(0x5c);
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner[i] ^= key[i];
    outer[i] ^= key[i];
  }
  const Digest inside = sha256({inner, message});
  return sha256({outer, inside});
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
