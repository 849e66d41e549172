#include <algorithm>
#include <unordered_map>

#include "base/text.hpp"
#include "plan/passes.hpp"

namespace naestro::plan {
namespace {

// Above this many names a search for the nearest one would cost more than the hint is worth.
constexpr std::size_t kHintNamesMax = 1000;

class Graph {
 public:
  Graph(Draft& draft, Sink& sink) : draft_{draft}, sink_{sink}, used_(draft.steps.size(), false) {}

  void run() {
    index_ids();
    for (std::size_t i = 0; i < draft_.steps.size(); ++i) connect(i);
    for (const auto& [name, output] : draft_.outputs) {
      for (const ReferenceUse& use : output.uses) find(nullptr, use.reference, use.pointer);
    }
    for (const AcceptDraft& each : draft_.accept) {
      for (const Reference& reference : references(each.accept.check)) {
        find(nullptr, reference, each.pointer);
      }
    }
    sort();
    absences();
    if (draft_.order.size() < draft_.steps.size()) {
      find_cycles();
      draft_.order.clear();
    }
    // Behind an error a step may look unused only because the reference to it is broken.
    if (!sink_.failed()) report_unused();
  }

 private:
  void index_ids() {
    for (std::size_t i = 0; i < draft_.steps.size(); ++i) {
      const DraftStep& step = draft_.steps[i];
      if (step.id.empty()) continue;
      const auto [first, fresh] = ids_.try_emplace(step.id, i);
      if (fresh || (!step.group.empty() && step.id != step.group)) continue;
      if (step.hand_of) {
        sink_.error(Np::kDuplicateId, step.tool_pointer, "an agent has a tool twice",
                    {"'" + *step.tool + "'", "each tool once", ""});
        continue;
      }
      sink_.error(Np::kDuplicateId, step.pointer + "/id", "two steps have one id",
                  {"'" + step.id + "'", "an id that no other step has",
                   "it stands at " + draft_.steps[first->second].pointer + " too"});
    }
  }

  void unknown(Np code, std::string_view what, const std::string& name, const std::string& pointer,
               const std::vector<std::string>& known) {
    sink_.error(code, pointer, "there is no " + std::string{what} + " '" + name + "'",
                {"'" + name + "'", "the name of a declared " + std::string{what},
                 did_you_mean(name, known)});
  }

  // The step that a name stands for; reports the unknown.
  std::optional<std::size_t> find_step(const std::string& id, const std::string& pointer) {
    const auto found = ids_.find(id);
    if (found != ids_.end()) return found->second;
    std::vector<std::string> known;
    if (!sink_.full() && ids_.size() <= kHintNamesMax) {
      for (const DraftStep& step : draft_.steps) known.push_back(step.id);
    }
    unknown(Np::kUnknownStep, "step", id, pointer, known);
    return std::nullopt;
  }

  // ${item} and ${prev} mean something only within the loop of the step that they stand in. A
  // condition of `when` is asked before the loop; `until` after a round, whose result is ${prev}.
  void local(const DraftStep* step, const Reference& reference, const std::string& pointer) {
    const bool item = reference.from == Reference::From::item;
    const bool when = step != nullptr && pointer == step->pointer + "/when";
    const bool loop =
        step != nullptr && !when &&
        (item ? step->control.for_each.has_value() : step->control.repeat.has_value());
    if (loop) {
      const bool first =
          !item && !step->control.repeat->start && pointer != step->pointer + "/repeat/until";
      if (!first) return;
    }
    sink_.error(
        Np::kNoLoop, pointer,
        loop ? "${prev} has no value in the first round" : "there is no loop here",
        {written(reference),
         loop ? "a `start` of the step's repeat" : "a reference within the step of the loop", ""});
  }

