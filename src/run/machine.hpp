// The pure machine of a run: facts in, events and commands out. No I/O, no clock, no randomness:
// the same facts in the same order give the same events, live, on resume and in replay.
//
// Every call returns one Batch: the fact's event first, then all that follows from it. A batch is
// committed whole or not at all, and its commands are obeyed only after the commit.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "door/perform.hpp"
#include "ledger/event.hpp"
#include "plan/compile.hpp"
#include "plan/program.hpp"
#include "run/card.hpp"
#include "run/draft.hpp"
#include "run/facts.hpp"
#include "turns/context.hpp"

namespace naestro::run {

// What a fork takes over: steps with their results, which are not done again.
struct Fork {
  struct Kept {
    std::string from;  // "recorded" in the first run, or "stub": given by a person
    json::Value result;
    contract::Labels labels;
  };
  std::string run;  // that it was made of
  std::string at;   // the first step that goes on live
  std::map<std::string, Kept> steps;
};

// The steps alone: {step: {"from", "result", "labels"}}.
json::Value to_json(const Fork& fork);

// The number of the rules by which facts give events; a journal of an older number replays by them.
// 2: a failed step is planned anew. 3: where another plan is wanted, models give way. 4: what a
// plan says that it takes bounds that plan alone.
inline constexpr std::int64_t kSemantics = 4;

// What a run starts from; recorded in run.created.
struct Start {
  std::int64_t semantics = kSemantics;
  std::string run;
  std::string goal;       // "": the plan's own
  std::string plan_text;  // of the first segment
  // The output of the first segment whose value is the plan of the second; "": one segment only.
  // So that planning is a run like any other: bounded, resumed, replayed.
  std::string next;
  // Ends the run when that plan compiles, with the planner's outputs.
  bool plan_only = false;
  json::Object inputs;  // bound
  // {"workspace": absolute path, "user": who runs it}; stays in a blob
  json::Object context;
  policy::Mode mode = policy::Mode::copilot;
  door::Ceilings ceilings;
  std::optional<Fork> fork;
  std::vector<policy::Grant> grants;  // lasting ones that were in force when it began
  // A candidate policy that decides beside that of the run: only what it says otherwise is told.
  std::shared_ptr<const policy::Policy> shadow;
  // {"naestro", "policy"}, and "model" where steps that name none got another than the catalog's
  // first: the run keeps it, whatever the configuration says when it is resumed.
  json::Object versions;
};

// How often a planner that takes diagnostics is asked to mend its plan.
inline constexpr std::int64_t kRepairMax = 2;
// How often a run whose step failed asks its planner for another way.
inline constexpr std::int64_t kReplansMax = 2;
// Steps that run at one time.
inline constexpr std::size_t kConcurrencyMax = 4;

// What the door has to do: read what undoing will need, or act.
struct Perform {
  door::Effect effect;
  Digest key{};
  bool prepare = false;
  json::Value former{};  // what was read, once it is recorded; every attempt acts upon it
};

// A wait before the next attempt; its end comes back as the fact timer.fired.
struct Timer {
  std::string step;
  std::vector<std::int64_t> path;
  std::int64_t seconds = 0;
};

struct Question {
  enum class Scope : std::uint8_t { plan, effect, doubt };
  Scope scope = Scope::plan;
  Digest digest{};
  std::string step;                // "" for the plan's card
  std::vector<std::int64_t> path;  // of the call within the step
  json::Value what;                // the card's lines, or the one effect with its arguments
};
std::string_view name(Question::Scope scope);

struct Batch {
  std::vector<Draft> events;
  std::vector<std::string> secrets;  // which the events name, not in the clear (run/seal.hpp)
  std::vector<Perform> performs;
  std::vector<Timer> timers;
  std::vector<Count> counts;
  std::vector<Digest> cuts;  // effects under way, by their keys, that are to be stopped
  bool ended = false;        // the run is done or failed
};
// Puts a text among the batch's secrets, for the field that names it.
Secret hide(Batch& batch, std::string text);

Error denied_error(const std::string& step, contract::EffectKind kind,
                   const policy::Verdict& verdict);
Error not_proved_error(const std::vector<const CardLine*>& lines);

// What another plan makes of the one under way.
struct Patch {
  std::string because;              // "steered" or "failed"
  std::vector<std::string> kept;    // steps that were done, and are not done again
  std::vector<std::string> added;   // that are to be done
  std::vector<std::string> gone;    // that were still to be done
  std::vector<std::string> undone;  // that were done, and stand in the new plan no more
  std::vector<std::string> failed;  // for which another way was looked for
  // What is still to come at most, of the plan before and of this one.
  plan::Bound before;
  plan::Bound after;
  std::optional<door::Usage> planning;  // what it took to find it; none by older rules
};
json::Object to_json(const Patch& patch);
// What a plan says that it takes at most.
door::Ceilings budget_of(const plan::Program& program);
// What both may take, one after the other.
void add(plan::Bound& bound, const plan::Bound& more);

// ready: all that it needs is settled, and some of its calls may be under way.
enum class StepState : std::uint8_t { waiting, ready, done, failed, skipped };
std::string_view name(StepState state);
// It has ended: nothing of it will change.
constexpr bool settled(StepState state) {
  return state != StepState::waiting && state != StepState::ready;
}

class Machine {
 public:
  // `program` is that of the first segment, compiled from start.plan_text. The catalogs of
  // `environment` must outlive the machine; its policy is copied, and what a resume adds comes on
  // top of it; the mode is the run's.
  Machine(Start start, plan::Program program, const plan::Environment& environment);

