#!/usr/bin/env python3
"""`naestro demo` as a newcomer starts it: no key, no network, no model, no terminal, no input.

demo_test.py NAESTRO_BINARY
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()


class Demo(unittest.TestCase):
    def test_it_shows_the_whole_path_and_leaves_nothing(self):
        with tempfile.TemporaryDirectory(prefix="naestro-e2e-") as home:
            env = {"HOME": home, "TMPDIR": home, "PATH": "/nowhere",
                   "NAESTRO_ASSETS": home + "/none"}
            for name in ("LLVM_PROFILE_FILE", "ASAN_OPTIONS"):
                if name in os.environ:
                    env[name] = os.environ[name]
            begin = time.monotonic()
            done = subprocess.run([BINARY, "demo"], env=env, cwd=home, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=120, check=False)
            out = done.stdout
            self.assertEqual(done.returncode, 0, out + done.stderr)
            self.assertLess(time.monotonic() - begin, 30)
            self.assertIn("scripted", out.split("\n")[0])
            places = [out.index(part) for part in (
                "wrote plan.json" if "wrote plan.json" in out else "plan.json; next",
                "at most 4 tool calls, 1 model call",
                "NP8102", "dearest: cause (1700)",
                "error NP7001", "${steps.order.out.to} -> argument 'to' of mail.send@1",
                "consent  given", "start    cause",
                "run      resumed", "Answer: part: lid seal; product: Kettle K2; refunded_eur: 623.00",
                "every body equal byte for byte",
                "Good: nothing was changed",
                "FOUND event_changed: event ", "NOT GOOD",
                "Kettle K2: 623.00 EUR in 4 refunds")]
            self.assertEqual(places, sorted(places))
            # refunds and the report were done once, before and after the kill
            self.assertEqual(out.count("  done     refunds"), 1)
            left = [p for p in pathlib.Path(home).rglob("*") if p.suffix != ".profraw"]
            self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