  // Checks a reference; the step it names, if it names one, counts as used.
  std::optional<std::size_t> find(const DraftStep* step, const Reference& reference,
                                  const std::string& pointer) {
    if (reference.from == Reference::From::call) return std::nullopt;
    if (reference.from == Reference::From::item || reference.from == Reference::From::prev) {
      local(step, reference, pointer);
      return std::nullopt;
    }
    if (reference.from == Reference::From::step) {
      const auto producer = find_step(reference.name, pointer);
      // What an agent's tool gave is its agent's to read.
      if (producer && draft_.steps[*producer].hand_of) {
        unknown(Np::kUnknownStep, "step", reference.name, pointer, {});
        return std::nullopt;
      }
      if (producer) used_[*producer] = true;
      return producer;
    }
    if (!draft_.inputs.contains(reference.name)) {
      std::vector<std::string> known;
      if (!sink_.full() && draft_.inputs.size() <= kHintNamesMax) {
        for (const auto& [name, input] : draft_.inputs) known.push_back(name);
      }
      unknown(Np::kUnknownInput, "input", reference.name, pointer, known);
    }
    return std::nullopt;
  }

  void connect(std::size_t i) {
    DraftStep& step = draft_.steps[i];
    const auto add = [&](std::optional<std::size_t> producer, const std::string& pointer) {
      if (!producer) return;
      const std::string& id = draft_.steps[*producer].id;
      // Of a consensus no part waits for what comes of it.
      if (*producer == i || (!step.group.empty() && id == step.group)) {
        sink_.error(Np::kSelfReference, pointer, "the step refers to itself",
                    {"'" + id + "'", "another step", ""});
        return;
      }
      used_[*producer] = true;
      step.producers.push_back(*producer);
    };
    for (const auto* uses : {&step.with.uses, &step.control_uses}) {
      for (const ReferenceUse& each : *uses) {
        add(find(&step, each.reference, each.pointer), each.pointer);
      }
    }
    for (const auto& [id, pointer] : step.needs) add(find_step(id, pointer), pointer);
    // An agent begins when all is known that its tools are given.
    for (std::size_t h = 0; step.agent && h < step.agent->hands.size(); ++h) {
      for (const ReferenceUse& each : draft_.steps[step.agent->hands[h]].with.uses) {
        if (each.reference.from != Reference::From::step) continue;
        const auto found = ids_.find(each.reference.name);
        if (found != ids_.end()) add(found->second, each.pointer);
      }
    }
    if (step.hand_of) step.producers.push_back(*step.hand_of);
    std::ranges::sort(step.producers);
    const auto twins = std::ranges::unique(step.producers);
    step.producers.erase(twins.begin(), twins.end());
  }

  // Kahn's algorithm; steps in or behind a cycle stay out of the order.
  void sort() {
    const std::size_t count = draft_.steps.size();
    std::vector<std::size_t> waiting(count);
    std::vector<std::vector<std::size_t>> consumers(count);
    for (std::size_t i = 0; i < count; ++i) {
      waiting[i] = draft_.steps[i].producers.size();
      for (const std::size_t producer : draft_.steps[i].producers) consumers[producer].push_back(i);
      if (waiting[i] == 0) draft_.order.push_back(i);
    }
    for (std::size_t next = 0; next < draft_.order.size(); ++next) {
      for (const std::size_t consumer : consumers[draft_.order[next]]) {
        if (--waiting[consumer] == 0) draft_.order.push_back(consumer);
      }
    }
  }

  // Who may yield nothing: skipping goes on to all that need it, up to a default.
  void absences() {
    for (const std::size_t i : draft_.order) {
      DraftStep& step = draft_.steps[i];
      if (step.control.fallback) continue;
      step.may_be_absent =
          step.control.may_yield_nothing() ||
          std::ranges::any_of(step.producers, [&](std::size_t p) {
            return draft_.steps[p].may_be_absent && !goes_without(step, draft_.steps[p]);
          });
    }
    if (draft_.order.size() < draft_.steps.size()) return;
    for (const auto& [name, output] : draft_.outputs) {
      for (const ReferenceUse& use : output.uses) absent(use.reference, use.pointer, "the output");
    }
    for (const AcceptDraft& each : draft_.accept) {
      for (const Reference& reference : references(each.accept.check)) {
        absent(reference, each.pointer, "what is checked");
      }
    }
  }

  // A consensus counts those of its answers that are there.
  static bool goes_without(const DraftStep& step, const DraftStep& producer) {
    return step.tool && !step.group.empty() && producer.group == step.group;
  }

