#!/usr/bin/env python3
"""Programs of a plan that reach hosts, through the real binary, from a real server on this machine;
no engine is needed.

hosts_test.py NAESTRO_BINARY"""
import http.server
import json
import os
import threading
import unittest

import own_world

GET = """import sys, urllib.request as u, urllib.error
for url in sys.argv[1:]:
    try: print(u.urlopen(url, timeout=20).read().decode())
    except urllib.error.HTTPError as e: print(e.code)
    except OSError as e: print('no way')"""


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, self.headers["Host"]))
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"far")

    def log_message(self, *_):
        pass


class Hosts(own_world.OwnWorld):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.seen = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def allow(self, *hosts):
        self.put(self.folder / "config/naestro/naestro.yaml",
                 "net:\n  hosts: " + json.dumps(hosts) + "\n")

    def policy(self, rules, more=""):
        self.put(self.folder / "config/naestro/policy.yaml", f"policy: policy/1\nrules: {rules}\n{more}")

    def plan(self, hosts, *urls, tool="exec.run@2", inputs=None):
        step = {"id": "get", "do": {"tool": tool},
                "with": {"argv": ["/usr/bin/python3", "-I", "-c", GET, *urls]}}
        if hosts is not None:
            step["with"]["hosts"] = hosts
        plan = {"naestro": "plan/1", "goal": "fetch", "steps": [step], "inputs": inputs or {},
                "outputs": {"out": "${steps.get.out}"}}
        self.put(self.folder / "plan.json", json.dumps(plan))
        return str(self.folder / "plan.json")

    def ran(self, *words):
        """What the step gave, after a yes to the card as it is shown."""
        digest = json.loads(self.naestro("plan", "explain", *words, "--json"))["digest"]
        text = self.confined("run", *words, "--approve", digest)
        self.assertNotIn("NE0504", text)
        return json.loads(self.naestro("show", "last", "--json"))["outputs"]["out"]

    def confined(self, *words, code=0, says=None):
        try:
            return self.naestro(*words, code=code, says=says)
        except AssertionError as error:
            if "NE0504" in str(error) and "landlock" not in os.environ.get("NAESTRO_REQUIRE", ""):
                self.skipTest("programs cannot be confined here")
            raise

    def test_the_card_names_the_hosts_and_the_result_what_was_reached(self):
        self.allow(self.origin)
        file = self.plan([self.origin], self.origin + "/a", "http://169.254.169.254/b")
        said = self.naestro("run", file, code=5)
        self.assertIn(self.origin, said)
        self.assertRegex(self.naestro("plan", "explain", file), r"net \[\"" + self.origin)
        out = self.ran(file)
        self.assertEqual(out["stdout"], "far\n403\n", out["stderr"])
        at = self.origin[len("http://"):]
        self.assertEqual(self.server.seen, [("/a", at)])
        one, = out["reached"]
        self.assertEqual((one["origin"], one["connections"]), (self.origin, 1))
        self.assertGreater(one["sent_bytes"], 30)
        self.assertGreater(one["received_bytes"], 30)
        self.assertEqual(out["refused_count"], 1)
        self.assertIn("http://169.254.169.254 is not among the hosts", out["refused"][0])
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])

    def test_without_hosts_it_is_as_before(self):
        for tool in ("exec.run@1", "exec.run@2"):
            out = self.ran(self.plan(None, self.origin, tool=tool))
            self.assertEqual(out["stdout"], "no way\n")
        self.assertEqual((out["reached"], out["refused"], out["refused_count"]), ([], [], 0))
        self.assertEqual(self.server.seen, [])
        # The form of @1 has no hosts; the finding says so.
        self.naestro("plan", "check", self.plan(["a.example"], tool="exec.run@1"), code=2,
                     says="exec.run@1 has no argument 'hosts'")

    def test_the_users_list_is_a_second_gate(self):
        file = self.plan([self.origin], self.origin)
        digest = json.loads(self.naestro("plan", "explain", file, "--json"))["digest"]
        self.confined("run", file, "--approve", digest, code=1,
                      says="NE0505(.|\n)*is not among the hosts(.|\n)*to net.hosts")
        self.assertEqual(self.server.seen, [])

    def test_rules_about_hosts_are_rules_about_each_of_them(self):
        self.policy("[{id: no, effect: deny, kinds: [net], hosts: [b.example, '*.b.example']}]")
        for hosts in (["b.example"], ["a.example", "http://x.b.example:8080"]):
            self.naestro("run", self.plan(hosts, self.origin), code=3,
                         says="denies `net`(.|\n)*rule no")
        self.naestro("run", self.plan(["a.example"], self.origin), code=5)
        # Which is found out when it is known.
        file = self.plan(["${inputs.host}"], self.origin,
                         inputs={"host": {"schema": {"type": "string"}}})
        self.naestro("run", file, "--input", "host=a.example", code=5)
        self.naestro("run", file, "--input", "host=b.example", code=3, says="rule no")
        self.naestro("policy", "explain", "--tool", "exec.run@2", "--arg", "argv=[\"x\"]", "--arg",
                     "hosts=[\"b.example\"]",
                     says="deny(.|\n)*no")

    def test_files_that_must_not_leave_do_not_meet_hosts(self):
        self.policy("[]", "labels:\n  - {paths: ['hr/**'], readers: off_prem_forbidden}\n")
        self.naestro("run", self.plan([self.origin], self.origin), code=3,
                     says="NP7002(.|\n)*the workspace -> exec.run@2")
        self.naestro("run", self.plan(None, self.origin), code=5)

    def test_what_is_no_host_is_found_before_the_run(self):
        for host in ("https://a.example/x", "a b", "*.a.example", "user@a.example", "A.example", ""):
            self.naestro("plan", "check", self.plan([host]), code=2, says="the argument 'hosts' does not fit exec.run@2")


if __name__ == "__main__":
    unittest.main(argv=own_world.sys.argv[:1])
