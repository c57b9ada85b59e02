"""What the second reader says of a node's answers."""

import json

from tests.support import independent_answer
from tests.support.golden.patches import patched


def answer(case, shared):
    data = patched(shared["bundles"][case["bundle"]], case.get("change", []))
    ledger = json.dumps(shared["bundles"][case["ledger"]]).encode()
    policy = shared["policies"][case["policy"]].encode()
    said = independent_answer.verify_answer(data, ledger, policy)
    return {name: said[name] for name in ("event", "outcome", "code", "time")}


ANSWERS = {"answer": answer}
