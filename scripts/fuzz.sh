#!/usr/bin/env bash
# fuzz.sh [SECONDS] [TARGET...]: each fuzz target (tests/fuzz) for SECONDS (60) from its seeds; all
# targets without names. What was found on the way is kept in build/fuzz/corpus; what breaks a target
# in build/fuzz/findings. JOBS at one time. Prints one line of JSON per target; 1 on a finding.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
jobs=${JOBS:-$(nproc)}
# Of what a target may take per input; more bytes would only be slower.
bytes_max=4096
cmake --preset fuzz -DNAESTRO_TESTS=OFF >/dev/null
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  mapfile -t names < <(sed -nE 's/^naestro_fuzz\((\w+) .*/\1/p' tests/fuzz/CMakeLists.txt)
fi
cmake --build build/fuzz -j "$jobs" --target "${names[@]/#/naestro_fuzz_}" >&2
mkdir -p build/fuzz/findings

# NAME: fuzzes the one target, prints its line.
fuzz() {
  local name=$1 corpus=build/fuzz/corpus/$1 seed rc=0
  mkdir -p "$corpus"
  mapfile -t seeds <"build/fuzz/tests/fuzz/$name.seeds"
  folders=()
  for seed in "${seeds[@]}"; do
    [ -n "$seed" ] || continue
    if [ -d "$seed" ]; then folders+=("$seed"); else cp "$seed" "$corpus/"; fi
  done
  "build/fuzz/tests/fuzz/naestro_fuzz_$name" "$corpus" "${folders[@]}" -max_total_time="$seconds" \
    -max_len=$bytes_max -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -seed=1 \
    -artifact_prefix="build/fuzz/findings/$name-" >"build/fuzz/$name.log" 2>&1 || rc=$?
  runs=$(sed -nE 's/^stat::number_of_executed_units: +//p' "build/fuzz/$name.log")
  coverage=$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' "build/fuzz/$name.log" | tail -n 1)
  rss=$(sed -nE 's/^stat::peak_rss_mb: +//p' "build/fuzz/$name.log")
  finding=$(sed -nE 's,.*Test unit written to (.*),\1,p' "build/fuzz/$name.log" | head -n 1)
  printf '{"target":"%s","seconds":%d,"runs":%d,"edges":%d,"rss_mb":%d,"finding":"%s"}\n' \
    "$name" "$seconds" "${runs:-0}" "${coverage:-0}" "${rss:-0}" "$finding"
  return $rc
}
export -f fuzz
export seconds bytes_max
# xargs ends with 123 when one of them did not end well.
printf '%s\n' "${names[@]}" | xargs -P "$jobs" -I{} bash -c 'fuzz {}' || exit 1
