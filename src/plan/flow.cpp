// The pass "flow": labels are pushed along the edges, so that the rules about data decide: whose
// values say where an effect goes, whether and how often it happens, and who would read what goes
// in.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "plan/labels.hpp"
#include "plan/passes.hpp"
#include "plan/typed.hpp"
#include "policy/labels.hpp"

namespace naestro::plan {
namespace {

using contract::Label;
using policy::Decision;

bool untrusted(const Label& label) { return !policy::trusted(label); }
bool not_public(const Label& label) { return !policy::is_public(label); }
bool bearing(const Label& label) { return label.instruction_bearing; }
bool off_prem(const Label& label) { return policy::off_prem_forbidden(label); }

// A fact of the flow, and which labels make it hold.
struct Fact {
  std::string_view word;
  bool policy::Flow::* holds;
  bool (*carries)(const Label&);
  Np code;
  bool decides = false;  // where, whether or how often something is done
};
constexpr std::array<Fact, 6> kFacts = {{
    {"untrusted_authority", &policy::Flow::untrusted_authority, untrusted, Np::kUntrustedAuthority,
     true},
    {"off_prem_forbidden", &policy::Flow::off_prem_forbidden, off_prem, Np::kReadersNotCovered},
    {"private_data", &policy::Flow::private_data, not_public, Np::kReadersNotCovered},
    {"untrusted_control", &policy::Flow::untrusted_control, untrusted, Np::kFlowDenied, true},
    {"untrusted_input", &policy::Flow::untrusted_input, untrusted, Np::kFlowDenied},
    {"instruction_bearing", &policy::Flow::instruction_bearing, bearing, Np::kFlowDenied},
}};

// Behind these somebody else reads what goes in.
constexpr std::array<contract::EffectKind, 4> kOutside = {
    contract::EffectKind::model_cloud, contract::EffectKind::net, contract::EffectKind::send,
    contract::EffectKind::pay};

bool goes_outside(const std::vector<contract::DeclaredEffect>& effects) {
  return std::ranges::any_of(effects, [](const auto& effect) {
    return std::ranges::find(kOutside, effect.kind) != kOutside.end();
  });
}

class Flow {
 public:
  Flow(Draft& draft, const Environment& environment, Sink& sink)
      : draft_{draft}, environment_{environment}, sink_{sink}, more_(draft.steps.size()) {
    for (std::size_t i = 0; i < draft.steps.size(); ++i) index_.emplace(draft.steps[i].id, i);
  }

  void run() {
    for (const std::size_t i : draft_.order) {
      if (draft_.steps[i].use) step(i);
    }
  }

 private:
  // What is known of a step besides its labels.
  struct More {
    // What decides, beyond the plan, whether the step yields anything.
    std::optional<Label> presence;
    std::set<std::string> readers;  // of the files that it reads
    bool open = false;              // a file that is not known yet may narrow who reads its result
  };

  // `holder`: the step that the reference stands in, whose loop ${item} and ${prev} are of.
  Label label_of(const DraftStep& holder, const Reference& reference) const {
    if (reference.from == Reference::From::input) return input_label();
    if (reference.from == Reference::From::call) return said_by(*holder.hand_of);
    if (reference.from == Reference::From::item) {
      // Outside of a loop it names nothing, which the graph pass reported.
      if (!holder.control.for_each) return input_label();
      const Reference& in = holder.control.for_each->in;
      return typed(label_of(holder, in), in.name, in.pointer + "/0" + reference.pointer);
    }
    // Of a round: what the call yields; what went into it joins with the arguments.
    if (reference.from == Reference::From::prev) {
      return of_call(narrowed(policy::whole(declared_labels(*holder.use)),
                              more_[index_.at(holder.id)].readers),
                     yielded(holder), reference.pointer);
    }
    const auto found = index_.find(reference.name);
    if (found == index_.end()) return contract::unlabelled();
    return typed(policy::label_at(draft_.steps[found->second].labels, reference.pointer),
                 reference.name, reference.pointer);
  }

