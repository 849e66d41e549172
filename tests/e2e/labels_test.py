#!/usr/bin/env python3
"""Where data may go: labels that people give their files, what leaves the machine, and effects that
data decides, through the real binary and a server that answers as another machine's model.

labels_test.py NAESTRO_BINARY"""
import json
import sys
import unittest

from chat_server import chat_server
from own_world import OwnWorld

LABELS = """\
policy: policy/1
rules: []
labels:
  - paths: ["hr/**"]
    readers: off_prem_forbidden
"""
PATH = {"file": {"schema": {"type": "string", "minLength": 4, "maxLength": 99},
                 "value": "docs/a.txt"}}


def read(path, step="read"):
    return {"id": step, "do": {"tool": "files.read@1"}, "with": {"path": path}}


def ask(text, step="ask", **more):
    return {"id": step,
            "do": {"model": {"task": "t", "model": "far", "max_input_tokens": 1500,
                             "max_output_tokens": 40}},
            "with": {"messages": [{"role": "user", "content": text}]},
            "out": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
                    "additionalProperties": False}, **more}


def write(path, text, step="write", **more):
    return {"id": step, "do": {"tool": "files.write@1"}, "with": {"path": path, "content": text}, **more}


class Labels(OwnWorld):
    maxDiff = None

    def setUp(self):
        super().setUp()
        for name, text in (("docs/a.txt", "alpha\n"), ("hr/pay.txt", "salary 4711\n")):
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            (self.work / name).write_text(text)
        server = chat_server([{"n": 1}])
        url, self.requests = server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        self.naestro("models", "add", "far", "--url", url, "--context", "2048", "--cloud",
                     "--usd-in", "0", "--usd-out", "0")
        self.label(LABELS)

    def label(self, text):
        (self.work / ".naestro").mkdir(exist_ok=True)
        (self.work / ".naestro/policy.yaml").write_text(text)

    def plan(self, *steps, **more):
        (self.work / "plan.json").write_text(json.dumps(
            {"naestro": "plan/1", "goal": "g", "steps": list(steps), "outputs": {}, **more}))

    def explained(self, *words):
        return json.loads(self.naestro("plan", "explain", "plan.json", "--json", *words))

    def approved(self, *words, code=0, says=None):
        """Runs the plan with a yes to its card."""
        digest = self.explained(*words)["digest"]
        return self.naestro("run", "plan.json", "--approve", digest, *words, code=code, says=says)

    def sent(self):
        return json.dumps(self.requests)

    # Labels by path

    def test_what_must_not_leave_does_not_reach_another_machines_model(self):
        self.plan(read("hr/pay.txt"), ask("Say n: ${steps.read.out.text}"))
        said = (r"NP7002: data would reach who must not read it where step 'ask' does `model.cloud`"
                r" \(found files.read@1 \(file, read hr/pay.txt\) -> \$\{steps.read.out.text\} -> "
                r"model far.*builtin.off_prem")
        self.naestro("plan", "check", "plan.json", code=3, says=said)
        self.naestro("run", "plan.json", code=3, says=said)
        self.assertEqual(self.requests, [])
        # Through another step, and a folder that holds it.
        self.plan(read("hr/pay.txt"), write("out.md", "${steps.read.out.text}"),
                  ask("Say n: ${steps.write.out.path}"))
        self.naestro("plan", "check", "plan.json", code=3, says="NP7002")
        self.plan({"id": "read", "do": {"tool": "files.search@1"},
                   "with": {"path": ".", "query": "alpha"}}, ask("${steps.read.out.matches}"))
        self.naestro("plan", "check", "plan.json", code=3, says="NP7002")
        # Here it may be used; elsewhere the rest may go, once a person saw it.
        self.plan(read("hr/pay.txt"), write("out.md", "${steps.read.out.text}"))
        self.naestro("run", "plan.json", code=5)
        self.plan(read("docs/a.txt"), ask("Say n: ${steps.read.out.text}"))
        self.naestro("run", "plan.json", code=5)
        self.assertEqual(self.requests, [])
        self.approved()
        self.assertIn("alpha", self.sent())
        self.naestro("replay", "last", says="every body equal")

    def test_a_file_that_an_input_names_is_judged_when_it_is_read(self):
        self.plan(read("${inputs.file}"), ask("Say n: ${steps.read.out.text}"), inputs=PATH)
        out = self.naestro("plan", "explain", "plan.json")
        self.assertRegex(out, r"ask +CHECKED AT RUN TIME")
        self.assertIn("  ask: the policy, when what its data was read from is known\n", out)
        self.naestro("run", "plan.json", "--mode", "auto", code=3, says="NE0405")
        self.approved("--input", "file=hr/pay.txt", code=3,
                      says="NE0401 policy rule builtin.off_prem")
        self.assertEqual(self.requests, [])
        self.naestro("replay", "last", says="every body equal")
        self.approved()
        self.assertEqual(len(self.requests), 1)

    def test_what_a_run_wrote_of_it_keeps_the_label(self):
        self.plan(read("hr/pay.txt"), write("out.md", "${steps.read.out.text}"),
                  {**read("out.md", "again"), "needs": ["write"]},
                  ask("Say n: ${steps.again.out.text}"))
        self.approved(code=3, says="NE0401 policy rule builtin.off_prem")
        self.assertEqual(self.requests, [])
        self.naestro("replay", "last", says="every body equal")

    def test_whether_it_is_asked_would_tell_of_it_too(self):
        self.plan({"id": "read", "do": {"tool": "files.search@1"},
                   "with": {"path": "hr", "query": "4711"}},
                  ask("Say n", when="${steps.read.out.match_count} > 0"))
        self.naestro("plan", "check", "plan.json", code=3, says="NP7002")
        # One step further on, where nothing of it is named.
        self.plan({"id": "read", "do": {"tool": "files.search@1"},
                   "with": {"path": "hr", "query": "4711"}},
                  {**read("docs/a.txt", "maybe"), "when": "${steps.read.out.match_count} > 0"},
                  ask("Say n", needs=["maybe"]))
        self.naestro("plan", "check", "plan.json", code=3,
                     says="NP7002.*whether step 'maybe' is done -> model far")

    def test_a_run_keeps_its_labels_and_check_counts_them(self):
        self.naestro("policy", "check", says=r"0 rules; 1 label\n")
        self.plan(read("${inputs.file}"), ask("Say n: ${steps.read.out.text}"), inputs=PATH)
        self.naestro("run", "plan.json", "--input", "file=hr/pay.txt", code=5)
        self.label("policy: policy/1\nrules: []\n")
        question = json.loads(self.naestro("consents", "--json"))[0]["digest"]
        self.naestro("approve", "last", question)
        self.naestro("resume", "last", code=3, says="NE0401 policy rule builtin.off_prem")
        self.assertEqual(self.requests, [])
        self.label(LABELS.replace("off_prem_forbidden", "public"))
        self.naestro("policy", "check", code=2,
                     says=r"policy\.yaml:5:1: NE0406 'readers' is none of off_prem_forbidden and "
                          r"secret:NAME; files without a label are private")

    # Effects that data decides

    def test_what_data_decides_to_do_says_so_on_the_card(self):
        self.plan({"id": "find", "do": {"tool": "files.search@1"},
                   "with": {"path": "docs", "query": "alpha"}},
                  ask("Say n", when="${steps.find.out.match_count} > 0"))
        out = self.naestro("run", "plan.json", code=5)
        self.assertIn("  ask: data decides whether or how often it is done: files.search@1 (file, "
                      "read docs) -> ${steps.find.out.match_count} -> model far\n", out)
        step = self.explained()["steps"][1]
        self.assertEqual(step["rule"], "builtin.rule_of_two")
        self.assertIn("untrusted_control", step["data"])
        self.approved()
        self.assertEqual(len(self.requests), 1)

    def test_a_write_is_called_one_whichever_of_its_effects_is_asked_about(self):
        self.plan({"id": "find", "do": {"tool": "files.search@1"}, "with": {"path": "docs", "query": "alpha"}},
                  {"id": "put", "do": {"tool": "files.write@1"},
                   "with": {"path": "out/${steps.find.out.matches[0].file}", "content": "x"}})
        self.assertEqual([s["effect"] for s in self.explained()["steps"]], ["read", "write"])
        self.assertRegex(self.naestro("run", "plan.json", code=5), r"put +files\.write@1 +write +ask")

    def test_a_rule_of_ones_own_over_what_data_decides(self):
        self.label("policy: policy/1\nrules:\n  - id: mine\n    effect: deny\n"
                   "    kinds: [write]\n    when: context.untrusted_control\n")
        find = {"id": "find", "do": {"tool": "files.search@1"},
                "with": {"path": "docs", "query": "alpha"}}
        self.plan(find, write("a.md", "x", when="${steps.find.out.match_count} > 0"))
        self.naestro("plan", "check", "plan.json", code=3,
                     says=r"NP7003.*with untrusted_control \(found files.search@1 \(file, read docs\)"
                          r" -> \$\{steps.find.out.match_count\} -> files.write@1.*rule mine")
        self.plan(find, write("a.md", "x"))
        self.naestro("plan", "check", "plan.json")

    # The rule of two

    def test_all_three_together_are_a_finding_and_a_question_of_their_own(self):
        self.plan(read("docs/a.txt"), ask("Say n: ${steps.read.out.text}"))
        out = self.naestro("run", "plan.json", code=5)
        self.assertIn("  ask: untrusted input, private data and an effect outside come together\n", out)
        way = "files.read@1 (file, read docs/a.txt) -> ${steps.read.out.text} -> model far\n"
        for words in ("untrusted data goes in", "private data goes in",
                      "free text goes in, which may hold orders"):
            self.assertIn(f"  ask: {words}: {way}", out)
        self.assertEqual(self.explained()["steps"][1]["rule"], "builtin.rule_of_two")
        # Of the plan's own words nothing is untrusted.
        self.plan(ask("Say n"))
        self.assertNotIn("come together", self.naestro("run", "plan.json", code=5))
        self.assertEqual(self.explained()["steps"][0]["rule"], "builtin.outside")

    def test_explain_shows_the_labels_of_each_step(self):
        self.plan(read("hr/pay.txt"), write("out.md", "${steps.read.out.text}"))
        out = self.naestro("plan", "explain", "plan.json")
        self.assertRegex(out, r"read +PROVED +read hr/pay.txt +from file, plan +off_prem_forbidden, "
                              r"private, free text")

    def test_test_takes_facts(self):
        (self.work / "cases.yaml").write_text("""\
cases:
  - {tool: http.get, arguments: {url: "https://a.example/"}, off_prem_forbidden: true, expect: deny}
  - {tool: http.get, arguments: {url: "https://a.example/"}, untrusted_input: true,
     private_data: true, expect: ask, rule: builtin.rule_of_two}
""")
        self.naestro("policy", "test", "cases.yaml", says="2 cases as expected\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
