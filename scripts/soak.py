#!/usr/bin/env python3
"""Many small runs in one store, some of them killed at a random moment and resumed.

usage: soak.py NAESTRO [--runs 2000] [--kill-share 0.1] [--seed 1]

Each run writes one report by a plan of one read and one write. Watched: every run ends, no file is
lost or doubled, the memory of a process and the size of the store per run do not grow with the
number of runs, `audit verify` finds nothing at the end. Prints JSON; 1 when one of them fails.
"""
import argparse
import json
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

PLAN = {
    "naestro": "plan/1", "goal": "Write down what is overdue.",
    "inputs": {"n": {"schema": {"type": "string", "maxLength": 12}, "value": "0"}},
    "budget": {"usd": "0", "tokens": 0, "tool_calls": 4, "wall_s": 60},
    "steps": [
        {"id": "find", "do": {"tool": "files.search@1"},
         "with": {"path": "notes", "query": "overdue"}},
        {"id": "write", "do": {"tool": "report.markdown@1"},
         "with": {"path": "out.md", "title": "Overdue ${inputs.n}",
                  "sections": [{"heading": "Found", "text": "run ${inputs.n}"}]},
         "needs": ["find"]}],
    "outputs": {"path": "${steps.write.out.path}"},
}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("naestro")
    options.add_argument("--runs", type=int, default=2000)
    options.add_argument("--kill-share", type=float, default=0.1)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    chance = random.Random(given.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-soak-"))
    (folder / "notes").mkdir()
    (folder / "notes/a.md").write_text("# Notes\n\nThe rent is overdue.\n")
    (folder / "plan.json").write_text(json.dumps(PLAN))
    home = folder / "home"
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    binary = str(pathlib.Path(given.naestro).resolve())

    def naestro(*words):
        return subprocess.run([binary, *words], cwd=folder, env=environment, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)

    def size():
        return sum(p.stat().st_size for p in home.rglob("*") if p.is_file())

    faults, killed, points = [], 0, []
    began = time.time()
    explained = naestro("plan", "explain", "plan.json", "-w", str(folder), "--json")
    if explained.returncode != 0:
        sys.exit(explained.stdout.decode() + explained.stderr.decode())
    digest = json.loads(explained.stdout)["digest"]
    run = ["run", "plan.json", "-w", str(folder), "--approve", digest]
    slowest = max(0.02, timed(naestro, run))
    for number in range(given.runs):
        if chance.random() < given.kill_share:
            child = subprocess.Popen([binary, *run], cwd=folder, env=environment,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            time.sleep(chance.random() * slowest)
            child.send_signal(signal.SIGKILL)
            if child.wait() == -signal.SIGKILL:
                killed += 1
            # Killed before its consent was written down, it asks again.
            resumed = naestro("resume", "--all", "--approve", digest)
            if resumed.returncode != 0:
                faults.append(f"run {number}: resume: {resumed.returncode} "
                              f"{resumed.stderr.decode()[-300:]}")
        else:
            done = naestro(*run)
            if done.returncode != 0:
                faults.append(f"run {number}: {done.returncode} {done.stderr.decode()[-300:]}")
        if number % max(1, given.runs // 10) == 0:
            points.append({"run": number, "store_bytes": size(), "rss_max_kb":
                           resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss})
    listed = naestro("runs", "--json")
    left = [row["run"] for row in json.loads(listed.stdout) if row["state"] != "done"]
    if left:
        faults.append(f"{len(left)} runs are not done: {', '.join(left[:5])}")
    audit = naestro("audit", "verify", "--json")
    if audit.returncode != 0:
        faults.append(f"audit verify: {audit.stdout.decode()[-500:]}")
    points.append({"run": given.runs, "store_bytes": size(), "rss_max_kb":
                   resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss})
    first, last = points[1] if len(points) > 2 else points[0], points[-1]
    if last["rss_max_kb"] > first["rss_max_kb"] * 1.5 + 8192:
        faults.append("the memory of a process grows with the number of runs")
    print(json.dumps({"runs": given.runs, "killed": killed, "seed": given.seed,
                      "seconds": round(time.time() - began, 1), "points": points,
                      "audit": "clean" if audit.returncode == 0 else "damage",
                      "faults": faults}, indent=1))
    if not faults:
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    return 1 if faults else 0


def timed(call, words):
    begin = time.time()
    call(*words)
    return time.time() - begin


if __name__ == "__main__":
    sys.exit(main())
