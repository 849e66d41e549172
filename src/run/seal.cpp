#include "run/seal.hpp"

#include <algorithm>
#include <utility>

namespace naestro::run {

Digest Sealer::seal(std::string_view text, std::vector<Bytes>& blobs) const {
  blobs.push_back(crypto::seal(key_, mac_, as_bytes(text)));
  return crypto::sha256(blobs.back());
}

json::Value Sealer::put(std::string_view text, std::vector<Bytes>& blobs) const {
  return ledger::blob_ref(seal(text, blobs));
}

Result<std::string> Sealer::open(ByteSpan sealed) const {
  NAESTRO_LET(const Bytes plain, crypto::open(key_, sealed));
  return std::string{as_text(plain)};
}

ledger::Append sealed(std::string_view run, Batch& batch, const Sealer& sealer) {
  ledger::Append append;
  append.stream = run;
  std::vector<std::string> ids;
  ids.reserve(batch.secrets.size());
  append.blobs.reserve(batch.secrets.size());
  for (const std::string& secret : std::exchange(batch.secrets, {})) {
    ids.push_back(hex(sealer.seal(secret, append.blobs)));
  }
  append.events.reserve(batch.events.size());
  append.bodies.reserve(batch.events.size());
  for (Draft& draft : std::exchange(batch.events, {})) {
    for (const Draft::Hole& hole : draft.holes) {
      std::ranges::copy(ids[hole.secret.index],
                        draft.data.begin() + static_cast<std::ptrdiff_t>(hole.at));
    }
    ledger::Event event{append.stream, draft.seq, std::move(draft.kind), {}, draft.latency_us};
    append.bodies.push_back(event.body(draft.data));
    append.events.push_back(std::move(event));
  }
  return append;
}

}  // namespace naestro::run
