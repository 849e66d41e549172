#!/usr/bin/env python3
"""The corpus of scripted models (tests/goals/scripted): what a model says is fixed, good, sloppy or hostile, and the
compiled plan, the cost and the outcome are held to what the case says. Through the real binary and the real store;
every run is replayed and audited.

scripted_test.py NAESTRO_BINARY [NAME...]

A case: {"why", "files": {path: text}, "plan" or "agent" (the step alone, its id `look`), "says": [what the model says
in each turn of `look`; an object is written as JSON; {"told": text, "say": ...} only where the model was told that
text, else the run fails] and "script" (rows of a model's script, of any step; `say` is an object for its text),
"answers": [to questions in their order, true or false; yes where there are no more], "expect"}. Of `expect` all members
are optional:
  code        the exit code, 0 where it is left out
  error       a text in what is printed
  diagnostics codes of `plan check`, which ends with `code`, 2 where it is left out; the plan is not run
  bound       members of the plan's bound
  outputs     the run's
  reason      of agent.stopped
  turns, calls   that were taken, and made; of several agents all three are lists, in the order of the ids
  done        targets of the tools' effects, in their order
  not_told    texts that the model never was told
  not_printed texts that are never printed
  files       {path: text, or null where there is none}
  asked       how many questions about one effect were asked
  agreement   members of consensus.reached"""
import json
import pathlib
import sys
import unittest

from own_world import OwnWorld

CASES = pathlib.Path(__file__).resolve().parents[1] / "goals" / "scripted"
ONLY = sys.argv[2:]
ANSWER = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"],
          "additionalProperties": False}


def plan_of(case):
    if "plan" in case:
        return case["plan"]
    step = dict({"id": "look", "out": ANSWER}, **case["agent"])
    agent = dict({"task": "find", "model": "scripted", "max_input_tokens": 4000, "max_output_tokens": 500,
                  "turns": 6, "tool_calls": 8, "within": ["."], "tools": ["files.search@1", "files.read@1"]},
                 **step.pop("do", {}))
    step["do"] = {"agent": agent}
    step["with"] = {"messages": [{"role": "user", "content": step.pop("objective", "Find it.")}]}
    return {"naestro": "plan/1", "goal": case["why"], "steps": [step],
            "outputs": {name: "${steps.look.out." + name + "}" for name in step["out"]["properties"]}}


def escaped(text):
    return json.dumps(text, ensure_ascii=False)[1:-1]


def script_of(case):
    answers = [dict(row, text=json.dumps(row["say"])) if "say" in row else row for row in case.get("script", [])]
    for text in case.get("expect", {}).get("not_told", []):
        answers.append({"step": "look", "contains": escaped(text), "text": "it was told " + text})
    for turn, said in enumerate(case.get("says", [])):
        told = said["told"] if isinstance(said, dict) and "told" in said else ""
        said = said["say"] if told else said
        answers.append({"step": "look", "turn": turn, "contains": escaped(told),
                        "text": said if isinstance(said, str) else json.dumps(said, ensure_ascii=False),
                        "tokens_in": 100, "tokens_out": 20})
    return {"answers": answers}


class Scripted(OwnWorld):
    def run_case(self, case):
        expect = case.get("expect", {})
        for name, text in case.get("files", {}).items():
            self.put(self.work / name, text)
        plan = self.folder / "plan.json"
        script = self.folder / "script.json"
        plan.write_text(json.dumps(plan_of(case)))
        script.write_text(json.dumps(script_of(case)))
        words = ["--model-script", str(script)]
        if "diagnostics" in expect:
            said = json.loads(self.naestro("plan", "check", str(plan), "--json", code=expect.get("code", 2)))
            self.assertEqual(sorted(d["code"] for d in said["diagnostics"]), sorted(expect["diagnostics"]), said)
            return
        bound = json.loads(self.naestro("plan", "explain", str(plan), "-w", str(self.work), "--json"))["bound"]
        for name, value in expect.get("bound", {}).items():
            self.assertEqual(bound[name], value, name)
        answers = list(case.get("answers", []))
        asked = 0
        said, code = self.attempt("run", str(plan), "-w", str(self.work), *words)
        while code == 5:
            question = json.loads(self.naestro("consents", "--json"))[0]
            asked += question["scope"] == "effect"
            yes = answers.pop(0) if answers else True
            self.naestro("approve" if yes else "refuse", "last", question["digest"])
            more, code = self.attempt("resume", "last", *words)
            said += more
        self.assertEqual(code, expect.get("code", 0), said)
        self.assertIn(expect.get("error", ""), said)
        self.assertEqual(asked, expect.get("asked", asked), said)
        for text in expect.get("not_printed", []):
            self.assertNotIn(text, said)
        self.hold(expect, bound)

    def test_the_corpus_is_there(self):
        self.assertGreaterEqual(len(list(CASES.glob("*.json"))), 60)

    def hold(self, expect, bound):
        view = json.loads(self.naestro("show", "last", "--json"))
        events = [json.loads(line) for line in self.naestro("show", "last", "--events", "--json").splitlines()]
        self.naestro("replay", "last", says="every body equal byte for byte")
        self.naestro("audit", "verify", says="Good")
        spent = view["spent"]
        self.assertLessEqual(spent["tokens_in"] + spent["tokens_out"], bound["tokens"])
        self.assertLessEqual(spent["tool_calls"], bound["tool_calls"])
        self.assertLessEqual(spent["model_calls"], bound["model_calls"])
        if "outputs" in expect:
            self.assertEqual(view["outputs"], expect["outputs"])
        stopped = sorted((each["data"] for each in events if each["kind"] == "agent.stopped"), key=lambda d: d["step"])
        for name in ("reason", "turns", "calls"):
            if name in expect:
                wanted = expect[name] if isinstance(expect[name], list) else [expect[name]]
                self.assertEqual([each[name] for each in stopped], wanted, stopped)
        for name, value in expect.get("agreement", {}).items():
            reached, = [each["data"] for each in events if each["kind"] == "consensus.reached"]
            self.assertEqual(reached[name], value, name)
        done = [each["data"]["target"] for each in events if each["kind"] == "effect.intended"]
        if "done" in expect:
            self.assertEqual([each for each in done if not each.startswith("model:")], expect["done"])
        for name, text in expect.get("files", {}).items():
            file = self.work / name
            self.assertEqual(file.read_text() if file.exists() else None, text, name)


def add(path):
    def test(self):
        self.run_case(json.loads(path.read_text()))
    setattr(Scripted, "test_" + path.stem, test)


for each in sorted(CASES.glob("*.json")):
    if not ONLY or each.stem in ONLY:
        add(each)

if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
