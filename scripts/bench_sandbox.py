#!/usr/bin/env python3
"""bench_sandbox.py NAESTRO [-o FILE] [--peers FOLDER]: what it costs to start a program in a sandbox.

From the call to the end of a program that does nothing: wall time (p50, p95) and processor time of
all its processes (p50), in ms. The same without a sandbox is `plain`. Wall times depend on what else
the machine does; the load is recorded beside them."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/probes"))
import runners  # noqa: E402

WARM, RUNS = 5, 101


class Place:
    """What a runner wants to know of a world."""

    def __init__(self, folder):
        self.root, self.work, self.outside = folder, folder / "work", folder / "outside"
        self.work.mkdir()
        self.outside.mkdir()


def once(words, cwd):
    begin = time.monotonic()
    child = subprocess.Popen(words, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status != 0:
        raise SystemExit(f"{words[0]} ended with {status}")
    return (time.monotonic() - begin) * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def measure(words, cwd, runs):
    for _ in range(WARM):
        once(words, cwd)
    wall, cpu = zip(*(once(words, cwd) for _ in range(runs)))
    at = lambda values, share: round(sorted(values)[int(share * (len(values) - 1))], 2)  # noqa: E731
    return {"wall_ms_p50": at(wall, 0.5), "wall_ms_p95": at(wall, 0.95), "cpu_ms_p50": at(cpu, 0.5),
            "runs": runs}


def main():
    words = argparse.ArgumentParser()
    words.add_argument("naestro", type=pathlib.Path)
    words.add_argument("-o", "--output", type=pathlib.Path,
                       default=ROOT / "bench/results/sandbox.json")
    words.add_argument("--peers", type=pathlib.Path)
    given = words.parse_args()
    binary = given.naestro.resolve()
    rows = {}
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        place = Place(pathlib.Path(folder))
        program = ["/usr/bin/true"]
        rows["plain"] = measure(program, place.work, RUNS)
        rows["naestro --version"] = measure([str(binary), "--version"], place.work, RUNS)
        for profile in ("", "read-only", "weak"):
            runner = runners.Naestro(binary, profile)
            name = "naestro sandbox" + (f" --profile {profile}" if profile else "")
            rows[name] = measure(runner.words(place, program), place.work, RUNS)
        peers = [runners.Bubblewrap()]
        if given.peers:
            folder = given.peers.resolve()
            peers += [runners.SandboxRuntime(folder), runners.Codex(folder)]
        for runner in peers:
            if runner.why_not:
                rows[runner.name] = {"not_measured": runner.why_not}
            else:
                runs = RUNS if runner.name == "bwrap" else 11
                rows[runner.name] = measure(runner.words(place, program), place.work, runs)
    result = {"what": "starting /usr/bin/true in a sandbox, from the call to its end",
              "goal": {"cpu_ms_p50": 5, "wall_ms_p50": 10},
              "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
              "machine": {"kernel": platform.release(), "processors": os.cpu_count(),
                          "root": os.geteuid() == 0, "load_1m": round(os.getloadavg()[0], 2)},
              "rows": rows}
    given.output.write_text(json.dumps(result, indent=1) + "\n")
    for name, row in rows.items():
        print(f"{name:34} " + " ".join(f"{key}={value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
