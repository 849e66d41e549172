#!/usr/bin/env python3
"""judge_goals.py BINARY FOLDER ANSWERS.json [--json] [--all] [--wrong-max N] [--right-min N]:
runs naestro-goals and compares.

ANSWERS.json: [{id, goal, kind, answer, sources: [{file, line | rows}]}]; an answer of null means
that the folder does not say it, and a refusal is right. Otherwise:
- every number of the expected answer must stand in the answer's text (to the cent, or rounded as the
  expected one is), every name, code and date too; a list must have as many rows as expected;
- or one of the ways in `accept` ("accept": [way, ...]), each a value or a list of values, is said;
- find, extract, timeline, summarise, and a comparison of lines of texts: instead, the expected source lines
  must be cited: one of them for find, three fifths of them for the others; a timeline that has a third of
  them is partial.
What is answered and does not compare is wrong. Exit 1 when more are wrong than --wrong-max (0), or fewer
right than --right-min (0)."""
import json
import re
import subprocess
import sys


def leaves(value):
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from leaves(one)
    elif value is not None:
        yield value


def numbers_in(text):
    out = set()
    for word in re.findall(r"-?\d[\d,]*(?:\.\d+)?", text):
        try:
            out.add(float(word.replace(",", "")))
        except ValueError:
            pass
    return out


def says(text, value):
    if isinstance(value, bool):
        return False
    if isinstance(value, (int, float)):
        places = len(str(value).split(".")[1]) if "." in str(value) else 0
        return any(round(n, max(places, 2 if places == 1 else places)) == value or
                   round(n, places) == value for n in numbers_in(text))
    if re.fullmatch(r"-?\d+(\.\d+)?", value) and float(value) in numbers_in(text):
        return True
    return " ".join(value.lower().split()) in " ".join(text.lower().split())


def accepted(expected, text):
    """One of the other ways to say the answer; a list is right only when all of it is said."""
    return isinstance(expected["answer"], (str, int, float)) and any(
        says(text, way) for way in expected.get("accept", []) if not isinstance(way, list)) or any(
        all(says(text, one) for one in leaves(way))
        for way in expected.get("accept", []) if isinstance(way, list))


def cited(source, citations, slack=0):
    lines = {(c["file"], c["line"] + k) for c in citations for k in range(slack + 1)}
    if "line" in source:
        return (source["file"], source["line"]) in lines
    if source.get("rows") == "all":
        return any(file == source["file"] for file, _ in lines)
    rows = source.get("rows", [])
    hit = sum((source["file"], row) in lines for row in rows)
    return bool(rows) and hit * 2 >= min(len(rows), 20)


def judge(expected, got):
    answer = expected["answer"]
    answered = got.get("status") == "planned" and got.get("outputs", {}).get("found")
    if answer is None:
        return "false answer" if answered else "rightly refused"
    if not answered:
        return "refused"
    text, kind = got["outputs"]["answer"], expected["kind"]
    said = all(says(text, one) for one in leaves(answer)) or accepted(expected, text)
    if isinstance(answer, list) and "rows" in got["outputs"] and kind not in ("timeline", "dedupe"):
        said = said and len(got["outputs"]["rows"]) == len(answer)
    if said:
        return "right"
    sources = expected["sources"]
    if kind == "compare" and isinstance(answer, list) and all("line" in one for one in sources):
        kind = "extract"
    kind = {"extract_fields": "extract", "summarise_quotes": "summarise"}.get(kind, kind)
    if kind in ("find", "extract", "timeline", "summarise"):
        # A timeline cites where a passage begins.
        slack = 3 if kind == "timeline" else 0
        hits = sum(cited(one, got["outputs"]["citations"], slack) for one in sources)
        if hits * 5 >= len(sources) * 3 or (kind == "find" and hits > 0):
            return "right"
        if kind == "timeline" and hits * 3 >= len(sources):
            return "partial"
    if kind == "dedupe" and all(cited(one, got["outputs"]["citations"])
                                for one in expected["sources"]):
        firsts = [one[next(iter(one))] if isinstance(one, dict) else one
                  for one in (answer if isinstance(answer, list) else [answer])]
        if all(says(text, one) for one in firsts):
            return "right"
    return "wrong"


def main():
    arguments, limits = [], {"--wrong-max": 0, "--right-min": 0}
    words = iter(sys.argv[1:])
    for word in words:
        if word in limits:
            limits[word] = int(next(words))
        elif not word.startswith("--"):
            arguments.append(word)
    binary, folder, answers = arguments
    with open(answers, encoding="utf-8") as file:
        expected = json.load(file)
    run = subprocess.run([binary, folder, answers], capture_output=True, text=True, check=True)
    verdicts, kinds = [], {}
    for one, line in zip(expected, run.stdout.splitlines(), strict=True):
        got = json.loads(line)
        verdict = "error" if "error" in got else judge(one, got)
        verdicts.append({"id": one["id"], "kind": one["kind"], "verdict": verdict,
                         "skill": got.get("skill", ""), "goal": one["goal"],
                         "detail": got.get("error") or (got.get("reason", "")
                                   if got.get("status") != "planned"
                                   else got["outputs"]["answer"])})
        kinds.setdefault(one["kind"], {}).setdefault(verdict, 0)
        kinds[one["kind"]][verdict] += 1
    total = {}
    for one in verdicts:
        total[one["verdict"]] = total.get(one["verdict"], 0) + 1
    if "--json" in sys.argv:
        print(json.dumps({"total": len(verdicts), "verdicts": total, "kinds": kinds,
                          "detail": verdicts}, indent=1))
    else:
        for one in verdicts:
            if "--all" in sys.argv or one["verdict"] in ("wrong", "false answer", "error"):
                print(f"{one['id']} {one['verdict']} [{one['skill']}] {one['goal']}")
                print("    " + one["detail"][:600].replace("\n", "\n    "))
        for kind, count in sorted(kinds.items()):
            print(f"{kind}: " + ", ".join(f"{n} {v}" for v, n in sorted(count.items())))
        print(f"of {len(verdicts)}: " + ", ".join(f"{n} {v}" for v, n in sorted(total.items())))
    bad = sum(total.get(v, 0) for v in ("wrong", "false answer", "error"))
    good = total.get("right", 0) >= limits["--right-min"]
    return 0 if bad <= limits["--wrong-max"] and good else 1


if __name__ == "__main__":
    sys.exit(main())
