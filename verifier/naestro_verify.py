#!/usr/bin/env python3
"""A second verifier of what Naestro hands out: proofs, exports, receipts, published logs, heads.

naestro_verify.py --key KEY [--from CHECKPOINT] [--witness VKEY] PATH

KEY: a file with the signer's public key, base64 or vkey. PATH: a file, or the folder of a log.
CHECKPOINT: a head that you kept, from which what is checked has to go on. VKEY: the file of a
witness's key, who must have cosigned CHECKPOINT or, without it, what is checked. Prints JSON. Exit
code 0: good, 1: something was found, 2: usage. Written from docs/formats/{ledger,bundle,tiles}.md
with Python's standard library alone. That has no Ed25519, so it stands here."""
import argparse, base64, hashlib, hmac, json, pathlib, re, sys  # 300 lines is the limit
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
NAMED = re.compile(r'\{"blob":"([0-9a-f]{64})"\}')
NOTE = re.compile(r"(([^\n]+)\n(0|[1-9][0-9]*)\n([^\n]{44})\n)\n((?:— [^\s+]+ [^\s]+\n)+)")
STATES = {"consent.asked": "open", "consent.given": "yes", "consent.refused": "no",
          "consent.discharged": "granted", "grant.given": "given", "grant.revoked": "revoked"}
sys.path.insert(0, str(pathlib.Path(__file__).parent))
try:
    import naestro_readable as readable  # what is not proven but said, where that lies beside it
except ImportError:
    readable = None

class Bad(Exception):
    """What is wrong: a word of docs/formats, where, and how. The first such ends the check."""
def need(true, *what):
    if not true:
        raise Bad(*what)
def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()
def text_of(path):
    return path.read_bytes().decode()
def unbase64(text, size=None):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text or size not in (None, len(data)):
        raise ValueError("it has what is no base64")
    return data
def strict(text):
    def members(pairs):
        need(len(dict(pairs)) == len(pairs), "malformed", "JSON", "a name stands twice")
        return dict(pairs)
    return json.loads(text, object_pairs_hook=members)

# Ed25519 (RFC 8032): extended coordinates, no cofactor, one form of each point.
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(k, p):
    out = (0, 1, 1, 0)
    while k:
        out, p, k = (add(out, p) if k & 1 else out), add(p, p), k >> 1
    return out
def point(data):
    """None where the bytes are no point, not its one form, or one of small order."""
    sign, y = data[31] >> 7, int.from_bytes(data, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square:
        return None
    x = P - x if x % 2 != sign else x
    return None if times(8, (x, y, 1, x * y % P))[0] == 0 else (x, y, 1, x * y % P)

def signed(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    a, r = (point(key), point(signature[:32])) if len(signature) == 64 else (None, None)
    if not a or not r or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    base = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    left, right = times(s, base), add(r, times(h, a))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))

def vkey(text):
    """(name, kind, public key) of a C2SP vkey, or of the bare base64 of a key."""
    if len(text) == 45:
        return "", b"\1", unbase64(text.removesuffix("\n"), 32)
    name, tag, data = text.removesuffix("\n").split("+", 2)
    data = unbase64(data, 33)
    need(sha(name.encode(), b"\n", data)[:4].hex() == tag, "key_bad", name, "its own hash")
    return name, data[:1], data[1:]
# The tree of RFC 9162.
def root_of(leaves):
    nodes = []  # perfect subtrees (height, root), largest first
    for node in leaves:
        height = 0
        while nodes and nodes[-1][0] == height:
            node, height = sha(b"\1", nodes.pop()[1], node), height + 1
        nodes.append((height, node))
    root = nodes.pop()[1] if nodes else sha()
    while nodes:
        root = sha(b"\1", nodes.pop()[1], root)
    return root

def fold(index, last, path, old, new):
    """What 2.1.3.2 and 2.1.4.2 have in common: the roots of the older and of the whole tree."""
    for step in path:
        if last == 0:
            return None, None
        if index & 1 or index == last:
            old, new = sha(b"\1", step, old), sha(b"\1", step, new)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            new = sha(b"\1", new, step)
        index, last = index >> 1, last >> 1
    return (old, new) if last == 0 else (None, None)
def included(index, size, leaf, path, root):
    return (0 <= index < size and len(leaf) == len(root) == 32
            and fold(index, size - 1, path, leaf, leaf)[1] == root)
def consistent(first, second, path, old, new):
    if first == second:
        return first > 0 and not path and old == new
    path = [old] * (first & (first - 1) == 0) + list(path)
    if not 0 < first < second or len(path) < 2:
        return False
    index, last = first - 1, second - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    return fold(index, last, path[1:], path[0], path[0]) == (old, new)

