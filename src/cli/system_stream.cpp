#include "cli/system_stream.hpp"

#include "run/kept_grants.hpp"
#include "run/recover.hpp"

namespace naestro::cli {
namespace {

// Two processes may write into it at one time; the later one looks again.
constexpr int kWritesMax = 5;

Result<crypto::BlobKey> key_of(House& house, bool make) {
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

Result<SystemStream> read_system_stream(House& house, ledger::Store& store) {
  SystemStream out;
  NAESTRO_LET(out.events, store.events(ledger::kSystemStream));
  if (out.events.empty()) return out;
  const auto key = key_of(house, false);
  if (key) {
    out.open = run::blob_opener(store, run::Sealer{*key});
  } else {
    // Not all that is there is sealed: who needs what is fails then.
    out.open = [error = key.error()](const Digest&) { return std::unexpected(error); };
  }
  return out;
}

Result<void> write_system_stream(House& house, ledger::Store& store, const MakeAppend& make) {
  NAESTRO_LET(const crypto::BlobKey key, key_of(house, true));
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
