"""Attempts that another room than the sandbox answers, through the whole program. Each gives
(through, evidence); the control inside it shows that the way would work where nothing refuses it."""
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading


class Failed(Exception):
    """The scenario itself went wrong: no verdict."""


class House:
    """A naestro with folders of its own."""

    def __init__(self, binary, folder):
        self.binary, self.folder = str(binary), pathlib.Path(folder)
        self.work = self.folder / "work"
        self.work.mkdir(parents=True)
        self.env = dict(os.environ)
        for kind in ("CONFIG", "STATE", "DATA"):
            self.env[f"XDG_{kind}_HOME"] = str(self.folder / kind.lower())

    def call(self, *words):
        return subprocess.run([self.binary, *words], env=self.env, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=120, cwd=self.folder)

    def text(self, *words):
        done = self.call(*words)
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def plan(self, *steps, **more):
        file = self.folder / "plan.json"
        file.write_text(json.dumps({"naestro": "plan/1", "goal": "g", "steps": list(steps),
                                    "outputs": {}, **more}))
        return str(file), "-w", str(self.work)

    def digest(self, words):
        code, said = self.text("plan", "explain", *words, "--json")
        try:
            return json.loads(said)["digest"]
        except (ValueError, KeyError):
            raise Failed(f"plan explain: {code} {said[:200]}") from None

    def approved(self, *steps, **more):
        words = self.plan(*steps, **more)
        return self.text("run", *words, "--approve", self.digest(words))


def step(tool, name="s", **arguments):
    return {"id": name, "do": {"tool": tool + "@1"}, "with": arguments}


class Pages(http.server.ThreadingHTTPServer):
    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.server.seen.append(self.path)
                target = self.server.redirects.get(self.path)
                self.send_response(302 if target else 200)
                if target:
                    self.send_header("Location", target)
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"page")

            def log_message(self, *_):
                pass
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen, self.redirects = [], {}
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass


def allow(house, *hosts):
    file = house.folder / "config/naestro/naestro.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("net:\n  hosts: " + json.dumps(hosts) + "\n")


def fetched(house, pages, hosts, urls):
    """Of `urls` those that http.get reads though only `hosts` may be reached."""
    allow(house, pages.origin)
    code, said = house.approved(step("http.get", url=pages.origin + "/control"))
    if code != 0 or pages.seen != ["/control"]:
        raise Failed("the control was not read: " + said[-200:])
    pages.seen.clear()
    allow(house, *hosts)
    through, refused = [], []
    for url in urls:
        words = house.plan(step("http.get", url=url))
        code, said = house.text("plan", "explain", *words, "--json")
        if code == 0:
            code, said = house.text("run", *words, "--approve", json.loads(said)["digest"])
        names = sorted({word for word in said.replace(",", " ").split() if word.startswith("NE05")})
        (through if code == 0 else refused).append(url if code == 0 else " ".join(names) or str(code))
    return through, refused, pages


def judged(result, forbidden=lambda path: True):
    through, refused, pages = result
    reached = [path for path in pages.seen if forbidden(path)]
    if through or reached:
        return True, f"read {through}, the server was asked for {reached}"
    return False, "http.get: " + str(len(refused)) + " forms refused (" + \
        ", ".join(sorted(set(refused))) + "), the server saw nothing"


def metadata_addresses(house):
    port = 80
    forms = ["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518",
             "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "[fe80::1%25eth0]",
             "100.100.100.200", "168.63.129.16", "192.0.0.192", "[fd00:ec2::254]"]
    pages = Pages()
    return judged(fetched(house, pages, ["http://docs.example", pages.origin],
                          [f"http://{form}:{port}/latest/meta-data/" for form in forms]))


def redirects(house, targets):
    pages = Pages()
    for number, target in enumerate(targets):
        pages.redirects[f"/r{number}"] = target.replace("ORIGIN", pages.origin)
    return judged(fetched(house, pages, [pages.origin],
                          [f"{pages.origin}/r{number}" for number in range(len(targets))]),
                  lambda path: not path.startswith("/r"))


def redirect_to_metadata(house):
    pages = Pages()
    other = pages.origin.replace("127.0.0.1", "localhost")
    return redirects(house, ["http://169.254.169.254/latest/meta-data/", "http://2852039166/",
                             other + "/inner", "http://[::ffff:169.254.169.254]/",
                             "//169.254.169.254/"])


