#!/usr/bin/env python3
"""The mutation score of pure rooms: how many small faults in a room its own tests notice.

A mutant is one change to one line of a source of the room (no tests, no headers): a comparison, a
boolean word or an arithmetic sign exchanged, a whole number moved by one, a statement dropped, a
condition negated, true and false exchanged. A sample of them under a seed is built, each alone, in a
copy of the tree; the room's tests run with a timeout. Killed: they fail or hang. Not compiled: not
counted. Score: killed / compiled.

usage: mutate.py [--rooms policy,contract,door,schema,plan] [--per-room 15] [--seed 1] [--timeout 120]
                 [--equivalent tests/mutants.json] [--score-min PERCENT]
                 [--out FILE.json]

tests/mutants.json lists mutants that change nothing that can be seen, each with its reason. They
are printed and counted apart, never hidden.
"""
import argparse
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SWAPS = [  # the kind, what is looked for, what stands there instead
    ("relational", r" < ", " <= "), ("relational", r" <= ", " < "),
    ("relational", r" > ", " >= "), ("relational", r" >= ", " > "),
    ("relational", r" == ", " != "), ("relational", r" != ", " == "),
    ("logical", r" && ", " || "), ("logical", r" \|\| ", " && "),
    ("arithmetic", r" \+ (?=[\w(])", " - "), ("arithmetic", r" - (?=[\w(])", " + "),
    ("arithmetic", r" \* (?=[\w(])", " + "), ("arithmetic", r"\+\+(?=\w)", "--"),
    ("boolean", r"\btrue\b", "false"), ("boolean", r"\bfalse\b", "true"),
    ("negated", r"\bif \((?=[^;]*\) )", "if (!"), ("negated", r"!(?=[a-z_(])", ""),
]
STATEMENT = re.compile(r"^\s+(?!return|const|auto|using|case|break|continue|if|for|while|struct|"
                       r"enum|static|else|namespace|std::\w+ \w)[a-z_][\w.>:\[\]()-]*( [+|]?= .*|"
                       r"\(.*\));$")


