#!/usr/bin/env python3
"""Policy files of one's own through the real binary: layers, what they refuse before and while a
run goes, broken files, and the commands check, explain, test.

policy_test.py NAESTRO_BINARY"""
import json
import sys
import unittest

from own_world import OwnWorld

HEAD = "policy: policy/1\nrules:\n"
SECRETS = HEAD + """\
  - id: no_secrets
    effect: deny
    paths: ["secrets/**"]
    reason: these stay as they are
"""
USER_FILE = "$XDG_CONFIG_HOME/naestro/policy.yaml"
PATHS = {"to": {"schema": {"type": "string", "minLength": 4, "maxLength": 99}, "value": "a.md"}}


def write(path, step="write", **more):
    return {"id": step, "do": {"tool": "report.markdown@1"},
            "with": {"path": path, "title": "t", "sections": []}, **more}


def find(path=".", step="find"):
    return {"id": step, "do": {"tool": "files.search@1"}, "with": {"path": path, "query": "alpha"}}


class Policy(OwnWorld):
    maxDiff = None

    def setUp(self):
        super().setUp()
        (self.work / "secrets").mkdir()
        (self.work / "docs").mkdir()
        (self.work / "docs/a.txt").write_text("alpha\n")
        (self.work / "secrets/b.txt").write_text("alpha\n")
        self.project_file = self.work / ".naestro/policy.yaml"
        self.user_file = self.folder / "config/naestro/policy.yaml"

    def plan(self, *steps, **more):
        (self.work / "plan.json").write_text(json.dumps(
            {"naestro": "plan/1", "goal": "g", "steps": list(steps), "outputs": {}, **more}))

    def question(self):
        return json.loads(self.naestro("consents", "--json"))[0]["digest"]

    # What the files do

    def test_a_projects_file_denies_what_a_plan_names(self):
        self.put(self.project_file, SECRETS)
        self.plan(write("secrets/a.md"))
        said = r"NP6001.*rule no_secrets \(\./\.naestro/policy\.yaml:3\): these stay as they are"
        self.naestro("plan", "check", "plan.json", code=3, says=said)
        self.naestro("run", "plan.json", code=3, says=said)
        self.plan(write("other.md"))
        self.naestro("run", "plan.json", code=5)

    def test_a_folder_above_is_denied_too_since_it_holds_the_rest(self):
        self.put(self.project_file, SECRETS)
        self.plan(find("."))
        self.naestro("run", "plan.json", code=3, says="no_secrets")
        self.plan(find("docs"))
        self.naestro("run", "plan.json")

    def test_a_goal_in_words_is_denied_where_it_would_read_what_may_not_be(self):
        self.put(self.project_file, SECRETS)
        self.naestro("run", "How many texts are there?", code=3,
                     says="(?s)no_secrets.*NE0401 .*-w FOLDER")

    def test_what_an_input_names_is_denied_before_anything_is_done(self):
        self.put(self.user_file, SECRETS)
        self.plan(find("docs"), write("${inputs.to}"), inputs=PATHS)
        where = r"NE0401 policy rule no_secrets \(\$XDG_CONFIG_HOME/naestro/policy\.yaml:3\)"
        self.naestro("plan", "explain", "plan.json", "--input", "to=secrets/a.md", code=3, says=where)
        self.naestro("run", "plan.json", "--input", "to=secrets/a.md", code=3, says=where)
        kinds = [json.loads(line)["kind"] for line in
                 self.naestro("show", "last", "--events", "--json").splitlines()]
        self.assertEqual(kinds, ["run.created", "plan.compiled", "policy.decided", "run.failed"])
        self.assertIn("PROVED", self.naestro("plan", "explain", "plan.json"))

    def test_what_a_step_names_is_decided_when_it_is_known(self):
        self.put(self.project_file, SECRETS.replace("secrets/**", "1*.md"))
        self.plan(find("docs"), write("${steps.find.out.match_count}.md"))
        out = self.naestro("plan", "explain", "plan.json")
        self.assertRegex(out, r"write +CHECKED AT RUN TIME")
        self.assertIn("  write: the policy, when path is known\n", out)
        digest = json.loads(self.naestro("plan", "explain", "plan.json", "--json"))["digest"]
        self.naestro("run", "plan.json", "--approve", digest, code=3,
                     says="NE0401 policy rule no_secrets")
        self.assertFalse((self.work / "1.md").exists())

    def test_an_allow_loosens_nothing(self):
        for file in (self.project_file, self.user_file):
            self.put(file, HEAD + "  - {id: all, effect: allow}\n")
        self.plan(write("a.md"))
        self.naestro("run", "plan.json", code=5)
        self.naestro("policy", "check", says="warning: rule all loosens nothing")

    def test_a_locked_question_is_asked_by_itself(self):
        self.put(self.user_file, HEAD + "  - {id: each, effect: ask, locked: true, kinds: [write]}\n")
        self.plan(write("a.md"))
        out = self.naestro("run", "plan.json", code=5)
        self.assertIn('path="a.md" (asked again just before)', out)
        self.naestro("approve", "last", self.question())
        self.naestro("resume", "last", code=5, says="Step write asks")
        self.naestro("approve", "last", self.question())
        self.naestro("resume", "last")
        self.assertTrue((self.work / "a.md").exists())

    def test_a_condition_sees_the_call(self):
        self.put(self.project_file, HEAD +
                 "  - id: texts\n    effect: deny\n    tools: [files.*]\n"
                 "    when: context.arguments has path && context.arguments.path like \"doc*\"\n")
        self.plan(find("docs"))
        self.naestro("run", "plan.json", code=3, says="rule texts")
        self.plan(find("secrets"))
        self.naestro("run", "plan.json")

    def test_a_broken_file_stops_all_that_decides_but_what_mends_it(self):
        self.plan(find("docs"))
        for text, said in ((SECRETS.replace("deny", "den"),
                            r"policy\.yaml:4:1: NE0406 'effect' is none of"),
                           ("policy: [", r"policy\.yaml:1:\d+: NE0406 this is not valid YAML"),
                           (SECRETS + "    when: context.kid == 1\n",
                            r"policy\.yaml:7:1: NE0406 context has no member 'kid'; did you mean"),
                           ("", r"policy\.yaml:1:1: NE0406 a policy is")):
            with self.subTest(said):
                self.put(self.project_file, text)
                for words in (("run", "plan.json"), ("plan", "check", "plan.json"), ("policy", "check"),
                              ("policy", "explain", "--tool", "files.read")):
                    self.naestro(*words, code=2, says=said)
                self.naestro("runs", says=said)  # looking and stopping are let, and it is said
                self.naestro("doctor", code=1, says="NE0406")
                self.naestro("help", "NE0406")
        self.assertFalse((self.folder / "state").exists() and
                         json.loads(self.naestro("runs", "--json", cwd=self.folder)))

    # Over the life of a run

    def test_a_run_replays_wherever_and_resumes_under_the_stricter_of_both(self):
        self.put(self.project_file, SECRETS)
        self.plan(write("a.md"))
        self.naestro("run", "plan.json", code=5)
        elsewhere = self.folder
        self.naestro("replay", "last", cwd=elsewhere, says="every body equal")
        self.naestro("approve", "last", self.question(), cwd=elsewhere)
        self.put(self.user_file, HEAD + "  - {id: none, effect: deny, kinds: [write]}\n")
        self.naestro("replay", "last", says="every body equal")
        self.naestro("resume", "last", code=3, cwd=elsewhere,
                     says=r"NE0401 policy rule none \(\$XDG_CONFIG_HOME/naestro/policy\.yaml:3\)")
        self.assertFalse((self.work / "a.md").exists())
        self.naestro("replay", "last", says="every body equal")
        self.naestro("audit", "verify")

    def test_a_run_keeps_its_rules_where_they_are_no_longer_read(self):
        self.put(self.project_file, SECRETS.replace("secrets/**", "1.md"))
        self.plan(find("docs"), write("${steps.find.out.match_count}.md"))
        self.naestro("run", "plan.json", "-w", str(self.work), code=5)
        self.naestro("approve", "last", self.question())
        self.project_file.unlink()
        self.naestro("resume", "last", code=3, cwd=self.folder, says="NE0401 policy rule no_secrets")

    # Whose project

    def test_the_policy_is_that_of_the_workspace_wherever_it_is_called(self):
        self.put(self.project_file, SECRETS)
        here, plan = ("-w", str(self.work)), str(self.work / "plan.json")
        self.plan(write("secrets/a.md"))
        for words in (("plan", "explain", plan, *here), ("run", plan, *here)):
            self.naestro(*words, code=3, cwd=self.folder, says=r"no_secrets \(\./\.naestro/policy")
        call = ("policy", "explain", "--tool", "files.write", "--arg", "path=secrets/a.md")
        self.naestro(*call, *here, cwd=self.folder, says="Decision: deny by no_secrets")
        # The rules of the folder in which it is called are about that folder.
        other = self.folder / "other"
        other.mkdir()
        self.naestro("run", plan, "-w", "../other", code=5)
        self.naestro(*call, "-w", "../other", says=f"Decision: ask by .*\n(.*\n)*not there  {other}")
        self.naestro(*call, "-c", "workspace=../other", says="Decision: ask by ")

    def test_what_goes_on_with_a_run_asks_the_policy_of_its_workspace(self):
        (self.work / "a.md").write_text("before\n")
        self.plan(write("a.md"))
        self.naestro("run", "plan.json", code=5)
        question = self.question()
        self.naestro("approve", "last", question)
        self.put(self.project_file, SECRETS.replace("secrets/**", "a.md"))
        self.naestro("fork", "last", "--at", "write", code=3, cwd=self.folder, says="no_secrets")
        self.naestro("resume", "last", code=3, cwd=self.folder, says="NE0401 policy rule no_secrets")
        self.project_file.unlink()
        self.naestro("run", "plan.json", code=5)
        self.naestro("approve", "last", self.question())
        self.naestro("resume", "last", cwd=self.folder)
        self.put(self.project_file, SECRETS.replace("secrets/**", "a.md"))
        self.naestro("undo", "last", code=2, cwd=self.folder, says="NP6001.*no_secrets")
        self.put(self.project_file, "policy: [")
        for words in (("undo", "last"), ("fork", "last", "--at", "write")):
            self.naestro(*words, code=2, cwd=self.folder, says="NE0406 ./.naestro/policy.yaml: this is")

    def test_a_link_to_nothing_is_no_absent_file(self):
        self.project_file.parent.mkdir()
        self.project_file.symlink_to(self.folder / "gone.yaml")
        self.plan(find("docs"))
        for words in (("run", "plan.json"), ("policy", "check"), ("sandbox", "--", "true")):
            self.naestro(*words, code=1, says="NE0007 .*policy.yaml is a link to what is not there")

    def test_a_run_that_waits_can_be_killed_whatever_the_policy_says(self):
        self.plan(write("a.md"))
        self.naestro("run", "plan.json", code=5)
        self.put(self.user_file, HEAD + "  - {id: none, effect: deny}\n")
        self.naestro("kill", "last", says="Killed run")

    # The commands

    def test_check_says_what_each_file_holds_and_what_is_odd(self):
        self.put(self.user_file, HEAD + "  - {id: a, effect: ask, kinds: [read]}\n"
                 "  - {id: b, effect: deny, kinds: [read, write]}\n")
        self.put(self.project_file, SECRETS + "  - {id: typo, effect: deny, tools: [file.write]}\n"
                 "  - {id: never, effect: deny, when: 1 == 2}\n")
        out = self.naestro("policy", "check")
        self.assertRegex(out, r"built-in +builtin\.json +10 rules: 2 allow, 6 ask, 2 deny\n")
        self.assertRegex(out, r"user +\$XDG_CONFIG_HOME/naestro/policy\.yaml +2 rules: 1 ask, 1 deny\n")
        self.assertRegex(out, r"project +\./\.naestro/policy\.yaml +3 rules: 3 deny\n")
        self.assertIn(f"{USER_FILE}:3: warning: rule a decides nothing: rule b in line 4 matches", out)
        self.assertIn("./.naestro/policy.yaml:7: warning: rule typo names 'file.write', which", out)
        self.assertIn("./.naestro/policy.yaml:8: warning: rule never never matches", out)
        self.assertIn("not there  /etc/naestro/policy.yaml\n"
                      f"read       {self.user_file}\nread       {self.project_file}\n", out)

    def test_explain_answers_why(self):
        self.put(self.project_file, SECRETS)
        out = self.naestro("policy", "explain", "--tool", "files.write", "--arg", "path=secrets/a.md")
        self.assertRegex(out, r"write +project +no_secrets \(\./\.naestro/policy\.yaml:3\) +deny +matches")
        self.assertIn("Decision: deny by no_secrets (./.naestro/policy.yaml:3): these stay as", out)
        out = self.naestro("policy", "explain", "--tool", "files.write@1")
        self.assertRegex(out, r"no_secrets .* deny +matches or not, by path\n")
        self.assertIn("It may become stricter when path is known.", out)
        out = self.naestro("policy", "explain", "--tool", "files.write", "--arg", "path=../x")
        self.assertIn("deny   applies, though it cannot tell: '../x' goes up with '..'", out)
        out = self.naestro("policy", "explain", "--tool", "model:qwen2.5-coder-0.5b-instruct",
                           "--mode", "guide")
        self.assertIn("Decision: allow by builtin.model_local", out)
        said = json.loads(self.naestro("policy", "explain", "--tool", "http.get", "--untrusted",
                                       "--arg", "url=https://a.example/", "--json"))
        self.assertEqual((said["decision"], said["rule"]), ("deny", "builtin.untrusted_target"))
        self.assertEqual([row["rule"] for row in said["rules"]],
                         ["builtin.outside", "builtin.untrusted_target"])
        self.assertEqual(said["files"], [str(self.project_file)])
        for words, message in ((("--tool", "files.writ"), "did you mean 'files.write@1'"),
                               (("--tool", "files.write@7"), "no tool is called"),
                               (("--tool", "files.write@x"), "no tool is called"),
                               (("--tool", "zzzzzzzzzz"), "see 'naestro tools'"),
                               (("--tool", "model:x"), "no model is called 'x'"),
                               (("--tool", "files.write", "--arg", "pth=1"), "did you mean 'path'"),
                               (("--tool", "files.write", "--arg", "zzzzzz=1"), "it has "),
                               (("--tool", "files.write", "--arg", "path"), "is not NAME=VALUE"),
                               (("--tool", "files.write", "--mode", "yolo"), "is not a mode")):
            self.naestro("policy", "explain", *words, code=2, says="NE0801.*" + message)

    def test_test_holds_a_table_to_what_is_expected(self):
        self.put(self.project_file, SECRETS)
        cases = self.work / "cases.yaml"
        good = """\
cases:
  - tool: files.write
    arguments: {path: secrets/a.md}
    expect: deny
    rule: no_secrets
  - {tool: files.write, arguments: {path: a.md}, expect: ask}
  - {tool: files.write, arguments: {path: a.md}, expect: deny, mode: guide, rule: mode.guide}
  - {tool: http.get, arguments: {url: "https://a.example/"}, untrusted_authority: true, expect: deny}
"""
        cases.write_text(good)
        self.naestro("policy", "test", "cases.yaml", says="4 cases as expected\n")
        cases.write_text(good.replace("expect: ask", "expect: allow").replace("no_secrets", "other"))
        out = self.naestro("policy", "test", "cases.yaml", code=1)
        self.assertEqual(out, "cases.yaml:2: files.write@1: expected deny by other, found deny by "
                         "no_secrets (./.naestro/policy.yaml:3)\n"
                         "cases.yaml:6: files.write@1: expected allow, found ask by builtin.write "
                         "(builtin.json:6)\n2 of 4 cases differ\n")
        for text, message in (("cases: []\n", "holds no list of cases"), ("- a\n", "holds no list of cases"),
                              ("cases: [a]\n", r"cases\.yaml:1: the case: is not a map"),
                              ("cases:\n- {tool: files.write, expect: perhaps}\n",
                               r"cases\.yaml:2: the case: is malformed"),
                              ("cases:\n- {tool: files.write, expect: ask, more: 1}\n",
                               r"cases\.yaml:2: the case: has a member 'more'"),
                              ("cases:\n- {tool: nothing, expect: ask}\n",
                               r"cases\.yaml:2: the case: no tool is called"),
                              ("cases: [\n", r"cases\.yaml:2:1: this is not valid YAML")):
            cases.write_text(text)
            self.naestro("policy", "test", "cases.yaml", code=2, says=message)
        self.naestro("policy", "test", "none.yaml", code=2, says="NE0008")

    def test_config_names_the_files_that_are_read(self):
        self.put(self.project_file, SECRETS)
        out = self.naestro("config")
        self.assertIn(f"not there  {self.user_file}\n", out)
        self.assertIn(f"read       {self.project_file.resolve()}\n", out)

    def test_check_shows_each_finding_by_a_call(self):
        self.put(self.project_file, HEAD + """\
  - id: all
    effect: deny
    paths: ["secrets/*"]
  - id: below
    effect: deny
    paths: ["secrets/*/**"]
  - id: covered
    effect: ask
    kinds: [write]
    paths: ["secrets/**"]
  - id: never
    effect: deny
    kinds: [net]
    when: context.kind == "write"
  - id: nothing
    effect: deny
    tools: [http.get]
    kinds: [write]
  - id: mild
    effect: allow
    kinds: [read]
  - id: sampled
    effect: deny
    when: context.arguments has argv && context.arguments.argv == ["a"] && context.arguments.argv == ["b"]
""")
        out = self.naestro("policy", "check")
        file = r"\./\.naestro/policy\.yaml"
        self.assertRegex(out, file + r":9: warning: rule covered decides nothing: rules all in line 3, "
                         r"below in line 6 match all that it does\n"
                         r"    such as files\.\w+@1 path=\"\S+\" in mode copilot: deny by (all|below) \(" + file + r":[36]\)")
        self.assertRegex(out, r"rule never never matches: its `when` is false of every call\n"
                         r"    such as exec\.run@2 .*hosts=\[\"other\.example\"\].* in mode copilot: ask by "
                         r"builtin\.outside \(builtin\.json:\d+\)")
        self.assertIn("rule nothing never matches: it is about write, and http.get@1 does net\n", out)
        self.assertRegex(out, r"rule mild loosens nothing.*\n    such as \S+ \w+=\"\S+\" in mode copilot: ")
        self.assertRegex(out, r"rule sampled matched none of \d+ calls that were tried, which are not all there may be")

    def test_a_claim_is_proved_or_shown_not_to_hold(self):
        floor = self.folder / "floor.yaml"
        self.put(floor, SECRETS)
        self.naestro("policy", "prove", "implies", str(floor), code=1,
                     says=r"No: \S+@1 \w+=\"\S+\" in mode copilot\n    the first:  \w+ by builtin\S* .*\n"
                          r"    the second: deny by no_secrets \(.*floor\.yaml:3\)")
        self.put(self.project_file, HEAD + "  - id: mine\n    effect: deny\n    paths: [\"secrets/**\", b]\n")
        self.naestro("policy", "prove", "implies", str(floor), says=r"Yes, of all calls: the rules tell \d+ apart\.")
        said = json.loads(self.naestro("policy", "prove", "equivalent", str(floor), "--json", code=1))
        self.assertEqual((said["holds"], said["complete"], said["counter"]["one"]["rule"]),
                         (False, True, "mine"))
        self.naestro("policy", "prove", "implies", str(self.project_file), str(floor), says="Yes")
        shut = self.folder / "shut.yaml"
        self.put(shut, HEAD + "  - id: shut\n    effect: deny\n    tools: [http.*]\n")
        self.naestro("policy", "prove", "always-denies", str(shut), "--tool", "http.get", says="Yes")
        self.naestro("policy", "prove", "always-denies", str(shut), code=1, says="No: ")
        self.put(shut, HEAD + "  - id: errs\n    effect: deny\n    when: context.mode > 3\n")
        self.naestro("policy", "prove", "never-errs", str(shut), code=1, says=r"errs \(.*shut\.yaml:3\): `when`: ")
        self.put(shut, HEAD + "  - id: like\n    effect: deny\n    when: context.arguments has path && "
                              "context.arguments.path like \"*.pdf\"\n")
        self.naestro("policy", "prove", "equivalent", str(shut), str(shut), code=1,
                     says=r"Not proved: it holds of \d+ calls that were tried")
        for words, said in [(["sound"], "'sound' is not a claim"), (["implies"], "is of two policies"),
                            (["never-errs", str(shut), str(floor)], "is of one policy"),
                            (["never-errs", "none.yaml"], "there is no file"),
                            (["never-errs", "--tool", "nix"], "no tool or model is called 'nix'")]:
            self.naestro("policy", "prove", *words, code=2, says=said)

    def test_a_candidate_decides_beside_the_policy_and_is_only_logged(self):
        self.naestro("policy", "shadow", says="No candidate policy is set")
        new = self.work / "new.yaml"
        self.put(new, HEAD + "  - id: [")
        self.naestro("policy", "shadow", "new.yaml", code=2, says="new.yaml")
        self.put(new, HEAD + """\
  - id: not_here
    effect: deny
    kinds: [write]
    paths: ["out/**"]
  - id: reads
    effect: ask
    kinds: [read]
""")
        self.naestro("policy", "shadow", "new.yaml", says=r"Set: /\S+/work/new\.yaml decides beside")
        self.plan(find("docs"), write("out/a.md"))
        self.naestro("run", "plan.json", code=5)
        self.naestro("run", "plan.json", "--approve", self.question(), says="done")
        self.assertTrue((self.work / "out/a.md").exists())
        out = self.naestro("policy", "shadow")
        self.assertRegex(out, r"Candidate /\S+/work/new\.yaml for /\S+/work, set by .* at .*\n"
                         r"2 decisions in 2 runs, 2 otherwise\n")
        self.assertRegex(out, r"ask by builtin\.write \(builtin\.json:\d+\), the candidate: deny by not_here \(new\.yaml:3\)\n"
                         r"    1 time, such as step write of run r\w+")
        said = json.loads(self.naestro("policy", "shadow", "--json"))
        self.assertEqual((said["runs"], said["decisions"], said["otherwise"], said["broken"]), (2, 2, 2, ""))
        self.naestro("replay", "last")
        self.naestro("audit", "verify")
        # A run that waits goes on under the candidate that it began with.
        self.naestro("run", "plan.json", code=5)
        self.put(new, "no policy")
        question = self.question()
        self.naestro("approve", "last", question)
        self.naestro("resume", "last", says="done")
        self.assertNotIn("candidate", self.naestro("replay", "last"))
        self.assertRegex(self.naestro("policy", "shadow"), r"It is left out, since it cannot be read: .*\n"
                         r"4 decisions in 3 runs, 4 otherwise\n")
        # Broken, it is said and stops nothing.
        self.naestro("run", "plan.json", code=5, says="the candidate policy is left out of this run")
        self.naestro("policy", "shadow", "--off", says=r"Ended: /\S+new\.yaml\. It said of 4 decisions in 3 runs, 4 otherwise")
        self.naestro("policy", "shadow", says="No candidate policy is set")
        self.naestro("policy", "shadow", "--off", code=2, says="no candidate policy is set")

    def test_diff_shows_a_call_for_each_way_in_which_two_files_differ(self):
        old, new = self.folder / "old.yaml", self.folder / "new.yaml"
        old.write_text(SECRETS)
        new.write_text(SECRETS.replace("secrets/**", "secrets/*.txt"))
        # A call that was made, and that the old file would have stopped.
        self.user_file.parent.mkdir(parents=True)
        plan = self.folder / "plan.json"
        plan.write_text(json.dumps({"naestro": "plan/1", "goal": "g", "outputs": {},
                                    "steps": [find("secrets")]}))
        self.naestro("run", str(plan), "-w", str(self.work))
        out = self.naestro("policy", "diff", str(old), str(new), code=1)
        self.assertRegex(out, r'looser    deny -> ask  files\.\S+ path="?secrets/')
        self.assertRegex(out, r"before by no_secrets \(\S*old\.yaml:3\)\n    after  by builtin\.")
        self.assertIn("Of 1 call of past runs 0 would be decided otherwise.", out)
        new.write_text(HEAD + "  - id: other\n    effect: deny\n    paths: [docs/**]\n")
        said = json.loads(self.naestro("policy", "diff", str(old), str(new), "--json", code=1))
        self.assertEqual([(each["step"], each["before"]["decision"], each["after"]["decision"])
                          for each in said["past"]], [("find", "deny", "allow")])
        self.assertTrue(said["complete"])
        self.assertEqual({each["stricter"] for each in said["flips"]}, {True, False})
        # The same in other words is the same.
        new.write_text(SECRETS.replace('"secrets/**"', '"secrets/*", "secrets/**/*"')
                       .replace("no_secrets", "none"))
        self.naestro("policy", "diff", str(old), str(new),
                     says="No call was found on which they differ")
        new.write_text("policy: policy/1\nrules: 7\n")
        self.naestro("policy", "diff", str(old), str(new), code=2, says=r"new\.yaml:1: a policy is")
        self.naestro("policy", "diff", str(old), str(self.folder / "none.yaml"), code=2,
                     says="there is no file")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
