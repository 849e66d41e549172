// naestro-bench FOLDER: measures and prints {row: {figure: value}} as JSON. FOLDER gets the stores
// of the durable rows. `--machine N` and `--compile STEPS` do only that, for callgrind.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "bench/world.hpp"

namespace naestro::bench {

// Its name is what callgrind collects by.
[[gnu::noinline]] std::size_t pure_run(run::Machine& machine, const run::Sealer& sealer,
                                       const std::function<void(const run::Batch&)>& sink) {
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
    batch = must(machine.feed(run::effect_outcome(intent, {}, outcome, sealer)));
  }
  return events;
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

json::Object percentiles(std::vector<double> samples) {
  std::ranges::sort(samples);
  const auto at = [&](std::size_t percent) {
    return samples[std::min(samples.size() - 1, samples.size() * percent / 100)];
  };
  return {{"samples", samples.size()}, {"p50_us", at(50)}, {"p90_us", at(90)}, {"p99_us", at(99)}};
}

json::Object machine_runs(const World& world, int runs, bool ledger) {
  const std::string text = chain(3);
  const plan::Program program = world.compile(text);
  const run::Sealer sealer{crypto::BlobKey{}};
  std::vector<double> samples;
  std::size_t events = 0;
  ledger::Frontier frontier;
  std::vector<std::string> kept;
  const auto encode = [&](const run::Batch& batch) {
    for (const ledger::Event& event : batch.events) {
      kept.push_back(event.body());
      frontier.append(ledger::event_leaf(kept.back(), "{}"));
    }
  };
  for (int at = 0; at < runs; ++at) {
    run::Machine machine{world.start(program, text, "r" + std::to_string(at)), program,
                         world.environment(), sealer};
    kept.clear();
    const auto begin = Now::now();
    events = pure_run(machine, sealer,
                      ledger ? std::function<void(const run::Batch&)>{encode} : nullptr);
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

// All that `naestro run` does for a run once its store is open: the key, the ownership, the steps.
json::Object durable_runs(World& world, const std::string& folder, int in_flight, int each) {
  const ledger::Folders folders{folder + "/state", folder + "/data"};
  const std::string text = chain(3);
  const plan::Program program = world.compile(text);
  const auto key = must(ledger::load_or_make_signing_key(folders.data, world.random));
  std::atomic<int> commits = 0;
  const auto open = [&] {
    return must(ledger::Store::open(
        folders, {world.clock, world.random, key, "h", "w", [&](ledger::WritePoint point) {
                    if (point == ledger::WritePoint::after_commit) ++commits;
                  }}));
  };
  ledger::StoreWriter writer{
      open(),
      must(ledger::KeyRing::open(ledger::keys_file(folders), ledger::Database::Mode::read_write))};
  rt::ThreadPool pool{4};
  Noop noop;
  std::vector<std::vector<double>> samples(in_flight);
  const auto work = [&](int lane) {
    const auto store = open();
    SystemRandom random;
    for (int at = 0; at < each; ++at) {
      const std::string id = "r" + std::to_string(lane) + "x" + std::to_string(at);
      const auto begin = Now::now();
      crypto::BlobKey key{};
      random.fill(key);
      const run::Sealer sealer{key};
      run::Machine machine{world.start(program, text, id), program, world.environment(), sealer};
      rt::ThreadLoop loop;
      run::Executor executor{{world.clock, loop, pool, writer, *store, noop, noop},
                             {},
                             machine,
                             {.sealer = sealer, .key = key}};
      const auto ending = executor.run(machine.begin());
      samples[lane].push_back(us_since(begin));
      if (ending.how != run::Ending::How::done) std::exit(1);
    }
  };
  const auto begin = Now::now();
  {
    std::vector<std::jthread> lanes;
    for (int lane = 0; lane < in_flight; ++lane) lanes.emplace_back(work, lane);
  }
  const double all_us = us_since(begin);
  std::vector<double> flat;
  for (const auto& lane : samples) flat.insert(flat.end(), lane.begin(), lane.end());
  const auto runs = static_cast<double>(flat.size());
  json::Object figures = percentiles(std::move(flat));
  figures["in_flight"] = in_flight;
  figures["commits_per_run"] = commits / runs;
  figures["runs_per_s"] = runs / all_us * 1e6;
  return figures;
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
  if (arguments.size() == 2 && arguments[0] == "--machine") {
    (void)machine_runs(world, std::stoi(arguments[1]), false);
    return 0;
  }
  if (arguments.size() == 3 && arguments[0] == "--compile") {
    std::puts(json::canonical(json::Value(compile_plan(world, std::stoi(arguments[1]),
                                                       std::stoi(arguments[2]))))
                  .c_str());
    return 0;
  }
  if (arguments.size() == 4 && arguments[0] == "--durable") {
    std::puts(json::canonical(json::Value(durable_runs(world, arguments[3], std::stoi(arguments[1]),
                                                       std::stoi(arguments[2]))))
                  .c_str());
    return 0;
  }
  if (arguments.size() != 1) {
    std::fprintf(stderr,
                 "usage: naestro-bench FOLDER | --machine N | --compile STEPS TIMES |\n"
                 "       --durable IN_FLIGHT EACH FOLDER\n");
    return 2;
  }
  const std::string& folder = arguments[0];
  json::Object rows;
  rows["machine"] = machine_runs(world, 2000, false);
  rows["memory"] = machine_runs(world, 2000, true);
  rows["durable"] = durable_runs(world, folder + "/one", 1, 200);
  rows["durable_64"] = durable_runs(world, folder + "/many", 64, 4);
  rows["compile_1k"] = compile_plan(world, 1000, 5);
  rows["compile_10k"] = compile_plan(world, 10'000, 1);
  rows["compile_100k"] = compile_plan(world, 100'000, 1);
  std::puts(json::canonical(json::Value(rows)).c_str());
  return 0;
}

}  // namespace
}  // namespace naestro::bench

int main(int argc, char** argv) { return naestro::bench::main({argv + 1, argv + argc}); }
