"""What lies around a sandbox that is tried: secrets, servers, a process, a repository; and whether
something of it was touched."""
import ctypes
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CANARY = "canary-" + secrets.token_hex(8)
PASSWORD = "password-" + secrets.token_hex(8)


class Servers:
    """Live as long as the driver: a TCP and a UDP server of this machine, sockets of services, memory
    and queues that another run might have left."""

    def __init__(self, folder):
        self.folder = folder
        self.tcp = socket.create_server(("0.0.0.0", 0), backlog=64)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("0.0.0.0", 0))
        self.udp.setblocking(False)
        self.abstract = "naestro-probe-" + secrets.token_hex(4)
        self.sockets = [self.listen(path) for path in
                        (str(folder / "service.sock"), "\0" + self.abstract)]
        # Where agents of keys lie: /tmp/ssh-XXXX/agent.N
        self.agent = pathlib.Path(tempfile.mkdtemp(prefix="ssh-")) / "agent.1"
        self.sockets.append(self.listen(str(self.agent)))
        self.shm = pathlib.Path("/dev/shm/naestro-probe-" + secrets.token_hex(4))
        self.shm.write_text(CANARY)
        self.key = secrets.randbelow(1 << 30) + 1
        self.segment = LIBC.shmget(self.key, 4096, 0o1666)
        self.queue = "/naestro-probe-" + secrets.token_hex(4)
        self.queue_made = LIBC.mq_open(self.queue.encode(), os.O_CREAT | os.O_RDWR, 0o666, None)

    @staticmethod
    def listen(path):
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(64)
        return server

    def own_address(self):
        """An address of this machine that is not the loopback's, if it has one."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))
                return probe.getsockname()[0]
            except OSError:
                return "127.0.0.2"

    def drain(self):
        """What came by UDP since the last time."""
        got = []
        try:
            while True:
                got.append(self.udp.recv(2048))
        except BlockingIOError:
            return got

    def close(self):
        self.shm.unlink(missing_ok=True)
        LIBC.shmctl(self.segment, 0, None)
        LIBC.mq_unlink(self.queue.encode())
        shutil.rmtree(self.agent.parent, True)


class World:
    """One attempt's: `work` is the folder that the sandbox may write, `outside` what it must not."""

    def __init__(self, base, servers, helper):
        self.servers = servers
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="w", dir=base))
        self.work = self.root / "work"
        self.outside = self.root / "outside"
        self.work.mkdir()
        self.outside.mkdir()
        (self.outside / "secret").write_text(CANARY)
        os.utime(self.outside / "secret", (1_000_000, 1_000_000))
        self.outside.joinpath("secret").chmod(0o640)
        shutil.copy2(helper, self.work / "naestro-probe")
        self.mark = self.outside / "signalled"
        self.victim = subprocess.Popen([helper, "victim", self.mark], stdout=subprocess.PIPE,
                                       text=True, env={"PASSWORD": PASSWORD})
        pid, address = self.victim.stdout.readline().split()
        targets = {
            "canary": CANARY, "password": PASSWORD, "outside": self.outside, "victim": pid,
            "address": address, "tcp_port": servers.tcp.getsockname()[1],
            "udp_port": servers.udp.getsockname()[1], "own_address": servers.own_address(),
            "socket_outside": servers.folder / "service.sock", "socket_tmp": servers.agent,
            "abstract": servers.abstract, "shm_key": servers.key, "shm_file": servers.shm,
            "queue": servers.queue, "disk": os.stat("/").st_dev, "handle": self.handle()}
        (self.work / "targets.txt").write_text(
            "".join(f"{name} {value}\n" for name, value in targets.items()))
        self.before = os.stat(self.outside / "secret")
        self.services = []

    def handle(self):
        """What open_by_handle_at() takes for the secret's file, as hex."""
        raw = (ctypes.c_ubyte * 136)()
        ctypes.c_uint32.from_buffer(raw).value = 128
        mount = ctypes.c_int()
        LIBC.name_to_handle_at(-100, str(self.outside / "secret").encode(), raw,
                               ctypes.byref(mount), 0)
        return bytes(raw)[:8 + ctypes.c_uint32.from_buffer(raw).value].hex()

    # What some attempts find in the folder.
    def repository(self, path="repo"):
        folder = self.work / path
        folder.mkdir(exist_ok=True)
        git(folder, "init", "-q")
        (folder / "file").write_text("text\n")

    def give(self):
        """A service in the folder that hands an open file to whoever connects."""
        server = Servers.listen(str(self.work / "giver.sock"))
        file = open(self.outside / "secret", "rb")

        def serve():
            try:
                peer, _ = server.accept()
                socket.send_fds(peer, [b"x"], [file.fileno()])
            except OSError:
                pass
        threading.Thread(target=serve, daemon=True).start()
        self.services += [server, file]

    def service(self):
        self.services.append(Servers.listen(str(self.work / "service.sock")))

    # What was touched, as one text; None: nothing.
    def touched(self):
        secret = self.outside / "secret"
        now = os.stat(secret)
        names = sorted(path.name for path in self.outside.iterdir())
        if secret.read_text() != CANARY:
            return "the file outside was changed"
        if (now.st_mode, now.st_uid, now.st_mtime) != (
                self.before.st_mode, self.before.st_uid, self.before.st_mtime):
            return "mode, owner or time of the file outside were changed"
        if now.st_nlink != 1:
            return "the file outside has another name"
        if os.listxattr(secret):
            return "the file outside has a new attribute"
        if names != ["secret"]:
            return "outside there is now " + ", ".join(names)
        return None

    def close(self):
        self.victim.kill()
        self.victim.wait()
        for each in self.services:
            each.close()
        shutil.rmtree(self.root, True)


def git(folder, *words):
    """git as a person outside calls it in a folder."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder.parent), "GIT_CONFIG_NOSYSTEM": "1",
           "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example", "GIT_COMMITTER_NAME": "a",
           "GIT_COMMITTER_EMAIL": "a@example"}
    return subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=30)


def wait_for(what, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False
