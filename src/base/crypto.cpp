// The plain functions, not those of EVP: no algorithm is looked up by its name, which takes 2 MB of
// a process, and no context is taken from the heap; both take longer than to hash a short text.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto.hpp"

#include <sodium.h>

#include <algorithm>

namespace naestro::crypto {
namespace {
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

// Nonce, ciphertext, tag; `bound` may be empty.
Bytes sealed(const BlobKey& key, ByteSpan nonce, ByteSpan bound, ByteSpan plaintext) {
  Bytes out(kNonce + plaintext.size() + kTag);
  std::copy_n(nonce.begin(), kNonce, out.begin());
  unsigned long long written = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + kNonce, &written, plaintext.data(),
                                             plaintext.size(), bound.data(), bound.size(), nullptr,
                                             out.data(), key.data());
  check(written == plaintext.size() + kTag, "seal size");
  return out;
}

// `what`: "blob", for people.
Result<Bytes> opened(const BlobKey& key, ByteSpan bound, ByteSpan sealed, const std::string& what) {
  if (sealed.size() < kNonce + kTag) {
    return fail(Code::kCrypto, "a sealed " + what + " is too short");
  }
  Bytes out(sealed.size() - kNonce - kTag);
  unsigned long long written = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          out.data(), &written, nullptr, sealed.data() + kNonce, sealed.size() - kNonce,
          bound.data(), bound.size(), sealed.data(), key.data()) != 0) {
    return fail(Code::kCrypto,
                "a sealed " + what + " does not open: it was changed, or the key differs");
  }
  return out;
}
}  // namespace

Sha256::Sha256() { check(SHA256_Init(&context_) == 1, "sha256 init"); }

void Sha256::update(ByteSpan bytes) {
  check(SHA256_Update(&context_, bytes.data(), bytes.size()) == 1, "sha256 update");
}

Digest Sha256::finish() {
  Digest out{};
  check(SHA256_Final(out.data(), &context_) == 1, "sha256 final");
  return out;
}

void initialize() { check(sodium_init() >= 0, "libsodium starts"); }

Digest sha256(std::initializer_list<ByteSpan> parts) {
  Sha256 hash;
  for (const ByteSpan part : parts) hash.update(part);
  return hash.finish();
}

HmacKey::HmacKey(ByteSpan key) {
  std::array<std::uint8_t, kHmacKeyMax> inner{};
  std::array<std::uint8_t, kHmacKeyMax> outer{};
  check(key.size() <= kHmacKeyMax, "a longer key would have to be hashed first");
  inner.fill(0x36);
  outer.fill(0x5c);
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner[i] ^= key[i];
    outer[i] ^= key[i];
  }
  inner_.update(inner);
  outer_.update(outer);
}

Digest HmacKey::of(ByteSpan message) const {
  Sha256 inner = inner_;
  inner.update(message);
  Sha256 outer = outer_;
  outer.update(inner.finish());
  return outer.finish();
}

Bytes seal(const BlobKey& key, ByteSpan plaintext) { return seal(key, HmacKey{key}, plaintext); }

Bytes seal(const BlobKey& key, const HmacKey& mac_key, ByteSpan plaintext) {
  return sealed(key, mac_key.of(plaintext), {}, plaintext);
}

Result<Bytes> open(const BlobKey& key, ByteSpan sealed) { return opened(key, {}, sealed, "blob"); }

Bytes seal_with(const BlobKey& key, ByteSpan bound, ByteSpan plaintext, Random& random) {
  std::array<std::uint8_t, kNonce> nonce{};
  random.fill(nonce);
  return sealed(key, nonce, bound, plaintext);
}

Result<Bytes> open_with(const BlobKey& key, ByteSpan bound, ByteSpan sealed) {
  return opened(key, bound, sealed, "value");
}

Passphrase moderate(Random& random) {
  Passphrase out{{}, crypto_pwhash_OPSLIMIT_MODERATE, crypto_pwhash_MEMLIMIT_MODERATE};
  random.fill(out.salt);
  return out;
}

Result<BlobKey> key_of(std::string_view words, const Passphrase& how) {
  static_assert(sizeof how.salt == crypto_pwhash_SALTBYTES);
  BlobKey out{};
  if (how.memory > std::uint64_t{4} << 30U || how.passes > 1000 ||
      crypto_pwhash(out.data(), out.size(), words.data(), words.size(), how.salt.data(), how.passes,
                    static_cast<std::size_t>(how.memory), crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(Code::kCrypto, "the key of a passphrase cannot be computed",
                "it takes " + std::to_string(how.memory >> 20U) + " MiB of memory");
  }
  return out;
}

void wipe(std::span<std::uint8_t> bytes) { sodium_memzero(bytes.data(), bytes.size()); }
void wipe(std::string& text) {
  sodium_memzero(text.data(), text.size());
  text.clear();
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
