#!/usr/bin/env python3
"""The first five minutes through the real binary: init, doctor, features, config, naestro.yaml.

init_doctor_test.py NAESTRO_BINARY: everything in a new home. What needs the engine is skipped when
it is not installed, unless NAESTRO_REQUIRE names llama.
"""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1]).resolve()
ASSETS = pathlib.Path(os.environ.get("NAESTRO_ASSETS", ROOT / "build/assets"))
ENGINE = (ASSETS / "llama/llama-server").exists()
PLAN = ROOT / "examples/first/plan.json"
KEYS = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEY", "XAI_API_KEY",
        "OPENROUTER_API_KEY"]


def needs_engine(test):
    required = "llama" in os.environ.get("NAESTRO_REQUIRE", "").split(",")
    return unittest.skipUnless(ENGINE or required, "the engine is not installed")(test)


class FirstFiveMinutes(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.project = self.folder / "project"
        self.project.mkdir()
        self.user_file = self.folder / "config/naestro/naestro.yaml"
        self.user_file.parent.mkdir(parents=True)
        self.key = self.folder / "data/naestro/signing.key"
        self.store = self.folder / "state/naestro/store.db"
        self.env = {name: value for name, value in os.environ.items() if name not in KEYS}
        self.env |= {"HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state"),
                     "XDG_DATA_HOME": str(self.folder / "data"),
                     "XDG_CONFIG_HOME": str(self.folder / "config"),
                     "NAESTRO_ASSETS": str(self.folder / "no assets")}

    def naestro(self, *words, code=0):
        """Runs it in the project's folder; its standard output. self.err has the other one."""
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=300, cwd=self.project, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.err = done.stderr
        return done.stdout

    def configure(self, text):
        (self.project / "naestro.yaml").write_text(text)

    def checks(self, code=1):
        value = json.loads(self.naestro("doctor", "--json", code=code))
        self.assertEqual(value["good"], code == 0)
        return {check["id"]: check for check in value["checks"]}

    def config(self, *words):
        return json.loads(self.naestro("config", "--json", *words))

    def test_init_twice(self):
        out = self.naestro("init")
        self.assertIn("wrote ./naestro.yaml", out)
        self.assertIn("made the signing key", self.err)
        self.assertIn("no assets' default", out)  # the command, with the folder quoted
        self.assertTrue(out.strip().split("\n")[-1].startswith("Ready for goals and plans"))
        self.assertEqual(stat.S_IMODE(self.key.stat().st_mode), 0o600)
        self.assertTrue(self.store.exists())
        text = (self.project / "naestro.yaml").read_text()
        key = self.key.read_bytes()
        out = self.naestro("init")
        self.assertIn("is there already and as init would write it", out)
        self.assertEqual(self.key.read_bytes(), key)
        self.configure(text + "mode: guide\n")
        self.assertIn("was left as it is", self.naestro("init"))
        self.assertEqual((self.project / "naestro.yaml").read_text(), text + "mode: guide\n")
        self.naestro("audit", "verify")

    def test_init_never_shows_a_key(self):
        self.env["OPENAI_API_KEY"] = "sk-very-secret"
        out = self.naestro("init")
        self.assertNotIn("very-secret", out + self.err)
        self.assertRegex(out, r"OPENAI_API_KEY +found +set in the environment")
        self.assertRegex(out, r"MISTRAL_API_KEY +not found")
        self.assertIn("naestro models add NAME --url URL --key-env OPENAI_API_KEY", out)

    @needs_engine
    def test_init_ends_with_a_live_call_and_doctor_makes_one(self):
        self.env["NAESTRO_ASSETS"] = str(ASSETS)
        out = self.naestro("init")
        self.assertRegex(out, r'answered \{"animal":"(cat|dog|horse)"\}: \d+ tokens in, \d+ out')
        self.assertTrue(out.strip().split("\n")[-1].startswith("Ready. Next:"))
        value = json.loads(self.naestro("doctor", "--live", "--json"))
        self.assertEqual([c for c in value["checks"] if c["status"] == "fail"], [])
        self.assertEqual(value["checks"][-1]["id"], "engine.live")
        self.assertIn("No runs yet", self.naestro("runs"))  # a test call is no run

    @needs_engine
    def test_the_model_of_the_configuration_stays_with_its_run(self):
        small = "smollm2-135m-instruct"
        if not list(ASSETS.glob("models/smollm2*.gguf")):
            self.skipTest("the small model is not installed")
        self.env["NAESTRO_ASSETS"] = str(ASSETS)
        shutil.copytree(ROOT / "examples/company", self.project / "company")
        self.configure("workspace: company\n")
        plan = json.loads(PLAN.read_text())
        for step in plan["steps"] if isinstance(plan["steps"], list) else plan["steps"].values():
            step["do"].get("model", {}).pop("model", None)
        (self.project / "plan.json").write_text(json.dumps(plan))
        words = ["plan.json", "-c", "model=" + small]
        explained = json.loads(self.naestro("plan", "explain", "--json", *words))
        self.assertIn(small, json.dumps(explained))
        self.naestro("run", *words, code=5)  # parks, since nobody answers
        self.naestro("approve", "last", explained["digest"])
        self.naestro("resume", "last")  # without -c
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])

    def test_doctor_on_a_fresh_home_makes_nothing(self):
        checks = self.checks()
        for name in ["key.signing", "store.open", "store.tail", "store.keys"]:
            self.assertEqual(checks[name]["status"], "warn", checks[name])
        for name in ["engine.binary", "engine.model"]:
            self.assertEqual(checks[name]["status"], "fail")
            self.assertIn("fetch_assets.sh", checks[name]["remedy"])
        self.assertEqual(checks["config"]["status"], "ok")
        self.assertFalse((self.folder / "state").exists())
        self.assertFalse((self.folder / "data").exists())
        self.assertIn(" fail\n", self.naestro("doctor", code=1))

    def test_doctor_finds_what_is_broken(self):
        self.naestro("init")
        self.assertEqual(self.checks()["store.tail"]["status"], "ok")
        self.key.chmod(0o640)
        self.assertIn("mode 0640", self.checks()["key.signing"]["meaning"])
        self.key.chmod(0o600)
        self.store.write_bytes(b"SQLite format 3\0" + b"\xaa" * 8000)
        for name in ["state/naestro/store.db-wal", "state/naestro/store.db-shm"]:
            (self.folder / name).unlink(missing_ok=True)
        checks = self.checks()
        self.assertEqual(checks["store.open"]["status"], "fail")
        self.assertEqual(checks["store.tail"]["status"], "fail")
        self.configure("mode: yolo\n")  # doctor says so, and goes on
        self.assertIn("naestro.yaml:1:7", self.checks()["config"]["meaning"])

    def test_features(self):
        rows = json.loads(self.naestro("features", "--json"))["features"]
        self.assertTrue({row["state"] for row in rows} <= {"built", "planned"})
        self.assertEqual(len({row["id"] for row in rows}), len(rows))
        self.assertIn("sandbox", self.naestro("features"))

    def test_unknown_keys_warn_and_strict_config_refuses(self):
        self.configure("mode: guide\nlimts:\n  usd: 1\n")
        self.naestro("runs")
        self.assertIn("./naestro.yaml:2:1: warning: there is no key 'limts'; did you mean 'limits'?",
                      self.err)
        for words in [("--strict-config", "runs"), ("runs", "--strict-config")]:
            self.naestro(*words, code=2)
            self.assertIn("NE0802", self.err)
        self.configure("mode: [guide]\n")
        self.naestro("tools", code=2)
        self.assertIn("./naestro.yaml:1:7: NE0802", self.err)
        self.naestro("--version")

    def test_a_project_cannot_choose_the_engine(self):
        self.configure("assets: engine\n")
        self.naestro("init", code=2)
        self.assertIn("NE0803", self.err)
        self.configure("workspace: ..\n")
        self.naestro("tools", code=2)
        self.assertIn("NE0803", self.err)
        self.configure("mode: auto\n")
        self.assertEqual(self.config()["mode"]["value"], "copilot")
        self.assertIn("stricter, never looser", self.err)
        self.user_file.write_text("mode: auto\n")
        self.configure("mode: guide\n")
        self.assertEqual(self.config()["mode"],
                         {"value": "guide", "origin": "./naestro.yaml:1"})
        del self.env["NAESTRO_ASSETS"]
        self.user_file.write_text("assets: ~/mine\n")
        self.assertEqual(self.config()["assets"]["value"], str(self.folder / "mine"))

    def test_words_are_stronger_than_files(self):
        self.configure("mode: guide\nlimits: {tokens: 10}\n")
        self.assertEqual(self.config("-c", "mode=auto")["mode"], {"value": "auto", "origin": "-c"})
        self.naestro("runs", "-c", "modus=auto", code=2)
        self.naestro("runs", "--profile", "x", code=2)

    def test_a_plan_is_written_beside_the_configuration(self):
        shutil.copytree(ROOT / "examples/company", self.project / "company")
        self.configure("workspace: company\n")
        self.naestro("plan", "How many warranty claims in 2026-Q1?", "-o", "mine.json")
        self.assertIn("35", self.naestro("run", "mine.json"))
        self.configure("workspace: company\nlimits: {tool_calls: 1}\n")
        self.naestro("run", "mine.json", code=4)
        self.naestro("run", "How many warranty claims in 2026-Q1?", code=7)

    def test_ceilings_and_mode_and_workspace_take_effect(self):
        shutil.copytree(ROOT / "examples/company", self.project / "company")
        self.configure("workspace: company\nlimits: {tokens: 10}\n")
        self.naestro("run", str(PLAN), code=4)
        self.naestro("run", str(PLAN), "--max-tokens", "100000", code=4)  # the smaller holds
        self.naestro("run", str(PLAN), "-c", "limits.tokens=100000", "-c", "mode=guide", code=3)
        self.configure("workspace: company\nlimits: {tokens: 100000}\n")
        self.naestro("run", str(PLAN), code=5)  # a question is open
        self.naestro("resume", "last", "--max-tokens", "100001", code=2)
        self.assertIn("limits.tokens", self.err)
        digest = json.loads(self.naestro("plan", "explain", str(PLAN), "--json"))["digest"]
        there = json.loads(self.naestro("plan", "explain", str(PLAN), "--json", "-w", "company"))
        self.assertEqual(there["digest"], digest)
        here = json.loads(self.naestro("plan", "explain", str(PLAN), "--json", "-w", "."))
        self.assertNotEqual(here["digest"], digest)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
