#!/usr/bin/env bash
# run_proof.sh BINARY NAME FOLDER: runs a proof over ../shared/data/FOLDER. Without the data it is
# skipped (exit 77), unless NAESTRO_REQUIRE names "shared".
set -eu
data="$(dirname "$0")/../../shared/data/$3"
if [ ! -d "$data" ]; then
  case ",${NAESTRO_REQUIRE:-}," in *,shared,*) echo "$data is required here"; exit 1 ;; esac
  echo "skipped: $data is not here"
  exit 77
fi
exec "$1" "$2" "$data" --json
