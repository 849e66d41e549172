// The only door to libsodium and OpenSSL digests. Key sizes are fixed by the types.
#pragma once

#include <openssl/sha.h>

#include <array>
#include <initializer_list>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace naestro::crypto {

// Chooses libsodium's fastest code for this machine. Once, at the start of a process; all else
// works without it, only slower.
void initialize();

// SHA-256 of the parts in order (FIPS 180-4).
Digest sha256(std::initializer_list<ByteSpan> parts);
inline Digest sha256(ByteSpan bytes) { return sha256({bytes}); }
inline Digest sha256(std::string_view text) { return sha256({as_bytes(text)}); }

// SHA-256 of what does not fit into memory at once. A copy goes on from where its origin stood.
// finish() ends it.
class Sha256 {
 public:
  Sha256();
  void update(ByteSpan bytes);
  Digest finish();

 private:
  SHA256_CTX context_;
};

// HMAC (RFC 2104) over SHA-256, with a key of at most one block, which is hashed once for all
// messages.
inline constexpr std::size_t kHmacKeyMax = 64;
class HmacKey {
 public:
  explicit HmacKey(ByteSpan key);
  [[nodiscard]] Digest of(ByteSpan message) const;

 private:
  Sha256 inner_;
  Sha256 outer_;
};

using BlobKey = std::array<std::uint8_t, 32>;
// XChaCha20-Poly1305 with nonce = HMAC-SHA256(key, plaintext)[0..24): the same key and plaintext
// give the same bytes, so that ids are reproducible; without the key they say nothing.
// Stored form: nonce (24) || ciphertext || tag (16).
Bytes seal(const BlobKey& key, ByteSpan plaintext);
// The same for who seals more than once; `mac` is of the same key.
Bytes seal(const BlobKey& key, const HmacKey& mac, ByteSpan plaintext);
// Fails with kCrypto when the bytes were changed or the key is another's.
Result<Bytes> open(const BlobKey& key, ByteSpan sealed);

// XChaCha20-Poly1305 under a random nonce, which opens only together with `bound` (RFC 8439's
// additional data). Stored form as above.
Bytes seal_with(const BlobKey& key, ByteSpan bound, ByteSpan plaintext, Random& random);
Result<Bytes> open_with(const BlobKey& key, ByteSpan bound, ByteSpan sealed);

// Argon2id (RFC 9106): what a passphrase costs to try. `memory`: bytes.
struct Passphrase {
  std::array<std::uint8_t, 16> salt{};
  std::uint64_t passes = 0;
  std::uint64_t memory = 0;
};
// libsodium's MODERATE: 256 MiB, some half a second.
Passphrase moderate(Random& random);
// kCrypto where there is not so much memory, or the numbers are not Argon2id's.
Result<BlobKey> key_of(std::string_view words, const Passphrase& how);

// Overwrites; no compiler leaves it out.
void wipe(std::span<std::uint8_t> bytes);
void wipe(std::string& text);

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;
struct KeyPair {
  PublicKey public_key;
  std::array<std::uint8_t, 64> secret_key;  // libsodium's form: seed || public key
};
// Ed25519 (RFC 8032).
KeyPair make_key_pair(Random& random);
KeyPair key_pair_from_seed(const std::array<std::uint8_t, 32>& seed);
Signature sign(const KeyPair& key, ByteSpan message);
bool verify(const PublicKey& key, ByteSpan message, const Signature& signature);

}  // namespace naestro::crypto