  // run.created and all that follows. Call it once, first. `day`: what the policy's limits of a day
  // leave.
  Batch begin(const door::Ceilings& day = {});
  // What it may still take at most: what its ceilings leave, and, where no further plan can come,
  // its bound.
  [[nodiscard]] door::Ceilings wanted() const;
  // Fails with kStoreCorrupt for a fact that fits no state (an outcome of an effect that is not
  // under way, an answer to no question); the state is unchanged then.
  Result<Batch> feed(Fact fact);

  // Intents without an outcome: to be done again with the same key after a crash.
  [[nodiscard]] std::vector<Perform> outstanding() const;
  [[nodiscard]] std::vector<Question> questions() const;
  [[nodiscard]] std::optional<Question> question(const Digest& digest) const;
  // A question of a plan that stands aside for another: it is open again when that plan goes on.
  [[nodiscard]] bool stands_aside(const Digest& question) const;
  // What a yes to it is for longer than once, without ids; none of an effect in doubt and of what
  // is asked each time.
  [[nodiscard]] std::vector<policy::Grant> lasting(const Question& question) const;
  // Of a question about one effect: what the policy says of it, and the label of what goes in.
  struct About {
    policy::Verdict verdict;
    contract::Label label;
  };
  [[nodiscard]] About about(const Question& question) const;
  // Whether what a person says that an effect in doubt gave would be taken as its step's result.
  [[nodiscard]] Result<void> fits(const Question& doubt, const json::Value& result) const;
  // An effect is under way or a timer runs: the run's time counts.
  [[nodiscard]] bool busy() const { return busy_ > 0; }

