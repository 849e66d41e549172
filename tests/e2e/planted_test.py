#!/usr/bin/env python3
"""Secrets (2,000; 10,000 where figures are kept) in twelve encodings through the real binary: what tools read and write, what a model
answers in chunks cut anywhere, errors of a server, names of columns, and everything that Naestro
prints, keeps and exports. Nothing of them may be left. grep looks for it, as texts.

planted_test.py NAESTRO_BINARY [FIGURES.json]"""
import base64
import http.server
import json
import pathlib
import random
import subprocess
import sys
import threading
import unittest
import urllib.parse

from own_world import BINARY, OwnWorld

FIGURES = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
SEED = 31
KEPT, LINES = 50 if FIGURES else 10, 200  # secrets of many lines: each line is a value of its own
SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+=&<>\"'\\%$~#öß€"


def each(value, form):
    return "".join(form % byte for byte in value.encode())


def units(value, form):
    return "".join(form % ord(sign) for sign in value)


def encodings(value, turn):
    """Twelve: as it stands there, and what of it must not be left. In base64 the ends may be of
    other bytes."""
    raw = value.encode()
    plain = base64.b64encode(raw).decode()
    shifted = base64.b64encode(b"x" * (1 + turn % 2) + raw + b"yyy").decode()
    url = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    whole = [value, raw.hex(), raw.hex().upper(), urllib.parse.quote(value, safe=""),
             each(value, "%%%02X"), units(value, "\\u%04x"), units(value, "&#%d;"),
             each(value, "=%02X"), value[::-1]]
    return ([(one, one) for one in whole] +
            [(one, one[4:-6]) for one in (plain, shifted, url)])


