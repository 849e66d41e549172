#!/usr/bin/env bash
# coverage.sh: line and branch coverage per room, from the profiles of the last asan test run.
set -euo pipefail
cd "$(dirname "$0")/../build/asan"
# A process that is killed while it begins its profile leaves a torn one; those count as not run.
llvm-profdata-19 merge -sparse -failure-mode=all profile/*.profraw -o coverage.profdata 2>profile.log ||
  { cat profile.log >&2; exit 1; }
objects=()
while read -r binary; do objects+=(-object "$binary"); done < \
  <(find src tests -maxdepth 2 -type f -executable ! -name '*.so' ; [ -x naestro ] && echo naestro)
# An inline function that a binary never calls stands in it as a placeholder with the hash 0, which
# llvm-cov counts as "mismatched data" when another binary calls it; that one's record is the one
# that counts. Any other mismatch is a binary that is not the one that ran.
# One thread: with more, -dump's lines are written by several at once to one buffer, which crashes.
rc=0
llvm-cov-19 export -num-threads=1 -summary-only -dump -instr-profile coverage.profdata "${objects[@]}" \
  -ignore-filename-regex '_test\.[ch]pp$|/test_[a-z]+\.hpp$|/tests/|/usr/|/build/' \
  > coverage.dump 2> coverage.log || rc=$?
if [ $rc -ne 0 ]; then
  echo "coverage.sh: llvm-cov ended with $rc:" >&2; cat coverage.log >&2
  exit $rc
fi
grep '^{' coverage.dump > coverage.json  # -dump puts its lines before the JSON
if grep -vE '^hash-mismatch: .* hash = 0x0$|^warning: [0-9]+ functions have mismatched data$' \
     coverage.log >&2; then
  echo "coverage.sh: these are not the binaries that ran; remove build/asan and test again" >&2
  exit 1
fi
python3 - <<'PY'
import collections, json, os
rooms = collections.defaultdict(lambda: [0, 0, 0, 0])
for file in json.load(open("coverage.json"))["data"][0]["files"]:
    room = file["filename"].split("/src/")[-1].split("/")[0]
    for i, kind in enumerate(("lines", "branches")):
        rooms[room][2 * i] += file["summary"][kind]["covered"]
        rooms[room][2 * i + 1] += file["summary"][kind]["count"]
print(f"{'coverage':12} {'lines':>8} {'branches':>9}")
for room, (lc, l, bc, b) in sorted(rooms.items()):
    print(f"{room:12} {100 * lc / max(l, 1):7.1f}% {100 * bc / max(b, 1):8.1f}%")
PY
