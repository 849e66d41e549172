#!/usr/bin/env python3
"""`models pull` through the real binary, from a server of this file: the whole file, parts of it, what is
refused, an interrupt, a full disk.

pull_test.py NAESTRO_BINARY"""
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time
import unittest

import words_test as base

ASSETS = pathlib.Path(os.environ.get("NAESTRO_ASSETS", base.ROOT / "build/assets"))
REAL = ASSETS / "models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"


class Server(http.server.BaseHTTPRequestHandler):
    """Serves files with ranges; what was asked for is kept."""
    files = {}
    asked = []
    waits = threading.Event()  # what /slow/ waits for in the middle of a file

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
        if not self.path.startswith("/unsized/"):
            self.send_header("Content-Length", str(size - begin))
        self.end_headers()
        try:
            if self.path.startswith("/slow/") and not begin:
                self.wfile.write(data[:50_000])
                self.waits.wait(60)
            elif isinstance(data, bytes):
                self.wfile.write(data[begin:])
            else:
                with data.open("rb") as file:
                    file.seek(begin)
                    shutil.copyfileobj(file, self.wfile)
        except OSError:
            pass  # the client has enough

    def log_message(self, *_):
        pass


class Pull(base.Home):
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

    def test_an_interrupt_keeps_what_is_there(self):
        data = self.gguf()
        sha256 = hashlib.sha256(data).hexdigest()
        url = self.serve("/slow/tiny.gguf", data)
        self.addCleanup(Server.waits.set)
        process = subprocess.Popen([base.BINARY, "models", "pull", url, "--sha256", sha256],
                                   env=self.env, stderr=subprocess.PIPE, text=True)
        part = self.models / f"tiny.gguf.{sha256[:16]}.part"
        until = time.monotonic() + 30
        while time.monotonic() < until and not (part.exists() and part.stat().st_size == 50_000):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.wait(timeout=20), 130)
        self.assertRegex(said, "NE0705 the download of tiny was stopped, 50000 bytes of it are "
                               "kept; give the same command again: it goes on from there")
        self.assertNotIn("tiny", self.listed())
        self.pull(url, data)
        self.assertEqual(Server.asked[1:], [("/slow/tiny.gguf", "bytes=50000-")])
        self.assertEqual([file.name for file in self.models.iterdir()], ["tiny.gguf"])

    def test_a_full_disk(self):
        self.models.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "none", self.models]
        if subprocess.run([*mount, "-o", "size=1m"], capture_output=True).returncode != 0:
            self.skipTest("mounting needs rights that this user lacks")
        self.addCleanup(subprocess.run, ["umount", self.models], capture_output=True)
        data = self.gguf() + bytes(70_000_000)
        self.pull(self.serve("/tiny.gguf", data), data, code=1)
        self.assertRegex(self.err, "NE0204 70 MB are to come, and .* has 1 MB left; make room")
        self.assertEqual(list(self.models.iterdir()), [])
        subprocess.run([*mount[:3], "-o", "remount,size=66m", *mount[3:]], check=True)
        url = self.serve("/unsized/tiny.gguf", data)
        self.pull(url, data, code=1)
        self.assertRegex(self.err, "NE0204 .*No space left on device; make room and call it again")
        self.assertNotIn("tiny", self.listed())
        subprocess.run([*mount[:3], "-o", "remount,size=200m", *mount[3:]], check=True)
        self.pull(url, data)
        self.assertRegex(Server.asked[-1][1], r"bytes=6\d{7}-")
        self.assertEqual([file.name for file in self.models.iterdir()], ["tiny.gguf"])

    def test_what_is_refused_leaves_nothing(self):
        data = self.gguf()
        url = self.serve("/tiny.gguf", data)
        self.naestro("models", "pull", url, code=2)
        self.pull(url, "12", code=2)
        self.pull(url, "0" * 64, code=1)
        self.assertIn("NE0009", self.err)
        page = b"<html>no model</html>" * 9
        self.pull(self.serve("/page.gguf", page), page, code=2)
        self.assertIn("is not a GGUF file", self.err)
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
        self.assertEqual(list(self.models.iterdir()), [])
        self.assertNotIn("tiny", self.listed())
        self.pull(self.serve("/to?/tiny.gguf", None), data, "--name", "tiny")
        self.assertIn("tiny", self.listed())

    @unittest.skipUnless(REAL.exists(), "the model is not installed")
    def test_the_real_model_is_pulled_and_asked(self):
        sha256 = json.loads((base.ROOT / "contracts/models/qwen2.5-coder-0.5b-instruct.json")
                            .read_text())["file_sha256"]
        out = self.pull(self.serve("/real.gguf", REAL), sha256)
        self.assertNotIn("Warning", out)
        self.assertEqual(self.listed()["real"]["context_tokens"], 4096)
        (self.folder / "assets/llama").symlink_to(ASSETS / "llama")
        self.naestro("doctor", "--live", "-c", "model=real", code=0)


if __name__ == "__main__":
    unittest.main(argv=base.sys.argv[:1])
