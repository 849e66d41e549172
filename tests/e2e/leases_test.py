#!/usr/bin/env python3
"""What a secret of the vault may be used for, through the real binary: by http.get and by a served
model, with servers on this machine that tell what they were sent.

leases_test.py NAESTRO_BINARY"""
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import unittest

from own_world import BINARY, OwnWorld

VALUE = "sk-Lease/7f3a+9&bc"
OTHER = "sk-Rotated/51c0=xy"


class Echo(http.server.BaseHTTPRequestHandler):
    """Says what it was sent: as the body of a page, or as the answer of a model."""

    def do_GET(self):
        self.server.note(self)
        to = self.server.redirects.get(self.path)
        body = json.dumps(dict(self.headers)).encode()
        self.send_response(302 if to else 200)
        if to:
            self.send_header("Location", to)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.note(self)
        answer = json.dumps({"says": self.headers["Authorization"]})
        chunks = [{"choices": [{"index": 0, "delta": {"content": answer}}]},
                  {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                   "usage": {"prompt_tokens": 10, "completion_tokens": 20}}]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Echo)
        self.daemon_threads = True
        self.seen, self.redirects, self.on_request = [], {}, None
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that was killed goes away

    def note(self, request):
        self.seen.append((request.path, request.headers["Authorization"],
                          request.headers["X-Api-Key"]))
        if self.on_request:
            self.on_request()


def page(id, url, tool="http.get@2", needs=(), **auth):
    step = {"id": id, "do": {"tool": tool}, "with": {"url": url}}
    if auth:
        step["with"]["auth"] = auth
    if needs:
        step["needs"] = list(needs)
    return step


