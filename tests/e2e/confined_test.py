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

    def test_the_policy_of_paths_holds_for_programs_searches_and_links(self):
        rules = self.folder / "config/naestro/policy.yaml"
        rules.parent.mkdir(parents=True)
        rules.write_text("""policy: policy/1
rules:
  - {id: no_keys, effect: deny, kinds: [read], paths: ["**/*.key", "pay/**"]}
  - {id: stays, effect: deny, kinds: [write], paths: ["out/final/**"]}
""")
        for name in ("a.key", "pay/mai.txt", "pay/.old/mai.txt", "note.txt", "out/final/r.txt"):
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            (self.work / name).write_text("alpha\n")
        (self.work / "link.txt").symlink_to("a.key")
        script = ("cat a.key pay/mai.txt pay/.old/mai.txt link.txt note.txt; echo x > out/final/r.txt;"
                  "echo x > out/final/new; echo x > out/y; ls -A pay")
        plan = {"naestro": "plan/1", "goal": "try", "steps": [
            {"id": "find", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "alpha"}},
            {"id": "prog", "do": {"tool": "exec.run@1"},
             "with": {"argv": ["sh", "-c", script], "writable": ["out"]}}],
            "outputs": {"out": "${steps.prog.out.stdout}", "err": "${steps.prog.out.stderr}",
                        "found": "${steps.find.out.file_count}"}}
        global PLAN
        former, PLAN = PLAN, plan
        self.addCleanup(globals().update, PLAN=former)
        denied = self.run_plan()
        self.assertEqual(denied.returncode, 3, denied.stdout + denied.stderr)  # '.' is above pay/
        self.assertIn("no_keys", denied.stdout + denied.stderr)
        plan["steps"][0]["with"]["path"] = "out"
        (self.work / "out/b.key").write_text("alpha\n")
        self.run_plan()
        digest = json.loads(self.naestro("consents", "--json").stdout)[0]["digest"]
        done = self.run_plan("--approve", digest)
        if "NE0504" in done.stdout + done.stderr and \
                "landlock" not in os.environ.get("NAESTRO_REQUIRE", ""):
            self.skipTest("programs cannot be confined here")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        got = json.loads(self.naestro("show", "last", "--json").stdout)["outputs"]
        self.assertEqual(got["out"], "alpha\n")  # of note.txt alone
        self.assertEqual(got["found"], 1)  # final/r.txt, not b.key
        self.assertIn("the policy hides 3 files and folders of the workspace", got["err"])
        self.assertEqual((self.work / "out/final/r.txt").read_text(), "alpha\n")
        self.assertFalse((self.work / "out/final/new").exists())
        self.assertEqual((self.work / "out/y").read_text(), "x\n")
        by_hand = subprocess.run([BINARY, "sandbox", "--", "sh", "-c", "cat a.key note.txt"],
                                 env=self.env, capture_output=True, text=True, cwd=self.work,
                                 check=False)
        self.assertEqual(by_hand.stdout, "alpha\n")
        self.assertIn("the policy hides 3", by_hand.stderr)

    def test_files_that_are_denied_anywhere_are_left_out_of_a_search_of_all(self):
        rules = self.folder / "config/naestro/policy.yaml"
        rules.parent.mkdir(parents=True)
        rules.write_text("policy: policy/1\nrules:\n"
                         "  - {id: no_keys, effect: deny, kinds: [read], paths: ['**/*.key']}\n")
        for name in ("a.key", "d/b.key", "note.txt"):
            (self.work / name).parent.mkdir(exist_ok=True)
            (self.work / name).write_text("alpha\n")
        global PLAN
        former, PLAN = PLAN, {
            "naestro": "plan/1", "goal": "try", "steps": [
                {"id": "find", "do": {"tool": "files.search@1"},
                 "with": {"path": ".", "query": "alpha"}}],
            "outputs": {"found": "${steps.find.out.match_count}"}}
        self.addCleanup(globals().update, PLAN=former)
        done = self.run_plan()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        got = json.loads(self.naestro("show", "last", "--json").stdout)["outputs"]
        self.assertEqual(got["found"], 1)  # of note.txt

    def test_a_folder_of_naestros_own_is_no_workspace(self):
        for name in ("state", "data", "config"):
            self.work = self.folder / name / "naestro"
            self.work.mkdir(parents=True, exist_ok=True)
            refused = self.run_plan()
            self.assertEqual(refused.returncode, 2, refused.stdout + refused.stderr)
            self.assertIn("a folder of Naestro's own", refused.stderr)
            self.work /= "below"
            self.work.mkdir()
            self.assertEqual(self.run_plan().returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
