#!/usr/bin/env bash
# build.sh JOBS: the release binary without tests, with percent and time left.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset release >build/cmake.log 2>&1 || { cat build/cmake.log; exit 1; }
begin=$(date +%s)
NINJA_STATUS='[%f/%t] ' cmake --build build/release --target naestro -j "$1" 2>&1 |
  awk -v begin="$begin" -v tty="$([ -t 1 ] && echo 1 || echo 0)" '
    /^\[[0-9]+\/[0-9]+\]/ {
      split(substr($1, 2, length($1) - 2), n, "/")
      now = systime() - begin
      left = n[1] > 0 ? int(now * (n[2] - n[1]) / n[1]) : 0
      line = sprintf("build    %3d%%  %d of %d, %d s, about %d s left", 100 * n[1] / n[2], n[1], n[2], now, left)
      if (tty) printf "\r%s   ", line
      else if (int(10 * n[1] / n[2]) > shown || n[1] == n[2]) { print line; shown = int(10 * n[1] / n[2]) }
      fflush()
      next
    }
    { print }
    END { if (tty) print "" }'
