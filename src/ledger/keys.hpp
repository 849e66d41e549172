// The two kinds of keys: the signing key of the store's heads (one per user, outside the store)
// and the keys under which blobs are sealed (one per subject; without it the blob is erased).
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/crypto.hpp"
#include "ledger/sqlite.hpp"

namespace naestro::ledger {

// The signing key of `folder` (signing.key, 0600, base64 of the Ed25519 seed; signing.pub beside
// it). Made when it is not there.
Result<crypto::KeyPair> load_or_make_signing_key(const std::string& folder, Random& random);
// Reads a public key file: base64 of 32 bytes and a line feed.
Result<crypto::PublicKey> read_public_key(const std::string& file);

// keys.db beside the store: subject -> 32 random bytes. For one thread at a time.
class KeyRing {
 public:
  static Result<std::unique_ptr<KeyRing>> open(const std::string& file, Database::Mode mode);
  struct Fresh {
    std::string subject;
    crypto::BlobKey key;
  };
  // Durable before it returns: all of them, or none. Fails where a subject has another key.
  Result<void> keep(std::span<const Fresh> keys);
  // Durable before it returns: nothing of the key is left in the files, so that what it sealed is
  // erased wherever it is kept. False: there was none. kStoreBusy while another process reads the
  // file.
  Result<bool> erase(std::string_view subject);
  // kKeyMissing when there is none (erased, or never made).
  Result<crypto::BlobKey> find(std::string_view subject);

 private:
  explicit KeyRing(Database database) : database_{std::move(database)} {}
  Database database_;
};

}  // namespace naestro::ledger
