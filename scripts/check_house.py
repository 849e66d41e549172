#!/usr/bin/env python3
"""The house rules that a machine can check. Prints every breach as file:line and exits 1.

- a room includes only rooms on lower floors, or its own files;
- libraries stay behind their wrapper;
- file and line lengths; banned calls;
- every error code has its page under docs/errors/;
- every library that the build names or the code includes stands in third_party.json;
- every test that docs/ARCHITECTURE.md and docs/security.md name exists.
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLOORS = [
    ["base"],
    ["rt", "schema"],
    ["contract", "ledger", "net", "privacy"],
    ["policy", "vault"],
    ["door", "sandbox"],
    ["models", "tools", "plan"],
    ["memory", "evaluate", "domain", "turns"],
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
    "pcre2.h": {"schema"},
    "CLI/": {"cli"},
    "yaml-cpp/": {"app"},
}
# Header prefix -> its name in third_party.json.
LIBRARY_OF = {
    "sodium.h": "libsodium",
    "openssl/": "libcrypto",
    "boost/": "Boost",
    "sqlite3.h": "sqlite3",
    "curl/": "libcurl",
    "pcre2.h": "libpcre2-8",
    "CLI/": "CLI11",
    "yaml-cpp/": "yaml-cpp",
    "gtest/": "GTest",
    "rapidcheck/": "rapidcheck",
    "archive": "libarchive",
    "z3": "z3",
}
# What <...> may name without standing there: the language and the system.
SYSTEM_HEADER = re.compile(r"[a-z0-9_]+|(arpa|linux|net|netinet|sys)/[a-z0-9_]+\.h|"
                           r"(dirent|dlfcn|fcntl|grp|ifaddrs|mqueue|netdb|poll|pwd|sched|signal|spawn|termios|unistd)\.h")
# Not libraries of third parties: CMake's own modules and the C library.
BUILD_OWN = {"PkgConfig", "Threads"}
THIRD_PARTY_MEMBERS = ["name", "version", "licence", "why", "exit_plan", "room"]
BANNED = {
    r"\bstd::regex\b": "schema/pattern.hpp",
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


def third_party(breaches):
    """The names in third_party.json, and what is malformed in it."""
    file = "third_party.json"
    try:
        rows = json.loads((ROOT / file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        breaches.append(f"{file}:1: {error}")
        return set()
    if not isinstance(rows, list):
        breaches.append(f"{file}:1: is no array")
        return set()
    names = []
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or list(row) != THIRD_PARTY_MEMBERS or \
                not all(isinstance(v, str) and v.strip() for v in row.values()):
            breaches.append(f"{file}:1: entry {index} needs exactly the members "
                            f"{', '.join(THIRD_PARTY_MEMBERS)}, all texts that say something")
            continue
        names.append(row["name"])
        if row["room"] not in FLOOR and row["room"] not in {"build", "tests"}:
            breaches.append(f"{file}:1: {row['name']}: '{row['room']}' is no room, "
                            "nor build or tests")
    for name in sorted({n for n in names if names.count(n) > 1}):
        breaches.append(f"{file}:1: {name} stands there twice")
    return set(names)


def libraries(breaches):
    """Every library in CMake files and #include <...> stands in third_party.json."""
    names = third_party(breaches)
    modules = {}  # PkgConfig target -> the module that pkg-config knows
    for file in ["CMakeLists.txt", "src/CMakeLists.txt", "tests/CMakeLists.txt"]:
        for number, line in enumerate((ROOT / file).read_text().split("\n"), 1):
            code = line.split("#")[0]
            found = re.findall(r"find_package\((\w+)", code)
            for target, words in re.findall(r"pkg_check_modules\((\w+) ([^)]*)\)", code):
                modules[target] = [word for word in words.split() if not word.isupper() and
                                   word != "IMPORTED_TARGET"]
                found += modules[target]
            for target in re.findall(r"PkgConfig::(\w+)", code):
                found += modules.get(target, [target])
            found += [target for target in re.findall(r"\b(\w+)::\w+", code)
                      if target not in {"PkgConfig", "naestro"}]
            for name in found:
                if name not in BUILD_OWN and name not in names:
                    breaches.append(f"{file}:{number}: {name} does not stand in third_party.json")
    for path in sorted([*(ROOT / "src").rglob("*.?pp"), *(ROOT / "tests").rglob("*.?pp")]):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            header = re.match(r"\s*#include <([^>]+)>", line)
            if not header or SYSTEM_HEADER.fullmatch(header[1]):
                continue
            library = next((v for k, v in LIBRARY_OF.items() if header[1].startswith(k)), None)
            if library not in names:
                breaches.append(f"{path.relative_to(ROOT).as_posix()}:{number}: "
                                f"<{header[1]}> is of no library in third_party.json")


def promised_tests(breaches):
    """The tests behind the promises and the matrices of docs/security.md."""
    file = "docs/security.md"
    tests = set()
    for path in (ROOT / "src").rglob("*_test.cpp"):
        tests |= {f"{suite}.{name}" for suite, name in re.findall(
            r"(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\((\w+),\s*(\w+)",
            path.read_text(encoding="utf-8"))}
    for path in (ROOT / "tests/e2e").glob("*_test.py"):
        tests |= set(re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8")))
    for number, line in enumerate((ROOT / file).read_text(encoding="utf-8").split("\n"), 1):
        for name in re.findall(r"`([A-Z]\w+\.[A-Z]\w+|test_\w+)`", line):
            if name not in tests:
                breaches.append(f"{file}:{number}: no test is called {name}")


def named_tests(breaches):
    """The tests behind the invariants of docs/ARCHITECTURE.md."""
    file = "docs/ARCHITECTURE.md"
    tests = set()
    for path in (ROOT / "src").rglob("*_test.cpp"):
        tests |= set(re.findall(r"(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\(\w+,\s*(\w+)",
                                path.read_text(encoding="utf-8")))
    page = (ROOT / file).read_text(encoding="utf-8")
    section = page.split("## Invariants", 1)[-1].split("\n## ", 1)[0]
    for quoted in re.findall(r"`([^`]+)`", section):
        name = re.fullmatch(r"(?:[a-z]+:\s+)?([A-Z]\w*[a-z]\w*[A-Z]\w*)", quoted)
        if name and name[1] not in tests:
            breaches.append(f"{file}:1: no test is called {name[1]}")


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
    libraries(breaches)
    named_tests(breaches)
    promised_tests(breaches)
    for code in re.findall(r'"(NE\d{4})"', (ROOT / "src/base/errors.def").read_text()):
        if not (ROOT / "docs/errors" / f"{code}.md").exists():
            breaches.append(f"src/base/errors.def:1: {code} has no page docs/errors/{code}.md "
                            "(scripts/write_error_pages.py makes them)")
    print("\n".join(breaches) or "the house is in order")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
