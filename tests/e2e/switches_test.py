#!/usr/bin/env python3
"""Pausing, killing and switching off from another process, and contracts that change. Through the
real binary and the real store, with the scripted model.

switches_test.py NAESTRO_BINARY"""
import copy
import json
import subprocess
import time
import unittest

from own_world import BINARY, OwnWorld

PLAN = {
    "naestro": "plan/1", "goal": "tell",
    "steps": [
        {"id": "find", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "alpha"}},
        {"id": "tell", "do": {"model": {"task": "t", "model": "scripted", "max_input_tokens": 500,
                                        "max_output_tokens": 50}},
         "with": {"messages": [{"role": "user", "content": "n: ${steps.find.out.match_count}"}]},
         "out": {"type": "object", "properties": {"said": {"type": "string", "maxLength": 99}},
                 "required": ["said"], "additionalProperties": False}},
        {"id": "last", "do": {"tool": "files.list@1"}, "with": {"path": "."}, "needs": ["tell"]}],
    "outputs": {"said": "${steps.tell.out.said}"}}


class Switches(OwnWorld):
    def setUp(self):
        super().setUp()
        self.put(self.work / "a.txt", "alpha\n")
        self.plan = self.folder / "plan.json"
        self.put(self.plan, json.dumps(PLAN))

    def script(self, delay_s):
        file = self.folder / f"script-{delay_s}.json"
        self.put(file, json.dumps({"answers": [
            {"step": "tell", "text": json.dumps({"said": "hello"}), "delay_ms": delay_s * 1000}]}))
        return ["--model-script", str(file)]

    def begin(self, *words):
        """A run whose model takes a minute."""
        process = subprocess.Popen([BINARY, "run", self.plan, *self.script(60), *words],
                                   env=self.env, cwd=self.work, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        seen = ""
        for line in process.stdout:
            seen += line
            if line.startswith("start    tell"):
                time.sleep(0.3)
                return process
        return self.fail("the run did not come to its model: " + seen)

    def ends(self, process, code):
        """What it prints; within a second."""
        began = time.monotonic()
        out, _ = process.communicate(timeout=30)
        self.assertLess(time.monotonic() - began, 1)
        self.assertEqual(process.returncode, code, out)
        return out

    def state(self):
        return json.loads(self.naestro("show", "last", "--json"))["state"]

    def test_no_file_is_in_the_way_of_stopping(self):
        process = self.begin()
        self.put(self.work / ".naestro" / "policy.yaml", "x")
        self.put(self.work / "naestro.yaml", "model: [")
        for words in (["runs"], ["show", "last"], ["consents"], ["switches"], ["audit", "verify"], ["vault", "list"]):
            self.naestro(*words, says="naestro.yaml")
        self.naestro("run", str(self.plan), code=2)
        self.naestro("kill", "last", says="policy.yaml")
        self.ends(process, 1)

    def test_a_run_is_paused_and_goes_on(self):
        process = self.begin()
        self.naestro("pause", "last", says="Paused run .* Next: naestro resume")
        self.assertIn("paused by a person", self.ends(process, 130))
        self.assertEqual(self.state(), "paused")
        self.naestro("pause", "last", says="is not under way")
        self.naestro("resume", "--all", says="No run waits")  # a person wanted this one to wait
        self.naestro("resume", "last", *self.script(0), says="said: hello")
        self.naestro("replay", "last")
        self.naestro("audit", "verify")

    def test_a_model_in_mid_answer_is_switched_off(self):
        process = self.begin()
        said = self.naestro("quarantine", "scripted", "--reason", "odd answers")
        self.assertRegex(said, "Switched off: model scripted.* naestro release scripted")
        out = self.ends(process, 7)
        self.assertRegex(out, "Answer: none yet: model scripted is switched off")
        self.assertRegex(out, "Next: +naestro release scripted && naestro resume r")
        self.assertEqual(self.state(), "held")
        self.naestro("switches", says="model scripted +20.*odd answers")
        off = json.loads(self.naestro("switches", "--json"))
        self.assertEqual([each["name"] for each in off["off"]], ["scripted"])
        self.assertEqual(off["off"][0]["epoch"], off["epoch"])
        # Neither this run nor another goes on until it is released.
        self.naestro("resume", "last", code=7, says=r"NE0420.*model scripted is switched off")
        self.naestro("run", self.plan, *self.script(0), code=7, says="NE0420")
        self.naestro("release", "scripted", says="Released: model scripted")
        self.naestro("switches", says="Nothing is switched off")
        self.naestro("release", "scripted", code=2, says="is not switched off")
        self.naestro("resume", "--all", *self.script(0), says="said: hello")
        self.naestro("replay", "last")
        self.naestro("audit", "verify")

    def test_a_tool_that_is_needed_later_is_not_called(self):
        file = self.folder / "slow.json"
        self.put(file, json.dumps({"answers": [
            {"step": "tell", "text": json.dumps({"said": "hello"}), "delay_ms": 1500}]}))
        process = subprocess.Popen([BINARY, "run", self.plan, "--model-script", file], env=self.env,
                                   cwd=self.work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        for line in process.stdout:
            if line.startswith("start    tell"):
                break
        self.naestro("quarantine", "files.list@1")
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 7, out)
        self.assertRegex(out, "held +step last, before it was done")
        self.assertRegex(out, "tool files.list@1 is switched off")
        events = self.naestro("show", "last", "--events")
        self.assertIn("effect.withheld", events)
        self.naestro("release", "files.list", code=2, says="is not switched off")
        self.naestro("release", "files.list@1")
        self.naestro("resume", "last", says="said: hello")
        self.naestro("replay", "last")

    def test_everything_is_switched_off_and_killed(self):
        first, second = self.begin(), self.begin()
        self.naestro("pause", "--all", "--reason", "who is that?", says="Switched off: every run")
        self.assertIn("every run is switched off", self.ends(first, 7))
        self.assertIn("naestro release --all", self.ends(second, 7))
        self.naestro("run", self.plan, code=7, says="every run is switched off")
        self.naestro("switches", says="every run .*who is that")
        self.naestro("release", "--all")
        third = self.begin()
        self.naestro("kill", "--all", says="Killed run")
        self.ends(third, 1)
        states = [run["state"] for run in json.loads(self.naestro("runs", "--json"))]
        self.assertEqual(states, ["killed"] * 3)
        self.naestro("kill", "--all", says="No run is under way or parked")

    def test_a_contract_that_changed_asks_again(self):
        add = ["models", "add", "mine", "--context", "4096", "--url"]
        self.naestro(*add, "http://127.0.0.1:9/v1")
        plan = copy.deepcopy(PLAN)
        plan = dict(plan, steps=[dict(plan["steps"][1], needs=[],
                                      **{"with": {"messages": [{"role": "user", "content": "x"}]}})],
                    outputs={})
        plan["steps"][0]["do"]["model"]["model"] = "mine"
        self.put(self.plan, json.dumps(plan))
        self.naestro("run", self.plan, code=1)  # nobody answers there; but it is used, and pinned
        models = list((self.folder / "config").rglob("*mine*")) + list(
            (self.folder / "data").rglob("*mine*"))
        self.assertEqual(len(models), 1, models)
        models[0].write_text(models[0].read_text().replace("127.0.0.1:9", "127.0.0.1:10"))
        self.naestro("run", self.plan, code=7,
                     says="NE0421.*the contract of model mine has changed")
        self.naestro("switches", says="model:mine .*not the one that was pinned")
        changed = json.loads(self.naestro("switches", "--json"))["changed"]
        self.assertEqual([each["target"] for each in changed], ["model:mine"])
        self.naestro("release", "mine", says="The contract of model:mine is the one of now")
        self.naestro("run", self.plan, code=1, says="127.0.0.1:10")

    def test_what_is_not_there(self):
        self.naestro("switches", says="Nothing is switched off")
        self.naestro("quarantine", "files.reed", code=2, says="did you mean files.read")
        self.naestro("release", code=2)
        self.naestro("release", "--all", code=2, says="every run is not switched off")
        self.naestro("pause", code=2)
        self.naestro("pause", "x", "--reason", "y", code=2)
        self.naestro("pause", "last", code=2)


if __name__ == "__main__":
    unittest.main(argv=["switches_test.py"])
