#!/usr/bin/env python3
"""The 86 probes: tries each against Naestro (and, with --peers, against others), prints who blocks
what, and writes it as JSON. Exits 1 if one is open at Naestro.

run.py --naestro BINARY --helper naestro-probe [--peers FOLDER] [--only N,N] [-o probes.json] [--page FILE]

A verdict is `blocked`, `open`, `unsupported` (does not run here; what the evidence says) or `later`
(the room that answers it is not built; the evidence names it). An attempt that does not even get
through without a sandbox proves nothing and is `unsupported`."""
import argparse
import json
import os
import pathlib
import pty
import shutil
import subprocess
import sys
import tempfile
import time

import attempts
import commands
import runners
import scenarios
import world as worlds

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = 60


def at_terminal(words, cwd, env):
    """Runs with a terminal; gives all that arrives at it."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        try:
            os.execvpe(words[0], words, env)
        finally:
            os._exit(127)
    said, end = b"", time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(terminal)
    os.waitpid(pid, 0)
    return said.decode(errors="replace")


def run(runner, world, probe, words, env):
    if probe == 37:
        return at_terminal(words, world.work, env)
    secret = os.open(world.outside / "secret", os.O_RDONLY)
    try:
        done = subprocess.run(words, cwd=world.work, env=env, capture_output=True, timeout=SECONDS,
                              stdin=subprocess.DEVNULL, pass_fds=(secret,) if probe == 9 else ())
        return (done.stdout + done.stderr).decode(errors="replace")
    except subprocess.TimeoutExpired as late:
        return ((late.stdout or b"") + (late.stderr or b"")).decode(errors="replace") + "\nTOO LONG"
    finally:
        os.close(secret)


def judge_helper(world, probe, said):
    seen = attempts.look(world, probe)
    if "BEGUN" not in said:
        lines = said.strip().splitlines()
        return "unsupported", "the program did not start: " + (lines[-1] if lines else "no word")
    verdict = [line for line in said.replace("\r", "").splitlines()
               if line.startswith(("THROUGH ", "BLOCKED "))]
    if not verdict:
        how = "it took too long" if "TOO LONG" in said else "its process was killed"
        words = [line for line in said.strip().splitlines() if line not in ("BEGUN", "TOO LONG")]
        how += ": " + words[-1] if words else ""
        return ("open", seen) if seen else ("blocked", how)
    word, _, evidence = verdict[-1].partition(" ")
    if probe == 37 and ("\x1b]52" in said or "\x1b]0;" in said):
        return "open", "control signs of the program reach the terminal"
    if seen:
        return "open", seen
    if probe in attempts.SEEN_OUTSIDE:
        return "blocked", "nothing is seen outside; inside: " + evidence
    return ("open" if word == "THROUGH" else "blocked"), evidence


def tried(runner, base, servers, helper, probe):
    if runner.why_not:
        return "unsupported", runner.why_not
    world = worlds.World(base, servers, helper)
    servers.drain()
    env = dict(runner.env(), PASSWORD=worlds.PASSWORD)
    try:
        if probe in commands.COMMANDS:
            said = ""
            env = commands.environment(world, probe, env)
            for words in commands.COMMANDS[probe](world):
                words = runner.words(world, commands.begun(probe, words))
                now = run(runner, world, probe, words, env)
                if commands.SIGN.get(probe, "BEGUN") not in now:
                    return "unsupported", "the program did not start: " + now.strip()[-200:]
                said += now
            seen = commands.look(world, probe, said)
            lines = " | ".join(said.strip().splitlines()[-3:])
            return ("open", seen) if seen else ("blocked", "nothing is seen outside; " + lines)
        attempts.lay_out(world, probe)
        words = runner.words(world, ["./naestro-probe", str(probe)])
        return judge_helper(world, probe, run(runner, world, probe, words, env))
    finally:
        world.close()


def by_scenario(binary, base, probe):
    folder = tempfile.mkdtemp(prefix="s", dir=base)
    try:
        through, evidence = scenarios.SCENARIOS[probe](scenarios.House(binary, folder))
        return ("open" if through else "blocked"), evidence
    except scenarios.Failed as failed:
        return "unsupported", str(failed)
    finally:
        shutil.rmtree(folder, True)


def examine(row, all_runners, control, binary, base, servers, helper):
    probe = row["id"]
    out = {"id": probe, "text": row["text"], "room": row["room"]}
    others = [runner.name for runner in all_runners if runner.name != "naestro"]
    if row["room"].startswith("later:"):
        room = row["room"].removeprefix("later:")
        out |= {"room": room, "naestro": "later", "evidence": f"the room {room} is not built"}
        return out | {name: "unsupported" for name in others}
    if probe in scenarios.SCENARIOS:
        verdict, evidence = by_scenario(binary, base, probe)
        out |= {"naestro": verdict, "evidence": evidence}
        return out | {name: "unsupported" for name in others}
    works, how = tried(control, base, servers, helper, probe)
    out["control"] = f"{'through' if works == 'open' else 'not through'}: {how}"[:600]
    for runner in all_runners:
        verdict, evidence = tried(runner, base, servers, helper, probe)
        if works != "open" and verdict == "blocked":
            verdict = "unsupported"
            evidence = "does not get through on this machine without a sandbox either; " + evidence
        out[runner.name] = verdict
        out["evidence" if runner.name == "naestro" else runner.name + "_evidence"] = evidence[:600]
    return out


def table(results, names):
    lines = []
    for row in results:
        lines.append(f"{row['id']:3} {row['text'][:50]:50} " +
                     " ".join(f"{row.get(name, '-'):12}" for name in names))
    lines.append(" " * 55 + " ".join(f"{name:12}" for name in names))
    for verdict in ("blocked", "open", "unsupported", "later"):
        count = [sum(row.get(name) == verdict for row in results) for name in names]
        lines.append(f"    {verdict:51}" + " ".join(f"{number:<12}" for number in count))
    return "\n".join(lines)


PAGE = """# 86 attempts to break out, and who blocks them

