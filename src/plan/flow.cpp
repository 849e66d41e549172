// The passes "policy" and "flow". Policy: every declared effect against the rules. Flow: labels are
// pushed along the edges, and a value that is not the user's, the policy's or the plan's own must
// not decide where an effect goes, unless the policy only asks.
#include <algorithm>
#include <unordered_map>

#include "plan/asked.hpp"
#include "plan/labels.hpp"
#include "plan/passes.hpp"
#include "policy/labels.hpp"

namespace naestro::plan {
namespace {

// For people.
std::string shown_target(const DraftStep& step) {
  if (const auto* tool = std::get_if<ToolUse>(&*step.use)) return tool->tool->id();
  return "model " + std::get<ModelUse>(*step.use).model->name;
}

std::string place_of(const policy::Verdict& verdict) {
  return "rule " + verdict.rule +
         (verdict.line > 0 ? " (" + verdict.file + ":" + std::to_string(verdict.line) + ")" : "");
}

class Flow {
 public:
  Flow(Draft& draft, const Environment& environment, Sink& sink)
      : draft_{draft}, environment_{environment}, sink_{sink} {
    for (std::size_t i = 0; i < draft.steps.size(); ++i) index_.emplace(draft.steps[i].id, i);
  }

  void run() {
    for (const std::size_t i : draft_.order) {
      if (draft_.steps[i].use) step(draft_.steps[i]);
    }
  }

 private:
  // `holder`: the step that the reference stands in, whose loop ${item} and ${prev} are of.
  contract::Label label_of(const DraftStep& holder, const Reference& reference) const {
    if (reference.from == Reference::From::input) return input_label();
    if (reference.from == Reference::From::item) {
      // Outside of a loop it names nothing, which the graph pass reported.
      return holder.control.for_each ? label_of(holder, holder.control.for_each->in)
                                     : input_label();
    }
    // Of a round: what the call yields; what went into it joins with the arguments.
    if (reference.from == Reference::From::prev) {
      return policy::whole(declared_labels(*holder.use));
    }
    const auto found = index_.find(reference.name);
    if (found == index_.end()) return contract::unlabelled();
    return policy::label_at(draft_.steps[found->second].labels, reference.pointer);
  }

  void step(DraftStep& step) {
    const contract::Labels arguments =
        labels_of(step.with.expression,
                  [&](const Reference& reference) { return label_of(step, reference); });
    contract::Label into = policy::whole(arguments);
    // Whether and how often it is done tells of what decided that.
    for (const ReferenceUse& use : step.control_uses) {
      into = policy::join(into, label_of(step, use.reference));
    }
    step.labels = result_labels(declared_labels(*step.use), into);
    // Of a loop's result every part is one of the call's.
    if (step.control.for_each) step.labels = {{"", policy::whole(step.labels)}};
    const auto* use = std::get_if<ToolUse>(&*step.use);
    if (use == nullptr) return;
    for (const auto& [name, kind] : use->tool->arguments) {
      if (kind != contract::ArgumentKind::authority) continue;
      const std::string inside = "/" + json::pointer_token(name);
      for (const ReferenceUse& value : step.with.uses) {
        const std::string at = value.pointer.substr(step.pointer.size() + 5);  // behind "/with"
        if (at != inside && !at.starts_with(inside + "/")) continue;
        if (policy::trusted(label_of(step, value.reference))) continue;
        step.flow.untrusted_authority = true;
        judge(step, name, value);
      }
    }
  }

  void judge(const DraftStep& step, const std::string& argument, const ReferenceUse& value) {
    const Asked asked = asked_of(*step.use, step.with.expression);
    const auto [verdict, kind] =
        environment_.policy.decide(asked.question(environment_.mode, step.flow));
    if (verdict.decision != policy::Decision::deny) return;
    // What is denied whatever flows in was reported by the pass "policy".
    if (environment_.policy.decide(asked.question(environment_.mode)).first.decision ==
        policy::Decision::deny) {
      return;
    }
    sink_.error(
        Np::kUntrustedAuthority, value.pointer,
        "untrusted data would decide where step '" + step.id + "' does `" +
            std::string{contract::name(kind)} + "`",
        {path_to(step, value.reference) + " -> argument '" + argument + "' of " +
             shown_target(step),
         "a value of yours or of the plan's own", place_of(verdict) + ": " + verdict.reason});
  }

  // The path that the untrusted data takes, from its source to the reference.
  std::string path_to(const DraftStep& judged, const Reference& reference) const {
    std::string path;
    const DraftStep* holder = &judged;
    const Reference* at = &reference;
    while (at != nullptr) {
      path = written(*at) + (path.empty() ? "" : " -> " + path);
      if (at->from == Reference::From::item) {
        at = &holder->control.for_each->in;
        continue;
      }
      const bool own = at->from == Reference::From::prev;
      const DraftStep& producer = own ? *holder : draft_.steps[index_.at(at->name)];
      const auto further = std::ranges::find_if(producer.with.uses, [&](const auto& use) {
        return use.reference.from != Reference::From::prev &&
               !policy::trusted(label_of(producer, use.reference));
      });
      if (further != producer.with.uses.end()) {
        holder = &producer;
        at = &further->reference;
        continue;
      }
      path = shown_target(producer) + sources(producer) + " -> " + path;
      at = nullptr;
    }
    return path;
  }

  // " (file, reads inbox)"
  static std::string sources(const DraftStep& step) {
    std::string out;
    for (const std::string& source : policy::whole(step.labels).integrity) {
      if (source != "plan" && source != "user") out += (out.empty() ? "" : ", ") + source;
    }
    for (const StepEffect& effect : step.effects) {
      if (effect.object.empty()) continue;
      out += ", " + std::string{contract::name(effect.kind)} + " " + effect.object;
    }
    return " (" + out + ")";
  }

  Draft& draft_;
  const Environment& environment_;
  Sink& sink_;
  std::unordered_map<std::string_view, std::size_t> index_;
};

}  // namespace

void check_policy(const Draft& draft, const Environment& environment, Sink& sink) {
  for (const DraftStep& step : draft.steps) {
    if (!step.use) continue;
    const Asked asked = asked_of(*step.use, step.with.expression);
    const auto [verdict, kind] = environment.policy.decide(asked.question(environment.mode));
    if (verdict.decision != policy::Decision::deny) continue;
    sink.error(
        Np::kDenied, step.pointer + "/do",
        "the policy denies `" + std::string{contract::name(kind)} + "` in step '" + step.id + "'",
        {shown_target(step), "what a rule allows or asks for",
         place_of(verdict) + ": " + verdict.reason});
  }
}

void flow(Draft& draft, const Environment& environment, Sink& sink) {
  Flow{draft, environment, sink}.run();
}

}  // namespace naestro::plan
