"""What the slow references say of each question: written from the texts, without the product."""

import base64
import json
import re
from functools import cache
from hashlib import sha256

from tests.support import (
    ed25519_reference,
    independent_files,
    independent_signed,
    reference,
    reference_formats,
    reference_map,
)
from tests.support.golden import (
    reference_buckets,
    reference_bundles,
    reference_forks,
    reference_replies,
)
from tests.support.golden.cases import data_of
from tests.support.independent_signed import NotAuthenticError
from tests.support.reference_json import (
    RefusedError,
    b64url,
    base32,
    depth,
    did_key,
    digest,
    from_b64,
    from_b64url,
    need,
    public_key,
    read,
    read_bundle,
    write,
)

REFUSED = (RefusedError, NotAuthenticError)
"""What a refusal raises here."""


# --- section 1


def canonical(case, shared):
    data = data_of(case)
    need(len(data) <= case.get("max_bytes", 65_535), "size")
    value = read(data, max_depth=case.get("max_depth", 20))
    return {"digest": sha256(data).hexdigest(), "value": value}


def written(case, shared):
    need(depth(case["value"]) <= 20, "depth")
    return write(case["value"]).decode()


def decimal(case, shared):
    need(re.fullmatch("0|[1-9][0-9]*", case["text"]) and int(case["text"]) < 2**63, "decimal")
    return int(case["text"])


def make_did_key(case, shared):
    public = bytes.fromhex(case["public_key"])
    need(len(public) == 32, "length of the key")
    return did_key(public)


# --- section 5


def subject(case, shared):
    reference_formats.check_subject(case["key"])
    return case["key"].split("/")[0]


def registry(case, shared):
    return f"registry/{base32(sha256(case['origin'].encode()).digest()[:16])}"


def urn(case, shared):
    need(case["urn"].startswith("urn:muniment:"), "urn")
    rest = case["urn"][len("urn:muniment:") :]
    types = {form.split("/")[0] for form in reference_formats.SUBJECTS}
    types = {name for one in types for name in re.findall("[a-z]+", one)}
    places = [
        i for i, one in enumerate(rest) if one == ":" and rest[i + 1 :].split("/")[0] in types
    ]
    need(places, "urn")
    origin, key = rest[: places[-1]], rest[places[-1] + 1 :]
    need(re.fullmatch(reference_formats.ORIGIN, origin) and len(origin) <= 128, "origin")
    reference_formats.check_subject(key)
    return {"origin": origin, "key": key}


def new_id(case, shared):
    return reference_formats.new_id(case["type"], case["actor"], case["nonce"], case["n"])


def commitment(case, shared):
    need(len(from_b64url(case["opening"]["salt"])) == 32, "salt")
    return reference_formats.commitment(**case["opening"])


# --- sections 2 and 3


def event(case, shared):
    reference_formats.check_event(case["event"])
    message = b"muniment/event/v1\n" + write(case["event"])
    signatures = [
        {"key": did_key(key), "sig": b64url(signature)}
        for key, signature in (_sign(seed, message) for seed in case["seeds"])
    ]
    signatures.sort(key=lambda one: one["key"])
    reference_formats.check_signatures(signatures)
    signed = write({"event": case["event"], "signatures": signatures}).decode()
    return {"id": digest(case["event"]), "signed": signed}


def _sign(seed, message):
    seed = bytes.fromhex(seed)
    return _public(seed), ed25519_reference.sign(seed, message)


@cache
def _public(seed):
    return ed25519_reference.public_key_of(seed)


def signed_event(case, shared):
    return digest(reference_formats.read_signed_event(data_of(case))["event"])


def signatures(case, shared):
    reference_formats.verify_signatures(reference_formats.read_signed_event(data_of(case)))
    return True


def event_time(case, shared):
    need(reference_formats.is_in_time(case, case["time"]), "time")
    return True


def leaf(case, shared):
    data = data_of(case)
    value = reference_formats.read_leaf(data)
    leaf_hash = reference.leaf_hash(data).hex()
    if "seal" in value:
        return {"seal": value["seal"]["first"] + value["seal"]["count"], "leaf_hash": leaf_hash}
    return {"entry": digest(value["event"]), "leaf_hash": leaf_hash}


# --- section 4


