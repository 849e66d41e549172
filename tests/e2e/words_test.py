#!/usr/bin/env python3
"""The words of the command line through the real binary: completion, help with examples, JSON.

words_test.py NAESTRO_BINARY"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1]).resolve()
PLAN = {"naestro": "plan/1", "goal": "tell",
        "steps": [{"id": "find", "do": {"tool": "files.search@1"},
                   "with": {"path": ".", "query": "alpha"}}],
        "outputs": {"count": "${steps.find.out.match_count}"}}


class Home(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        (self.folder / "a file.txt").write_text("alpha\n")
        (self.folder / "below").mkdir()
        (self.folder / "plan.json").write_text(json.dumps(PLAN))
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"), HOME=str(self.folder),
                        PATH=f"{BINARY.parent}:{os.environ['PATH']}")

    def naestro(self, *words, code=0):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, cwd=self.folder, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.err = done.stderr
        return done.stdout


class Words(Home):
    def run_plan(self):
        self.naestro("run", "plan.json")
        return json.loads(self.naestro("show", "last", "--json"))["run"]

    def complete(self, *words):
        """What the last of the words may become."""
        return [line.split("\t")[0] for line in self.naestro("complete", *words).splitlines()]

    def in_bash(self, *words):
        """The same through the function that bash calls."""
        script = ('source <(naestro completion bash); COMP_WORDS=("$@"); '
                  'COMP_CWORD=$(($# - 1)); _naestro; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", "naestro", *words], env=self.env,
                              capture_output=True, text=True, timeout=60, cwd=self.folder,
                              check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split("\n")[:-1]

    def commands(self, *path):
        """Every command below, as the completion knows them; each after those that lead there."""
        out = []
        for line in self.naestro("complete", *path, "").splitlines():
            if not line.startswith(":") and "\t" in line:
                word = line.split("\t")[0]
                if subprocess.run([BINARY, *path, word, "--help"], env=self.env, text=True,
                                  capture_output=True, check=False).stdout.count(
                                      "\nUsage: naestro " + " ".join([*path, word])):
                    out += [(*path, word), *self.commands(*path, word)]
        return out

    def test_the_scripts_are_scripts(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.naestro("completion", shell)
            self.assertIn(" complete ", script)
            if shutil.which(shell):
                subprocess.run([shell, "-n"], input=script, text=True, check=True)
        self.naestro("completion", "csh", code=2)
        self.naestro("completion", code=2)

    def test_commands_and_options(self):
        self.assertIn("replay", self.complete(""))
        self.assertNotIn("complete", self.complete(""))
        self.assertEqual(self.complete("re"), ["resume", "release", "refuse", "replay"])
        self.assertEqual(self.complete("plan", "ch"), ["check"])
        self.assertEqual(self.complete("plan", "check", "--s"), ["--sarif", "--strict-config"])
        self.assertEqual(self.complete("nothing", "re"), [])
        self.assertEqual(self.complete("runs", ""), [])
        self.assertEqual(self.complete("show", "x", "--json", "--"), self.complete("show", "--"))

    def test_every_error_is_explained_with_a_remedy_that_can_be_done(self):
        self.assertEqual(self.naestro("help", "NE0204"),
                         "NE0204: the disk is full\nTo mend it: free some space, then 'naestro "
                         "resume RUN'; nothing that was acknowledged is lost\n"
                         "Exit code 1; it can help to try again later\n")
        self.assertEqual(self.naestro("help"), self.naestro("--help"))
        self.naestro("help", "NE9999", code=2)
        self.assertIn("NE0801 no error has the code 'NE9999'; codes look like", self.err)
        commands = {" ".join(path) for path in self.commands()}
        pages = sorted((ROOT / "docs/errors").glob("NE*.md"))
        self.assertGreater(len(pages), 50)
        for page in pages:
            with self.subTest(page.stem):
                out = self.naestro("help", page.stem)
                self.assertRegex(out, rf"^{page.stem}: .+\nTo mend it: .{{20,}}\nExit code \d+; ")
                for said in re.findall(r"'naestro ((?:[a-z]+ ?)+)", out):
                    self.assertIn(said.strip(), commands)
                for file in re.findall(r"docs/[\w/]+\.md", out):
                    self.assertTrue((ROOT / file).exists(), file)

    def test_values(self):
        self.assertEqual(self.complete("run", "--mode", ""), ["guide", "copilot", "auto"])
        self.assertEqual(self.complete("run", "--mode=c"), ["--mode=copilot"])
        self.assertEqual(self.complete("run", "--mode", "=", "c"), ["copilot"])
        self.assertEqual(self.complete("run", "--mode", "="), ["guide", "copilot", "auto"])
        self.assertEqual(self.complete("run", "--no-such=c"), [])
        self.assertEqual(self.complete("run", "--max-usd", ""), [])
        self.assertEqual(self.complete("run", "-w", ""), [":folders"])
        self.assertEqual(self.complete("run", "--json", ""), [":files"])
        self.assertEqual(self.complete("run", "plan.json", ""), [])
        self.assertEqual(self.complete("tools", "files.s"), ["files.search"])
        self.assertIn("scripted", self.complete("fork", "--model", ""))
        self.assertEqual(self.complete("completion", ""), ["bash", "zsh", "fish"])

    def test_runs_and_questions(self):
        self.assertEqual(self.complete("show", ""), ["last"])  # and no store is made
        self.assertFalse((self.folder / "state").exists())
        self.assertEqual(self.complete("approve", "last", ""), [])
        run = self.run_plan()
        self.assertEqual(self.complete("show", ""), ["last", run])
        self.assertEqual(self.complete("show", run[:4]), [run])
        self.assertEqual(self.complete("show", run, ""), [])
        plan = json.loads(json.dumps(PLAN))
        plan["steps"].append({"id": "write", "do": {"tool": "report.markdown@1"},
                              "with": {"path": "o.md", "title": "t", "sections": []}})
        (self.folder / "plan.json").write_text(json.dumps(plan))
        self.naestro("run", "plan.json", code=5)
        digest = json.loads(self.naestro("consents", "--json"))[0]["digest"]
        self.assertEqual(self.complete("approve", "last", ""), [digest])
        self.naestro("refuse", "last", digest)
        self.assertEqual(self.complete("approve", "last", ""), [])

    def test_bash_completes(self):
        self.assertEqual(self.in_bash("re"), ["resume", "release", "refuse", "replay"])
        self.assertEqual(self.in_bash("plan", "d"), ["diff"])
        self.assertEqual(self.in_bash("run", "--mode", "=", "g"), ["guide"])
        self.assertEqual(self.in_bash("run", "--mode", "="), ["guide", "copilot", "auto"])
        self.assertEqual(self.in_bash("run", "a"), ["a file.txt"])
        self.assertEqual(self.in_bash("run", "-w", "b"), ["below"])
        run = self.run_plan()
        self.assertEqual(self.in_bash("why", run[:6]), [run])

    def test_a_broken_configuration_does_not_stop_it(self):
        (self.folder / "naestro.yaml").write_text("mode: [\n")
        self.naestro("tools", code=2)
        self.naestro("runs")  # looking is let
        self.assertIn("_naestro", self.naestro("completion", "bash"))
        self.assertEqual(self.complete("rep"), ["replay"])

    def test_every_help_has_an_example(self):
        commands = self.commands()
        self.assertGreater(len(commands), 25)
        self.assertIn(("plan", "check"), commands)
        self.assertIn(("audit", "prove"), commands)
        for command in commands:
            with self.subTest(command):
                out = self.naestro(*command, "--help")
                self.assertEqual(out.count("Examples:\n"), 1)
                examples = [line for line in out.split("Examples:\n")[1].split("\n") if line]
                words = "naestro " + " ".join(command)
                self.assertTrue(any(words in line for line in examples), out)
                for line in examples:
                    self.assertTrue(line.startswith("  ") and len(line) <= 100, line)

    def test_every_listing_has_json(self):
        self.assertEqual(json.loads(self.naestro("runs", "--json")), [])
        self.run_plan()
        page = (ROOT / "docs/formats/json.md").read_text()
        for words in (["runs"], ["show", "last"], ["why", "last"], ["replay", "last"],
                      ["consents"], ["tools"], ["roles"], ["models"], ["features"], ["config"],
                      ["audit", "verify"], ["plan", "check", "plan.json"],
                      ["plan", "explain", "plan.json"],
                      ["plan", "diff", "plan.json", "plan.json"],
                      ["policy", "explain", "--tool", "files.read"]):
            with self.subTest(words):
                value = json.loads(self.naestro(*words, "--json"))
                command = " ".join(word for word in words if word not in ("last", "plan.json", "--tool", "files.read"))
                section = page.split(f"\n## {command}\n", 1)[1].split("\n## ", 1)[0]
                for members in ([value] if isinstance(value, dict) else value):
                    for member in (members if command != "config" else ["value", "origin"]):
                        self.assertIn(f"`{member}`", section)

if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
