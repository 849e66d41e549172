#!/usr/bin/env python3
"""Tools that read, query, draw, write and edit files, through the real binary; no engine is needed.

tools_test.py NAESTRO_BINARY"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1]).resolve()
EXAMPLE = ROOT / "examples/tools/plan.json"
SVG = "{http://www.w3.org/2000/svg}"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Tools(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.work = self.folder / "work"
        self.work.mkdir()
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"))

    def naestro(self, *words, code=0):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def run_approved(self, plan, code=0):
        """Runs a plan with the yes that its explanation asks for."""
        explained = json.loads(self.naestro("plan", "explain", str(plan), "-w", str(self.work),
                                            "--json"))
        self.naestro("run", str(plan), "-w", str(self.work), "--approve",
                     explained["digest"], code=code)
        return self.show()

    def show(self):
        return json.loads(self.naestro("show", "last", "--json"))

    def undo(self):
        self.naestro("undo", "last", code=5)
        question = json.loads(self.naestro("consents", "--json"))[0]
        self.naestro("approve", "last", question["digest"])
        self.naestro("resume", "last")

    def plan(self, steps, outputs):
        file = self.folder / "plan.json"
        file.write_text(json.dumps({"naestro": "plan/1", "goal": "g", "steps": steps,
                                    "outputs": outputs}))
        return file

    def test_a_query_is_drawn_written_and_mentioned_and_undone(self):
        shutil.copytree(ROOT / "examples/company", self.work, dirs_exist_ok=True)
        memo = self.work / "finance/q1_2026_summary.md"
        picture = self.work / "reports/warranty-costs.svg"
        before = memo.read_text()
        view = self.run_approved(EXAMPLE)
        self.assertEqual(view["state"], "done")
        self.assertEqual({file["path"]: file["sha256"] for file in view["files"]},
                         {"reports/warranty-costs.svg": sha256(picture),
                          "finance/q1_2026_summary.md": sha256(memo)})
        # The picture is XML of shapes and texts, with the sums that the memo knows.
        root = xml.fromstring(picture.read_text())
        self.assertEqual({node.tag for node in root.iter()},
                         {SVG + name for name in ("svg", "title", "rect", "text", "path", "g")})
        self.assertIn("RL-300: 5117.35", [node.text for node in root.iter(SVG + "title")])
        mention = "\n![Warranty costs by product](../reports/warranty-costs.svg)\n"
        self.assertEqual(memo.read_text(), before.replace("## Warranty\n", "## Warranty\n" + mention))
        self.assertIn("\n+![Warranty costs by product]", view["outputs"]["change"])
        self.assertIn("\n ## Warranty\n", view["outputs"]["change"])
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])
        self.undo()
        self.assertEqual(memo.read_text(), before)
        self.assertFalse(picture.exists())
        self.undo()
        self.assertIn(mention, memo.read_text())
        self.naestro("audit", "verify")

    def test_every_step_of_the_example_is_proved(self):
        explained = json.loads(self.naestro("plan", "explain", str(EXAMPLE), "-w", str(self.work),
                                            "--json"))
        self.assertEqual([step["proved"] for step in explained["steps"]], [True] * 5)
        self.assertEqual({step["step"]: step["decision"] for step in explained["steps"]},
                         {"memo": "allow", "costs": "allow", "chart": "allow", "picture": "ask",
                          "mention": "ask"})

    def test_a_file_that_changed_is_not_edited(self):
        (self.work / "a.txt").write_text("one\n")
        plan = self.plan([{"id": "edit", "do": {"tool": "files.edit@1"}, "with": {
            "path": "a.txt", "edits": [{"old": "one", "new": "two"}],
            "sha256": hashlib.sha256(b"other\n").hexdigest()}}], {})
        self.run_approved(plan, code=1)
        self.assertEqual((self.work / "a.txt").read_text(), "one\n")

    def test_json_is_queried_and_drawn(self):
        evil = "</title><script>alert(1)</script>"
        (self.work / "data.json").write_text(json.dumps({"items": [
            {"who": {"name": evil}, "n": 0.5}, {"who": {"name": "b"}, "n": 2},
            {"who": {"name": evil}, "n": 0.25}]}, indent=1))
        plan = self.plan([
            {"id": "ask", "do": {"tool": "json.query@1"}, "with": {
                "file": "data.json", "pointer": "/items", "group_by": ["who.name"],
                "aggregates": [{"fn": "sum", "column": "n"}]}},
            {"id": "draw", "do": {"tool": "chart.svg@1"}, "with": {
                "kind": "line", "title": evil, "table": "${steps.ask.out}"}}],
            {"rows": "${steps.ask.out.rows}", "lines": "${steps.ask.out.lines}",
             "svg": "${steps.draw.out.svg}"})
        self.naestro("run", str(plan), "-w", str(self.work))
        outputs = self.show()["outputs"]
        self.assertEqual(outputs["rows"], [[evil, "0.75"], ["b", "2"]])
        self.assertEqual(outputs["lines"], [[3, 15], [9]])
        root = xml.fromstring(outputs["svg"])
        self.assertNotIn(SVG + "script", [node.tag for node in root.iter()])
        self.assertEqual(root.find(SVG + "title").text, evil)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
