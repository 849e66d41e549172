#!/usr/bin/env python3
"""Loops, conditions, and undoing, through the real binary and the real store; no engine is needed.

control_test.py NAESTRO_BINARY"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1]).resolve()
PLAN = {
    "naestro": "plan/1", "goal": "count words",
    "inputs": {"words": {"schema": {"type": "array", "maxItems": 9,
                                    "items": {"type": "string", "minLength": 1, "maxLength": 99}},
                         "value": ["alpha", "beta"]}},
    "steps": [
        {"id": "find", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "${item}"},
         "for_each": {"in": "${inputs.words}", "max": 9}},
        {"id": "rare", "do": {"tool": "files.list@1"}, "with": {"path": "."},
         "when": "length(${inputs.words}) > 5"},
        {"id": "write", "do": {"tool": "report.markdown@1"},
         "when": "${steps.find.out[0].match_count} > 0",
         "with": {"path": "out.md", "title": "Found ${steps.find.out[0].match_count}",
                  "sections": []}}],
    "outputs": {"found": "${steps.find.out}"}}


class Control(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.work = self.folder / "work"
        self.work.mkdir()
        (self.work / "a.txt").write_text("alpha\nbeta\nalpha\n")
        (self.folder / "plan.json").write_text(json.dumps(PLAN))
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"))

    def naestro(self, *words, code=0):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def approved(self):
        """Answers the one open question of the last run with yes, and goes on with it."""
        question = json.loads(self.naestro("consents", "--json"))[0]
        self.naestro("approve", "last", question["digest"])
        return self.naestro("resume", "last")

    def run_plan(self):
        self.naestro("run", str(self.folder / "plan.json"), "-w", str(self.work), code=5)
        self.approved()

    def show(self):
        return json.loads(self.naestro("show", "last", "--json"))

    def test_items_are_calls_and_a_step_is_skipped(self):
        self.run_plan()
        view = self.show()
        self.assertEqual(view["state"], "done")
        self.assertEqual([row["match_count"] for row in view["outputs"]["found"]], [2, 1])
        self.assertEqual({step["id"]: step["state"] for step in view["steps"]},
                         {"find": "done", "rare": "skipped", "write": "done"})
        self.assertRegex(self.naestro("show", "last"), r"find +done 2/2")
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])

    def test_undo_brings_back_what_was_there(self):
        for former in (None, "mine\n"):
            file = self.work / "out.md"
            file.unlink(missing_ok=True)
            if former:
                file.write_text(former)
            self.run_plan()
            run = self.show()["run"]
            self.assertNotEqual(file.read_text(), former)
            self.naestro("undo", run, code=5)
            self.approved()
            self.assertEqual(file.read_text() if file.exists() else None, former)
            undone = self.show()["run"]
        # The undoing run can be undone itself, also where it removed the file.
        self.naestro("undo", "last", code=5)
        self.approved()
        self.assertIn("Found 2", file.read_text())
        self.naestro("audit", "verify")

    def test_many_writes_of_one_file_are_undone_to_what_was_before(self):
        plan = {"naestro": "plan/1", "goal": "g", "inputs": PLAN["inputs"], "outputs": {}, "steps": [
            {"id": "w", "do": {"tool": "report.markdown@1"},
             "with": {"path": "par.md", "title": "${item}", "sections": []},
             "for_each": {"in": "${inputs.words}", "max": 9, "parallel": 8}}]}
        (self.folder / "many.json").write_text(json.dumps(plan))
        for former in ("ORIGINAL", None) * 3:
            file = self.work / "par.md"
            if former:
                file.write_text(former)
            self.naestro("run", str(self.folder / "many.json"), "-w", str(self.work), "--input",
                         "words=" + json.dumps([f"w{i}" for i in range(8)]), code=5)
            self.approved()
            written = file.read_text()
            for want in (former, written):
                self.naestro("undo", "last", code=5)
                self.approved()
                self.assertEqual(file.read_text() if file.exists() else None, want)
            file.unlink()

    def test_undo_keeps_what_changed_since(self):
        self.run_plan()
        run = self.show()["run"]
        (self.work / "out.md").write_text("by hand")
        self.naestro("undo", run, code=5)
        question = json.loads(self.naestro("consents", "--json"))[0]
        self.naestro("approve", "last", question["digest"])
        self.assertIn("was changed since", self.naestro("resume", "last", code=1))
        self.assertEqual((self.work / "out.md").read_text(), "by hand")

    def test_nothing_to_undo_says_so(self):
        plan = dict(PLAN, steps=PLAN["steps"][:1])
        (self.folder / "plan.json").write_text(json.dumps(plan))
        self.naestro("run", str(self.folder / "plan.json"), "-w", str(self.work))
        self.assertIn("nothing to undo", self.naestro("undo", "last"))
        self.naestro("undo", "last", "--step", "nobody", code=2)

    def test_the_guides_plan_over_the_company(self):
        shutil.copytree(ROOT / "examples/company", self.work, dirs_exist_ok=True)
        self.naestro("run", str(ROOT / "examples/loop/plan.json"), "-w", str(self.work), code=5)
        self.approved()
        self.assertRegex(self.naestro("show", "last"), r"notes +done 5/5")
        self.assertTrue((self.work / "reports/products-in-notes.md").exists())
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])

    def test_all_runs_that_can_go_on_are_resumed(self):
        words = ["run", str(self.folder / "plan.json"), "-w", str(self.work)]
        for _ in range(3):
            self.naestro(*words, code=5)
        first, second, _ = json.loads(self.naestro("consents", "--json"))
        for question in (first, second):
            self.naestro("approve", question["run"], question["digest"])
        self.naestro("resume", "--all")
        states = [run["state"] for run in json.loads(self.naestro("runs", "--json"))]
        self.assertEqual(states, ["done", "done", "waits_for_consent"])
        self.assertIn("No run waits", self.naestro("resume", "--all"))
        self.naestro("resume", code=2)

    def test_what_there_is_to_plan_with(self):
        self.assertIn("files.restore@1", self.naestro("tools"))
        contract = json.loads(self.naestro("tools", "report.markdown@1"))
        self.assertEqual(contract["undo"], "files.restore")
        self.assertEqual(len(json.loads(self.naestro("tools", "--json"))),
                         len(list((ROOT / "contracts/tools").iterdir())))
        self.naestro("tools", "files.serch", code=2)
        self.assertIn("local/1", self.naestro("models"))
        self.assertEqual(len(json.loads(self.naestro("models", "--json"))), 3)
        self.assertIn("products --> notes",
                      self.naestro("plan", "graph", str(ROOT / "examples/loop/plan.json")))

    def test_why_says_who_decided(self):
        self.run_plan()
        text = self.naestro("why", "last", "write")
        self.assertIn("builtin.write", text)
        self.assertIn("(builtin.json:", text)
        self.assertRegex(text, r"asked +about the plan: given by .* \(inbox\)")
        reasons = json.loads(self.naestro("why", "last", "--json"))
        find, rare, write = sorted(reasons["steps"], key=lambda step: step["step"])
        self.assertEqual((find["calls"], find["decisions"][0]["times"]), (2, 2))
        self.assertEqual(rare["skipped_because"], "when")
        self.assertIn("file", write["sources"])
        self.naestro("why", "last", "nobody", code=2)

    def test_bad_words_have_their_exit_codes(self):
        plan = str(self.folder / "plan.json")
        words = ["run", plan, "-w", str(self.work), "--input"]
        self.naestro(*words, "words=7", code=2)
        self.naestro(*words, "word=[]", code=2)
        self.naestro("plan", "check", "/dev/zero", code=2)
        self.assertIn("naestro run [OPTIONS]", self.naestro("run", "--help"))
        with open("/dev/full", "w") as full:
            done = subprocess.run([BINARY, "features"], env=self.env, stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not be written", done.stderr)
        (self.folder / "bad.json").write_text("{}")
        with open("/dev/full", "w") as full:
            done = subprocess.run([BINARY, "plan", "check", self.folder / "bad.json", "--json"],
                                  env=self.env, stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
