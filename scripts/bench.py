#!/usr/bin/env python3
"""bench.py BUILD: measures the speed figures, prints them as a table, writes bench/results/speed.json.

Instructions are callgrind's; times are wall times, and depend on what else the machine does (the
load is recorded beside them). A row that is not measured says so.
"""
import datetime
import json
import os
import platform
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 20


def instructions(folder, command, collect=None):
    out = Path(folder) / "callgrind.out"
    words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
    if collect:
        words.append(f"--toggle-collect={collect}")
    subprocess.run(words + command, check=True, capture_output=True)
    return int(re.search(r"^summary: (\d+)", out.read_text(), re.M).group(1))


def start_ms(command):
    samples = []
    for _ in range(21):
        begin = time.monotonic()
        subprocess.run(command, check=True, capture_output=True)
        samples.append((time.monotonic() - begin) * 1000)
    return sorted(samples)[10]


def stripped_mb(binary, folder):
    copy = Path(folder) / "stripped"
    subprocess.run(["strip", "-o", copy, binary], check=True)
    return copy.stat().st_size / 1e6


def idle(naestro, folder):
    """The memory of a run at a terminal that waits for its consent."""
    work = Path(folder) / "idle"
    shutil.copytree(ROOT / "examples/company", work)
    env = dict(os.environ, NAESTRO_ASSETS=str(ROOT / "build/assets"))
    env |= {f"XDG_{kind}_HOME": str(work / kind) for kind in ("STATE", "DATA", "CONFIG")}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(naestro, [naestro, "run", str(ROOT / "examples/first/plan.json"), "-w", str(work)], env)
    try:
        said = b""
        while b"Approve?" not in said:
            said += os.read(terminal, 4096)
        time.sleep(1)
        status = Path(f"/proc/{pid}/status").read_text()
        mb = lambda name: int(re.search(rf"{name}:\s*(\d+)", status).group(1)) / 1000
        return {"rss_mb": mb("VmRSS"), "private_mb": mb("RssAnon"), "file_mb": mb("RssFile")}
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def machine():
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return {"cores": os.cpu_count(), "cpu": cpu.group(1) if cpu else platform.machine(),
            "memory_mb": int(memory.group(1)) // 1024, "load_before": os.getloadavg()[0]}


def rows_of(f):
    ms = lambda name: f[name]["p50_us"] / 1000
    ratio = f["compile_100k"]["p50_us"] / f["compile_10k"]["p50_us"]
    one, many = f["durable"], f["durable_64"]
    return [
        ("run machine, 3 no-op steps, counting sink: instructions", 100_000, f["machine"]["instructions"], "max"),
        ("the same: time, us (p50)", 10, f["machine"]["p50_us"], "max"),
        ("the same, events encoded and hashed into a tree in memory, blobs sealed, labels: us (p50)",
         150, f["memory"]["p50_us"], "max"),
        ("durable run of 3 keyed steps: commits of events", 5, one["commits_per_run"], "max"),
        ("the same as a whole, with the run's key and ownership: ms (p50)", 2, ms("durable"), "max"),
        ("the same, 64 in flight: runs/s", 2000, many["runs_per_s"], "min"),
        ("compile 1,000 steps: ms (p50)", 10, ms("compile_1k"), "max"),
        ("compile 100,000 steps over 10,000: ratio (10 is linear; 15 taken as near-linear)", 15, ratio, "max"),
        ("10,000 parked runs taken up by one process until each waits again: s", 10,
         f["resume_parked"]["s"], "max"),
        ("turn of an agent with four calls, beside model and tools: us (p50)", 1000, f["agent"]["p50_us"], "max"),
        ("the same with most to tell, after 19 turns: us (p50)", 1000, f["agent"]["last_us"], "max"),
        ("decision of the policy on a write, 1,000 rules: us (p50)", 1,
         f["policy_1k"]["write"]["p50_us"], "max"),
        ("the same: us (p99)", 10, f["policy_1k"]["write"]["p99_us"], "max"),
        ("the same, 10,000 rules over 10: ratio (p50)", 2,
         f["policy_10k"]["write"]["p50_us"] / f["policy_10"]["write"]["p50_us"], "max"),
        ("decision on a request, whose URL is parsed, 1,000 rules: us (p50)", 1,
         f["policy_1k"]["request"]["p50_us"], "max"),
        ("idle, waiting at a consent: RSS, MB (of it private: see the file)", 15,
         f["idle"]["rss_mb"], "max"),
        ("stripped binary, MB", 15, f["binary"]["stripped_mb"], "max"),
        ("naestro --version: ms (p50)", 10, f["version"]["p50_us"] / 1000, "max"),
    ]


def main():
    build = Path(sys.argv[1])
    bench, naestro = str(build / "bench/naestro-bench"), str(build / "naestro")
    report = {"command": "make bench", "machine": machine(),
              "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
              "commit": subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True,
                                       capture_output=True, text=True).stdout.strip()}
    with tempfile.TemporaryDirectory(dir=build) as folder:
        for name in ("one", "many", "parked"):
            (Path(folder) / name).mkdir()
        printed = subprocess.run([bench, folder], check=True, capture_output=True, text=True).stdout
        figures = json.loads(printed)
        figures["machine"]["instructions"] = instructions(
            folder, [bench, "--machine", str(RUNS)], "*pure_run*") // RUNS
        version = [naestro, "--version"]
        figures["version"] = {"p50_us": start_ms(version) * 1000,
                              "instructions": instructions(folder, version)}
        figures["idle"] = idle(naestro, folder)
        figures["binary"] = {"stripped_mb": stripped_mb(naestro, folder)}
    report["figures"] = figures
    report["rows"] = []
    print("| what | reach | measured | met? |\n| --- | --- | --- | --- |")
    for what, reach, measured, kind in rows_of(figures):
        met = "not measured"
        if measured is not None:
            met = "yes" if (measured <= reach if kind == "max" else measured >= reach) else "no"
        shown = "-" if measured is None else f"{measured:,.2f}".rstrip("0").rstrip(".")
        print(f"| {what} | {'<=' if kind == 'max' else '>='} {reach:,} | {shown} | {met} |")
        report["rows"].append({"what": what, "reach": reach, "measured": measured, "met": met})
    out = ROOT / "bench/results/speed.json"
    out.write_text(json.dumps(report, indent=2) + "\n")


main()
