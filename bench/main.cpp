// naestro-bench FOLDER: measures and prints {row: {figure: value}} as JSON. FOLDER gets the stores
// of the durable rows. The others do only that, for callgrind.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "base/crypto.hpp"
#include "bench/agent.hpp"
#include "bench/policy.hpp"
#include "bench/world.hpp"

namespace naestro::bench {

// Its name is what callgrind collects by.
[[gnu::noinline]] std::size_t pure_run(run::Machine& machine,
                                       const std::function<void(run::Batch&)>& sink) {
  std::size_t events = 0;
  run::Batch batch = machine.begin();
  while (true) {
    events += batch.events.size();
    if (sink) sink(batch);
    if (batch.performs.empty()) break;
    const run::Perform& perform = batch.performs.front();
    const auto intent = door::Intent::durable(perform.effect, perform.key);
    door::Outcome outcome;
    outcome.result = json::Value(json::Object{{"n", 1}});
    outcome.usage_known = true;
    batch = must(machine.feed(run::effect_outcome(intent, {}, outcome)));
  }
  return events;
}

json::Object percentiles(std::vector<double> samples) {
  std::ranges::sort(samples);
  const auto at = [&](std::size_t percent) {
    return samples[std::min(samples.size() - 1, samples.size() * percent / 100)];
  };
  return {{"samples", samples.size()}, {"p50_us", at(50)}, {"p90_us", at(90)}, {"p99_us", at(99)}};
}

namespace {

class Noop final : public door::Adapter {
 public:
  door::Outcome act(const door::Intent&, std::stop_token, const door::Provisional&) override {
    door::Outcome outcome;
    outcome.result = json::Value(json::Object{{"n", 1}});
    outcome.usage_known = true;
    return outcome;
  }
};

using Now = std::chrono::steady_clock;
double us_since(Now::time_point begin) {
  return std::chrono::duration<double, std::micro>(Now::now() - begin).count();
}

json::Object machine_runs(const World& world, int runs, bool ledger) {
  const std::string text = chain(3);
  const plan::Program program = world.compile(text);
  const run::Sealer sealer{crypto::BlobKey{}};
  std::vector<double> samples;
  std::size_t events = 0;
  ledger::Frontier frontier;
  std::vector<std::string> kept;
  std::vector<Bytes> blobs;
  std::string id;
  const auto encode = [&](run::Batch& batch) {
    ledger::Append append = run::sealed(id, batch, sealer);
    for (std::string& body : append.bodies) {
      frontier.append(ledger::event_leaf(body, "{}"));
      kept.push_back(std::move(body));
    }
    for (Bytes& blob : append.blobs) blobs.push_back(std::move(blob));
  };
  for (int at = 0; at < runs; ++at) {
    id = "r" + std::to_string(at);
    run::Machine machine{world.start(program, text, id), program, world.environment()};
    kept.clear();
    blobs.clear();
    const auto begin = Now::now();
    events = pure_run(machine, ledger ? std::function<void(run::Batch&)>{encode} : nullptr);
    samples.push_back(us_since(begin));
    if (machine.state() != run::Machine::State::done) {
      std::fprintf(stderr, "naestro-bench: a run is not done\n");
      std::exit(1);
    }
  }
  json::Object figures = percentiles(std::move(samples));
  figures["events"] = events;
  return figures;
}

// A store and what a run needs of it, as `naestro run` has them.
struct Durable {
  Durable(World& world, const std::string& folder)
      : world_{world},
        folders_{folder + "/state", folder + "/data"},
        signing_{must(ledger::load_or_make_signing_key(folders_.data, world.random))},
        writer{open(), must(open_keys())} {}

  [[nodiscard]] std::unique_ptr<ledger::Store> open() {
    return must(ledger::Store::open(
        folders_, {world_.clock, world_.random, signing_, "h", "w", [&](ledger::WritePoint point) {
                     if (point == ledger::WritePoint::after_commit) ++commits;
                   }}));
  }
  [[nodiscard]] Result<std::unique_ptr<ledger::KeyRing>> open_keys() const {
    return ledger::KeyRing::open(ledger::keys_file(folders_), ledger::Database::Mode::read_write);
  }

 private:
  World& world_;
  ledger::Folders folders_;
  crypto::KeyPair signing_;

