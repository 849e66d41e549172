// What `audit verify` reads of a store: event bodies, blob references, heads, tree edges.
#include "ledger/event.hpp"

#include "fuzz/fuzz.hpp"
#include "ledger/checkpoint.hpp"
#include "ledger/merkle.hpp"

using namespace naestro;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text(data, size);
  if (const auto event = ledger::Event::from_body(text)) {
    const std::string body = event->body();
    const auto again = ledger::Event::from_body(body);
    fuzz::require(again && again->body() == body, "one event, one canonical body");
    (void)ledger::blobs_of(event->data);
  }
  if (const auto value = json::parse(text)) {
    (void)ledger::blob_id(*value);
    if (const json::Object* object = value->if_object()) (void)ledger::blobs_of(*object);
  }
  static const crypto::KeyPair kKey = crypto::key_pair_from_seed({});
  if (const auto head = ledger::open_head(text, kKey.public_key)) {
    fuzz::require(ledger::open_head(ledger::sign_head(*head, kKey), kKey.public_key) == *head,
                  "a head that is accepted can be signed again");
  }
  if (size >= sizeof(std::uint64_t)) {
    std::uint64_t leaves = 0;
    for (std::size_t i = 0; i < sizeof leaves; ++i) leaves = (leaves << 8) | data[i];
    std::vector<Digest> hashes((size - sizeof leaves) / sizeof(Digest));
    const auto edge = ledger::Frontier::from(leaves, hashes);
    if (edge) (void)edge->root();
  }
  return 0;
}
