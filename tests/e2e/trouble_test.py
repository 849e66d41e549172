#!/usr/bin/env python3
"""Troubles of the machine and the installation: no room, no rights, no home, a broken engine, a
download that cannot be kept. What is said, with which exit code, and that nothing is lost.

trouble_test.py NAESTRO_BINARY"""
import fcntl
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = json.loads((ROOT / "contracts/models/qwen2.5-coder-0.5b-instruct.json").read_text())
FIND = {"naestro": "plan/1", "goal": "g", "steps": [
    {"id": "find", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "alpha"}}],
    "outputs": {"count": "${steps.find.out.match_count}"}}
TELL = {"naestro": "plan/1", "goal": "g", "steps": [
    {"id": "tell", "do": {"model": {"task": "t", "model": "scripted", "max_input_tokens": 500,
                                    "max_output_tokens": 50}},
     "with": {"messages": [{"role": "user", "content": "hi"}]},
     "out": {"type": "object", "properties": {}, "additionalProperties": False}}],
    "outputs": {"said": "${steps.tell.out}"}}


def root_only(test):
    return unittest.skipUnless(os.geteuid() == 0, "needs rights that this user lacks")(test)


class Files(http.server.BaseHTTPRequestHandler):
    files = {}

    def do_GET(self):
        data = self.files[self.path]
        self.send_response(200)
        if not self.path.startswith("/unsaid"):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            pass  # the client has enough

    def log_message(self, *_):
        pass


