#!/usr/bin/env python3
"""A clock that goes backwards, a limit of file sizes. Through the real binary and the real store.

clock_and_limits_test.py NAESTRO_BINARY"""
import json
import pathlib
import resource
import signal
import subprocess
import unittest

import bad_input_test as base

FAKETIME = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def limited(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class ClockAndLimits(base.World):
    @unittest.skipUnless(FAKETIME, "libfaketime is not installed")
    def test_a_clock_that_goes_backwards(self):
        now = self.folder / "now"

        def at(when):
            now.write_text(when)
            return dict(self.env, LD_PRELOAD=str(FAKETIME[0]), FAKETIME_NO_CACHE="1",
                        FAKETIME_TIMESTAMP_FILE=str(now),
                        FAKETIME_DONT_FAKE_MONOTONIC="1")  # timed waits hang with it

        self.run_it(env=at("+0d"))
        self.run_it(env=at("-4000d"))  # between runs
        process = subprocess.Popen(
            [base.BINARY, "run", self.file, "-w", self.work, "--max-time", "100",
             *self.script(delay_ms=100_000)],
            env=at("+0d"), stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith("start    tell"):
                break
        now.write_text("-9000d")  # within a run
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
        process.wait(timeout=20)
        # The wall clock shows less than what the events before it say.
        self.naestro("resume", "last", *self.script(), env=at("-9500d"))
        self.nothing_lost(3)
        runs = json.loads(self.naestro("runs", "--json"))
        self.assertEqual(len({run["run"] for run in runs}), 3)  # in the order in which they began
        created = [run["created_at"] for run in runs]
        self.assertGreater(created[0], created[1])
        self.assertGreater(created[2], created[1])
        self.assertNotRegex(self.naestro("show", "last"), r" -\d+ [mu]?s\b")
        for run in runs:
            self.naestro("replay", run["run"])

    def test_a_limit_of_file_sizes_is_a_full_disk(self):
        self.run_it()
        for size in (0, 4096, 8192, 20_000, 33_000, 40_000, 50_000, 60_000, 70_000, 80_000):
            with self.subTest(size):
                done = subprocess.run(
                    [base.BINARY, "run", self.file, "-w", self.work, *self.script()],
                    env=self.env, capture_output=True, text=True, preexec_fn=limited(size))
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                self.assertRegex(done.stdout + done.stderr, r"NE0204 .*ulimit -f")
        self.naestro("audit", "verify", says="Good")
        for run in json.loads(self.naestro("runs", "--json")):
            if run["state"] != "done":
                self.naestro("resume", run["run"], *self.script())
        self.run_it()
        self.naestro("audit", "verify", says="Good")
        states = {run["state"] for run in json.loads(self.naestro("runs", "--json"))}
        self.assertEqual(states, {"done"})


if __name__ == "__main__":
    unittest.main(argv=base.sys.argv[:1])
