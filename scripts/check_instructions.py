#!/usr/bin/env python3
"""check_instructions.py BUILD [--write]: counts the instructions of the hot paths by callgrind and
compares them with the ceilings in bench/instructions.json. --write sets a ceiling to what is counted now
plus 10%."""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

CEILINGS = Path(__file__).resolve().parent.parent / "bench/instructions.json"
RUNS = 20


def count(command, collect=None):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
        words += [f"--toggle-collect={collect}"] if collect else []
        subprocess.run(words + command, check=True, capture_output=True)
        return int(re.search(r"^summary: (\d+)", out.read_text(), re.M).group(1))


def main():
    build = Path(sys.argv[1])
    bench = str(build / "bench/naestro-bench")
    counted = {
        "machine_3_steps": count([bench, "--machine", str(RUNS)], "*pure_run*") // RUNS,
        "compile_200_steps": count([bench, "--compile", "200", "1"], "naestro::plan::compile(*"),
        "version": count([str(build / "naestro"), "--version"]),
    }
    if "--write" in sys.argv:
        CEILINGS.write_text(json.dumps({k: v * 110 // 100 for k, v in counted.items()}, indent=2) + "\n")
    ceilings = json.loads(CEILINGS.read_text())
    bad = False
    for name, value in counted.items():
        over = value == 0 or value > ceilings[name]
        bad |= over
        print(f"{name}: {value:,} of at most {ceilings[name]:,}{'  TOO MANY, OR NONE COUNTED' if over else ''}")
    return 1 if bad else 0


sys.exit(main())