  enum class State : std::uint8_t { running, paused, done, failed };
  [[nodiscard]] State state() const { return state_; }
  // The rules of people's files that were the newest when the run began or was last resumed.
  [[nodiscard]] const json::Array& rules() const { return rules_; }
  // The lasting grants that were in force when the run began or was last resumed, and those that
  // were given in it.
  [[nodiscard]] std::span<const policy::Grant> grants() const { return grants_; }
  // Its own and whatever resumes added; changed by nothing while it runs.
  [[nodiscard]] const policy::Policy& policy() const { return environment_.policy; }
  [[nodiscard]] bool ended() const { return state_ == State::done || state_ == State::failed; }
  [[nodiscard]] StepState step_state(std::size_t index) const { return steps_[index].state; }
  [[nodiscard]] const std::optional<door::Shortage>& shortage() const { return shortage_; }
  [[nodiscard]] const std::string& limited_step() const { return limited_step_; }
  [[nodiscard]] const door::Budget& budget() const { return budget_; }
  // What it waits to be told yes to, where another plan is to take the place of one under way.
  [[nodiscard]] const std::optional<Patch>& patch() const { return patch_; }
  // Why nothing came of the last other plan; "" where there was none.
  [[nodiscard]] const std::string& kept_why() const { return kept_why_; }
  [[nodiscard]] const json::Object& outputs() const { return outputs_; }
  // {"path", "sha256"} of every file that was written.
  [[nodiscard]] const json::Array& files() const { return files_; }
  [[nodiscard]] const Digest& final_digest() const { return final_digest_; }
  // Why the run failed, with its code.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  [[nodiscard]] const Start& start() const { return start_; }
  // Of the segment that is under way.
  [[nodiscard]] const plan::Program& program() const { return *program_; }
  // The text of the plan that the run is by now about: of the one that stands aside, while another
  // is looked for; "" while the first is.
  [[nodiscard]] const std::string& plan_text() const {
    static const std::string kNone;
    return former_ ? former_->text : planning_ ? kNone : text_;
  }
  // The sum of the bounds of all segments that were entered, for "cost of bound".
  [[nodiscard]] const plan::Bound& bound() const { return bound_; }
  [[nodiscard]] const Card& card() const { return card_; }
  [[nodiscard]] const json::Value* result_of(std::string_view step) const;
  [[nodiscard]] const contract::Labels& labels_of(std::string_view step) const;
  // Those of the segment under way.
  [[nodiscard]] const json::Object& inputs() const { return inputs_; }
  [[nodiscard]] const door::Scope& scope() const { return scope_; }

 private:
  // A value that the batch's fact named: what it became, or the recorded reference.
  using Said = std::variant<Secret, json::Value>;
  // What an agent did so far, besides its calls.
  struct Working {
    turns::History history;
    std::vector<turns::Tool> tools;          // one for each hand
    turns::Functions functions{};            // of them
    std::int64_t calls = 0;                  // of its tools
    std::int64_t open = 0;                   // of them, of this turn
    std::optional<contract::Label> heard{};  // of all that its tools gave
    door::Usage spent{};                     // by it and its tools
    std::int64_t faults = 0;                 // turns at the end of the history that were none
    bool last = false;                       // the turn that is ready or under way can only answer
    std::int64_t repeats = 0;                // likewise, that asked nothing new
  };
  // One item of a step, the whole of a step that goes over none, a turn of an agent's, or a call of
  // a tool of its.
  struct Call {
    // counting: whether the rate limits let it go; waits: for a timer; doubtful: a person decides
    // whether it was done; listening: for what an agent's calls give.
    enum class State : std::uint8_t {
      ready,
      asking,
      counting,
      waits,
      running,
      doubtful,
      listening,
      done,
      failed
    };
    State state = State::ready;
    std::optional<std::int64_t> item;  // its index; of a hand its number
    std::int64_t round = 0;            // of repeat; of an agent the turn
    json::Value given{};               // of a hand: what the model gave
    std::size_t asked = 0;             // of a hand: its place among the calls of the turn
    std::int64_t attempts = 0;         // failed ones of this round
    bool counted = false;              // the rate limits let it go
    std::int64_t not_done = 0;         // definite "not done" outcomes of this round: n of the key
    std::optional<Perform> intent;
    contract::Labels argument_labels;
    contract::Label argument_label;  // all of them joined
    json::Value result;              // of the last round
    std::optional<Said> said;        // it, in the event that brought it; of this batch
    contract::Labels labels;
    std::optional<Error> error;
  };
  struct Step {
    StepState state = StepState::waiting;
    json::Array items;  // of for_each
    std::vector<Call> calls;
    std::int64_t running = 0;
    std::optional<Error> error;  // it fails when no call is under way any more
    json::Value result;
    contract::Labels labels;
    // What decided, beyond the plan, whether the step yields anything.
    std::optional<contract::Label> presence;
    std::unique_ptr<Working> working{};  // of an agent
    const CardLine* line = nullptr;      // null of a fork's step that is not done again
  };
  // Another plan is asked for: why, and by which program it is found.
  struct Change {
    std::string because;  // as Patch has it
    std::string goal;
    std::string plan;
    std::string next;
    door::Usage spent{};  // by the run, when it began
  };
  // The segment that a change is to replace, as it stands: it goes on where nothing comes of that.
  struct Former {
    std::unique_ptr<const plan::Program> program;
    std::string text;
    std::int64_t segment = 0;
    plan::Bound bound;
    json::Object inputs;
    Card card;
    std::vector<Step> steps;
    std::map<std::string, std::size_t, std::less<>> index;
    std::map<std::string, Fork::Kept> kept;
    std::map<Digest, Question> questions;
    std::optional<Error> failure;
    door::Ceilings left{};  // of its own budget
  };
  // Another plan that a person was asked about, until nothing comes of a newer one.
  struct Shelved {
    Former plan;
    Patch patch;
    Change change;
  };
  static constexpr bool busy(Call::State state) {
    return state == Call::State::running || state == Call::State::waits;
  }
  // A call by its step's and its own index.
  struct At {
    std::size_t step;
    std::size_t call;
  };

