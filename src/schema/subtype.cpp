#include "schema/subtype.hpp"

#include <algorithm>

#include "schema/compare.hpp"
#include "schema/node.hpp"

namespace naestro::schema {
namespace {

constexpr std::int64_t kStepsMax = 2'000'000;

// Whether both were read from the same text and nothing else.
bool same_schema(const Program& a, const Program& b) {
  return a.documents.size() == 1 && b.documents.size() == 1 &&
         json::equal(a.documents[0], b.documents[0]) &&
         std::ranges::equal(a.nodes, b.nodes, {}, &Node::vocabularies, &Node::vocabularies);
}

}  // namespace

Subtype subtype(const Schema& producer, const Schema& consumer) {
  using Verdict = Subtype::Verdict;
  if (same_schema(producer.program(), consumer.program())) return {Verdict::yes, "", "", {}};
  if (producer.program().dynamic || consumer.program().dynamic) {
    return {Verdict::unknown, "", "a $dynamicRef depends on the way that leads to it", {}};
  }
  Shapes shapes{kStepsMax};
  Outcome out = Comparer{shapes}.within({producer.program().root}, *consumer.program().root);
  if (!out.witnesses.empty()) {
    return {Verdict::no, std::move(out.pointer), std::move(out.reason),
            std::move(out.witnesses.front())};
  }
  if (shapes.spent()) {
    return {Verdict::unknown, "", "the comparison takes more than 2000000 steps", {}};
  }
  if (out.yes) return {Verdict::yes, "", "", {}};
  return {Verdict::unknown, std::move(out.pointer), std::move(out.reason), {}};
}

}  // namespace naestro::schema
