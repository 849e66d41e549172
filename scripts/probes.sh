#!/usr/bin/env bash
# probes.sh [JOBS]: tries the 86 probes (tests/probes) against `naestro sandbox` and, side by side,
# against bubblewrap, @anthropic-ai/sandbox-runtime and Codex's sandbox where they can be installed.
# Prints who blocks what; writes build/probes.json and docs/probes.md. Exits 1 if one is open at Naestro.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${1:-$(nproc)}
peers=build/peers

mkdir -p "$peers"
cmake --preset release -DNAESTRO_TESTS=ON >/dev/null
cmake --build build/release -j "$jobs" --target naestro naestro-probe
scripts/install_deps.sh peers ||
  echo "probes.sh: bubblewrap and what the others need is not installed" >&2
if command -v npm >/dev/null || scripts/install_deps.sh npm; then
  npm install --silent --no-fund --no-audit --prefix "$peers" \
    @openai/codex @anthropic-ai/sandbox-runtime >&2 ||
    echo "probes.sh: npm could not install the others: they are not tried" >&2
fi
python3 tests/probes/run.py --naestro build/release/naestro \
  --helper "$(find build/release -name naestro-probe -type f | head -1)" \
  --peers "$peers" -o build/probes.json --page docs/probes.md
