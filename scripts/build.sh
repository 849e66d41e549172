#!/usr/bin/env bash
# build.sh JOBS: the release binary without tests, with percent and time left.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset release -DNAESTRO_TESTS=OFF >build/cmake.log 2>&1 || { cat build/cmake.log; exit 1; }
NINJA_STATUS='[%f/%t] ' cmake --build build/release --target naestro -j "$1" 2>&1 |
  python3 scripts/progress.py build
