#!/usr/bin/env python3
"""What is handed to somebody who trusts nobody: two verifiers that share no code agree that it is
good, and both find every attack. Through the real binary and the real store.

audit_test.py NAESTRO_BINARY"""
import base64
import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared/data"
sys.path.insert(0, str(ROOT / "verifier"))
import naestro_verify as second  # noqa: E402

SEED = 20
PLAN = {
    "naestro": "plan/1", "goal": "note",
    "inputs": {"word": {"schema": {"type": "string", "minLength": 1, "maxLength": 99},
                        "value": "alpha"}},
    "steps": [{"id": "find", "do": {"tool": "files.search@1"},
               "with": {"path": ".", "query": "${inputs.word}"}},
              {"id": "write", "do": {"tool": "report.markdown@1"},
               "with": {"path": "out.md", "title": "${inputs.word}", "sections": []}}],
    "outputs": {"count": "${steps.find.out.match_count}"}}


class World:
    """A store in a folder of its own, and the program over it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "work").mkdir(parents=True)
        (folder / "work/a.txt").write_text("alpha\n")
        (folder / "plan.json").write_text(json.dumps(PLAN))
        self.state, self.data = folder / "state/naestro", folder / "data/naestro"
        self.key = self.data / "signing.pub"

    def env(self):
        return dict(os.environ, **{f"XDG_{name}_HOME": str(self.folder / name.lower())
                                   for name in ("CONFIG", "STATE", "DATA")})

    def call(self, *words):
        return subprocess.run([BINARY, *map(str, words)], env=self.env(), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)

    def naestro(self, *words, code=0):
        done = self.call(*words)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def run(self, answer="approve"):
        """A run that asks once."""
        self.naestro("run", self.folder / "plan.json", "-w", self.folder / "work", code=5)
        digest = json.loads(self.naestro("consents", "--json"))[-1]["digest"]
        if answer == "approve":
            self.naestro("approve", "last", digest)
            self.naestro("resume", "last")
        elif answer == "refuse":
            self.naestro("refuse", "last", digest)
            self.naestro("resume", "last", code=3)

    def checkpoint(self, name):
        """The last signed head, as somebody else keeps it."""
        head = next((self.data / "heads").glob("*[0-9a-f]"))
        return pathlib.Path(shutil.copy(head, self.folder / name))


class Audit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-audit-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.world = world = World(cls.folder / "world")
        world.run()
        cls.old = world.checkpoint("old.checkpoint")
        shutil.copytree(world.state, cls.folder / "old-state")
        cls.old_log = cls.folder / "old-log"
        world.naestro("audit", "export", "-o", cls.old_log)
        world.run("refuse")
        world.run("nobody")
        while int(world.checkpoint("new.checkpoint").read_text().split("\n")[1]) < 300:
            world.run()
        cls.new = world.checkpoint("new.checkpoint")
        cls.log = cls.folder / "log"
        out = world.naestro("audit", "export", "-o", cls.log)
        assert "consents" in out and "sealed" in out, out
        cls.proof, cls.export = cls.folder / "proof.json", cls.folder / "export.json"
        cls.proof.write_text(world.naestro("audit", "prove", "last", "3"))
        world.naestro("export", "last", "-o", cls.export)
        cls.grown = cls.folder / "grown"
        cls.grown.write_text(world.naestro("audit", "prove", "--from", cls.old))

    def both(self, path, former=None, witness=None, key=None):
        """What each of the two finds; they agree whether anything."""
        key = key or self.world.key
        words = ["audit", "verify", "--file", path, "--key", key, "--json"]
        words += ["--from", former] if former else []
        words += ["--witness", witness] if witness else []
        done = self.world.call(*words)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        first = {one["what"] for one in json.loads(done.stdout)["findings"]}
        report = second.verify(second.vkey(key.read_text())[2], path,
                               former.read_bytes().decode() if former else None,
                               [second.vkey(witness.read_text())] if witness else [])
        self.assertEqual(bool(first), not report["good"], (path, first, report))
        self.assertEqual(done.returncode, 1 if first else 0)
        return first, report

    def good(self, *args, **more):
        first, report = self.both(*args, **more)
        self.assertTrue(report["good"], (first, report))
        return report

    def found(self, what, *args, **more):
        """Both find something, and the first names it."""
        first, report = self.both(*args, **more)
        self.assertIn(what, first, report)

    def changed(self, path, change):
        """A copy of the file with its JSON changed."""
        data = json.loads(path.read_text())
        change(data)
        copy = self.folder / "changed.json"
        copy.write_text(json.dumps(data, indent=2, ensure_ascii=False))
        return copy

    def log_with(self, change, log=None):
        copy = pathlib.Path(tempfile.mkdtemp(dir=self.folder)) / "log"
        shutil.copytree(log or self.log, copy)
        change(copy)
        return copy

    def test_what_is_good_is_good_for_both(self):
        size = int(self.new.read_text().split("\n")[1])
        self.assertGreaterEqual(size, 300)
        for path in (self.proof, self.export, self.log, self.log / "receipts.json", self.new):
            self.assertEqual(self.good(path)["size"], size)
            self.good(path, former=self.old)
            self.good(path, former=self.new)
            self.good(path, key=self.log / "key")
        self.good(self.grown, former=self.old)
        self.good(self.old_log)
        readable = self.folder / "readable.json"
        self.world.naestro("export", "last", "-o", readable, "--readable")
        self.good(readable)
        first = next(iter(json.loads(readable.read_text())["texts"]))
        self.found("text_changed", self.changed(
            readable, lambda data: data["texts"].update({first: "another"})))

    def test_the_second_verifier_as_a_program_of_its_own(self):
        self.assertLessEqual(len((ROOT / "verifier/naestro_verify.py").read_text().split("\n")), 301)

        def call(*words):
            return subprocess.run([sys.executable, "-I", ROOT / "verifier/naestro_verify.py",
                                   *map(str, words)], capture_output=True, text=True, env={},
                                  cwd="/", timeout=60)
        done = call("--key", self.world.key, "--from", self.old, self.log)
        self.assertEqual((done.returncode, json.loads(done.stdout)["good"]), (0, True), done.stderr)
        done = call("--key", self.world.key, "--from", self.new, self.old_log)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(json.loads(done.stdout)["found"][0], "head_older")
        self.assertEqual(call("--key", self.proof, self.log).returncode, 2)
        self.assertEqual(call("--key", self.world.key, "--witness", self.log / "key",
                              self.log).returncode, 2)

    def test_the_files_are_those_of_tlog_tiles(self):
        """By c2sp.org/tlog-tiles alone."""
        size = int((self.log / "checkpoint").read_text().split("\n")[1])
        rest = size - 256
        self.assertEqual(
            sorted(str(path.relative_to(self.log)) for path in self.log.rglob("*")
                   if path.is_file()),
            sorted(["checkpoint", "key", "receipts.json", "events/000", f"events/001.p/{rest}",
                    "tile/0/000", f"tile/0/001.p/{rest}", "tile/1/000.p/1", "tile/entries/000",
                    f"tile/entries/001.p/{rest}"]))
        entries = (self.log / "tile/entries/000").read_bytes()
        leaves, at = b"", 0
        while at < len(entries):
            length = int.from_bytes(entries[at:at + 2], "big")
            leaves += hashlib.sha256(b"\0" + entries[at + 2:at + 2 + length]).digest()
            at += 2 + length
        self.assertEqual(leaves, (self.log / "tile/0/000").read_bytes())
        self.assertEqual((self.log / "receipts.json").stat().st_mode & 0o777, 0o600)
        self.assertNotIn(b"alpha", b"".join(path.read_bytes() for path in self.log.rglob("*")
                                            if path.is_file()))
        self.world.naestro("audit", "export", "-o", self.log, code=2)  # it is there already

    def test_receipts_say_what_was_asked_and_answered(self):
        consents = json.loads((self.log / "receipts.json").read_text())["consents"]
        self.assertEqual([one["state"] for one in consents[:3]], ["yes", "no", "open"])
        self.assertEqual({one["state"] for one in consents[3:]}, {"yes"})
        bodies = [json.loads(one["body"]) for one in consents[0]["events"]]
        self.assertEqual([body["kind"] for body in bodies], ["consent.asked", "consent.given"])
        self.assertEqual({body["data"]["digest"] for body in bodies}, {consents[0]["about"]})

        def write(change):
            return self.log_with(lambda log: (log / "receipts.json").write_text(
                self.changed(log / "receipts.json", change).read_text()))
        self.found("receipt_missing", write(lambda data: data["consents"].pop(1)))
        self.found("receipt_changed", write(
            lambda data: data["consents"][1].update(state="yes")))
        self.found("receipt_changed", write(
            lambda data: data["consents"][2].update(about="0" * 64)))
        self.found("receipt_changed", write(
            lambda data: data["consents"][2].update(events=data["consents"][1]["events"])))
        self.found("receipt_changed", write(lambda data: data["consents"][0]["events"].reverse()))
        self.found("receipt_missing", write(lambda data: data["consents"][0].update(
            state="open", events=data["consents"][0]["events"][:1])))
        self.found("file_missing", self.log_with(lambda log: (log / "receipts.json").unlink()))

    def test_any_flipped_byte_of_a_file(self):
        chance, copy = random.Random(SEED), self.folder / "flipped.json"
        for path, former, times in ((self.proof, None, 60), (self.export, None, 60),
                                    (self.grown, self.old, 40), (self.new, None, 40),
                                    (self.log / "receipts.json", None, 40)):
            whole = path.read_bytes()
            for _ in range(times):
                flipped, at = bytearray(whole), chance.randrange(len(whole))
                flipped[at] ^= 1 << chance.randrange(8)
                copy.write_bytes(flipped)
                with self.subTest(file=path.name, at=at, to=flipped[at]):
                    first, _ = self.both(copy, former=former)
                    self.assertTrue(first)

    def test_any_flipped_byte_of_a_log(self):
        chance = random.Random(SEED)
        files = sorted(path for path in self.log.rglob("*") if path.is_file())
        for path in files * 6:
            whole = path.read_bytes()
            flipped, at = bytearray(whole), chance.randrange(len(whole))
            flipped[at] ^= 1 << chance.randrange(8)
            try:
                path.write_bytes(flipped)
                with self.subTest(file=path.name, at=at, to=flipped[at]):
                    first, _ = self.both(self.log)
                    self.assertTrue(first)
            finally:
                path.write_bytes(whole)

    def test_events_dropped_doubled_reordered_cut_off(self):
        def events(change):
            return self.changed(self.export, lambda data: change(data["events"]))
        self.found("event_missing", events(lambda rows: rows.pop(5)))
        self.found("event_missing", events(lambda rows: rows.insert(5, rows[5])))
        self.found("event_missing", events(lambda rows: rows.insert(5, rows.pop(6))))
        self.found("event_missing", events(lambda rows: rows.pop(0)))
        self.found("malformed", events(lambda rows: rows.clear()))
        self.found("blob_missing", self.changed(self.export, lambda data: data["blobs"].popitem()))
        for member in ("blobs", "events", "run", "key"):
            self.found("malformed" if member != "key" else "key_other", self.changed(
                self.export, lambda data, one=member: data.update({"other": data.pop(one)})))

        def lines(change):
            def apply(log):
                path = log / "events/000"
                rows = path.read_text().split("\n")
                change(rows)
                path.write_text("\n".join(rows))
            return self.log_with(apply)
        self.found("event_missing", lines(lambda rows: rows.__delitem__(slice(10, 12))))
        self.found("event_missing", lines(lambda rows: rows.extend(rows[10:12])))
        self.found("root_differs", lines(
            lambda rows: rows.__setitem__(slice(10, 14), rows[12:14] + rows[10:12])))
        self.found("event_missing", lines(
            lambda rows: rows.__setitem__(slice(10, 14), rows[10:12] * 2)))
        self.found("event_missing", lines(lambda rows: rows.__delitem__(slice(-3, -1))))
        for name in ("events/000", "tile/0/000", "tile/1/000.p/1", "tile/entries/000", "key"):
            self.found("file_missing", self.log_with(lambda log, one=name: (log / one).unlink()))

    def test_a_log_that_is_cut_rolled_back_or_forked(self):
        # Cut: the old head over the new files, which are no longer those of that size.
        self.found("file_missing", self.log_with(
            lambda log: shutil.copy(self.old, log / "checkpoint")))
        # Rolled back, whole and well signed: a head that somebody kept tells.
        self.good(self.old_log)
        self.found("head_older", self.old_log, former=self.new)
        self.found("head_older", self.old, former=self.new)
        # An old head once more, under a proof that was made for it.
        old = self.changed(self.proof, lambda data: data.update(
            checkpoint=self.old.read_text()))
        self.found("event_changed", old)
        self.found("head_older", old, former=self.new)
        # Forked: the store put back as it was, and gone on from there in another way.
        world = World(self.folder / "fork")
        shutil.copytree(self.folder / "old-state", world.state)
        world.data.mkdir(parents=True)
        for name in ("signing.key", "signing.pub"):
            shutil.copy(self.world.data / name, world.data / name)
        world.run("refuse")
        fork = self.folder / "fork-log"
        world.naestro("audit", "export", "-o", fork)
        short = world.checkpoint("short.checkpoint")
        self.good(fork)
        self.good(fork, former=self.old)
        self.found("head_older", fork, former=self.new)
        self.found("history_other", self.log, former=short)
        self.found("history_other", self.grown, former=short)
        world.naestro("audit", "verify", "--from", self.new, code=1)
        self.assertIn("root_differs: the kept head",
                      self.world.naestro("audit", "verify", "--from", short, code=1))
        self.world.naestro("audit", "prove", "--from", short, code=1)
        # Another store by the same key, another key.
        other = World(self.folder / "other")
        other.run()
        self.found("head_bad", self.log, key=other.key)
        self.found("head_bad", self.log, former=other.checkpoint("head"))

    def test_receipts_in_the_terms_of_the_standard(self):
        file = self.log / "receipts.json"
        data = json.loads(file.read_text())
        self.assertEqual((data["receipts"], data["dct:conformsTo"]),
                         (2, "https://w3id.org/dpv/schema/dpv-27560#receipt"))
        yes = next(one for one in data["consents"] if one["state"] == "yes")
        record = yes["record"]
        asked, given = [json.loads(one["body"]) for one in yes["events"]]
        self.assertEqual(record["dpv:hasDataSubject"], given["data"]["who"])
        self.assertEqual(record["dpv:hasNotice"]["dct:identifier"], asked["data"]["question"])
        self.assertEqual(record["dpv:hasProcess"]["dct:identifier"], asked["data"]["digest"])
        self.assertEqual(record["dpv:hasConsentStatus"][1]["@type"], "dpv:ConsentGiven")
        self.assertRegex(record["dct:created"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual({one["record"]["dpv:hasConsentStatus"][-1]["@type"]
                          for one in data["consents"]},
                         {"dpv:ConsentGiven", "dpv:ConsentRefused", "dpv:ConsentRequested"})
        at = data["consents"].index(yes)

        def parts(value, way=()):
            for name, part in value.items() if isinstance(value, dict) else enumerate(value):
                yield (*way, name)
                if isinstance(part, (dict, list)):
                    yield from parts(part, (*way, name))
        for way in parts(record):  # each part is checked: without it, and as another
            for other in (None, "other"):
                def change(data, way=way, other=other):
                    place = data["consents"][at]["record"]
                    for name in way[:-1]:
                        place = place[name]
                    place.pop(way[-1]) if other is None else place.__setitem__(way[-1], other)
                self.found("receipt_changed", self.changed(file, change))
        self.found("receipt_changed", self.changed(
            file, lambda data: data["consents"][at]["record"].update({"dct:title": "more"})))
        for name in ("@context", "@type", "dct:conformsTo"):
            self.found("malformed", self.changed(file, lambda data, one=name: data.pop(one)))
            self.found("malformed", self.changed(file, lambda data, one=name: data.update(
                {one: "other"})))
        # Some of them alone, and the form of before.
        self.good(self.changed(file, lambda data: data["consents"].__delitem__(slice(1, None))))

        def older(data):
            for one in [data, *data["consents"]]:
                for name in ("@context", "@type", "dct:conformsTo", "record"):
                    one.pop(name, None)
            data["receipts"] = 1
        self.good(self.changed(file, older))
        self.found("malformed", self.changed(file, lambda data: (older(data), data.update(
            receipts=2))))
        # The file of what is proven, alone: it says what it does not check.
        alone = pathlib.Path(shutil.copy(ROOT / "verifier/naestro_verify.py", self.folder))
        changed = self.changed(file, lambda data: data["consents"][at]["record"].pop("dct:created"))
        said = json.loads(subprocess.run(
            [sys.executable, "-I", alone, "--key", self.world.key, changed],
            capture_output=True, text=True, timeout=60).stdout)
        self.assertTrue(said["good"] and "records" in said["unchecked"], said)

    def test_a_log_with_its_texts(self):
        world = World(self.folder / "texts")
        (world.folder / "work/a.txt").write_text(
            "alpha ann@example.org\nalpha: hidden-value-77, call 555-010-9999\nalpha plain\n")
        done = subprocess.run([BINARY, "vault", "set", "KEY"], env=world.env(), text=True,
                              input="hidden-value-77\n", capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        world.run()
        world.run("refuse")
        log, whole = self.folder / "texts-log", self.folder / "whole-log"
        said = world.naestro("audit", "export", "-o", log, "--readable")
        self.assertIn("in the clear", said)
        key = world.key
        report = self.good(log, key=key)
        self.assertGreater(report["texts"], 10)
        self.assertGreater(report["taken_out"], 0)
        text = "".join(file.read_text() for file in sorted((log / "readable").iterdir()))
        for piece in ("ann@", "555-010", "hidden-value"):
            self.assertNotIn(piece, text)
        for piece in ("⟦pii:email⟧", "⟦pii:phone⟧", "⟦secret:KEY⟧", "alpha plain"):
            self.assertIn(piece, text)
        shown = world.naestro("audit", "verify", "--file", log, "--key", key)
        self.assertIn(f"In the clear: {report['texts']} texts, each proven", shown)
        # All of it: what the vault knew when the run read it was never written.
        world.naestro("audit", "export", "-o", whole, "--readable", "--with-private")
        every = self.good(whole, key=key)
        self.assertEqual((every["texts"], every["taken_out"]),
                         (report["texts"] + report["taken_out"], 0))
        text = "".join(file.read_text() for file in sorted((whole / "readable").iterdir()))
        self.assertIn("ann@example.org", text)
        self.assertNotIn("hidden-value", text)
        world.naestro("audit", "export", "-o", self.folder / "none", "--with-private", code=2)

        file = next((log / "readable").glob("r*"))
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        at = next(i for i, row in enumerate(rows) if "key" in row and len(row["text"]) > 40)

        def with_row(change):
            def apply(copy):
                changed = json.loads(json.dumps(rows))
                changed[at] = change(changed[at])
                (copy / "readable" / file.name).write_text(
                    "".join(json.dumps(row) + "\n" for row in changed))
            return self.log_with(apply, log)

        def found(what, change):
            self.found(what, with_row(change), key=key)
        found("text_changed", lambda row: dict(row, text=row["text"] + " "))
        found("text_changed", lambda row: dict(row, key=row["nonce"][:8] + row["key"][8:]))
        found("text_changed", lambda row: dict(row, nonce=row["key"][:32]))
        found("text_other", lambda row: dict(row, blob="0" * 64))
        found("text_other", lambda row: dict(row, blob=json.loads(
            next((log / "readable").glob("s*"), file).read_text().splitlines()[0])["blob"][::-1]))
        found("malformed", lambda row: dict(row, more=1))
        found("malformed", lambda row: dict(row, nonce=row["nonce"][:-4]))
        found("malformed", lambda row: dict(row, taken_out=True))
        found("malformed", lambda row: {"blob": row["blob"], "text": "x", "taken_out": False})
        found("malformed", lambda row: {"blob": row["blob"]})
        found("malformed", lambda row: [row])
        self.found("malformed", self.log_with(
            lambda copy: (copy / "readable" / file.name).write_text("{"), log), key=key)
        # One whose texts are gone is sealed again; whose key is gone was never opened.
        self.good(self.log_with(lambda copy: (copy / "readable" / file.name).unlink(), log), key=key)
        run = file.name.removesuffix(".jsonl")
        world.naestro("audit", "shred", run, "--confirm")
        world.naestro("audit", "export", "-o", self.folder / "shredded", "--readable")
        self.assertFalse((self.folder / "shredded/readable" / file.name).exists())
        self.good(self.folder / "shredded", key=key)

    def test_a_shredded_subject_breaks_nothing(self):
        world = World(self.folder / "shred")
        world.run()
        world.run()
        runs = [one["run"] for one in json.loads(world.naestro("runs", "--json"))]
        before = world.checkpoint("before")
        with sqlite3.connect(world.state / "keys.db") as keys:
            key, = keys.execute("SELECT key FROM keys WHERE subject = ?", (runs[0],)).fetchone()
        keys.close()
        self.assertIn("will be erased", world.naestro("audit", "shred", runs[0], code=2))
        world.naestro("replay", runs[0])
        self.assertIn("Erased: run", world.naestro("audit", "shred", runs[0], "--confirm"))
        for file in world.state.glob("keys.db*"):
            self.assertNotIn(key, file.read_bytes(), file)
        self.assertIn("Erased before", world.naestro("audit", "shred", runs[0], "--confirm"))
        self.assertRegex(world.naestro("show", runs[0]), r"Goal: +\(erased\)\nErased: +20")
        self.assertGreater(json.loads(world.naestro("show", runs[0], "--json"))["shredded_at"], 0)
        self.assertNotIn("shredded_at", world.naestro("show", runs[1], "--json"))
        for words in (("replay", runs[0]), ("undo", runs[0]), ("fork", runs[0], "--at", "find"),
                      ("resume", runs[0])):
            self.assertRegex(world.call(*words).stderr, "NE0209 the contents of run " + runs[0] +
                             " were erased on 20.* UTC, by audit shred; that is for good")
        world.naestro("replay", runs[1])
        self.assertIn("Good", world.naestro("audit", "verify", "--from", before))
        log = self.folder / "shred-log"
        world.naestro("audit", "export", "-o", log)
        self.good(log, former=before, key=world.key)
        world.naestro("export", runs[0], "-o", self.folder / "gone.json")
        self.good(self.folder / "gone.json", key=world.key)
        world.naestro("export", runs[0], "-o", self.folder / "clear.json", "--readable", code=1)
        world.naestro("export", runs[1], "-o", self.folder / "clear.json", "--readable")

    def test_a_lost_key_is_not_called_an_erasure(self):
        world = World(self.folder / "lost")
        world.run()
        with sqlite3.connect(world.state / "keys.db") as keys:
            keys.execute("DELETE FROM keys")
        keys.close()
        self.assertRegex(world.call("replay", "last").stderr,
                         "is not in keys.db, and nobody erased it on record; restore keys.db")

    def test_a_witness_cosigns_only_what_goes_on(self):
        witness = World(self.folder / "witness")
        key = witness.data / "witness/key"
        cosigned = self.folder / "cosigned"

        def cosign(path, code=0):
            done = witness.call("audit", "witness", path, "--key", self.world.key)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            return done.stdout if code == 0 else done.stderr
        cosigned.write_text(cosign(self.old))
        self.assertEqual(cosigned.read_text().count("\n"), 6)
        self.good(cosigned, witness=key)
        self.good(self.log, former=cosigned, witness=key)
        self.found("witness_missing", self.old, witness=key)
        self.found("witness_missing", self.log, former=self.old, witness=key)
        self.assertIn("audit prove --from", cosign(self.new, code=2))
        cosign(self.old)  # as often as somebody asks
        cosigned.write_text(cosign(self.grown))
        self.assertIn("rolled back", cosign(self.old, code=1))
        self.assertIn("Good", self.world.naestro("audit", "verify", "--from", cosigned,
                                                 "--witness", key))
        self.world.naestro("audit", "verify", "--witness", key, code=2)
        published = self.log_with(lambda log: shutil.copy(cosigned, log / "checkpoint"))
        self.good(published, witness=key)
        self.found("witness_missing", self.log, witness=key)
        # A byte of the witness's line.
        note, chance = cosigned.read_text(), random.Random(SEED)
        begin = note.rindex("\u2014")
        for _ in range(30):
            at = chance.randrange(begin + 2, len(note) - 1)
            flipped = note[:at] + chr(ord(note[at]) ^ 1 << chance.randrange(7)) + note[at + 1:]
            (self.folder / "flipped").write_bytes(flipped.encode())
            first, _ = self.both(self.folder / "flipped", witness=key)
            self.assertTrue(first, flipped)
        # The store put back together with the head beside it: without the witness it looks good.
        world = World(self.folder / "rolled")
        shutil.copytree(self.folder / "old-state", world.state)
        (world.data / "heads").mkdir(parents=True)
        shutil.copy(self.world.key, world.key)
        shutil.copy(self.old, world.data / "heads" / self.old.read_text().split("\n")[0][-16:])
        self.assertIn("Good", world.naestro("audit", "verify"))
        self.assertIn("events_missing: the kept head", world.naestro(
            "audit", "verify", "--from", cosigned, "--witness", key, code=1))

    def test_the_vectors_of_others(self):
        if not DATA.is_dir():
            self.assertNotIn("shared", os.environ.get("NAESTRO_REQUIRE", ""))
            self.skipTest("no shared data")
        cases = 0
        suite = json.loads((DATA / "wycheproof/ed25519_test.json").read_text())
        for group in suite["testGroups"]:
            key = bytes.fromhex(group["publicKey"]["pk"])
            for one in group["tests"]:
                said = second.signed(key, bytes.fromhex(one["msg"]), bytes.fromhex(one["sig"]))
                self.assertEqual(said, one["result"] == "valid", one)
                cases += 1
        self.assertEqual(cases, 151)

        def raw(text):
            return base64.b64decode(text or "")
        for name in ("inclusion", "consistency"):
            for line in (DATA / f"merkle/{name}.jsonl").read_text().splitlines():
                row = json.loads(line)
                proof = [raw(one) for one in row["proof"] or []]
                said = (second.included(row.get("leafIdx", 0), row.get("treeSize", 0),
                                        raw(row["leafHash"]), proof, raw(row["root"]))
                        if name == "inclusion" else
                        second.consistent(row.get("size1", 0), row.get("size2", 0), proof,
                                          raw(row["root1"]), raw(row["root2"])))
                self.assertEqual(said, not row["wantErr"], row)
                cases += 1
        self.assertEqual(cases, 151 + 98 + 98)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
