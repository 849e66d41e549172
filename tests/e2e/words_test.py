#!/usr/bin/env python3
"""The words of the command line through the real binary: completion, help with examples, JSON.

words_test.py NAESTRO_BINARY"""
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
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
        self.assertEqual(self.complete("re"), ["resume", "refuse", "replay"])
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
        self.assertEqual(self.in_bash("re"), ["resume", "refuse", "replay"])
        self.assertEqual(self.in_bash("plan", "d"), ["diff"])
        self.assertEqual(self.in_bash("run", "--mode", "=", "g"), ["guide"])
        self.assertEqual(self.in_bash("run", "--mode", "="), ["guide", "copilot", "auto"])
        self.assertEqual(self.in_bash("run", "a"), ["a file.txt"])
        self.assertEqual(self.in_bash("run", "-w", "b"), ["below"])
        run = self.run_plan()
        self.assertEqual(self.in_bash("why", run[:6]), [run])

    def test_a_broken_configuration_does_not_stop_it(self):
        (self.folder / "naestro.yaml").write_text("mode: [\n")
        self.naestro("runs", code=2)
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
                      ["consents"], ["tools"], ["models"], ["features"], ["config"],
                      ["audit", "verify"], ["plan", "check", "plan.json"],
                      ["plan", "explain", "plan.json"],
                      ["plan", "diff", "plan.json", "plan.json"]):
            with self.subTest(words):
                value = json.loads(self.naestro(*words, "--json"))
                command = " ".join(word for word in words if word not in ("last", "plan.json"))
                section = page.split(f"\n## {command}\n", 1)[1].split("\n## ", 1)[0]
                for members in ([value] if isinstance(value, dict) else value):
                    for member in (members if command != "config" else ["value", "origin"]):
                        self.assertIn(f"`{member}`", section)

ASSETS = pathlib.Path(os.environ.get("NAESTRO_ASSETS", ROOT / "build/assets"))
REAL = ASSETS / "models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"


class Server(http.server.BaseHTTPRequestHandler):
    """Serves files with ranges; what was asked for is kept."""
    files = {}
    asked = []

    def do_GET(self):
        self.asked.append((self.path, self.headers.get("Range")))
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data = self.files.get(self.path)
        if data is None:
            self.send_error(404)
            return
        size = data.stat().st_size if isinstance(data, pathlib.Path) else len(data)
        begin = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        if begin >= size:
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(size - begin))
        self.end_headers()
        try:
            if isinstance(data, bytes):
                self.wfile.write(data[begin:])
            else:
                with data.open("rb") as file:
                    file.seek(begin)
                    shutil.copyfileobj(file, self.wfile)
        except OSError:
            pass  # the client has enough

    def log_message(self, *_):
        pass


