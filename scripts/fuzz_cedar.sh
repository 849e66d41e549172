#!/usr/bin/env bash
# fuzz_cedar.sh BUILD [SETS] [SEED]: random policies, entities and requests (tests/cedar-wasm), each
# decided by Cedar's own engine and by ours; decision, reasons and errors have to be the same. Needs
# node and npm, and fetches Cedar's engine as its lock file has it. Prints one line of JSON; 1 where
# one differs. What differed stays in build/cedar-wasm/cases.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 sets=${2:-1000} seed=${3:-1}
for program in node npm; do
  command -v $program >/dev/null || { echo "fuzz_cedar.sh: needs $program (apt install nodejs npm)" >&2; exit 1; }
done
work=build/cedar-wasm
rm -rf "$work/cases"
mkdir -p "$work"
cp tests/cedar-wasm/{package.json,package-lock.json,generate.mjs} "$work/"
(cd "$work" && npm ci --omit=dev --no-audit --no-fund >/dev/null && node generate.mjs "$seed" "$sets" cases) >"$work/made"
"$build/tests/naestro-proof" cedar "$work/cases" --json >"$work/said" || true
python3 - "$work" <<'PY'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
made = json.loads((work / "made").read_text().splitlines()[-1])
said = json.loads((work / "said").read_text())
cases = [row for file in (work / "cases/tests").glob("*.json") if not file.name.endswith(".entities.json")
         for row in json.loads(file.read_text())["requests"]]
exact = said["detail"]["exact"]
print(json.dumps({**made, "requests": said["total"], "decisions_equal": said["agree"], "exact": exact,
                  "allowed": sum(row["decision"] == "allow" for row in cases),
                  "with_errors": sum(bool(row["errors"]) for row in cases),
                  "differ": said["detail"]["disagree"][:10]}))
sys.exit(0 if exact == said["total"] == len(cases) > 0 else 1)
PY