 public:
  std::atomic<int> commits = 0;
  ledger::StoreWriter writer;
  rt::ThreadPool pool{4};
  Noop noop;
};

// All that `naestro run` does for a run once its store is open: the key, the ownership, the steps.
// Gives the time of each run.
std::vector<double> durable_runs(World& world, Durable& durable, const std::string& text,
                                 int in_flight, int each, run::Ending::How how) {
  const plan::Program program = world.compile(text);
  std::vector<std::vector<double>> samples(in_flight);
  const auto work = [&](int lane) {
    const auto store = durable.open();
    SystemRandom random;
    for (int at = 0; at < each; ++at) {
      const std::string id = "r" + std::to_string(lane) + "x" + std::to_string(at);
      const auto begin = Now::now();
      crypto::BlobKey key{};
      random.fill(key);
      const run::Sealer sealer{key};
      run::Machine machine{world.start(program, text, id), program, world.environment()};
      rt::ThreadLoop loop;
      run::StoreMeter meter{*store, world.clock};
      run::StoreGate gate{*store};
      run::Executor executor{{world.clock, loop, durable.pool, durable.writer, *store, durable.noop,
                              durable.noop, meter, gate},
                             {},
                             machine,
                             {.sealer = sealer, .key = key}};
      const auto ending = executor.run(machine.begin());
      samples[lane].push_back(us_since(begin));
      if (ending.how != how) std::exit(1);
    }
  };
  {
    std::vector<std::jthread> lanes;
    for (int lane = 0; lane < in_flight; ++lane) lanes.emplace_back(work, lane);
  }
  std::vector<double> flat;
  for (const auto& lane : samples) flat.insert(flat.end(), lane.begin(), lane.end());
  return flat;
}

json::Object durable_row(World& world, const std::string& folder, int in_flight, int each) {
  Durable durable{world, folder};
  const auto begin = Now::now();
  auto samples = durable_runs(world, durable, chain(3), in_flight, each, run::Ending::How::done);
  const double all_us = us_since(begin);
  const auto runs = static_cast<double>(samples.size());
  json::Object figures = percentiles(std::move(samples));
  figures["in_flight"] = in_flight;
  figures["commits_per_run"] = durable.commits / runs;
  figures["runs_per_s"] = runs / all_us * 1e6;
  return figures;
}

// From a store with `runs` parked ones to the moment when this process has them all, and each waits
// for its answer again.
json::Object resume_row(World& world, const std::string& folder, int runs) {
  constexpr int kLanes = 50;
  const std::string text =
      R"({"naestro":"plan/1","goal":"bench","steps":[{"id":"s","do":{"tool":"bench.write@1"},)"
      R"("with":{"path":"a.txt"}}]})";
  {
    Durable durable{world, folder};
    durable_runs(world, durable, text, kLanes, runs / kLanes, run::Ending::How::waits_for_consent);
  }
  Durable durable{world, folder};
  const auto begin = Now::now();
  const auto store = durable.open();
  const auto keys = must(durable.open_keys());
  std::atomic<std::size_t> ready = 0;
  std::vector<std::unique_ptr<run::Machine>> machines;
  for (const std::string& id : must(store->runs())) {
    const run::Sealer sealer{must(keys->find(id))};
    const auto fence = must(store->own(id));
    auto recovery = must(run::recover(must(store->events(id)), run::blob_opener(*store, sealer),
                                      sealer, world.environment(), true));
    auto batch = must(recovery.machine->feed(run::resumed({})));
    ledger::Append append = run::sealed(id, batch, sealer);
    append.fence = fence;
    durable.writer.append(std::move(append), [&](Result<void> written, const auto&) {
      must(written);
      ++ready;
    });
    machines.push_back(std::move(recovery.machine));
  }
  if (machines.size() != static_cast<std::size_t>(runs)) std::exit(1);
  while (ready < machines.size()) std::this_thread::yield();
  return {{"runs", machines.size()}, {"s", us_since(begin) / 1e6}};
}

json::Object compile_plan(const World& world, int steps, int times) {
  const std::string text = chain(steps);
  std::vector<double> samples;
  for (int at = 0; at < times; ++at) {
    const auto begin = Now::now();
    (void)world.compile(text);
    samples.push_back(us_since(begin));
  }
  return percentiles(std::move(samples));
}

int main(const std::vector<std::string>& arguments) {
  World world;
  if (arguments.size() == 2 && (arguments[0] == "--machine" || arguments[0] == "--memory")) {
    const bool ledger = arguments[0] == "--memory";
    std::puts(
        json::canonical(json::Value(machine_runs(world, std::stoi(arguments[1]), ledger))).c_str());
    return 0;
  }
  if (arguments.size() == 3 && arguments[0] == "--compile") {
    std::puts(json::canonical(json::Value(compile_plan(world, std::stoi(arguments[1]),
                                                       std::stoi(arguments[2]))))
                  .c_str());
    return 0;
  }
  if (arguments.size() == 2 && arguments[0] == "--agent") {
    std::puts(json::canonical(json::Value(agent_row(world, std::stoi(arguments[1])))).c_str());
    return 0;
  }
  if (arguments.size() == 2 && arguments[0] == "--policy") {
    std::puts(json::canonical(json::Value(policy_row(std::stoll(arguments[1])))).c_str());
    return 0;
  }
  if (arguments.size() == 4 && arguments[0] == "--durable") {
    std::puts(json::canonical(json::Value(durable_row(world, arguments[3], std::stoi(arguments[1]),
                                                      std::stoi(arguments[2]))))
                  .c_str());
    return 0;
  }
  if (arguments.size() == 3 && arguments[0] == "--resume") {
    std::puts(json::canonical(json::Value(resume_row(world, arguments[2], std::stoi(arguments[1]))))
                  .c_str());
    return 0;
  }
  if (arguments.size() != 1) {
    std::fprintf(
        stderr,
        "usage: naestro-bench FOLDER | --machine N | --memory N | --compile STEPS TIMES |\n"
        "       --durable IN_FLIGHT EACH FOLDER | --resume RUNS FOLDER |\n"
        "       --policy RULES | --agent N\n");
    return 2;
  }
  const std::string& folder = arguments[0];
  json::Object rows;
  rows["machine"] = machine_runs(world, 2000, false);
  rows["memory"] = machine_runs(world, 2000, true);
  rows["durable"] = durable_row(world, folder + "/one", 1, 200);
  rows["durable_64"] = durable_row(world, folder + "/many", 64, 50);
  rows["resume_parked"] = resume_row(world, folder + "/parked", 10'000);
  rows["compile_1k"] = compile_plan(world, 1000, 30);
  rows["compile_10k"] = compile_plan(world, 10'000, 1);
  rows["compile_100k"] = compile_plan(world, 100'000, 1);
  rows["agent"] = agent_row(world, 50);
  rows["policy_10"] = policy_row(10);
  rows["policy_1k"] = policy_row(1000);
  rows["policy_10k"] = policy_row(10'000);
  std::puts(json::canonical(json::Value(rows)).c_str());
  return 0;
}

}  // namespace
}  // namespace naestro::bench

int main(int argc, char** argv) {
  naestro::crypto::initialize();  // as `naestro` does
  return naestro::bench::main({argv + 1, argv + argc});
}
