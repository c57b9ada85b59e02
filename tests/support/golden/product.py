"""What the shipping code says of each question."""

from hashlib import sha256

from contracts.verdict import Question
from ledger.core.canonical import (
    decode_bundle,
    decode_canonical,
    encode_canonical,
    encode_credential,
)
from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.cosignature import Cosignature, cosignature_message, encode_cosignature
from ledger.core.draft import DRAFT, decode_draft
from ledger.core.entry import Seal, decode_leaf
from ledger.core.event import (
    Event,
    Signature,
    check_event_time,
    create_signed_event,
    decode_signed_event,
    encode_event,
    encode_signed_event,
    event_message,
    verify_event_signatures,
)
from ledger.core.hashing import hash_leaf
from ledger.core.note import (
    Algorithm,
    SignatureLine,
    SignedNote,
    create_verifier_key,
    format_note,
    format_vkey,
)
from ledger.core.opening import open_checkpoint
from ledger.core.policy import has_quorum, parse_policy
from ledger.core.subjects import (
    commit,
    derive_id,
    derive_party,
    derive_registry,
    parse_subject,
    parse_urn,
    subject_type,
)
from ledger.core.text import (
    format_did_key,
    parse_base64,
    parse_base64url,
    parse_decimal,
    parse_did_key,
)
from ledger.keys import SigningKey
from node.exports.nationaljudge import NOT_YET_OPENED, NOT_YET_RECORDED
from node.verifier import verify_file
from tests.support.golden import (
    product_buckets,
    product_files,
    product_forks,
    product_replies,
    product_trees,
)
from tests.support.golden.cases import data_of
from tests.support.golden.patches import patched

# --- section 1


def canonical(case, shared):
    data = data_of(case)
    most, deepest = case.get("max_bytes", 65_535), case.get("max_depth", 20)
    value = decode_canonical(data, max_bytes=most, max_depth=deepest)
    return {"digest": sha256(data).hexdigest(), "value": value}


def bundle_json(case, shared):
    return decode_bundle(data_of(case), max_bytes=65_535)


def did_key(case, shared):
    return format_did_key(bytes.fromhex(case["public_key"]))


def read_did_key(case, shared):
    return parse_did_key(case["did"]).hex()


# --- section 5


def urn(case, shared):
    origin, key = parse_urn(case["urn"])
    return {"origin": origin, "key": key}


def new_id(case, shared):
    return derive_id(case["type"], actor=case["actor"], nonce=case["nonce"], n=case["n"])


def commitment(case, shared):
    return commit(**case["opening"])


# --- sections 2 and 3


def event(case, shared):
    draft = {"format": DRAFT, "event": case["event"], "signatures": []}
    read = decode_draft(encode_canonical(draft)).event
    message = event_message(encode_event(read))
    keys = [SigningKey(bytes.fromhex(seed)) for seed in case["seeds"]]
    signed = create_signed_event(read, [Signature(key.did, key.sign(message)) for key in keys])
    return {"id": signed.id, "signed": encode_signed_event(signed).decode()}


def signed_event(case, shared):
    return decode_signed_event(data_of(case)).id


def signatures(case, shared):
    verify_event_signatures(decode_signed_event(data_of(case)))
    return True


def event_time(case, shared):
    about = Event("party/" + "a" * 26, case["at"], {}, "a.b", "o", "n", (), case["until"])
    check_event_time(about, case["time"])
    return True


def leaf(case, shared):
    data = data_of(case)
    read = decode_leaf(data)
    if isinstance(read, Seal):
        return {"seal": read.index, "leaf_hash": hash_leaf(data).hex()}
    return {"entry": read.signed.id, "leaf_hash": hash_leaf(data).hex()}


# --- section 4


def vkey(case, shared):
    public = SigningKey(bytes.fromhex(case["seed"])).public_key
    return format_vkey(create_verifier_key(case["name"], case["type"], public))


