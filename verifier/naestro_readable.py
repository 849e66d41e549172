#!/usr/bin/env python3
"""What Naestro says in readable form beside the log that it proves: the records of consents, and
the texts of a readable log, each of which leads to the blob that an event names.

naestro_verify.py uses it where it lies beside it. Python's standard library alone, which has no
ChaCha20-Poly1305 (RFC 8439), so that stands here; written from docs/formats/tiles.md.
"""
import base64
import datetime
import hashlib
import json
import struct

PROFILE = "https://w3id.org/dpv/schema/dpv-27560#"
NAMES = {"@context": {
    "dct": "http://purl.org/dc/terms/", "dpv": "https://w3id.org/dpv#", "record": "@nest",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "consents": "dpv:hasRecordOfActivity",
    "blob": "https://naestro.example/schemas/receipts/2#blob"},
    "@type": "dpv:ConsentReceipt", "dct:conformsTo": PROFILE + "receipt"}
STATUS = {"consent.asked": "Requested", "consent.given": "Given", "consent.refused": "Refused",
          "consent.discharged": "Given", "grant.given": "Given", "grant.revoked": "Withdrawn"}


def names(data):
    """Whether the members of receipts beside the consents are what they have to be."""
    return {one: data[one] for one in NAMES} == NAMES


def record_of(store, bodies, rows):
    """A consent in the terms of ISO/IEC TS 27560 and DPV (docs/formats/tiles.md)."""
    first, last = bodies[0], bodies[-1]
    said, end, data = {**first["data"], **last["data"]}, last["kind"], last["data"]
    who, why, what, grants, grant = [
        said[one] if isinstance(said.get(one), dict) else None
        for one in ("who", "reason", "question", "grants", "grant")]
    what, scope = what or grant, data.get("scope") if end == "consent.given" else "always"
    yes, name = STATUS[end] == "Given", said.get("digest", said.get("id"))
    way = (f"grants revoke {data['grant']}" if end == "consent.discharged" else
           f"grants revoke {name}" if end == "grant.given" else
           "grants" if scope == "always" else "kill " + first["stream"])
    times = [datetime.timedelta(microseconds=json.loads(one["envelope"])["wall_at"]) for one in rows]
    times = [(datetime.datetime(1970, 1, 1) + time).isoformat(timespec="microseconds") + "Z"
             for time in times]
    return json.loads(json.dumps({
        "@type": "dpv:ConsentRecord", "dct:conformsTo": PROFILE + "record", "dct:created": times[0],
        "dct:identifier": f"{store}/{first['stream']}/{first['seq']}", "dpv:hasDataSubject": who,
        "dpv:hasDataController": store, "dpv:hasLegalBasis": "dpv:Consent",
        "dpv:hasJustification": why, "dpv:hasProcess": {
            "@type": "dpv:Process", "dct:identifier": name, "dpv:hasPurpose": what,
            "dpv:hasPersonalData": what, "dpv:hasRecipient": what, "dct:isPartOf":
            first["stream"] + ("/" + said["step"] if said.get("step") else "")},
        "dpv:hasNotice": what and {"@type": "dpv:ConsentNotice", "dct:identifier": what},
        "dpv:hasConsentStatus": [
            {"@type": "dpv:Consent" + STATUS[one["kind"]], "dpv:isIndicatedAtTime": time,
             "dpv:hasIndicationMethod": one["data"].get("via", one["kind"])}
            for one, time in zip(bodies, times)],
        "dpv:hasDuration": {"@type": "dpv:FixedOccurrencesDuration", "rdf:value": "1"}
        if yes and scope == "once" else yes and {
            "@type": "dpv:UntilEventDuration", "dct:valid": grants or grant,
            "rdf:value": "run.done" if scope == "run" else "grant.revoked"},
        "dpv:hasConsentControl": yes and {"@type": "dpv:WithdrawConsent",
                                          "dpv:isExercisedAt": "naestro " + way}}),
        object_pairs_hook=lambda pairs: {one: it for one, it in pairs if it not in (None, False)})


def rounds(state):
    """ChaCha20's block: twenty rounds over sixteen words, and the words that it began with."""
    x = list(state)
    for turn in range(20):
        for at in range(4):
            a, b, c, d = at, 4 + (at + turn % 2) % 4, 8 + (at + turn % 2 * 2) % 4, \
                12 + (at + turn % 2 * 3) % 4
            for one, other, into, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[one] = x[one] + x[other] & 0xFFFFFFFF
                word = x[into] ^ x[one]
                x[into] = (word << by | word >> 32 - by) & 0xFFFFFFFF
    return struct.pack("<16I", *(one + was & 0xFFFFFFFF for one, was in zip(x, state)))


def sealed(key, nonce, text):
    """XChaCha20-Poly1305 with the key that HChaCha20 made for this nonce: nonce, text, tag."""
    words = struct.unpack("<8I", key), struct.unpack("<2I", nonce[16:])

    def block(count):
        return rounds((*struct.unpack("<4I", b"expand 32-byte k"), *words[0], count, 0, *words[1]))
    stream = b"".join(block(1 + at) for at in range((len(text) + 63) // 64))[:len(text)]
    data = (int.from_bytes(text, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(text), "big")
    r, s = struct.unpack("<QQ", block(0)[:16]), int.from_bytes(block(0)[16:32], "little")
    r = (r[0] | r[1] << 64) & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    tag, whole = 0, data + bytes(-len(data) % 16) + struct.pack("<QQ", 0, len(data))
    for at in range(0, len(whole), 16):
        tag = (tag + int.from_bytes(whole[at:at + 16] + b"\1", "little")) * r % (2**130 - 5)
    return nonce + data + (tag + s & 2**128 - 1).to_bytes(16, "little")


def texts(root, named, need):
    """Checks the texts of a readable log, and says how many there are. `named`: stream -> blobs;
    `need`: ends the check unless its first argument is true."""
    figures = {"texts": 0, "taken_out": 0}
    for stream, blobs in named.items():
        path = root / "readable" / f"{stream}.jsonl"
        lines = path.read_bytes().split(b"\n") if path.is_file() else [b""]
        need(not lines.pop(), "malformed", path.name, "its last line does not end")
        for at, line in enumerate(lines):
            row, where = json.loads(line), f"{path.name} line {at + 1}"
            need(row["blob"] in blobs, "text_other", where, "no event of the stream names its blob")
            if row.get("taken_out") is True and set(row) == {"blob", "taken_out", "text"}:
                figures["taken_out"] += 1
                continue
            key, nonce = (base64.b64decode(row[one], validate=True) for one in ("key", "nonce"))
            need(set(row) == {"blob", "key", "nonce", "text"} and (len(key), len(nonce)) ==
                 (32, 24), "malformed", where, "it has other members")
            blob = hashlib.sha256(sealed(key, nonce, row["text"].encode())).hexdigest()
            need(blob == row["blob"], "text_changed", where, "it is not what its blob says")
            figures["texts"] += 1
    return figures
