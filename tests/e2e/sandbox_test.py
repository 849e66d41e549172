#!/usr/bin/env python3
"""naestro sandbox -- CMD through the real binary; no engine is needed.

sandbox_test.py NAESTRO_BINARY"""
import http.server
import json
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()


class Sandbox(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.work = self.folder / "work"
        self.work.mkdir()
        (self.folder / "outside").write_text("secret")
        self.env = dict(os.environ, HOME=str(self.folder), NAESTRO_SECRET="hunter2")
        for name in ("CONFIG", "STATE", "DATA"):
            self.env.pop(f"XDG_{name}_HOME", None)

    def naestro(self, *words, stdin="", cwd=None, code=0):
        done = subprocess.run([BINARY, "sandbox", *words], env=self.env, capture_output=True,
                              text=True, input=stdin, timeout=120, cwd=cwd or self.work,
                              check=False)
        if "NE0504" in done.stderr and "landlock" not in os.environ.get("NAESTRO_REQUIRE", ""):
            self.skipTest("programs cannot be confined here: " + done.stderr)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.err = done.stderr
        return done.stdout

    def sh(self, script, *options, **more):
        return self.naestro(*options, "--", "sh", "-c", script, **more)

    def test_streams_and_codes_are_the_programs(self):
        self.assertEqual(self.sh("cat; echo err >&2; exit 7", stdin="in\n", code=7), "in\n")
        self.assertEqual(self.err, "err\n")
        self.sh("kill -9 $$", code=128 + signal.SIGKILL)
        self.assertEqual(self.naestro("--", "echo", "--help", "-w"), "--help -w\n")
        self.assertEqual(self.sh("head -c 3000000 /dev/zero | tr '\\0' x"), "x" * 3_000_000)
        self.assertEqual(self.sh("wc -c", stdin="x" * 1_000_000), "1000000\n")
        self.naestro("--", "no-such-program", code=2)
        self.assertIn("NE0008", self.err)

    def test_what_was_stopped_is_an_event(self):
        self.assertEqual(self.naestro("--refused"), "Nothing was stopped until now.\n")
        self.sh("mkdir d")
        self.assertEqual(self.naestro("--refused"), "Nothing was stopped until now.\n")
        self.assertFalse((self.folder / ".local").exists(), "a store for nothing")
        self.sh("echo alias ls=evil > d/.bashrc; exit 7", code=7)
        self.assertRegex(self.err, "'d/.bashrc' is a protected name")
        one, = json.loads(self.naestro("--refused", "--json"))
        self.assertEqual((one["profile"], one["exit_code"], one["folder"]),
                         ("workspace", 7, str(self.work)))
        self.assertEqual(one["argv"][:2], ["sh", "-c"])
        self.assertRegex(one["refusals"][0], "'d/.bashrc' is a protected name")
        self.assertRegex(self.naestro("--refused"), "profile workspace, in /.*: sh -c echo")
        audit = subprocess.run([BINARY, "audit", "verify"], env=self.env, capture_output=True,
                               text=True, check=False)
        self.assertIn("Good", audit.stdout)
        self.naestro(code=2)
        self.assertIn("no program is named", self.err)

    def test_a_secret_in_its_words_is_not_recorded(self):
        value = "tok-9f4be2a77c61"
        subprocess.run([BINARY, "vault", "set", "TOKEN"], env=self.env, input=value, text=True,
                       check=True, capture_output=True)
        self.sh(f"echo {value} > .bashrc; echo {value.encode().hex()}; touch {value}; "
                f"mkdir {value}.d; echo x > {value}.d/.bashrc")
        self.assertIn(value, self.err)  # to who typed it
        one, = json.loads(self.naestro("--refused", "--json"))
        self.assertNotIn(value, json.dumps(one))
        self.assertNotIn(value.encode().hex(), json.dumps(one))
        self.assertIn("echo \u27e6secret:TOKEN\u27e7 > .bashrc", one["argv"][2])
        self.assertTrue(any("secret:TOKEN" in each for each in one["refusals"]), one)

    def test_the_folder_may_be_changed_and_nothing_else(self):
        self.sh("echo new > made && mkdir d && mv made d/made")
        self.assertEqual((self.work / "d/made").read_text(), "new\n")
        self.assertEqual(os.listdir(self.work), ["d"])
        self.assertEqual((self.work / "d/made").stat().st_uid, os.getuid())
        self.assertEqual(self.sh("cat ../outside /etc/passwd; echo $NAESTRO_SECRET; "
                                 "ls ..; touch ../new /usr/new; true"), "\n")
        self.assertFalse((self.folder / "new").exists())
        self.assertEqual(self.sh("echo in > /tmp/a && cat /tmp/a"
                                 if not str(self.work).startswith("/tmp/") else
                                 "echo in > $TMPDIR/a && cat $TMPDIR/a"), "in\n")

    def test_read_only(self):
        (self.work / "data").write_text("data")
        self.assertEqual(self.sh("cat data; echo x > data || echo x > new || rm data || "
                                 "chmod 777 data || exit 4", "--profile", "read-only", code=4),
                         "data")
        self.assertEqual((self.work / "data").read_text(), "data")

    def test_weak_says_what_it_leaves_open(self):
        self.assertEqual(self.sh("echo new > made; cat made; cat ../outside; exit 5",
                                 "--profile", "weak", code=5), "new\n")
        self.assertIn("naestro: profile weak: no namespaces", self.err)

    def test_protected_names(self):
        self.sh("mkdir -p .git/hooks && echo x > .git/hooks/pre-commit || exit 3", code=3)
        self.sh("mkdir -p sub/.git/hooks .GIT && mv sub/.git/hooks . || exit 3")
        self.assertIn("'sub/.git' is a protected name", self.err)
        self.assertEqual(sorted(os.listdir(self.work)), ["hooks", "refused-.GIT", "sub"])
        self.assertEqual(os.listdir(self.work / "sub"), ["refused-.git"])

    def test_the_network_is_the_hosts_that_are_named(self):
        hits = []

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                hits.append((self.path, self.headers["Host"]))
                body = b"far"
                if self.path == "/away":
                    self.send_response(302)
                    self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
                else:
                    self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        at = f"127.0.0.1:{server.server_port}"
        get = ("import sys, urllib.request as u, urllib.error\n"
               "try: print(u.urlopen(sys.argv[1], timeout=20).read().decode())\n"
               "except urllib.error.HTTPError as e: print(e.code)\n"
               "except OSError as e: print('no way')")

        def ask(url, *options):
            return self.naestro(*options, "--", "/usr/bin/python3", "-c", get, url).strip()

        net = ("--profile", "net", "--allow-host", at)
        self.assertEqual(ask(f"http://{at}/near", *net, "--verbose"), "far")
        self.assertEqual(hits, [("/near", at)])
        self.assertIn(f"egress: GET http://{at}/near HTTP/1.1 allowed", self.err)
        self.assertEqual(ask(f"http://{at}/away", *net), "403")
        self.assertIn("http://169.254.169.254 is not among the hosts", self.err)
        self.assertEqual(ask(f"http://{at}/near", "--profile", "net"), "403")
        self.assertEqual(ask(f"http://localhost:{server.server_port}/", "--profile", "net",
                             "--allow-host", f"localhost:{server.server_port}"), "403")
        self.assertIn("no address of the public Internet", self.err)
        self.assertEqual(ask(f"http://{at}/near"), "no way")
        self.assertEqual(len(hits), 2)
        self.naestro("--allow-host", at, "--", "true", code=2)
        self.naestro("--profile", "net", "--allow-host", "a b", "--", "true", code=2)

    def test_a_home_keeps_its_keys(self):
        (self.folder / ".ssh").mkdir()
        (self.folder / ".ssh/id").write_text("key")
        (self.folder / ".aws").mkdir()
        (self.folder / ".aws/credentials").write_text("key")
        state = self.folder / ".local/state/naestro"
        state.mkdir(parents=True)
        (state / "store").write_text("ledger")
        self.assertEqual(self.sh("cat .ssh/id .aws/credentials .local/state/naestro/store; true",
                                 cwd=self.folder), "")
        self.sh("rm -r .local/state/naestro || mv .ssh x || exit 3", cwd=self.folder, code=3)
        self.assertEqual((state / "store").read_text(), "ledger")
        self.sh("mkdir -p .config/naestro && echo x > .config/naestro/naestro.yaml || exit 3",
                cwd=self.folder, code=3)
        self.sh("mkdir -p bin && cp /bin/true bin/ls || exit 3", cwd=self.folder, code=3)
        self.sh("echo x > .xprofile || exit 3", cwd=self.folder, code=3)
        self.assertFalse((self.folder / ".xprofile").exists())
        shutil.rmtree(self.folder / ".local")
        self.sh("true", cwd=self.folder)
        self.assertEqual(sorted(os.listdir(self.folder)), [".aws", ".ssh", "outside", "work"])

    def test_a_folder_of_the_system_is_no_workspace(self):
        for folder in ("/", "/usr", "/etc", "/tmp"):
            self.naestro("-w", folder, "--", "true", code=2)
            self.assertIn("folder of the system", self.err)
        self.naestro("-w", "no-such", "--", "true", code=2)
        self.naestro(code=2)

    def test_a_folder_of_naestros_own_is_no_workspace(self):
        for own in (".local/state/naestro", ".local/share/naestro", ".config/naestro/below"):
            (self.folder / own).mkdir(parents=True)
            for profile in ("workspace", "read-only", "weak"):
                self.naestro("-w", str(self.folder / own), "--profile", profile, "--", "true", code=2)
                self.assertIn("a folder of Naestro's own", self.err)

    def test_a_folder_above_what_is_barred_is_not_moved(self):
        rules = self.folder / ".config/naestro/policy.yaml"
        rules.parent.mkdir(parents=True)
        rules.write_text("policy: policy/1\nrules:\n"
                         "  - {id: no, effect: deny, kinds: [read], paths: ['a/secrets/**', '**/*.key']}\n")
        self.env["XDG_DATA_HOME"] = str(self.work / "data")
        for name in ("a/secrets/x", "data/naestro/y"):
            (self.work / name).parent.mkdir(parents=True)
            (self.work / name).write_text("hunter2")
        for profile in ("workspace", "weak"):
            for script in ("mv a b", "mv data d9", "rm -r a", "rm -r data"):
                self.assertEqual(self.sh(f"{script} || exit 3; cat b/secrets/x d9/naestro/y",
                                         "--profile", profile, code=3), "")
        self.assertEqual((self.work / "a/secrets/x").read_text(), "hunter2")
        self.assertEqual((self.work / "data/naestro/y").read_text(), "hunter2")
        # What is hidden may hold what is hidden.
        (self.folder / ".ssh").mkdir()
        (self.folder / ".ssh/x.key").write_text("hunter2")
        self.assertEqual(self.sh("cat .ssh/x.key; echo fine", cwd=self.folder), "fine\n")

    def test_what_the_folders_configuration_says_does_not_matter(self):
        (self.work / "naestro.yaml").write_text("not: [valid")
        self.assertEqual(self.sh("echo fine"), "fine\n")

    def test_time_and_interrupt(self):
        self.sh("sleep 60", "--max-time", "1", code=128 + signal.SIGKILL)
        self.assertIn("its time is over", self.err)
        child = subprocess.Popen([BINARY, "sandbox", "--", "sh", "-c",
                                  "trap '' INT TERM; echo on; sleep 83.25"], cwd=self.work,
                                 env=self.env, stdout=subprocess.PIPE, text=True)
        self.assertEqual(child.stdout.readline(), "on\n")
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(20), 130)
        child.stdout.close()
        self.assertEqual(self.sleeping("83.25"), [])

    def test_killed_it_takes_all_with_it(self):
        child = subprocess.Popen([BINARY, "sandbox", "--", "sh", "-c", "echo on; sleep 85.25"],
                                 cwd=self.work, env=self.env, stdout=subprocess.PIPE, text=True)
        self.assertEqual(child.stdout.readline(), "on\n")
        child.kill()
        child.wait()
        child.stdout.close()
        for _ in range(100):
            if not self.sleeping("85.25"):
                break
            time.sleep(0.05)
        self.assertEqual(self.sleeping("85.25"), [])
        self.sh("true")  # and takes away what the killed one held
        self.assertEqual(os.listdir(self.work), [])

    @staticmethod
    def sleeping(mark):
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[:2] == [b"sleep", mark.encode()]:
                found.append(entry.name)
        return found

    def test_a_terminal_gets_text_and_colours_alone(self):
        main, side = pty.openpty()
        script = r"printf 'a\033]0;title\007\033]52;c;aGk=\007\033[31mred\033[0m\033[6n\n'; tty"
        done = subprocess.run([BINARY, "sandbox", "--", "sh", "-c", script], cwd=self.work,
                              env=self.env, stdin=side, stdout=side, stderr=side, timeout=60,
                              check=False)
        os.close(side)
        said = b""
        try:
            while piece := os.read(main, 4096):
                said += piece
        except OSError:
            pass
        os.close(main)
        self.assertEqual(done.returncode, 1, said)
        self.assertEqual(said, b"a\x1b[31mred\x1b[0m\r\nnot a tty\r\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
