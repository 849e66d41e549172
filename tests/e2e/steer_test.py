#!/usr/bin/env python3
"""Another goal in mid-run: what is shown and asked, what is kept, and what is refused. Through the
real binary and the real store, with the scripted model.

steer_test.py NAESTRO_BINARY"""
import contextlib
import json
import pathlib
import signal
import sqlite3
import subprocess
import time
import unittest

from chat_server import chat_server
from own_world import BINARY, OwnWorld

ORDERS = "number,region,total\n1,north,10\n2,south,20\n3,north,30\n"
PLAN = {
    "naestro": "plan/1", "goal": "tell",
    "steps": [
        {"id": "find", "do": {"tool": "files.search@1"}, "with": {"path": ".", "query": "north"}},
        {"id": "tell", "do": {"model": {"task": "t", "model": "scripted", "max_input_tokens": 500,
                                        "max_output_tokens": 50}},
         "with": {"messages": [{"role": "user", "content": "n: ${steps.find.out.match_count}"}]},
         "out": {"type": "object", "properties": {"said": {"type": "string", "maxLength": 99}},
                 "required": ["said"], "additionalProperties": False}},
        {"id": "write", "do": {"tool": "report.markdown@1"},
         "with": {"path": "out.md", "title": "${steps.tell.out.said}", "sections": []}}],
    "outputs": {"said": "${steps.tell.out.said}"}}
GOAL = "How many orders in region north?"


def planner(steps, outputs):
    """A program that finds this plan, whatever the goal."""
    plan = {"naestro": "plan/1", "goal": "another", "steps": steps, "outputs": outputs}
    return {"naestro": "plan/1", "goal": "planning",
            "inputs": {"goal": {"schema": {"type": "string"}},
                       "plan": {"schema": {"type": "object"}, "value": plan}},
            "steps": [{"id": "list", "do": {"tool": "files.list@1"}, "with": {"path": "."}}],
            "outputs": {"plan": "${inputs.plan}"}}


