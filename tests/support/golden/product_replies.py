"""What the shipping code says of a node's answers."""

import json

from ledger.core.answer import MAX_ANSWER_BYTES, parse_answer, verify_answer
from ledger.core.bundle import parse_state_bundle, verify_state_bundle
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.opening import open_checkpoint
from ledger.core.policy import parse_policy
from node.answerfile import read_ledger_state
from tests.support.golden.patches import patched


def answer(case, shared):
    data = patched(shared["bundles"][case["bundle"]], case.get("change", []))
    signed = parse_answer(decode_bundle(data, max_bytes=MAX_ANSWER_BYTES))
    ledger = json.dumps(shared["bundles"][case["ledger"]]).encode()
    bundle = parse_state_bundle(decode_bundle(ledger, max_bytes=MAX_BUNDLE_BYTES))
    policy = parse_policy(shared["policies"][case["policy"]].encode())
    opened = open_checkpoint(policy, bundle.receipt.proof.checkpoint)
    verify_state_bundle(bundle, opened)
    verify_answer(signed, node=read_ledger_state(bundle).node, log=opened.body.origin)
    said = signed.answer
    return {"event": said.event, "outcome": said.outcome, "code": said.code, "time": said.time}


ANSWERS = {"answer": answer}
