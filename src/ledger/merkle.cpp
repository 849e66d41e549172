#include "ledger/merkle.hpp"

#include <bit>
#include <optional>
#include <span>

#include "base/crypto.hpp"

namespace naestro::ledger {
namespace {

// The split point of a range of n >= 2 leaves: the largest power of two below n.
std::uint64_t split(std::uint64_t n) { return std::bit_floor(n - 1); }

Digest range_root(std::span<const Digest> leaves) {
  if (leaves.empty()) return empty_root();
  if (leaves.size() == 1) return leaves.front();
  const std::uint64_t k = split(leaves.size());
  return node_hash(range_root(leaves.first(k)), range_root(leaves.subspan(k)));
}

// SUBTREE_PROOF of the draft; inclusion and consistency proofs are its special cases. The subtree
// [start, end) is relative to `leaves`. `known`: the verifier has the subtree's root itself.
void prove(std::span<const Digest> leaves, std::uint64_t start, std::uint64_t end, bool known,
           std::vector<Digest>& proof) {
  if (start == 0 && end == leaves.size()) {
    if (!known) proof.push_back(range_root(leaves));
    return;
  }
  const std::uint64_t k = split(leaves.size());
  const auto left = leaves.first(k);
  const auto right = leaves.subspan(k);
  if (end <= k) {
    prove(left, start, end, known, proof);
    proof.push_back(range_root(right));
  } else if (start >= k) {
    prove(right, start - k, end - k, known, proof);
    proof.push_back(range_root(left));
  } else {  // a subtree that crosses the split begins at 0, so the left half is wholly inside
    prove(right, 0, end - k, false, proof);
    proof.push_back(range_root(left));
  }
}

// Mirrors prove(): consumes the proof in the same order and rebuilds both roots.
class Verifier {
 public:
  Verifier(const std::vector<Digest>& proof, const Digest& subtree_root)
      : proof_{proof}, subtree_root_{subtree_root} {}

  bool run(std::uint64_t start, std::uint64_t end, std::uint64_t size, const Digest& root) {
    const auto roots = rebuild(start, end, size, true);
    return roots && used_ == proof_.size() && roots->subtree == subtree_root_ &&
           roots->tree == root;
  }

 private:
  struct Roots {
    Digest subtree;
    Digest tree;
  };

  std::optional<Digest> next() {
    if (used_ == proof_.size()) return std::nullopt;
    return proof_[used_++];
  }

  // Recursion is at most 64 deep: the range halves each time.
  std::optional<Roots> rebuild(std::uint64_t start, std::uint64_t end, std::uint64_t size,
                               bool known) {
    if (start == 0 && end == size) {
      const auto hash = known ? std::optional{subtree_root_} : next();
      if (!hash) return std::nullopt;
      return Roots{*hash, *hash};
    }
    const std::uint64_t k = split(size);
    const bool crosses = start < k && end > k;
    const auto inner = end <= k  ? rebuild(start, end, k, known)
                       : crosses ? rebuild(0, end - k, size - k, false)
                                 : rebuild(start - k, end - k, size - k, known);
    if (!inner) return std::nullopt;
    const auto sibling = next();
    if (!sibling) return std::nullopt;
    if (end <= k) return Roots{inner->subtree, node_hash(inner->tree, *sibling)};
    return Roots{crosses ? node_hash(*sibling, inner->subtree) : inner->subtree,
                 node_hash(*sibling, inner->tree)};
  }

