// The pure machine of a run: facts in, events and commands out. No I/O, no clock, no randomness:
// the same facts in the same order give the same events, live, on resume and in replay.
//
// Every call returns one Batch: the fact's event first, then all that follows from it. A batch is
// committed whole or not at all, and its commands are obeyed only after the commit.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "door/perform.hpp"
#include "ledger/event.hpp"
#include "plan/program.hpp"
#include "run/card.hpp"
#include "run/facts.hpp"

namespace naestro::run {

// What a run starts from; recorded in run.created.
struct Start {
  std::string run;
  std::string plan_text;
  json::Object inputs;   // bound
  json::Object context;  // {"workspace": absolute path}; stays in a blob
  policy::Mode mode = policy::Mode::copilot;
  door::Ceilings ceilings;
  json::Object versions;  // {"naestro", "policy", ...}
};

// The number of the rules by which facts give events; a journal of an older number replays by them.
inline constexpr std::int64_t kSemantics = 1;
// Steps that run at one time.
inline constexpr std::size_t kConcurrencyMax = 4;

struct Perform {
  door::Effect effect;
  Digest key{};
};

struct Question {
  Digest digest{};
  std::string step;  // "" for the plan's card
  json::Value what;  // the card's lines, or the one effect with its arguments
};

struct Batch {
  std::vector<ledger::Event> events;
  std::vector<Bytes> blobs;
  std::vector<Perform> performs;
  bool ended = false;  // the run is done or failed
};

// The data of policy.decided; `answer`: go, ask, denied, limit.
json::Object decision_data(const std::string& step, contract::EffectKind kind,
                           const policy::Verdict& verdict, std::string_view answer);
Error denied_error(const std::string& step, contract::EffectKind kind,
                   const policy::Verdict& verdict);

enum class StepState : std::uint8_t { waiting, ready, asking, running, done, failed };
std::string_view name(StepState state);

class Machine {
 public:
  // `program` and `policy` must outlive the machine.
  Machine(Start start, const plan::Program& program, const policy::Policy& policy, Sealer sealer);

  // run.created and all that follows. Call it once, first.
  Batch begin();
  // Fails with kStoreCorrupt for a fact that fits no state (an outcome of an effect that is not
  // under way, an answer to no question); the state is unchanged then.
  Result<Batch> feed(const Fact& fact);

  // Intents without an outcome: to be done again with the same key after a crash.
  [[nodiscard]] std::vector<Perform> outstanding() const;
  [[nodiscard]] std::vector<Question> questions() const;
  [[nodiscard]] std::optional<Question> question(const Digest& digest) const;

  enum class State : std::uint8_t { running, paused, done, failed };
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] StepState step_state(std::size_t index) const { return steps_[index].state; }
  // Nothing is under way: only an answer or a raised limit can bring the run on.
  [[nodiscard]] bool idle() const { return running_ == 0; }
  [[nodiscard]] const std::optional<door::Shortage>& shortage() const { return shortage_; }
  [[nodiscard]] const std::string& limited_step() const { return limited_step_; }
  [[nodiscard]] const door::Budget& budget() const { return budget_; }
  [[nodiscard]] const json::Object& outputs() const { return outputs_; }
  // {"path", "sha256"} of every file that was written.
  [[nodiscard]] const json::Array& files() const { return files_; }
  [[nodiscard]] const Digest& final_digest() const { return final_digest_; }
  // Why the run failed, with its code.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  [[nodiscard]] const Start& start() const { return start_; }
  [[nodiscard]] const plan::Program& program() const { return program_; }
  [[nodiscard]] const Card& card() const { return card_; }
  [[nodiscard]] const json::Value* result_of(std::string_view step) const;
  [[nodiscard]] door::Scope scope() const;

 private:
  struct Step {
    StepState state = StepState::waiting;
    std::optional<Perform> intent;
    contract::Labels argument_labels;
    json::Value result;
    contract::Labels labels;
    bool handed_out = false;    // the intent went to the shell since the last start of a process
    std::int64_t not_done = 0;  // definite "not done" outcomes: n of the key
  };

  void emit(Batch& batch, std::string kind, json::Object data);
  Result<void> apply(const Fact& fact, Batch& batch);
  Result<void> on_outcome(const Fact& fact, Batch& batch);
  Result<void> on_answer(const Fact& fact, Batch& batch);
  void on_resumed(const Fact& fact, Batch& batch);
  void accept(std::size_t index, const Fact& fact, Batch& batch);
  void schedule(Batch& batch);
  void start_step(std::size_t index, Batch& batch);
  void intend(std::size_t index, door::Effect effect, const door::Admission& admission,
              Batch& batch);
  void fail_step(std::size_t index, Error error, Batch& batch);
  void finish(Batch& batch);
  void limit(const door::Shortage& shortage, const std::string& step, Batch& batch);
  [[nodiscard]] Result<json::Value> value_of(std::size_t index, const json::Value& raw) const;
  [[nodiscard]] plan::Lookup lookup() const;
  [[nodiscard]] contract::Labels labels_of(const plan::Expression& expression) const;
  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view step) const;

  Start start_;
  const plan::Program& program_;
  const policy::Policy& policy_;
  Sealer sealer_;
  Card card_;
  std::int64_t seq_ = 0;
  State state_ = State::running;
  std::vector<Step> steps_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::size_t running_ = 0;
  door::Budget budget_;
  std::set<Digest> granted_;
  std::map<Digest, Question> questions_;
  std::optional<door::Shortage> shortage_;
  std::string limited_step_;
  std::optional<Error> failure_;
  json::Object outputs_;
  json::Array files_;
  Digest final_digest_{};
};

}  // namespace naestro::run
