#include "ledger/merkle.hpp"

#include "testing/property.hpp"
#include "testing/testing.hpp"

namespace naestro::ledger {
namespace {

std::vector<Digest> make_leaves(std::size_t count) {
  std::vector<Digest> leaves;
  for (std::size_t i = 0; i < count; ++i) {
    leaves.push_back(leaf_hash(as_bytes("leaf " + std::to_string(i))));
  }
  return leaves;
}

TEST(Merkle, EmptyRootIsTheHashOfNothing) {
  EXPECT_EQ(base64(empty_root()), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  EXPECT_EQ(Frontier{}.root(), empty_root());
}

TEST(Merkle, FrontierAgreesWithTheDefinition) {
  const auto leaves = make_leaves(70);
  Frontier frontier;
  for (std::size_t n = 0; n < leaves.size(); ++n) {
    EXPECT_EQ(frontier.root(), root_of({leaves.begin(), leaves.begin() + n}));
    const auto again = Frontier::from(frontier.size(), frontier.hashes());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->root(), frontier.root());
    frontier.append(leaves[n]);
  }
  EXPECT_FALSE(Frontier::from(3, {leaves[0]}));
}

RC_GTEST_PROP(MerkleProperty, ProofsVerifyAndChangedOnesDoNot, ()) {
  const auto size = *rc::gen::inRange<std::size_t>(1, 60);
  const auto index = *rc::gen::inRange<std::size_t>(0, size);
  const auto leaves = make_leaves(size);
  const Digest root = root_of(leaves);
  auto proof = inclusion_proof(leaves, index, size);
  RC_ASSERT(verify_inclusion(index, size, leaves[index], proof, root));
  RC_ASSERT(!verify_inclusion(index + 1, size, leaves[index], proof, root) || size == 1);
  const auto old_size = index + 1;
  const Digest old_root = root_of({leaves.begin(), leaves.begin() + old_size});
  auto consistency = consistency_proof(leaves, old_size, size);
  RC_ASSERT(verify_consistency(old_size, size, consistency, old_root, root));
  for (auto* any : {&proof, &consistency}) {
    if (any->empty()) continue;
    const auto at = *rc::gen::inRange<std::size_t>(0, any->size());
    (*any)[at][7] ^= 1;
  }
  if (!proof.empty()) RC_ASSERT(!verify_inclusion(index, size, leaves[index], proof, root));
  if (!consistency.empty()) {
    RC_ASSERT(!verify_consistency(old_size, size, consistency, old_root, root));
  }
  consistency.push_back(root);
  RC_ASSERT(!verify_consistency(old_size, size, consistency, old_root, root));
}

TEST(Merkle, AProofThatIsCutOffOrOutOfRangeDoesNotVerify) {
  const auto leaves = make_leaves(11);
  const Digest root = root_of(leaves);
  for (std::uint64_t n = 1; n <= leaves.size(); ++n) {
    const Digest old_root = root_of({leaves.begin(), leaves.begin() + static_cast<long>(n)});
    auto inclusion = inclusion_proof(leaves, n - 1, leaves.size());
    while (!inclusion.empty()) {
      inclusion.pop_back();
      EXPECT_FALSE(verify_inclusion(n - 1, leaves.size(), leaves[n - 1], inclusion, root));
    }
    auto consistency = consistency_proof(leaves, n, leaves.size());
    while (!consistency.empty()) {
      consistency.pop_back();
      EXPECT_FALSE(verify_consistency(n, leaves.size(), consistency, old_root, root));
    }
  }
  EXPECT_FALSE(verify_inclusion(11, 11, leaves[10], {}, root));
  EXPECT_FALSE(verify_consistency(0, 11, {}, empty_root(), root));
  EXPECT_FALSE(verify_consistency(12, 11, {}, root, root));
}

TEST(Merkle, ProofsOutOfRangeAreABug) {
  const auto leaves = make_leaves(3);
  EXPECT_DEATH((void)inclusion_proof(leaves, 3, 3), "in its tree");
  EXPECT_DEATH((void)inclusion_proof(leaves, 3, 4), "is there");
  EXPECT_DEATH((void)consistency_proof(leaves, 0, 3), "with leaves");
  EXPECT_DEATH((void)consistency_proof(leaves, 3, 2), "older tree");
  EXPECT_DEATH((void)consistency_proof(leaves, 3, 4), "is there");
}

// By the definition alone: a subtree's root is that of its leaves, and its proof is the one that
// the tree's recursion gives.
TEST(Merkle, SubtreesAreProvedByTheirOwnLeaves) {
  const auto leaves = make_leaves(8);
  const auto part = [&](std::size_t start, std::size_t end) {
    return std::vector<Digest>(leaves.begin() + static_cast<long>(start),
                               leaves.begin() + static_cast<long>(end));
  };
  const Digest root = root_of(leaves);
  const std::vector<Digest> proof{root_of(part(6, 8)), root_of(part(0, 4))};
  EXPECT_TRUE(verify_subtree_consistency(4, 6, 8, proof, root_of(part(4, 6)), root));
  EXPECT_FALSE(verify_subtree_consistency(4, 6, 8, proof, root_of(part(4, 7)), root));
  EXPECT_FALSE(verify_subtree_consistency(3, 6, 8, proof, root_of(part(3, 6)), root));
  EXPECT_FALSE(verify_subtree_consistency(4, 6, 5, proof, root_of(part(4, 6)), root));
  EXPECT_TRUE(verify_subtree_consistency(5, 5, 8, {}, empty_root(), root));
  EXPECT_FALSE(verify_subtree_consistency(9, 9, 8, {}, empty_root(), root));
  EXPECT_FALSE(verify_subtree_consistency(5, 5, 8, proof, empty_root(), root));
  EXPECT_FALSE(verify_subtree_consistency(5, 5, 8, {}, root, root));

  const auto inside = inclusion_proof(part(4, 7), 1, 3);
  const Digest subtree = root_of(part(4, 7));
  EXPECT_TRUE(verify_subtree_inclusion(5, 4, 7, leaves[5], inside, subtree));
  EXPECT_FALSE(verify_subtree_inclusion(6, 4, 7, leaves[5], inside, subtree));
  EXPECT_FALSE(verify_subtree_inclusion(3, 4, 7, leaves[3], inside, subtree));
  EXPECT_FALSE(verify_subtree_inclusion(7, 4, 7, leaves[7], inside, subtree));
  EXPECT_FALSE(verify_subtree_inclusion(5, 5, 7, leaves[5], inside, subtree));
}

TEST(Merkle, SubtreesMustBeAligned) {
  EXPECT_TRUE(valid_subtree(4, 8));
  EXPECT_TRUE(valid_subtree(4, 7));
  EXPECT_TRUE(valid_subtree(0, 6));
  EXPECT_FALSE(valid_subtree(2, 6));
  EXPECT_FALSE(valid_subtree(3, 3));
  EXPECT_FALSE(valid_subtree(1, ~std::uint64_t{0}));
}

}  // namespace
}  // namespace naestro::ledger
