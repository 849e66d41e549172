#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "contract/within.hpp"
#include "plan/passes.hpp"

namespace naestro::plan {
namespace {

// A sum or product of non-negative numbers that remembers that it overflowed.
class Count {
 public:
  explicit Count(std::int64_t value = 0) : value_{value} {}
  Count& operator+=(Count other) {
    ok_ = ok_ && other.ok_ && !__builtin_add_overflow(value_, other.value_, &value_);
    return *this;
  }
  static Count product(std::int64_t a, std::int64_t b) {
    Count out;
    out.ok_ = !__builtin_mul_overflow(a, b, &out.value_);
    return out;
  }
  Count& operator*=(std::int64_t factor) {
    const bool overflows = __builtin_mul_overflow(value_, factor, &value_);
    if (overflows) ok_ = false;
    return *this;
  }
  // Rounded up: a bound must not fall below what it bounds.
  [[nodiscard]] Count over(std::int64_t divisor) const {
    Count out = *this;
    out.value_ = value_ / divisor + (value_ % divisor > 0 ? 1 : 0);
    return out;
  }
  [[nodiscard]] std::int64_t value() const { return value_; }
  // Above 2^53-1 a number cannot be written as JSON exactly: that counts as an overflow too.
  [[nodiscard]] bool ok() const { return ok_ && value_ <= json::kMaxInteger; }
  static bool all_ok(std::initializer_list<Count> counts) {
    return std::ranges::all_of(counts, &Count::ok);
  }

