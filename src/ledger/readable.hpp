// The texts of a published log in the clear, beside it: docs/formats/tiles.md, "Readable".
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "ledger/keys.hpp"
#include "ledger/tiles.hpp"

namespace naestro::ledger {

// The blobs that the events of each stream name, in hex.
using NamedBlobs = std::map<std::string, std::set<std::string>>;

// The file with the texts of a stream.
std::string texts_path(std::string_view stream);

// The text without what must not leave; nullopt where there is nothing of it.
using TakeOut = std::function<std::optional<std::string>(std::string_view text)>;

struct WrittenTexts {
  std::uint64_t texts = 0;      // as they are, each with what proves it
  std::uint64_t taken_out = 0;  // without some of it, so without a proof
  std::uint64_t sealed = 0;     // their key is gone
};
// Of all events below `size`. Fails as the store, and as `put`.
Result<WrittenTexts> publish_texts(const Folders& folders, Store& store, KeyRing& keys,
                                   std::uint64_t size, const TakeOut& take_out, const PutFile& put);

// Checks the file of one stream. What is wrong is a finding: "malformed", "text_changed",
// "text_other" (no event of the stream names its blob).
void check_texts(std::string_view stream, std::string_view file, const std::set<std::string>& named,
                 BundleReport& report);

}  // namespace naestro::ledger