def note(case, shared):
    text = format_checkpoint(Checkpoint(case["origin"], case["size"], bytes.fromhex(case["root"])))
    log = SigningKey(bytes.fromhex(case["seed"]))
    key = create_verifier_key(case["origin"], Algorithm.ED25519, log.public_key)
    lines = [SignatureLine(key.name, key.key_id, log.sign(text.encode()))]
    for one in case["cosigners"]:
        signer = SigningKey(bytes.fromhex(one["seed"]))
        name, time = one["name"], one["time"]
        key = create_verifier_key(name, Algorithm.COSIGNATURE_ED25519, signer.public_key)
        blob = Cosignature(time, signer.sign(cosignature_message(text, time)))
        lines.append(SignatureLine(name, key.key_id, encode_cosignature(blob)))
    return format_note(SignedNote(text, tuple(lines))).decode()


def opened(case, shared):
    read = open_checkpoint(parse_policy(case["policy"].encode()), data_of(case))
    return {
        "origin": read.body.origin,
        "size": read.body.size,
        "root": read.body.root.hex(),
        "cosigned": {one.name: one.timestamp for one in read.cosigners},
        "as_of": read.as_of(case["seal_time"]),
    }


def policy(case, shared):
    read = parse_policy(data_of(case))
    return {
        "logs": [log.key.name for log in read.logs],
        "witnesses": [one.name.hex() for one in read.witnesses],
        "groups": [
            {"name": one.name.hex(), "of": one.threshold, "members": [m.hex() for m in one.members]}
            for one in read.groups
        ],
        "quorum": read.quorum.hex(),
    }


def quorum(case, shared):
    names = [name.encode() for name in case["cosigners"]]
    return has_quorum(parse_policy(data_of(case)), names)


# --- section 7


def verdict(case, shared):
    data = patched(shared["bundles"][case["bundle"]], case.get("change", []))
    trusted = parse_policy(shared["policies"][case["policy"]].encode())
    report = verify_file(data, trusted, Question(case["now"], case.get("as_of")))
    if report.failure is not None:
        raise report.failure
    said = {"kind": report.kind, "subject": report.subject}
    if report.kind in {"check", "query", "certificate"}:
        return said | {"status": report.status}
    if report.kind == "national":
        awaited = (NOT_YET_OPENED, NOT_YET_RECORDED)
        return said | {"not_yet": [one for one in awaited if one in report.not_checked]}
    if report.kind != "voucher":
        return said
    return said | {
        "status": report.status,
        "marks": report.marks,
        "as_of": report.as_of,
        "valid_until": report.valid_until,
        "in_force": report.is_in_force,
    }


ANSWERS = {
    **product_buckets.ANSWERS,
    **product_files.ANSWERS,
    **product_forks.ANSWERS,
    **product_replies.ANSWERS,
    **product_trees.ANSWERS,
    "canonical": canonical,
    "write": lambda case, shared: encode_canonical(case["value"]).decode(),
    "write credential": lambda case, shared: encode_credential(case["value"]).decode(),
    "bundle": bundle_json,
    "base64": lambda case, shared: parse_base64(case["text"]).hex(),
    "base64url": lambda case, shared: parse_base64url(case["text"]).hex(),
    "decimal": lambda case, shared: parse_decimal(case["text"]),
    "did:key": did_key,
    "read did:key": read_did_key,
    "subject": lambda case, shared: subject_type(parse_subject(case["key"])),
    "new id": new_id,
    "party": lambda case, shared: derive_party(case["keys"]),
    "registry": lambda case, shared: derive_registry(case["origin"]),
    "urn": urn,
    "commitment": commitment,
    "event": event,
    "signed event": signed_event,
    "signatures": signatures,
    "event time": event_time,
    "leaf": leaf,
    "vkey": vkey,
    "note": note,
    "checkpoint": opened,
    "policy": policy,
    "quorum": quorum,
    "verdict": verdict,
}
