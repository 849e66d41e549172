// Signed tree heads as C2SP checkpoints (c2sp.org/tlog-checkpoint, c2sp.org/signed-note):
//
//   naestro/store/<id>
//   <size>
//   <root hash, base64>
//
//   — <key name> <base64 of key hash (4 bytes) and Ed25519 signature (64 bytes)>
//
// The key's name is the origin line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/crypto.hpp"

namespace naestro::ledger {

struct Head {
  std::string origin;
  std::uint64_t size = 0;
  Digest root{};
  bool operator==(const Head&) const = default;
};

// The text that is stored and handed to others.
std::string sign_head(const Head& head, const crypto::KeyPair& key);
// Parses and verifies. kBadSignature when it is malformed, signed by another key, or changed.
Result<Head> open_head(std::string_view checkpoint, const crypto::PublicKey& key);

}  // namespace naestro::ledger
