#!/usr/bin/env python3
"""http.get through the real binary, from a real server on this machine; no engine is needed.

http_test.py NAESTRO_BINARY"""
import gzip
import http.server
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()


class Pages(http.server.BaseHTTPRequestHandler):
    """Says what the server's table `pages` holds of a path: status, headers, body."""

    def do_GET(self):
        self.server.seen.append(self.path)
        status, headers, body = self.server.pages.get(self.path, (404, {}, b"none"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if body is None:  # a body that never ends
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 4096)
            except OSError:
                return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, pages):
        super().__init__(("127.0.0.1", 0), Pages)
        self.pages = pages
        self.seen = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that does not trust it goes away

    @property
    def port(self):
        return self.server_address[1]

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"


class Http(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.work = self.folder / "work"
        self.work.mkdir()
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"))
        self.server = Server({"/a.txt": (200, {"Content-Type": "text/plain"}, b"zoe\nada\n")})
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def naestro(self, *words, code=0, prefix=()):
        done = subprocess.run([*prefix, str(BINARY), *words], env=self.env, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=120, cwd=self.folder)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def allow(self, *hosts):
        """What the user's own file lists."""
        file = self.folder / "config/naestro/naestro.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("net:\n  hosts: " + json.dumps(hosts) + "\n")

    def plan(self, url, **more):
        file = self.folder / "plan.json"
        file.write_text(json.dumps({
            "naestro": "plan/1", "goal": "read a page",
            "steps": [{"id": "page", "do": {"tool": "http.get@1"}, "with": {"url": url}}],
            "outputs": {"status": "${steps.page.out.status}", "body": "${steps.page.out.body}"},
            **more}))
        return str(file)

    def get(self, url, code=0, prefix=()):
        """Runs the plan with the yes that its explanation asks for; gives what was printed."""
        words = (self.plan(url), "-w", str(self.work))
        explained = subprocess.run([BINARY, "plan", "explain", *words, "--json"], env=self.env,
                                   capture_output=True, text=True, cwd=self.folder)
        digest = json.loads(explained.stdout)["digest"]
        return self.naestro("run", *words, "--approve", digest, code=code, prefix=prefix)

    def show(self):
        return json.loads(self.naestro("show", "last", "--json"))

    def assert_refused(self, url, *texts):
        said = self.get(url, code=1)
        for text in texts:
            self.assertIn(text, said)

    def test_it_asks_first_and_then_reads_and_replays(self):
        self.allow(self.server.origin)
        url = self.server.origin + "/a.txt"
        asked = self.naestro("run", self.plan(url), "-w", str(self.work), code=5)
        self.assertIn(f'net  ask  NOT reversible  url="{url}"', asked)
        self.assertEqual(self.server.seen, [])
        self.get(url)
        self.assertEqual(self.server.seen, ["/a.txt"])
        self.assertEqual(self.show()["outputs"], {"status": 200, "body": "zoe\nada\n"})
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])
        self.assertEqual(self.server.seen, ["/a.txt"])  # a replay asks nobody

    def test_a_person_and_a_mode_can_say_no(self):
        self.allow(self.server.origin)
        plan = self.plan(self.server.origin + "/a.txt")
        self.naestro("run", plan, "-w", str(self.work), code=5)
        digest = json.loads(self.naestro("consents", "--json"))[0]["digest"]
        self.naestro("refuse", "last", digest)
        self.assertIn("NE0402", self.naestro("resume", "last", code=3))
        self.assertIn("mode.guide", self.naestro("run", plan, "-w", str(self.work), "--mode",
                                                 "guide", code=3))
        self.assertEqual(self.server.seen, [])

    def test_what_a_document_says_is_never_asked_for(self):
        self.allow(self.server.origin)
        (self.work / "a.txt").write_text(self.server.origin + "/a.txt")
        plan = self.plan("${steps.read.out.text}")
        value = json.loads(pathlib.Path(plan).read_text())
        value["steps"].insert(0, {"id": "read", "do": {"tool": "files.read@1"},
                                  "with": {"path": "a.txt"}})
        pathlib.Path(plan).write_text(json.dumps(value))
        said = self.naestro("run", plan, "-w", str(self.work), code=3)
        self.assertIn("NP7001", said)
        self.assertIn("builtin.untrusted_target", said)
        self.assertEqual(self.server.seen, [])

    def test_without_an_entry_nothing_is_reached_though_a_person_said_yes(self):
        url = self.server.origin + "/a.txt"
        self.assert_refused(url, "NE0505", "net.hosts: none", f"add {self.server.origin} to net.hosts")
        for hosts in (["docs.example"], [f"127.0.0.1:{self.server.port}"], ["http://127.0.0.1"],
                      [f"http://localhost:{self.server.port}"]):
            self.allow(*hosts)
            self.assert_refused(url, "NE0505", "is not among the hosts that may be reached")
        self.assertEqual(self.server.seen, [])

    def test_a_project_only_narrows(self):
        project = self.folder / "naestro.yaml"
        url = self.server.origin + "/a.txt"
        project.write_text(f"net: {{hosts: ['{self.server.origin}']}}\n")
        self.assert_refused(url, "NE0505", "net.hosts leaves out " + self.server.origin)
        self.allow(self.server.origin)
        self.get(url)
        project.write_text("net: {hosts: none}\n")
        self.assert_refused(url, "NE0505", "net.hosts: none")
        self.assertEqual(self.server.seen, ["/a.txt"])
        self.assertIn("net.hosts", self.naestro("config"))

    def test_names_and_redirects_do_not_lead_in(self):
        named = f"http://localhost:{self.server.port}"
        self.allow(named)
        self.assert_refused(named + "/a.txt", "NE0505", "the host localhost leads to", "127.0.0.1",
                            "add the address itself")
        self.assertEqual(self.server.seen, [])
        self.allow(self.server.origin)
        for target, shown in (("http://169.254.169.254/latest/meta-data/", "http://169.254.169.254 is"),
                              ("https://evil.example/", "https://evil.example is"),
                              (named + "/a.txt", named + " is"),
                              ("http://127.1:1/", "http://127.0.0.1:1 is")):
            self.server.pages["/r"] = (302, {"Location": target}, b"")
            self.assert_refused(self.server.origin + "/r", "NE0505", "/r is not followed: " + shown)
        self.server.pages["/r"] = (302, {"Location": "file:///etc/passwd"}, b"")
        self.assert_refused(self.server.origin + "/r", "NE0502", "neither http nor https")
        self.assertEqual(set(self.server.seen), {"/r"})

    def test_odd_urls(self):
        self.allow("docs.example", self.server.origin)
        port = self.server.port
        for host in (f"127.1:{port}", f"0x7f.1:{port}", f"2130706433:{port}"):
            self.get(f"http://{host}/a.txt")  # the same as what the list names
        self.assertEqual(len(self.server.seen), 3)
        for url in ("http://127.1/", "http://0x7f.1", "http://0177.0.0.1/"):
            self.assert_refused(url, "NE0505", "http://127.0.0.1 is not among")
        self.assert_refused(f"http://[::ffff:127.0.0.1]:{port}/", "NE0505", "is not among")
        for url in (f"https://me:word@127.0.0.1:{port}/", f"https://docs.example@127.0.0.1:{port}/"):
            self.assert_refused(url, "NE0502", "a user or a password stands in it")
        for url in ("https://docs.example\\@127.0.0.1/", "https://docs.example/\r\nX: y",
                    "file:///etc/passwd", "https:docs.example", "http://1.2.3.4.5/", "a.txt"):
            self.assert_refused(url, "NE0502", "is refused: ")
        self.assertEqual(len(self.server.seen), 3)

    def test_bodies_are_text_and_bounded(self):
        self.allow(self.server.origin)
        packed = {"Content-Encoding": "gzip"}
        self.server.pages.update({
            "/fits": (200, {}, b"x" * 262_144), "/long": (200, {}, b"x" * 262_145),
            "/endless": (200, {}, None), "/bomb": (200, packed, gzip.compress(b"0" * 50_000_000)),
            "/packed": (200, packed, gzip.compress(b"page")),
            "/latin": (200, {"Content-Type": "text/plain; charset=iso-8859-1"}, b"caf\xe9")})
        self.get(self.server.origin + "/fits")
        self.assertEqual(len(self.show()["outputs"]["body"]), 262_144)
        self.get(self.server.origin + "/packed")
        self.assertEqual(self.show()["outputs"]["body"], "page")
        for path in ("/long", "/endless", "/bomb"):
            self.assert_refused(self.server.origin + path, "NE0003", "more than 262144 bytes")
        self.assert_refused(self.server.origin + "/latin", "NE0502", "no UTF-8 text",
                            "text/plain; charset=iso-8859-1")
        self.get(self.server.origin + "/no-such-page")
        self.assertEqual(self.show()["outputs"], {"status": 404, "body": "none"})

    def test_no_proxy_of_the_environment(self):
        proxy = Server({})
        self.addCleanup(proxy.server_close)
        self.addCleanup(proxy.shutdown)
        self.allow(self.server.origin)
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            self.env[name] = proxy.origin
        self.get(self.server.origin + "/a.txt")
        self.assertEqual((self.server.seen, proxy.seen), (["/a.txt"], []))

    def test_a_silent_name_server_does_not_keep_a_run_from_stopping(self):
        (self.folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        # A network of its own, whose name server takes questions and never answers.
        silent = ("unshare", "-rnm", sys.executable, "-c", """
import fcntl, os, socket, struct, subprocess, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 0x49))  # SIOCSIFFLAGS: up
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/resolv.conf"], check=True)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
server.set_inheritable(True)
if sys.argv[2:]:
    os.execv(sys.argv[2], sys.argv[2:])
""", str(self.folder / "resolv.conf"))
        if subprocess.run(silent, capture_output=True).returncode != 0:
            self.assertNotIn("userns", os.environ.get("NAESTRO_REQUIRE", ""))
            self.skipTest("no namespaces can be made here")
        self.allow("slow.example")
        words = (self.plan("https://slow.example/"), "-w", str(self.work))
        digest = json.loads(self.naestro("plan", "explain", *words, "--json"))["digest"]
        run = subprocess.Popen([*silent, BINARY, "run", *words, "--approve", digest], env=self.env,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(run.stdout.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        while (line := run.stdout.readline()) and not line.startswith("start "):
            pass
        time.sleep(0.5)
        begin = time.monotonic()
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(timeout=60), 130)
        self.assertLess(time.monotonic() - begin, 4)  # the resolver gives up after ten seconds

    def tls_server(self):
        """A server whose certificate is its own authority."""
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
             "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out",
             "cert.pem"], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        server = Server({"/": (200, {}, b"sealed")})
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def test_https_is_the_default_and_is_verified(self):
        server = self.tls_server()
        self.allow(f"127.0.0.1:{server.port}")
        url = f"https://127.0.0.1:{server.port}/"
        self.assert_refused(url, "NE0007", "certificate")
        self.assertEqual(server.seen, [])
        # The same with an authority that the system trusts: in a mount namespace of its own.
        trusted = ("unshare", "-rm", "sh", "-c",
                   'mount --bind "$0" /etc/ssl/certs/ca-certificates.crt && exec "$@"',
                   str(self.folder / "cert.pem"))
        if subprocess.run([*trusted, "true"], capture_output=True).returncode != 0:
            self.assertNotIn("userns", os.environ.get("NAESTRO_REQUIRE", ""))
            self.skipTest("no mount namespace can be made here")
        self.get(url, prefix=trusted)
        self.assertEqual(self.show()["outputs"], {"status": 200, "body": "sealed"})
        self.assertEqual(server.seen, ["/"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
