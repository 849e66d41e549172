#!/usr/bin/env python3
"""Secrets through the real binary: kept, used for a server's model, revoked, and in nothing that is
written or shown.

vault_test.py NAESTRO_BINARY"""
import base64
import http.server
import json
import os
import pty
import select
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

from own_world import BINARY, OwnWorld

VALUE = "sk-Vault/7f3a+\"9\\& bc"
TEXTS = [  # as others might write it
    VALUE, base64.b64encode(VALUE.encode()).decode(), base64.b64encode(b"x" + VALUE.encode()).decode(),
    base64.b64encode(b"key=" + VALUE.encode() + b";").decode(),
    base64.urlsafe_b64encode(b"ab" + VALUE.encode()).decode(), VALUE.encode().hex(),
    VALUE.encode().hex().upper(), urllib.parse.quote(VALUE, safe=""), urllib.parse.quote(VALUE),
    json.dumps(VALUE)[1:-1], VALUE[::-1], "".join(f"\\u{ord(c):04x}" for c in VALUE),
    "".join(f"&#{ord(c)};" for c in VALUE)]
# Inside of each of these stands the middle of what was encoded.
TRACES = sorted({text[6:-6] for text in TEXTS})

PLAN = {
    "naestro": "plan/1", "goal": "Ask a model, and read",
    "steps": [
        {"id": "ask", "do": {"model": {"task": "draft", "max_input_tokens": 1200,
                                       "max_output_tokens": 900}},
         "with": {"messages": [{"role": "user", "content": "Say it."}]},
         "out": {"type": "object", "properties": {"says": {"type": "string"}},
                 "required": ["says"], "additionalProperties": False}},
        {"id": "read", "do": {"tool": "files.read@1"}, "with": {"path": "note.txt"}}],
    "outputs": {"says": "${steps.ask.out.says}", "note": "${steps.read.out.text}"}}


