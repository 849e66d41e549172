#!/usr/bin/env python3
"""progress.py LABEL: turns ninja's "[done/total] ..." lines into percent and time left.

All other lines pass through. On a terminal one line is redrawn; else one line per tenth.
"""
import re
import sys
import time

label, begin, shown = sys.argv[1], time.monotonic(), -1
terminal = sys.stdout.isatty()
for line in sys.stdin:
    found = re.match(r"\[(\d+)/(\d+)\]", line)
    if not found:
        print(line, end="", flush=True)
        continue
    done, total = int(found[1]), int(found[2])
    spent = time.monotonic() - begin
    left = spent * (total - done) / max(done, 1)
    text = (f"{label} {100 * done // max(total, 1):3d}%  {done} of {total}, "
            f"{spent:.0f} s, about {left:.0f} s left")
    if terminal:
        print(f"\r{text:<70}", end="", flush=True)
    elif done == total or 10 * done // total > shown:
        print(text, flush=True)
        shown = 10 * done // total
if terminal:
    print()
