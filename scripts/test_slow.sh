#!/usr/bin/env bash
# test_slow.sh JOBS: what is too long for `make test`. Each part writes its result, with the commit,
# as bench/results/slow-PART.json.
#   threads    the tests of rt, ledger, run, models, tools in a build with TSan
#   fuzz       every fuzz target for FUZZ_SECONDS (60)
#   mutations  the mutation score of the pure rooms, MUTANTS (15) per room under MUTANT_SEED (1)
#   soak       SOAK_RUNS (2000) small runs in one store, a tenth of them killed
#   tidy       clang-tidy over src/
# PARTS names those to run. Fails when a part does; all of them are run.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(nproc)}
parts=${PARTS:-threads fuzz mutations soak tidy}
work=build/slow
mkdir -p "$work" bench/results
commit=$(git rev-parse HEAD)
[ -z "$(git status --porcelain --untracked-files=no)" ] || commit="$commit, changed"
status=0

# PART RC FILE: FILE's JSON as the part's result.
result() {
  python3 - "$commit" "$@" <<'PY'
import json, pathlib, sys
commit, part, code, file = sys.argv[1:]
text = pathlib.Path(file).read_text(encoding="utf-8")
try:
    detail = json.loads(text)
except ValueError:  # a line of JSON each, or plain lines
    lines = [line for line in text.splitlines() if line.strip()]
    detail = [json.loads(line) if line.startswith("{") else line for line in lines]
pathlib.Path(f"bench/results/slow-{part}.json").write_text(json.dumps(
    {"part": part, "commit": commit, "passed": code == "0", "result": detail}, indent=1,
    ensure_ascii=False) + "\n", encoding="utf-8")
PY
  [ "$2" -eq 0 ] || status=1
}

for part in $parts; do
  echo "== $part"
  rc=0
  case $part in
    threads)
      : >"$work/threads"
      cmake --preset tsan -DNAESTRO_TESTS=ON >/dev/null
      cmake --build build/tsan -j "$jobs" --target \
        naestro_{rt,ledger,run,models,tools}_test >"$work/tsan.log" || rc=$?
      # A real engine under TSan is beyond any patience; what drives it is tested with stubs.
      [ $rc -ne 0 ] || (cd build/tsan && TSAN_OPTIONS=halt_on_error=1 ctest -j 1 \
        --output-on-failure -R '^(rt|ledger|run|models|tools)$') >"$work/threads" 2>&1 || rc=$?
      tail -n 20 "$work/threads"
      grep -E 'Test +#|tests passed|WARNING: ThreadSanitizer|SUMMARY' "$work/threads" \
        >"$work/threads.short" || true
      result threads $rc "$work/threads.short"
      ;;
    fuzz)
      JOBS=$jobs scripts/fuzz.sh "${FUZZ_SECONDS:-60}" | tee "$work/fuzz" || rc=$?
      result fuzz $rc "$work/fuzz"
      ;;
    mutations)
      python3 scripts/mutate.py --per-room "${MUTANTS:-15}" --seed "${MUTANT_SEED:-1}" \
        --score-min 80 --out "$work/mutations" || rc=$?
      result mutations $rc "$work/mutations"
      ;;
    soak)
      cmake --preset release -DNAESTRO_TESTS=ON >/dev/null
      cmake --build build/release -j "$jobs" --target naestro >/dev/null
      python3 scripts/soak.py build/release/naestro --runs "${SOAK_RUNS:-2000}" \
        >"$work/soak" || rc=$?
      cat "$work/soak"
      result soak $rc "$work/soak"
      ;;
    tidy)
      scripts/tidy.sh "$jobs" >"$work/tidy" || rc=$?
      cat "$work/tidy"
      result tidy $rc "$work/tidy"
      ;;
    *) echo "test_slow.sh: unknown part '$part'" >&2; exit 2 ;;
  esac
done
exit $status
