"""What the shipping code says of fork evidence."""

from ledger.core.fork import decode_fork, verify_fork
from ledger.core.policy import parse_policy
from tests.support.golden.patches import patched


def fork(case, shared):
    evidence = decode_fork(patched(shared["bundles"][case["bundle"]], case.get("change", [])))
    policy = parse_policy(shared["policies"][case["policy"]].encode())
    bodies = [opened.body for opened in verify_fork(evidence, policy)]
    return {
        "origin": bodies[0].origin,
        "notes": [{"size": body.size, "root": body.root.hex()} for body in bodies],
    }


ANSWERS = {"fork": fork}