  // Of what an agent's model says in a turn.
  Label said_by(std::size_t agent) const { return policy::whole(draft_.steps[agent].labels); }

  // What an agent's model reads besides its messages: whatever its tools give.
  std::optional<Label> heard(const DraftStep& agent) const {
    std::optional<Label> out;
    for (std::size_t h = 0; agent.agent && h < agent.agent->hands.size(); ++h) {
      const DraftStep& hand = draft_.steps[agent.agent->hands[h]];
      if (!hand.use) continue;
      const policy::Reached reached =
          environment_.policy.reached(hand.asked->question(environment_));
      policy::add(out, narrowed(policy::whole(declared_labels(*hand.use)), reached.readers));
      for (const ReferenceUse& use : hand.with.uses) {
        if (use.reference.from != Reference::From::call) {
          policy::add(out, label_of(hand, use.reference));
        }
      }
    }
    return out;
  }

  // A part that can hold no free text has no mark of it.
  Label typed(Label label, std::string_view producer, const std::string& pointer) const {
    const auto found = index_.find(producer);
    if (found == index_.end() || !draft_.steps[found->second].use) return label;
    const DraftStep& step = draft_.steps[found->second];
    return of_step(std::move(label), step.control, yielded(step), pointer);
  }

  // The schema of what one call of the step yields; null where a model's was left out.
  static const json::Value& yielded(const DraftStep& step) {
    static const json::Value kNone;
    const json::Value* found = step.call_yields();
    return found != nullptr ? *found : kNone;
  }

  bool open(const DraftStep& holder, const Reference& reference) const {
    if (reference.from == Reference::From::input) return false;
    if (reference.from == Reference::From::call) return more_[*holder.hand_of].open;
    if (reference.from == Reference::From::item) {
      return holder.control.for_each && open(holder, holder.control.for_each->in);
    }
    const bool own = reference.from == Reference::From::prev;
    const auto found = index_.find(own ? std::string_view{holder.id} : reference.name);
    return found != index_.end() && more_[found->second].open;
  }

  // What decides, beyond the plan, whether what the step needs is there.
  std::optional<Label> needed(const DraftStep& step) const {
    std::optional<Label> out;
    for (const std::size_t need : step.producers) {
      const auto& presence = more_[need].presence;
      if (presence) policy::add(out, *presence);
    }
    return out;
  }

  void step(std::size_t at) {
    DraftStep& step = draft_.steps[at];
    More& more = more_[at];
    const policy::Reached reached = environment_.policy.reached(step.asked->question(environment_));
    more.readers = reached.readers;
    contract::Labels arguments =
        labels_into(step.with.expression, step.role,
                    [&](const Reference& reference) { return label_of(step, reference); });
    if (auto read = heard(step)) arguments.emplace("/turns", *std::move(read));
    // Whether and how often it is done tells of what decided that.
    std::optional<Label> control = needed(step);
    more.presence = control;
    for (const ReferenceUse& use : step.control_uses)
      policy::add(control, label_of(step, use.reference));
    if (step.hand_of) policy::add(control, said_by(*step.hand_of));
    more.open = reached.open;  // of the round before
    bool open_in = false;
    for (const auto* uses : {&step.with.uses, &step.control_uses}) {
      for (const ReferenceUse& use : *uses) open_in = open_in || open(step, use.reference);
    }
    Label into = policy::whole(arguments);
    if (control) into = policy::join(std::move(into), *control);
    step.labels =
        result_labels(declared_labels(*step.use), narrowed(std::move(into), reached.readers));
    // Of a loop's result every part is one of the call's.
    if (step.control.for_each) step.labels = {{"", policy::whole(step.labels)}};
    step.flow = flow_of(*step.use, arguments, control.value_or(plan_label()));
    // Where the step says what may be read, a person saw that, and the run holds each call to it.
    if (step.hand_of && bounded(draft_.steps[*step.hand_of].agent->within, *step.use)) {
      step.flow.untrusted_authority = false;
    }
    step.flow.off_prem_open = open_in;
    if (reaches_out(step.asked->effects)) {
      step.flow = policy::either(step.flow, of_program(reached.readers));
    }
    more.open = more.open || open_in;
    settle_presence(step, more);
    judge(step);
    note(step);
  }

