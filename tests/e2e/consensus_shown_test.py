#!/usr/bin/env python3
"""What a person reads of a consensus: before it runs, while it does, and afterwards. Through the real binary and the
real store, with the scripted model.

consensus_shown_test.py NAESTRO_BINARY"""
import json
import unittest

from own_world import OwnWorld

OUT = {"type": "object", "properties": {"n": {"type": "integer"}, "why": {"type": "string"}},
       "required": ["n", "why"], "additionalProperties": False}


TEXT = {"type": "object", "properties": {"n": {"type": "string"}}, "required": ["n"], "additionalProperties": False}


def plan(protocol, out=OUT, **members):
    of = dict({"protocol": protocol, "task": "count", "model": "scripted", "max_input_tokens": 500,
               "max_output_tokens": 100}, **members)
    return {"naestro": "plan/1", "goal": "count",
            "steps": [{"id": "total", "do": {"consensus": of}, "out": out,
                       "with": {"messages": [{"role": "user", "content": "How many orders?"}]}}],
            "outputs": {"n": "${steps.total.out.answer.n}"}}


class Consensus(OwnWorld):
    def run_it(self, said, protocol="judge", **members):
        """`said`: what each part says, by its name; an integer is an answer, a list what it says to which texts."""
        rows = []
        for part, all_said in said.items():
            for told, each in all_said if isinstance(all_said, list) else [("", all_said)]:
                rows.append({"step": "total." + part, "contains": json.dumps(told)[1:-1],
                             "text": each if isinstance(each, str) else
                             json.dumps({"n": each, "why": "as listed"} if isinstance(each, int) else each)})
        self.put(self.folder / "plan.json", json.dumps(plan(protocol, **members)))
        self.put(self.folder / "script.json", json.dumps({"answers": rows}))
        return self.naestro("run", self.folder / "plan.json", "--model-script", self.folder / "script.json")

    def test_what_decided_is_said_in_words(self):
        draws = {"better": "equal", "why": ""}
        wins = [('first:\n{"draft":{"n":1', {"better": "first", "why": "w"}), ("", {"better": "second", "why": "w"})]
        takes_b = {"choice": "B", "why": "w"}
        for said, protocol, words in [
                ({"draft_1": 2, "draft_2": 2, "draft_3": 2}, "judge",
                 "3 of 3 answers agree, 100% (with 95% confidence 43% to 100%); that is the answer"),
                ({"draft_1": 2, "draft_2": 2, "draft_3": 3, "judge": takes_b}, "judge",
                 "2 of 3 answers agree, 67% (with 95% confidence 20% to 94%); a judge decided, beside 1 other answer"),
                ({"draft_1": 2, "draft_2": 2, "draft_3": 3, "judge": "I take B."}, "judge",
                 "67% (with 95% confidence 20% to 94%); the answer of most stands, beside 1 other answer"),
                ({"draft_1": 1, "draft_2": 2, "draft_3": 3}, "vote",
                 "no two of 3 answers agree, 33% (with 95% confidence 6% to 80%); nothing decided, one of them stands, "
                 "beside 2 other answers"),
                ({"draft_1": 1, "draft_2": "One.", "draft_3": "{"}, "vote",
                 "total: 1 answer (3 were asked); that is the answer\n"),
                ({"draft_1": 1, "draft_2": 1, "matches": draws}, "tournament",
                 "2 of 2 answers agree (3 were asked), 100% (with 95% confidence 34% to 100%)"),
                ({"draft_1": 1, "draft_2": 2, "synthesis": 4}, "debate", "what was made of them stands, beside 2 other"),
                ({"draft_1": 1, "draft_2": 2, "matches": wins}, "tournament", "the matches decided, beside 1 other answer"),
                ({"draft_1": {"n": "one"}, "draft_2": {"n": "1"}, "same": {"groups": [["A", "B"]]}}, "vote",
                 "2 of 2 answers mean the same (3 were asked)"),
        ]:
            printed = self.run_it(said, protocol, out=TEXT if "same" in said else OUT)
            shown = self.naestro("show", "last")
            self.assertIn(words, shown)
            self.assertIn("agreed   total  ", printed)
            self.assertIn(words.removeprefix("total: "), printed)

    def test_its_figures_stand_in_json(self):
        self.run_it({"draft_1": 2, "draft_2": 2, "draft_3": "two"}, "vote")
        steps = {each["id"]: each for each in json.loads(self.naestro("show", "last", "--json"))["steps"]}
        self.assertEqual(steps["total"]["agreement"], {
            "step": "total", "protocol": "vote", "by": "agreement", "method": "exact", "agree": 2, "drafts": 2, "asked": 3,
            "dissent": 0, "rate_percent": 100, "low_percent": 34, "high_percent": 100})
        self.assertIsNone(steps["total.draft_1"]["agreement"])
        self.assertEqual(steps["total.draft_3"]["state"], "failed")

    def test_each_part_says_why_it_did_what_it_did(self):
        self.run_it({"draft_1": 2, "draft_2": 2, "draft_3": 2})
        self.naestro("why", "last", "total.judge", says=r"skipped  its condition `when` does not hold")
        self.naestro("why", "last", "total.draft_2", says=r"done by  model:scripted, 1 call")

    def test_a_plan_lists_who_may_speak(self):
        self.put(self.folder / "plan.json", json.dumps(plan("debate", proposers=2)))
        explained = self.naestro("plan", "explain", self.folder / "plan.json")
        for part in ["draft_1", "draft_2", "critic_round_2", "draft_1_round_2", "synthesis", "judge"]:
            self.assertRegex(explained, r"total\." + part + r" +model:scripted")
        drawn = self.naestro("plan", "graph", self.folder / "plan.json")
        self.assertIn('total.judge["total.judge<br/>model scripted<br/>if its condition holds"]', drawn)
        self.assertIn("total.judge --> total\n", drawn)

    def test_a_fork_takes_it_over(self):
        self.run_it({"draft_1": 2, "draft_2": 2, "draft_3": 2})
        self.naestro("fork", "last", "--at", "total", "--model-script", self.folder / "script.json",
                     says=r"total\.draft_1 +model:scripted +reuse")
        self.assertIn("3 of 3 answers agree", self.naestro("show", "last"))


if __name__ == "__main__":
    unittest.main(argv=[__file__])