class Leases(OwnWorld):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.servers = [Server(), Server()]
        self.a, self.b = self.servers
        for server in self.servers:
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
        self.put(self.folder / "config/naestro/naestro.yaml", "net:\n  hosts: " + json.dumps(
            [server.origin for server in self.servers]) + "\n")
        self.plan = self.folder / "plan.json"
        self.config = []

    def vault(self, *words, stdin=None, code=0, says=None):
        done = subprocess.run([BINARY, "vault", *words], env=self.env, capture_output=True, text=True,
                              input=stdin or "", timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if says:
            self.assertRegex(done.stdout + done.stderr, says)
        return done.stdout

    def keep(self, *words, value=VALUE, name="K", says="Kept: "):
        return self.vault("set", name, *words, stdin=value + "\n", says=says)

    def go(self, *steps, code=0, says=None):
        """Runs the steps with the yes that their explanation asks for."""
        self.plan.write_text(json.dumps({"naestro": "plan/1", "goal": "read", "steps": steps,
                                         "outputs": {"out": "${steps." + steps[-1]["id"] + ".out}"}}))
        words = [str(self.plan), "-w", str(self.work), *self.config]
        explained = subprocess.run([BINARY, "plan", "explain", *words, "--json"], env=self.env,
                                   capture_output=True, text=True, check=False)
        said = self.naestro("run", *words, "--approve", json.loads(explained.stdout)["digest"],
                            code=code, says=says)
        self.assertNotIn(VALUE, said)
        return said

    def events(self, kind):
        lines = self.naestro("show", "last", "--events", "--json").splitlines()
        return [event["data"] for event in map(json.loads, lines) if event["kind"] == kind]

    def listed(self, name="K"):
        row, = [row for row in json.loads(self.vault("list", "--json")) if row["name"] == name]
        return row

    def nothing_lies_about(self):
        for path in self.folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                for value in (VALUE, OTHER):
                    self.assertNotIn(value.encode(), content, path)

    def test_it_goes_to_its_host_and_is_noted(self):
        self.keep("--host", self.a.origin, "--tool", "http.get", "--method", "get")
        url = self.a.origin + "/x"
        self.go(page("one", url, secret="K"), page("two", url, secret="K", header="X-Api-Key"))
        self.assertEqual(sorted(self.a.seen, key=str),
                         sorted([("/x", "Bearer " + VALUE, None), ("/x", None, VALUE)], key=str))
        done = self.events("effect.done")
        self.assertEqual([event["secret"] for event in done], ["K", "K"])
        leases = {event["lease"] for event in done}
        self.assertEqual(len(leases), 2)  # a lease is a step's
        self.assertTrue(all(len(lease) == 16 for lease in leases))
        self.assertIn("⟦secret:K⟧", self.naestro("show", "last", "--json"))
        self.naestro("replay", "last")
        self.naestro("audit", "verify")
        self.nothing_lies_about()

    def test_elsewhere_it_is_refused(self):
        self.keep("--host", self.a.origin)
        self.go(page("one", self.b.origin + "/x", secret="K"), code=1,
                says="NE0411 the secret 'K' is not for the host " + self.b.origin +
                     ", only for " + self.a.origin + "; .*naestro vault bind K")
        self.vault("bind", "K", "--host", self.b.origin, "--method", "POST", says="Bound: K")
        self.go(page("one", self.b.origin + "/x", secret="K"), code=1,
                says="NE0411 the secret 'K' is not for the method GET, only for POST")
        self.vault("bind", "K", "--host", self.b.origin, "--tool", "model:far")
        self.go(page("one", self.b.origin + "/x", secret="K"), code=1,
                says="NE0411 the secret 'K' is not for the tool http.get@2, only for model:far")
        self.vault("bind", "K", "--free")
        self.go(page("one", self.b.origin + "/x", secret="K"), code=1,
                says="NE0411 the secret 'K' is bound to no host, .*vault bind K --host")
        self.assertEqual(self.a.seen + self.b.seen, [])
        self.assertEqual(self.events("effect.failed")[0].get("secret"), None)

    def test_it_does_not_follow_a_redirect_to_another(self):
        self.keep("--host", self.a.origin, "--host", self.b.origin)
        self.a.redirects = {"/here": "/there", "/away": self.b.origin + "/back"}
        self.b.redirects = {"/back": self.a.origin + "/end"}
        self.go(page("one", self.a.origin + "/here", secret="K"))
        self.assertEqual([key for _, key, _ in self.a.seen], ["Bearer " + VALUE] * 2)
        self.a.seen.clear()
        self.go(page("one", self.a.origin + "/away", secret="K"))
        self.assertEqual([seen[:2] for seen in self.a.seen + self.b.seen],
                         [("/away", "Bearer " + VALUE), ("/end", None), ("/back", None)])

    def test_uses_are_counted_and_end(self):
        self.assertIn("2 of 2 uses", self.keep("--host", self.a.origin, "--uses", "2", "--for", "7d"))
        url = self.a.origin + "/x"
        self.go(page("one", url, secret="K"))
        self.assertEqual((self.listed()["used"], self.listed()["for"]["uses_max"]), (1, 2))
        self.assertRegex(self.vault("list"), r"K +1 +\S+ \S+ +\S+ \S+ +1 of 2 +" + self.a.origin)
        self.go(page("two", url, secret="K"), page("three", url, secret="K", needs=["two"]), code=1,
                says="NE0411 the secret 'K' was only to be used 2 times, and was")
        self.assertEqual(len(self.a.seen), 2)
        self.keep(value=OTHER, says="2 of 2 uses")  # its bounds stay, and it is counted anew
        self.go(page("one", url, secret="K"))
        self.assertEqual(self.a.seen[-1][1], "Bearer " + OTHER)

    def test_revoked_removed_and_never_set(self):
        self.keep("--host", self.a.origin)
        url = self.a.origin + "/x"
        self.a.on_request = lambda: subprocess.run([BINARY, "vault", "revoke", "K"], env=self.env,
                                                   check=True, capture_output=True)
        two = page("one", url, secret="K"), page("two", url, secret="K", needs=["one"])
        self.go(*two, code=1, says="NE0409 the secret 'K' was revoked")
        self.assertEqual(len(self.a.seen), 1)
        self.vault("remove", "K")
        self.env["K"] = "from-the-environment"  # is for models' contracts alone
        self.go(*two, code=1, says="NE0008 the vault has no secret 'K'; put it in")
        self.assertEqual(len(self.a.seen), 1)

    def test_a_killed_run_uses_it_no_more(self):
        self.keep("--host", self.a.origin)
        url = self.a.origin + "/x"

        def kill():
            for words in (["kill", "last"], ["show", "last", "--json"]):
                done = subprocess.run([BINARY, *words], env=self.env, check=True, text=True,
                                      capture_output=True)
            while '"killed"' not in done.stdout:  # the run hears of it while its call is under way
                done = subprocess.run([BINARY, "show", "last", "--json"], env=self.env, check=True,
                                      text=True, capture_output=True)

        self.a.on_request = kill
        self.go(page("one", url, secret="K"), page("two", url, secret="K", needs=["one"]), code=1,
                says="NE0711")
        self.assertEqual(len(self.a.seen), 1)

    def processes(self):
        """Those of the run that goes on: its own, and the one that holds the vault."""
        pids = {}
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if str(self.plan).encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                    above = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                    pids[int(folder.name)] = above
            except OSError:
                continue  # it ended meanwhile
        vault, = [pid for pid, above in pids.items() if above in pids]
        return pids[vault], vault

    def holds(self, pid):
        """Whether the secret stands in what it can write of its memory."""
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                where, rights = line.split()[:2]
                if rights.startswith("rw"):
                    begin, end = (int(text, 16) for text in where.split("-"))
                    if end - begin >= 1 << 36:  # a sanitizer's map of the memory, no memory
                        continue
                    try:
                        memory.seek(begin)
                        if VALUE.encode() in memory.read(end - begin):
                            return True
                    except (OSError, ValueError, OverflowError):
                        continue  # of the kernel
        return False

    def test_the_run_itself_does_not_hold_it(self):
        self.keep("--host", self.a.origin)
        found = []

        def look():
            run, vault = self.processes()
            found.append(self.holds(run))
            try:
                found.append(self.holds(vault))
            except PermissionError:  # nobody but root may look into it
                found.append(True)
            status = pathlib.Path(f"/proc/{vault}/status").read_text()
            found.append(("NoNewPrivs:\t1" in status, "Seccomp:\t2" in status))

        self.b.on_request = look
        self.go(page("one", self.b.origin + "/x"))
        self.assertEqual(found, [False, True, (True, True)])

    def test_without_its_process_nothing_goes_on(self):
        self.keep("--host", self.a.origin)
        self.a.on_request = lambda: os.kill(self.processes()[1], signal.SIGKILL)
        said = self.go(page("one", self.a.origin + "/x", secret="K"), code=1,
                       says="NE0007 the vault's process is gone")
        self.assertNotIn("Authorization", said + self.naestro("show", "last", "--json"))
        self.nothing_lies_about()

    def test_what_is_rotated_in_mid_run_is_taken_out_too(self):
        self.keep("--host", self.a.origin)
        url = self.a.origin + "/x"
        self.a.on_request = lambda: subprocess.run(
            [BINARY, "vault", "set", "K"], env=self.env, check=True, capture_output=True,
            input=OTHER.encode())
        self.go(page("one", url, secret="K"), page("two", url, secret="K", needs=["one"]))
        self.assertEqual([key for _, key, _ in self.a.seen], ["Bearer " + VALUE, "Bearer " + OTHER])
        self.a.on_request = None
        self.nothing_lies_about()
        # What a file says of the former one is kept out, too.
        (self.work / "note.txt").write_text(VALUE + " " + OTHER)
        self.go({"id": "read", "do": {"tool": "files.read@1"}, "with": {"path": "note.txt"}})
        self.assertIn("⟦secret:K⟧ ⟦secret:K⟧", self.naestro("show", "last", "--json"))

    def test_a_models_key_is_bound_like_all_else(self):
        self.config = ["-c", "model=far"]
        self.naestro("models", "add", "far", "--url", self.a.origin + "/v1", "--context", "4096",
                     "--key-env", "FAR_KEY")
        ask = {"id": "ask", "do": {"model": {"task": "draft", "max_input_tokens": 1200,
                                             "max_output_tokens": 900}},
               "with": {"messages": [{"role": "user", "content": "Say it."}]},
               "out": {"type": "object", "properties": {"says": {"type": "string"}},
                       "required": ["says"], "additionalProperties": False}}
        self.keep("--host", self.b.origin, name="FAR_KEY")
        self.go(ask, code=1, says="NE0411 the secret 'FAR_KEY' is not for the host " + self.a.origin)
        self.vault("bind", "FAR_KEY", "--tool", "model:other")
        self.go(ask, code=1, says="NE0411 .* is not for the tool model:far, only for model:other")
        self.assertEqual(self.a.seen, [])
        self.vault("bind", "FAR_KEY", "--host", self.a.origin, "--tool", "model:far", "--method", "POST")
        self.go(ask)
        self.assertEqual(self.a.seen[0][1], "Bearer " + VALUE)
        self.assertEqual(self.events("effect.done")[0]["secret"], "FAR_KEY")

    def test_editing_the_vault_makes_nothing_wider(self):
        self.keep("--host", self.a.origin)
        file = self.folder / "data/naestro/vault.json"
        form = json.loads(file.read_text())
        form["secrets"][0]["for"]["hosts"].append(self.b.origin)
        file.write_text(json.dumps(form))
        self.go(page("one", self.b.origin + "/x", secret="K"), code=1,
                says="NE0009 the secret 'K' of .*vault.json was changed by something else; .*backup")
        self.assertEqual(self.b.seen, [])

    def test_a_plan_says_it_only_where_the_contract_takes_it(self):
        for step in (page("one", self.a.origin, tool="http.get@1", secret="K"),
                     page("one", self.a.origin, secret="K", value=VALUE),
                     page("one", self.a.origin, header="X-Api-Key"),
                     page("one", self.a.origin, secret="a b")):
            self.plan.write_text(json.dumps({"naestro": "plan/1", "goal": "read", "steps": [step],
                                             "outputs": {"out": "${steps.one.out}"}}))
            self.naestro("plan", "check", str(self.plan), code=2)
        self.keep("--host", self.a.origin)
        self.plan.write_text(json.dumps({
            "naestro": "plan/1", "goal": "read", "steps": [page("one", self.a.origin, secret="K")],
            "outputs": {"out": "${steps.one.out}"}}))
        self.naestro("run", str(self.plan), "-w", str(self.work), code=5,
                     says=r'auth=\{"secret":"K"\}')  # on the card

    def test_list_and_doctor_look_at_the_files(self):
        def doctor():
            said = subprocess.run([BINARY, "doctor", "--json"], env=self.env, text=True,
                                  capture_output=True, check=False).stdout
            check, = [each for each in json.loads(said)["checks"] if each["id"] == "vault"]
            return check["status"], check["meaning"]

        self.assertEqual(doctor(), ("ok", "no secret is kept"))
        self.keep()
        self.assertEqual(doctor(), ("ok", "1 secret, opened by a key file that fits"))
        data = self.folder / "data/naestro"
        key, = data.glob("vault-*.key")
        for file in (data / "vault.json", key):
            file.chmod(0o644)
            self.assertEqual(doctor(), ("fail", f"{file} has mode 0644: others may be able to read it"))
            file.chmod(0o600)
        key.rename(data / "elsewhere")
        self.assertEqual(doctor()[0], "fail")
        self.assertIn(str(key), doctor()[1])
        self.vault("list", says="None of them opens: .*" + key.name + ".*Restore the key file")
        (data / "vault.json").write_text("{")
        self.assertEqual(doctor()[0], "fail")

    def test_bad_words_are_told(self):
        for words, says in ((["--host", "a b"], "NE0801 'a b' is no host"),
                            (["--host", "https://a.example/x"], "NE0801 .* is more than a host"),
                            (["--host", "ftp://a.example"], "NE0801"),
                            (["--method", "FETCH"], "NE0801 'FETCH' is no method; known are"),
                            (["--tool", "http.gte"], "NE0801 there is no tool 'http.gte'; did you mean "
                                                     "'http.get'"),
                            (["--tool", "a b"], "NE0801 'a b' is no tool"),
                            (["--for", "7w"], "NE0801 '7w' is not a time that a secret may last"),
                            (["--uses", "0"], "uses")):
            self.vault("set", "K", *words, stdin=VALUE, code=2, says=says)
        self.vault("bind", "K", code=2, says="NE0801 it is not said what K is for")
        self.vault("bind", "K", "--free", "--uses", "1", code=2, says="NE0801 --free says")
        self.vault("bind", "K", "--uses", "1", code=2, says="NE0008 the vault has no secret 'K'")
        self.vault("bind", "a b", "--uses", "1", code=2, says="NE0801 'a b' is no name")
        self.assertFalse((self.folder / "data/naestro/vault.json").exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
