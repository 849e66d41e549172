#!/usr/bin/env python3
"""What a person is told about runs that do not simply end: open questions, effects in doubt, limits,
failures, differences. Each with its exit code and its JSON. The scripted model; no engine is needed.

told_test.py NAESTRO_BINARY"""
import fcntl
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()
SAID = {"type": "object", "properties": {"said": {"type": "string", "minLength": 1, "maxLength": 99}},
        "required": ["said"], "additionalProperties": False}


def tell(step="tell", **more):
    return {"id": step, "do": {"model": {"task": "t", "model": "scripted",
                                         "max_input_tokens": 500, "max_output_tokens": 50}},
            "with": {"messages": [{"role": "user", "content": "hi"}]}, "out": SAID, **more}


def write(step="write", path="out.md", **more):
    return {"id": step, "do": {"tool": "report.markdown@1"},
            "with": {"path": path, "title": "t", "sections": []}, **more}


def find(step="find", **more):
    return {"id": step, "do": {"tool": "files.search@1"},
            "with": {"path": ".", "query": "alpha"}, **more}


def execute(*argv, step="make", **more):
    return {"id": step, "do": {"tool": "exec.run@1"}, "with": {"argv": list(argv)}, **more}


class Told(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.work = self.folder / "work"
        self.work.mkdir()
        (self.work / "a.txt").write_text("alpha\nbeta\nalpha\n")
        self.file = self.folder / "plan.json"
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"))

    def naestro(self, *words, code=0, says=None, stream=None, cwd=None):
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, cwd=cwd)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if says is not None:
            self.assertRegex(done.stdout + done.stderr, says)
        return {"out": done.stdout, "err": done.stderr}.get(stream, done.stdout + done.stderr)

    def plan(self, *steps, outputs=None, **more):
        self.file.write_text(json.dumps({"naestro": "plan/1", "goal": "g", "steps": list(steps),
                                         "outputs": outputs or {}, **more}))

    def script(self, *texts, delay_ms=0, step="tell"):
        file = self.folder / "script.json"
        file.write_text(json.dumps({"answers": [
            {"step": step, "text": text, "delay_ms": delay_ms} for text in texts]}))
        return ["--model-script", str(file)]

    def words(self, *more):
        return ["run", str(self.file), "-w", str(self.work), *more]

    def run_it(self, *more, **how):
        return self.naestro(*self.words(*more), **how)

    def show(self, run="last"):
        return json.loads(self.naestro("show", run, "--json"))

    def question(self):
        return json.loads(self.naestro("consents", "--json"))[0]

    def terminal(self, *words, answers=(), size=None, code=0):
        """Runs at a terminal; answers one prompt after the other."""
        pid, fd = pty.fork()
        if pid == 0:
            if size:
                fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
            os.execve(BINARY, [str(BINARY), *map(str, words)], dict(self.env, TERM="xterm"))
        out = b""
        left = list(answers)
        prompts = 0
        while True:
            try:
                piece = os.read(fd, 4096)
            except OSError:
                break
            if not piece:
                break
            out += piece
            while left and out.count(b"Approve? [y/n] ") > prompts:
                prompts += 1
                os.write(fd, left.pop(0).encode())
        os.close(fd)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), code, out.decode())
        return out.decode()

    def begun(self, mark, *words):
        """A run in the background that has come to the line that begins with `mark`."""
        process = subprocess.Popen([BINARY, *words], env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        for line in process.stdout:
            if line.startswith(mark):
                return process
        return self.fail(f"the run did not come to {mark}")

    # Open questions

    def test_an_open_question_is_shown_everywhere_with_its_next_step(self):
        self.plan(write())
        self.run_it(code=5)
        run, digest = self.show()["run"], self.question()["digest"]
        out = self.naestro("show", "last")
        self.assertIn(f"Open question {digest}:\n  write  tool:report.markdown@1  write"[:40], out)
        self.assertRegex(out, r"report\.markdown.*reversible")
        self.assertIn(f"Next:    naestro approve {run} {digest} && naestro resume {run}", out)
        self.naestro("consents", says=f"Run {run}, plan: g\n(.|\n)*naestro approve {run} {digest}")
        self.naestro("why", "last", says="asked +about the plan, not answered yet")
        self.naestro("runs", says=rf"{run} +waits_for_consent")
        self.naestro("approve", run[:4], digest, says=f"Approved for run {run}. Next: naestro resume")
        self.naestro("consents", says="No open questions.")
        self.naestro("resume", "--all", says=f"Resuming {run}\n(.|\n)*Files:  out.md")

    def test_a_goal_cannot_write_lines_of_the_card(self):
        forged = "g\n  in the folder /safe\nDigest: 1111\nApprove? [y/n]"
        self.plan(write(), goal=forged)
        self.naestro("run", str(self.file), "-w", str(self.work), code=5)
        shown = {"explain": self.naestro("plan", "explain", str(self.file), "-w", str(self.work))}
        for words in (("show", "last"), ("runs",), ("consents",)):
            shown[words[0]] = self.naestro(*words)
        for command, text in shown.items():
            with self.subTest(command):
                self.assertIn("g\\n", text)
                self.assertFalse([line for line in text.split("\n")
                                  if line.startswith(("Digest: 1111", "Approve", "  in the folder /safe"))])

    def test_all_that_is_asked_for_stands_on_the_card(self):
        words = ["/bin/sh", "-c", "echo " + "harmless " * 40 + "; rm -rf everything"]
        self.plan(execute(*words))
        out = self.naestro("run", str(self.file), "-w", str(self.work), code=5)
        self.assertIn("; rm -rf everything", out)
        self.assertIn("; rm -rf everything",
                      self.naestro("plan", "explain", str(self.file), "-w", str(self.work)))

    def test_a_question_says_who_asks_where_data_comes_from_and_what_is_left(self):
        fixed = write("fixed", needs=["write"])
        fixed["with"]["title"] = "${steps.find.out.matches[0].text}"
        self.plan(find(), write(path="${steps.find.out.match_count}.md"), fixed)
        limits = ["--max-tokens", "5000", "--max-tool-calls", "9", "--max-usd", "0.5"]
        card = self.run_it(*limits, code=5)
        self.assertRegex(card, r"fixed: asked for by builtin\.write \(builtin\.json:\d+\); what goes "
                               r"in comes from file, plan \(private\)")
        self.assertIn("Left: 0.5 of 0.5 USD, 5,000 of 5,000 tokens, 9 of 9 tool calls\n", card)
        self.assertRegex(self.naestro("plan", "explain", str(self.file), "-w", str(self.work)),
                         "fixed: asked for by builtin.write")
        self.naestro("approve", "last", self.question()["digest"])
        # The path that a step computed is asked for by itself, with its value.
        out = self.naestro("resume", "last", code=5)
        self.assertRegex(out, r'"path": "2\.md"(.|\n)*Asked for by builtin\.write .*; what goes in comes '
                              r"from file, plan \(private\)\n"
                              r"Left: 0\.5 of 0\.5 USD, 5,000 of 5,000 tokens, 8 of 9 tool calls\n")

    def test_the_card_says_what_the_same_plan_took_before(self):
        self.plan(find())
        explain = ("plan", "explain", str(self.file), "-w", str(self.work))
        self.assertIn("likely: n/a (no finished run of this plan)", self.naestro(*explain))
        for said in ("as the run before", "the median of 2 runs"):
            self.naestro("run", str(self.file), "-w", str(self.work))
            self.assertIn("likely: 1 tool call, 0 model calls, 0 tokens, 0 USD (" + said + ")",
                          self.naestro(*explain))

    def test_what_a_plan_is_likely_to_take_is_no_more_than_its_bound(self):
        explain = ("plan", "explain", str(self.file), "-w", str(self.work))
        self.plan(tell())
        process = self.begun("start    tell", *self.words(*self.script('{"said": "hi"}',
                                                                       delay_ms=60_000)))
        process.kill()
        process.wait()
        said = self.script('{"said": "hi"}')
        self.naestro("resume", "last", *said)
        # The attempt that was lost counts as its cap, and so the run is no measure.
        spent = json.loads(self.naestro("show", "last", "--json"))["spent"]
        self.assertGreater(spent["tokens_in"] + spent["tokens_out"], 50)
        self.assertIn("likely: n/a (no finished run of this plan)", self.naestro(*explain))
        self.run_it(*said)
        self.assertRegex(self.naestro(*explain), r"likely: 0 tool calls, 1 model call, \d+ tokens, "
                                                 r"0 USD \(as the run before\)")

    def test_done_answers_only_what_is_in_doubt(self):
        self.plan(write())
        self.run_it(code=5)
        digest = self.question()["digest"]
        self.naestro("approve", "last", digest, "--done", "{", code=2, says="--done is not JSON: ")
        self.naestro("approve", "last", digest, "--done", "{}", code=2,
                     says="--done answers an effect in doubt only")
        self.naestro("refuse", "last", digest, "--done", "{}", code=2, says="NE0801")
        self.assertEqual(self.question()["digest"], digest)
        self.naestro("refuse", "last", digest, says="Refused for run")
        self.naestro("resume", "last", code=3, says="NE0402")
        self.assertFalse((self.work / "out.md").exists())
        self.naestro("why", "last", says=r"refused by .*(.|\n)*The run failed: NE0402")

    def test_the_first_answer_counts_and_the_next_is_told_so(self):
        self.plan(write())
        for first, second, answer in (("approve", "refuse", "yes"), ("refuse", "approve", "no"),
                                      ("approve", "approve", "yes")):
            with self.subTest(f"{first}, then {second}"):
                self.run_it(code=5)
                run, digest = self.show()["run"], self.question()["digest"]
                self.naestro(first, run, digest, says="for run")
                told = f"NE0407 .* already answered: {answer}.*naestro kill {run}"
                self.naestro(second, run, digest, code=2, says=told)
                self.naestro("resume", run, code=0 if answer == "yes" else 3)
                # Also when the run has taken the first.
                self.naestro(second, run, digest, code=2, says=told)
                self.assertEqual((self.work / "out.md").exists(), answer == "yes")
                (self.work / "out.md").unlink(missing_ok=True)

    def test_of_answers_at_the_same_time_one_counts(self):
        self.plan(write())
        self.run_it(code=5)
        digest = self.question()["digest"]
        both = [subprocess.Popen([BINARY, word, "last", digest], env=self.env, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                for word in ("approve", "refuse") * 3]
        said = [each.communicate(timeout=60)[0] for each in both]
        self.assertEqual(sorted(each.returncode for each in both), [0] + [2] * 5, said)
        yes = both[[each.returncode for each in both].index(0)].args[1] == "approve"
        self.naestro("resume", "last", code=0 if yes else 3)

    def test_a_question_at_the_terminal_takes_a_plain_no(self):
        self.plan(write())
        for answer, code in (("no\n", 3), (" N \n", 3), (" YES \n", 0)):
            with self.subTest(answer):
                out = self.terminal(*self.words(), answers=[answer], code=code)
                self.assertEqual(out.count("Approve?"), 1)
                self.assertEqual((self.work / "out.md").exists(), code == 0)

    def test_a_slip_of_the_hand_is_no_refusal(self):
        self.plan(write())
        out = self.terminal(*self.words(), answers=["maybe\n", "\n", "y\n"])
        self.assertEqual(out.count("Please say y or n. Approve?"), 2)
        self.assertTrue((self.work / "out.md").exists())

    def test_the_end_of_the_input_is_a_no_that_is_told(self):
        self.plan(write())
        out = self.terminal(*self.words(), answers=["\x04"], code=3)
        self.assertEqual(out.count("Approve?"), 1)
        self.assertIn("The input has ended, so nobody can say yes any more: that is a no.", out)
        self.assertFalse((self.work / "out.md").exists())

    def test_what_is_approved_by_a_word_is_shown_and_not_asked(self):
        self.plan(write())
        digest = json.loads(self.naestro("plan", "explain", str(self.file), "-w", str(self.work),
                                         "--json"))["digest"]
        out = self.terminal(*self.words("--approve", digest))
        self.assertNotIn("Approve?", out)
        self.assertIn("report.markdown", out)
        self.run_it("--approve", "xyz", code=2, says="NE")

    def test_questions_of_items_are_asked_one_after_the_other(self):
        self.plan(find(), write(path="${item}", for_each={"in": "${inputs.names}", "max": 3}),
                  inputs={"names": {"schema": {"type": "array", "maxItems": 3, "items": {
                      "type": "string", "maxLength": 20}}, "value": ["x.md", "y.md"]}})
        self.terminal(*self.words(), answers=["y\n"] * 3)
        self.assertTrue((self.work / "x.md").exists() and (self.work / "y.md").exists())

    def test_two_refusals_end_one_run(self):
        self.plan(find(), write(path="${item}", for_each={"in": "${inputs.names}", "max": 3,
                                                          "parallel": 3}),
                  inputs={"names": {"schema": {"type": "array", "maxItems": 3, "items": {
                      "type": "string", "maxLength": 20}}, "value": ["x.md", "y.md"]}})
        self.run_it(code=5)
        open_ones = [each["digest"] for each in json.loads(self.naestro("consents", "--json"))]
        for digest in open_ones:
            self.naestro("approve", "last", digest)
        self.naestro("resume", "last", code=5)
        open_ones = [each["digest"] for each in json.loads(self.naestro("consents", "--json"))]
        self.assertEqual(len(open_ones), 2)
        for digest in open_ones:
            self.naestro("refuse", "last", digest)
        self.naestro("resume", "last", code=3, says="refused step")
        self.assertEqual(self.show()["state"], "failed")
        self.assertFalse((self.work / "x.md").exists() or (self.work / "y.md").exists())
        self.naestro("audit", "verify")

    def test_mode_auto_asks_nobody_and_says_so(self):
        self.plan(write())
        self.run_it("--mode", "auto", code=3,
                    says="NE0402 mode auto, which asks nobody, refused the plan")
        self.naestro("why", "last", says=r"asked +about the plan: refused by the mode \(mode\)")
        self.terminal(*self.words("--mode", "auto"), code=3)
        self.assertFalse((self.work / "out.md").exists())

    # JSON for programs

    def test_a_run_is_json_lines_and_ends_with_what_it_gave(self):
        self.plan(tell(), write("w", when="${steps.tell.out.said} == 'write'"),
                  outputs={"said": "${steps.tell.out.said}"})
        digest = json.loads(self.naestro("plan", "explain", str(self.file), "-w", str(self.work),
                                         "--json"))["digest"]
        lines = self.run_it("--json", "--approve", digest, *self.script('{"said": "hello"}'),
                            stream="out").splitlines()
        *events, last = map(json.loads, lines)
        self.assertEqual((events[0]["kind"], events[-1]["kind"]), ("run.created", "run.done"))
        self.assertEqual(set(last), {"run", "exit", "outputs", "files", "spent", "bound", "digest"})
        self.assertEqual((last["exit"], last["outputs"], last["files"]),
                         (0, {"said": "hello"}, []))
        self.assertEqual(last["digest"], self.show()["digest"])

        for words, code in (([], 5), (["--max-tokens", "1"], 4)):
            out = self.run_it("--json", *words, *self.script('{"said": "hello"}'), code=code,
                              stream="out")
            if code == 5:
                last = json.loads(out.splitlines()[-1])
                self.assertEqual((last["exit"], "digest" in last), (5, False))
        out = self.naestro("resume", "last", "--json", code=5, stream="err")
        self.assertRegex(out, r"Answer: none yet: the run waits(.|\n)*Next:   naestro approve")

    def test_every_event_of_a_run_can_be_printed(self):
        self.plan(find())
        self.run_it()
        text = self.naestro("show", "last", "--events").splitlines()
        bodies = [json.loads(line) for line in
                  self.naestro("show", "last", "--events", "--json").splitlines()]
        self.assertEqual([line.split("  ")[:2] for line in text],
                         [[str(body["seq"]), body["kind"]] for body in bodies])
        self.assertEqual(bodies[-1]["kind"], "run.done")

    def test_an_answer_of_many_sources_shows_the_first(self):
        (self.work / "many.txt").write_text("alpha\n" * 30)
        self.plan(find(), tell(), outputs={"answer": "${steps.tell.out.said}",
                                           "citations": "${steps.find.out.matches}"})
        out = self.run_it(*self.script(json.dumps({"said": "a\n\nb\n"})))
        self.assertIn("Answer: a; b\n", out)
        self.assertRegex(out, r"  \.\.\. 12 more: naestro show r\w+\n")
        self.assertEqual(out.count("many.txt:") + out.count("a.txt:"), 20)

    # Failures and further attempts

    def test_attempts_and_failures_are_told_as_they_come(self):
        self.plan(tell(retry={"max": 2}), outputs={})
        out = self.run_it(*self.script('{"said": 7}'), code=1)
        self.assertRegex(out, r"again +tell +attempt 2 after NE0\d+")
        self.assertRegex(out, r"failed +tell +NE0\d+")
        self.assertRegex(out, r"Answer: none: NE0")
        why = self.naestro("why", "last", "tell")
        self.assertRegex(why, r"done by +model:scripted, 3 calls, 2 of them further attempts")
        self.assertRegex(why, r"\n  failed   NE0\d+ ")
        self.naestro("show", "last", says=r"\ntell: .*\n(.|\n)*Why: +NE0")

    def test_what_goes_on_without_a_step_says_why_it_was_passed_over(self):
        self.plan(tell(on_error="continue"),
                  {**find("after"), "with": {"path": ".", "query": "${steps.tell.out.said}"}},
                  find("never", when="1 == 2"))
        self.run_it(*self.script("nonsense"), says=r"failed +tell +NE0")
        self.naestro("why", "last", "after", says="skipped +what it needs is absent")
        self.naestro("why", "last", "never", says="skipped +its condition `when` does not hold")

    def test_an_item_that_fails_is_told_and_the_others_go_on(self):
        self.plan({"id": "read", "do": {"tool": "files.read@1"}, "with": {"path": "${item}"},
                   "for_each": {"in": "${inputs.files}", "max": 3, "on_error": "collect"}},
                  inputs={"files": {"schema": {"type": "array", "maxItems": 3, "items": {
                      "type": "string", "maxLength": 20}}, "value": ["a.txt", "no.txt"]}})
        self.run_it(says=r"failed +read\S* .*NE0\d+")
        self.naestro("show", "last", says=r"read +done 2/2")

    def test_a_planner_that_is_no_plan_plans_nothing(self):
        bad = self.folder / "planner.json"
        for text in ("{}", "no JSON"):
            bad.write_text(text)
            self.naestro("run", "a goal", "-w", str(self.work), "--planner", str(bad), code=1,
                         says="NP1")
        self.naestro("run", "a goal", "--planner", str(self.folder / "no.json"), code=2,
                     says="NE0008")
        self.assertEqual(self.naestro("runs", "--json"), "[]\n")

    def test_a_limit_says_what_to_raise(self):
        self.plan({"id": "loop", **{k: v for k, v in tell().items() if k != "id"},
                   "for_each": {"in": "${inputs.n}", "max": 3, "parallel": 1}},
                  inputs={"n": {"schema": {"type": "array", "maxItems": 3, "items": {
                      "type": "integer"}}, "value": [1, 2, 3]}})
        self.naestro(*self.words(), "--max-tool-calls", "x", code=2, says="NE0801")
        process = self.begun("start    loop", *self.words(
            "--max-tokens", "1700", *self.script('{"said": "x"}', step="loop", delay_ms=60_000)))
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        self.naestro("show", "last", says=r"Next:    naestro resume r\w+\n")
        self.naestro("resume", "last", "--max-tokens", "600",
                     *self.script('{"said": "x"}', step="loop"), code=7,
                     says=r"the limit of tokens was reached at step loop(.|\n)*"
                          r"Next:   naestro resume r\w+ --max-tokens \d+\n")
        self.naestro("show", "last", says=r"Limit: +\{(.|\n)*Next:    naestro resume r\w+ "
                                          r"--max-tokens MORE")
        self.naestro("resume", "last", "--max-tokens", "2000",
                     *self.script('{"said": "x"}', step="loop"))

    def test_a_ceiling_counts_what_is_spent(self):
        self.plan(tell(), tell("more", needs=["tell"]))
        script = self.folder / "both.json"
        script.write_text(json.dumps({"answers": [
            {"step": step, "text": '{"said": "x"}', "tokens_in": 500, "tokens_out": 50}
            for step in ("tell", "more")]}))
        process = self.begun("start    tell", *self.words(*self.script('{"said": "x"}',
                                                                       delay_ms=60_000)))
        process.kill()
        process.wait()
        # One attempt of 550 is lost, another is to be made: 1,100 for the first step.
        self.naestro("resume", "last", "--max-tokens", "500", "--model-script", str(script), code=7,
                     says=r"NE0704 --max-tokens 500 is below what run r\w+ has spent, 550; the least "
                          r"that helps: naestro resume r\w+ --max-tokens 1100\n")
        self.assertEqual(self.show()["state"], "interrupted")  # nothing was recorded
        out = self.naestro("resume", "last", "--max-tokens", "550", "--model-script", str(script),
                           code=7)
        self.assertRegex(out, r"Next:   naestro resume r\w+ --max-tokens 1100\n")
        out = self.naestro("resume", "last", "--max-tokens", "1100", "--model-script", str(script),
                           code=7)
        self.assertRegex(out, r"--max-tokens 1650\n")
        self.naestro("resume", "last", "--max-tokens", "10", code=7,
                     says="--max-tokens 10 is below .* 1100; .* --max-tokens 1650\n")
        self.naestro("resume", "last", "--max-usd", "0.5", "--max-tokens", "1650",
                     "--model-script", str(script))

    def test_an_input_that_has_to_be_text_is_taken_as_it_stands(self):
        self.plan(find(), inputs={"text": {"schema": {"type": "string", "maxLength": 9}},
                                  "list": {"schema": {"type": ["string", "integer"], "maxLength": 9},
                                           "value": 1}},
                  outputs={"text": "${inputs.text}", "list": "${inputs.list}"})
        for word, value in (("20", "20"), ("true", "true"), ('"20"', "20"), ("a b", "a b"),
                            ("[1]", "[1]")):
            self.run_it("--input", f"text={word}", "--input", "list=7")
            self.assertEqual(self.show()["outputs"], {"text": value, "list": 7})
        self.run_it("--input", "text=1234567890", code=2, says="give another with --input text=")
        self.run_it("--input", "text", code=2, says="write --input name=value")
        self.naestro("run", "--help", says="text as it stands")
        self.naestro("fork", "last", "--at", "find", "--set", "text=5")
        self.assertEqual(self.show()["outputs"]["text"], "5")
        self.naestro("fork", "last", "--at", "find", "--set", "list=[]", code=2,
                     says="give another with --set list=VALUE")
        self.naestro("fork", "last", "--at", "find", "--set", "list", code=2,
                     says="write --set name=value")
        self.naestro("fork", "last", "--at", "find", "--stub", "find", code=2,
                     says="write --stub name=value")

    def test_a_finding_of_the_compiler_is_explained_by_its_code(self):
        self.naestro("help", "NP8102", says="NP8102: the worst case takes more tokens than the "
                                            "budget\nTo mend it: .*\n.*plan check")
        self.plan(find(), budget={"tool_calls": 0})
        self.run_it(code=4, says="NP8103.*found 1, expected at most 0.*\n"
                                 "  to mend it: .*budget.tool_calls of the plan, --max-tool-calls")
        self.naestro("help", "NE0204", says="the disk is full")
        self.naestro("help", "NP0000", code=2, says="codes look like NE0204 and NP8102")

    # Effects in doubt: they are never done again unasked

    def in_doubt(self):
        self.plan(execute("sh", "-c", "echo run; sleep 30"),
                  outputs={"said": "${steps.make.out.stdout}"})
        self.run_it(code=5)
        self.naestro("approve", "last", self.question()["digest"])
        process = self.begun("start    make", "resume", "last")
        process.kill()
        process.wait()

    def confined(self):
        doctor = json.loads(subprocess.run([BINARY, "doctor", "--json"], env=self.env, text=True,
                                           capture_output=True, timeout=60).stdout)
        return all(check["status"] == "ok" for check in doctor["checks"]
                   if check["id"].startswith("kernel."))

    def test_an_effect_in_doubt_is_asked_about_and_can_be_said_done(self):
        if not self.confined():
            self.skipTest("programs cannot be confined here")
        self.in_doubt()
        out = self.naestro("resume", "last", code=5)
        self.assertRegex(out, r"doubt +make +nobody knows whether it was done")
        run, question = self.show()["run"], self.question()
        self.assertEqual((question["scope"], question["step"]), ("doubt", "make"))
        self.assertIn(f"naestro approve {run} DIGEST --done JSON", out)
        self.naestro("consents", says=f"Run {run}, doubt, step make: g\n(.|\n)*It is not known")
        self.naestro("approve", "last", question["digest"], "--done", "[1", code=2,
                     says="--done is not JSON")
        self.naestro("approve", "last", question["digest"], "--done", '{"exit_code": 0}', code=1,
                     says="NE0103 --done: the result of step make: (.|\n)*stdout.*nothing was "
                          "recorded")
        self.assertEqual(self.question()["digest"], question["digest"])
        self.naestro("approve", "last", question["digest"], "--done", json.dumps(
            {"exit_code": 0, "stdout": "by hand", "stderr": "", "truncated": False,
             "signal": 0}))
        self.naestro("approve", "last", question["digest"], "--done", "{}", code=2, says="NE0407")
        self.naestro("resume", "last", says="said: by hand")
        self.naestro("why", "last", "make", says="asked +about this doubt: given by")
        self.assertTrue(json.loads(self.naestro("replay", "last", "--json"))["equal"])

    def test_what_cannot_be_undone_is_named(self):
        if not self.confined():
            self.skipTest("programs cannot be confined here")
        self.plan(execute("true"), outputs={"said": "${steps.make.out.stdout}"})
        self.run_it(code=5)
        self.naestro("approve", "last", self.question()["digest"])
        self.naestro("resume", "last")
        self.naestro("undo", "last", code=1,
                     says="Cannot be undone: make (.|\n)*There is nothing to undo")

    def test_an_effect_in_doubt_is_asked_about_at_the_terminal(self):
        if not self.confined():
            self.skipTest("programs cannot be confined here")
        self.in_doubt()
        out = self.terminal("resume", "last", answers=["n\n"], code=1)
        self.assertIn("Step make asks: ", out)
        self.assertIn("Yes does it again, no leaves it", out)

    # Differences

    def changed(self, kind, old, new):
        with sqlite3.connect(self.folder / "state/naestro/store.db") as database:
            changed = database.execute(
                "UPDATE events SET body = replace(body, ?, ?) WHERE kind = ?",
                (old, new, kind)).rowcount
        database.close()
        self.assertEqual(changed, 1)

    def test_a_run_that_comes_out_differently_is_neither_resumed_nor_forked(self):
        self.plan(tell())
        process = self.begun("start    tell", *self.words(
            *self.script('{"said": "x"}', delay_ms=60_000)))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), 130)
        self.changed("effect.intended", '"step":"tell"', '"step":"told"')
        out = self.naestro("replay", "last", code=6)
        self.assertRegex(out, r"event \d+\n  recorded .*\n  derived  .*\n")
        rows = json.loads(self.naestro("replay", "last", "--json", code=6))
        self.assertFalse(rows["equal"])
        self.assertEqual(set(rows["divergences"][0]), {"seq", "recorded", "derived"})
        self.assertEqual(len(json.loads(self.naestro("replay", "last", "--frozen", "--json",
                                                     code=6))["divergences"]), 1)
        self.naestro("resume", "last", code=6,
                     says=r"cannot be resumed: event \d+ comes out differently; see 'naestro replay")
        self.naestro("fork", "last", "--at", "tell", code=6, says="so it cannot be forked")
        self.naestro("kill", "last", code=6)
        self.naestro("audit", "verify", code=1, says="FOUND event_changed")
        self.assertTrue(json.loads(self.naestro("audit", "verify", "--json",
                                                code=1))["findings"])

    def test_the_audit_of_a_changed_store_does_not_contradict_itself(self):
        self.plan(find())
        self.run_it()
        self.changed("effect.done", '"step":"find"', '"step":"fund"')
        out = self.naestro("audit", "verify", code=1)
        self.assertIn("are not those that were signed", out)
        self.assertRegex(out, r"Complete up to head 0; what was signed behind it, up to event \d+, "
                              r"is not what the store has; the head kept outside of the store does "
                              r"not agree;")
        self.assertNotIn("not signed yet", out)
        self.assertNotIn("no head was found", out)

    def test_a_store_that_is_gone_is_noticed_by_audit_and_doctor(self):
        self.plan(find())
        self.run_it()
        before = json.loads(self.naestro("audit", "verify", "--json"))
        for file in (self.folder / "state/naestro").glob("store.db*"):
            file.unlink()
        head = self.folder / "data/naestro/heads" / before["store"]
        says = (f"FOUND store_missing: store {before['store']}: .* over {before['events']} events, "
                rf"written 20.* UTC(.|\n)*remove {head}\n")
        self.naestro("audit", "verify", code=1, says=says + "There is no store in .*\nNOT GOOD")
        self.naestro("runs", says="No runs yet")
        self.run_it()  # a new store begins
        self.naestro("audit", "verify", code=1, says=says)
        checks = {check["id"]: check for check in
                  json.loads(self.naestro("doctor", "--json", code=1))["checks"]}
        self.assertEqual(checks["store.heads"]["status"], "fail")
        self.assertIn(before["store"], checks["store.heads"]["meaning"])
        head.unlink()
        self.naestro("audit", "verify", says="Good")

    def test_a_run_whose_key_is_gone_is_still_listed(self):
        self.plan(find())
        self.run_it()
        run = self.show()["run"]
        keys = self.folder / "state/naestro/keys.db"
        keys.unlink()
        keys.touch()  # as the remedy says; the next run makes it whole
        self.run_it()
        self.naestro("runs", says=rf"{run} +done")
        self.naestro("show", run, says=r"Outputs: \(erased\)")
        for words in (["replay", run], ["resume", run], ["undo", run],
                      ["fork", run, "--at", "find"], ["export", run, "--readable", "-o",
                                                      str(self.folder / "x.json")]):
            self.naestro(*words, code=1, says="NE0209")
        self.naestro("audit", "verify", says="Good")

    def test_a_signed_store_gets_no_new_key_in_silence(self):
        self.plan(find())
        self.run_it()
        key = self.folder / "data/naestro/signing.key"
        key.rename(self.folder / "signing.key")
        self.run_it(code=1, says="NE0209 the store in .* is signed, but its key .*restore the key")
        self.assertFalse(key.exists())
        (self.folder / "signing.key").rename(key)
        self.run_it()

    # Every command says what it cannot read, and changes nothing

    COMMANDS = (["runs"], ["show", "last"], ["why", "last"], ["consents"], ["kill", "last"],
                ["resume", "last"], ["resume", "--all"], ["fork", "last", "--at", "write"],
                ["undo", "last"], ["replay", "last"], ["approve", "last", "0" * 64],
                ["refuse", "last", "0" * 64], ["audit", "prove", "last", "1"],
                ["export", "last"])

    def parked(self):
        self.plan(find(), write())
        self.run_it(code=5)
        return self.folder / "state/naestro"

    def test_every_command_names_a_store_that_is_no_database(self):
        store = self.parked() / "store.db"
        for name in ("store.db-wal", "store.db-shm"):
            (store.parent / name).unlink(missing_ok=True)
        store.write_bytes(b"garbage" * 999)
        for words in (*self.COMMANDS, ["init"], self.words(), ["audit", "verify"]):
            with self.subTest(words):
                self.naestro(*words, code=1, says="NE0202 .*restore the store", cwd=self.work)
        self.assertEqual(store.read_bytes(), b"garbage" * 999)

    def test_every_command_names_an_event_that_cannot_be_read(self):
        folder = self.parked()
        with sqlite3.connect(folder / "store.db") as database:
            database.execute("UPDATE events SET body = '{' WHERE seq = 1")
        database.close()
        for words in self.COMMANDS:
            if words[0] == "export":
                continue  # it exports what there is; the checker finds it
            with self.subTest(words):
                done = subprocess.run([BINARY, *words], env=self.env, capture_output=True,
                                      text=True, timeout=60, cwd=self.work)
                self.assertNotIn(done.returncode, (0, -6, -11), words)
                self.assertRegex(done.stderr, r"^naestro: NE0\d+ ")
        self.naestro("audit", "verify", code=1, says="FOUND")

    def test_every_command_names_keys_that_cannot_be_read(self):
        keys = self.parked() / "keys.db"
        keys.write_bytes(b"garbage" * 999)
        for words in (*self.COMMANDS, ["init"], self.words()):
            if words[:2] == ["audit", "prove"]:
                continue
            if words[0] == "export":
                words = [*words, "--readable"]
            with self.subTest(words):
                self.naestro(*words, code=1, says="NE0202", cwd=self.work)
        self.assertEqual(keys.read_bytes(), b"garbage" * 999)

    def test_proofs_need_the_public_key(self):
        self.parked()
        key = self.folder / "data/naestro/signing.pub"
        for text in (None, "no key"):
            key.unlink() if text is None else key.write_text(text)
            for words in (["audit", "verify"], ["audit", "prove", "last", "1"],
                          ["export", "last"]):
                done = subprocess.run([BINARY, *words], env=self.env, capture_output=True,
                                      text=True, timeout=60, cwd=self.work)
                self.assertIn(done.returncode, (1, 2), words)
                self.assertRegex(done.stderr, r"^naestro: NE0\d+ .*signing.pub")

    # Owners

    def test_a_run_that_is_going_on_is_not_undone_and_a_stopped_owner_is_named(self):
        self.plan(tell())
        process = self.begun("start    tell", *self.words(
            *self.script('{"said": "x"}', delay_ms=60_000)))
        self.naestro("undo", "last", code=1, says="NE0207 run .* is going on; wait for it")
        self.naestro("runs", says="running")
        process.send_signal(signal.SIGSTOP)
        self.naestro("kill", "last", code=1,
                     says="was asked to end; its process has not done so yet; end that process")
        process.send_signal(signal.SIGCONT)
        self.assertEqual(process.wait(timeout=20), 1)
        self.assertEqual(self.show()["state"], "killed")

    def test_an_answer_from_elsewhere_is_taken_by_a_live_run(self):
        self.plan(write())
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(BINARY, [str(BINARY), *self.words()], dict(self.env, TERM="dumb"))
        out = b""
        while b"Approve?" not in out:
            out += os.read(fd, 4096)
        self.naestro("approve", "last", self.question()["digest"], says="It goes on by itself.")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        os.close(fd)

    # A small terminal

    def test_a_small_terminal_shows_what_moves_and_counts_the_rest(self):
        self.plan(*[find(f"find{i}") for i in range(9)], tell(),
                  *[{**find(f"later{i}"), "with": {"path": ".", "query": "${steps.tell.out.said}"}}
                    for i in range(9)])
        said = json.dumps({"said": "é\n" * 49}, ensure_ascii=False)
        out = self.terminal(*self.words(*self.script(said, delay_ms=1200)), size=(9, 60))
        frames = [re.sub(r"\x1b\[[0-9]*[AJ]", "", part) for part in out.split("\x1b[J")]
        while_it_works = [part for part in frames if re.search(r"tell +running", part)]
        self.assertTrue(any("and 9 done, 5 waiting" in part for part in while_it_works), out)
        for part in frames[1:-1]:
            self.assertLessEqual(part.count("\n"), 8, part)
            self.assertLessEqual(max(map(len, part.splitlines() or [""])), 60, part)

    # Plans

    def test_plans_that_do_not_compile_say_so_in_every_form(self):
        self.plan(find(), {**write(), "with": {"path": "../x", "title": "t", "sections": []}})
        for command in (["check"], ["explain"], ["graph"]):
            self.naestro("plan", *command, str(self.file), code=2, says="NP5001")
        rows = json.loads(self.naestro("plan", "check", str(self.file), "--json", code=2,
                                       stream="out"))
        self.assertIn("NP5001", json.dumps(rows))
        sarif = json.loads(self.naestro("plan", "check", str(self.file), "--sarif", code=2,
                                        stream="out"))
        self.assertEqual(sarif["version"], "2.1.0")
        self.assertEqual(sarif["runs"][0]["results"][-1]["ruleId"], "NP5001")
        self.plan(find(), outputs={"n": "${steps.find.out.match_count}"})
        sarif = json.loads(self.naestro("plan", "check", str(self.file), "--sarif", stream="out"))
        self.assertEqual(sarif["runs"][0]["results"], [])
        self.naestro("plan", "check", str(self.file), says="the plan compiles")
        for command in ("check", "explain", "graph"):
            self.naestro("plan", command, str(self.folder / "no.json"), code=2, says="NE0008")
        for command in ("check", "explain"):
            self.naestro("plan", command, str(self.file), "--mode", "yolo", code=2, says="yolo")
        self.naestro("plan", "diff", str(self.file), str(self.folder / "no.json"), code=2)
        self.naestro("plan", "explain", str(self.file), "--input", "x", code=2,
                     says="'x' is not NAME=VALUE")

    def test_a_fork_that_cannot_be_says_what_is_wrong(self):
        self.plan(find(), tell())
        self.run_it(*self.script('{"said": "x"}'))
        fork = ["fork", "last", "--at", "tell"]
        for words, says in ((["--plan", str(self.folder / "no.json")], "NE0008"),
                            (["--stub", "tell"], "NE0801"), (["--stub", "nobody={}"], "nobody"),
                            (["--max-usd", "much"], "NE0010"), (["--set", "x"], "NE0801"),
                            (["--reuse", "nobody"], "nobody"), (["--execute", "nobody"], "nobody")):
            with self.subTest(words):
                self.naestro(*fork, *words, code=2, says=says)
        self.naestro(*fork, "--stub", 'tell={"said": 7}', code=1, says="NE0103 the result of step tell")
        (self.folder / "bad.json").write_text("{}")
        self.naestro(*fork, "--plan", str(self.folder / "bad.json"), code=2, says="NP1")
        self.assertEqual(len(json.loads(self.naestro("runs", "--json"))), 1)
        self.naestro(*fork, "--model", "scripted", *self.script('{"said": "y"}'))
        self.naestro(*fork, *self.script('{"said": "y"}'))
        self.naestro("show", "last", says=r"Fork:    of r\w+ at tell\n")
        last = json.loads(self.naestro(*fork, "--json", *self.script('{"said": "y"}'),
                                       stream="out").splitlines()[-1])
        self.assertEqual(last["exit"], 0)

    def test_money_is_a_limit_too(self):
        self.plan(find())
        self.run_it("--max-usd", "0.05")
        self.run_it("--max-usd", "1e3", code=2, says="NE0010")
        config = self.folder / "config/naestro"
        config.mkdir(parents=True)
        (config / "naestro.yaml").write_text("limits:\n  usd: 1.50\n  tokens: 10\n")
        self.plan(tell())
        self.run_it(code=4)
        self.plan(find(), write())
        self.run_it(code=5)
        (config / "naestro.yaml").write_text("limits:\n  usd: 1.50\n  tokens: 10\n  tool_calls: 2\n")
        for words, key in ((["--max-usd", "2"], "usd"), (["--max-tokens", "11"], "tokens"),
                           (["--max-tool-calls", "3"], "tool_calls")):
            self.naestro("resume", "last", *words, code=2,
                         says=rf"more than limits.{key} allows \(.*naestro.yaml")

    def test_the_demo_notices_when_a_part_of_it_fails(self):
        loader = "/lib64/ld-linux-x86-64.so.2"
        if not os.path.exists(loader):
            self.skipTest("another loader")
        # Started by the loader, the program does not find itself again.
        done = subprocess.run([loader, BINARY, "demo"], env=self.env, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r"The demo stops: this ended with \d+, not 0")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
