#!/usr/bin/env python3
"""Roles through the real binary: steps that have one, where it comes from, and files that are faulty.

roles_test.py NAESTRO_BINARY"""
import copy
import json
import pathlib
import unittest

from own_world import OwnWorld

ANSWER = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"],
          "additionalProperties": False}
OWN = """version: 2
purpose: Counts files.
prompt: You count.
tools: [files.list@1]
scope: {read: [.]}
share: 50
turns: 3
tool_calls: 2
memory: []
model: {task: count}
"""


def step(ident, role, does, content="Who is late?"):
    return {"id": ident, "role": role, "do": does, "out": ANSWER,
            "with": {"messages": [{"role": "user", "content": content}]}}


def plan(*steps, **more):
    return dict({"naestro": "plan/1", "goal": "Which invoices are late?", "budget": {"tokens": 40000, "tool_calls": 30},
                 "steps": list(steps),
                 "outputs": {each["id"]: "${steps." + each["id"] + ".out.text}" for each in steps}}, **more)


TWO = plan(step("look", "researcher", {"agent": {"model": "scripted", "within": ["notes"]}}),
           step("write", "reporter", {"model": {"model": "scripted"}}, "Report: ${steps.look.out.text}"))


class Roles(OwnWorld):
    def setUp(self):
        super().setUp()
        self.put(self.work / "notes" / "a.txt", "Invoice 7 is late.\n")
        calls = {"do": "call", "calls": [{"tool": "files.search", "with": {"path": "notes", "query": "late"}}]}
        said = [("look", 0, "You are a researcher.", calls),
                ("look", 1, "Invoice 7", {"do": "answer", "answer": {"text": "Invoice 7, notes/a.txt:1"}})]
        rows = [{"step": name, "turn": turn, "contains": told, "text": json.dumps(say)} for name, turn, told, say in said]
        rows.append({"step": "write", "contains": "You are a reporter.", "text": json.dumps({"text": "Seven is late."})})
        self.put(self.folder / "script.json", json.dumps({"answers": rows}))

    def file(self, what, name="plan.json"):
        self.put(self.folder / name, json.dumps(what, indent=1))
        return str(self.folder / name)

    def run_two(self):
        return self.naestro("run", self.file(TWO), "--model-script", str(self.folder / "script.json"))

    def test_a_plan_runs_by_shipped_roles(self):
        out = self.run_two()
        self.assertRegex(out, r"role     look  researcher@1 \(shipped\), 8 tools, at most 16,000 tokens, 12 tool calls")
        self.assertRegex(out, r"role     write  reporter@1 \(shipped\), at most 12,000 tokens, 9 tool calls")
        view = json.loads(self.naestro("show", "last", "--json"))
        self.assertEqual(view["outputs"], {"look": "Invoice 7, notes/a.txt:1", "write": "Seven is late."})
        roles = {each["id"]: each["role"] for each in view["steps"]}
        self.assertEqual(roles["look"]["role"], "researcher")
        self.assertEqual(roles["look"]["within"], ["notes"])
        self.assertEqual(roles["look"]["named"], ["within"])
        self.assertEqual(roles["look"]["ceilings"], {"tokens": 16000, "tool_calls": 12})
        self.assertIsNone(roles["look.files_search"])
        self.naestro("show", "last", says=r"Roles:\n  look: researcher@1 \(shipped\), 8 tools, reads notes, at most 16,000 tokens")
        self.naestro("audit", "verify", says="Good")

    def test_it_is_said_why_a_step_has_what_it_has(self):
        told = (r"  role     researcher@1 \(shipped\): Finds what the files of the workspace say, and where they say it\.\n"
                r"  tools    csv\.query@1, files\.list@1, [^\n]* \(its role's\)\n"
                r"  reads    notes \(the step's, out of its role's\)\n"
                r"  share    40% of the plan's ceilings: at most 16,000 tokens, 12 tool calls\n"
                r"  told     its role's prompt, the plan's goal, the step's messages")
        self.naestro("plan", "explain", self.file(TWO), says=r"Roles:\nlook\n" + told)
        lines = json.loads(self.naestro("plan", "explain", self.file(TWO), "--json"))["steps"]
        self.assertEqual({each["step"]: each.get("role", {}).get("share") for each in lines if "role" in each},
                         {"look": 40, "write": 30})
        self.run_two()
        self.naestro("why", "last", "look", says=told)
        why = json.loads(self.naestro("why", "last", "--json"))["steps"]
        self.assertEqual([each["role"]["purpose"] for each in why if each["step"] == "look"],
                         ["Finds what the files of the workspace say, and where they say it."])

    def test_what_is_recorded_is_whole(self):
        # The user's own stands in for a shipped role; later it is gone, and the run replays all the same.
        own = self.folder / "config" / "naestro" / "roles" / "researcher.yaml"
        self.put(own, OWN.replace("You count.", "You are a researcher. Count.").replace("[files.list@1]", "[files.search@1]"))
        self.naestro("roles", says=r"researcher@2 +user instead of shipped")
        self.assertIn("role     look  researcher@2 (user), 1 tool,", self.run_two())
        own.unlink()
        self.naestro("replay", "last", says="every body equal byte for byte")

    def test_a_plan_defines_its_own(self):
        definition = json.loads(self.naestro("roles", "show", "researcher", "--json"))["definition"]
        definition["turns"] = 1
        mixed = plan(*copy.deepcopy(TWO["steps"]), roles={"researcher": definition})
        self.naestro("plan", "check", self.file(mixed), says="the plan compiles")
        mixed["steps"][0]["do"]["agent"]["turns"] = 2
        said = json.loads(self.naestro("plan", "check", self.file(mixed), "--json", code=2))["diagnostics"]
        self.assertEqual([(each["code"], each["pointer"]) for each in said], [("NP1303", "/steps/0/do/agent/turns")])
        # It stands where it stands in the file, though a role was added.
        text = (self.folder / "plan.json").read_text().split("\n")
        self.assertIn('"turns": 2', text[said[0]["line"] - 1])

    def test_who_speaks_in_a_consensus_has_a_role_too(self):
        two = {"consensus": {"protocol": "judge", "proposers": [{}, {"role": "reviewer"}], "judge": {"role": "evaluator"}}}
        said = self.naestro("plan", "explain", self.file(plan(step("look", "researcher", two),
                                                              outputs={"look": "${steps.look.out.answer.text}"})))
        for each, role in (("draft_1", "researcher"), ("draft_2", "reviewer"), ("judge", "evaluator")):
            self.assertRegex(said, rf"look\.{each}\n  role     {role}@1 \(shipped\): ")

    def test_it_is_told_what_the_workspace_says(self):
        said = self.naestro("plan", "explain", self.file(plan(step("look", "coder", {"agent": {}}))))
        self.assertIn("told     its role's prompt, the plan's goal, what AGENTS.md files say, the step's messages",
                      said)

    def test_an_unknown_role_is_said_with_those_that_there_are(self):
        odd = plan(step("look", "reseacher", {"agent": {}}))
        said = self.naestro("plan", "check", self.file(odd), code=2)
        self.assertIn("error NP1301: the plan defines no role 'reseacher'", said)
        self.assertIn("did you mean 'researcher'? there are coder, dataops, evaluator, reporter, researcher, "
                      "reviewer, runner", said)
        self.naestro("roles", "show", "reseacher", code=2, says="did you mean researcher")

    def test_a_faulty_file_spoils_only_itself(self):
        roles = self.work / ".naestro" / "roles"
        self.put(roles / "counter.yaml", OWN)
        self.put(roles / "broken.yaml", OWN.replace("files.list@1", "files.lst@1"))
        out = self.naestro("roles", code=2)
        self.assertRegex(out, r"broken +project +- .*cannot be used")
        self.assertRegex(out, r"counter@2 +project +1 ")
        self.assertIn("NE0303 ./.naestro/roles/broken.yaml:4:9: /tools/0: no tool is called 'files.lst@1'", out)
        rows = json.loads(self.attempt("roles", "--json")[0])
        self.assertEqual([each["error"]["code"] for each in rows if each["error"]], ["NE0303"])
        self.naestro("roles", "show", "broken", code=2, says="did you mean 'files.list@1'")
        broken = self.file(plan(step("look", "broken", {"agent": {}})))
        self.naestro("plan", "check", broken, code=2, says="NE0303 step 'look' has the role 'broken': ./.naestro")
        self.naestro("run", broken, code=2, says="NE0303")
        counter = self.file(plan(step("look", "counter", {"agent": {}})))
        self.naestro("plan", "check", counter, says="the plan compiles")

    def test_whose_a_projects_role_is_is_said_and_it_is_trusted_as_a_file(self):
        self.put(self.work / ".naestro" / "roles" / "counter.yaml", OWN)
        counts = self.file(plan(step("look", "counter", {"agent": {"model": "scripted"}})))
        self.put(self.folder / "script.json", json.dumps({"answers": [
            {"step": "look", "turn": 0, "contains": "You count.",
             "text": json.dumps({"do": "answer", "answer": {"text": "two"}})}]}))
        said = self.naestro("plan", "explain", counts)
        self.assertIn("look: is told what a file of the project says, its role counter@2", said)
        self.assertIn("role     counter@2 (project): Counts files.", said)
        lines = {each["step"]: each for each in json.loads(self.naestro("plan", "explain", counts, "--json"))["steps"]}
        self.assertEqual(lines["look"]["role"]["origin"], "project")
        self.assertIn("file", lines["look"]["labels"][""]["integrity"])
        out = self.naestro("run", counts, "--model-script", str(self.folder / "script.json"))
        self.assertIn("role     look  counter@2 (project), 1 tool", out)
        self.naestro("show", "last", says=r"look: counter@2 \(project\), 1 tool")
        self.naestro("why", "last", "look", says=r"role     counter@2 \(project\): Counts files\.")
        view = json.loads(self.naestro("show", "last", "--json"))
        self.assertEqual([each["role"]["origin"] for each in view["steps"] if each["role"]], ["project"])
        self.naestro("replay", "last", says="every body equal byte for byte")
        self.naestro("audit", "verify", says="Good")

    def test_only_naestro_says_where_a_role_comes_from(self):
        definition = json.loads(self.naestro("roles", "show", "researcher", "--json"))["definition"]
        self.assertNotIn("origin", definition)
        claims = plan(*TWO["steps"], roles={"researcher": dict(definition, origin="shipped")})
        self.naestro("plan", "check", self.file(claims), code=2,
                     says="NE0303 the plan says of its role 'researcher' where it comes from")
        self.put(self.work / ".naestro" / "roles" / "counter.yaml", "origin: shipped\n" + OWN)
        self.naestro("roles", "show", "counter", code=2, says="/origin: where a role comes from no file says")

    def test_a_link_out_of_the_project_is_not_opened(self):
        roles = self.work / ".naestro" / "roles"
        self.put(self.folder / "secret.yaml", "password: hunter2\n")
        roles.mkdir(parents=True)
        (roles / "sh.yaml").symlink_to(self.folder / "secret.yaml")
        out = self.naestro("roles", code=2, says=r"NE0303 \./\.naestro/roles/sh\.yaml: it is a link out of the project's folder")
        self.assertNotIn("password", out)

    def test_each_shipped_role_can_be_an_agents(self):
        for row in json.loads(self.naestro("roles", "--json")):
            if row["name"] == "runner":
                continue
            agent = plan(step("look", row["name"], {"agent": {}}))
            self.naestro("plan", "check", self.file(agent), says="the plan compiles")

    def test_a_runner_runs_what_the_plan_pins(self):
        # What the documents say of it.
        text = (pathlib.Path(__file__).parents[2] / "docs" / "formats" / "role.md").read_text()
        check = json.loads(text.split("## Running programs")[1].split("```json\n")[1].split("```")[0])
        self.naestro("plan", "check", self.file(plan(check)), says="the plan compiles")
        # What is left to the model is said where the person wrote something.
        check["do"]["agent"] = {}
        said = json.loads(self.naestro("plan", "check", self.file(plan(check)), "--json", code=3))["diagnostics"]
        self.assertEqual({(each["code"], each["pointer"]) for each in said},
                         {("NP7001", "/steps/0/role/" + name) for name in ("argv", "cwd", "writable")})
        lines = (self.folder / "plan.json").read_text().split("\n")
        for each in said:
            self.assertIn('"role": "runner"', lines[each["line"] - 1])

    def test_another_folders_roles_are_listed(self):
        self.put(self.folder / "other" / ".naestro" / "roles" / "counter.yaml", OWN)
        other = str(self.folder / "other")
        self.assertNotIn("counter", self.naestro("roles"))
        self.naestro("roles", "-w", other, says=r"counter@2 +project")
        self.naestro("roles", "list", "-w", other, says=r"counter@2 +project")
        self.naestro("roles", "show", "counter", "-w", "../other", says=r"counter@2  project, \./\.naestro/roles/counter\.yaml")
        self.naestro("roles", "-w", str(self.folder / "nowhere"), code=2, says="the workspace .*nowhere")

    def test_a_role_whose_model_is_not_there_is_not_good(self):
        own = self.folder / "config" / "naestro" / "roles" / "counter.yaml"
        self.put(own, OWN.replace("task: count", "task: count, model: gpt9"))
        out = self.naestro("roles", code=2, says=r"counter +user +- .*cannot be used")
        self.assertIn("NE0303 " + str(own) + ": /model/model: no model is called 'gpt9'", out)
        rows = {each["name"]: each for each in json.loads(self.attempt("roles", "--json")[0])}
        self.assertEqual(rows["counter"]["error"]["code"], "NE0303")
        self.assertIsNone(rows["coder"]["error"])
        self.naestro("roles", "show", "counter", code=2, says="no model is called 'gpt9'")

    def test_it_is_said_what_a_role_reads_at_most(self):
        self.naestro("roles", "show", "coder",
                     says="in what the model holds, at most 32,000 tokens and a quarter of its share, out ")

    def test_the_list_says_what_there_is(self):
        rows = json.loads(self.naestro("roles", "list", "--json"))
        self.assertEqual([each["name"] for each in rows],
                         ["coder", "dataops", "evaluator", "reporter", "researcher", "reviewer", "runner"])
        self.assertEqual({each["origin"] for each in rows}, {"shipped"})
        self.naestro("roles", "show", "coder", says=r"Share:  50% of a plan's ceilings for one step")


if __name__ == "__main__":
    unittest.main(argv=["roles_test.py"])
