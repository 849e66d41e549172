#!/usr/bin/env python3
"""Makes a page docs/errors/NExxxx.md for every row of src/base/errors.def that has none yet.

An existing page keeps its text below the first line; only its head is brought up to date.
"""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROW = re.compile(r'X\((\w+), "(NE\d{4})", (\d+), (\d+), (\w+), "([^"]*)"\)')

for name, code, exit_code, http, retry, title in ROW.findall(
        (ROOT / "src/base/errors.def").read_text()):
    page = ROOT / "docs/errors" / f"{code}.md"
    head = (f"# {code}: {title}\n\n"
            f"Exit code {exit_code} · HTTP {http} · retry: {retry} · in the source: `{name}`\n")
    rest = "\nThe message says what was found, where, and how to mend it.\n"
    if page.exists():
        lines = page.read_text().split("\n")
        rest = "\n" + "\n".join(lines[4:]) if len(lines) > 4 else rest
    page.write_text(head + rest)