 private:
  std::int64_t value_;
  bool ok_ = true;
};

struct Cost {
  Count usd;
  Count tokens;
  Count tool_calls;
  Count model_calls;
};

// Of one attempt.
Cost cost_of_call(const DraftStep& step) {
  constexpr std::int64_t kMillion = 1'000'000;
  Cost cost;
  if (const auto* tool = std::get_if<ToolUse>(&*step.use)) {
    cost.usd = Count{tool->tool->cost};
    cost.tool_calls = Count{1};
    return cost;
  }
  const auto& model = std::get<ModelUse>(*step.use);
  cost.tokens = Count{model.max_input_tokens};
  cost.tokens += Count{model.max_output_tokens};
  // Each side is rounded up by itself, so that the bound holds however the gateway rounds.
  cost.usd = Count::product(model.max_input_tokens, model.model->usd_per_mtok_in).over(kMillion);
  cost.usd += Count::product(model.max_output_tokens, model.model->usd_per_mtok_out).over(kMillion);
  cost.model_calls = Count{1};
  return cost;
}

// What an agent's own ceilings leave of a worst case: the run holds it to them. Its first turn is
// taken in any case.
void cap(Count& count, const std::optional<std::int64_t>& ceiling, Count turn) {
  if (!ceiling || (count.ok() && count.value() <= *ceiling)) return;
  count = turn.ok() && turn.value() <= *ceiling ? Count{*ceiling} : turn;
}

// Of all items, rounds and attempts; of an agent with all calls of its tools, which cost nothing
// beside.
Cost cost_of(const Draft& draft, const DraftStep& step) {
  Cost cost;
  if (step.hand_of || step.done) return cost;
  cost = cost_of_call(step);
  Cost turn = cost;
  turn.usd *= 1 + step.control.retry.max;
  turn.tokens *= 1 + step.control.retry.max;
  for (Count* each : {&cost.usd, &cost.tokens, &cost.tool_calls, &cost.model_calls}) {
    *each *= step.control.attempts_max() * (step.agent ? step.agent->turns : 1);
  }
  if (!step.agent) return cost;
  std::int64_t dearest = 0;
  for (const std::size_t hand : step.agent->hands) {
    dearest = std::max(dearest, cost_of_call(draft.steps[hand]).usd.value());
  }
  cost.usd += Count::product(dearest, step.agent->tool_calls);
  cost.tool_calls = Count{step.agent->tool_calls};
  cap(cost.usd, step.budget.usd, turn.usd);
  cap(cost.tokens, step.budget.tokens, turn.tokens);
  return cost;
}

// The longest that one item of a step takes: its rounds, their attempts and the waits between them.
// An agent's turns follow each other, and so may all its calls.
std::int64_t item_time(const Draft& draft, const DraftStep& step) {
  if (step.hand_of || step.done) return 0;
  const Retry& retry = step.control.retry;
  const std::int64_t round = (1 + retry.max) * step.timeout + retry.max * retry.wait_s;
  if (!step.agent) return round * (step.control.repeat ? step.control.repeat->max : 1);
  std::int64_t longest = 0;
  for (const std::size_t hand : step.agent->hands) {
    longest = std::max(longest, draft.steps[hand].timeout);
  }
  return round * step.agent->turns + longest * step.agent->tool_calls;
}

// Items of a step that may run at one time.
std::int64_t width(const DraftStep& step) {
  if (step.hand_of) return 0;
  if (step.agent) return std::min(step.agent->tool_calls, contract::kCallsAtOnceMax);
  const auto& each = step.control.for_each;
  return each ? std::min(each->max, each->parallel) : 1;
}

// The longest that a step takes by itself, whenever one of its items is not kept from a slot: while
// all `width` of them run, and while the last one does.
Count alone_time(const Draft& draft, const DraftStep& step) {
  const std::int64_t one = item_time(draft, step);
  if (!step.control.for_each) return Count{one};
  Count out = Count::product(step.control.for_each->max - 1, one).over(width(step));
  out += Count{one};
  return out;
}

// The time of all items, one after the other.
Count work_time(const Draft& draft, const DraftStep& step) {
  return Count::product(step.control.for_each ? step.control.for_each->max : 1,
                        item_time(draft, step));
}

void check_context(const DraftStep& step, Sink& sink) {
  const auto* model = std::get_if<ModelUse>(&*step.use);
  if (model == nullptr) return;
  Count sum{model->max_input_tokens};
  sum += Count{model->max_output_tokens};
  if (sum.ok() && sum.value() <= model->model->context_tokens) return;
  sink.error(Np::kOverContext, step.pointer + (step.agent ? "/do/agent" : "/do/model"),
             "the call may exceed the context of " + model->model->name,
             {std::to_string(model->max_input_tokens) + " + " +
                  std::to_string(model->max_output_tokens) + " tokens",
              "at most " + std::to_string(model->model->context_tokens) + " tokens", ""});
}

// Time and parallelism, from the shape of the graph.
struct Shape {
  Count longest;                  // sum of the steps' times along the critical path
  Count all;                      // sum of all items' times
  std::vector<std::size_t> path;  // the critical path
  // Calls that may run at one time: the sum, over chains that cover the graph, of the widest step.
  std::int64_t chains = 0;
};

Shape shape_of(const Draft& draft) {
  const std::size_t count = draft.steps.size();
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<Count> end(count);
  std::vector<std::size_t> before(count, kNone);
  std::vector<bool> continued(count, false);
  std::vector<std::int64_t> widest(count);  // of the chain up to here
  Shape shape;
  std::size_t last = kNone;
  std::vector<std::size_t> place(count);
  for (std::size_t at = 0; at < count; ++at) {
    const std::size_t i = draft.order[at];
    place[i] = at;
    const DraftStep& step = draft.steps[i];
    if (step.hand_of) continue;  // its time is its agent's
    // In the settled order, so that ties do not depend on where steps stand in the plan.
    std::vector<std::size_t> producers = step.producers;
    std::ranges::sort(producers, {}, [&](std::size_t p) { return place[p]; });
    bool joined = false;
    for (const std::size_t producer : producers) {
      if (before[i] == kNone || end[producer].value() > end[before[i]].value())
        before[i] = producer;
      if (joined || continued[producer]) continue;
      joined = continued[producer] = true;
      widest[i] = widest[producer];
    }
    shape.chains += std::max<std::int64_t>(0, width(step) - widest[i]);
    widest[i] = std::max(widest[i], width(step));
    if (before[i] != kNone) end[i] = end[before[i]];
    end[i] += alone_time(draft, step);
    shape.all += work_time(draft, step);
    if (last == kNone || end[i].value() > end[last].value()) last = i;
  }
  shape.longest = end[last];
  for (std::size_t i = last; i != kNone; i = before[i]) shape.path.push_back(i);
  std::ranges::reverse(shape.path);
  return shape;
}

// "dearest: a (30), b (20), c (1)".
template <class Value, class Text>
std::string dearest(const Draft& draft, std::vector<std::size_t> steps, Value value, Text text) {
  const std::size_t shown = std::min<std::size_t>(3, steps.size());
  std::ranges::partial_sort(steps, steps.begin() + static_cast<std::ptrdiff_t>(shown),
                            [&](std::size_t a, std::size_t b) {
                              return std::pair{-value(a), a} < std::pair{-value(b), b};
                            });
  std::string out = "dearest: ";
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += ", ";
    out += draft.steps[steps[i]].id + " (" + text(value(steps[i])) + ")";
  }
  return out;
}

// One budget line: the smaller of the plan's and the policy's ceiling.
template <class Hint, class Text>
void hold(Np code, std::string_view member, std::int64_t bound, std::optional<std::int64_t> plan,
          std::optional<std::int64_t> policy, Sink& sink, Text text, Hint hint) {
  const bool plans = plan && (!policy || *plan <= *policy);
  const auto limit = plans ? plan : policy;
  if (!limit || bound <= *limit) return;
  sink.error(code, plans ? "/budget/" + std::string{member} : "",
             "the worst case is over the budget of " + std::string{member},
             {text(bound),
              "at most " + text(*limit) + (plans ? " (the plan's budget)" : " (the run's ceiling)"),
              hint()});
}

// `waited_for` holds the steps whose timeouts make up the bound of time.
void hold_all(const Draft& draft, const Environment& environment, const Bound& bound,
              const std::vector<Cost>& costs, const std::vector<std::size_t>& waited_for,
              Sink& sink) {
  std::vector<std::size_t> all;
  std::vector<std::size_t> tools;
  for (std::size_t i = 0; i < draft.steps.size(); ++i) {
    all.push_back(i);
    if (costs[i].tool_calls.value() > 0) tools.push_back(i);
  }
  const Budget& plan = draft.budget;
  const Budget& policy = environment.ceilings;
  const auto plain = [](std::int64_t n) { return std::to_string(n); };
  const auto usd = [&](std::size_t i) { return costs[i].usd.value(); };
  const auto tokens = [&](std::size_t i) { return costs[i].tokens.value(); };
  const auto calls = [&](std::size_t i) { return costs[i].tool_calls.value(); };
  const auto timeout = [&](std::size_t i) { return work_time(draft, draft.steps[i]).value(); };
  hold(Np::kOverUsd, "usd", bound.usd, plan.usd, policy.usd, sink, format_usd,
       [&] { return dearest(draft, all, usd, format_usd); });
  hold(Np::kOverTokens, "tokens", bound.tokens, plan.tokens, policy.tokens, sink, plain,
       [&] { return dearest(draft, all, tokens, plain); });
  hold(Np::kOverToolCalls, "tool_calls", bound.tool_calls, plan.tool_calls, policy.tool_calls, sink,
       plain, [&] { return dearest(draft, tools, calls, plain); });
  hold(Np::kOverWall, "wall_s", bound.wall_s, plan.wall_s, policy.wall_s, sink, plain,
       [&] { return dearest(draft, waited_for, timeout, plain); });
}

}  // namespace

