#!/usr/bin/env python3
"""A model's server that never ends, says nothing, says nonsense, or breaks off: the caps and the time
limit hold, the step fails with what was wrong and how to mend it, and nothing is lost. Through the
real binary, which starts the server of this file in place of the engine.

far_side_test.py NAESTRO_BINARY"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()
ENGINE = r'''#!SYS_EXECUTABLE
import http.server, pathlib, socketserver, sys, time
MODE = (pathlib.Path(__file__).parent / "mode").read_text()
START = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
FIRST = b'data: {"choices":[{"delta":{"content":"{"}}]}\n\n'

class Engine(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def address_string(self): return "local"
    def log_message(self, *_): pass
    def whole(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.whole(b"{}")
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.close_connection = True
        try:
            if self.path == "/apply-template": self.whole(b'{"prompt":"x"}')
            elif self.path == "/tokenize": self.tokens()
            else: self.chat()
        except OSError:
            pass  # the client has enough
    def tokens(self):
        if MODE == "count for ever":
            self.wfile.write(START + b'{"tokens":[')
            while True: self.wfile.write(b"1," * 4096)
        self.whole(b'{"tokens":[1,2]}' if MODE != "count in html" else b"<html>gateway</html>")
    def chat(self):
        out = self.wfile.write
        if MODE == "silent": time.sleep(99)
        if MODE == "html": return self.whole(b"<html>hello</html>")
        if MODE == "bad gateway": return self.whole(b"<html>502 Bad Gateway</html>", 502)
        if MODE == "headers for ever":
            out(b"HTTP/1.1 200 OK\r\n")
            while True: out(b"X-More: more\r\n" * 100)
        out(START)
        if MODE == "headers only": time.sleep(99)
        out(FIRST)
        if MODE == "cut": return
        if MODE == "cut in a line": return out(b'data: {"choi')
        if MODE == "dies": import os; os._exit(7)
        if MODE == "nonsense": return out(b"data: 7\n\n")
        if MODE == "stops": time.sleep(99)
        while MODE == "for ever": out(FIRST.replace(b'"{"', b'"more "'))
        while MODE == "for ever, slowly":
            out(FIRST)
            time.sleep(0.1)
        while MODE == "comments for ever": out(b": still here\n")
        while MODE == "comments for ever, slowly":
            out(b": still here\n")
            time.sleep(0.1)
        while MODE == "one line": out(b"data: " + b"x" * 4096)

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
if MODE == "dies at once": sys.exit("no such model architecture")
Server(sys.argv[sys.argv.index("--host") + 1], Engine).serve_forever()
'''
PLAN = {
    "naestro": "plan/1", "goal": "tell", "inputs": {},
    "steps": [
        {"id": "find", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "alpha"}},
        {"id": "tell", "timeout_s": 4,
         "do": {"model": {"task": "t", "model": "fake", "max_input_tokens": 500,
                          "max_output_tokens": 50}},
         "with": {"messages": [{"role": "user", "content": "${steps.find.out.match_count}"}]},
         "out": {"type": "object", "properties": {"said": {"type": "string", "maxLength": 99}},
                 "required": ["said"], "additionalProperties": False}}],
    "outputs": {"said": "${steps.tell.out.said}"}}


class FarSide(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.work = self.folder / "work"
        self.work.mkdir()
        (self.work / "a.txt").write_text("alpha\n")
        (self.folder / "plan.json").write_text(json.dumps(PLAN))
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"),
                        NAESTRO_ASSETS=str(self.folder / "assets"))
        engine = self.folder / "assets/llama/llama-server"
        engine.parent.mkdir(parents=True)
        engine.write_text(ENGINE.replace("SYS_EXECUTABLE", sys.executable))
        engine.chmod(0o755)
        self.mode = engine.parent / "mode"
        weights = self.folder / "assets/models/fake.gguf"
        weights.parent.mkdir()
        weights.write_bytes(b"GGUF")
        contract = self.folder / "data/naestro/models/fake.json"
        contract.parent.mkdir(parents=True)
        contract.write_text(json.dumps({
            "name": "fake", "kind": "model.local", "file": "fake.gguf",
            "file_sha256": hashlib.sha256(b"GGUF").hexdigest(), "context_tokens": 2048,
            "usd_per_mtok_in": "0", "usd_per_mtok_out": "0", "price_list": "local/1",
            "licence": "none"}))

    def naestro(self, *words, code=0, says=""):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        out = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, out)
        self.assertRegex(out, says or ".*")
        return out

    def fails(self, mode, says, seconds=20):
        with self.subTest(mode):
            self.mode.write_text(mode)
            began = time.monotonic()
            out = self.naestro("run", str(self.folder / "plan.json"), "-w", str(self.work), code=1,
                               says=r"(?m)^Answer: none: step tell: " + says)
            for twice in ("NE0707", "[step=", "[code="):
                self.assertNotIn(twice, out)
            self.naestro("show", "last", says="(?m)^Why:     " + says[:6])
            self.assertLess(time.monotonic() - began, seconds)
            self.assertLess(len(out), 10_000)  # what was sent is not said back
            self.assertRegex(out, "(?m)^done +find$")

    def tearDown(self):
        self.naestro("audit", "verify", says="Good")
        self.naestro("replay", "last", code=0)

    def test_what_never_ends_meets_its_cap(self):
        self.fails("for ever", "NE0602 .*NE0003 .*bytes; ")
        self.fails("comments for ever", "NE0602 .*NE0003 .*bytes; ")
        self.fails("one line", "NE0602 .*NE0003 .*bytes; ")
        self.fails("count for ever", "NE0602 .*NE0003 .*bytes; ")
        self.fails("headers for ever", "NE0602 .*; ")

    def test_what_hangs_meets_the_time_limit(self):
        for mode in ("silent", "headers only", "stops", "for ever, slowly",
                     "comments for ever, slowly"):
            self.fails(mode, "NE0605 .*; raise .*timeout_s")

    def test_what_is_no_answer_is_named(self):
        self.fails("html", "NE0602 .*; ")
        self.fails("bad gateway", "NE0602 .*502 Bad Gateway.*; ")
        self.fails("count in html", "NE0602 /tokenize .*no JSON object: <html>gateway</html>; ")
        self.fails("nonsense", "NE0602 .*no JSON object: 7; ")

    def test_what_breaks_off(self):
        self.fails("cut", "NE0602 the stream ended before the answer did; ")
        self.fails("cut in a line", "NE0602 the stream ended before the answer did; ")
        self.fails("dies", "NE0602 .*exit.* 7.*; ")
        self.fails("dies at once", "NE0602 .*no such model architecture.*; ")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
