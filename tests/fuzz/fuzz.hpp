// What the fuzz targets share. Each target is one function of a room over any bytes: libFuzzer's
// main drives it (the preset "fuzz"), or tests/fuzz/run_files.cpp, which runs its seeds once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace naestro::fuzz {

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// What holds for whatever input; else the target stops here, and the input is kept.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

// The part before the first line feed, and the rest, for targets of two texts.
struct Halves {
  std::string_view first;
  std::string_view second;
};
inline Halves halves(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return {text, {}};
  return {text.substr(0, end), text.substr(end + 1)};
}

}  // namespace naestro::fuzz
