#!/usr/bin/env python3
"""The ends of a run that are not its plan's: a deadline, a kill; and a fork of it. Through the real
binary and the real store, with the scripted model.

life_test.py NAESTRO_BINARY"""
import base64
import hashlib
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()
PLAN = {
    "naestro": "plan/1", "goal": "tell",
    "inputs": {"word": {"schema": {"type": "string", "minLength": 1, "maxLength": 99},
                        "value": "alpha"}},
    "steps": [
        {"id": "find", "do": {"tool": "files.search@1"},
         "with": {"path": ".", "query": "${inputs.word}"}},
        {"id": "tell", "do": {"model": {"task": "t", "model": "scripted", "max_input_tokens": 500,
                                        "max_output_tokens": 50}},
         "with": {"messages": [{"role": "user",
                                "content": "${inputs.word}: ${steps.find.out.match_count}"}]},
         "out": {"type": "object", "properties": {"said": {"type": "string", "maxLength": 99}},
                 "required": ["said"], "additionalProperties": False}}],
    "outputs": {"said": "${steps.tell.out.said}"}}


class Life(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.work = self.folder / "work"
        self.work.mkdir()
        (self.work / "a.txt").write_text("alpha\nbeta\nalpha\n")
        (self.folder / "plan.json").write_text(json.dumps(PLAN))
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"))

    def script(self, delay_s, said="hello"):
        """The scripted model says `said` after `delay_s`."""
        file = self.folder / f"script-{delay_s}-{said}.json"
        file.write_text(json.dumps({"answers": [
            {"step": "tell", "text": json.dumps({"said": said}), "delay_ms": delay_s * 1000}]}))
        return ["--model-script", str(file)]

    def naestro(self, *words, code=0):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def show(self, run="last"):
        return json.loads(self.naestro("show", run, "--json"))

    def begin(self, *words):
        """A run in the background whose model takes its time."""
        process = subprocess.Popen([BINARY, "run", self.folder / "plan.json", "-w", self.work,
                                    *words], env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        for line in process.stdout:
            if line.startswith("start    tell"):
                return process
        return self.fail("the run did not come to its model")

    def test_a_deadline_stops_the_run_and_more_time_ends_it(self):
        process = self.begin("--max-time", "400", *self.script(100))
        time.sleep(1.2)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), 130)

        began = time.monotonic()
        out = self.naestro("resume", "last", "--max-time", "3", *self.script(100), code=7)
        self.assertLess(time.monotonic() - began, 2.9)  # a second of the three was used before
        self.assertIn("the limit of wall_s was reached at step tell", out)
        self.assertRegex(out, r"Next: +naestro resume \w+ --max-time \d+")
        self.assertEqual(self.show()["state"], "limit")
        self.assertEqual(self.show()["exhausted"]["limit"], "wall_s")

        out = self.naestro("resume", "last", *self.script(0), code=7)
        self.assertRegex(out, r"NE0704 the limit of wall_s is reached: .* worked for 3 s of 3 s")
        self.naestro("resume", "last", "--max-time", "400", *self.script(0))
        self.assertEqual(self.show()["outputs"], {"said": "hello"})
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])
        self.naestro("run", str(self.folder / "plan.json"), "--max-time", "1", code=4)

    def test_kill_ends_a_run_from_another_process_within_a_second(self):
        process = self.begin(*self.script(100))
        began = time.monotonic()
        self.assertIn("Killed run", self.naestro("kill", "last"))
        self.assertLess(time.monotonic() - began, 1.5)
        self.assertEqual(process.wait(timeout=5), 1)
        self.assertIn("NE0711 a person killed the run", process.stdout.read())
        view = self.show()
        self.assertEqual((view["state"], view["code"]), ("killed", "NE0711"))
        self.assertEqual([(step["id"], step["state"]) for step in view["steps"]
                          if step["id"] == "tell"], [("tell", "killed")])
        self.assertEqual(sum(step["usage"]["tokens_in"] + step["usage"]["tokens_out"]
                             for step in view["steps"]),
                         view["spent"]["tokens_in"] + view["spent"]["tokens_out"])
        why = self.naestro("why", "last", "tell")
        self.assertIn("tell  killed\n", why)
        self.assertRegex(why, r"1 lost attempts billed at their caps\n  cost .*[1-9]\d* tokens?\b")
        self.naestro("kill", "last", code=2)
        self.naestro("resume", "last", code=2)
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])
        self.naestro("audit", "verify")

    def test_kill_ends_a_run_that_no_process_owns(self):
        process = self.begin(*self.script(100))
        process.kill()
        process.wait()
        self.assertEqual(self.show()["state"], "interrupted")
        self.naestro("kill", "last")
        self.assertEqual(self.show()["state"], "killed")
        self.assertIn("No run waits", self.naestro("resume", "--all"))
        self.naestro("kill", "nobody", code=2)
        self.naestro("audit", "verify")

    def test_a_fork_goes_on_live_with_another_input(self):
        self.naestro("run", str(self.folder / "plan.json"), "-w", str(self.work),
                     *self.script(0, "first"))
        first = self.show()["run"]
        out = self.naestro("fork", first, "--at", "tell", "--set", "word=beta",
                           *self.script(0, "second"))
        self.assertRegex(out, r"find +files.search@1 +reuse +made with the former value of word")
        self.assertRegex(out, r"tell +model:scripted +execute")
        view = self.show()
        self.assertEqual(view["outputs"], {"said": "second"})
        self.assertEqual((view["fork"]["run"], view["fork"]["at"]), (first, "tell"))
        self.assertEqual(view["spent"]["tool_calls"], 0)
        self.assertEqual({step["id"]: step["state"] for step in view["steps"]},
                         {"find": "reused", "tell": "done"})
        self.assertEqual(self.show(first)["outputs"], {"said": "first"})
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])

        out = self.naestro("fork", "last", "--at", "find", "--stub",
                           'tell={"said": "given"}')
        self.assertRegex(out, r"find +files.search@1 +execute")
        self.assertEqual(self.show()["outputs"], {"said": "given"})
        self.naestro("fork", "last", "--at", "nobody", code=2)
        self.naestro("fork", "last", "--at", "tell", "--set", "wrod=x", code=2)
        self.naestro("fork", "last", "--at", "tell", "--model", "nobody", code=2)
        self.naestro("fork", "last", "--at", "find", "--max-tokens", "1", code=4)
        self.naestro("audit", "verify")

    def test_a_fork_with_another_plan_that_writes_asks(self):
        self.naestro("run", str(self.folder / "plan.json"), "-w", str(self.work),
                     *self.script(0))
        other = json.loads(json.dumps(PLAN))
        other["steps"].append({"id": "write", "do": {"tool": "report.markdown@1"},
                               "with": {"path": "out.md", "title": "${steps.tell.out.said}",
                                        "sections": []}})
        file = self.folder / "other.json"
        file.write_text(json.dumps(other))
        out = self.naestro("fork", "last", "--at", "write", "--plan", str(file), code=5)
        digest = json.loads(self.naestro("consents", "--json"))[0]["digest"]
        self.assertIn(digest, out)
        self.naestro("approve", "last", digest)
        self.naestro("resume", "last")
        self.assertIn("hello", (self.work / "out.md").read_text())

    def test_a_terminal_shows_the_run_as_it_goes(self):
        pid, fd = pty.fork()
        if pid == 0:
            env = dict(self.env, TERM="xterm")
            os.execve(BINARY, [str(BINARY), "run", str(self.folder / "plan.json"), "-w",
                               str(self.work), "--max-tokens", "1000", *self.script(1)], env)
        out = b""
        while True:
            try:
                piece = os.read(fd, 4096)
            except OSError:
                break
            if not piece:
                break
            out += piece
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, out)
        text = out.decode()
        self.assertGreater(text.count("\x1b[J"), 3)  # drawn over, again and again
        self.assertRegex(text, r"tell +running")
        self.assertRegex(text, r"Left:  450 of 1000 tokens")
        last = re.sub(r"\x1b\[[0-9]*[AJ]", "", text.split("\x1b[J")[-1])
        self.assertRegex(last, r"find +done .*\r\n +tell +done ")
        self.assertIn("Answer: said: hello", last)

    def test_plans_are_compared_by_their_meaning(self):
        old, new = self.folder / "plan.json", self.folder / "new.json"
        turned = dict(reversed(list(PLAN.items())))
        new.write_text(json.dumps(turned, indent=7))
        self.assertIn("equal in meaning", self.naestro("plan", "diff", str(old), str(new)))
        turned["steps"] = PLAN["steps"] + [{"id": "write", "do": {"tool": "report.markdown@1"},
                                            "with": {"path": "o.md", "title": "t",
                                                     "sections": []}}]
        turned["steps"][0] = dict(PLAN["steps"][0], timeout_s=2)
        new.write_text(json.dumps(turned))
        out = self.naestro("plan", "diff", str(old), str(new), code=1)
        self.assertIn("+ step write\n", out)
        self.assertIn("~ step find  timeout_s: 10 -> 2\n", out)
        self.assertRegex(out, r"~ bound +tool_calls: 1 -> 2")
        self.assertIn("- step write\n",
                      self.naestro("plan", "diff", str(new), str(old), code=1))
        rows = json.loads(self.naestro("plan", "diff", str(old), str(new), "--json", code=1))
        self.assertFalse(rows["equal"])
        new.write_text("{}")
        self.naestro("plan", "diff", str(old), str(new), code=2)

    def test_what_is_exported_is_checked_without_the_store(self):
        self.naestro("run", str(self.folder / "plan.json"), "-w", str(self.work), *self.script(0))
        proof = self.naestro("audit", "prove", "last", "5")
        proof_file = self.folder / "proof.json"
        proof_file.write_text(proof)
        export = self.folder / "run.json"
        self.assertIn("sealed", self.naestro("export", "last", "-o", str(export)))
        readable = self.folder / "readable.json"
        self.assertIn("in the clear", self.naestro("export", "last", "-o", str(readable),
                                                   "--readable"))
        self.assertNotIn("hello", export.read_text())
        self.assertIn("hello", readable.read_text())
        self.naestro("export", "last", "-o", str(export), code=2)  # it is there already
        # By the rules alone, as docs/formats/bundle.md gives them.
        bundle = json.loads(export.read_text())
        root = base64.b64decode(bundle["checkpoint"].split("\n")[2])
        size = int(bundle["checkpoint"].split("\n")[1])
        for event in bundle["events"]:
            self.assertEqual(root_of(event, size), root)
        kinds = [json.loads(event["body"])["kind"] for event in bundle["events"]]
        self.assertEqual((kinds[0], kinds[-1]), ("run.created", "run.done"))
        # In another place, with the public key alone.
        key = self.folder / "signing.pub"
        shutil.copy(self.folder / "data/naestro/signing.pub", key)
        self.env["XDG_STATE_HOME"] = self.env["XDG_DATA_HOME"] = str(self.folder / "elsewhere")
        for file in (proof_file, export, readable):
            out = self.naestro("audit", "verify", "--file", str(file), "--key", str(key))
            self.assertIn("Good", out)
        self.naestro("audit", "verify", "--file", str(export), code=2)  # whose key?
        export.write_text(export.read_text().replace("step.done", "step.dome"))
        out = self.naestro("audit", "verify", "--file", str(export), "--key", str(key), code=1)
        self.assertIn("FOUND event_changed", out)


def root_of(event, size):
    """RFC 9162, 2.1.3.2."""
    def sha(data):
        return hashlib.sha256(data).digest()
    node = sha(b"\0" + sha(event["body"].encode()) + sha(event["envelope"].encode()))
    index, last = event["index"], size - 1
    for step in event["path"]:
        step = bytes.fromhex(step)
        if index % 2 == 1 or index == last:
            node = sha(b"\1" + step + node)
            while index % 2 == 0 and index > 0:
                index, last = index // 2, last // 2
        else:
            node = sha(b"\1" + node + step)
        index, last = index // 2, last // 2
    return node


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
