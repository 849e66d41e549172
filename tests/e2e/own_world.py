"""A test with folders of its own, in which Naestro keeps all that it keeps."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()


class OwnWorld(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="naestro-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.work = self.folder / "work"
        self.work.mkdir()
        self.env = dict(os.environ, XDG_CONFIG_HOME=str(self.folder / "config"),
                        XDG_STATE_HOME=str(self.folder / "state"),
                        XDG_DATA_HOME=str(self.folder / "data"))

    def attempt(self, *words, cwd=None):
        """What it prints, on both streams, called in the workspace or in `cwd`; and its exit code."""
        done = subprocess.run([BINARY, *words], env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, cwd=cwd or self.work)
        return done.stdout + done.stderr, done.returncode

    def naestro(self, *words, code=0, says=None, cwd=None):
        """What it prints, where it ends with `code`."""
        out, ended = self.attempt(*words, cwd=cwd)
        self.assertEqual(ended, code, out)
        if says is not None:
            self.assertRegex(out, says)
        return out

    def put(self, file, text):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