class Head:
    """A C2SP checkpoint that its store signed and, where there are some, each of the witnesses."""
    def __init__(self, note, key, witnesses):
        form = NOTE.fullmatch(note)
        need(form, "head_bad", "checkpoint", "it is malformed")
        self.text, self.origin, size, root, lines = form.groups()
        self.size, self.root = int(size), unbase64(root, 32)
        by = [line.split(" ") for line in lines.split("\n")[:-1]]
        for name, kind, other in [(self.origin, b"\1", key), *witnesses]:
            tag = sha(name.encode(), b"\n", kind, other)[:4]
            said = [unbase64(data)[4:] for _, who, data in by
                    if who == name and unbase64(data)[:4] == tag]
            need(said and all(self.signed_by(kind, other, one) for one in said),
                 "witness_missing" if name != self.origin else "head_bad", "checkpoint",
                 f"no signature of {name} on it verifies")

    def signed_by(self, kind, key, data):
        said = f"cosignature/v1\ntime {int.from_bytes(data[:8], 'big')}\n{self.text}"
        return (signed(key, self.text.encode(), data) if kind == b"\1" else
                data[0] < 128 and signed(key, said.encode(), data[8:]))

class Check:
    """One check of one thing, by the key, the former head and the witnesses that the user has."""
    def __init__(self, key, former, witnesses):
        self.key, self.figures = key, {}
        self.former = Head(former, key, witnesses) if former else None
        self.witnesses = () if former else witnesses
    def head(self, note):
        """The head, held against the former one as far as that goes without leaves."""
        head = Head(note, self.key, self.witnesses)
        old = self.former or head
        self.figures.update(store=head.origin.removeprefix("naestro/store/"), size=head.size)
        need(old.origin == head.origin, "store_other", "checkpoint", "of another")
        need(old.size <= head.size, "head_older", "checkpoint", f"{old.size} events were signed")
        need(old.size < head.size or old.root == head.root, "history_other", "checkpoint", "root")
        return head

    def event(self, where, row, head):
        """One event with its proof; returns what its body says."""
        path = [bytes.fromhex(step) for step in row["path"]]
        need(len(row) == 4 and type(row["index"]) is int and [one.hex() for one in path] ==
             row["path"], "malformed", where, "its members or its path")
        leaf = sha(b"\0", sha(row["body"].encode()), sha(row["envelope"].encode()))
        need(included(row["index"], head.size, leaf, path, head.root),
             "event_changed", where, "it does not lead to the signed root")
        return strict(row["body"])

    def bundle(self, text):
        """A proof, an export (docs/formats/bundle.md), or receipts (docs/formats/tiles.md)."""
        data = strict(text)
        kind = "receipts" if "receipts" in data else "bundle"
        must = {"consents"} if kind == "receipts" else {"run", "events"}
        must |= {kind, "store", "checkpoint", "key"}
        if new := data.get("receipts") == 2:  # older ones have no records
            must |= {"@context", "@type", "dct:conformsTo"}
        need(must <= set(data) <= must | {"blobs", "run_key", "texts"} and data[kind] == 1 + new
             and not (new and readable and not readable.names(data)),
             "malformed", kind, "it has other members")
        need(unbase64(data["key"]) == self.key, "key_other", "key", "it is not the one given")
        head = self.head(data["checkpoint"])
        need(head.origin == "naestro/store/" + data["store"], "store_other", "store", head.origin)
        return head, (self.run if kind == "bundle" else self.consents)(data, head)

    def run(self, data, head):
        named, after, blobs = set(), 0 if "blobs" in data else None, data.get("blobs", {})
        for at, row in enumerate(data["events"]):
            body = self.event(f"event {at}", row, head)
            need(body["stream"] == data["run"], "run_other", f"event {at}", body["stream"])
            need(after in (None, body["seq"]), "event_missing", f"event {at}", f"wanted: {after}")
            after = body["seq"] + 1
            named.update(NAMED.findall(row["body"]))
        need(len(data["events"]) == 1 or (data["events"] and "blobs" in data),
             "malformed", "events", "it is neither one event nor an export")
        need("blobs" not in data or named <= set(blobs), "blob_missing", "blobs", "one is named")
        for blob, sealed in blobs.items():
            need(sha(unbase64(sealed)).hex() == blob, "blob_changed", blob, "by its hash")
        for blob, text in data.get("texts", {}).items():
            # A sealed blob begins with the keyed hash of its text (docs/formats/ledger.md).
            said = hmac.digest(unbase64(data["run_key"], 32), text.encode(), "sha256")[:24]
            need(unbase64(blobs[blob])[:24] == said, "text_changed", blob, "it says another thing")
        self.figures.update(run=data["run"], events=len(data["events"]))
    def consents(self, data, head):
        """Receipts; returns the indices of their events."""
        new = data["receipts"] == 2
        for at, row in enumerate(data["consents"]):
            bodies = [self.event(f"consent {at}", one, head) for one in row["events"]]
            places = [(body["stream"], body["seq"]) for body in bodies]
            about = {body["data"].get("digest", body["data"].get("id")) for body in bodies}
            need(STATES.get(bodies[-1]["kind"]) == row["state"] and about == {row["about"]}
                 and len({body["kind"].split(".")[0] for body in bodies}) == 1
                 and places == sorted(set(places)) and {row["stream"]} == {p[0] for p in places}
                 and len(row) == 4 + new and not (new and readable and row["record"] != readable.
                                                  record_of(head.origin, bodies, row["events"])),
                 "receipt_changed", f"consent {at}", "it is not what its events say")
        return {one["index"] for row in data["consents"] for one in row["events"]}

    def folder(self, root):
        """A published log (docs/formats/tiles.md): everything is made anew from its events."""
        head, leaves, asked = self.head(text_of(root / "checkpoint")), [], set()
        after, named = {}, {}  # of each stream: the next number, the blobs that its events name
        need(vkey(text_of(root / "key")) == (head.origin, b"\1", self.key), "key_other", "key", "")

        def file(kind, number, width, wanted=None):
            name = f"{number % 1000:03}" + (f".p/{width}" if width < 256 else "")
            while number := number // 1000:
                name = f"x{number % 1000:03}/{name}"
            data = (root / kind / name).read_bytes()
            need(wanted in (None, data), "tile_changed", f"{kind}/{name}", "not by the events")
            return data

        for first in range(0, head.size, 256):
            width, entries = min(256, head.size - first), b""
            lines = file("events", first // 256, width).split(b"\n")
            need(len(lines) == 2 * width + 1 and not lines[-1], "event_missing", first, "or more")
            for index, line, envelope in zip(range(first, head.size), lines[::2], lines[1::2]):
                body, entry = strict(line), sha(line) + sha(envelope)
                entries += b"\0\x40" + entry
                leaves.append(sha(b"\0", entry))
                need(body["seq"] == after.get(body["stream"], 0), "event_missing", index, "a gap")
                after[body["stream"]] = body["seq"] + 1
                asked |= {index} if body["kind"] in STATES else set()
                named.setdefault(body["stream"], set()).update(NAMED.findall(line.decode()))
            file("tile/entries", first // 256, width, entries)
        level, hashes = 0, leaves
        while hashes:
            tiles = [hashes[at:at + 256] for at in range(0, len(hashes), 256)]
            for number, tile in enumerate(tiles):
                file(f"tile/{level}", number, len(tile), b"".join(tile))
            level, hashes = level + 1, [root_of(tile) for tile in tiles if len(tile) == 256]
        need(root_of(leaves) == head.root, "root_differs", "checkpoint", "the events are others")
        need(not self.former or root_of(leaves[:self.former.size]) == self.former.root,
             "history_other", "checkpoint", "it does not go on from the head that you kept")
        self.witnesses = ()  # who cosigned the log's own checkpoint
        other, found = self.bundle((root / "receipts.json").read_bytes())
        need(found == asked and other.text == head.text, "receipt_missing", "receipts.json",
             "it has not all consents of this log")
        self.figures.update(readable.texts(root, named, need) if readable else {})

    def proof(self, text):
        """A proof of consistency as C2SP tlog-witness has it: "old N", hashes, "", checkpoint."""
        first, _, note = text.partition("\n\n")
        (size, *path), head, old = first.split("\n"), self.head(note), self.former
        need(old and size == f"old {old.size}" and consistent(
            old.size, head.size, [unbase64(one, 32) for one in path], old.root, head.root),
            "history_other", "proof", "it does not lead from the head that you kept")
def verify(key, path, former=None, witnesses=()):  # `former`: the text of a head that was kept
    found = check = None
    try:
        check = Check(key, former, witnesses)
        text = path if path.is_dir() else text_of(path)
        (check.folder if text is path else check.bundle if text[:1] == "{" else
         check.proof if text[:4] == "old " else check.head)(text)
    except Bad as bad:
        found = bad.args
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        found = ("malformed", str(path), repr(error))
    return {"good": not found, **(check.figures if check else {}), "found": found,
            **({} if readable else {"unchecked": "records and readable texts"})}

def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--key", required=True)
    words.add_argument("--from", dest="former")
    words.add_argument("--witness", action="append", default=[])
    words.add_argument("path", type=pathlib.Path)
    said = words.parse_args()
    try:
        keys = [vkey(text_of(pathlib.Path(file))) for file in [said.key, *said.witness]]
        former = text_of(pathlib.Path(said.former)) if said.former else None
        need(all(key[1] == b"\4" for key in keys[1:]), "key_bad", "a witness has one of kind 0x04")
    except (OSError, ValueError, Bad) as error:
        words.error(str(error))
    print(json.dumps(report := verify(keys[0][2], said.path, former, keys[1:]), indent=2))
    return 0 if report["good"] else 1

if __name__ == "__main__":
    sys.exit(main())
