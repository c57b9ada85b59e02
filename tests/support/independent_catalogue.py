"""Catalogues of what is registered, as DCAT, worked out again from the states inside.

From our formats page, section 7, and the page of exports, without a line of the product.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from tests.support.independent_exports import SELF, same, values
from tests.support.independent_proofs import MAX_BYTES, tree_root
from tests.support.independent_signed import (
    canonical,
    count,
    like,
    members,
    need,
    open_checkpoint,
    read_json,
    read_policy,
)
from tests.support.independent_verifier import DIGEST, SUBJECT, check_state, split_proof

CONTEXT = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "muniment": "urn:muniment:vocab:",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "count": "muniment:count",
    "format": "muniment:format",
    "root": "muniment:root",
    "seal": {"@id": "muniment:seal", "@type": "@json"},
    "states": {"@id": "muniment:states", "@type": "@json"},
}
CATALOGUE = (
    "@context @id @type count dcat:dataset dct:modified dct:publisher dct:title format "
    "rdfs:comment root seal states"
)
BARRED = {
    "resale": ("odrl:distribute", "odrl:grantUse", "odrl:transfer"),
    "export": ("muniment:export",),
}
"""What a restriction that is false prohibits, in this order."""
LAST_MS = 253_402_300_799_999


def verify_catalogue(data, policy):
    """A catalogue with its proofs, of which every dataset is worked out again: `{"subject"}`."""
    need(len(data) <= MAX_BYTES, "size of the file")
    whole = read_json(data)
    canonical(whole, 24, ".*")
    members(whole, CATALOGUE, "a catalogue with proofs")
    need(whole["format"] == "muniment/catalogue/v1", "format")
    origin, seal, found = open_states(whole["seal"], whole["states"], policy)
    listed = {key: state for key, state in sorted(found.items()) if is_listed(key, state)}
    needed = {SELF}.union(*(subjects_of(*one) for one in listed.items()))
    need(set(found) == needed, "the states of the ledger and of what the datasets name")
    ledger = typed(found, SELF, "ledger/1")
    sets = [describe_asset(origin, key, found) for key in listed]
    for name, proved in describe_catalogue(origin, ledger, seal, sets).items():
        same(whole[name], proved, name)
    return {"subject": SELF}


def open_states(seal, states, policy):
    """Origin, seal and the values by subject, all proved under the one seal."""
    note = split_proof(seal)[1]
    opened = open_checkpoint(read_policy(policy), note.encode())
    newest = max(opened["cosigned"].values(), default=None)
    newest = None if newest is None else newest * 1000
    need(isinstance(states, list) and states, "states")
    found, last = {}, None
    for one in states:
        members(one, "map_proof subject value", "a state of a catalogue")
        key = like(SUBJECT, one["subject"], "subject")
        need(key not in found, "a state twice")
        bundle = {**one, "format": "muniment/state/v1", "seal": seal}
        last = check_state(bundle, opened, note, newest)
        found[key] = one["value"]
    need(SELF in found, "the state of the ledger")
    return opened["origin"], last, found


def typed(found, key, kind):
    need(key in found and found[key]["type"] == kind, f"the state of {key}")
    return found[key]["state"]


def is_listed(key, value):
    """A registered asset whose title was published."""
    if not key.startswith("asset/"):
        return False
    need(value["type"] == "asset/1", "type of an asset")
    state = value["state"]
    return bool(values(state, "vouchers")) and isinstance(state["fields"].get("title"), str)


def live_number(asset):
    return values(asset, "vouchers")[-1]["number"]


def holders_of(asset):
    return sorted({one["holder"] for one in values(asset, "tuples")})


def subjects_of(key, value):
    asset = value["state"]
    return {key, f"voucher/{live_number(asset)}", *holders_of(asset)}


def describe_catalogue(origin, ledger, seal, sets):
    """Everything but seal and states, from what they show."""
    leaves = [canonical(one, 24, ".*") for one in sets]
    notice = ledger["profile"]["notice"]
    publisher = {"@id": urn(origin, ledger["registrar"]), "foaf:name": ledger["name"]}
    return {
        "@context": CONTEXT,
        "@id": f"{urn(origin, SELF)}#catalogue",
        "@type": "dcat:Catalog",
        "count": len(sets),
        "dcat:dataset": sets,
        "dct:modified": instant(seal["time"]),
        "dct:publisher": publisher | {"@type": "foaf:Agent"},
        "dct:title": ledger["name"],
        "rdfs:comment": [{"@language": one, "@value": notice[one]} for one in ("en", "zh")],
        "root": tree_root(leaves).hex(),
    }


def describe_asset(origin, key, found):
    """One dataset, in the terms of DCAT."""
    asset = typed(found, key, "asset/1")
    number = live_number(asset)
    voucher = typed(found, f"voucher/{number}", "voucher/1")
    about = urn(origin, f"voucher/{number}")
    relation = {"@type": "dcat:Relationship", "dct:relation": {"@id": about}}
    marks = {"disputes": "disputed", "freezes": "frozen", "pledges": "pledged"}
    return {
        "@id": urn(origin, key),
        "@type": "dcat:Dataset",
        "adms:identifier": {"@type": "adms:Identifier", "skos:notation": number},
        "dcat:qualifiedRelation": relation
        | {"dcat:hadRole": {"@id": "muniment:registrationVoucher"}},
        "dct:identifier": key,
        "dct:issued": instant(voucher["valid_from"]),
        "dct:rightsHolder": [agent(origin, one, found) for one in holders_of(asset)],
        "muniment:marks": [mark for name, mark in marks.items() if values(asset, name)],
        "muniment:rights": [right(origin, one) for one in values(asset, "tuples")],
        "muniment:stateHash": sha256(canonical(found[key], 20)).hexdigest(),
        "muniment:validUntil": instant(voucher["valid_until"]),
        "muniment:voucherStatus": values(voucher, "status")[-1],
        "odrl:hasPolicy": terms(f"{about}#termsOfUse", urn(origin, key), asset["fields"]),
        **classes(asset["classification"]),
        **opened_texts(asset["fields"]),
        **files(asset["digests"]),
    }


def urn(origin, key):
    return f"urn:muniment:{origin}:{key}"


def instant(ms):
    """RFC 3339 in UTC, milliseconds only where there are some."""
    need(count(ms, "a time") <= LAST_MS, "a time")
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    text = moment.isoformat(timespec="milliseconds" if ms % 1000 else "seconds")
    return {"@type": "xsd:dateTime", "@value": text}


def agent(origin, key, found):
    party = typed(found, key, "party/1")
    said = {"@id": urn(origin, key), "@type": "foaf:Agent"}
    if isinstance(party["name"], str):
        said["foaf:name"] = party["name"]
    return said if party["uscc"] is None else said | {"dct:identifier": party["uscc"]}


def right(origin, value):
    said = {"muniment:basis": value["basis"], "muniment:right": value["right"]}
    said |= {"muniment:holder": {"@id": urn(origin, value["holder"])}}
    return said | ({"muniment:until": instant(value["until"])} if "until" in value else {})


def terms(uid, target, fields):
    """What the registered restrictions prohibit; nothing is permitted."""
    limits = fields.get("restrictions")
    limits = limits if isinstance(limits, dict) else {}
    acts = [act for name, barred in BARRED.items() if limits.get(name) is False for act in barred]
    return {
        "@id": uid,
        "@type": "odrl:Set",
        "odrl:conflict": {"@id": "odrl:prohibit"},
        "odrl:profile": {"@id": "urn:muniment:odrl:1"},
        "odrl:prohibition": [
            {"odrl:action": {"@id": act}, "odrl:target": {"@id": target}} for act in acts
        ],
    }


def classes(data):
    names = ("class", "level", "openness")
    return {} if data is None else {f"muniment:{name}": data[name] for name in names}


LABELLED = {
    "restrictions": ("dct:accessRights", "dct:RightsStatement"),
    "spatial": ("dct:spatial", "dct:Location"),
    "update_frequency": ("dct:accrualPeriodicity", "dct:Frequency"),
}


def opened_texts(fields):
    """Members of the form that were opened, where they are texts."""
    texts = {name: one for name, one in fields.items() if isinstance(one, str)}
    plain = {"title": "dct:title", "summary": "dct:description"}
    said = {term: texts[name] for name, term in plain.items() if name in texts}
    for name, (term, kind) in LABELLED.items():
        if name in texts:
            said[term] = {"@type": kind, "rdfs:label": texts[name]}
    if "industry" in texts:
        said["dcat:keyword"] = [texts["industry"]]
    span = fields.get("temporal")
    if isinstance(span, dict):
        ends = {f"dcat:{n}Date": span[n] for n in ("start", "end") if isinstance(span.get(n), str)}
        said["dct:temporal"] = {"@type": "dct:PeriodOfTime", **ends}
    return said


def files(digests):
    """SHA-256 of the files, where the applicant published them."""
    sums = [
        {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {
                "@type": "xsd:hexBinary",
                "@value": like(DIGEST, one, "a digest"),
            },
        }
        for one in digests
    ]
    listed = [{"@type": "dcat:Distribution", "spdx:checksum": one} for one in sums]
    return {"dcat:distribution": listed} if listed else {}