  void emit(Batch& batch, std::string_view kind, Fields fields);
  void emit(Batch& batch, std::string_view kind, std::initializer_list<Field> fields) {
    emit(batch, kind, Fields{fields.begin(), fields.size()});
  }
  void write_fact(Fact& fact, Batch& batch);
  // policy.decided, of a step or of one call of it. `candidate`: of the policy that decides beside
  // the run's own, null where there is none.
  void emit_decision(const std::string& step, const std::vector<std::int64_t>& path,
                     const door::Admission& admission, const policy::Verdict* candidate,
                     Batch& batch);
  void enter(plan::Program program);
  void open_segment(Batch& batch);
  void ask_card(Batch& batch);
  void emit_compiled(const plan::Program& program, std::int64_t segment, bool planner,
                     Batch& batch);
  [[nodiscard]] Card card_under(const policy::Policy& policy) const;
  void choose(Batch& batch);
  void advance(Batch& batch);
  // `remedy`: for the person, where nothing comes of it.
  void reject(const plan::Compiled& compiled, Batch& batch, const std::string& remedy = {});
  void close_segment();
  void close_segment(std::int64_t number, const plan::Program& program,
                     const std::vector<Step>& steps);

  // Another plan in mid-run (machine_change.cpp).
  Result<void> on_steered(const Fact& fact, Batch& batch);
  [[nodiscard]] bool goes_on(std::size_t index) const;
  // Nothing begins any more, so that a change may.
  [[nodiscard]] bool changes() const { return change_ && (!planning_ || former_); }
  [[nodiscard]] bool may_change() const;
  void begin_change(Batch& batch);
  void give_up(Batch& batch);
  [[nodiscard]] bool half_done() const;
  [[nodiscard]] std::string told_of_former() const;
  void weigh(const std::string& text, Batch& batch);
  [[nodiscard]] std::string what_it_needs(const std::string& text,
                                          const std::set<std::string>* done) const;
  void take_over(plan::Program program, const std::string& text, json::Object inputs,
                 const std::map<std::string, std::string>& done, Batch& batch);
  void keep_former(std::string_view because, std::string message, Batch& batch);
  void let_former_go();
  void let_shelved_go();
  Former stand_aside();
  void stand_back(Former former);
  [[nodiscard]] std::map<std::string, std::string> done_already(
      const plan::Program& program, const std::map<std::string, std::string>& same) const;
  Result<void> apply(Fact& fact, Batch& batch);
  Result<void> on_outcome(Fact& fact, Batch& batch);
  Result<void> on_answer(Fact& fact, Batch& batch);
  Result<void> on_resumed(const Fact& fact, Batch& batch);
  void on_killed(Batch& batch);
  Result<void> on_prepared(Fact& fact, Batch& batch);
  Result<void> on_lost(const Fact& fact, Batch& batch);
  Result<void> on_withheld(const Fact& fact, Batch& batch);
  Result<void> on_timer(const Fact& fact, Batch& batch);
  Result<void> on_deadline(Batch& batch);
  Result<void> on_counted(const Fact& fact, Batch& batch);
  [[nodiscard]] CardRules card_rules() const {
    return {environment_.policy, start_.mode, grants_, environment_.user};
  }
  void answer_effect(const Question& question, bool yes, const std::string& who, Batch& batch);
  void answer_doubt(const Question& question, Fact& fact, Batch& batch);
  void discharge(Batch& batch);

