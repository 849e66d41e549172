#include "rt/loop.hpp"

#include <atomic>

#include "testing/testing.hpp"

namespace naestro::rt {
namespace {

TEST(Loop, RunsJobsInOrderAndTimersWhenDue) {
  Loop loop;
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
  Loop loop;
  int done = 0;
  {
    Pool pool{3};
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

}  // namespace
}  // namespace naestro::rt