  // What the whole plan yields, or is judged by, is there.
  void absent(const Reference& reference, const std::string& pointer, std::string_view what) {
    const auto found = ids_.find(reference.name);
    if (reference.from != Reference::From::step || found == ids_.end()) return;
    const DraftStep& step = draft_.steps[found->second];
    if (!step.may_be_absent) return;
    const bool part = !step.group.empty() && step.id != step.group;
    sink_.error(Np::kMayBeAbsent, pointer, std::string{what} + " may be absent",
                {written(reference) + " of a step that may be skipped",
                 part ? "${steps." + step.group + ".out}, of the whole consensus"
                      : "a `default` of step '" + reference.name + "'",
                 ""});
  }

  // Depth-first along the producers; an edge back into the current path closes a cycle.
  void find_cycles() {
    enum class Mark : std::uint8_t { fresh, on_path, done };
    std::vector<Mark> marks(draft_.steps.size(), Mark::fresh);
    for (const std::size_t sorted : draft_.order) marks[sorted] = Mark::done;
    struct Frame {
      std::size_t step;
      std::size_t next = 0;
    };
    std::vector<Frame> path;
    for (std::size_t root = 0; root < marks.size(); ++root) {
      if (marks[root] != Mark::fresh) continue;
      path.push_back({root});
      marks[root] = Mark::on_path;
      while (!path.empty()) {
        Frame& top = path.back();
        const auto& producers = draft_.steps[top.step].producers;
        if (top.next == producers.size()) {
          marks[top.step] = Mark::done;
          path.pop_back();
          continue;
        }
        const std::size_t producer = producers[top.next++];
        if (marks[producer] == Mark::on_path && !sink_.full()) {
          const auto begin = std::ranges::find(path, producer, &Frame::step);
          std::vector<std::size_t> cycle;
          for (auto at = begin; at != path.end(); ++at) cycle.push_back(at->step);
          report_cycle(std::move(cycle));
        } else if (marks[producer] == Mark::fresh) {
          marks[producer] = Mark::on_path;
          path.push_back({producer});
        }
      }
    }
  }

  // Shown from its first step in the plan, so that the text does not depend on the search.
  void report_cycle(std::vector<std::size_t> cycle) {
    constexpr std::size_t kShown = 10;
    std::ranges::rotate(cycle, std::ranges::min_element(cycle));
    std::string path;
    for (std::size_t i = 0; i < cycle.size() && i < kShown; ++i) {
      path += draft_.steps[cycle[i]].id + " -> ";
    }
    if (cycle.size() > kShown) path += "... -> ";
    path += draft_.steps[cycle.front()].id;
    sink_.error(Np::kCycle, draft_.steps[cycle.front()].pointer,
                "steps wait for each other: " + path,
                {path, "no cycle", "each of them needs the next one"});
  }

  // Whether it, or a tool of an agent's, changes something.
  bool acts(const DraftStep& step) const {
    const auto* tool = std::get_if<ToolUse>(&*step.use);
    if (tool != nullptr) {
      return std::ranges::any_of(tool->tool->effects, [](const auto& effect) {
        return contract::changes_world(effect.kind);
      });
    }
    return step.agent && std::ranges::any_of(step.agent->hands, [&](std::size_t hand) {
             return acts(draft_.steps[hand]);
           });
  }

  void report_unused() {
    for (std::size_t i = 0; i < draft_.steps.size(); ++i) {
      const DraftStep& step = draft_.steps[i];
      if (used_[i] || step.hand_of) continue;
      if (acts(step)) continue;
      sink_.warn(Np::kUnusedStep, step.pointer, "nobody uses what step '" + step.id + "' yields",
                 {"no use of ${steps." + step.id + ".out}", "a use of it", ""});
    }
  }

  Draft& draft_;
  Sink& sink_;
  std::vector<bool> used_;
  std::unordered_map<std::string, std::size_t> ids_;
};

}  // namespace

void graph(Draft& draft, Sink& sink) { Graph{draft, sink}.run(); }

}  // namespace naestro::plan
