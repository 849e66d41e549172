#!/usr/bin/env python3
"""The first plan through the real binary, the real store and the real engine.

first_plan_test.py NAESTRO_BINARY: runs examples/first/plan.json over a copy of examples/company and
kills, parks, interrupts and resumes it. Exit 77 (skipped) when the engine is not installed, unless
NAESTRO_REQUIRE names llama.
"""
import json
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1]).resolve()
ASSETS = pathlib.Path(os.environ.get("NAESTRO_ASSETS", ROOT / "build/assets"))
PLAN = ROOT / "examples/first/plan.json"
REPORT = "reports/warranty-first-quarter.md"


class FirstPlan(unittest.TestCase):
    def setUp(self):
        signal.alarm(240)  # a test that hangs is a failure, not a wait
        self.addCleanup(signal.alarm, 0)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.workspace = self.folder / "company"
        shutil.copytree(ROOT / "examples/company", self.workspace)
        self.assets = self.folder / "assets"  # by this name its engines are told from others
        self.assets.symlink_to(ASSETS.resolve())
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"), NAESTRO_ASSETS=str(self.assets))

    def naestro(self, *words, code=0):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=300)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def start(self, *words):
        return subprocess.Popen([BINARY, *words], env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def digest(self):
        return json.loads(self.naestro("plan", "explain", str(PLAN), "-w", str(self.workspace),
                                       "--json"))["digest"]

    def run_words(self, *more):
        return ["run", str(PLAN), "-w", str(self.workspace), *more]

    def show(self):
        return json.loads(self.naestro("show", "last", "--json"))

    def wait_for(self, condition, what):
        for _ in range(1200):
            try:
                if condition():
                    return
            except (AssertionError, ValueError):
                pass  # the run is not in the store yet
            time.sleep(0.05)
        self.fail(f"waited in vain for {what}")

    def read_until(self, run, beginning):
        """Reads the run's progress until a line begins so; it is printed when it is durable."""
        for line in run.stdout:
            if line.startswith(beginning):
                return
        self.fail(f"the run ended without printing {beginning!r}")

    def assert_whole(self, view):
        self.assertEqual(view["state"], "done")
        self.assertEqual(view["outputs"]["product"], "RL-300")
        self.assertEqual(view["outputs"]["cost_eur"], "5117.35")
        self.assertEqual(view["outputs"]["claims"], "19")
        self.assertIn(view["outputs"]["cause"], ["battery", "firmware", "gasket", "shipping"])
        report = (self.workspace / REPORT).read_text()
        self.assertIn("5117.35", report)
        self.assertEqual(report.count("# Warranty costs 2026-Q1"), 1)
        replayed = json.loads(self.naestro("replay", "last", "--json"))
        self.assertTrue(replayed["equal"])
        self.assertEqual(replayed["digest"], view["digest"])
        self.naestro("replay", "last", "--frozen")
        audit = json.loads(self.naestro("audit", "verify", "--json"))
        self.assertTrue(audit["good"])
        self.assertEqual(audit["unsigned_tail"], 0)

    def test_a_run_ends_with_five_lines(self):
        out = self.naestro(*self.run_words("--approve", self.digest()))
        heads = [line.split(":")[0] for line in out.strip().split("\n")[-5:]]
        self.assertEqual(heads, ["Answer", "Files", "Cost", "Run", "Next"])
        self.assert_whole(self.show())

    def test_killed_while_the_model_works_it_resumes_to_the_same_digest(self):
        self.naestro(*self.run_words("--approve", self.digest()))
        whole = self.show()["digest"]
        run = self.start(*self.run_words("--approve", self.digest()))
        self.read_until(run, "start    cause")
        self.wait_for(self.engines, "the engine")
        run.send_signal(signal.SIGKILL)
        run.communicate()
        self.assertEqual(self.show()["state"], "interrupted")
        self.naestro("resume", "last")
        view = self.show()
        self.assert_whole(view)
        self.assertEqual(view["digest"], whole)
        self.assertEqual(self.engines(), [])

    def engines(self):
        """Those of this test that are there."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and \
                        (entry / "cmdline").read_text().startswith(str(self.assets)):
                    found.append(entry.name)
            except OSError:
                pass
        return found

    def test_ctrl_c_pauses_and_says_how_to_go_on(self):
        run = self.start(*self.run_words("--approve", self.digest()))
        self.read_until(run, "start    cause")
        begin = time.monotonic()
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=30)
        self.assertEqual(run.returncode, 130, out)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertIn("naestro resume", out)
        self.naestro("resume", "last")
        self.assert_whole(self.show())

    def test_amid_a_long_prompt_all_ends_within_a_second(self):
        plan = self.folder / "long.json"
        plan.write_text(json.dumps({
            "naestro": "plan/1", "goal": "read", "outputs": {"n": "${steps.read.out.n}"},
            "steps": [{"id": "read",
                       "do": {"model": {"task": "t", "max_input_tokens": 3500,
                                        "max_output_tokens": 20}},
                       "with": {"messages": [{"role": "user", "content": "word " * 3000}]},
                       "out": {"type": "object", "properties": {"n": {"type": "integer"}},
                               "required": ["n"], "additionalProperties": False}}]}))
        for words in (["pause"], ["kill"]):
            run = self.start("run", str(plan), "-w", str(self.workspace))
            self.read_until(run, "start    read")
            self.wait_for(self.engines, "the engine")
            time.sleep(2)
            begin = time.monotonic()
            self.naestro(*words, "last")
            run.communicate(timeout=30)
            self.wait_for(lambda: not self.engines(), "the engine's end")
            self.assertLess(time.monotonic() - begin, 1, words)

    def test_without_a_terminal_it_parks_and_another_process_answers(self):
        out = self.naestro(*self.run_words(), code=5)
        self.assertIn("naestro approve", out)
        question = json.loads(self.naestro("consents", "--json"))[0]
        self.assertEqual(question["digest"], self.digest())
        self.naestro("approve", "last", "0" * 64, code=2)
        self.naestro("resume", "last", code=5)
        self.naestro("approve", "last", question["digest"])
        self.naestro("resume", "last")
        self.assert_whole(self.show())
        self.naestro("resume", "last", code=2)

    def test_refused_nothing_is_read_or_written(self):
        self.naestro(*self.run_words(), code=5)
        self.naestro("refuse", "last", self.digest())
        self.naestro("resume", "last", code=3)
        self.assertFalse((self.workspace / REPORT).exists())
        self.assertEqual(self.show()["spent"]["tool_calls"], 0)

    def test_a_consent_for_one_folder_is_none_for_another(self):
        other = self.folder / "other"
        shutil.copytree(self.workspace, other)
        digest = self.digest()
        self.workspace = other
        self.naestro(*self.run_words("--approve", digest), code=5)
        self.assertFalse((other / REPORT).exists())

    def assert_ends(self, pid, fd, code):
        """Reads what a run at a terminal prints, until it ends with the exit code."""
        while True:
            try:
                if not os.read(fd, 4096):
                    break
            except OSError:
                break
        _, status = os.waitpid(pid, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), code)

    def test_a_person_at_the_terminal_is_asked_once(self):
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(BINARY, [str(BINARY), *self.run_words()], self.env)
        out = b""
        answered = False
        while True:
            try:
                piece = os.read(fd, 4096)
            except OSError:
                break
            if not piece:
                break
            out += piece
            if b"Approve? [y/n]" in out and not answered:
                os.write(fd, b"y\n")
                answered = True
        _, status = os.waitpid(pid, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0, out.decode())
        self.assertEqual(out.count(b"Approve?"), 1)
        self.assert_whole(self.show())

    def test_what_was_typed_before_the_card_is_no_answer(self):
        pid, fd = pty.fork()
        if pid == 0:
            os.read(0, 100)  # so that the answer lies in the terminal before the program starts
            os.execve(BINARY, [str(BINARY), *self.run_words()], self.env)
        os.write(fd, b"go\n")
        os.write(fd, b"y\ny\n")
        out = b""
        while b"Approve? [y/n]" not in out:
            out += os.read(fd, 4096)
        time.sleep(1)
        self.assertEqual(len(self.show()["questions"]), 1)
        os.write(fd, b"n\n")
        self.assert_ends(pid, fd, 3)
        self.assertFalse((self.workspace / REPORT).exists())

    def test_a_live_run_has_one_owner_and_takes_answers_from_others(self):
        pid, fd = pty.fork()  # with a terminal the run waits for its answer instead of parking
        if pid == 0:
            os.execve(BINARY, [str(BINARY), *self.run_words()], self.env)
        self.wait_for(lambda: self.show()["questions"], "the question")
        self.assertEqual(self.show()["state"], "running")
        self.naestro("resume", "last", code=1)
        self.naestro("approve", "last", self.digest())
        self.assert_ends(pid, fd, 0)
        self.assert_whole(self.show())

    def test_exit_codes(self):
        self.naestro("show", "last", code=2)
        self.assertIn("No runs yet", self.naestro("runs"))
        self.naestro(*self.run_words("--mode", "auto"), code=3)
        self.assertIn("NE0405 something is left to be found out at run time in: cause, report",
                      self.naestro("show", "last"))
        denied = subprocess.run([BINARY, *self.run_words("--mode", "guide")], env=self.env,
                                capture_output=True, text=True, check=False)
        self.assertEqual(denied.returncode, 3)
        self.assertIn("NP6001", denied.stderr)
        self.assertIn("mode.guide", denied.stderr)
        self.naestro(*self.run_words("--mode", "yolo"), code=2)
        self.naestro(*self.run_words("--max-tokens", "100"), code=4)
        self.naestro(*self.run_words("--input", "nope=1"), code=2)
        self.naestro("run", "missing.json", code=2)
        self.naestro("bogus", code=2)
        bad = self.folder / "bad.json"
        bad.write_text(PLAN.read_text().replace("files.search@1", "files.serch@1"))
        out = subprocess.run([BINARY, "plan", "check", bad], env=self.env, capture_output=True,
                             text=True, check=False)
        self.assertEqual(out.returncode, 2)
        self.assertIn("did you mean", out.stderr)

    def test_without_the_engine_it_says_how_to_get_it_and_loses_nothing(self):
        self.env["NAESTRO_ASSETS"] = str(self.folder / "nothing")
        out = self.naestro(*self.run_words("--approve", self.digest()), code=1)
        self.assertIn("NE0601", out)
        self.assertIn("make assets", out)
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])


if __name__ == "__main__":
    if not (ASSETS / "llama/llama-server").exists():
        required = "llama" in os.environ.get("NAESTRO_REQUIRE", "").split(",")
        print(f"the engine is not in {ASSETS}; fetch it with 'make assets'")
        sys.exit(1 if required else 77)
    unittest.main(argv=sys.argv[:1], verbosity=1)
