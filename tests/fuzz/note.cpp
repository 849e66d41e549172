// What comes from somebody else's store: signed notes, keys, proofs for a witness, bundles and
// receipts. What is accepted has one form; what is wrong is a finding.
#include "ledger/note.hpp"

#include "fuzz/fuzz.hpp"
#include "ledger/bundle.hpp"
#include "ledger/receipts.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  static const crypto::KeyPair kPair = crypto::key_pair_from_seed({});
  if (const auto key = ledger::NoteKey::from(text)) {
    fuzz::require(key->text() == text, "a key has one form");
  }
  const ledger::NoteKey witness{"w", ledger::NoteKey::kWitness, kPair.public_key};
  if (const auto note = ledger::Note::from(text)) {
    fuzz::require(note->text.ends_with('\n') && !note->lines.empty(), "a note has both parts");
    (void)ledger::signed_by(*note, witness);
    (void)ledger::signed_by(*note,
                            {note->lines[0].name, ledger::NoteKey::kStore, kPair.public_key});
    const auto more = ledger::Note::from(
        std::string{text} + ledger::cosignature_line(note->text, "w", kPair, 1'700'000'000));
    fuzz::require(!more || ledger::signed_by(*more, witness) != ledger::Signed::no,
                  "a cosigned note is cosigned");
  }
  if (const auto proof = ledger::Consistency::from(text)) {
    fuzz::require(text.ends_with(proof->checkpoint), "a checkpoint stands behind its proof");
  }
  const ledger::BundleReport report = ledger::check_bundle(text, {.key = kPair.public_key});
  fuzz::require(!report.good() || report.size > 0, "what is good is under a signed head");
  (void)ledger::to_json(report);
  (void)ledger::check_bundle(
      text, {.key = kPair.public_key, .former = std::string{text}, .witnesses = {witness}});
  return 0;
}
