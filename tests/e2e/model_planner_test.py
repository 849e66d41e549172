#!/usr/bin/env python3
"""A model as planner, behind the skills, through the real binary; the model's side is a server of
prepared answers.

model_planner_test.py NAESTRO_BINARY"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from chat_server import chat_server

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv[1]).resolve()
COMPANY = ROOT / "examples/company"
GOAL = "Which product line has the worst reputation among customers?"  # no skill explains it


def rows(**arguments):
    return {"id": "rows", "do": {"tool": "csv.query@1"},
            "with": {"file": "support/warranty_claims.csv", **arguments}}


def claims(**arguments):
    return {"steps": [rows(aggregates=[{"fn": "count", "as": "claims"}],
                           order_by=[{"column": "claims", "direction": "desc"}], **arguments)],
            "answer": "rows"}


GOOD = claims(group_by=["product"])
UNKNOWN_ARGUMENT = claims(group=["product"])
NOTHING = {"steps": [], "answer": ""}


class ModelPlanner(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"),
                        NAESTRO_ASSETS=str(self.folder / "none"))

    def naestro(self, *words, code=0):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def model(self, answers, *words, name="far", context=32768):
        server = chat_server(answers)
        url, requests = server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        self.naestro("models", "add", name, "--url", url, "--context", str(context), *words)
        return requests

    def ask(self, goal=GOAL, *words, code=0, name="far", workspace=COMPANY):
        return self.naestro("run", goal, "-w", str(workspace), "-c", f"planner.model={name}",
                            *words, code=code)

    def test_where_no_skill_fits_a_model_writes_the_plan(self):
        requests = self.model([GOOD])
        out = self.ask()
        answer = next(line for line in out.split("\n") if line.startswith("Answer"))
        self.assertIn("By a plan that far wrote", answer)
        self.assertIn("RL-300: claims 27", answer)
        self.assertIn("csv.query@1 {", answer)  # what was computed, in full
        self.assertIn("support/warranty_claims.csv:2", out)
        asked = requests[0]["messages"][-1]["content"]
        self.assertIn(GOAL, asked)
        self.assertIn("csv.query@1 {file:string", asked)
        self.assertIn("- support/warranty_claims.csv, 70 rows: claim_id", asked)
        self.assertNotIn("planner.", asked)
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])
        self.naestro("audit", "verify")

    def test_where_a_skill_fits_no_model_is_asked(self):
        requests = self.model([GOOD])
        self.assertIn("35", self.ask("How many warranty claims in 2026-Q1?"))
        self.assertEqual(requests, [])

    def test_on_another_goal_the_model_is_told_of_the_plan_under_way(self):
        requests = self.model([GOOD])
        plan = pathlib.Path(__file__).resolve().parents[2] / "examples/first/plan.json"
        out = self.naestro("run", str(plan), "-w", str(COMPANY), "--max-tokens", "4000",
                           "--max-tool-calls", "5", code=5)
        run = out.split("Run:")[1].split()[0]
        far = ("-c", "planner.model=far")
        # The worst case of planning is beyond what the run may take.
        out = self.naestro("steer", run, GOAL, *far, code=5)
        found = re.search(r"naestro steer \w+ GOAL (--max-tokens .*)\n", out)
        self.assertTrue(found, out)
        enough = found[1].split()
        out = self.naestro("steer", run, "How many warranty claims in 2026-Q1?", *far, *enough,
                           code=5)
        self.assertIn("Another plan, since the goal was changed", out)
        self.assertNotIn("Nothing came of", out)  # that was of the one before
        self.assertEqual(requests, [])  # a skill explains it
        out = self.naestro("run", str(plan), "-w", str(COMPANY), code=5)
        run = out.split("Run:")[1].split()[0]
        self.naestro("steer", run, GOAL, *far, *enough, "--max-tool-calls", "20", code=5)
        asked = requests[0]["messages"][-1]["content"]
        self.assertIn("A plan for another goal is under way", asked)
        self.assertIn("files.search@1", asked)
        self.naestro("replay", run)

    def test_what_the_compiler_finds_goes_back_to_the_model(self):
        requests = self.model([UNKNOWN_ARGUMENT, GOOD])
        out = self.ask()
        self.assertIn("RL-300: claims 27", out)
        self.assertEqual(len(requests), 2)
        again = requests[1]["messages"][-1]["content"]
        self.assertIn("was refused", again)
        self.assertIn("group", again)
        self.assertRegex(again, r"NP\d{4}")

    def test_a_model_that_cannot_mend_its_plan_ends_with_what_was_found(self):
        others = [claims(group=[column]) for column in ("product", "cause", "quarter")]
        requests = self.model(others)
        out = self.ask(code=1)
        self.assertEqual(len(requests), 3)
        self.assertRegex(out, r"NP\d{4}")
        self.assertIn("group", out)

    def test_a_model_that_says_the_same_again_is_not_asked_a_third_time(self):
        requests = self.model([UNKNOWN_ARGUMENT])
        self.assertRegex(self.ask(code=1), r"NP\d{4}")
        self.assertEqual(len(requests), 2)

    def test_of_tools_that_the_policy_never_lets_happen_no_model_is_told(self):
        requests = self.model([GOOD])
        self.ask()
        asked = requests[0]["messages"][-1]["content"]
        self.assertIn("- files.write@1", asked)  # it is asked about
        rules = self.folder / "config/naestro/policy.yaml"
        rules.parent.mkdir(parents=True, exist_ok=True)
        rules.write_text("policy: policy/1\nrules:\n"
                         "  - {id: no-writes, effect: deny, kinds: [write]}\n")
        self.ask()
        self.assertNotIn("- files.write@1", requests[1]["messages"][-1]["content"])
        self.assertIn("- csv.query@1", requests[1]["messages"][-1]["content"])

    def test_of_several_plans_the_compiler_chooses(self):
        requests = self.model([UNKNOWN_ARGUMENT, "no plan", GOOD])
        out = self.ask(GOAL, "-c", "planner.candidates=3")
        self.assertIn("RL-300: claims 27", out)
        self.assertEqual(len(requests), 3)
        self.assertIn("This is draft 3 of 3", requests[2]["messages"][-1]["content"])
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])
        self.naestro("run", GOAL, "-c", "planner.candidates=6", code=2)

    def test_an_agent_with_a_role_works_where_what_to_read_depends_on_what_is_found(self):
        look = {"id": "look", "role": "researcher", "do": {"agent": {"within": ["support"]}}, "out": {"type": "object"},
                "with": {"messages": [{"role": "user", "content": "Which product is complained about most?"}]}}
        search = {"do": "call", "calls": [{"tool": "files.search", "with": {"path": "support", "query": "RL-300"}}]}
        said = {"do": "answer", "answer": {"answer": "The RL-300.", "sources": ["support/warranty_claims.csv:2"]}}
        requests = self.model([{"steps": [look], "answer": "look"}, search, said])
        out = self.ask(GOAL, "-c", "model=far")
        self.assertRegex(out, r"Answer: .*The RL-300\.")
        self.assertIn("- researcher: Finds what the files", requests[0]["messages"][-1]["content"])
        (told,) = [m["content"] for m in requests[1]["messages"] if "You are a researcher" in m["content"]]
        self.assertIn(GOAL, told)  # its slice of memory
        (run,) = [r["run"] for r in json.loads(self.naestro("runs", "--json"))]
        (step,) = [s for s in json.loads(self.naestro("show", run, "--json"))["steps"] if s["id"] == "look"]
        self.assertEqual((step["role"]["role"], step["role"]["within"]), ("researcher", ["support"]))
        self.assertIn("researcher@1", self.naestro("why", run, "look"))
        self.assertTrue(json.loads(self.naestro("replay", run, "--json"))["equal"])

    def test_of_a_projects_roles_it_is_told_nothing(self):
        # What a file in somebody's folder says of itself is not the user's word.
        project = self.folder / "project"
        shutil.copytree(COMPANY, project)
        shipped = (ROOT / "roles" / "researcher.yaml").read_text()
        for place, purpose in ((project / ".naestro", "Of the project."), (self.folder / "config" / "naestro", "Of the user.")):
            name = "theirs" if place.name == ".naestro" else "mine"
            (place / "roles").mkdir(parents=True, exist_ok=True)
            (place / "roles" / f"{name}.yaml").write_text(re.sub("purpose: .*", "purpose: " + purpose, shipped))
        self.assertIn("theirs@1", self.naestro("roles", "-w", str(project)))
        requests = self.model([GOOD])
        self.ask(workspace=project)
        asked = requests[0]["messages"][-1]["content"]
        self.assertIn("- mine: Of the user.", asked)
        self.assertNotIn("theirs", asked)

    def test_a_model_says_by_what_the_results_are_known_to_be_right(self):
        check = {"check": "${steps.rows.out.row_count} > 0", "says": "there are claims"}
        self.model([dict(GOOD, accept=[check])])
        self.assertRegex(self.ask(), r"checked +1 of 1 accepted")
        never = {"check": "${steps.rows.out.row_count} > 999", "says": "there are many claims"}
        self.model([dict(GOOD, accept=[never]), dict(claims(group_by=["status"]), accept=[check])], name="other")
        out = self.ask(name="other")
        self.assertRegex(out, r"checked +0 of 1 accepted[\s\S]*checked +1 of 1 accepted")

    def test_a_plan_that_fails_is_written_anew(self):
        missing = claims(group_by=["produkt"])
        requests = self.model([missing, GOOD])
        out = self.ask()
        self.assertIn("Another plan, since the one before did not come through", out)
        self.assertIn("RL-300: claims 27", out)
        told = requests[1]["messages"][-1]["content"]
        self.assertIn("was run and did not come through", told)
        self.assertIn("produkt", told)
        self.assertEqual(len(requests), 2)
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])

    def test_a_model_too_weak_ends_in_a_message_and_never_in_an_answer(self):
        for i, answer in enumerate((NOTHING, "I do not know", {"plan": 1},
                                    {"steps": [{"id": "x"}], "answer": "x"})):
            with self.subTest(answer=answer):
                self.model([answer], name=f"weak{i}")
                self.assertIn("Answer: none", self.ask(code=1, name=f"weak{i}"))

    def test_the_answer_is_what_a_tool_found_not_what_a_model_says(self):
        said = {"steps": [{"id": "said", "do": {"model": {
            "task": "answer", "max_input_tokens": 500, "max_output_tokens": 50}},
            "with": {"messages": [{"role": "user", "content": "Say RL-300."}]},
            "out": {"type": "string"}}], "answer": "said"}
        for i, wrong in enumerate((said, {**GOOD, "answer": "nowhere"},
                                   {"steps": [{"id": "list", "do": {"tool": "http.get@1"},
                                               "with": {"url": "https://a.example/"}}],
                                    "answer": "list"})):
            with self.subTest(answer=wrong):
                self.model([wrong], name=f"sayer{i}")
                self.assertIn("Answer: none", self.ask(code=1, name=f"sayer{i}"))

    def test_what_a_plan_of_a_model_would_change_is_asked(self):
        folder = self.folder / "papers"
        shutil.copytree(COMPANY, folder)
        self.model([{"steps": [*GOOD["steps"],
                               {"id": "note", "do": {"tool": "files.write@1"},
                                "with": {"path": "note.md", "content": "${steps.rows.out.rows[0][0]}"}}],
                     "answer": "rows"}])
        out = self.ask(code=5, workspace=folder)
        self.assertIn("note.md", out)
        self.assertFalse((folder / "note.md").exists())

    def test_a_cloud_model_is_asked_about_first_and_costs(self):
        requests = self.model([GOOD], "--cloud", "--usd-in", "0.15", "--usd-out", "0.6")
        out = self.ask(code=5)
        self.assertIn("model.cloud", out)
        self.assertEqual(requests, [])
        digest = next(line for line in out.split("\n") if line.startswith("Digest")).split()[1]
        out = self.naestro("resume", "last", "--approve", digest)
        self.assertIn("RL-300: claims 27", out)
        self.assertIn("0.000045 USD", out)
        self.assertEqual(len(requests), 1)

    def test_a_context_too_small_is_said_before_anything_runs(self):
        requests = self.model([GOOD], context=4096)
        out = self.ask(code=2)
        self.assertIn("planner.model", out)
        self.assertEqual(requests, [])
        self.assertEqual(json.loads(self.naestro("runs", "--json")), [])

    def test_without_a_model_the_refusal_says_how_to_name_one(self):
        out = self.naestro("run", GOAL, "-w", str(COMPANY), code=1)
        self.assertIn("planner.model", out)
        self.assertIn("no model is called", self.ask(code=2, name="nobody"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
