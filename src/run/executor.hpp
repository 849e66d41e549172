// The shell around the machine: commits its batches, lets the door perform its commands, feeds the
// outcomes back. All of its state lives on the loop's thread; the pool and the writer reach it by
// post().
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ledger/writer.hpp"
#include "rt/loop.hpp"
#include "run/gate.hpp"
#include "run/machine.hpp"
#include "run/meter.hpp"
#include "run/seal.hpp"

namespace naestro::run {

// Why an execution ended, for the caller's exit code and last lines.
struct Ending {
  enum class How : std::uint8_t {
    done,
    failed,
    waits_for_consent,
    limit,
    interrupted,
    paused,  // by a person, from another process
    held,    // something that it needs is switched off, or is not what it was
    broken
  };
  How how = How::broken;
  std::optional<Error> error;  // for failed and broken
  std::optional<Held> held{};  // for held
};

// What the executor needs of the house; all of it outlives the executor.
struct Ports {
  Clock& clock;
  rt::Loop& loop;
  rt::Pool& pool;
  ledger::Writer& writer;
  ledger::Inbox& inbox;  // of the loop's thread
  door::Adapter& tools;
  door::Adapter& models;
  Meter& meter;  // of the loop's thread
  Gate& gate;    // likewise
};

// Told of what happens, on the loop's thread. Any may be empty.
struct Observer {
  std::function<void(const ledger::Event&)> event;  // durable
  std::function<void(const std::string& step, std::string_view chunk)> provisional;
  // A person is asked. True: the answer will come by answer(); false: nobody is there, and the run
  // is parked once nothing else can go on.
  std::function<bool(const Question&)> ask;
};

// By what this process has the run.
struct Hold {
  Sealer sealer;
  std::int64_t fence = ledger::kFirstFence;
  std::optional<crypto::BlobKey> key{};  // of a new run: it becomes durable with the first events
  // How long former processes worked on the run (Recovery::worked_us).
  std::int64_t worked_us = 0;
};

class Executor {
 public:
  Executor(Ports ports, Observer observer, Machine& machine, Hold hold);

  // Runs on the calling thread until the run ends, parks or is interrupted. `first`: the batch of
  // begin(), or of feeding run.resumed.
  Ending run(Batch first);

  // Time in which something was under way, in all processes; on the loop's thread.
  [[nodiscard]] std::int64_t worked_us() const;

  // From any thread.
  void interrupt();
  void answer(const Digest& digest, Answer answer);

 private:
  void commit(Batch batch, std::vector<std::int64_t> inbox);
  void tell(const ledger::Append& appended) const;
  void durable(Batch batch);
  void perform(Perform command);
  [[nodiscard]] bool withheld(const door::Intent& intent);
  void prepare(std::shared_ptr<const door::Intent> intent, door::Adapter& adapter);
  void cut(const Digest& key);
  void wait(const Timer& timer);
  void count(const Count& count);
  void outcome(const door::Intent& intent, const door::Outcome& outcome);
  void feed(Fact fact, std::vector<std::int64_t> inbox = {});
  void take_answer(const Digest& digest, const Answer& answer, std::vector<std::int64_t> inbox);
  void read_inbox();
  void kill(std::string_view who, std::int64_t row);
  void pause(std::int64_t row);
  void steer(const ledger::InboxRow& row);
  void look_at_acts();
  void watch_inbox();
  void settle();
  // Nothing new begins, and what was stopped on the way is not known to be done or not.
  [[nodiscard]] bool stopping() const { return interrupted_ || late_ || held_.has_value(); }
  void stop_acts();
  void measure();
  void watch_deadline();
  void park(std::string_view reason, Ending ending);
  void end(Ending ending);

  Ports ports_;
  Observer observer_;
  Machine& machine_;
  Hold hold_;
  // By its key what is under way.
  struct Act {
    std::stop_source stop;
    std::shared_ptr<const door::Intent> intent;
    bool cut = false;  // since another plan is wanted
  };
  std::map<Digest, Act> acts_;
  std::size_t timers_ = 0;        // not heard of yet
  std::map<Digest, bool> asked_;  // question -> somebody is there to answer
  std::size_t commits_ = 0;       // not durable yet
  bool interrupted_ = false;
  bool paused_ = false;  // interrupted by a person in another process
  std::optional<Held> held_;
  std::optional<std::int64_t> busy_since_;  // monotonic; not yet in hold_.worked_us
  bool timing_ = false;                     // a look at the deadline is on its way
  bool late_ = false;                       // the deadline was reached
  std::optional<Ending> parking_;           // how the run ends when its pause is durable
  bool watching_ = false;
  std::optional<Ending> ending_;
};

}  // namespace naestro::run