def masked(line):
    """The line with the insides of its texts and its comment blanked, as long as before."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"', lambda m: '"' + "_" * (len(m[0]) - 2) + '"', line)
    at = line.find("//")
    return line if at < 0 else line[:at] + " " * (len(line) - at)


def mutants_of(path):
    name = path.relative_to(ROOT).as_posix()
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        code = masked(line)
        if code.lstrip().startswith(("#", "template", "static_assert")) or not code.strip():
            continue
        for kind, pattern, instead in SWAPS:
            if kind == "arithmetic" and '"' in code:
                continue  # texts are joined; a difference of them does not compile
            for hit in re.finditer(pattern, code):
                new = line[:hit.start()] + instead + line[hit.end():]
                if kind == "negated" and instead:  # needs its own brackets
                    end = closing(code, hit.end() - 1)
                    if end < 0:
                        continue
                    new = (line[:hit.end() - 1] + "(!(" + line[hit.end():end] + "))" +
                           line[end + 1:])
                yield {"file": name, "line": number, "kind": kind, "from": line.strip(),
                       "to": new.strip(), "text": new}
        for hit in re.finditer(r"(?<![\w.'\"{<])(\d{1,6})(?![\w.'\"])", code):
            for step in (1, -1):
                value = int(hit[1]) + step
                if value >= 0:
                    new = line[:hit.start()] + str(value) + line[hit.end():]
                    yield {"file": name, "line": number, "kind": "constant", "from": line.strip(),
                           "to": new.strip(), "text": new}
        if STATEMENT.match(code) and code.count("(") == code.count(")"):
            yield {"file": name, "line": number, "kind": "dropped", "from": line.strip(),
                   "to": "", "text": ""}


def closing(code, opening):
    depth = 0
    for at in range(opening, len(code)):
        depth += (code[at] == "(") - (code[at] == ")")
        if depth == 0:
            return at
    return -1


def run(command, cwd, timeout):
    try:
        done = subprocess.run(command, cwd=cwd, timeout=timeout, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        return None, "timeout"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rooms", default="policy,contract,door,schema,plan")
    options.add_argument("--per-room", type=int, default=15)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--timeout", type=int, default=120)
    options.add_argument("--equivalent", default=str(ROOT / "tests/mutants.json"))
    options.add_argument("--score-min", type=float, default=0)
    options.add_argument("--out")
    given = options.parse_args()
    known = {(row["file"], row["from"], row["to"]): row["why"]
             for row in json.loads(pathlib.Path(given.equivalent).read_text(encoding="utf-8"))}

    tree = ROOT / "build/mutate/tree"
    tree.parent.mkdir(parents=True, exist_ok=True)
    if tree.exists():
        shutil.rmtree(tree / "src", ignore_errors=True)
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True,
                             stdout=subprocess.PIPE).stdout.decode().split("\n")
    for name in filter(None, tracked):
        if not (ROOT / name).is_file():
            continue
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tree / name)
    build = ROOT / "build/mutate/build"
    code, said = run(["cmake", "-S", tree, "-B", build, "-G", "Ninja",
                      "-DCMAKE_CXX_COMPILER=clang++-19", "-DCMAKE_BUILD_TYPE=Debug",
                      "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache",
                      "-DCMAKE_CXX_FLAGS_DEBUG=-O0 -Wno-error", "-DNAESTRO_TESTS=ON"], ROOT, 300)
    if code != 0:
        sys.exit(said)

    rows, score = [], {}
    for room in given.rooms.split(","):
        target = f"naestro_{room}_test"
        make = ["cmake", "--build", str(build), "-j1", "--target", target]
        code, said = run(make, ROOT, 3600)
        test = [str(build / "src" / target), "--gtest_brief=1", "--gtest_fail_fast"]
        if code == 0:
            code, said = run(test, tree, given.timeout)
        if code != 0:
            sys.exit(f"{room}: its tests fail without any mutant\n{said[-2000:]}")
        every = [one for path in sorted((ROOT / "src" / room).glob("*.cpp"))
                 if not path.name.endswith("_test.cpp") for one in mutants_of(path)]
        sample = random.Random(f"{given.seed}/{room}").sample(every,
                                                            min(len(every), given.per_room))
        counts = {"killed": 0, "survived": 0, "equivalent": 0, "not_compiled": 0}
        for one in sample:
            path = tree / one["file"]
            before = path.read_text(encoding="utf-8")
            lines = before.split("\n")
            lines[one["line"] - 1] = one["text"]
            path.write_text("\n".join(lines), encoding="utf-8")
            begin = time.time()
            code, said = run(make, ROOT, 600)
            if code != 0:
                state = "not_compiled"
            else:
                code, said = run(test, tree, given.timeout)
                state = "killed" if code != 0 else "survived"
            why = known.get((one["file"], one["from"], one["to"]))
            if state == "survived" and why is not None:
                state = "equivalent"
            path.write_text(before, encoding="utf-8")
            counts[state] += 1
            row = {key: one[key] for key in ("file", "line", "kind", "from", "to")}
            row |= {"state": state, "seconds": round(time.time() - begin, 1)}
            if state == "equivalent":
                row["why"] = why
            rows.append(row)
            if state != "killed":
                print(f"{state:12} {row['file']}:{row['line']} {row['kind']}: {row['from']}  ->  "
                      f"{row['to'] or '(nothing)'}", flush=True)
        compiled = counts["killed"] + counts["survived"]
        score[room] = {"mutants": len(every), "sampled": len(sample), **counts,
                       "score": round(100 * counts["killed"] / compiled, 1) if compiled else None}
        print(f"{room}: {counts['killed']} of {compiled} killed = {score[room]['score']}% "
              f"({counts['equivalent']} equivalent, {counts['not_compiled']} not compiled, "
              f"{len(every)} possible)", flush=True)
        if given.out:  # after each room: what was measured is kept
            pathlib.Path(given.out).write_text(json.dumps(
                {"seed": given.seed, "rooms": score, "mutants": rows}, indent=1,
                ensure_ascii=False) + "\n", encoding="utf-8")
    low = [room for room, row in score.items() if (row["score"] or 0) < given.score_min]
    if low:
        sys.exit(f"below {given.score_min}%: {', '.join(low)}")


if __name__ == "__main__":
    main()