class Vault(OwnWorld):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.plan = self.folder / "plan.json"
        self.plan.write_text(json.dumps(PLAN))

    def naestro(self, *words, code=0, stdin="", says=None):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              input=stdin, timeout=120, check=False)
        everything = done.stdout + done.stderr
        if code is not None:
            self.assertEqual(done.returncode, code, everything)
        for trace in TRACES:
            self.assertNotIn(trace, everything)
        if says:
            self.assertRegex(everything, says)
        return done.stdout

    def at_terminal(self, words, answers, code=0):
        """What the program says to somebody who types the answers."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(BINARY, [str(BINARY), *words], self.env)
        said, waiting, deadline = "", list(answers), time.time() + 60
        while time.time() < deadline:
            if select.select([fd], [], [], 1)[0]:
                try:
                    part = os.read(fd, 4096).decode()
                except OSError:
                    part = ""
                if not part:
                    break
                said += part
            if waiting and said.endswith(": "):
                said += "\n"
                os.write(fd, waiting.pop(0).encode() + b"\n")
        os.close(fd)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), code, said)
        return said

    def serve(self, text, on_request=None):
        keys = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                keys.append(self.headers["Authorization"])
                if on_request:
                    on_request()
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                answer = json.dumps({"says": text})
                for at in range(0, len(answer), 7):
                    chunk = {"choices": [{"index": 0, "delta": {"content": answer[at:at + 7]}}]}
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
        self.naestro("models", "add", "far", "--url",
                     f"http://127.0.0.1:{server.server_address[1]}/v1", "--context", "4096",
                     "--key-env", "FAR_KEY")
        return keys

    def run_plan(self, *words, code=0, says=None):
        return self.naestro("run", self.plan, "-w", self.work, "-c", "model=far", *words, code=code,
                            says=says)

    def keep(self, value=VALUE, name="FAR_KEY"):
        self.naestro("vault", "set", name, stdin=value + "\n", says="Kept: " + name)

    def nothing_lies_about(self):
        for path in self.folder.rglob("*"):
            if not path.is_file() or path == self.work / "note.txt":
                continue
            content = path.read_bytes()
            for trace in TRACES:
                self.assertNotIn(trace.encode(), content, path)

    def test_it_is_used_and_stands_nowhere(self):
        self.keep()
        keys = self.serve(" | ".join(TEXTS))
        (self.work / "note.txt").write_text("\n".join(TEXTS))
        self.run_plan()
        self.assertEqual(keys, ["Bearer " + VALUE])
        view = json.loads(self.naestro("show", "last", "--json"))
        count = len(TEXTS)
        self.assertEqual(view["outputs"]["says"].count("⟦secret:FAR_KEY⟧"), count)
        self.assertEqual(view["outputs"]["note"].count("⟦secret:FAR_KEY⟧"), count)
        for words in (["show", "last"], ["show", "last", "--events"], ["why", "last"],
                      ["replay", "last"], ["audit", "verify"], ["vault", "list"], ["config"],
                      ["export", "last", "-o", self.folder / "sealed.json"],
                      ["export", "last", "--readable", "-o", self.folder / "clear.json"],
                      ["audit", "export", "-o", self.folder / "log"]):
            self.naestro(*words)
        self.nothing_lies_about()
        done = [json.loads(line) for line in
                self.naestro("show", "last", "--events", "--json").splitlines()]
        used = [event["data"].get("secret") for event in done if event["kind"] == "effect.done"]
        self.assertEqual(sorted(map(str, used)), ["FAR_KEY", "None"])

    def test_what_a_person_says_is_refused_with_it(self):
        self.keep()
        self.serve("hello")
        self.naestro("run", "find " + TEXTS[1], "-w", self.work, code=2,
                     says="NE0410 the goal holds the value of the secret 'FAR_KEY'")
        plan = dict(PLAN, goal="g " + VALUE)
        self.plan.write_text(json.dumps(plan))
        self.run_plan(code=2, says="NE0410 the (goal|plan)")
        self.assertEqual(self.naestro("runs"), "No runs yet. Try: naestro run "
                                               "examples/first/plan.json -w examples/company\n")
        self.plan.unlink()
        self.nothing_lies_about()

    def test_a_revoked_one_is_refused_also_in_mid_run(self):
        self.keep()
        two = dict(PLAN, steps=[PLAN["steps"][0], dict(PLAN["steps"][0], id="again",
                                                       needs=["ask"])],
                   outputs={"says": "${steps.ask.out.says}"})
        self.plan.write_text(json.dumps(two))
        keys = self.serve("hello", on_request=lambda: subprocess.run(
            [BINARY, "vault", "revoke", "FAR_KEY"], env=self.env, check=True,
            capture_output=True))
        self.run_plan(code=1, says="NE0409 the secret 'FAR_KEY' was revoked")
        self.assertEqual(len(keys), 1)
        self.assertTrue(json.loads(self.naestro("vault", "list", "--json"))[0]["revoked"])
        self.keep("another-value-9")
        self.run_plan(code=1)
        self.assertEqual(keys[-1], "Bearer another-value-9")
        self.naestro("vault", "remove", "FAR_KEY")
        self.run_plan(code=1, says="NE0606 .*FAR_KEY is not set, nor in the vault")
        self.env["FAR_KEY"] = "from-the-environment"
        self.naestro("vault", "list", says="The vault is empty")

    def test_a_passphrase_opens_it_alone(self):
        self.keep()
        keys = self.serve("hello")
        (self.work / "note.txt").write_text("n")
        said = self.at_terminal(["vault", "protect"], ["correct horse", "correct horse"])
        self.assertIn("opens with this passphrase", said)
        self.assertNotIn("correct horse", said)
        self.assertEqual(list((self.folder / "data/naestro").glob("vault-*.key")), [])
        self.run_plan(code=1, says="NE0408 the vault is protected by a passphrase")
        secret = self.folder / "pass"
        self.env["NAESTRO_VAULT_PASSPHRASE_FILE"] = str(secret)
        secret.write_text("wrong horse\n")
        self.run_plan(code=1, says="NE0408 the vault does not open with this passphrase")
        secret.write_text("correct horse\n")
        self.run_plan()
        self.assertEqual(keys, ["Bearer " + VALUE])
        self.naestro("vault", "protect", "--by-file")
        del self.env["NAESTRO_VAULT_PASSPHRASE_FILE"]
        self.run_plan()
        said = self.at_terminal(["vault", "set", "OTHER"], ["typed-value-1", "typed-value-2"], 2)
        self.assertIn("differ", said)
        said = self.at_terminal(["vault", "set", "OTHER"], ["typed-value-1", "typed-value-1"])
        self.assertNotIn("typed-value", said)
        self.assertIn("OTHER", self.naestro("vault", "list"))

    def test_the_folder_of_the_vault_is_no_workspace(self):
        self.keep()
        data = "data/naestro/vault.json"
        read = {"naestro": "plan/1", "goal": "read", "steps": [
            {"id": "read", "do": {"tool": "files.read@1"}, "with": {"path": data}},
        ], "outputs": {"text": "${steps.read.out.text}"}}
        self.plan.write_text(json.dumps(read))
        self.naestro("run", self.plan, "-w", self.folder, code=1, says="NE0401 cannot read 'data/naestro")

    def test_twenty_at_once_lose_nothing(self):
        def at_once(*commands):
            value = self.folder / "value"
            value.write_text("value-of-one\n")
            running = [subprocess.Popen([BINARY, "vault", *words], env=self.env, text=True,
                                        stdin=value.open(), stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT) for words in commands]
            for each in running:
                said = each.stdout.read()
                each.stdout.close()
                self.assertEqual(each.wait(60), 0, said)

        def listed():
            return {row["name"]: row["revoked"]
                    for row in json.loads(self.naestro("vault", "list", "--json"))}

        names = [f"K{i}" for i in range(20)]
        at_once(*(["set", name] for name in names))
        self.assertEqual(listed(), {name: False for name in names})
        self.assertEqual(len(list((self.folder / "data/naestro").glob("vault-*.key"))), 1)
        at_once(*(["revoke", name] for name in names[:10]), *(["set", "L" + name] for name in names))
        self.assertEqual({name for name, revoked in listed().items() if revoked}, set(names[:10]))
        self.assertEqual(len(listed()), 40)

    def test_no_piece_comes_by_where_a_tool_cuts(self):
        value = "begin-" + "0123456789abcdef" * 40 + "\n  second-line-of-it\nthird-line-of-it"
        self.keep(value, "LONG")
        (self.work / "note.txt").write_text("key: " + value + "\nend\n")
        (self.work / "lines.txt").write_text("one second-line-of-it two\n")
        self.plan.write_text(json.dumps({
            "naestro": "plan/1", "goal": "Look", "steps": [
                {"id": "list", "do": {"tool": "files.list@1"}, "with": {"path": "."}},
                {"id": "find", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "line key",
                                                                         "match": "any_word"}},
                {"id": "read", "do": {"tool": "files.read@1"}, "with": {"path": "note.txt"}},
                {"id": "other", "do": {"tool": "files.read@1"}, "with": {"path": "lines.txt"}}],
            "outputs": {"list": "${steps.list.out}", "find": "${steps.find.out}",
                        "read": "${steps.read.out}", "other": "${steps.other.out}"}}))
        self.naestro("run", self.plan, "-w", self.work)
        said = self.naestro("show", "last", "--json")
        self.naestro("run", "What does note.txt say of the key?", "-w", self.work, code=None)
        said += self.naestro("show", "last", "--events", "--json")
        self.naestro("export", "last", "--readable", "-o", self.folder / "clear.json",
                     says="What undoing needs stands in it in the clear")
        said += (self.folder / "clear.json").read_text()
        for piece in ("0123456789abcdef", "second-line", "third-line"):
            self.assertNotIn(piece, said)
        self.assertIn("⟦secret:LONG⟧", said)

    def test_white_space_and_values_as_names(self):
        for value in (" " + VALUE, VALUE + " ", VALUE + "\n\n", " " * 20, "\t" + VALUE):
            self.naestro("vault", "set", "A", stdin=value, code=2,
                         says="NE0801 the value (begins or ends with white space|has)")
        for word in ("set", "revoke", "remove"):
            self.naestro("vault", word, "A=" + VALUE, stdin=VALUE, code=2, says="a name with a '='")
        keys = self.serve("hello")
        (self.work / "note.txt").write_text("n")
        subprocess.run([BINARY, "vault", "set", "FAR_KEY"], env=self.env, check=True,
                       capture_output=True, input=VALUE.encode() + b"\r\n")
        self.run_plan()
        self.assertEqual(keys, ["Bearer " + VALUE])

    def test_a_locked_vault_says_so_and_a_passphrase_file_opens_it_for_all(self):
        self.keep(name="OTHER")
        (self.work / "note.txt").write_text("x " + VALUE)
        said = self.at_terminal(["vault", "protect"], ["correct horse", "correct horse"])
        self.assertIn("The vault is locked", said)
        self.plan.write_text(json.dumps(dict(PLAN, steps=PLAN["steps"][1:],
                                             outputs={"note": "${steps.read.out.text}"})))
        done = subprocess.run([BINARY, "run", self.plan, "-w", self.work], env=self.env, text=True,
                              capture_output=True, check=True)
        self.assertIn("The vault is locked, so its values are not taken out", done.stderr)
        secret = self.folder / "pass"
        secret.write_text("correct horse\n")
        self.env["NAESTRO_VAULT_PASSPHRASE_FILE"] = str(secret)
        self.assertNotIn("is locked", self.naestro("run", self.plan, "-w", self.work))
        self.assertIn("⟦secret:OTHER⟧", self.naestro("show", "last", "--json"))

    def test_what_held_a_secret_is_brought_back_and_not_edited(self):
        self.keep()
        former = "a\nkey: " + VALUE + "\nb\n"
        note = self.work / "note.txt"
        note.write_text(former)
        write = {"naestro": "plan/1", "goal": "write", "steps": [
            {"id": "write", "do": {"tool": "files.write@1"},
             "with": {"path": "note.txt", "content": "new\n"}}],
            "outputs": {"diff": "${steps.write.out.diff}"}}
        self.plan.write_text(json.dumps(write))
        self.approved("run", self.plan, "-w", self.work)
        self.assertEqual(note.read_text(), "new\n")
        self.assertIn("⟦secret:FAR_KEY⟧", self.naestro("show", "last", "--json"))
        self.approved("undo", "last")
        self.assertEqual(note.read_text(), former)
        edit = dict(write, steps=[
            {"id": "write", "do": {"tool": "files.edit@1"},
             "with": {"path": "note.txt", "edits": [{"old": "a\n", "new": "c\n"}]}}])
        self.plan.write_text(json.dumps(edit))
        self.approved("run", self.plan, "-w", self.work, code=1,
                      says="'note.txt' holds the value of a secret, and is not edited")
        self.assertEqual(note.read_text(), former)

    def approved(self, *words, code=0, says=None):
        """Asked first, and then with the yes."""
        self.naestro(*words, code=None)
        question, = json.loads(self.naestro("consents", "--json"))
        self.naestro("approve", question["run"], question["digest"])
        return self.naestro("resume", question["run"], code=code, says=says)

    def test_bad_words_are_told(self):
        self.naestro("vault", "set", "a b", stdin=VALUE, code=2, says="NE0801 'a b' is no name")
        self.naestro("vault", "set", "A", stdin="short\n", code=2, says="NE0801 the value has 5 bytes")
        self.naestro("vault", "set", "A", stdin="x" * 9000, code=2, says="NE0801 the value has")
        self.naestro("vault", "revoke", "A", code=2, says="NE0008 the vault has no secret 'A'")
        self.naestro("vault", "remove", "A", code=2, says="NE0008 the vault has no secret 'A'")
        self.assertFalse((self.folder / "data/naestro/vault.json").exists())
        self.keep()
        file = self.folder / "data/naestro/vault.json"
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        good = file.read_text()
        file.write_text(good[:-20])
        self.naestro("vault", "list", code=2, says="NE0802 .*vault.json is not a vault")
        self.naestro("vault", "set", "B", stdin=VALUE, code=2, says="NE0802")
        self.assertEqual(file.read_text(), good[:-20])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