def tile(case, shared):
    """c2sp.org/tlog-tiles; a tile of level L holds roots of 256**L leaves each."""
    form = r"tile/(entries|0|[1-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
    found = re.fullmatch(form, case["path"])
    need(found, "path")
    level, place, width = found.groups()
    need(not place.startswith("x000/"), "path")
    index, width = int(place.replace("x", "").replace("/", "")), int(width or 256)
    need(width <= (255 if ".p/" in case["path"] else 256), "path")
    span = 1 if level == "entries" else 256 ** int(level)
    need((256 * index + width) * span <= case["size"], "a tile that is not there")
    starts = range(256 * index * span, (256 * index + width) * span, span)
    if level == "entries":
        bodies = [b"%d" % n for n in starts]
        data = b"".join(len(body).to_bytes(2, "big") + body for body in bodies)
    else:
        data = b"".join(reference.mth([b"%d" % n for n in range(s, s + span)]) for s in starts)
    return {"bytes": len(data), "sha256": sha256(data).hexdigest()}


def leaves_of(shared, size):
    return [one.encode() for one in shared["leaves"][:size]]


def log_tile(case, shared):
    leaves = leaves_of(shared, case["size"])
    need(0 < len(leaves) < 256, "a part of one tile")
    bundle = b"".join(len(one).to_bytes(2, "big") + one for one in leaves)
    hashes = b"".join(map(reference.leaf_hash, leaves)).hex()
    part = f"000.p/{len(leaves)}"
    digests = {f"tile/entries/{part}": sha256(bundle).hexdigest()}
    return {"tile": {f"tile/0/{part}": hashes}, "entries": digests}


def log_root(case, shared):
    return reference.mth(leaves_of(shared, case["size"])).hex()


def inclusion(case, shared):
    need(case["index"] < case["size"] <= len(shared["leaves"]), "no such leaf")
    return _in_base64(reference.path(case["index"], leaves_of(shared, case["size"])))


def consistency(case, shared):
    need(case["old"] <= case["new"] <= len(shared["leaves"]), "no such size")
    if case["old"] == 0:
        return []
    return _in_base64(reference.proof(case["old"], leaves_of(shared, case["new"])))


def _in_base64(hashes):
    return [base64.b64encode(one).decode() for one in hashes]


def seals(case, shared):
    """The rules cannot be followed here; that the seals chain the whole log can."""
    found, first, time, prev = [], 0, -1, "0" * 64
    for index, data in enumerate(leaves_of(shared, None)):
        value = reference_formats.read_leaf(data)
        if "seal" not in value:
            reference_formats.verify_signatures(value)
            need(value["time"] > time if index == first else value["time"] >= time, "time")
            time = value["time"]
            continue
        seal = value["seal"]
        need((seal["first"], seal["count"]) == (first, index - first), "place of a seal")
        need((seal["height"], seal["prev"]) == (len(found), prev), "chain of seals")
        need(seal["time"] >= time, "time")
        first, time, prev = index + 1, seal["time"], reference.leaf_hash(data).hex()
        found.append({"index": index, "root": seal["state"]["root"]})
    need(first == len(shared["leaves"]), "the last leaf is a seal")
    return found


def vkey(case, shared):
    need(independent_signed.is_key_name(case["name"]), "name")
    material = bytes([case["type"]]) + _public(bytes.fromhex(case["seed"]))
    key_id = sha256(case["name"].encode() + b"\n" + material).hexdigest()[:8]
    return f"{case['name']}+{key_id}+{base64.b64encode(material).decode()}"


def note(case, shared):
    need(case["origin"] and case["size"] < 2**63 and len(case["root"]) == 64, "a checkpoint")
    root = base64.b64encode(bytes.fromhex(case["root"])).decode()
    text = f"{case['origin']}\n{case['size']}\n{root}\n"
    lines = [_line(case["origin"], 1, case["seed"], text, b"")]
    for one in case["cosigners"]:
        message = f"cosignature/v1\ntime {one['time']}\n{text}"
        lines.append(_line(one["name"], 4, one["seed"], message, one["time"].to_bytes(8, "big")))
    return "\n".join([text, *lines, ""])


def _line(name, kind, seed, message, before):
    key, signature = _sign(seed, message.encode())
    key_id = sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]
    return f"\u2014 {name} {base64.b64encode(key_id + before + signature).decode()}"


def opened(case, shared):
    policy = independent_signed.read_policy(case["policy"].encode())
    found = independent_signed.open_checkpoint(policy, data_of(case))
    return {
        "origin": found["origin"],
        "size": found["size"],
        "root": found["root"].hex(),
        "cosigned": {name.decode(): time for name, time in found["cosigned"].items()},
        "as_of": independent_signed.find_as_of(policy, found, case["seal_time"]),
    }


def read_policy(case, shared):
    found = independent_signed.read_policy(data_of(case))
    return {
        "logs": [name for name, _ in found["logs"]],
        "witnesses": [name.hex() for name, _ in found["witnesses"].values()],
        "groups": [
            {"name": name.hex(), "of": least, "members": [one.hex() for one in parts]}
            for name, (least, parts) in found["groups"].items()
        ],
        "quorum": found["quorum"].hex(),
    }


