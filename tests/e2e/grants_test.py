#!/usr/bin/env python3
"""A yes that lasts: for a run, for always, for a time; wider than what was asked; taken back. With
the scripted model where one is needed; no engine.

grants_test.py NAESTRO_BINARY"""
import json
import os
import pty
import sys
import time
import unittest

from own_world import BINARY, OwnWorld


def write(step="write", path="out.md", title="t", **more):
    return {"id": step, "do": {"tool": "report.markdown@1"},
            "with": {"path": path, "title": title, "sections": []}, **more}


class Grants(OwnWorld):
    maxDiff = None

    def setUp(self):
        super().setUp()
        (self.work / "a.csv").write_text("name\nx\ny\nz\n")
        self.file = self.folder / "plan.json"

    def naestro(self, *words, **more):
        return super().naestro(*words, cwd=self.folder, **more)

    def plan(self, *steps, **more):
        self.file.write_text(json.dumps({"naestro": "plan/1", "goal": "g", "steps": list(steps),
                                         "outputs": {}, **more}))

    def words(self, *more):
        return ["run", str(self.file), "-w", str(self.work), *more]

    def run_it(self, *more, **how):
        return self.naestro(*self.words(*more), **how)

    def question(self):
        return json.loads(self.naestro("consents", "--json"))[-1]

    def grants(self):
        return json.loads(self.naestro("grants", "--json"))

    def approve(self, *more, **how):
        question = self.question()
        return self.naestro("approve", question["run"], question["digest"], *more, **how)

    def terminal(self, *answers, code=0):
        """Runs at a terminal; answers one prompt after the other."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execve(BINARY, [str(BINARY), *self.words()], dict(self.env, TERM="xterm"))
        out, left, prompts = b"", list(answers), 0
        while True:
            try:
                piece = os.read(fd, 4096)
            except OSError:
                break
            if not piece:
                break
            out += piece
            while left and out.count(b"? [y/n] ") > prompts:
                prompts += 1
                os.write(fd, left.pop(0).encode())
        os.close(fd)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), code, out.decode())
        self.assertEqual(left, [], out.decode())
        return out.decode()

    def test_what_was_granted_for_always_is_not_asked_again(self):
        self.naestro("grants", says="No lasting grants.")
        self.plan(write())
        self.run_it(code=5)
        # Shown first; nothing is written.
        shown = self.approve("--scope", "always", code=2)
        self.assertRegex(shown, r'Grant: report\.markdown@1 in .*work\n  path: "out\.md"\n'
                                r"  answers built-in/builtin\.write\n")
        self.assertIn("nothing was written: this is what it would grant", shown)
        self.assertEqual(self.grants(), [])
        self.approve("--scope", "always", "--confirm", says="Approved")
        (grant,) = self.grants()
        self.assertEqual(grant["authority"], {"path": {"value": "out.md"}})
        self.naestro("resume", "last", says="consent  given .inbox, always.")
        # Another plan, the same effect: the payload may differ.
        self.plan(write(title="another"))
        self.run_it(says="done +write")
        self.naestro("show", "last", "--events", says='"grant":"' + grant["id"])
        self.naestro("why", "last", says=grant["id"])
        self.naestro("replay", "last")
        self.naestro("audit", "verify")
        # In mode auto it is what the person approved.
        self.run_it("--mode", "auto", says="done +write")
        # Another path is another effect, and so is another folder.
        self.plan(write(path="b.md"))
        self.run_it(code=5)
        self.plan(write())
        other = self.folder / "other"
        other.mkdir()
        self.naestro("run", str(self.file), "-w", str(other), code=5)
        # Taken back, it is asked again.
        self.naestro("grants", "revoke", "gnone", code=2, says="there is no grant 'gnone'")
        self.naestro("grants", "revoke", grant["id"], says="Taken back")
        self.assertEqual(self.grants(), [])
        self.run_it(code=5)
        self.naestro("audit", "verify")

    def test_a_wider_grant_covers_what_its_pattern_does_and_no_more(self):
        self.plan(write(path="reports/a.md"))
        self.run_it(code=5)
        self.approve("--scope", "always", "--confirm", "--where", "path=other/**", code=2,
                     says=r"'other/\*\*' does not cover what was asked, \"reports/a.md\"")
        self.approve("--scope", "always", "--confirm", "--where", "title=t", code=2,
                     says="'title' is no argument whose text decides")
        self.approve("--scope", "always", "--confirm", "--where", "path=reports/**",
                     says=r"path: any path like reports/\*\*")
        self.naestro("resume", "last")
        self.plan(write(path="./reports//b.md"))
        self.run_it()
        self.plan(write(path="other.md"))
        self.run_it(code=5)

    def test_no_grant_answers_a_deny_or_what_is_asked_each_time(self):
        self.plan(write())
        self.run_it(code=5)
        self.approve("--scope", "always", "--confirm")
        self.naestro("resume", "last")
        policy = self.work / ".naestro" / "policy.yaml"
        policy.parent.mkdir()
        rule = "policy: policy/1\nrules:\n  - id: mine\n    effect: {}\n    tools: [report.markdown]\n"
        # Another rule asks: nobody said yes to that one.
        policy.write_text(rule.format("ask"))
        self.run_it(code=5)
        policy.write_text(rule.format("deny"))
        self.run_it(code=3)
        policy.write_text(rule.format("ask\n    locked: true"))
        self.run_it(code=5)
        self.approve("--scope", "always", "--confirm", code=2,
                     says="this question is asked each time")
        self.approve()
        self.naestro("resume", "last", code=5)
        self.approve("--scope", "run", code=2, says="this question is asked each time")

    def test_for_this_run_alone(self):
        # Two steps that do the same: asked by themselves, since a step decides the path.
        (self.work / "a.md").write_text("alpha\n")
        find = {"id": "find", "do": {"tool": "files.search@1"},
                "with": {"path": ".", "query": "alpha"}}
        self.plan(find, *(write(step, path="line-${steps.find.out.matches[0].line}.md", title="alpha")
                          for step in ("one", "two")))
        self.run_it(code=5)
        self.approve("--scope", "once", "--until", "8h", code=2, says="answered once is answered")
        self.approve()
        self.naestro("resume", "last", code=5)
        self.approve("--scope", "run", "--until", "8h", code=2, says="only what is for always ends")
        self.approve("--scope", "run", says="(?s)answers .*door.computed_authority.*in this run")
        self.naestro("resume", "last", says="(?s)done +one.*done +two|done +two.*done +one")
        self.assertEqual(self.grants(), [])
        self.naestro("replay", "last")

    def test_a_grant_has_its_time(self):
        self.plan(write())
        self.run_it(code=5)
        for wrong in ("8", "h", "-1h", "0h", "400d", "8hours"):
            self.approve("--scope", "always", "--confirm", "--until=" + wrong, code=2,
                         says="is not a time that a grant may last")
        self.approve("--scope", "always", "--confirm", "--until", "8h", says="until 2")
        (grant,) = self.grants()
        self.assertAlmostEqual(grant["expires_s"], time.time() + 8 * 3600, delta=120)
        self.assertFalse(grant["over"])

    def test_at_the_terminal(self):
        self.plan(write(path="reports/a.md"))
        out = self.terminal("always path=x\n", "always path=reports/*\n", "n\n",
                            "maybe\n", "always path=reports/*\n", "y\n")
        self.assertIn("A yes can last: say 'run' (for this run) or 'always'.", out)
        self.assertIn("'x' does not cover what was asked", out)
        self.assertIn("Please say y or n. Approve?", out)
        (grant,) = self.grants()
        self.assertEqual(grant["authority"], {"path": {"paths": "reports/*"}})
        # Nobody is asked any more.
        self.plan(write(path="reports/b.md"))
        self.assertNotIn("Approve?", self.terminal())
        self.naestro("plan", "explain", str(self.file), "-w", str(self.work),
                     says="granted: " + grant["id"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