class Pull(Home):
    def setUp(self):
        super().setUp()
        Server.files, Server.asked = {}, []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.env["NAESTRO_ASSETS"] = str(self.folder / "assets")
        self.models = self.folder / "assets/models"

    def serve(self, path, data):
        Server.files[path] = data
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    @staticmethod
    def gguf(size=100_000):
        def text(value):
            return len(value).to_bytes(8, "little") + value
        entry = (text(b"general.license") + (8).to_bytes(4, "little") + text(b"mit") +
                 text(b"tiny.context_length") + (4).to_bytes(4, "little") +
                 (512).to_bytes(4, "little"))
        head = b"GGUF" + (3).to_bytes(4, "little") + bytes(8) + (2).to_bytes(8, "little") + entry
        return head + bytes(range(256)) * (size // 256)

    def pull(self, url, data, *words, code=0):
        sha256 = data if isinstance(data, str) else hashlib.sha256(data).hexdigest()
        return self.naestro("models", "pull", url, "--sha256", sha256, *words, code=code)

    def listed(self):
        return {row["name"]: row for row in json.loads(self.naestro("models", "--json"))}

    def test_a_model_is_pulled_and_listed(self):
        data = self.gguf()
        url = self.serve("/a/Tiny.gguf", data)
        out = self.pull(url, data)
        self.assertIn("Pulled tiny", out)
        self.assertIn("no chat template", out)
        self.assertIn("100%", self.err)
        self.assertEqual((self.models / "tiny.gguf").read_bytes(), data)
        row = self.listed()["tiny"]
        self.assertEqual((row["context_tokens"], row["licence"], row["file"]),
                         (512, "mit", "tiny.gguf"))
        self.assertEqual([row["name"] for row in json.loads(
            self.naestro("models", "--json"))][0], "qwen2.5-coder-0.5b-instruct")
        self.assertIn("There already", self.pull(url, data))
        self.assertEqual(len(Server.asked), 1)
        self.naestro("config", "-c", "model=tiny")
        other = self.gguf(5000)
        self.pull(self.serve("/tiny.gguf", other), other, code=2)
        self.pull(self.serve("/tiny.gguf", other), other, "--name", "scripted", code=2)
        self.pull(self.serve("/tiny.gguf", other), other, "--name", "other")
        self.assertIn("other", self.listed())

    def test_a_part_is_gone_on_with(self):
        data = self.gguf()
        sha256 = hashlib.sha256(data).hexdigest()
        self.models.mkdir(parents=True)
        part = self.models / f"tiny.gguf.{sha256[:16]}.part"
        part.write_bytes(data[:1000])
        self.pull(self.serve("/tiny.gguf", data), data)
        self.assertEqual(Server.asked, [("/tiny.gguf", "bytes=1000-")])
        self.assertEqual((self.models / "tiny.gguf").read_bytes(), data)
        self.assertFalse(part.exists())
        (self.models / f"all.gguf.{sha256[:16]}.part").write_bytes(data)
        self.pull(self.serve("/all.gguf", data), data)  # 416: nothing more to come

    def test_what_is_refused_leaves_nothing(self):
        data = self.gguf()
        url = self.serve("/tiny.gguf", data)
        self.naestro("models", "pull", url, code=2)
        self.pull(url, "12", code=2)
        self.pull(url, "0" * 64, code=1)
        self.assertIn("NE0009", self.err)
        page = b"<html>no model</html>" * 9
        self.pull(self.serve("/page.gguf", page), page, code=2)
        self.assertIn("is no GGUF file", self.err)
        self.pull(self.serve("/short.gguf", b"GG"), b"GG", code=2)
        self.pull(self.serve("/gone.gguf", None), data, code=1)
        self.pull(url, data, "--name", "../x", code=2)
        self.pull(self.serve("/", data), data, code=2)
        for bad in ("http://example.org/tiny.gguf", "http://localhost@example.org/tiny.gguf",
                    "http://localhost.example.org/tiny.gguf", "ftp://localhost/tiny.gguf"):
            self.pull(bad, data, code=2)
            self.assertIn("by https", self.err)
        self.pull(self.serve("/to?http://example.org/x.gguf", None), data, "--name", "x", code=2)
        self.assertIn("by https", self.err)
        self.assertEqual([file.name for file in self.models.iterdir() if file.stat().st_size], [])
        self.assertNotIn("tiny", self.listed())
        self.pull(self.serve("/to?/tiny.gguf", None), data, "--name", "tiny")
        self.assertIn("tiny", self.listed())

    @unittest.skipUnless(REAL.exists(), "the model is not installed")
    def test_the_real_model_is_pulled_and_asked(self):
        sha256 = json.loads((ROOT / "contracts/models/qwen2.5-coder-0.5b-instruct.json")
                            .read_text())["file_sha256"]
        out = self.pull(self.serve("/real.gguf", REAL), sha256)
        self.assertNotIn("Warning", out)
        self.assertEqual(self.listed()["real"]["context_tokens"], 4096)
        (self.folder / "assets/llama").symlink_to(ASSETS / "llama")
        self.naestro("doctor", "--live", "-c", "model=real", code=0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
