#!/usr/bin/env python3
"""exec.run through the real binary and the real store; no engine is needed.

confined_test.py NAESTRO_BINARY"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()
SCRIPT = """cat /etc/shadow > out/stolen 2>/dev/null
echo "$NAESTRO_SECRET" > out/secret
sort names.txt > out/sorted.txt && cat out/sorted.txt"""
PLAN = {
    "naestro": "plan/1", "goal": "sort names",
    "steps": [{"id": "sort", "do": {"tool": "exec.run@1"},
               "with": {"argv": ["sh", "-c", SCRIPT], "writable": ["out"]}}],
    "outputs": {"code": "${steps.sort.out.exit_code}", "names": "${steps.sort.out.stdout}"}}


class Confined(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.work = self.folder / "work"
        (self.work / "out").mkdir(parents=True)
        (self.work / "names.txt").write_text("zoe\nada\n")
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"), NAESTRO_SECRET="hunter2")

    def naestro(self, *words):
        return subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)

    def run_plan(self, *words):
        (self.folder / "plan.json").write_text(json.dumps(PLAN))
        return self.naestro("run", str(self.folder / "plan.json"), "-w", str(self.work), *words)

    def test_it_asks_first_and_then_runs_confined(self):
        asked = self.run_plan()
        self.assertEqual(asked.returncode, 5, asked.stdout + asked.stderr)
        self.assertFalse((self.work / "out" / "sorted.txt").exists())
        digest = json.loads(self.naestro("consents", "--json").stdout)[0]["digest"]
        done = self.run_plan("--approve", digest)
        if "NE0504" in done.stdout + done.stderr and \
                "landlock" not in os.environ.get("NAESTRO_REQUIRE", ""):
            self.skipTest("programs cannot be confined here")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        view = json.loads(self.naestro("show", "last", "--json").stdout)
        self.assertEqual(view["outputs"], {"code": 0, "names": "ada\nzoe\n"})
        self.assertEqual((self.work / "out" / "sorted.txt").read_text(), "ada\nzoe\n")
        self.assertEqual((self.work / "out" / "stolen").read_text(), "")
        self.assertEqual((self.work / "out" / "secret").read_text(), "\n")
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json").stdout)["equal"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
