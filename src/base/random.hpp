// Randomness enters only here.
#pragma once

#include <cstdint>
#include <span>

namespace naestro {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

// The kernel's generator, for keys and ids.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

// A fixed sequence per seed (xoshiro256**), for tests and simulation; never for keys of users.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(std::span<std::uint8_t> out) override;
  std::uint64_t next();

 private:
  std::uint64_t state_[4];
};

}  // namespace naestro