  // A program with a way out could send any file of the workspace, and do what one of them says.
  static policy::Flow of_program(const std::set<std::string>& readers) {
    policy::Flow out;
    out.untrusted_input = true;
    out.private_data = true;
    out.off_prem_forbidden = policy::off_prem_forbidden(narrowed(plan_label(), readers));
    return out;
  }

  void settle_presence(const DraftStep& step, More& more) const {
    if (step.control.fallback) {
      more.presence.reset();
      return;
    }
    if (step.control.when) {
      for (const Reference& reference : references(*step.control.when)) {
        policy::add(more.presence, label_of(step, reference));
      }
    }
    // Whether it fails, its data decides.
    if (step.control.on_error == OnError::go_on)
      policy::add(more.presence, policy::whole(step.labels));
  }

  bool denies(const DraftStep& step, const policy::Flow& flow) const {
    return environment_.policy.judge(step.asked->question(environment_, flow)).decision ==
           Decision::deny;
  }

  // The fact without which the step would not be denied; of several that do it together the first.
  const Fact& cause(const DraftStep& step) const {
    const auto alone = std::ranges::find_if(kFacts, [&](const Fact& fact) {
      policy::Flow without = step.flow;
      without.*fact.holds = false;
      return step.flow.*fact.holds && !denies(step, without);
    });
    if (alone != kFacts.end()) return *alone;
    return *std::ranges::find_if(kFacts, [&](const Fact& fact) { return step.flow.*fact.holds; });
  }

  void judge(const DraftStep& step) {
    // What is denied whatever flows in was reported by the pass "policy".
    if (step.denied || step.flow == policy::Flow{} || !denies(step, step.flow)) return;
    const Fact& fact = cause(step);
    const auto [verdict, kind] =
        environment_.policy.decide(step.asked->question(environment_, step.flow));
    const std::string why = place_of(verdict) + ": " + verdict.reason;
    const std::string does =
        "step '" + step.id + "' does `" + std::string{contract::name(kind)} + "`";
    if (fact.code == Np::kUntrustedAuthority) return judge_authority(step, does, why);
    const std::string message = fact.code == Np::kReadersNotCovered
                                    ? "data would reach who must not read it where " + does
                                    : "the data of a step is what a rule denies: " + does +
                                          " with " + std::string{fact.word};
    const ReferenceUse* use = carrier(step, fact);
    sink_.error(fact.code, use == nullptr ? step.pointer + "/do" : use->pointer, message,
                {path_of(step, fact), "what the rules let in", why});
  }

  void judge_authority(const DraftStep& step, const std::string& does, const std::string& why) {
    for (const ReferenceUse& value : step.with.uses) {
      const std::string name = authority_of(step, value);
      if (name.empty() || !untrusted(label_of(step, value.reference))) continue;
      sink_.error(Np::kUntrustedAuthority, value.pointer,
                  "untrusted data would decide where " + does,
                  {path_to(step, value.reference, untrusted) + " -> argument '" + name + "' of " +
                       shown_target(*step.use),
                   "a value of yours or of the plan's own", why});
    }
  }

  // The authority argument that a reference is in; "" for none.
  static std::string authority_of(const DraftStep& step, const ReferenceUse& value) {
    const auto& tool = *std::get<ToolUse>(*step.use).tool;  // models have none
    const std::string at = value.pointer.substr(step.with_pointer.size());
    for (const auto& [name, kind] : tool.arguments) {
      const std::string inside = "/" + json::pointer_token(name);
      const bool within = at == inside || at.starts_with(inside + "/");
      if (within && kind == contract::ArgumentKind::authority) return name;
    }
    return {};
  }

