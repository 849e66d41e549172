// Time enters only here. Both times are integer microseconds.
#pragma once

#include <cstdint>

namespace naestro {

class Clock {
 public:
  virtual ~Clock() = default;
  // Microseconds since 1970-01-01 UTC; may jump either way.
  virtual std::int64_t wall_us() = 0;
  // Microseconds since an arbitrary start; never goes back within a process.
  virtual std::int64_t mono_us() = 0;
};

class SystemClock final : public Clock {
 public:
  std::int64_t wall_us() override;
  std::int64_t mono_us() override;
};

// Stands still until a test moves it.
class FakeClock final : public Clock {
 public:
  std::int64_t wall_us() override { return wall_at; }
  std::int64_t mono_us() override { return mono_at; }
  void advance_us(std::int64_t us) {
    wall_at += us;
    mono_at += us;
  }
  std::int64_t wall_at = 1'700'000'000'000'000;
  std::int64_t mono_at = 0;
};

}  // namespace naestro
