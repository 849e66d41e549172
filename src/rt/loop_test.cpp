#include "rt/loop.hpp"

#include <atomic>

#include "rt/simulation.hpp"
#include "testing/testing.hpp"

namespace naestro::rt {
namespace {

TEST(Loop, RunsJobsInOrderAndTimersWhenDue) {
  ThreadLoop loop;
  std::string order;
  loop.after(std::chrono::milliseconds{20}, [&] {
    order += "c";
    loop.stop();
  });
  loop.post([&] { order += "a"; });
  loop.post([&] { order += "b"; });
  loop.run();
  EXPECT_EQ(order, "abc");
}

TEST(Pool, ManyJobsReachTheLoop) {
  ThreadLoop loop;
  int done = 0;
  {
    ThreadPool pool{3};
    for (int i = 0; i < 100; ++i) {
      pool.submit([&] {
        loop.post([&] {
          if (++done == 100) loop.stop();
        });
      });
    }
    loop.run();
  }
  EXPECT_EQ(done, 100);
}

// Three jobs of 1 s on two workers, a timer at 1 s: what happens at which instant is certain, the
// order within an instant is the seed's.
std::string simulated(std::uint64_t seed, std::int64_t crash_after = -1) {
  Simulation world{seed, 2};
  std::string order;
  int left = 4;
  const auto done = [&](const std::string& what) {
    order += what + std::to_string(world.mono_us() / 1000) + " ";
    if (--left == 0) world.stop();
  };
  for (const char* name : {"a", "b", "c"}) {
    world.submit([&, name] {
      world.take(std::chrono::seconds{1});
      world.post([&, name] { done(name); });
    });
  }
  world.after(std::chrono::seconds{1}, [&] { done("t"); });
  if (crash_after >= 0) world.crash_after(crash_after);
  world.run();
  EXPECT_EQ(world.crashed(), crash_after >= 0);
  EXPECT_GT(world.wall_us(), world.mono_us());
  return order;
}

TEST(Simulation, TimeIsVirtualAndTheSeedOrdersAnInstant) {
  std::map<std::string, int> orders;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string order = simulated(seed);
    EXPECT_EQ(order, simulated(seed));
    EXPECT_TRUE(order.ends_with("c2000 ")) << order;
    ++orders[order];
  }
  EXPECT_EQ(orders.size(), 6);  // of a, b and t
}

TEST(Simulation, ACrashLosesWhatIsOnItsWay) {
  EXPECT_EQ(simulated(1, 0), "");
  EXPECT_LT(simulated(1, 6).size(), simulated(1).size());
}

TEST(Simulation, EndsWhenNothingCanGoOn) {
  Simulation world{1, 1};
  world.run();
  EXPECT_EQ(world.steps(), 0);
}

}  // namespace
}  // namespace naestro::rt
