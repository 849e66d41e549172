// A witness of somebody's store: cosigns its heads, each only where it goes on from the last one
// (c2sp.org/tlog-cosignature, tlog-witness). docs/formats/tiles.md.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "ledger/kept.hpp"

namespace naestro::ledger {

struct Cosigned {
  std::string checkpoint;  // with the witness's line
  NoteKey witness;
  Head head;
};

// `folder`: the witness's own: its key (made when it is not there) and the last head of each store.
// `signer`: the store's. `text`: a checkpoint, or one behind a proof (consistency_text()). The head
// is durable before it is cosigned. Fails with kBadSignature where the head does not verify or does
// not go on from the last one, with kUsage where a proof is missing.
Result<Cosigned> cosign(const std::string& folder, const crypto::PublicKey& signer,
                        std::string_view text, Clock& clock, Random& random);

}  // namespace naestro::ledger