  // The ways of the data of a step that changes something or goes outside.
  void note(DraftStep& step) {
    const bool matters = std::ranges::any_of(
        step.effects, [](const StepEffect& effect) { return changes_world(effect.kind); });
    const bool outside = goes_outside(step.asked->effects);
    if (!matters && !outside) return;
    for (const Fact& fact : kFacts) {
      if (!(step.flow.*fact.holds) || !(outside || fact.decides)) continue;
      step.paths.push_back({fact.word, path_of(step, fact)});
    }
  }

  // The reference through which a fact comes to hold; null where only what the step needs decides
  // whether it is done.
  const ReferenceUse* carrier(const DraftStep& step, const Fact& fact) const {
    const auto in = [&](const std::vector<ReferenceUse>& uses, bool authority) {
      const auto found = std::ranges::find_if(uses, [&](const ReferenceUse& use) {
        return fact.carries(label_of(step, use.reference)) &&
               !(authority && authority_of(step, use).empty());
      });
      return found == uses.end() ? nullptr : &*found;
    };
    const bool of_control = fact.holds == &policy::Flow::untrusted_control;
    const bool of_authority = fact.holds == &policy::Flow::untrusted_authority;
    const ReferenceUse* given = of_control ? nullptr : in(step.with.uses, of_authority);
    return given != nullptr ? given : in(step.control_uses, false);
  }

  std::string path_of(const DraftStep& step, const Fact& fact) const {
    const ReferenceUse* use = carrier(step, fact);
    if (use != nullptr) {
      return path_to(step, use->reference, fact.carries) + " -> " + shown_target(*step.use);
    }
    const auto need = std::ranges::find_if(step.producers, [&](std::size_t producer) {
      const auto& presence = more_[producer].presence;
      return presence && fact.carries(*presence);
    });
    // What was not understood has no way.
    if (need == step.producers.end()) {
      return (reaches_out(step.asked->effects) ? "the workspace -> " : "") +
             shown_target(*step.use);
    }
    return "whether step '" + draft_.steps[*need].id + "' is done -> " + shown_target(*step.use);
  }

  // The path that the data takes, from its source to the reference.
  std::string path_to(const DraftStep& judged, const Reference& reference,
                      bool (*carries)(const Label&)) const {
    std::string path;
    const DraftStep* holder = &judged;
    const Reference* at = &reference;
    // Each step has one reference on the way and perhaps one to the items of its loop. Where two
    // steps have one id, which is an error of its own, the way may lead in a circle.
    for (std::size_t left = 2 * draft_.steps.size() + 2; at != nullptr && left > 0; --left) {
      path = written(*at) + (path.empty() ? "" : " -> " + path);
      if (at->from == Reference::From::input) break;
      if (at->from == Reference::From::item) {
        at = holder->control.for_each ? &holder->control.for_each->in : nullptr;
        continue;
      }
      const bool own = at->from == Reference::From::prev;
      const bool said = at->from == Reference::From::call;
      const auto found = index_.find(own    ? std::string_view{holder->id}
                                     : said ? draft_.steps[*holder->hand_of].id
                                            : at->name);
      // Of a step that is not there, or was not understood, nothing more is known.
      if (found == index_.end() || !draft_.steps[found->second].use) break;
      const DraftStep& producer = draft_.steps[found->second];
      const auto further = std::ranges::find_if(producer.with.uses, [&](const auto& use) {
        return use.reference.from != Reference::From::prev &&
               carries(label_of(producer, use.reference));
      });
      if (further != producer.with.uses.end()) {
        holder = &producer;
        at = &further->reference;
        continue;
      }
      path = shown_target(*producer.use) + sources(producer) + " -> " + path;
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
  std::vector<More> more_;  // by the places of the draft's steps
  std::unordered_map<std::string_view, std::size_t> index_;
};

}  // namespace

void flow(Draft& draft, const Environment& environment, Sink& sink) {
  Flow{draft, environment, sink}.run();
}

}  // namespace naestro::plan