  // Steps (machine_steps.cpp).
  void schedule(Batch& batch);
  bool settle_ready(Batch& batch);
  bool start_calls(Batch& batch);
  void open_step(std::size_t index, Batch& batch);
  void say_role(const plan::Step& planned, Batch& batch);
  [[nodiscard]] const Fork::Kept* kept(const std::string& step) const;
  void keep_step(std::size_t index, const Fork::Kept& kept, Batch& batch);
  [[nodiscard]] std::optional<contract::Label> needed(std::size_t index) const;
  void note_presence(std::size_t index);
  void skip_step(std::size_t index, std::string_view because, Batch& batch);
  void close_step(std::size_t index, Batch& batch);
  void say_agreement(std::size_t index, Batch& batch);
  void fail_step(std::size_t index, Error error, Batch& batch);
  bool compute_outputs();
  bool accepted(Batch& batch);
  void finish(Batch& batch);

  // Calls (machine_calls.cpp).
  void start_call(At at, Batch& batch);
  [[nodiscard]] contract::EffectKind told_kind(const door::Effect& effect,
                                               const door::Admission& admission) const;
  void ask(At at, const door::Effect& effect, const door::Admission& admission, Batch& batch);
  void intend(At at, door::Effect effect, const door::Admission& admission, Batch& batch);
  [[nodiscard]] Digest action_of(At at, const door::Effect& effect) const;
  [[nodiscard]] Result<door::Effect> effect_of(At at) const;
  void label_result(At at, const contract::Labels& declared);
  [[nodiscard]] bool may_repeat(At at) const;
  void take_slot(At at);
  void free_slot(At at);
  void open_question(Question::Scope scope, const Digest& digest, At at, json::Object what,
                     Batch& batch);
  void hand_out(Call& call, Batch& batch);
  [[nodiscard]] std::optional<contract::Label> control_label(At at) const;
  [[nodiscard]] contract::Labels argument_labels(At at) const;
  [[nodiscard]] policy::Flow flow_of(At at, const door::Effect& effect) const;
  [[nodiscard]] std::set<std::string> readers_of(const door::Effect& effect) const;
  void note_written(const Call& call);
  void accept(At at, Fact& fact, const contract::Labels& labels, Batch& batch);
  void keep_file(json::Value file);
  void end_round(At at, Batch& batch);
  void end_call(At at, Batch& batch);
  void fail_call(At at, Error error, bool may_pass, Batch& batch);
  void repeat_later(At at, std::string_view code, Batch& batch);
  void doubt(At at, Batch& batch);
  void say_in_doubt(At at, Batch& batch);
  void charge_lost(At at, Batch& batch);
  void again(At at, Batch& batch);
  void hand_back(At at, Batch& batch);
  void resume_call(At at, Batch& batch);
  void turn(Call& call, Call::State to);

