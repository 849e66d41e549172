// Which lines two texts differ in, as a unified diff. The lines that stay are a longest common
// subsequence (Myers 1986, in linear space) as long as that is found within a fixed number of
// steps; what is left then is shown as replaced as a whole. So time and memory are bounded, and the
// same texts always give the same diff.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace naestro::tools {

struct Diff {
  std::string text;          // "" for equal texts
  std::int64_t added = 0;    // lines
  std::int64_t removed = 0;  // lines
  bool coarse = false;       // more lines than necessary may be shown as replaced
  bool truncated = false;    // `text` ends early, at the end of a line
};

struct DiffNames {
  std::string_view before;  // a path; "/dev/null" for no file
  std::string_view after;
};

struct DiffLimits {
  std::size_t json_bytes_max = 60'000;  // of `text` as a JSON string
  std::size_t lines_max = 200'000;      // on a side that differ; above it all of them are replaced
  std::int64_t steps_max = 30'000'000;
};

// Lines end at '\n'. Both texts are UTF-8 and below 2 GiB.
Diff unified_diff(const DiffNames& names, std::string_view before, std::string_view after,
                  const DiffLimits& limits = {});

}  // namespace naestro::tools
