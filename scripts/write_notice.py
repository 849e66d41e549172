#!/usr/bin/env python3
"""write_notice.py LIST OUT: the notices of third parties in a package, as Markdown. LIST: the
shipped libraries, a line each: file, Debian package, version, sha256."""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    listed, out = map(pathlib.Path, sys.argv[1:3])
    rows = [row for row in json.loads((ROOT / "third_party.json").read_text(encoding="utf-8"))
            if row["room"] not in {"build", "tests"}]
    lines = ["# Third parties in this package", "",
             "The full texts are in `licenses/` and `assets/licenses/`.", "",
             "| what | version | licence | why |", "| --- | --- | --- | --- |"]
    lines += [f"| {row['name']} | {row['version']} | {row['licence']} | {row['why']} |"
              for row in rows]
    lines += ["", "## Shared libraries of Debian 12, unchanged", "",
              "Each may be replaced by another build of the same library: put it in the place of "
              "the file. Their sources are Debian's source packages of these versions.", "",
              "| file | package | version | licence |", "| --- | --- | --- | --- |"]
    for line in listed.read_text().splitlines():
        file, package, version, _ = line.split()
        lines.append(f"| {file} | {package} | {version} | licenses/{package}.txt |")
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
