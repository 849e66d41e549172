// Signed notes and their keys (c2sp.org/signed-note), and the cosignatures of witnesses
// (c2sp.org/tlog-cosignature): what a checkpoint is made of. Pure functions over text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.hpp"

namespace naestro::ledger {

// A public key with its name and the type of what it signs. As text ("vkey"): name+hash+base64.
struct NoteKey {
  static constexpr std::uint8_t kStore = 0x01;    // the text itself
  static constexpr std::uint8_t kWitness = 0x04;  // cosignature/v1: with the time
  std::string name;
  std::uint8_t type = kStore;
  crypto::PublicKey key{};

  [[nodiscard]] std::string text() const;
  // kCrypto when it is none, or its hash is not that of the key.
  static Result<NoteKey> from(std::string_view text);
};

// Of a file with such a text and a line feed.
Result<NoteKey> read_note_key(const std::string& file);

struct Note {
  struct Line {
    std::string name;
    Bytes blob;  // the key's hash (4 bytes), then what the key made
  };
  std::string text;  // with its last line feed
  std::vector<Line> lines;

  // kBadSignature where it has another form.
  static Result<Note> from(std::string_view note);
};

// Lines of keys that nobody knows are passed over; a key that signed once badly did not sign.
enum class Signed : std::uint8_t { yes, no, badly };
Signed signed_by(const Note& note, const NoteKey& key);

std::string signature_line(const NoteKey& key, ByteSpan signature);
// The line of a witness that saw the note's text at `at`, in seconds since 1970. What it signs says
// nothing of the witness's name: a key has one name only.
std::string cosignature_line(std::string_view text, std::string_view name,
                             const crypto::KeyPair& key, std::int64_t at);

}  // namespace naestro::ledger
