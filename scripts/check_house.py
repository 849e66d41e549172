#!/usr/bin/env python3
"""The house rules that a machine can check. Prints every breach as file:line and exits 1.

- a room includes only rooms on lower floors, or its own files;
- libraries stay behind their wrapper;
- file and line lengths; banned calls;
- every error code has its page under docs/errors/.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLOORS = [
    ["base"],
    ["rt", "schema"],
    ["contract", "ledger", "net"],
    ["policy", "vault"],
    ["door", "sandbox"],
    ["models", "tools", "plan"],
    ["memory", "evaluate", "domain"],
    ["run"],
    ["agents", "improve"],
    ["cli", "serve"],
    ["app"],
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# Header prefix -> rooms that may include it.
WRAPPED = {
    "sodium.h": {"base"},
    "openssl/": {"base"},
    "boost/": {"base"},
    "sqlite3.h": {"ledger"},
    "curl/": {"net"},
    "re2/": {"base", "schema", "tools"},
}
BANNED = {
    r"\bstd::regex\b": "RE2",
    r"\bstd::cout\b": "the writer that the command was given",
    r"\bsystem\(": "a confined child (sandbox/)",
    r"\b(rand|srand)\(": "base/random.hpp",
    r"\bsystem_clock\b": "base/clock.hpp",
    r"\bgetenv\(": "the app's configuration",
}
ALLOWED = {  # the one place where a banned call is right
    "src/base/system.cpp": [r"\bsystem_clock\b"],
    "src/app/main.cpp": [r"\bgetenv\("],
}
LINES_MAX = 800
COLUMNS_MAX = 100


def main():
    breaches = []
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in {".cpp", ".hpp", ".def"}:
            continue
        name = path.relative_to(ROOT).as_posix()
        room = path.relative_to(ROOT / "src").parts[0]
        if room not in FLOOR:
            breaches.append(f"{name}:1: room '{room}' stands on no floor")
            continue
        test = path.name.endswith("_test.cpp")
        lines = path.read_text(encoding="utf-8").split("\n")
        if len(lines) > LINES_MAX:
            breaches.append(f"{name}:{LINES_MAX}: {len(lines)} lines, at most {LINES_MAX}")
        for number, line in enumerate(lines, 1):
            at = f"{name}:{number}"
            if len(line) > COLUMNS_MAX:
                breaches.append(f"{at}: {len(line)} columns, at most {COLUMNS_MAX}")
            quoted = re.match(r'\s*#include "([^"/]+)/', line)
            if quoted and quoted[1] != room and quoted[1] != "testing":
                if quoted[1] not in FLOOR:
                    breaches.append(f"{at}: includes the unknown room '{quoted[1]}'")
                elif FLOOR[quoted[1]] >= FLOOR[room]:
                    breaches.append(f"{at}: '{room}' may not include '{quoted[1]}' "
                                    f"(floor {FLOOR[quoted[1]]} is not below {FLOOR[room]})")
            wrapped = re.match(r"\s*#include <([^>]+)>", line)
            if wrapped and not test:
                for prefix, rooms in WRAPPED.items():
                    if wrapped[1].startswith(prefix) and room not in rooms:
                        breaches.append(f"{at}: <{wrapped[1]}> stays inside {sorted(rooms)}")
            code = line.split("//")[0]
            for pattern, instead in BANNED.items():
                if re.search(pattern, code) and not test and \
                        pattern not in ALLOWED.get(name, []):
                    breaches.append(f"{at}: {pattern} is banned; use {instead}")
    for code in re.findall(r'"(NE\d{4})"', (ROOT / "src/base/errors.def").read_text()):
        if not (ROOT / "docs/errors" / f"{code}.md").exists():
            breaches.append(f"src/base/errors.def:1: {code} has no page docs/errors/{code}.md "
                            "(scripts/write_error_pages.py makes them)")
    print("\n".join(breaches) or "the house is in order")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
