// The whole log as static files (c2sp.org/tlog-tiles), which any web server can serve and anyone
// can check: docs/formats/tiles.md.
#pragma once

#include <functional>
#include <string>

#include "ledger/bundle.hpp"

namespace naestro::ledger {

// The events of one file, and the hashes of one tile.
inline constexpr std::uint64_t kTileWidth = 256;

// "tile/0/x001/234.p/5": `folder` is "tile/<level>", "tile/entries" or "events".
std::string tile_path(std::string_view folder, std::uint64_t number, std::uint64_t width);

// Takes a file by its path within the log.
using PutFile = std::function<Result<void>(const std::string& path, std::string_view content)>;
// Gives one.
using GetFile = std::function<Result<std::string>(const std::string& path)>;

struct Published {
  std::string store;
  std::uint64_t size = 0;  // events
  std::uint64_t consents = 0;
  std::uint64_t files = 0;
};

// Hands on all files of the log up to its last signed head; the checkpoint comes last, so that a
// folder with one is whole. kStoreCorrupt where events are not those that were signed.
Result<Published> publish_log(const Folders& folders, const SignedTree& tree,
                              const crypto::PublicKey& signer, const PutFile& put);

// Checks all of it, without the store. Never fails: what is wrong is a finding.
BundleReport check_log(const GetFile& get, const Trust& trust);

}  // namespace naestro::ledger
