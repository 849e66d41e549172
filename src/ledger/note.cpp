#include "ledger/note.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace naestro::ledger {
namespace {

constexpr std::string_view kDash = "\u2014";  // em dash: begins a signature line
constexpr std::size_t kHashBytes = 4;
constexpr std::size_t kTimeBytes = 8;

// SHA-256(name || "\n" || type || public key), the first four bytes.
Bytes key_hash(const NoteKey& key) {
  const std::uint8_t separator[] = {'\n', key.type};
  const Digest digest = crypto::sha256({as_bytes(key.name), separator, key.key});
  return {digest.begin(), digest.begin() + kHashBytes};
}

std::string cosigned(std::uint64_t at, std::string_view text) {
  return "cosignature/v1\ntime " + std::to_string(at) + "\n" + std::string{text};
}

// `blob` is what stands behind the key's hash.
bool verifies(const NoteKey& key, std::string_view text, ByteSpan blob) {
  std::string message{text};
  if (key.type == NoteKey::kWitness && blob.size() > kTimeBytes) {
    std::uint64_t at = 0;  // big-endian
    for (const std::uint8_t byte : blob.first(kTimeBytes)) at = at << 8U | byte;
    if (at >> 63U != 0) return false;
    message = cosigned(at, text);
    blob = blob.subspan(kTimeBytes);
  }
  crypto::Signature signature{};
  if (blob.size() != signature.size()) return false;
  std::ranges::copy(blob, signature.begin());
  return crypto::verify(key.key, as_bytes(message), signature);
}

}  // namespace

std::string NoteKey::text() const {
  Bytes bytes{type};
  bytes.insert(bytes.end(), key.begin(), key.end());
  return name + "+" + hex(key_hash(*this)) + "+" + base64(bytes);
}

Result<NoteKey> NoteKey::from(std::string_view text) {
  const std::size_t hash = text.find('+');
  const std::size_t data = hash == text.npos ? hash : text.find('+', hash + 1);
  if (data != text.npos) {
    const auto bytes = from_base64(text.substr(data + 1));
    NoteKey out;
    if (bytes && bytes->size() == 1 + out.key.size()) {
      out.name = text.substr(0, hash);
      out.type = bytes->front();
      std::copy(bytes->begin() + 1, bytes->end(), out.key.begin());
      if (out.text() == text) return out;
    }
  }
  return fail(Code::kCrypto, "'" + shorten(one_line(text), 200) + "' is no key",
              "it should be name+hash+base64, as C2SP writes a verifier's key");
}

Result<Note> Note::from(std::string_view note) {
  const auto bad = fail(Code::kBadSignature, "a signed head is malformed");
  const std::size_t end = note.rfind("\n\n");
  if (end == note.npos || !note.ends_with('\n')) return bad;
  Note out{std::string{note.substr(0, end + 1)}, {}};
  std::vector<std::string> lines = split(note.substr(end + 2), '\n');
  lines.pop_back();  // what stands behind the last line feed
  for (const std::string& line : lines) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() != 3 || words[0] != kDash || words[1].empty()) return bad;
    const auto blob = from_base64(words[2]);
    if (!blob || blob->size() < kHashBytes) return bad;
    out.lines.push_back({words[1], *blob});
  }
  return out;
}

Signed signed_by(const Note& note, const NoteKey& key) {
  Signed out = Signed::no;
  const Bytes hash = key_hash(key);
  for (const Note::Line& line : note.lines) {
    const ByteSpan blob{line.blob};
    if (line.name != key.name || !std::ranges::equal(blob.first(kHashBytes), hash)) continue;
    if (!verifies(key, note.text, blob.subspan(kHashBytes))) return Signed::badly;
    out = Signed::yes;
  }
  return out;
}

std::string signature_line(const NoteKey& key, ByteSpan signature) {
  Bytes blob = key_hash(key);
  blob.insert(blob.end(), signature.begin(), signature.end());
  return std::string{kDash} + " " + key.name + " " + base64(blob) + "\n";
}

std::string cosignature_line(std::string_view text, std::string_view name,
                             const crypto::KeyPair& key, std::int64_t at) {
  const auto when = static_cast<std::uint64_t>(at);
  Bytes blob;
  for (int shift = 56; shift >= 0; shift -= 8) {
    blob.push_back(static_cast<std::uint8_t>(when >> static_cast<unsigned>(shift)));
  }
  const crypto::Signature signature = crypto::sign(key, as_bytes(cosigned(when, text)));
  blob.insert(blob.end(), signature.begin(), signature.end());
  return signature_line({std::string{name}, NoteKey::kWitness, key.public_key}, blob);
}

}  // namespace naestro::ledger