class Trouble(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.folder.chmod(0o755)
        self.project = self.folder / "project"
        self.project.mkdir()
        (self.project / "a.txt").write_text("alpha\n")
        self.assets = self.folder / "assets"
        self.env = dict(os.environ, HOME=str(self.folder),
                        XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"), NAESTRO_ASSETS=str(self.assets))

    def naestro(self, *words, code=0, says=None, **more):
        more = {"env": self.env, "cwd": self.project, **more}
        done = subprocess.run([BINARY, *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if says is not None:
            self.assertRegex(done.stdout + done.stderr, says)
        return done.stdout

    def plan(self, plan):
        file = self.folder / "plan.json"
        file.write_text(json.dumps(plan))
        return str(file)

    def checks(self):
        done = subprocess.run([BINARY, "doctor", "--json"], env=self.env, capture_output=True,
                              text=True, timeout=120, cwd=self.project)
        return {check["id"]: check for check in json.loads(done.stdout)["checks"]}

    def mount(self, *words, on):
        on.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["mount", *words, on], capture_output=True)
        if done.returncode != 0:
            self.skipTest("mounting needs rights that this user lacks")
        self.addCleanup(subprocess.run, ["umount", on], capture_output=True)

    # The person and the words

    @root_only
    def test_a_user_without_a_name_and_a_home(self):
        bare = {"PATH": os.environ["PATH"], **{name: os.environ[name] for name in (
            "LLVM_PROFILE_FILE", "ASAN_OPTIONS") if name in os.environ}}
        other = lambda: os.setuid(54321)  # of nobody
        self.naestro("runs", env=bare, preexec_fn=other, code=2,
                     says="NE0008 this user has no home folder; set HOME")
        self.folder.chmod(0o777)
        work = self.folder / "mine"
        work.mkdir()
        work.chmod(0o777)
        env = dict(bare, HOME=str(work))
        self.naestro("run", self.plan(FIND), "-w", str(work), env=env, preexec_fn=other)
        out = self.naestro("why", "last", env=env, preexec_fn=other)
        self.assertRegex(out, r"policy +builtin.read")

    def test_words_that_end_at_once(self):
        self.naestro("--version", says=r"^naestro \d+\.\d+\.\d+\n$")
        self.naestro("plan", says=r"plan a goal; check and explain plans(.|\n)*Examples:")
        self.naestro(code=2, says="NE0801 .*subcommand.*; see 'naestro --help'")
        goal = "How many warranty claims in 2026-Q1?"
        plan = json.loads(self.naestro("plan", goal, "-w", str(ROOT / "examples/company")))
        self.assertEqual(plan["naestro"], "plan/1")
        self.naestro("plan", "What is love?", "-w", str(self.project), code=1, says="NE0708")

    def test_values_of_the_configuration(self):
        for word, says in (("mode=yolo", "mode is one of guide, copilot, auto, found 'yolo'"),
                           ("limits.usd=much", "limits.usd is an amount in US dollars such as 0.05"),
                           ("limits.tokens=few", "limits.tokens is a whole number, 0 or more, found"),
                           ("limits.tool_calls=-1", "limits.tool_calls is a whole number"),
                           ("limits.tokens=99999999999999999999", "a whole number"),
                           ("model=gpt", "no model is called 'gpt'; there are qwen"),
                           ("model=qwen2.5-coder-0.5b-instruc", "did you mean 'qwen2.5-coder-0.5b"),
                           ("model=scripted", "no model is called 'scripted'"),
                           ("assets=", "assets has no value; give one"),
                           ("limit.tokens=1", "did you mean 'limits.tokens'")):
            self.naestro("-c", word, "runs", code=2, says=says)
        for text, says in (
                ("model: [a]\n", r"naestro.yaml:1:8: .*model is the name of a model, found a"),
                ("workspace: {a: 1}\n", "workspace is a folder, found"),
                ("limits:\n  tokens: '12'\n", r":2:\d+: .*found the text '12'"),
                ("limits: 7\n", "'limits' should hold keys and values, found a word"),
                ("profiles: 7\n", "'profiles' should hold keys and values"),
                ("profiles:\n  a: 7\n", "'profiles.a' should hold keys and values"),
                ("- a\n", "expected keys and values, found a list"),
                ("assets: x\n", "a project's file may not say where programs and models lie"),
                ("workspace: ..\n", "workspace leads out of the project's folder")):
            with self.subTest(text):
                (self.project / "naestro.yaml").write_text(text)
                self.naestro("tools", code=2, says=says)
        (self.project / "naestro.yaml").write_text("profiles:\n  night:\n    mode: guide\n")
        for name, says in (("nigth", "did you mean 'night'"), ("zzzzzz", "there are night")):
            self.naestro("--profile", name, "tools", code=2, says=says)
        self.naestro("--profile", "night", "config", says=r"mode +guide +.*\(profile night\)")
        (self.project / "naestro.yaml").unlink()
        self.naestro("--profile", "x", "tools", code=2, says="the configuration has no profiles")
        (self.project / "naestro.yaml").mkdir()
        self.naestro("tools", code=1, says="it is not a regular file; mend or move the file")
        (self.project / "naestro.yaml").rmdir()
        os.mkfifo(self.project / "naestro.yaml")  # nobody waits for it
        self.naestro("tools", code=1, says="it is not a regular file")

    # Models

    def test_the_scripted_model_needs_its_script(self):
        plan = self.plan(TELL)
        self.naestro("run", plan, code=1, says="NE0601 the scripted model has no script; give its")
        self.naestro("run", plan, "--model-script", "no.json", code=2, says="NE0008")
        (self.project / "bad.json").write_text("{}")
        self.naestro("run", plan, "--model-script", "bad.json", code=2, says="no member 'answers'")

    def engine(self, script):
        """A script in the engine's place, and a file in the model's."""
        binary = self.assets / "llama/llama-server"
        binary.parent.mkdir(parents=True)
        binary.write_text("#!/bin/sh\n" + script)
        binary.chmod(0o755)
        file = self.assets / "models" / MODEL["file"]
        file.parent.mkdir()
        file.write_bytes(b"no model")
        return file

    def test_init_says_when_the_model_does_not_answer(self):
        file = self.engine("echo broken >&2; exit 3")
        out = self.naestro("init", says="NE0601 the model file .* has SHA-256")
        self.assertIn("Not ready for model steps: the test call failed", out)
        self.assertTrue((self.project / "naestro.yaml").exists())
        check = self.checks()["engine.model"]
        self.assertEqual(check["status"], "fail")
        file.unlink()
        self.assertEqual(self.checks()["engine.model"]["status"], "fail")
        file.mkdir()
        self.assertEqual(self.checks()["engine.model"]["status"], "fail")

    def test_a_model_file_of_another_hash_is_seen_once_it_was_hashed(self):
        file = self.engine("exit 0")
        info = file.stat()
        digest = hashlib.sha256(b"no model").hexdigest()
        note = self.assets / "models" / (MODEL["file"] + ".sha256")
        self.naestro("init")  # hashes it
        self.assertTrue(note.read_text().endswith(digest + "\n"))
        self.assertEqual(file.stat().st_mtime_ns, info.st_mtime_ns)
        check = self.checks()["engine.model"]
        self.assertRegex(check["meaning"], r"is another file than qwen.* pins")
        self.assertIn("remove it and run", check["remedy"])

    # Room and rights

    @root_only
    def test_doctor_sees_what_cannot_be_written(self):
        self.mount("-t", "tmpfs", "-o", "ro", "none", on=self.folder / "state")
        check = self.checks()["state.folder"]
        self.assertEqual(check["status"], "fail")
        self.assertRegex(check["meaning"], "state.* cannot be written")

    @root_only
    def test_doctor_sees_how_much_room_there_is(self):
        for size, status, says in (("1m", "fail", "runs would stop"), ("60m", "warn", "MiB free")):
            self.mount("-t", "tmpfs", "-o", f"size={size}", "none", on=self.folder / "state")
            check = self.checks()["state.folder"]
            self.assertEqual((check["status"], check["remedy"]), (status, "free some space"), check)
            self.assertIn(says, check["meaning"])
            subprocess.run(["umount", self.folder / "state"], check=True)

    @root_only
    def test_a_key_of_another_user_is_not_mine(self):
        self.naestro("init")
        key = self.folder / "data/naestro/signing.key"
        os.chown(key, 54321, 54321)
        check = self.checks()["key.signing"]
        self.assertEqual((check["status"], check["remedy"]), ("fail", "chown it to you"))

    def test_doctor_names_what_is_gone(self):
        self.naestro("run", self.plan(FIND))
        keys = self.folder / "state/naestro/keys.db"
        keys.write_bytes(b"garbage" * 999)
        self.assertEqual(self.checks()["store.keys"]["status"], "fail")
        keys.unlink()
        self.assertRegex(self.checks()["store.keys"]["meaning"], "is gone: what the runs")
        (self.folder / "data/naestro/signing.key").unlink()
        checks = self.checks()
        self.assertRegex(checks["key.signing"]["meaning"], "is gone: what the store holds")
        self.assertEqual(checks["store.tail"]["remedy"], "see key.signing")

    # Downloads

    def serve(self, path, data):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        Files.files[path] = data
        return f"http://127.0.0.1:{server.server_port}{path}"

    def pull(self, path, data, *words, **more):
        return self.naestro("models", "pull", self.serve(path, data), "--sha256",
                            hashlib.sha256(data).hexdigest(), *words, **more)

    def part(self, name, data):
        self.models = self.assets / "models"
        self.models.mkdir(parents=True, exist_ok=True)
        return self.models / f"{name}.gguf.{hashlib.sha256(data).hexdigest()[:16]}.part"

    def test_two_downloads_of_one_file_do_not_mix(self):
        data = b"GGUF" + bytes(1000)
        part = self.part("tiny", data)
        with open(part, "wb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.pull("/tiny.gguf", data, code=1, says="NE0206 another process downloads")
        self.assertEqual(part.read_bytes(), b"")

    def test_a_download_that_cannot_be_kept(self):
        data = b"GGUF" + bytes(1000)
        part = self.part("tiny", data)
        part.mkdir()  # in its place
        self.pull("/tiny.gguf", data, code=1,
                  says="NE0007 .*part cannot be opened: Is a directory; check the folder, or choose")
        part.rmdir()
        (self.models / "tiny.gguf").mkdir()
        (self.models / "tiny.gguf/x").touch()
        self.pull("/tiny.gguf", data, code=1, says="NE0007|NE0")
        self.naestro("models", says="local/1")

    def test_a_part_that_is_no_model_is_begun_anew(self):
        data = b"GGUF" + bytes(5000)
        self.part("tiny", data).write_bytes(b"<html>an error page of a proxy</html>")
        self.pull("/tiny.gguf", data)
        self.assertEqual((self.models / "tiny.gguf").read_bytes(), data)

    def test_a_download_of_unknown_length_shows_what_came(self):
        data = b"GGUF" + bytes(9_000_000)
        self.pull("/unsaid.gguf", data, says=r"\d+ MB|Pulled unsaid")
        for name in ("-x", ".x", "x" * 65, "a b"):
            self.pull("/unsaid.gguf", data, f"--name={name}", code=2)

    @root_only
    def test_a_download_without_room_says_how_much_is_missing(self):
        data = b"GGUF" + bytes(9_000_000)
        self.mount("-t", "tmpfs", "-o", "size=4m", "none", on=self.assets)
        self.pull("/big.gguf", data, code=1, says=r"NE0204 9 MB are to come, and .* has \d+ MB left; "
                                                  r"make room")
        self.pull("/unsaid.gguf", data, code=1, says="NE0204 .*; make room")
        subprocess.run(["mount", "-o", "remount,size=200m", self.assets], check=True)
        self.pull("/unsaid.gguf", data)  # as it said
        self.assertEqual((self.assets / "models/unsaid.gguf").read_bytes(), data)

    # Proofs

    def test_a_proof_is_json_too(self):
        self.naestro("run", self.plan(FIND))
        run = json.loads(self.naestro("show", "last", "--json"))["run"]
        for name in ("1", f"{run}/1"):
            (self.folder / "proof.json").write_text(self.naestro("audit", "prove", run, name))
            told = json.loads(self.naestro("audit", "verify", "--file",
                                           str(self.folder / "proof.json"), "--json"))
            self.assertEqual(told["findings"], [])
        for name in ("x", "-1", "1.5", "99"):
            self.naestro("audit", "prove", run, "--", name, code=2)
        (self.folder / "proof.json").write_text(
            (self.folder / "proof.json").read_text().replace("plan.compiled", "plan.complied"))
        self.naestro("audit", "verify", "--file", str(self.folder / "proof.json"), "--json", code=1)
        (self.folder / "proof.json").write_text("{}")
        self.naestro("audit", "verify", "--file", str(self.folder / "proof.json"), code=1,
                     says="FOUND malformed: bundle")
        self.naestro("audit", "verify", "--file", str(self.folder / "no.json"), code=2)
        self.naestro("export", run)  # into the current folder
        self.assertTrue((self.project / f"{run}.naestro.json").exists())
        self.naestro("export", run, code=2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
