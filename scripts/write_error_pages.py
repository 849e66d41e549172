#!/usr/bin/env python3
"""Makes the pages docs/errors/NExxxx.md from src/base/errors.def and src/base/remedies.def.

What a page says below these lines is kept. --check: writes nothing, and fails if a page is stale."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROW = re.compile(r'X\((\w+), "(NE\d{4})", (\d+), (\d+), (\w+), "([^"]*)"\)')
REMEDY = re.compile(r'^X\((\w+), "([^"]*)"\)$', re.M)
GENERATED_LINES = 6  # of a page; what follows is a person's

remedies = dict(REMEDY.findall((ROOT / "src/base/remedies.def").read_text()))
stale = []
for name, code, exit_code, http, retry, title in ROW.findall(
        (ROOT / "src/base/errors.def").read_text()):
    if name not in remedies:
        sys.exit(f"src/base/remedies.def:1: {name} has no row")
    page = ROOT / "docs/errors" / f"{code}.md"
    text = (f"# {code}: {title}\n\n"
            f"Exit code {exit_code} · HTTP {http} · retry: {retry} · in the source: `{name}`\n\n"
            "The message says what was found and where; where it has no nearer remedy:\n"
            f"{remedies[name]}.\n")
    old = page.read_text() if page.exists() else ""
    if "\nThe message says what was found, where, and how to mend it.\n" not in old:
        text += "".join(line + "\n" for line in old.split("\n")[GENERATED_LINES:-1])
    if old == text:
        continue
    stale.append(code)
    if "--check" not in sys.argv[1:]:
        page.write_text(text)

if stale and "--check" in sys.argv[1:]:
    sys.exit(f"docs/errors: not up to date: {', '.join(stale)}; run scripts/write_error_pages.py")