Written by `make probes`, which tries each in the same way on `naestro sandbox` and, where they install,
on others; `build/probes.json` holds the evidence of each. *blocked*: it did not get through, though it
does without a sandbox. **open**: it got through. *later*: what answers it is not built. *not tried*: it
is not about a sandbox, or does not run here.

How the others are called: `bwrap` with `--unshare-all --new-session --clearenv`, `/usr` and the folder
alone; `srt` with no domain, the folder writable, reading of the secret's folder denied; `codex sandbox`
with `workspace-write`. They have other aims: what they leave open may be so by design, such as reading
all files of the machine.

"""


def page(results, names):
    said = {"unsupported": "not tried", "open": "**open**"}
    lines = ["| | attempt | answered by | " + " | ".join(names) + " |",
             "|---|---|---|" + "---|" * len(names)]
    for row in results:
        verdicts = [said.get(row.get(name), row.get(name)) for name in names]
        lines.append(f"| {row['id']} | {row['text'].replace('|', '/')} | {row['room']} | "
                     + " | ".join(verdicts) + " |")
    for verdict in ("blocked", "open", "unsupported", "later"):
        count = [str(sum(row.get(name) == verdict for row in results)) for name in names]
        lines.append(f"| | **{said.get(verdict, verdict).strip('*')}** | | " + " | ".join(count) + " |")
    return PAGE + "\n".join(lines) + "\n"


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--naestro", required=True, type=pathlib.Path)
    words.add_argument("--helper", required=True, type=pathlib.Path)
    words.add_argument("--profile", default="")
    words.add_argument("--peers", type=pathlib.Path)
    words.add_argument("--only", default="")
    words.add_argument("-o", "--output", type=pathlib.Path)
    words.add_argument("--page", type=pathlib.Path, help="the table as Markdown")
    given = words.parse_args()
    rows = json.loads((HERE / "probes.json").read_text())
    if given.only:
        chosen = {int(number) for number in given.only.split(",")}
        rows = [row for row in rows if row["id"] in chosen]
    binary, helper = given.naestro.resolve(), given.helper.resolve()
    tried_here = [runners.Naestro(binary, given.profile)]
    if given.peers:
        peers = given.peers.resolve()
        tried_here += [runners.Bubblewrap(), runners.SandboxRuntime(peers), runners.Codex(peers)]
    # Not below /tmp, which some leave writable.
    base = pathlib.Path(tempfile.mkdtemp(prefix="naestro-probes-", dir="/var/tmp"))
    servers = worlds.Servers(base)
    results = []
    try:
        for row in rows:
            begin = time.monotonic()
            results.append(examine(row, tried_here, runners.Nothing(), binary, base, servers, helper))
            print(f"{row['id']:3} {results[-1]['naestro']:12} {time.monotonic() - begin:5.1f} s "
                  f"{results[-1]['evidence'][:120]!r}",
                  file=sys.stderr, flush=True)
    finally:
        servers.close()
        shutil.rmtree(base, True)
    if given.output:
        given.output.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    if given.page:
        given.page.write_text(page(results, [runner.name for runner in tried_here]))
    print(table(results, [runner.name for runner in tried_here]))
    opened = [row["id"] for row in results if row["naestro"] == "open"]
    if opened:
        sys.exit(f"open: {opened}")


if __name__ == "__main__":
    main()
