#!/usr/bin/env bash
# demo.sh: the main job, end to end, over the papers of an imagined company. Everything happens
# below build/demo; nothing of yours is touched. Needs the release binary and build/assets.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
naestro=$root/build/release/naestro
demo=$root/build/demo
plan=$root/examples/first/plan.json
export NAESTRO_ASSETS=$root/build/assets
export XDG_STATE_HOME=$demo/state XDG_DATA_HOME=$demo/data XDG_CONFIG_HOME=$demo/config

say() { printf '\n== %s\n' "$*"; }
# The member of a JSON object on standard input.
member() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

rm -rf "$demo"
mkdir -p "$demo"
cp -r examples/company "$demo/company"

say "1. A goal in plain words: the folder is looked at, a plan is made, compiled and run (naestro run)"
"$naestro" run "Total warranty cost by product" --workspace "$demo/company"

say "2. A plan by hand, with a model: its bound and what it asks for (naestro plan explain)"
"$naestro" plan explain "$plan" --workspace "$demo/company"

approve=()
if [ -t 0 ] && [ -t 2 ]; then
  say "3. One consent, then the run; it is killed (kill -9) while the model works"
else
  digest=$("$naestro" plan explain "$plan" --workspace "$demo/company" --json | member digest)
  say "3. No terminal: the consent is given by its digest, $digest"
  echo "   The run is killed (kill -9) while the model works"
  approve=(--approve "$digest")
fi

# A progress line is printed when what it says is durable; at that of the model step the run is killed.
status=0
scripts/kill_at.py "start    cause" "$naestro" run "$plan" --workspace "$demo/company" \
  "${approve[@]}" || status=$?
case $status in
  137) echo "(killed by SIGKILL)" ;;
  *) echo "The run ended with exit code $status before it could be killed."; exit "$status" ;;
esac

say "4. What is durable after the kill (naestro show last)"
"$naestro" show last

if [ "$status" -ne 0 ]; then
  say "5. It goes on where it was (naestro resume last)"
  "$naestro" resume last
fi

say "6. Every event is recomputed from the recorded facts and compared (naestro replay last)"
"$naestro" replay last

say "7. The whole ledger is checked with the public key alone (naestro audit verify)"
"$naestro" audit verify

say "8. The report (build/demo/company/reports/warranty-first-quarter.md)"
sed -n '1,22p' "$demo/company/reports/warranty-first-quarter.md"

say "Done"
echo "Yours to try:  export XDG_STATE_HOME=$demo/state XDG_DATA_HOME=$demo/data NAESTRO_ASSETS=$NAESTRO_ASSETS"
echo "               build/release/naestro show last --events"
