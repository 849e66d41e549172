// What opens one sealed text, so that it can be proven without the key of all others.
#pragma once

#include <array>

#include "base/crypto.hpp"

namespace naestro::crypto {

// XChaCha20-Poly1305 is ChaCha20-Poly1305 (RFC 8439) under a key that HChaCha20 makes of the key
// and the nonce's first 16 bytes (draft-irtf-cfrg-xchacha). That one belongs to this nonce alone,
// and says nothing of the key.
struct Opening {
  std::array<std::uint8_t, 24> nonce{};
  std::array<std::uint8_t, 32> key{};
};
// `sealed`: what crypto::seal gave. kCrypto where it is too short for that.
Result<Opening> opening_of(const BlobKey& key, ByteSpan sealed);
// The sealed form of the plaintext under this opening.
Bytes seal_again(const Opening& opening, ByteSpan plaintext);

}  // namespace naestro::crypto
