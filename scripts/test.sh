#!/usr/bin/env bash
# test.sh [JOBS]: every test, on the release build and on one with ASan, UBSan and coverage.
# Prints the line and branch coverage of src/ per room.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(nproc)}

for preset in release asan; do
  cmake --preset "$preset" -DNAESTRO_TESTS=ON >/dev/null
  cmake --build "build/$preset" -j "$jobs"
done

# %c keeps the counters in the file itself, which a child shares: so what a process did counts also
# when it ends by _exit(), execve() or a kill, as confined children and crash tests do.
rm -rf build/asan/profile
mkdir -p build/asan/profile
status=0
(cd build/release && ctest --output-on-failure -j "$jobs") || status=1
(cd build/asan && LLVM_PROFILE_FILE="$PWD/profile/%c%p-%m.profraw" \
  ctest --output-on-failure -j "$jobs") || status=1
scripts/coverage.sh || status=1
exit $status