  const std::vector<Digest>& proof_;
  const Digest& subtree_root_;
  std::size_t used_ = 0;
};

}  // namespace

Digest leaf_hash(ByteSpan data) {
  const std::uint8_t prefix = 0;
  return crypto::sha256({ByteSpan{&prefix, 1}, data});
}

Digest node_hash(const Digest& left, const Digest& right) {
  const std::uint8_t prefix = 1;
  return crypto::sha256({ByteSpan{&prefix, 1}, left, right});
}

Digest empty_root() { return crypto::sha256(ByteSpan{}); }

Result<Frontier> Frontier::from(std::uint64_t size, std::vector<Digest> hashes) {
  if (hashes.size() != static_cast<std::size_t>(std::popcount(size))) {
    return fail(Code::kStoreCorrupt,
                "the tree's frontier has " + std::to_string(hashes.size()) + " hashes for size " +
                    std::to_string(size),
                "run 'naestro audit verify'");
  }
  Frontier frontier;
  frontier.size_ = size;
  frontier.hashes_ = std::move(hashes);
  return frontier;
}

void Frontier::append(const Digest& leaf) {
  Digest hash = leaf;
  for (std::uint64_t bits = size_; (bits & 1) != 0; bits >>= 1) {  // carry, as in binary addition
    hash = node_hash(hashes_.back(), hash);
    hashes_.pop_back();
  }
  hashes_.push_back(hash);
  ++size_;
}

Digest Frontier::root() const {
  if (hashes_.empty()) return empty_root();
  Digest root = hashes_.back();
  for (std::size_t i = hashes_.size() - 1; i-- > 0;) root = node_hash(hashes_[i], root);
  return root;
}

Digest root_of(const std::vector<Digest>& leaves) { return range_root(leaves); }

std::vector<Digest> inclusion_proof(const std::vector<Digest>& leaves, std::uint64_t index,
                                    std::uint64_t size) {
  check(index < size, "the leaf of an inclusion proof is in its tree");
  check(size <= leaves.size(), "the tree of an inclusion proof is there");
  std::vector<Digest> proof;
  prove(std::span{leaves}.first(size), index, index + 1, true, proof);
  return proof;
}

Tree::Tree(std::vector<Digest> leaves) {
  levels_.push_back(std::move(leaves));
  while (levels_.back().size() > 1) {
    const std::vector<Digest>& below = levels_.back();
    std::vector<Digest> level;
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
      level.push_back(node_hash(below[i], below[i + 1]));
    }
    if (below.size() % 2 == 1) level.push_back(below.back());
    levels_.push_back(std::move(level));
  }
}

std::vector<Digest> Tree::inclusion(std::uint64_t index) const {
  check(index < levels_.front().size(), "the leaf of an inclusion proof is in its tree");
  std::vector<Digest> proof;
  for (const std::vector<Digest>& level : levels_) {
    const std::uint64_t pair = index ^ 1U;
    if (pair < level.size()) proof.push_back(level[pair]);
    index >>= 1U;
  }
  return proof;
}

std::vector<Digest> consistency_proof(const std::vector<Digest>& leaves, std::uint64_t old_size,
                                      std::uint64_t size) {
  check(old_size > 0, "a consistency proof is of a tree with leaves");
  check(old_size <= size, "a consistency proof is of an older tree");
  check(size <= leaves.size(), "the tree of a consistency proof is there");
  std::vector<Digest> proof;
  prove(std::span{leaves}.first(size), 0, old_size, true, proof);
  return proof;
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                      const std::vector<Digest>& proof, const Digest& root) {
  return index < size && Verifier{proof, leaf}.run(index, index + 1, size, root);
}

bool verify_consistency(std::uint64_t old_size, std::uint64_t size,
                        const std::vector<Digest>& proof, const Digest& old_root,
                        const Digest& root) {
  return old_size > 0 && old_size <= size && Verifier{proof, old_root}.run(0, old_size, size, root);
}

bool valid_subtree(std::uint64_t start, std::uint64_t end) {
  if (start >= end) return false;
  const std::uint64_t length = end - start;
  if (length > std::uint64_t{1} << 63) return start == 0;
  return start % std::bit_ceil(length) == 0;
}

bool verify_subtree_inclusion(std::uint64_t index, std::uint64_t start, std::uint64_t end,
                              const Digest& leaf, const std::vector<Digest>& proof,
                              const Digest& root) {
  return valid_subtree(start, end) && index >= start && index < end &&
         verify_inclusion(index - start, end - start, leaf, proof, root);
}

bool verify_subtree_consistency(std::uint64_t start, std::uint64_t end, std::uint64_t size,
                                const std::vector<Digest>& proof, const Digest& subtree_root,
                                const Digest& root) {
  // The draft lets every tree contain the empty subtree.
  if (start == end) return end <= size && proof.empty() && subtree_root == empty_root();
  return valid_subtree(start, end) && end <= size &&
         Verifier{proof, subtree_root}.run(start, end, size, root);
}

}  // namespace naestro::ledger
