"""The sandboxes that are tried. Each gives the words before `./naestro-probe N`; the current folder is
what may be written; there is to be no network."""
import json
import os
import pathlib
import shlex
import shutil
import subprocess

HERE_PATH = "/usr/local/bin:/usr/bin:/bin"


class Runner:
    name = ""
    why_not = ""  # not tried here, for this reason

    def words(self, world, command):
        raise NotImplementedError

    def env(self):
        return dict(os.environ)


class Nothing(Runner):
    """The control: what is not confined gets through."""
    name = "control"

    def words(self, world, command):
        return command


class Naestro(Runner):
    def __init__(self, binary, profile=""):
        self.name = "naestro"
        self.binary = str(binary)
        self.options = ["--profile", profile] if profile else []

    def words(self, world, command):
        return [self.binary, "sandbox", *self.options, "--", *command]


class Bubblewrap(Runner):
    """As its manual shows it, with all that it offers against what is tried here."""
    name = "bwrap"

    def __init__(self):
        if shutil.which("bwrap") is None:
            self.why_not = "bubblewrap is not installed"

    def words(self, world, command):
        words = ["bwrap", "--ro-bind", "/usr", "/usr"]
        for name in ("bin", "sbin", "lib", "lib64"):
            if pathlib.Path("/" + name).is_symlink():
                words += ["--symlink", "usr/" + name, "/" + name]
        return [*words, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
                "--bind", str(world.work), str(world.work), "--chdir", str(world.work),
                "--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
                "--setenv", "PATH", HERE_PATH, "--", *command]


class Npm(Runner):
    def __init__(self, folder, program, package):
        self.program = pathlib.Path(folder) / "node_modules/.bin" / program
        if not self.program.exists():
            self.why_not = f"{package} is not installed (scripts/probes.sh --peers installs it)"

    def tried(self, words):
        """Whether it runs anything at all on this machine."""
        if self.why_not:
            return
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=60,
                                  stdin=subprocess.DEVNULL, cwd="/usr")
        except (OSError, subprocess.TimeoutExpired) as error:
            self.why_not = f"does not run here: {error}"
            return
        if "it runs" not in done.stdout:
            said = (done.stderr or done.stdout).strip().splitlines()
            self.why_not = "does not run here: " + (said[-1][:200] if said else str(done.returncode))


class SandboxRuntime(Npm):
    name = "srt"

    def __init__(self, folder):
        super().__init__(folder, "srt", "@anthropic-ai/sandbox-runtime")
        if self.why_not:
            return
        settings = self.settings(pathlib.Path(folder), [])
        self.tried([str(self.program), "--settings", settings, "-c", "echo it runs"])

    @staticmethod
    def settings(folder, deny_read):
        file = folder / "srt-settings.json"
        file.write_text(json.dumps({
            "network": {"allowedDomains": [], "deniedDomains": []},
            "filesystem": {"denyRead": deny_read, "allowWrite": ["."], "denyWrite": []}}))
        return str(file)

    def words(self, world, command):
        settings = self.settings(world.root, [str(world.outside)])
        return [str(self.program), "--settings", settings, "-c", shlex.join(command)]


class Codex(Npm):
    name = "codex"

    def __init__(self, folder):
        super().__init__(folder, "codex", "@openai/codex")
        self.tried(self.words(None, ["echo", "it runs"]))

    def words(self, world, command):
        return [str(self.program), "sandbox", "-c", "sandbox_mode=\"workspace-write\"", "--", *command]