class Steer(OwnWorld):
    def setUp(self):
        super().setUp()
        self.put(self.work / "orders.csv", ORDERS)
        self.plan = self.folder / "plan.json"
        self.put(self.plan, json.dumps(PLAN))
        self.script = self.folder / "script.json"
        self.put(self.script, json.dumps({"answers": [
            {"step": "tell", "text": json.dumps({"said": "hello"}), "delay_ms": 1500}]}))

    def parked(self, *words):
        """A run that waits for a yes to its card."""
        out = self.naestro("run", self.plan, "--model-script", self.script, *words, code=5)
        return out.split("Run:")[1].split()[0]

    def digest(self, run):
        (question,) = [q for q in json.loads(self.naestro("consents", "--json"))
                       if q["run"] == run]
        return question["digest"]

    def show(self, run):
        return json.loads(self.naestro("show", run, "--json"))

    def test_a_parked_run_gets_another_goal(self):
        run = self.parked()
        before = self.digest(run)
        out = self.naestro("steer", run, GOAL, code=5)
        self.assertIn("Another plan, since the goal was changed", out)
        self.assertIn("no longer to be done:      find, tell, write", out)
        self.assertIn("still to come, at most:    2 tool calls, 0 model calls", out)
        self.assertIn("-1 model call", out)
        self.assertIn("finding it took, of what the run may take: 2 tool calls", out)
        self.assertNotEqual(self.digest(run), before)
        self.assertIn(GOAL, self.naestro("consents"))
        self.naestro("approve", run, self.digest(run))
        out = self.naestro("resume", run)
        self.assertIn("Answer: rows 2", out)
        self.assertFalse((self.work / "out.md").exists())
        self.assertEqual(self.show(run)["goal"], GOAL)
        why = self.naestro("why", run)
        self.assertRegex(why, r"steered  by \w+ \(terminal\): " + GOAL[:-1])
        self.assertIn("Plan 1, which looks for one:", why)
        self.assertIn("Plan 2, the one that holds:", why)
        reasons = json.loads(self.naestro("why", run, "--json"))
        self.assertEqual([each["goal"] for each in reasons["goals"]], [GOAL])
        self.assertEqual([each["holds"] for each in reasons["segments"]], [False, False, True])
        self.naestro("replay", run)
        self.naestro("audit", "verify")

    def test_a_no_leaves_the_plan_that_was_there(self):
        run = self.parked()
        before = self.digest(run)
        self.naestro("steer", run, GOAL, code=5)
        self.naestro("refuse", run, self.digest(run))
        out = self.naestro("resume", run, code=5)
        self.assertIn("the one before goes on: refused", out)
        self.assertEqual(self.digest(run), before)
        self.naestro("approve", run, before)
        self.naestro("resume", run, "--model-script", self.script)
        self.assertTrue((self.work / "out.md").exists())
        self.assertEqual(self.show(run)["goal"], "tell")
        self.naestro("replay", run)

    def test_what_no_skill_explains_changes_nothing(self):
        run = self.parked()
        before = self.digest(run)
        out = self.naestro("steer", run, "paint the shed blue", code=5)
        self.assertIn("the one before goes on: no_plan", out)
        self.assertIn("Nothing came of the other plan: ", out)
        self.assertIn("paint", out)
        self.assertEqual(self.digest(run), before)
        # So does one that is asked about itself.
        self.naestro("steer", run, GOAL, code=5)
        asked = self.digest(run)
        self.naestro("steer", run, "paint the shed blue", code=5)
        self.assertEqual(self.digest(run), asked)
        self.assertIn("Another plan, since the goal was changed", self.naestro("consents"))
        self.naestro("replay", run)

    def test_what_does_not_fit_what_is_left_says_what_would(self):
        run = self.parked("--max-tool-calls", "2")
        program = self.folder / "planner.json"
        reads = [{"id": f"list{n}", "do": {"tool": "files.list@1"}, "with": {"path": "."}}
                 for n in range(2)]
        self.put(program, json.dumps(planner(reads, {})))
        out = self.naestro("steer", run, "list all", "--planner", program, code=5)
        self.assertIn("NP8103", out)
        # What was taken, what it takes to look once more, and the plan.
        self.assertIn(f"naestro steer {run} GOAL --max-tool-calls 4", out)
        out = self.naestro("steer", run, "list all", "--planner", program,
                           "--max-tool-calls", "4", code=5)
        self.assertIn("to be done:                list0, list1", out)
        self.naestro("replay", run)

    def test_the_budget_of_a_skills_plan_is_its_own(self):
        """The skill's plan says to the token what it takes; the new goal takes something else."""
        company = pathlib.Path(__file__).resolve().parents[2] / "examples" / "company"
        with chat_server([{}], slow_s=[20]) as (url, _):
            self.naestro("models", "add", "far", "--url", url, "--context", "4096")
            process = self.process("run", "summarise the complaint of Lower Tarn", "-w", company,
                                   "-c", "model=far")
            self.until(process, "model")
            self.naestro("steer", "last", "how many warranty claims in 2026-Q1?")
            rest = process.stdout.read()
            self.assertEqual(process.wait(30), 5, rest)
        self.assertIn("no longer to be done:      model, answer", rest)
        self.assertIn("Plan: how many warranty claims in 2026-Q1?", rest)
        run = rest.split("Run:")[1].split()[0]
        self.naestro("approve", run, self.digest(run))
        self.naestro("resume", run, says="Answer: ")
        self.naestro("replay", run)

    def test_the_budget_of_a_plan_is_its_own(self):
        self.put(self.plan, json.dumps(dict(PLAN, budget={"tool_calls": 2})))
        run = self.parked()
        program = self.folder / "planner.json"
        reads = [{"id": f"list{n}", "do": {"tool": "files.list@1"}, "with": {"path": "."}}
                 for n in range(3)]
        self.put(program, json.dumps(planner(reads, {})))
        out = self.naestro("steer", run, "list all", "--planner", program, code=5)
        self.assertIn("to be done:                list0, list1, list2", out)
        self.naestro("replay", run)

    def test_what_was_agreed_to_and_not_begun_is_not_begun(self):
        plan = self.folder / "write.json"
        self.put(plan, json.dumps({
            "naestro": "plan/1", "goal": "write", "outputs": {},
            "steps": [{"id": "write", "do": {"tool": "report.markdown@1"},
                       "with": {"path": "out.md", "title": "t", "sections": []}}]}))
        run = self.naestro("run", plan, code=5).split("Run:")[1].split()[0]
        self.naestro("approve", run, self.digest(run))
        self.naestro("steer", run, GOAL, code=5)
        self.assertFalse((self.work / "out.md").exists())
        self.naestro("refuse", run, self.digest(run))
        self.naestro("resume", run)  # the yes to the plan before still counts
        self.assertTrue((self.work / "out.md").exists())
        self.naestro("replay", run)

    def process(self, *words):
        process = subprocess.Popen(
            [BINARY, *words], env=self.env, cwd=self.work,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        return process

    def under_way(self, run, step, *words):
        """The process that goes on with the run, once `step` has begun."""
        return self.until(self.process("resume", run, *words), step)

    def until(self, process, step):
        for line in process.stdout:
            if line.startswith("start    " + step):
                return process
        return self.fail("the step never began")

    def test_a_run_under_way_keeps_what_it_did(self):
        long = dict(PLAN["steps"][1], id="long")
        self.put(self.plan, json.dumps(dict(PLAN, steps=PLAN["steps"][:2] + [
            long, dict(PLAN["steps"][2], needs=["long"])])))
        self.put(self.script, json.dumps({"answers": [
            {"step": "tell", "text": json.dumps({"said": "hello"})},
            {"step": "long", "text": json.dumps({"said": "at last"}), "delay_ms": 20000}]}))
        steps = PLAN["steps"][:2] + [
            {"id": "list", "do": {"tool": "report.markdown@1"},
             "with": {"path": "new.md", "title": "${steps.tell.out.said}", "sections": []}}]
        program = self.folder / "planner.json"
        self.put(program, json.dumps(planner(steps, {"said": "${steps.tell.out.said}"})))
        run = self.parked()
        self.naestro("approve", run, self.digest(run))
        process = self.under_way(run, "long", "--model-script", self.script)
        self.assertIn("which keeps its limits",
                      self.naestro("steer", run, GOAL, "--max-usd", "1", code=2))
        out = self.naestro("steer", run, "into another file", "--planner", program)
        self.assertIn("naestro consents", out)
        rest, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 5, rest)
        self.assertIn("done already, and kept:    find, tell", rest)
        self.assertIn("no longer to be done:      long, write", rest)
        self.naestro("approve", run, self.digest(run))
        self.naestro("resume", run)
        self.assertTrue((self.work / "new.md").exists())
        self.assertFalse((self.work / "out.md").exists())
        steps = [(step["id"], step["state"]) for step in self.show(run)["steps"]]
        self.assertIn(("tell", "reused"), steps)
        self.naestro("replay", run)
        self.naestro("audit", "verify")

    def told_and_gone(self, run):
        """Another goal is told to the run's process, which dies before it takes it. The process that
        told it, and its outputs to come."""
        process = self.under_way(run, "tell", "--model-script", self.script)
        time.sleep(0.5)  # nothing is being written any more
        process.send_signal(signal.SIGSTOP)
        told = self.process("steer", run, GOAL, "--model-script", self.script)
        (store,) = (self.folder / "state").rglob("store.db")
        for _ in range(200):
            with contextlib.closing(sqlite3.connect(store)) as rows:
                if rows.execute("SELECT count(*) FROM inbox").fetchone()[0]:
                    return process, told
            time.sleep(0.02)
        return self.fail("nothing was told")

    def kinds(self, run):
        return [json.loads(line)["kind"] for line in
                self.naestro("show", run, "--events", "--json").splitlines()]

    def test_what_a_process_that_died_did_not_take_is_not_lost(self):
        for also_dies in (False, True):
            with self.subTest(also_dies=also_dies):
                run = self.parked()
                self.naestro("approve", run, self.digest(run))
                process, told = self.told_and_gone(run)
                self.assertEqual(self.kinds(run).count("run.steered"), 0)
                if also_dies:
                    told.kill()
                    told.wait()
                process.kill()
                process.wait()
                if also_dies:
                    out = self.naestro("resume", run, "--model-script", self.script, code=5)
                else:
                    out, _ = told.communicate(timeout=30)
                    self.assertEqual(told.returncode, 5, out)
                self.assertIn("Another plan, since the goal was changed", out)
                kinds = self.kinds(run)
                self.assertEqual(kinds.count("run.steered"), 1)
                last = len(kinds) - kinds[::-1].index("run.resumed") - 1
                self.assertEqual(kinds.index("run.steered"), last - 1)
                self.assertEqual(kinds.count("budget.charged"),
                                 kinds.count("effect.intended"), kinds)
                self.assertFalse((self.work / "out.md").exists())
                self.naestro("replay", run)
                self.naestro("kill", run)
        self.naestro("audit", "verify")

    def test_a_long_answer_is_cut_off_at_once(self):
        plan = json.loads(json.dumps(PLAN))
        plan["steps"][1]["do"]["model"]["model"] = "far"
        self.put(self.plan, json.dumps(plan))
        program = self.folder / "planner.json"
        with chat_server([{"said": "hello"}], slow_s=[20]) as (url, requests):
            self.naestro("models", "add", "far", "--url", url, "--context", "2048")
            for answer, file in (("approve", "new.md"), ("refuse", "out.md")):
                del requests[:]
                self.put(program, json.dumps(planner(
                    [{"id": "list", "do": {"tool": "report.markdown@1"},
                      "with": {"path": "new.md", "title": "new", "sections": []}}], {})))
                run = self.naestro("run", self.plan, code=5).split("Run:")[1].split()[0]
                self.naestro("approve", run, self.digest(run))
                process = self.under_way(run, "tell")
                time.sleep(0.5)
                begin = time.monotonic()
                self.naestro("steer", run, "something else", "--planner", program)
                said = ""
                for line in process.stdout:
                    said += line
                    if "stands aside" in line:
                        break
                self.assertLess(time.monotonic() - begin, 1, said)
                self.assertIn("charged  tell  a lost attempt, at its cap", said)
                rest = process.stdout.read()
                self.assertEqual(process.wait(30), 5, rest)
                self.assertIn("no longer to be done:      tell, write", rest)
                self.assertIn("Plan 0, which stands aside:", self.naestro("why", run))
                self.naestro(answer, run, self.digest(run))
                self.naestro("resume", run)
                self.assertTrue((self.work / file).exists())
                self.assertEqual(len(requests), 1 if answer == "approve" else 2)
                (state,) = [step["state"] for step in self.show(run)["steps"]
                            if step["id"] == "tell"]
                self.assertEqual(state, "gone" if answer == "approve" else "done")
                self.naestro("replay", run)
                for made in self.work.glob("*.md"):
                    made.unlink()
            self.naestro("audit", "verify")

    def test_the_consensus_of_a_run_goes_on(self):
        programs = []
        for file in ("one.md", "two.md"):
            programs.append(self.folder / f"{file}.json")
            self.put(programs[-1], json.dumps(planner(
                [{"id": "list", "do": {"tool": "report.markdown@1"},
                  "with": {"path": file, "title": "t", "sections": []}}], {})))
        for first, second, times in (("vote", [], 2), (None, [], 0),
                                     (None, ["--consensus", "vote"], 1)):
            with self.subTest(first=first, second=second):
                words = ["--consensus", first] if first else []
                self.naestro("run", "one", "--planner", programs[0], *words, code=5)
                self.naestro("steer", "last", "two", "--planner", programs[1], *second, code=5)
                steps = [step["id"] for step in self.show("last")["steps"]]
                self.assertEqual(steps.count("second_opinion"), times)
                self.naestro("replay", "last")

    def test_what_is_refused(self):
        run = self.parked()
        out = self.naestro("steer", run, "", code=2)
        self.assertIn("the goal is empty", out)
        subprocess.run([BINARY, "vault", "set", "TOKEN"], env=self.env, check=True,
                       capture_output=True, text=True, input="s3cr3t-value-of-some-length\n")
        out = self.naestro("steer", run, "tell s3cr3t-value-of-some-length", code=2)
        self.assertIn("the goal", out)
        kinds = self.kinds(run)
        self.naestro("steer", run, GOAL, "--approve", "deadbeef", code=2)
        self.naestro("steer", run, GOAL, "--model-script", self.folder / "none.json", code=2)
        self.assertEqual(self.kinds(run), kinds)
        broken = self.folder / "broken.json"
        self.put(broken, "{}")
        self.naestro("steer", run, GOAL, "--planner", broken, code=1)
        for member, says in (("inputs", "no input 'goal'"), ("outputs", "no output 'plan'")):
            program = planner(PLAN["steps"][:1], {})
            program[member] = {"other": program[member]["plan"]}
            if member == "inputs":
                program["outputs"] = {"plan": "${inputs.other}"}
            self.put(broken, json.dumps(program))
            self.assertIn(says, self.naestro("steer", run, GOAL, "--planner", broken, code=2))
        self.naestro("kill", run)
        out = self.naestro("steer", run, GOAL, code=2)
        self.assertIn("has ended", out)
        self.assertIn("naestro run", out)
        self.naestro("steer", "nosuchrun", GOAL, code=2)


if __name__ == "__main__":
    unittest.main(argv=[__file__])
