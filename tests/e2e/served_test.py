#!/usr/bin/env python3
"""Models that a server answers for, through the real binary: a real llama-server on TCP with a key,
and servers that misbehave.

served_test.py NAESTRO_BINARY   (NAESTRO_ASSETS: the folder with the engine and the small model)"""
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

from chat_server import chat_server

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1]).resolve()
ASSETS = pathlib.Path(os.environ.get("NAESTRO_ASSETS", ROOT / "build/assets"))
SERVER = ASSETS / "llama/llama-server"
WEIGHTS = ASSETS / "models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
KEY = "served-secret-7f3a"

PLAN = {
    "naestro": "plan/1", "goal": "Ask a model",
    "steps": [{
        "id": "ask",
        "do": {"model": {"task": "classify", "max_input_tokens": 1200, "max_output_tokens": 40}},
        "with": {"messages": [{"role": "user", "content": "Which animal barks? JSON only."}]},
        "out": {"type": "object", "properties": {"animal": {"enum": ["cat", "dog", "horse"]}},
                "required": ["animal"], "additionalProperties": False}}],
    "outputs": {"animal": "${steps.ask.out.animal}"}}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.plan = self.folder / "plan.json"
        self.plan.write_text(json.dumps(PLAN))
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"), SERVED_KEY=KEY)

    def naestro(self, *words, code=0):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn(KEY, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def ask(self, model, code=0):
        return self.naestro("run", str(self.plan), "-w", str(self.folder), "-c", f"model={model}",
                            code=code)

    def serve(self, handle):
        """A server of one answer; handle(request) writes it."""
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    handle(self)
                except OSError:
                    pass  # the far side hung up, as it should

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_address[1]}/v1"

    def add(self, name, url, *words, code=0):
        return self.naestro("models", "add", name, "--url", url, "--context", "2048", *words,
                            code=code)

    def test_a_real_server_answers_with_its_key(self):
        if not SERVER.exists() or not WEIGHTS.exists():
            if "llama" in os.environ.get("NAESTRO_REQUIRE", ""):
                self.fail(f"{SERVER} or {WEIGHTS} is not there")
            self.skipTest("no engine here")
        port = free_port()
        engine = subprocess.Popen(
            [SERVER, "-m", WEIGHTS, "--host", "127.0.0.1", "--port", str(port), "--api-key", KEY,
             "-c", "2048", "--no-webui"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=dict(os.environ, LD_LIBRARY_PATH=str(SERVER.parent)))
        self.addCleanup(engine.wait)
        self.addCleanup(engine.kill)
        for _ in range(600):
            try:
                if urllib.request.urlopen(f"http://127.0.0.1:{port}/health").status == 200:
                    break
            except OSError:
                time.sleep(0.1)
        url = f"http://127.0.0.1:{port}/v1"
        self.assertIn("model.local", self.add("far", url, "--key-env", "SERVED_KEY"))
        self.assertIn("far", self.naestro("models"))
        out = self.ask("far")
        self.assertIn("dog", out)
        shown = json.loads(self.naestro("show", "last", "--json"))
        self.assertEqual(shown["state"], "done")
        self.naestro("replay", "last")
        self.naestro("audit", "verify")
        for path in self.folder.rglob("*"):  # the key is nowhere on disk
            if path.is_file():
                self.assertNotIn(KEY.encode(), path.read_bytes(), path)
        # Another key, none, and a server that is gone.
        self.env["SERVED_KEY"] = "wrong"
        self.assertIn("NE0606", self.ask("far", code=1))
        del self.env["SERVED_KEY"]
        self.assertIn("SERVED_KEY is not set", self.ask("far", code=1))
        self.env["SERVED_KEY"] = KEY
        engine.kill()
        engine.wait()
        self.assertIn(url, self.ask("far", code=1))

    def test_what_goes_to_another_machine_or_costs_is_asked(self):
        out = self.add("big", "https://models.example.org/v1", "--model", "big-1", "--key-env",
                       "SERVED_KEY", "--usd-in", "0.5", "--usd-out", "2")
        self.assertIn("model.cloud", out)
        out = self.ask("big", code=5)
        self.assertIn("model.cloud", out)
        self.assertIn("ask", out)
        explained = json.loads(self.naestro("plan", "explain", str(self.plan), "-w",
                                            str(self.folder), "-c", "model=big", "--json"))
        self.assertEqual(explained["bound"]["usd"], "0.00068")  # 1,200 in, 40 out
        self.assertIn("https://models.example.org/v1", out)  # to whom the data goes
        self.assertIn("NOT reversible", out)
        self.assertIn("--usd-in", self.add("proxy", "http://127.0.0.1:1/v1", "--cloud", code=2))
        self.assertIn("--usd-in", self.add("proxy", "https://a.example/v1", "--usd-out", "1",
                                           code=2))
        self.add("proxy", "http://127.0.0.1:1/v1", "--cloud", "--usd-in", "0", "--usd-out", "0")
        self.assertIn("model.cloud", self.ask("proxy", code=5))

    def test_money_is_spent_as_the_server_reports_it_and_never_beyond_the_cap(self):
        prices = ("--usd-in", "0.5", "--usd-out", "2")
        for name, (tokens_in, tokens_out), spent in (
                ("modest", (100, 20), 50_000 + 40_000),
                ("greedy", (10**9, 20), 680_000)):  # the cap: 1,200 in, 40 out
            with self.subTest(name), chat_server([{"animal": "dog"}], tokens_in,
                                                 tokens_out) as (url, _):
                self.add(name, url, *prices)
                self.ask(name)
                shown = json.loads(self.naestro("show", "last", "--json"))
                self.assertEqual(shown["steps"][0]["usage"]["usd_nano"], spent)
                self.naestro("replay", "last")

    def test_a_ceiling_in_money_stops_before_it_is_passed(self):
        plan = json.loads(json.dumps(PLAN))
        plan["steps"].append(dict(plan["steps"][0], id="again", needs=["ask"]))
        self.plan.write_text(json.dumps(plan))
        with chat_server([{"animal": "dog"}], 1200, 40) as (url, requests):
            self.add("dear", url, "--usd-in", "0.5", "--usd-out", "2")
            self.naestro("run", str(self.plan), "-w", str(self.folder), "-c", "model=dear",
                         "--max-usd", "0.00136")
            self.assertEqual(len(requests), 2)
            # Less than the bound: refused before anything is called.
            self.naestro("run", str(self.plan), "-w", str(self.folder), "-c", "model=dear",
                         "--max-usd", "0.00135", code=4)
            self.assertEqual(len(requests), 2)

    def test_orders_that_cannot_be(self):
        for words in (["x", "http://models.example.org/v1"], ["x", "https://a.example/v1/"],
                      ["x", "https://me:pw@a.example/v1"], ["x", "ftp://a.example"],
                      ["../x", "https://a.example/v1"], ["scripted", "https://a.example/v1"],
                      ["x", "https://a.example/v1", "--usd-in", "free"],
                      ["x", "https://a.example/v1", "--key-env", "A B"],
                      ["x", "https://a.example/v1", "--context", "0"]):
            said = self.add(words[0], words[1], "--usd-out", "1", *words[2:],
                            *([] if "--usd-in" in words else ["--usd-in", "1"]), code=2)
            self.assertIn("NE", said)
            self.assertNotIn("prices", said)
        self.assertFalse((self.folder / "data/naestro/models").exists())

    def test_servers_that_misbehave(self):
        def stream(request, lines):
            request.send_response(200)
            request.send_header("Content-Type", "text/event-stream")
            request.end_headers()
            for line in lines:
                request.wfile.write(line)

        def page(request):
            request.send_response(200)
            request.send_header("Content-Type", "text/html")
            request.end_headers()
            request.wfile.write(b"<html><body>Log in</body></html>")

        def refuse(request):
            request.send_response(429)
            request.end_headers()
            request.wfile.write(json.dumps({"error": {"message": f"slow down, {KEY}"}}).encode())

        def chunk(text):
            return b"data: " + json.dumps(
                {"choices": [{"index": 0, "delta": {"content": text}}]}).encode() + b"\n\n"

        def endless():
            while True:
                yield chunk("a" * 1000)

        def comments():
            while True:
                yield b": still here\n" * 1000

        def nonsense():
            yield chunk("the dog")
            yield b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
            yield b"data: [DONE]\n\n"

        cases = {"page": page, "busy": refuse,
                 "cut": lambda r: stream(r, [chunk('{"animal"')]),
                 "endless": lambda r: stream(r, endless()),
                 "comments": lambda r: stream(r, comments()),
                 "nonsense": lambda r: stream(r, nonsense()),
                 "line": lambda r: stream(r, [b"data: " + b"x" * 3_000_000])}
        for name, handle in cases.items():
            with self.subTest(name):
                self.add(name, self.serve(handle), "--key-env", "SERVED_KEY")
                begin = time.monotonic()
                out = self.ask(name, code=1)
                self.assertLess(time.monotonic() - begin, 30)
                self.assertRegex(out, r"NE06\d\d|NE07\d\d")
                self.naestro("audit", "verify")
        shown = json.loads(self.naestro("show", "last", "--json"))
        self.assertEqual(shown["state"], "failed")

    def test_a_server_that_never_ends_is_left_at_the_steps_time(self):
        def silent(request):
            request.send_response(200)
            request.end_headers()
            time.sleep(60)

        plan = json.loads(json.dumps(PLAN))
        plan["steps"][0]["timeout_s"] = 2
        self.plan.write_text(json.dumps(plan))
        self.add("silent", self.serve(silent))
        begin = time.monotonic()
        out = self.ask("silent", code=1)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertIn("timeout_s", out)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