def redirect_to_schemes(house):
    return redirects(house, ["file:///etc/passwd", "gopher://127.0.0.1:1/", "ftp://127.0.0.1/",
                             "dict://127.0.0.1:1/", "data:text/plain,x", "javascript:1"])


def names_that_lead_in(house):
    """A listed name whose address is this machine: what rebinding and an inner CNAME end in."""
    pages = Pages()
    named = pages.origin.replace("127.0.0.1", "localhost")
    return judged(fetched(house, pages, [named], [named + "/inner"]))


def parser_tricks(house):
    pages = Pages()
    place = pages.origin.removeprefix("http://")
    return judged(fetched(house, pages, ["http://docs.example"], [
        f"http://docs.example@{place}/inner", f"http://docs.example:80@{place}/inner",
        f"http://{place}\\@docs.example/inner", f"http://{place}#@docs.example/",
        f"http://{place}?@docs.example/", f"http://docs.example\\.{place}/inner",
        f"http:\\\\{place}/inner", f"http:/{place}/inner", f"http://{place}/@docs.example"]))


def odd_hosts(house):
    pages = Pages()
    port = pages.server_address[1]
    return judged(fetched(house, pages, ["http://docs.example"], [
        f"http://127.0.0.1:{port}\0.docs.example/", f"http://127.0.0.1:{port}%00.docs.example/",
        f"http://127.0.0.1%00docs.example:{port}/", f"http://127.0.0.1.:{port}/inner",
        f"http://127\u30020\u30020\u30021:{port}/inner", f"http://\uff11\uff12\uff17.0.0.1:{port}/",
        f"http://d\u043ecs.example:{port}/", f"http://docs.example\t:{port}/"]))


def suffixes(house):
    pages = Pages()
    port = pages.server_address[1]
    return judged(fetched(house, pages, ["http://docs.example", "http://localhost"], [
        f"http://docs.example.localhost:{port}/inner", f"http://evildocs.example:{port}/",
        f"http://localhost.:{port}/inner", f"http://x.localhost:{port}/inner",
        f"http://localhost:{port}/inner"]))


def injected_target(house):
    """A document that says where an effect goes."""
    pages = Pages()
    allow(house, pages.origin)
    (house.work / "a.txt").write_text(pages.origin + "/stolen")
    words = house.plan(step("files.read", "read", path="a.txt"),
                       step("http.get", "get", url="${steps.read.out.text}"))
    code, said = house.text("run", *words)
    if code == 3 and "builtin.untrusted_target" in said and not pages.seen:
        return False, "the plan does not compile: NP7001, builtin.untrusted_target"
    return True, f"exit {code}: {said[-200:]}"


def reused_approval(house):
    """A yes to one call, used for another."""
    first = step("report.markdown", path="a.md", title="t", sections=[])
    digest = house.digest(house.plan(first))
    other = house.plan(dict(first, **{"with": dict(first["with"], path="b.md")}))
    code, said = house.text("run", *other, "--approve", digest)
    if (house.work / "b.md").exists():
        return True, "the changed call was made"
    right, said_right = house.approved(first)
    if right != 0 or not (house.work / "a.md").exists():
        raise Failed("the control was not done: " + said_right[-200:])
    return False, f"exit {code}, nothing was written; the same yes did for its own call"


def evaded_budget(house):
    """Calls of a loop count one by one."""
    for number in range(6):
        (house.work / f"{number}.txt").write_text("x")
    names = [f"{number}.txt" for number in range(6)]
    loop = dict(step("files.read", "each", path="${item}"),
                for_each={"in": "${inputs.names}", "max": 6})
    words = house.plan(loop, inputs={"names": {"schema": {
        "type": "array", "maxItems": 6,
        "items": {"type": "string", "minLength": 1, "maxLength": 9}}, "value": names}})
    code, said = house.text("run", *words, "--max-tool-calls", "3")
    whole, said_whole = house.text("run", *words)
    if whole != 0:
        raise Failed("the control did not run: " + said_whole[-300:])
    return code == 0, f"6 calls under a ceiling of 3: exit {code}; without it: exit {whole}"


EVIL = "x\r\nrun.done ok\n\x1b[2J\x1b]0;title\x07\u202egnp"


def forged_lines(house):
    words = house.plan(step("report.markdown", path="a.md", title=EVIL, sections=[]), goal=EVIL)
    house.text("run", *words, "--approve", house.digest(words))
    return shown(house, ("show", "last"), ("show", "last", "--events"), ("runs",), ("why", "last"))


