#!/usr/bin/env python3
"""Measures what is taken out of texts, and writes bench/results/{redactor,planted,pii}.json.

bench_privacy.py BUILD_FOLDER redactor
bench_privacy.py BUILD_FOLDER planted
bench_privacy.py BUILD_FOLDER pii DATASET [even]

BUILD_FOLDER has naestro-privacy-bench, naestro-planted and naestro (targets of these names). DATASET: synth_dataset_v2.json of
microsoft/presidio-research (MIT), which is not kept here. Its even rows were looked at while the
rules were written; the odd ones, which were not, are what is reported. A span counts only where both
ends and the class are right."""
import collections
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLASSES = {"CREDIT_CARD": "card", "IBAN_CODE": "iban", "US_SSN": "us_ssn",
           "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "IP_ADDRESS": "ip"}


def score(bench, dataset, odd):
    rows = json.loads(dataset.read_text())
    found = json.loads(subprocess.run([bench, "find", dataset], check=True,
                                      capture_output=True).stdout)
    right, wrong, missed, other = (collections.Counter() for _ in range(4))
    for row, spans in list(zip(rows, found))[odd::2]:
        text = row["full_text"]
        gold = {(CLASSES[one["entity_type"]], len(text[:one["start_position"]].encode()),
                 len(text[one["start_position"]:one["end_position"]].encode()))
                for one in row["spans"] if one["entity_type"] in CLASSES}
        said = {tuple(one) for one in spans}
        other.update(one[0] for one in said if one[0] not in CLASSES.values())
        said = {one for one in said if one[0] in CLASSES.values()}
        right.update(one[0] for one in said & gold)
        wrong.update(one[0] for one in said - gold)
        missed.update(one[0] for one in gold - said)
    out = {}
    for name in CLASSES.values():
        precision = right[name] / max(1, right[name] + wrong[name])
        recall = right[name] / max(1, right[name] + missed[name])
        out[name] = {"spans": right[name] + missed[name], "right": right[name],
                     "wrong": wrong[name], "missed": missed[name],
                     "precision": round(precision, 4), "recall": round(recall, 4),
                     "f1": round(2 * precision * recall / max(1e-9, precision + recall), 4)}
    return {"dataset": dataset.name, "sha256": hashlib.sha256(dataset.read_bytes()).hexdigest(),
            "rows": "odd" if odd else "even", "classes": out,
            "found_of_classes_that_the_dataset_does_not_mark": dict(other)}


def planted(build):
    """Of the door, with all secrets in one vault, and of the whole program."""
    door = subprocess.run([build / "tests/naestro-planted", "10000", "10000"], capture_output=True)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "figures.json"
        subprocess.run([sys.executable, ROOT / "tests/e2e/planted_test.py", build / "naestro", file],
                       check=True)
        program = json.loads(file.read_text())
    return {"door": json.loads(door.stdout), "program": program}


def main(build, what, *more):
    build = pathlib.Path(build)
    bench = build / "bench/naestro-privacy-bench"
    load = os.getloadavg()[0]
    if what == "pii":
        figures = score(bench, pathlib.Path(more[0]), 0 if more[1:] == ("even",) else 1)
    elif what == "planted":
        figures = planted(build)
    else:
        figures = json.loads(subprocess.run([bench, "redact"], check=True,
                                            capture_output=True).stdout)
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], check=True,
                            capture_output=True, text=True).stdout.strip()
    command = "scripts/bench_privacy.py build/release " + what
    text = json.dumps({
        "command": command + (" synth_dataset_v2.json" if what == "pii" else ""),
        "machine": {"cores": os.cpu_count(), "load_before": round(load, 2)},
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit, "figures": figures}, indent=2) + "\n"
    if more[1:] != ("even",):
        (ROOT / f"bench/results/{what}.json").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[2] not in ("redactor", "planted", "pii"):
        sys.exit(__doc__)
    main(*sys.argv[1:])
