#!/usr/bin/env python3
"""Measures the audit log and writes bench/results/audit.json. bench_audit.py BUILD_FOLDER [ENTRIES]

BUILD_FOLDER has naestro-audit-bench (target of that name)."""
import datetime
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench/results/audit.json"


def main(build, *entries):
    bench = next(pathlib.Path(build).rglob("naestro-audit-bench"))
    load = os.getloadavg()[0]
    figures = json.loads(subprocess.run([bench, *entries], check=True, capture_output=True).stdout)
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], check=True,
                            capture_output=True, text=True).stdout.strip()
    RESULTS.write_text(json.dumps({
        "command": "scripts/bench_audit.py build/release",
        "machine": {"cores": os.cpu_count(), "load_before": round(load, 2)},
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit, "figures": figures}, indent=2) + "\n")
    print(RESULTS.read_text(), end="")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
