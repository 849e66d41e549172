#include "ledger/witness.hpp"

#include "ledger/files.hpp"
#include "ledger/keys.hpp"

namespace naestro::ledger {
namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

// The id, which is the name of a file, of a head's store.
Result<std::string> store_of(const Head& head) {
  constexpr std::string_view kPrefix = "naestro/store/";
  std::string id = head.origin.substr(std::min(kPrefix.size(), head.origin.size()));
  if (head.origin.starts_with(kPrefix) && id.size() == 16 &&
      id.find_first_not_of("0123456789abcdef") == id.npos) {
    return id;
  }
  return fail(Code::kBadSignature, "the head is of no store, but of '" + head.origin + "'");
}

Result<void> goes_on(const Head& head, const Head& last, const Consistency& proof) {
  const auto over = [](const Head& one) { return std::to_string(one.size) + " events"; };
  if (head.size < last.size) {
    return fail(
        Code::kBadSignature,
        "a head over " + over(last) + " was cosigned before; this one is over " + over(head),
        "its store was rolled back, or this head is an old one");
  }
  const bool same = head.size == last.size;
  if (!same && proof.old_size != last.size) {
    return fail(Code::kUsage, "the last head that was cosigned is over " + over(last),
                "bring the proof from there: naestro audit prove --from CHECKPOINT");
  }
  if (same ? head.root == last.root
           : verify_consistency(last.size, head.size, proof.proof, last.root, head.root)) {
    return {};
  }
  return fail(Code::kBadSignature,
              "the head over " + over(head) + " does not go on from the one over " + over(last),
              "its store shows different people different histories");
}

}  // namespace

Result<Cosigned> cosign(const std::string& folder, const crypto::PublicKey& signer,
                        std::string_view text, Clock& clock, Random& random) {
  Consistency given{0, {}, std::string{text}};
  if (text.starts_with("old ")) {
    NAESTRO_LET(given, Consistency::from(text));
  }
  NAESTRO_LET(const Head head, open_head(given.checkpoint, signer));
  NAESTRO_LET(const std::string store, store_of(head));
  NAESTRO_TRY(make_folder(folder + "/heads"));
  NAESTRO_LET(const auto lock, FolderLock::take(folder + "/heads"));
  NAESTRO_LET(const crypto::KeyPair key, load_or_make_signing_key(folder, random));
  const std::string file = folder + "/heads/" + store;
  const auto before = read_whole(file);
  if (before) {
    NAESTRO_LET(const Head last, open_head(*before, signer));
    NAESTRO_TRY(goes_on(head, last, given));
  } else if (before.error().code != Code::kNotFound) {
    return std::unexpected(before.error());
  }
  const Digest id = crypto::sha256(ByteSpan{key.public_key});
  const NoteKey witness{"naestro/witness/" + hex(ByteSpan{id}.first(8)), NoteKey::kWitness,
                        key.public_key};
  NAESTRO_LET(const Note note, Note::from(given.checkpoint));
  const std::string checkpoint =
      given.checkpoint +
      cosignature_line(note.text, witness.name, key, clock.wall_us() / kMicrosecondsPerSecond);
  NAESTRO_TRY(write_durably(file, as_bytes(checkpoint), 0644));
  NAESTRO_TRY(write_durably(folder + "/key", as_bytes(witness.text() + "\n"), 0644));
  return Cosigned{checkpoint, witness, head};
}

}  // namespace naestro::ledger
