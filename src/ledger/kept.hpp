// What somebody who checks has beforehand: the signer's key, perhaps a head that was kept
// elsewhere, and the keys of witnesses.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "ledger/checkpoint.hpp"
#include "ledger/merkle.hpp"
#include "ledger/note.hpp"
#include "ledger/verify.hpp"

namespace naestro::ledger {

struct Trust {
  crypto::PublicKey key{};
  // A checkpoint. Where it is there, the witnesses must have cosigned it, and
  // what is checked has to go on from it; else what is checked has to be cosigned.
  std::optional<std::string> former{};
  std::vector<NoteKey> witnesses{};
};

// Each of the witnesses cosigned the checkpoint: "witness_missing" of the first that did not.
std::optional<Finding> without_witness(std::string_view checkpoint,
                                       const std::vector<NoteKey>& witnesses);

// The heads of one check. Findings go to `findings`.
struct Heads {
  std::optional<Head> head;
  std::optional<Head> former;
};
// Opens both, and compares them as far as that goes without leaves: "head_bad", "witness_missing",
// "store_other", "head_older" (rolled back, or an old head once more), "history_other" (a fork).
Heads open_heads(std::string_view checkpoint, const Trust& trust, std::vector<Finding>& findings);

// The auditor of a whole store (ledger/verify.hpp) with a head that was kept elsewhere: also a
// store that was rolled back together with the head beside it is found. Findings are those of the
// auditor.
Result<AuditReport> audit(const Folders& folders, const Trust& trust);

// That a tree goes on from an older one, for a witness: "old N", the proof's hashes in base64, an
// empty line, the checkpoint (c2sp.org/tlog-witness, add-checkpoint).
std::string consistency_text(std::uint64_t old_size, const SignedTree& tree);
struct Consistency {
  std::uint64_t old_size = 0;
  std::vector<Digest> proof;
  std::string checkpoint;
  // kUsage where it has another form.
  static Result<Consistency> from(std::string_view text);
};

}  // namespace naestro::ledger
