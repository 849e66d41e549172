#!/usr/bin/env bash
# run_proof.sh BINARY NAME FOLDER [FLOOR...]: runs a proof over ../shared/data/FOLDER; without floors
# every case has to agree, else its figures have to meet them ("blocked_share >= 0.98"). Without the
# data it is skipped (exit 77), unless NAESTRO_REQUIRE names "shared".
set -euo pipefail
binary=$1 name=$2 data="$(dirname "$0")/../../shared/data/$3"
shift 3
if [ ! -d "$data" ]; then
  case ",${NAESTRO_REQUIRE:-}," in *,shared,*) echo "$data is required here"; exit 1 ;; esac
  echo "skipped: $data is not here"
  exit 77
fi
[ $# -gt 0 ] || exec "$binary" "$name" "$data" --json
figures=$("$binary" "$name" "$data" --json) || [ $? -eq 1 ]  # 1: not every case agrees
printf '%s\n' "$figures"
FIGURES=$figures exec python3 - "$@" <<'PY'
import json, operator, os, sys
figures = json.loads(os.environ["FIGURES"])
missed = []
for floor in sys.argv[1:]:
    name, sign, bound = floor.split()
    if not {">=": operator.ge, "<=": operator.le}[sign](figures[name], float(bound)):
        missed.append(f"{name} is {figures[name]}, not {sign} {bound}")
print("\n".join(missed), file=sys.stderr)
sys.exit(bool(missed))
PY
