#!/usr/bin/env python3
"""Writes docs/diagnostics.md from src/plan/diagnostics.def. With --check, only compares."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/diagnostics.md"
ROW = re.compile(r'X\(\w+, "(NP\d{4})", "((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)"\)')
GROUPS = {"NP1": "Parse: the text, its shape, its references and schemas",
          "NP2": "Resolve: tools, models, arguments",
          "NP3": "Graph: names and dependencies",
          "NP4": "Types: what flows fits what takes it",
          "NP5": "Effects: what a step may touch",
          "NP6": "Policy: what is allowed",
          "NP7": "Flow: where data comes from",
          "NP8": "Bounds: the worst case"}


def page():
    text = (ROOT / "src/plan/diagnostics.def").read_text(encoding="utf-8")
    rows = ROW.findall(re.sub(r'"\s*\n\s*"', "", text))  # one string in several lines
    assert len(rows) == text.count('"NP'), "a row of the table is not understood"
    out = ["# Diagnostics of the plan compiler", "",
           "Written from `src/plan/diagnostics.def` by `scripts/write_diagnostics.py`.", "",
           "A diagnostic has a code, a severity, a JSON Pointer into the plan, line and column, what",
           "was found, what was expected, and a hint. All findings come at once, at most 100 errors",
           "and 100 warnings.", ""]
    group = None
    for code, title, remedy in rows:
        if code[:3] != group:
            group = code[:3]
            out += [f"## {GROUPS[group]}", ""]
        plain = [part.replace('\\"', '"') for part in (title, remedy)]
        out += [f"### {code}: {plain[0]}", "", f"Remedy: {plain[1]}.", ""]
    return "\n".join(out)


def main():
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/diagnostics.md is stale; run scripts/write_diagnostics.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
