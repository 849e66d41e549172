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
  const NameOf by_hash = [&](const std::string& id) {
    return std::string_view{hashes[index.at(id)]};
  };
  std::string text;
  for (const std::size_t i : draft.order) {
    const DraftStep& step = draft.steps[i];
    std::vector<std::string_view> needs;
    for (const std::size_t producer : step.producers) needs.push_back(hashes[producer]);
    std::ranges::sort(needs);
    text = "{";  // members in the order of RFC 8785
    if (step.agent) {
      text += R"("agent":[)" + std::to_string(step.agent->turns) + "," +
              std::to_string(step.agent->tool_calls) + "],";
    }
    if (!step.control.plain()) {
      text += R"("control":)";
      append_form(text, step.control, by_hash);
      text += ',';
    }
    text += R"("needs":)";
    append_list(text, needs, [&](std::string_view need) { json::append_canonical(text, need); });
    text += R"(,"out":)";
    json::append_canonical(text, step.out.value_or(nullptr));
    text += R"(,"timeout_s":)" + std::to_string(step.timeout) + R"(,"use":)";
    append_form(text, *step.use);
    text += R"(,"with":)";
    append_form(text, step.with.expression, by_hash);
    text += '}';
    hashes[i] = hex(crypto::sha256(text));
  }
  return hashes;
}

// Each step needs the one before: there is no other order.
bool is_chain(const Draft& draft) {
  const auto apart = [&](std::size_t a, std::size_t b) {
    return !std::ranges::binary_search(draft.steps[b].producers, a);
  };
  return std::ranges::adjacent_find(draft.order, apart) == draft.order.end();
}

}  // namespace

void settle_order(Draft& draft) {
  if (is_chain(draft)) return;
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
