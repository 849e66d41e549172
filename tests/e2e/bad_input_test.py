#!/usr/bin/env python3
"""Bad input, a bad disk, a bad store, a bad end: each gives a clear error and loses nothing. Through
the real binary and the real store, with the scripted model.

bad_input_test.py NAESTRO_BINARY"""
import copy
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()
PLAN = {
    "naestro": "plan/1", "goal": "tell",
    "inputs": {"word": {"schema": {"type": "string", "minLength": 1, "maxLength": 99},
                        "value": "alpha"}},
    "steps": [
        {"id": "find", "do": {"tool": "files.search@1"},
         "with": {"path": ".", "query": "${inputs.word}"}},
        {"id": "tell", "do": {"model": {"task": "t", "model": "scripted", "max_input_tokens": 500,
                                        "max_output_tokens": 50}},
         "with": {"messages": [{"role": "user",
                                "content": "${inputs.word}: ${steps.find.out.match_count}"}]},
         "out": {"type": "object", "properties": {"said": {"type": "string", "maxLength": 99}},
                 "required": ["said"], "additionalProperties": False}}],
    "outputs": {"said": "${steps.tell.out.said}"}}


class World(unittest.TestCase):
    """A workspace, a plan over it, and folders of its own. Other tests of bad input share it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.work = self.folder / "work"
        self.work.mkdir()
        (self.work / "a.txt").write_text("alpha\nbeta\nalpha\n")
        self.file = self.folder / "plan.json"
        self.file.write_text(json.dumps(PLAN))
        self.store = self.folder / "state/naestro"
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"))

    def naestro(self, *words, code=0, says="", env=None, **more):
        done = subprocess.run([BINARY, *words], env=env or self.env, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60, **more)
        out = (done.stdout + done.stderr).decode("utf-8")
        self.assertEqual(done.returncode, code, out)
        self.assertRegex(out, says or ".*")
        return out

    def script(self, text='{"said": "hi"}', delay_ms=0):
        file = self.folder / "script.json"
        file.write_text(json.dumps({"answers": [
            {"step": "tell", "text": text, "delay_ms": delay_ms}]}))
        return ["--model-script", str(file)]

    def run_it(self, *words, script=None, **more):
        return self.naestro("run", str(self.file), "-w", str(self.work),
                            *(script or self.script()), *words, **more)

    def nothing_lost(self, runs):
        """The store is whole, and every run that was acknowledged is there."""
        self.naestro("audit", "verify", says="Good")
        self.assertEqual([run["state"] for run in json.loads(self.naestro("runs", "--json"))],
                         ["done"] * runs)

    def plan(self, change):
        plan = copy.deepcopy(PLAN)
        change(plan)
        self.file.write_text(json.dumps(plan))


class Bad(World):
    def test_what_is_wrong_in_a_plan_is_said_with_its_place(self):
        for says, change in (
                ("NP1102: a plan has no member 'foo'", lambda p: p.update(foo=1)),
                ("NP1102: a step has no member 'foo'", lambda p: p["steps"][0].update(foo=1)),
                ("NP1102: a for_each has no member 'foo'", lambda p: p["steps"][0].update(
                    for_each={"in": "${inputs.word}", "max": 3, "foo": 1})),
                ("NP1106", lambda p: p["steps"][0]["do"].update(foo=1)),
                ("NP1103: 'steps' has the wrong type", lambda p: p.update(steps=7)),
                ("NP3005: .* find -> tell -> find", lambda p: p["steps"][0]["with"].update(
                    query="${steps.tell.out.said}")),
                ("NP3001: there is no input 'nope'", lambda p: p["steps"][0]["with"].update(
                    query="${inputs.nope}")),
                ("NP5001: '../x' goes up", lambda p: p["steps"][0]["with"].update(path="../x")),
                ("NP5001: '/etc' is an abs", lambda p: p["steps"][0]["with"].update(path="/etc")),
                ("NP5001: '/proc/self/root'", lambda p: p["steps"][0]["with"].update(
                    path="/proc/self/root")),
                ("NP5001: .* NUL byte", lambda p: p["steps"][0]["with"].update(path="a\0b"))):
            with self.subTest(says):
                self.plan(change)
                self.naestro("plan", "check", str(self.file), code=2,
                             says=r"plan\.json:1:\d+: error " + says + r"(.|\n)*expected")
                self.run_it(code=2)
        self.assertFalse(self.store.exists())

    def test_what_is_no_plan_at_all(self):
        for data, says in (
                (b"", "1:1: error NP1001"), (b"\xff", "1:1: error NP1001"),
                (json.dumps(PLAN).encode().replace(b"tell", b"t\xff", 1), r"1:\d+: error NP1001"),
                (b"[" * 5_000_000, "nested deeper than its limit"),
                (b'{"goal":' * 100_000 + b"1" + b"}" * 100_000, "nested deeper than its limit")):
            with self.subTest(says):
                self.file.write_bytes(data)
                self.naestro("plan", "check", str(self.file), code=2, says=says)
        self.naestro("plan", "check", str(self.folder), code=2, says="NE0007 .*Is a directory")
        self.naestro("plan", "check", str(self.folder / "no.json"), code=2, says="NE0008")

    def test_a_goal_of_ten_megabytes_runs(self):
        self.plan(lambda p: p.update(goal="x" * 10_000_000))
        self.run_it()
        self.nothing_lost(1)

    def test_a_goal_that_says_nothing_is_refused_before_a_run_begins(self):
        for goal, says in (("x" * 120_000, "NE0003 the goal has 120000 bytes, at most 2000 are "
                            "read; say it shorter; put longer text into a file"),
                           ("", "NE0801 the goal is empty; say in words"),
                           (" \n\t ", "NE0801 the goal is empty; say in words"),
                           ("how\x1b many", "NE0801 .*control character at byte 3.*; say in words")):
            with self.subTest(goal[:9]):
                for words in (["run", goal], ["plan", goal]):
                    self.naestro(*words, "-w", str(self.work), code=2, says=says)
        with self.assertRaises(OSError):  # no system passes on an argument of that size
            self.naestro("run", "x" * 10_000_000)
        self.assertFalse(self.store.exists())

    def test_bad_values_of_inputs_and_options(self):
        for word, says in (("word=", "NE0801 .*at least 1 char"), ("wrod=x", "did you mean word"),
                           ("word", "write --input name=value"), ("=x", "write --input"),
                           (b"word=\xff", "NE0001 argument 8 is not valid UTF-8; "),
                           ("word=" + "x" * 100, "at most 99")):
            with self.subTest(word):
                self.run_it("--input", word, code=2, says=says)
        def number(plan):
            plan["inputs"]["n"] = {"schema": {"type": "integer"}, "value": 1}
            plan["outputs"]["n"] = "${inputs.n}"
        self.plan(number)
        self.run_it("--input", "n=seven", code=2, says="expected an integer")
        self.file.write_text(json.dumps(PLAN))
        self.run_it("--input", "word=a", "--input", "word=b", code=2, says="given twice; give one")
        self.naestro("run", b"how many \xff?", "-w", str(self.work), code=2, says="NE0001 argument 2")
        for option, value in (("--max-tokens", "-1"), ("--max-tokens", "9" * 20),
                              ("--max-time", "1e99"), ("--max-usd", "nan")):
            self.run_it(option, value, code=2, says="NE")
        self.run_it("--max-time", "0", code=2,
                    says="--max-time: '0' is not a number of seconds from 1 to 1000000000")
        self.naestro("-c", "foo.bar=1", "runs", code=2, says="no key 'foo.bar'; the keys are")
        self.naestro("-c", "foo", "runs", code=2, says="write -c dotted.key=value")
        for text, says in ((b"a: [\xff", r"naestro.yaml:1:5: NE0001"), (b"[" * 99, "NE0004"),
                           (b"a: &a [*a]", "NE0802 anchors")):
            (self.folder / "naestro.yaml").write_bytes(text)
            self.naestro("tools", code=2, says=says, cwd=self.folder)
            self.naestro("runs", says=says, cwd=self.folder)  # looking is let
        self.assertFalse(self.store.exists())

    def test_bad_workspaces(self):
        for workspace, says in ((self.folder / "nope", "NE0008 .*--workspace"),
                                (self.file, "NE0008 .*Not a directory; name an existing folder")):
            self.naestro("run", str(self.file), "-w", str(workspace), *self.script(), code=2,
                         says=says)
        (self.work / "link").symlink_to("/etc")
        self.plan(lambda p: p["steps"][0]["with"].update(path="link"))
        self.assertNotIn("localhost", self.run_it(code=1, says="failed +find"))
        self.naestro("audit", "verify", says="Good")

    def test_unknown_runs(self):
        self.run_it()
        for command in ("show", "why", "kill", "undo", "replay", "export", "resume"):
            self.naestro(command, "nobody", code=2, says="NE0701 .*list them with 'naestro runs'")
        self.naestro("approve", "last", "x", code=2, says="naestro consents")
        self.naestro("audit", "prove", "last", "9" * 20, code=2, says="give its number")

    def test_a_model_that_answers_nonsense(self):
        for text, code in (("<html>no", "NE0603"), ('{"said": 7}', "NE0103"), ("", "NE0")):
            self.run_it(script=self.script(text), code=1, says="failed +tell +" + code)
        self.naestro("audit", "verify", says="Good")

    def test_a_corrupt_store_is_named_and_left_alone(self):
        def drop(file):
            with sqlite3.connect(file) as database:
                database.execute("DROP TABLE meta")
            database.close()
        self.run_it()
        kept = self.folder / "kept"
        shutil.copytree(self.store, kept)
        for damage in (lambda f: f.write_bytes(f.read_bytes()[:f.stat().st_size // 2]),
                       lambda f: f.write_bytes(b"garbage" * 1000), drop):
            damage(self.store / "store.db")
            for words in (["runs"], ["show", "last"]):
                self.naestro(*words, code=1, says="NE0202 .*audit verify'; restore the store")
            self.run_it(code=1, says="NE0202")
            self.naestro("audit", "verify", code=1, says="NE0202")
            shutil.rmtree(self.store)
            shutil.copytree(kept, self.store)
        self.nothing_lost(1)

    def test_a_store_from_a_newer_version(self):
        self.run_it()
        with sqlite3.connect(self.store / "store.db") as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
        for words in (["runs"], ["audit", "verify"]):
            self.naestro(*words, code=2, says="NE0203 .*version 99.*newer naestro")
        self.run_it(code=2, says="NE0203 .*nothing was changed")

    def test_keys_that_are_gone_are_not_made_anew_in_silence(self):
        self.run_it()
        keys = self.store / "keys.db"
        keys.rename(self.folder / "keys.db")
        self.run_it(code=1, says="NE0209 the store has runs, but .*keys.db .*is gone; restore")
        self.assertFalse(keys.exists())
        (self.folder / "keys.db").rename(keys)
        self.assertIn("hi", self.naestro("show", "last"))
        keys.unlink()
        keys.touch()  # as the remedy says
        self.run_it()
        self.nothing_lost(2)

    def mounted(self, *words):
        done = subprocess.run(["mount", *words, self.folder / "state"], capture_output=True)
        if done.returncode != 0:
            self.skipTest("mounting needs rights that this user lacks")
        self.addCleanup(subprocess.run, ["umount", self.folder / "state"], capture_output=True)

    def test_a_read_only_store(self):
        self.run_it()
        self.mounted("--bind", self.folder / "state")
        subprocess.run(["mount", "-o", "remount,ro,bind", self.folder / "state"], check=True)
        self.run_it(code=1, says="NE0205 .*Read-only file system; make the folder writable")
        self.nothing_lost(1)

    def test_a_full_disk(self):
        (self.folder / "state").mkdir()
        self.mounted("-t", "tmpfs", "-o", "size=600k", "none")
        self.run_it()
        filler = self.folder / "state/filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        self.run_it(code=1, says="NE02.*(space|room)")
        filler.unlink()
        self.naestro("audit", "verify", says="Good")
        self.run_it()
        states = [run["state"] for run in json.loads(self.naestro("runs", "--json"))]
        self.assertEqual((states[0], states[-1]), ("done", "done"))

    def test_every_end_of_the_process_can_be_resumed_by_one(self):
        for number, code in ((signal.SIGHUP, 130), (signal.SIGTERM, 130), (signal.SIGINT, 130),
                             (signal.SIGKILL, -9)):
            with self.subTest(number):
                process = subprocess.Popen(
                    [BINARY, "run", self.file, "-w", self.work, *self.script(delay_ms=100_000)],
                    env=self.env, stdout=subprocess.PIPE, text=True)
                for line in process.stdout:
                    if line.startswith("start    tell"):
                        break
                self.naestro("resume", "last", code=1, says="NE0207 .*wait for it, or stop")
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=20), code)
                process.stdout.close()
                self.naestro("resume", "last", *self.script())
        self.nothing_lost(4)

    def test_a_run_goes_on_under_nohup(self):
        process = subprocess.Popen(
            [BINARY, "run", self.file, "-w", self.work, *self.script(delay_ms=1500)], env=self.env,
            stdout=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        for line in process.stdout:
            if line.startswith("start    tell"):
                break
        process.send_signal(signal.SIGHUP)
        process.stdout.read()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=20), 0)
        self.nothing_lost(1)

    def test_a_reader_that_goes_away_stops_no_run(self):
        process = subprocess.Popen([BINARY, "run", self.file, "-w", self.work, *self.script()],
                                   env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        self.assertNotIn(b"NE0", process.stderr.read())
        process.stderr.close()
        self.assertEqual(process.wait(timeout=20), 0)
        self.nothing_lost(1)

    def test_a_reader_that_has_enough_is_no_error(self):
        for words in ("features --json", "runs", "policy check"):
            done = subprocess.run(["bash", "-c", f"set -o pipefail; {BINARY} {words} | head -c 1 >&2"],
                                  env=self.env, capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, "NE0" in done.stderr), (0, False), done.stderr)

    def test_no_home_is_not_the_root_folder(self):
        bare = {"PATH": os.environ["PATH"]}
        env = dict(bare, HOME="/proc/nope")
        self.naestro("run", str(self.file), "-w", str(self.work), *self.script(), env=env, code=2,
                     says="NE0008 make the folder /proc/nope")
        self.naestro("show", "r-nobody", env=bare, code=2, says=r"NE0(008|701) (?!.* /\.local)")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
