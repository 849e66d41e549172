#!/usr/bin/env python3
"""Goals in words through the real binary: skill, plan, run, replay; and an honest refusal.

goal_test.py NAESTRO_BINARY; needs no model.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1]).resolve()
COMPANY = ROOT / "examples/company"


class Goal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="naestro-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"),
                        NAESTRO_ASSETS=str(self.folder / "none"))

    def naestro(self, *words, code=0):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stdout + done.stderr

    def test_a_goal_becomes_a_plan_and_an_answer_with_its_sources(self):
        out = self.naestro("run", "How many warranty claims in 2026-Q1?", "-w", str(COMPANY))
        self.assertIn("35", [line for line in out.split("\n") if line.startswith("Answer")][0])
        self.assertIn("support/warranty_claims.csv:", out)
        view = json.loads(self.naestro("show", "last", "--json"))
        self.assertEqual(view["goal"], "How many warranty claims in 2026-Q1?")
        self.assertEqual({step["segment"] for step in view["steps"]}, {0, 1})
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])
        self.assertTrue(json.loads(self.naestro("audit", "verify", "--json"))["good"])

    def test_the_plan_of_a_goal_can_be_looked_at_and_run_later(self):
        plan = self.folder / "plan.json"
        out = self.naestro("plan", "How many warranty claims in 2026-Q1?", "-w", str(COMPANY),
                           "-o", str(plan))
        self.assertIn(f"next: naestro plan explain {plan} -w {COMPANY}\n", out)
        self.naestro("plan", "check", str(plan), "-w", str(COMPANY))
        out = self.naestro("run", str(plan), "-w", str(COMPANY))
        self.assertIn("35", out)
        text = plan.read_text()
        said = self.naestro("plan", "How many orders?", "-w", str(COMPANY), "-o", str(plan), code=2)
        self.assertIn("plan.json is there already, and nothing was planned", said)
        self.assertEqual(plan.read_text(), text)
        self.assertEqual(len(json.loads(self.naestro("runs", "--json"))), 2)

    def test_words_without_ground_are_refused_by_name(self):
        out = self.naestro("run", "How many zebras in 2026-Q1?", "-w", str(COMPANY), code=1)
        self.assertIn("NE0708", out)
        self.assertIn("zebras", out)
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])

    def test_a_goal_takes_no_input_and_a_missing_file_is_named(self):
        self.naestro("run", "How many orders?", "--input", "a=1", code=2)
        self.naestro("run", "nothing.json", code=2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
