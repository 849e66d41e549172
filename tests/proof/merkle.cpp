#include "ledger/merkle.hpp"

#include <algorithm>
#include <fstream>

#include "base/crypto.hpp"
#include "proof/proofs.hpp"

namespace naestro::proof {
namespace {

// A hash of the vectors. Some are deliberately not 32 bytes long; those are represented by a digest
// of their bytes, which no real hash equals and which keeps "same bytes" and "other bytes" apart.
Digest hash_of(const json::Object& row, const char* key) {
  const Bytes bytes = from_base64(json::text_at(row, key).value_or("")).value_or(Bytes{});
  Digest out{};
  if (bytes.size() == out.size())
    std::ranges::copy(bytes, out.begin());
  else
    out = crypto::sha256(bytes);
  return out;
}

std::vector<Digest> proof_of(const json::Object& row) {
  std::vector<Digest> out;
  if (const json::Array* items = json::array_at(row, "proof")) {
    for (const json::Value& item : *items) {
      out.push_back(hash_of(json::Object{{"h", item}}, "h"));
    }
  }
  return out;
}

std::uint64_t number_of(const json::Object& row, const char* key) {
  const json::Value* value = row.if_contains(key);
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->get_uint64();
  return value->is_int64() ? static_cast<std::uint64_t>(value->get_int64()) : 0;
}

bool verifies(std::string_view file, const json::Object& row) {
  using namespace ledger;
  const auto n = [&](const char* key) { return number_of(row, key); };
  const auto h = [&](const char* key) { return hash_of(row, key); };
  const auto proof = proof_of(row);
  // The product reads leaf hashes as 32 bytes and refuses others before any proof is checked.
  if (row.contains("leafHash") &&
      from_base64(json::text_at(row, "leafHash").value_or("")).value_or(Bytes{}).size() !=
          sizeof(Digest)) {
    return false;
  }
  if (file == "inclusion") {
    return verify_inclusion(n("leafIdx"), n("treeSize"), h("leafHash"), proof, h("root"));
  }
  if (file == "consistency") {
    return verify_consistency(n("size1"), n("size2"), proof, h("root1"), h("root2"));
  }
  if (file == "subtreeinclusion") {
    return verify_subtree_inclusion(n("leafIdx"), n("start"), n("end"), h("leafHash"), proof,
                                    h("root"));
  }
  return verify_subtree_consistency(n("start"), n("end"), n("size"), proof, h("root1"), h("root2"));
}

}  // namespace

Result<json::Value> merkle(const Folders& folders) {
  const std::filesystem::path& folder = folders.first;
  std::int64_t total = 0;
  std::int64_t agree = 0;
  json::Array disagree;
  for (const std::string file :
       {"inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"}) {
    std::ifstream in{folder / (file + ".jsonl")};
    for (std::string line; std::getline(in, line);) {
      if (line.empty()) continue;
      auto parsed = json::parse(line, {.large_integers = true});
      if (!parsed || !parsed->is_object()) {
        return fail(Code::kInvalidJson, (folder / (file + ".jsonl")).string() + " has a bad line");
      }
      const json::Object& row = parsed->get_object();
      ++total;
      const bool want = !json::bool_at(row, "wantErr").value_or(false);
      if (verifies(file, row) == want)
        ++agree;
      else
        disagree.emplace_back(file + ": " + std::string{json::text_at(row, "path").value_or("")});
    }
  }
  if (total == 0) {
    return fail(Code::kNotFound, folder.string() + " holds no Merkle vectors (*.jsonl)",
                "give the folder with inclusion.jsonl and its siblings");
  }
  return json::Object{{"set", "merkle"},
                      {"total", total},
                      {"agree", agree},
                      {"detail", json::Object{{"disagree", std::move(disagree)}}}};
}

}  // namespace naestro::proof