  // Agents (machine_agent.cpp).
  void open_agent(std::size_t index);
  void add_turn(std::size_t index, door::Effect& effect) const;
  void hear(At at, const Fact& fact, const contract::Labels& declared, Batch& batch);
  void on_calls(At at, const turns::Calls& calls, const turns::LeftOut& left_out, Batch& batch);
  // What the model was not shown in the turn that it has just taken.
  [[nodiscard]] turns::LeftOut left_out(At at) const;
  void heard(At hand, Batch& batch);
  void next_turn(std::size_t index, Batch& batch);
  [[nodiscard]] bool last_turn(std::size_t index) const;
  [[nodiscard]] turns::Context context_of(std::size_t index, const json::Array& opening) const;
  void stop_agent(std::size_t index, turns::Stop stop, const std::string& why, Batch& batch);
  void say_stopped(std::size_t index, turns::Stop stop, Batch& batch);
  void close_hands(std::size_t index, Batch& batch);
  void note_use(At at, const door::Usage& usage);
  [[nodiscard]] Call& call(At at) { return steps_[at.step].calls[at.call]; }
  [[nodiscard]] const Call& call(At at) const { return steps_[at.step].calls[at.call]; }
  [[nodiscard]] std::vector<std::int64_t> path(At at) const;
  [[nodiscard]] const std::string& step_id(At at) const { return program_->steps[at.step].id; }
  // {"step"} and, in a loop, {"path"}.
  [[nodiscard]] json::Object place(At at) const;
  [[nodiscard]] std::optional<At> at_place(const json::Object& data) const;
  [[nodiscard]] std::optional<At> at_place(std::string_view step,
                                           const std::vector<std::int64_t>& where) const;
  // The call whose effect, of the fact's key, is under way.
  [[nodiscard]] Result<At> under_way(const Fact& fact) const;
  void limit(const door::Shortage& shortage, const std::string& step, Batch& batch);
  [[nodiscard]] plan::Budget left() const;
  [[nodiscard]] static std::string digest_row(const Step& step);
  [[nodiscard]] std::string segment_name(const std::string& id) const;
  [[nodiscard]] Result<json::Value> value_of(std::size_t index, json::Value value) const;
  [[nodiscard]] plan::Lookup lookup() const;
  [[nodiscard]] plan::Lookup lookup(At at) const;
  // Whether what the step is shown of that one may be absent.
  [[nodiscard]] bool goes_without(std::size_t index, const std::string& producer) const;
  [[nodiscard]] contract::Label label_of(const plan::Reference& reference) const;
  [[nodiscard]] contract::Label label_of(At at, const plan::Reference& reference) const;
  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view step) const;

  Start start_;
  std::unique_ptr<policy::Policy> policy_;  // all that was ever added: the strictest holds
  json::Array rules_;
  plan::Environment environment_;
  std::unique_ptr<const plan::Program> program_;
  std::string text_;  // of its plan
  std::int64_t segment_ = 0;
  std::int64_t segments_ = 0;  // the largest number that one had
  plan::Bound bound_;
  bool planning_ = false;  // the segment under way is a planner's
  std::int64_t repairs_ = 0;
  std::int64_t replans_ = 0;
  std::set<Digest> failed_;                 // plans whose steps failed
  std::set<Digest> rejected_;               // that this planning proposed and that do not compile
  std::string next_;                        // as Start::next, of the planner under way
  std::map<std::string, Fork::Kept> kept_;  // steps of the segment that are not done again
  Change planner_;  // by which a plan was found last; without `next` the plan was given
  std::optional<Change> change_;    // asked for, not begun
  std::optional<Change> changing_;  // begun
  std::unique_ptr<Former> former_;  // while it is
  std::unique_ptr<Shelved> shelved_;
  std::string kept_why_;
  std::optional<Patch> patch_;                   // that a person is asked about
  json::Object inputs_;                          // of the segment under way
  std::map<std::string, std::string> finished_;  // digest rows of the steps of earlier segments
  door::Scope scope_;
  Card card_;
  std::int64_t seq_ = 0;
  State state_ = State::running;
  std::vector<Step> steps_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::size_t running_ = 0;
  std::size_t busy_ = 0;  // calls
  door::Budget budget_;
  door::Approvals approved_;
  std::vector<policy::Grant> grants_;
  std::map<Digest, Question> questions_;
  std::optional<door::Shortage> shortage_;
  std::string limited_step_;
  bool turned_ = false;  // an agent's next turn became ready
  bool held_ = false;    // an effect was withheld: nothing begins until the run is resumed
  std::optional<Error> failure_;
  json::Object outputs_;
  json::Array files_;
  // Files that this run wrote, or may have written, of data that must not leave the machine.
  std::vector<policy::PathLabel> written_;
  Digest final_digest_{};
};

}  // namespace naestro::run
