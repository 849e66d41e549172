#include "ledger/checkpoint.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace naestro::ledger {
namespace {

constexpr std::string_view kDash = "\u2014 ";  // em dash, space: begins a signature line
constexpr std::size_t kHashBytes = 4;

// SHA-256(name || "\n" || 0x01 (Ed25519) || public key), the first four bytes.
std::array<std::uint8_t, kHashBytes> key_hash(std::string_view name, const crypto::PublicKey& key) {
  const std::uint8_t separator[] = {'\n', 0x01};
  const Digest digest = crypto::sha256({as_bytes(name), separator, key});
  std::array<std::uint8_t, kHashBytes> out{};
  std::copy_n(digest.begin(), kHashBytes, out.begin());
  return out;
}

std::string body_of(const Head& head) {
  return head.origin + "\n" + std::to_string(head.size) + "\n" + base64(head.root) + "\n";
}

}  // namespace

std::string sign_head(const Head& head, const crypto::KeyPair& key) {
  const std::string body = body_of(head);
  const auto hash = key_hash(head.origin, key.public_key);
  const crypto::Signature signature = crypto::sign(key, as_bytes(body));
  Bytes blob{hash.begin(), hash.end()};
  blob.insert(blob.end(), signature.begin(), signature.end());
  return body + "\n" + std::string{kDash} + head.origin + " " + base64(blob) + "\n";
}

Result<Head> open_head(std::string_view checkpoint, const crypto::PublicKey& key) {
  const auto bad = [](std::string_view why) {
    return fail(Code::kBadSignature, "a signed head " + std::string{why});
  };
  const std::vector<std::string> lines = split(checkpoint, '\n');
  // origin, size, root, "", signature, "" (behind the last line feed)
  if (lines.size() != 6 || !lines[3].empty() || !lines[5].empty()) return bad("is malformed");
  Head head;
  head.origin = lines[0];
  const std::string& size = lines[1];
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), head.size);
  const auto root = from_base64(lines[2]);
  if (error != std::errc{} || end != size.data() + size.size() ||
      size != std::to_string(head.size) || !root || root->size() != head.root.size()) {
    return bad("is malformed");
  }
  std::ranges::copy(*root, head.root.begin());
  const std::string prefix = std::string{kDash} + head.origin + " ";
  if (!lines[4].starts_with(prefix)) return bad("has no signature of its store");
  const auto blob = from_base64(std::string_view{lines[4]}.substr(prefix.size()));
  crypto::Signature signature{};
  if (!blob || blob->size() != kHashBytes + signature.size()) return bad("is malformed");
  if (!std::equal(blob->begin(), blob->begin() + kHashBytes, key_hash(head.origin, key).begin())) {
    return bad("was signed by another key");
  }
  std::copy(blob->begin() + kHashBytes, blob->end(), signature.begin());
  if (!crypto::verify(key, as_bytes(body_of(head)), signature)) return bad("does not verify");
  return head;
}

}  // namespace naestro::ledger