// A step's own budget: all that its loops and attempts may take.
void hold_step(const Draft& draft, const DraftStep& step, const Cost& cost, Sink& sink) {
  const auto over = [&](std::string_view member, const Count& bound,
                        std::optional<std::int64_t> limit, auto text) {
    if (!limit || bound.value() <= *limit) return;
    std::string hint;
    if (step.role) {
      hint = "its role " + step.role->name + " may take " + std::to_string(step.role->share) +
             "% of the plan's";
    }
    sink.error(
        Np::kOverStep, step.pointer + "/budget/" + std::string{member},
        "the worst case of step '" + step.id + "' is over its budget of " + std::string{member},
        {text(bound.value()), "at most " + text(*limit), std::move(hint)});
  };
  const auto plain = [](std::int64_t n) { return std::to_string(n); };
  over("usd", cost.usd, step.budget.usd, format_usd);  // an agent is held to these while it runs
  over("tokens", cost.tokens, step.budget.tokens, plain);
  over("tool_calls", cost.tool_calls, step.budget.tool_calls, plain);
  over("wall_s", alone_time(draft, step), step.budget.wall_s, plain);
}

void check_caps(const Draft& draft, Sink& sink) {
  for (const DraftStep& step : draft.steps) {
    if (!step.use) continue;
    check_context(step, sink);
    if (step.timeout >= 1 && step.timeout <= kTimeoutMax) continue;
    sink.error(Np::kOverflow, step.pointer, "the timeout of the step is out of range",
               {std::to_string(step.timeout), "1 to " + std::to_string(kTimeoutMax), ""});
  }
}

