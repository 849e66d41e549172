#!/usr/bin/env python3
"""What a policy obliges to, who runs a plan, and what a day may take, through the real binary:
bytes, reasons, rates over runs and resumes, limits of a day over runs that go on side by side.

obligations_test.py NAESTRO_BINARY"""
import json
import os
import pty
import subprocess
import sys
import time
import unittest

from own_world import BINARY, OwnWorld

HEAD = "policy: policy/1\nrules:\n"
TELL = {"id": "tell", "do": {"model": {"task": "t", "model": "scripted", "max_input_tokens": 500,
                                      "max_output_tokens": 50}},
        "with": {"messages": [{"role": "user", "content": "x"}]},
        "out": {"type": "object", "properties": {"said": {"type": "string", "maxLength": 99}},
                "required": ["said"], "additionalProperties": False}}


def write(path="a.md", step="write", title="t", **more):
    return {"id": step, "do": {"tool": "report.markdown@1"},
            "with": {"path": path, "title": title, "sections": []}, **more}


def find(path="docs", step="find", **more):
    return {"id": step, "do": {"tool": "files.search@1"}, "with": {"path": path, "query": "alpha"},
            **more}


class Obligations(OwnWorld):
    maxDiff = None

    def setUp(self):
        super().setUp()
        (self.work / "docs").mkdir()
        (self.work / "docs/a.txt").write_text("alpha\n")
        self.project_file = self.work / ".naestro/policy.yaml"
        self.user_file = self.folder / "config/naestro/policy.yaml"

    def plan(self, *steps, name="plan.json", **more):
        (self.work / name).write_text(json.dumps(
            {"naestro": "plan/1", "goal": "g", "steps": list(steps), "outputs": {}, **more}))

    def card(self):
        return json.loads(self.naestro("plan", "explain", "plan.json", "--json"))["digest"]

    def question(self):
        return json.loads(self.naestro("consents", "--json"))[0]["digest"]

    def events(self, kind, run="last"):
        rows = [json.loads(line) for line in
                self.naestro("show", run, "--events", "--json").splitlines()]
        return [row["data"] for row in rows if row["kind"] == kind]

    def reason(self):
        return json.loads(self.naestro("why", "last", "--json"))["plans"][0]["reason"]

    # Obligations

    def test_what_is_no_obligation_is_refused_when_the_file_is_read(self):
        self.plan(find())
        for text, said in (
                ("{max_byte: 4096}", r"policy\.yaml:5:\d+: NE0406 an obligation has no member "
                 "'max_byte'; did you mean 'max_bytes'"),
                ("{log: all}", "NE0406 an obligation has no member 'log'; one of max_bytes, "
                 "rate_limit, redact, require_reason"),
                ("{redact: all}", "'redact' is no list of what identifies persons; such as "),
                ("{max_bytes: many}", "'max_bytes' is no whole number from 1000 on"),
                ("{rate_limit: {calls: 5, per: 1w}}", "'rate_limit' is calls and per")):
            self.put(self.user_file, HEAD + "  - id: a\n    effect: ask\n    obligations: " + text + "\n")
            self.naestro("run", "plan.json", code=2, says=said)
            self.naestro("policy", "check", code=2, says=said)
        self.put(self.user_file, HEAD + "  - {id: a, effect: deny, obligations: {max_bytes: 5000}}\n")
        self.naestro("run", "plan.json", code=2, says="are of rules that allow or ask")

    def test_no_more_bytes_go_in_or_come_back_than_the_policy_lets_through(self):
        self.put(self.user_file, HEAD + "  - {id: small, effect: allow, obligations: {max_bytes: 1000}}\n")
        self.plan(write(title="t" * 2000))
        out = self.naestro("plan", "explain", "plan.json")
        self.assertIn("(at most 1000 bytes)", out)
        self.naestro("run", "plan.json", "--approve", self.card(), code=3,
                     says=r"NE0401 policy rule door\.max_bytes denies write in step write.*its "
                          r"arguments have \d+ bytes, the policy lets 1000 through")
        self.assertFalse((self.work / "a.md").exists())
        self.plan(find())
        self.naestro("run", "plan.json")
        decided = self.events("policy.decided")[0]
        self.assertEqual(decided["rule"], "small")
        self.assertEqual(decided["obligations"], {"max_bytes": 1000})
        (self.work / "docs/a.txt").write_text("alpha and a long line of words\n" * 50)
        self.naestro("run", "plan.json", code=1, says="returned \\d+ bytes, its cap is 1000")
        self.naestro("replay", "last", says="every body equal")
        self.naestro("audit", "verify")

    def test_what_identifies_persons_is_taken_out_of_what_goes_in(self):
        self.put(self.user_file, HEAD + "  - {id: nobody, effect: allow, obligations: {redact: "
                 "[email, iban]}}\n")
        told = "ask ann@corp.example, born 1980-05-17, GB29 NWBK 6016 1331 9268 19"
        self.plan(write(path="ann@corp.example.md", title=told))
        self.assertIn("(without email/iban)", self.naestro("plan", "explain", "plan.json"))
        self.naestro("run", "plan.json", "--approve", self.card())
        # The path decides where it goes, and was shown; the rest has nobody in it but a date.
        written = (self.work / "ann@corp.example.md").read_text()
        self.assertIn("born 1980-05-17", written)
        self.assertNotIn("ann@", written)
        self.assertNotIn("9268", written)
        self.assertEqual(written.count("pii:"), 2)
        self.assertEqual(self.events("policy.decided")[0]["obligations"],
                         {"redact": ["email", "iban"]})
        self.naestro("replay", "last", says="every body equal")
        self.naestro("undo", "last", code=5)

    def test_a_yes_says_why(self):
        self.put(self.user_file, HEAD + "  - {id: why, effect: ask, kinds: [write], "
                 "obligations: {require_reason: true}}\n")
        self.plan(write())
        self.assertIn("(a yes says why)", self.naestro("plan", "explain", "plan.json"))
        self.naestro("run", "plan.json", "--approve", self.card(), code=5,
                     says="A yes to this question says why: give it with --reason")
        digest = self.question()
        self.naestro("approve", "last", digest, code=2, says="NE0801 a yes to this question says why")
        self.naestro("approve", "last", digest, "--scope", "run", "--reason", "r", code=2,
                     says="no answer to it lasts")
        self.naestro("approve", "last", digest, "--reason", "ticket 17: the report is due")
        self.naestro("resume", "last")
        self.assertTrue((self.work / "a.md").exists())
        self.assertEqual(self.reason(), "ticket 17: the report is due")
        self.assertIn("ticket 17: the report is due", self.naestro("why", "last"))
        self.naestro("replay", "last", says="every body equal")
        self.naestro("run", "plan.json", "--approve", self.card(), "--reason", "ticket 18")
        self.assertEqual(self.reason(), "ticket 18")
        # A no needs none.
        self.naestro("run", "plan.json", code=5)
        self.naestro("refuse", "last", self.question())
        self.naestro("resume", "last", code=3)

    def test_the_terminal_asks_for_the_reason(self):
        self.put(self.user_file, HEAD + "  - {id: why, effect: ask, kinds: [write], "
                 "obligations: {require_reason: true}}\n")
        self.plan(write())
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.work)
            os.execve(BINARY, [str(BINARY), "run", "plan.json"], self.env)
        out = b""
        for prompt, words in ((b"Approve? [y/n] ", b"y\n"), (b"Reason: ", b"\n"),
                              (b"Without a reason it is no yes. Approve? [y/n] ", b"y\n"),
                              (b"Reason: ", b"the report is due\n"), (None, b"")):
            start = len(out)
            while prompt is None or prompt not in out[start:]:
                try:
                    piece = os.read(fd, 4096)
                except OSError:
                    break
                if not piece:
                    break
                out += piece
            if words:
                os.write(fd, words)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, out)
        self.assertNotIn(b"A yes can last", out)
        self.assertEqual(self.reason(), "the report is due")

    def test_a_rate_limit_holds_over_resumes_and_runs(self):
        self.put(self.user_file, HEAD + "  - {id: slow, effect: allow, kinds: [read], "
                 "obligations: {rate_limit: {calls: 2, per: 1h}}}\n")
        self.plan(find(step="a"), find(step="b"), find(step="c"))
        said = r"the rate limit of user/slow was reached at step c; it lets a call go in 3[56]\d\d s"
        self.naestro("run", "plan.json", code=7, says=said)
        self.assertEqual(len(self.events("effect.done")), 2)
        self.naestro("resume", "last", code=7, says=said)
        self.assertRegex(self.naestro("show", "last"), r"rate_limit")
        self.naestro("replay", "last", says="every body equal")
        self.plan(find(step="other"), name="other.json")
        self.naestro("run", "other.json", code=7, says="user/slow was reached at step other")
        self.assertEqual(len(self.events("effect.intended")), 0)
        self.naestro("audit", "verify")

    def test_a_rate_limit_lets_calls_go_when_their_time_has_come(self):
        self.put(self.user_file, HEAD + "  - {id: slow, effect: allow, kinds: [read], "
                 "obligations: {rate_limit: {calls: 1, per: 2s}}}\n")
        self.plan(find(step="a"), find(step="b"))
        self.naestro("run", "plan.json", code=7)
        time.sleep(2.1)
        self.naestro("resume", "last")
        self.assertEqual(len(self.events("effect.done")), 2)

    def test_explain_check_and_diff_know_obligations(self):
        rule = "  - {id: small, effect: allow, kinds: [write], obligations: {max_bytes: 5000}}\n"
        self.put(self.user_file, HEAD + rule)
        out = self.naestro("policy", "explain", "--tool", "files.write", "--arg", "path=a.md")
        self.assertRegex(out, r"small \(\$XDG_CONFIG_HOME/naestro/policy\.yaml:3\) +allow, at most "
                         r"5000 bytes +matches")
        self.assertIn("\nObliges: at most 5000 bytes\n", out)
        said = json.loads(self.naestro("policy", "explain", "--tool", "files.write", "--arg",
                                       "path=a.md", "--json"))
        self.assertEqual(said["obligations"], {"max_bytes": 5000})
        self.assertNotIn("loosens nothing", self.naestro("policy", "check"))
        old, new = self.folder / "old.yaml", self.folder / "new.yaml"
        old.write_text(HEAD + rule)
        new.write_text(HEAD + rule.replace("5000", "2000") + "limits: {calls_day: 5}\n")
        out = self.naestro("policy", "diff", str(old), str(new), code=1)
        self.assertRegex(out, r"stricter +ask \(at most 5000 bytes\) -> ask \(at most 2000 bytes\) ")
        self.assertIn("Limits: no limits of a day -> 5 calls a day\n", out)
        old.write_text(new.read_text())
        self.naestro("policy", "diff", str(old), str(new), says="No call was found")

    def test_claims_are_about_obligations_and_users_too(self):
        rule = "  - {id: small, effect: allow, kinds: [write], obligations: {max_bytes: 5000}}\n"
        old, new = self.folder / "old.yaml", self.folder / "new.yaml"
        old.write_text(HEAD + rule)
        new.write_text(HEAD + rule.replace("5000", "2000"))
        self.naestro("policy", "prove", "implies", str(new), str(old), says="Yes, of all calls")
        self.naestro("policy", "prove", "implies", str(old), str(new), code=1,
                     says=r"the first:  ask \(at most 5000 bytes\) .*\n"
                          r"    the second: ask \(at most 2000 bytes\)")
        new.write_text(HEAD + "  - {id: not_her, effect: deny, kinds: [write], who: {users: [ann]}}\n")
        said = json.loads(self.naestro("policy", "prove", "always-allows", str(new), "--tool",
                                       "report.markdown", "--json", code=1))
        self.assertEqual((said["counter"]["user"], said["counter"]["one"]["obligations"]), ("ann", {}))
        old.write_text(HEAD.replace("rules:", "rules: []"))
        self.naestro("policy", "diff", str(old), str(new), code=1,
                     says=r"stricter +ask -> deny  \S+ path=\S+ in mode copilot run by ann\n")
        self.put(self.user_file, HEAD + "  - {id: all, effect: deny, kinds: [pay]}\n"
                 "  - {id: hers, effect: ask, kinds: [pay], who: {users: [ann]}, "
                 "obligations: {require_reason: true}}\n")
        self.naestro("policy", "check",
                     says=r"rule hers decides nothing: rule all in line 3 matches all that it does\n"
                          r"    such as \S+ in mode copilot run by ann: deny by all")

    def test_a_deny_of_paths_that_also_denies_reading_is_pointed_out(self):
        self.put(self.user_file, HEAD + '  - {id: keep, effect: deny, paths: ["secrets/**"]}\n')
        self.naestro("policy", "check",
                     says=r"policy\.yaml:3: hint: rule keep also denies reading")

    # Who

    def test_rules_are_for_users_and_modes(self):
        me = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
        self.plan(write())
        rule = HEAD + "  - {{id: who, effect: deny, kinds: [write], who: {}}}\n"
        self.put(self.user_file, rule.format("{users: [somebody-else]}"))
        self.naestro("run", "plan.json", code=5)
        self.put(self.user_file, rule.format("{users: [somebody-else, %s]}" % me))
        # The run that waits was made under other rules; both hold.
        self.naestro("approve", "last", self.question())
        self.naestro("resume", "last", code=3, says="NE0401 policy rule who")
        self.naestro("replay", "last", says="every body equal")
        self.naestro("run", "plan.json", code=3, says="NP6001.*rule who")
        explain = ("policy", "explain", "--tool", "files.write", "--arg", "path=a.md")
        self.naestro(*explain, says="Decision: deny by who")
        self.naestro(*explain, "--user", "nobody-known", says="Decision: ask by builtin.write")
        cases = self.work / "cases.yaml"
        cases.write_text("cases:\n  - {tool: files.write, user: somebody-else, expect: deny, rule: who}\n"
                         "  - {tool: files.write, user: a, expect: ask}\n")
        self.naestro("policy", "test", "cases.yaml", says="2 cases as expected")
        self.put(self.user_file, rule.format("{modes: [auto]}"))
        self.naestro(*explain, says="Decision: ask by builtin.write")
        self.naestro(*explain, "--mode", "auto", says="Decision: deny by who")
        for who, said in (("{user: [a]}", "who has no member 'user'; did you mean 'users'"),
                          ("{modes: [autto]}", "there is no mode 'autto'; did you mean 'auto'"),
                          ("{}", "'who' is no map with something in it")):
            self.put(self.user_file, rule.format(who))
            self.naestro("policy", "check", code=2, says=r"policy\.yaml:3:\d+: NE0406 " + said)

    def test_what_others_must_not_read_is_not_left_out(self):
        me = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
        (self.work / "docs/b.key").write_text("alpha\n")
        self.plan(find(), outputs={"files": "${steps.find.out.file_count}"})
        for user, files in (("somebody-else", 2), (me, 1)):
            self.put(self.user_file, HEAD + "  - {id: who, effect: deny, kinds: [read], paths: [\"**/*.key\"], "
                     "who: {users: [%s]}}\n" % user)
            self.naestro("run", "plan.json")
            said = json.loads(self.naestro("show", "last", "--json"))
            self.assertEqual(said["outputs"], {"files": files}, user)

    # Limits of a day

    def limit(self, text):
        self.put(self.user_file, HEAD.replace("rules:\n", "rules: []\n") + "limits: " + text + "\n")

    def test_a_day_that_is_used_up_pauses_the_run_and_loses_no_work(self):
        self.limit("{calls_day: 3}")
        self.assertIn("; 3 calls a day", self.naestro("policy", "check"))
        self.plan(find(step="a"), find(step="b"))
        self.naestro("run", "plan.json")
        out = self.naestro("run", "plan.json", code=7,
                           says=r"the limit of calls_day was reached at step b \(needs 1, left 0\)")
        self.assertIn("a new day (UTC) has begun", out)
        self.assertEqual(len(self.events("effect.done")), 1)
        self.assertEqual(self.events("run.created")[0]["day"], {"tool_calls": 1})
        self.naestro("resume", "last", code=7, says="the limit of calls_day was reached")
        self.limit("{calls_day: 4}")
        self.naestro("resume", "last")
        self.assertEqual(len(self.events("effect.done")), 2)
        self.naestro("replay", "last", says="every body equal")
        self.naestro("run", "plan.json", code=7, says="calls_day was reached at step a")
        # The strictest of all layers holds.
        self.limit("{calls_day: 100}")
        self.put(self.project_file, "policy: policy/1\nrules: []\nlimits: {calls_day: 4}\n")
        self.naestro("resume", "last", code=7, says="calls_day")
        for text, said in (("{call_day: 1}", "limits has no member 'call_day'; did you mean 'calls_day'"),
                           ("{usd_day: much}", "'usd_day' is no amount of dollars"), ("7", "is no map")):
            self.limit(text)
            self.naestro("tools", code=2, says="NE0406 .*" + said)

    def start(self, *words):
        return subprocess.Popen([BINARY, "run", *words], env=self.env, cwd=self.work,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def runs(self):
        return json.loads(self.naestro("runs", "--json"))

    def test_runs_that_begin_together_do_not_overshoot(self):
        self.limit("{calls_day: 3}")
        self.plan(find(step="a"), find(step="b"))
        for each in [self.start("plan.json") for _ in range(4)]:
            out = each.communicate(timeout=120)[0]
            self.assertIn(each.returncode, (0, 7), out)
        runs = [row["run"] for row in self.runs()]
        self.assertEqual(len(runs), 4)
        calls = sum(len(self.events("effect.intended", run)) for run in runs)
        self.assertIn(calls, (2, 3))
        # What was held and not used is there again.
        for run in [row["run"] for row in self.runs() if row["state"] == "limit"]:
            self.naestro("resume", run, code=7)
        self.assertEqual(sum(len(self.events("effect.intended", run)) for run in runs), 3)
        for run in runs:
            self.naestro("replay", run, says="every body equal")

    def test_a_run_under_way_counts_with_all_that_it_may_take(self):
        self.limit("{tokens_day: 1000}")
        self.plan(TELL)
        scripts = {}
        for seconds in (0, 6):
            scripts[seconds] = self.folder / f"script-{seconds}.json"
            scripts[seconds].write_text(json.dumps({"answers": [
                {"step": "tell", "text": json.dumps({"said": "hello"}),
                 "delay_ms": seconds * 1000}]}))
        words = ["plan.json", "--model-script"]
        self.plan(find(), name="other.json")
        self.naestro("run", "other.json")  # the store is there
        live = self.start(*words, str(scripts[6]))
        self.addCleanup(live.kill)
        while not any(row["state"] == "running" for row in self.runs()):
            time.sleep(0.05)
        # It may take 550: that leaves 450, though it has used nothing yet.
        self.naestro("run", *words, str(scripts[0]), code=7,
                     says=r"tokens_day was reached at step tell \(needs 550, left 450\)")
        waits = self.runs()[-1]["run"]
        self.assertEqual(self.events("run.created", waits)[0]["day"], {"tokens": 450})
        self.assertEqual(live.wait(timeout=60), 0, live.stdout.read())
        live.stdout.close()
        # It took less.
        self.naestro("resume", waits, "--model-script", str(scripts[0]))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
