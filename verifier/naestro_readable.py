#!/usr/bin/env python3
"""What Naestro says in readable form beside what it proves: the records of consents.

naestro_verify.py uses it where it lies beside it. Python's standard library alone; written from
docs/formats/tiles.md.
"""
import datetime
import json

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