def quorum(case, shared):
    policy = independent_signed.read_policy(data_of(case))
    known = {name for name, _ in policy["witnesses"].values()}
    return independent_signed.has_quorum(policy, known & {n.encode() for n in case["cosigners"]})


# --- section 6


def _map_of(case, shared):
    pairs = shared["maps"][case["map"]].items()
    return {bytes.fromhex(key): bytes.fromhex(value) for key, value in pairs}


def map_root(case, shared):
    return reference_map.build(_map_of(case, shared)).hex()


def map_proof(case, shared):
    return reference_map.prove(_map_of(case, shared), bytes.fromhex(case["key"])).hex()


def check_map_proof(case, shared):
    root, key, proof = (bytes.fromhex(case[name]) for name in ("root", "key", "proof"))
    value = None if case["value"] is None else bytes.fromhex(case["value"])
    need(reference_map.verify(root, key, value, proof), "map proof")
    return True


def state_leaf(case, shared):
    reference_formats.check_state_value(case["value"])
    hashes = (sha256(one) for one in (case["subject"].encode(), write(case["value"])))
    return dict(zip(("key_hash", "value_hash"), (one.hexdigest() for one in hashes), strict=True))


def states_root(case, shared):
    """The map of all states, each of them with the history that the log's leaves make."""
    histories = {}
    for index, data in enumerate(leaves_of(shared, None)):
        value = reference_formats.read_leaf(data)
        for key in value["event"]["subjects"] if "event" in value else ():
            histories.setdefault(key, []).append((digest(value["event"]), index))
    need(histories.keys() == shared["states"].keys(), "a subject without a state, or none")
    for key, state in shared["states"].items():
        reference_formats.check_state_value(state)
        events = histories[key]
        need((state["n"], state["last"]) == (len(events), events[-1][1]), "count of events")
        need(state["history"] == reference_formats.history_root(key, events).hex(), "history")
    return reference_formats.map_root({k: write(v) for k, v in shared["states"].items()}).hex()


def history(case, shared):
    events = [(one["event"], one["index"]) for one in case["events"]]
    return reference_formats.history_root(case["subject"], events).hex()


# --- files that go with data


def copy(case, shared):
    content = bytes(n % 251 for n in range(case["size"]))
    return independent_files.measure_copy(content, bytes.fromhex(case["salt"]))


def draft_openings(case, shared):
    openings = json.dumps(case["openings"]).encode()
    return independent_files.read_openings(openings, case["draft"].encode())


def manifest(case, shared):
    files = {path: text.encode() for path, text in case["files"].items()}
    return independent_files.read_manifest(json.dumps(case["manifest"]).encode(), files)


ANSWERS = {
    **reference_buckets.ANSWERS,
    **reference_forks.ANSWERS,
    **reference_replies.ANSWERS,
    "canonical": canonical,
    "write": written,
    "write credential": lambda case, shared: write(case["value"], any_name=True).decode(),
    "bundle": lambda case, shared: read_bundle(data_of(case)),
    "base64": lambda case, shared: from_b64(case["text"]).hex(),
    "base64url": lambda case, shared: from_b64url(case["text"]).hex(),
    "decimal": decimal,
    "did:key": make_did_key,
    "read did:key": lambda case, shared: public_key(case["did"]).hex(),
    "subject": subject,
    "new id": new_id,
    "party": lambda case, shared: reference_formats.party_id(case["keys"]),
    "registry": registry,
    "urn": urn,
    "commitment": commitment,
    "event": event,
    "signed event": signed_event,
    "signatures": signatures,
    "event time": event_time,
    "leaf": leaf,
    "tile": tile,
    "log root": log_root,
    "log tile": log_tile,
    "inclusion": inclusion,
    "consistency": consistency,
    "seals": seals,
    "vkey": vkey,
    "note": note,
    "checkpoint": opened,
    "policy": read_policy,
    "quorum": quorum,
    "map root": map_root,
    "map proof": map_proof,
    "check map proof": check_map_proof,
    "state leaf": state_leaf,
    "states root": states_root,
    "history": history,
    "verdict": reference_bundles.verdict,
    "copy": copy,
    "usage lines": lambda case, shared: independent_files.measure_lines(case["lines"]),
    "draft": lambda case, shared: independent_files.read_draft(data_of(case)),
    "draft signatures": lambda case, shared: independent_files.verify_draft(data_of(case)),
    "draft openings": draft_openings,
    "manifest": manifest,
}