class Planted(OwnWorld):
    def setUp(self):
        super().setUp()
        chance = random.Random(SEED)
        self.values = [["k" + "".join(chance.choices(SIGNS, k=chance.randint(12, 22))) + "z"
                        for _ in range(LINES)] for _ in range(KEPT)]
        self.chance = chance
        self.patterns = self.folder / "patterns"
        with self.patterns.open("w") as out:
            for group in self.values:
                for turn, value in enumerate(group):
                    for _, core in encodings(value, turn):
                        # As it is, and as JSON and JSON in JSON write it.
                        once = json.dumps(core, ensure_ascii=False)[1:-1]
                        twice = json.dumps(once, ensure_ascii=False)[1:-1]
                        out.write("\n".join({core, once, twice}) + "\n")
        for at, group in enumerate(self.values):
            self.naestro_in("\n".join(group) + "\n", "vault", "set", f"K{at}")
        self.seen = self.folder / "seen"
        self.seen.mkdir()
        self.counts = {}

    def naestro_in(self, text, *words):
        done = subprocess.run([BINARY, *words], env=self.env, input=text.encode(),
                              capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)

    def call(self, *words, code=0):
        """Keeps what it prints, to be looked at."""
        done = subprocess.run([BINARY, *map(str, words)], env=self.env, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=300, cwd=self.work)
        name = f"{len(list(self.seen.iterdir())):03} " + "-".join(
            str(word).replace("/", "_")[:20] for word in words[:3])
        (self.seen / name).write_bytes(done.stdout + done.stderr)
        if code is not None:
            self.assertEqual(done.returncode, code, (words, done.stdout[-1500:], done.stderr[-1500:]))
        return done.stdout.decode()

    def forms(self, group):
        return [[form for form, _ in encodings(value, turn)] for turn, value in enumerate(group)]

    def run_plan(self, steps, outputs, *words, items=(), code=0):
        file = self.folder / "plan.json"
        file.write_text(json.dumps({
            "naestro": "plan/1", "goal": "look", "steps": steps, "outputs": outputs,
            "inputs": {"items": {"schema": {"type": "array", "maxItems": KEPT, "items": {
                "type": ["string", "integer"], "maxLength": 20}}, "value": list(items)}}}))
        return self.call("run", file, "-w", self.work, *words, code=code)

    def approved(self, steps, outputs, items=()):
        self.run_plan(steps, outputs, items=items, code=5)
        question, = json.loads(self.call("consents", "--json"))
        self.call("approve", question["run"], question["digest"])
        self.call("resume", question["run"])

    def looked_at(self):
        """All that was printed or kept but what was planted."""
        planted = {self.work, self.patterns, self.folder / "plan.json"}
        return [path for path in self.folder.rglob("*") if path.is_file() and not planted & {
            path, *path.parents} or path.parent == self.work / "out"]

    def nothing_is_left(self, what):
        files = self.looked_at()
        found = subprocess.run(["grep", "-a", "-c", "-F", "-f", self.patterns, *files],
                               capture_output=True, env={"LC_ALL": "C"}, timeout=600).stdout
        hits = [line for line in found.decode().splitlines() if not line.endswith(":0")]
        for line in hits:
            file = line.rpartition(":")[0]
            pieces = subprocess.run(["grep", "-a", "-o", "-F", "-f", self.patterns, file],
                                    capture_output=True, env={"LC_ALL": "C"}).stdout.splitlines()
            self.fail(f"{what}: {file} has {len(pieces)}, such as {pieces[:5]}")
        self.counts[what] = {"files": len(files), "bytes": sum(file.stat().st_size
                                                              for file in files), "leaks": 0}

    def printed(self):
        for words in (["show", "last"], ["show", "last", "--json"], ["show", "last", "--events"],
                      ["show", "last", "--events", "--json"], ["why", "last"], ["runs"],
                      ["runs", "--json"], ["replay", "last"]):
            self.call(*words)

    def test_nothing_of_ten_thousand_is_left(self):
        # grep finds what was planted, where it was.
        (self.work / "out").mkdir()
        probe = self.work / "out/probe"
        probe.write_text(self.forms(self.values[7])[3][5])
        with self.assertRaises(AssertionError):
            self.nothing_is_left("probe")
        probe.unlink()
        self.files()
        self.members()
        self.model()
        self.exports()
        if FIGURES:
            FIGURES.write_text(json.dumps({
                "secrets": KEPT * LINES, "encodings": 12, "leaks": 0, "ways": self.counts},
                indent=2) + "\n")

    def files(self):
        """What tools read, find and write."""
        for at, group in enumerate(self.values):
            lines = [f"line {turn} " + " | ".join(forms)
                     for turn, forms in enumerate(self.forms(group))]
            (self.work / f"f{at:02}.txt").write_text("\n".join(lines) + "\n")
        names = [f"f{at:02}.txt" for at in range(KEPT)]
        self.approved([
            {"id": "read", "for_each": {"in": "${inputs.items}", "max": KEPT},
             "do": {"tool": "files.read@1"}, "with": {"path": "${item}"}},
            {"id": "one", "do": {"tool": "files.read@1"}, "with": {"path": names[0]}},
            {"id": "find", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "line"}},
            {"id": "list", "do": {"tool": "files.list@1"}, "with": {"path": "."}},
            {"id": "write", "needs": ["read"], "do": {"tool": "report.markdown@1"},
             "with": {"path": "out/report.md", "title": "All",
                      "sections": [{"heading": "h", "text": "${steps.one.out.text}"}]}}],
            {"read": "${steps.read.out}", "find": "${steps.find.out}",
             "list": "${steps.list.out}"}, items=names)
        said = self.call("show", "last", "--json")
        self.assertGreater(said.count("⟦secret:K"), KEPT * LINES)
        self.printed()
        self.nothing_is_left("files")

    def members(self):
        """Names of columns, and errors that name what they did not like."""
        for at in range(0, KEPT, 10):
            row = list(dict.fromkeys(self.forms(self.values[at])[at]))
            # Two columns with one name are refused, and so is a table without the column that is asked for.
            for names, more, code in ((row[:1], {}, 0), (row, {}, 1), (row[:1], {"select": ["no"]}, 1)):
                header = ",".join('"' + name.replace('"', '""') + '"' for name in names)
                (self.work / "table.csv").write_text(header + ",n\n" + "1," * len(names) + "2\n")
                self.run_plan([{"id": "all", "do": {"tool": "csv.query@1"},
                                "with": {"file": "table.csv", **more}}],
                              {"all": "${steps.all.out}"}, code=code)
                self.call("show", "last", "--json")
            self.printed()
            (self.work / "bad.json").write_text('{"a": ' + row[0] + "\n" + "|".join(row))
            self.run_plan([{"id": "all", "do": {"tool": "json.query@1"},
                            "with": {"file": "bad.json"}}], {"all": "${steps.all.out}"}, code=None)
        self.nothing_is_left("members and errors")

    def model(self):
        """Answers in chunks cut anywhere, and what a server says when it fails."""
        planted, chance = self, self.chance

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                at = int(asked["messages"][-1]["content"].split()[-1])
                text = " | ".join(form for forms in planted.forms(planted.values[at % KEPT])[:40]
                                  for form in forms)
                if at >= KEPT:
                    body = json.dumps({"error": {"message": text}}).encode()
                    self.send_response(400)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                answer = json.dumps({"says": text})
                while answer:
                    size = chance.randint(1, 60)
                    chunk = {"choices": [{"index": 0, "delta": {"content": answer[:size]}}]}
                    answer = answer[size:]
                    self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
                end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                       "usage": {"prompt_tokens": 10, "completion_tokens": 20}}
                self.wfile.write(b"data: " + json.dumps(end).encode() + b"\n\ndata: [DONE]\n\n")

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.naestro_in("the-key-of-the-far-server\n", "vault", "set", "FAR_KEY")
        self.call("models", "add", "far", "--url", f"http://127.0.0.1:{server.server_address[1]}/v1",
                  "--context", "100000", "--key-env", "FAR_KEY")

        ask = [{"id": "ask", "for_each": {"in": "${inputs.items}", "max": KEPT},
                "do": {"model": {"task": "draft", "max_input_tokens": 1200,
                                 "max_output_tokens": 60000}},
                "with": {"messages": [{"role": "user", "content": "Say ${item}"}]},
                "out": {"type": "object", "properties": {"says": {"type": "string"}},
                        "required": ["says"], "additionalProperties": False}}]
        outputs = {"said": "${steps.ask.out}"}
        self.run_plan(ask, outputs, "-c", "model=far", items=range(0, KEPT, 5))
        self.assertGreater(self.call("show", "last", "--json").count("⟦secret:K"),
                           len(range(0, KEPT, 5)) * 40 * 11)
        self.printed()
        for at in (KEPT, KEPT + 7):
            self.run_plan(ask, outputs, "-c", "model=far", items=[at], code=1)
            self.printed()
        self.nothing_is_left("model")

    def exports(self):
        self.call("export", "last", "-o", self.folder / "sealed.json")
        for at, run in enumerate(json.loads(self.call("runs", "--json"))):
            self.call("export", run["run"], "--readable", "-o", self.folder / f"clear{at}.json")
        self.call("audit", "export", "-o", self.folder / "log")
        self.call("audit", "export", "-o", self.folder / "texts", "--readable")
        self.call("audit", "export", "-o", self.folder / "all", "--readable", "--with-private")
        self.call("audit", "verify")
        self.call("audit", "verify", "--file", self.folder / "texts")
        self.call("audit", "prove", "last", "3")
        self.call("vault", "list", "--json")
        self.nothing_is_left("exports")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
