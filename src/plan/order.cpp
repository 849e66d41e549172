#include <algorithm>
#include <queue>
#include <tuple>
#include <unordered_map>

#include "base/crypto.hpp"
#include "plan/form.hpp"
#include "plan/passes.hpp"

namespace naestro::plan {
namespace {

// Everything of a step but its id and its place: two steps of one hash do the same work on the
// same data.
std::vector<std::string> structural_hashes(const Draft& draft) {
  std::vector<std::string> hashes(draft.steps.size());
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < draft.steps.size(); ++i) index[draft.steps[i].id] = i;
  const NameOf by_hash = [&](const std::string& id) { return hashes[index.at(id)]; };
  std::string text;
  for (const std::size_t i : draft.order) {
    const DraftStep& step = draft.steps[i];
    std::vector<std::string> needs;
    for (const std::size_t producer : step.producers) needs.push_back(hashes[producer]);
    std::ranges::sort(needs);
    const json::Storage arena = json::arena();
    json::Object content({{"use", form(*step.use, arena)},
                          {"with", form(step.with.expression, by_hash, arena)},
                          {"out", step.out.value_or(nullptr)},
                          {"needs", json::Array(needs.begin(), needs.end(), arena)},
                          {"timeout_s", step.timeout}},
                         arena);
    if (json::Value control = form(step.control, by_hash, arena); !control.is_null()) {
      content["control"] = std::move(control);
    }
    text.clear();
    json::append_canonical(text, content);
    hashes[i] = hex(crypto::sha256(text));
  }
  return hashes;
}

}  // namespace

void settle_order(Draft& draft) {
  const std::vector<std::string> hashes = structural_hashes(draft);
  const std::size_t count = draft.steps.size();
  const auto later = [&](std::size_t a, std::size_t b) {
    return std::tie(hashes[a], a) > std::tie(hashes[b], b);
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> ready{later};
  std::vector<std::size_t> waiting(count);
  std::vector<std::vector<std::size_t>> consumers(count);
  for (std::size_t i = 0; i < count; ++i) {
    waiting[i] = draft.steps[i].producers.size();
    for (const std::size_t producer : draft.steps[i].producers) consumers[producer].push_back(i);
    if (waiting[i] == 0) ready.push(i);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    const std::size_t next = ready.top();
    ready.pop();
    order.push_back(next);
    for (const std::size_t consumer : consumers[next]) {
      if (--waiting[consumer] == 0) ready.push(consumer);
    }
  }
  check(order.size() == count, "the graph pass left no cycle");
  draft.order = std::move(order);
}

}  // namespace naestro::plan
