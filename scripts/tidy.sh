#!/usr/bin/env bash
# tidy.sh JOBS [ROOM...]: clang-tidy with .clang-tidy over the sources of src/ (of these rooms), tests
# left out. Prints what it finds; 1 when there is anything.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-1}
shift || true
scripts/install_deps.sh build tidy
cmake --preset release -DNAESTRO_TESTS=ON >/dev/null
cmake --build build/release -j "$jobs" --target naestro_base >/dev/null  # what is precompiled
folders=(src)
[ $# -eq 0 ] || folders=("${@/#/src/}")
find "${folders[@]}" -name '*.cpp' ! -name '*_test.cpp' -print0 | sort -z |
  xargs -0 -n 4 -P "$jobs" clang-tidy-19 -p build/release --quiet 2>/dev/null
