#include "cli/system_stream.hpp"

#include "run/kept_grants.hpp"

namespace naestro::cli {
namespace {

// Two processes may write into the stream at one time; the later one looks again.
constexpr int kWritesMax = 5;

Result<crypto::BlobKey> system_key(House& house, bool make) {
  const auto mode = make ? ledger::Database::Mode::read_write : ledger::Database::Mode::read_only;
  NAESTRO_LET(const auto keys, ledger::KeyRing::open(ledger::keys_file(house.folders), mode));
  auto key = keys->find(run::kSystemSubject);
  if (key || key.error().code != Code::kKeyMissing || !make) return key;
  crypto::BlobKey fresh{};
  house.random.fill(fresh);
  const ledger::KeyRing::Fresh row{std::string{run::kSystemSubject}, fresh};
  NAESTRO_TRY(keys->keep(std::span{&row, 1}));
  return fresh;
}

}  // namespace

Result<SystemEvents> system_events(House& house, ledger::Store& store) {
  SystemEvents out;
  NAESTRO_LET(out.events, store.events(ledger::kSystemStream));
  if (out.events.empty()) return out;
  NAESTRO_LET(const crypto::BlobKey key, system_key(house, false));
  out.open = run::blob_opener(store, run::Sealer{key});
  return out;
}

Result<void> write_system(
    House& house, ledger::Store& store,
    const std::function<ledger::Append(std::int64_t seq, const run::Sealer& sealer)>& make) {
  NAESTRO_LET(const crypto::BlobKey key, system_key(house, true));
  Result<void> written;
  for (int tries = 0; tries < kWritesMax; ++tries) {
    NAESTRO_LET(const auto last, store.last(ledger::kSystemStream));
    const ledger::Append append = make(last ? last->event.seq + 1 : 0, run::Sealer{key});
    written = store.append(std::span{&append, 1});
    if (written || written.error().code != Code::kOwnershipLost) return written;
  }
  return written;
}

}  // namespace naestro::cli