def odd_file_names(house):
    for name in ("-rf", "a\nb", "\x1b]0;title\x07c", "\u202egnp.txt"):
        (house.work / name).write_text("x")
    code, said = house.approved(step("files.list", path="."))
    if code != 0:
        raise Failed("files.list did not run: " + said[-200:])
    return shown(house, ("show", "last"), ("show", "last", "--events"))


def shown(house, *commands):
    for words in commands:
        done = house.call(*words)
        if not done.stdout:
            raise Failed(f"{' '.join(words)} printed nothing: {done.stderr[-200:]}")
        for sign in (b"\x1b", b"\r", b"\x07", "\u202e".encode()):
            if sign in done.stdout + done.stderr:
                return True, f"{' '.join(words)} prints {sign!r} as it is"
        if b"\nrun.done ok" in done.stdout:
            return True, f"{' '.join(words)} prints a line that the text forged"
    return False, "what is printed holds no control sign and no forged line: " + \
        ", ".join(" ".join(words) for words in commands)


class Recorder:
    """A server that keeps all bytes it is sent, and answers as HTTP does."""

    def __init__(self, port=0):
        self.server = socket.create_server(("127.0.0.1", port))
        self.port = self.server.getsockname()[1]
        self.got, self.count = b"", 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.keep, args=(peer,), daemon=True).start()

    def keep(self, peer):
        peer.settimeout(10)
        try:
            while piece := peer.recv(1 << 20):
                self.count += len(piece)
                self.got = (self.got + piece)[:1 << 20]
                if piece.endswith(b"\r\n\r\n"):
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    peer.settimeout(0.5)  # for what comes behind it
        except OSError:
            pass
        peer.close()


def out_through_proxy(house, what, listed, *words):
    """Runs one kind of attempt in `naestro sandbox --profile net`, after the control."""
    shutil.copy2(pathlib.Path(__file__).parent / "egress_attacks.py", house.work)
    allowed = [word for entry in listed for word in ("--allow-host", entry)]

    def run(*attempt):
        done = subprocess.run(
            [house.binary, "sandbox", "--profile", "net", *allowed, "--", "/usr/bin/python3",
             "egress_attacks.py", *attempt], cwd=house.work, env=house.env, timeout=120,
            capture_output=True, stdin=subprocess.DEVNULL)
        said = (done.stdout + done.stderr).decode(errors="replace")
        if "BEGUN" not in said:
            raise Failed("the attempt did not start: " + said.strip()[-200:])
        return said
    server = Recorder()
    listed += [f"http://127.0.0.1:{server.port}", f"127.0.0.1:{server.port}"]
    allowed += [word for entry in listed for word in ("--allow-host", entry)]
    run("control", str(server.port))
    if b"/control" not in server.got:
        raise Failed("the control did not get through the proxy")
    server.got, server.count = b"", 0
    return server, run(what, str(server.port), *words)


def other_hosts(house):
    try:
        tls = Recorder(443)
    except OSError:
        tls = None  # another server is there, or it takes rights that we have not
    server, _ = out_through_proxy(house, "other_host", ["127.0.0.1"] if tls else [],
                                  "tls" if tls else "plain")
    reached = b"evil" in server.got or (tls is not None and b"evil" in tls.got)
    if tls is not None:
        tls.server.close()
        if not tls.count:
            raise Failed("no TLS greeting without a name got through either")
    return reached, "no other Host arrives" + (", no TLS greeting for another host" if tls else
                                               "; TLS was not tried, port 443 is not ours")


def other_ports(house):
    other = Recorder()
    out_through_proxy(house, "other_port", [], str(other.port))
    return other.count > 0, "ports 22, 25 and one that is not listed get nothing"


def smuggled(house):
    server, _ = out_through_proxy(house, "smuggle", [])
    lines = [line for line in server.got.split(b"\r\n") if line.startswith(b"GET /smuggled")]
    return bool(lines), "of 9 forms none leads to a second request"


def many_bytes(house):
    server, said = out_through_proxy(house, "flood", [])
    return server.count >= 200 << 20, \
        f"of 200 MiB {server.count >> 20} arrive; what time tells is not counted"


SCENARIOS = {25: odd_file_names, 53: metadata_addresses, 55: redirect_to_metadata,
             56: redirect_to_schemes, 57: names_that_lead_in, 58: names_that_lead_in,
             59: parser_tricks, 60: odd_hosts, 61: suffixes, 62: other_hosts,
             63: other_ports, 64: smuggled, 65: many_bytes, 67: injected_target,
             76: reused_approval, 83: evaded_budget, 84: forged_lines}
