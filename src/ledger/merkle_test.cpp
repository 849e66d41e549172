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
