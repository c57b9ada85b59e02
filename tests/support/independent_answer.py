"""Signed answers of a node once more, written from docs/adr/0024-node-answers.md alone.

Without a line of the product; text, signatures and states are read by the other independent readers.
"""

from tests.support.independent_signed import (
    DID,
    ORIGIN,
    b64url,
    canonical,
    check_signature,
    like,
    members,
    need,
    open_checkpoint,
    public_key,
    read_json,
    read_policy,
)
from tests.support.independent_verifier import check_state

MOST = 4096


def check_answer(document, node, origin):
    """What the node of a ledger said, once its key has signed it.

    Args:
        document: The JSON object.
        node: did:key of the node, from the state of `ledger/self`.
        origin: Of that ledger.
    """
    members(document, "answer format key sig", "an answer")
    need(document["format"] == "muniment/answer/v1", "format of an answer")
    said = members(document["answer"], "code event log outcome time", "what an answer says")
    code = like("[a-z][a-z0-9_]{0,63}", said["code"], "code")
    need(said["outcome"] in ("accepted", "refused"), "outcome")
    is_accepted = said["outcome"] == "accepted"
    need(is_accepted == (code in ("accepted", "duplicate")), "a code of the other outcome")
    like("[0-9a-f]{64}", said["event"], "event")
    need(len(like(ORIGIN, said["log"], "log")) <= 128 and said["log"] == origin, "another ledger")
    need(type(said["time"]) is int and 0 <= said["time"] < 2**53, "time")
    need(like(DID, document["key"], "key") == node, "another key than the node's")
    signature = b64url(document["sig"])
    message = b"muniment/answer/v1\n" + canonical(said, 16)
    check_signature(public_key(node), message, signature)
    return said


def verify_answer(data, ledger, policy):
    """The same of two files: the answer, and the proof of the ledger's own state.

    Args:
        data: Bytes of the answer.
        ledger: Bytes of a state bundle.
        policy: Bytes of the verifier's own policy.
    """
    need(len(data) <= MOST, "size of an answer")
    bundle = read_json(ledger)
    need(isinstance(bundle, dict) and isinstance(bundle.get("seal"), dict), "a state")
    note = str(bundle["seal"].get("proof")).partition("\n\n")[2]
    opened = open_checkpoint(read_policy(policy), note.encode())
    newest = 1000 * max(opened["cosigned"].values()) if opened["cosigned"] else None
    check_state(bundle, opened, note, newest)
    need(bundle["subject"] == "ledger/self", "the ledger's own state")
    value = bundle["value"]
    need(value["type"] == "ledger/1", "type of the ledger's own state")
    return check_answer(read_json(data), value["state"]["node"], opened["origin"])
