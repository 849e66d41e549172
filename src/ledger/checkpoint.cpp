#include "ledger/checkpoint.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "ledger/note.hpp"

namespace naestro::ledger {
namespace {

std::string body_of(const Head& head) {
  return head.origin + "\n" + std::to_string(head.size) + "\n" + base64(head.root) + "\n";
}

}  // namespace

std::string sign_head(const Head& head, const crypto::KeyPair& key) {
  const std::string body = body_of(head);
  return body + "\n" +
         signature_line({head.origin, NoteKey::kStore, key.public_key},
                        crypto::sign(key, as_bytes(body)));
}

Result<Head> open_head(std::string_view checkpoint, const crypto::PublicKey& key) {
  const auto bad = [](std::string_view why) {
    return fail(Code::kBadSignature, "a signed head " + std::string{why});
  };
  NAESTRO_LET(const Note note, Note::from(checkpoint));
  const std::vector<std::string> lines = split(note.text, '\n');
  // origin, size, root, "" (behind the last line feed)
  if (lines.size() != 4) return bad("is malformed");
  Head head;
  head.origin = lines[0];
  const std::string& size = lines[1];
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), head.size);
  const auto root = from_base64(lines[2]);
  if (error != std::errc{} || end != size.data() + size.size() || !root ||
      root->size() != head.root.size()) {
    return bad("is malformed");
  }
  std::ranges::copy(*root, head.root.begin());
  if (body_of(head) != note.text) return bad("is malformed");
  switch (signed_by(note, {head.origin, NoteKey::kStore, key})) {
    case Signed::yes: return head;
    case Signed::badly: return bad("does not verify");
    case Signed::no: break;
  }
  const bool named =
      std::ranges::find(note.lines, head.origin, &Note::Line::name) != note.lines.end();
  return bad(named ? "was signed by another key" : "has no signature of its store");
}

}  // namespace naestro::ledger
