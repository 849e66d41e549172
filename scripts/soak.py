#!/usr/bin/env python3
"""Many small runs in one store, some of them killed at a random moment and resumed.

usage: soak.py NAESTRO [--runs 2000] [--kill-share 0.1] [--seed 1]

Each run writes one report by a plan of one read and one write. Watched: every run ends, no file is
lost or doubled, the memory of a run's process and the size of the store per run do not grow with
the number of runs, `audit verify` finds nothing at the end. Prints JSON; 1 when one of them fails.
What the list of all runs and the audit take at the end is printed too.
"""
import argparse
import collections
import json
import os
import pathlib
import random
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


Done = collections.namedtuple("Done", "returncode stdout stderr rss_kb")


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
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = subprocess.Popen(["timeout", "120", binary, *words], cwd=folder,
                                     env=environment, stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=err)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            return Done(child.returncode, out.read(), err.read(), usage.ru_maxrss)

    def size():
        return sum(p.stat().st_size for p in home.rglob("*") if p.is_file())

    faults, killed, points = [], 0, []
    began = time.time()
    explained = naestro("plan", "explain", "plan.json", "-w", str(folder), "--json")
    if explained.returncode != 0:
        sys.exit(explained.stdout.decode() + explained.stderr.decode())
    digest = json.loads(explained.stdout)["digest"]
    run = ["run", "plan.json", "-w", str(folder), "--approve", digest]
    rss_kb = 0  # of the greatest process since the last point
    lasts = timed(naestro, run)
    for number in range(given.runs):
        if chance.random() < given.kill_share:
            child = subprocess.Popen([binary, *run], cwd=folder, env=environment,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            time.sleep(chance.random() * lasts)
            child.send_signal(signal.SIGKILL)
            if child.wait() == -signal.SIGKILL:
                killed += 1
            # Killed before its consent was written down, it asks again.
            done = naestro("resume", "--all", "--approve", digest)
            what = "resume: "
        else:
            begin = time.time()
            done = naestro(*run)
            lasts = time.time() - begin
            what = ""
        if done.returncode != 0:
            faults.append(f"run {number}: {what}{done.returncode} {done.stderr.decode()[-300:]}")
        rss_kb = max(rss_kb, done.rss_kb)
        if (number + 1) % max(1, given.runs // 10) == 0:
            points.append({"run": number + 1, "store_bytes": size(), "rss_max_kb": rss_kb})
            rss_kb = 0
    listed = naestro("runs", "--json")
    rows = json.loads(listed.stdout)
    left = [row["run"] for row in rows if row["state"] != "done"]
    if left:
        faults.append(f"{len(left)} runs are not done: {', '.join(left[:5])}")
    audit = naestro("audit", "verify", "--json")
    if audit.returncode != 0:
        faults.append(f"audit verify: {audit.stdout.decode()[-500:]}")
    first, last = points[0], points[-1]
    if last["rss_max_kb"] > first["rss_max_kb"] * 1.5 + 8192:
        faults.append("the memory of a run's process grows with the number of runs")
    # The first run was for the clock; who was killed before its first event left nothing behind.
    nothing = given.runs + 1 - len(rows)
    print(json.dumps({"runs": given.runs, "killed": killed, "killed_before_the_first_event": nothing,
                      "seed": given.seed,
                      "seconds": round(time.time() - began, 1), "points": points,
                      "list_rss_kb": listed.rss_kb, "audit_rss_kb": audit.rss_kb,
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
