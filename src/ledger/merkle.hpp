// The append-only Merkle tree of RFC 6962 / RFC 9162: SHA-256, leaf prefix 0x00, node prefix 0x01.
// Pure functions over hashes; no storage. Proof checks follow RFC 9162 sections 2.1.3 and 2.1.4;
// subtree proofs follow draft-ietf-plants-merkle-tree-certs.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"

namespace naestro::ledger {

// H(0x00 | data).
Digest leaf_hash(ByteSpan data);
// H(0x01 | left | right).
Digest node_hash(const Digest& left, const Digest& right);
// The root of no leaves: SHA-256 of nothing.
Digest empty_root();

// The right edge of a tree: the roots of its perfect subtrees, largest first. Appending needs
// nothing else.
class Frontier {
 public:
  Frontier() = default;
  // `hashes` must hold one hash per set bit of `size`.
  static Result<Frontier> from(std::uint64_t size, std::vector<Digest> hashes);

  void append(const Digest& leaf);
  [[nodiscard]] Digest root() const;
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::vector<Digest>& hashes() const { return hashes_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> hashes_;
};

// The root of the tree over these leaf hashes.
Digest root_of(const std::vector<Digest>& leaves);
// The proof that leaf `index` is in the tree over the first `size` leaves.
std::vector<Digest> inclusion_proof(const std::vector<Digest>& leaves, std::uint64_t index,
                                    std::uint64_t size);
// The same for many leaves of one tree: all its nodes, level by level.
class Tree {
 public:
  explicit Tree(std::vector<Digest> leaves);
  [[nodiscard]] std::vector<Digest> inclusion(std::uint64_t index) const;

 private:
  std::vector<std::vector<Digest>>
      levels_;  // the leaves first; a node without a pair goes up as it is
};

// The proof that the tree over the first `old_size` leaves is a prefix of that over `size`.
std::vector<Digest> consistency_proof(const std::vector<Digest>& leaves, std::uint64_t old_size,
                                      std::uint64_t size);

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                      const std::vector<Digest>& proof, const Digest& root);
bool verify_consistency(std::uint64_t old_size, std::uint64_t size,
                        const std::vector<Digest>& proof, const Digest& old_root,
                        const Digest& root);

// [start, end) is a subtree when start is a multiple of the smallest power of two that is not
// below end - start.
bool valid_subtree(std::uint64_t start, std::uint64_t end);
bool verify_subtree_inclusion(std::uint64_t index, std::uint64_t start, std::uint64_t end,
                              const Digest& leaf, const std::vector<Digest>& proof,
                              const Digest& root);
bool verify_subtree_consistency(std::uint64_t start, std::uint64_t end, std::uint64_t size,
                                const std::vector<Digest>& proof, const Digest& subtree_root,
                                const Digest& root);

}  // namespace naestro::ledger