// Of all that a consensus stands for; its last step has its budget.
Cost with_parts(const Draft& draft, const std::vector<Cost>& costs, std::size_t at) {
  const DraftStep& step = draft.steps[at];
  Cost out = costs[at];
  for (std::size_t i = 0; !step.group.empty() && i < draft.steps.size(); ++i) {
    if (i == at || draft.steps[i].group != step.group) continue;
    out.usd += costs[i].usd;
    out.tokens += costs[i].tokens;
    out.tool_calls += costs[i].tool_calls;
  }
  return out;
}

Bound bounds(const Draft& draft, const Environment& environment, Sink& sink) {
  std::vector<Cost> costs;
  std::vector<std::size_t> all;
  Cost total;
  for (const DraftStep& step : draft.steps) {
    all.push_back(all.size());
    const Cost& cost = costs.emplace_back(cost_of(draft, step));
    total.usd += cost.usd;
    total.tokens += cost.tokens;
    total.tool_calls += cost.tool_calls;
    total.model_calls += cost.model_calls;
  }
  for (const std::size_t i : all) {
    const DraftStep& step = draft.steps[i];
    const Cost cost = step.group == step.id ? with_parts(draft, costs, i) : costs[i];
    if (Count::all_ok({cost.usd, cost.tokens})) {
      hold_step(draft, step, cost, sink);
      continue;
    }
    sink.error(Np::kOverflow, step.pointer, "the worst case of the step cannot be counted",
               {"a number above 2^53-1", "a smaller one", ""});
  }
  const Shape shape = shape_of(draft);
  const std::int64_t slots = std::max<std::int64_t>(1, environment.concurrency_max);
  Bound bound;
  bound.concurrency = std::min(slots, shape.chains);
  // Where every ready step finds a slot, the critical path is the time. Where steps may wait for
  // one, any order that leaves no slot idle needs at most path + (all - path) / slots (Graham).
  Count wall = shape.longest;
  if (shape.chains > slots) {
    wall += Count{shape.all.value() - shape.longest.value()}.over(slots);
  }
  const bool counted = Count::all_ok({total.usd, total.tokens, shape.all, shape.longest});
  if (!counted && !sink.failed()) {
    sink.error(Np::kOverflow, "/steps", "the worst case of the plan cannot be counted",
               {"a number above 2^53-1", "a smaller one", ""});
  }
  if (sink.failed()) return {};
  bound.usd = total.usd.value();
  bound.tokens = total.tokens.value();
  bound.tool_calls = total.tool_calls.value();
  bound.model_calls = total.model_calls.value();
  bound.wall_s = wall.value();
  for (const std::size_t i : shape.path) bound.critical_path.push_back(draft.steps[i].id);

  hold_all(draft, environment, bound, costs, shape.chains > slots ? all : shape.path, sink);
  return bound;
}

}  // namespace naestro::plan
