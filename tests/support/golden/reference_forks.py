"""What the second reader says of fork evidence."""

from tests.support import independent_fork, independent_signed
from tests.support.golden.patches import patched
from tests.support.reference_json import read_bundle


def fork(case, shared):
    evidence = read_bundle(patched(shared["bundles"][case["bundle"]], case.get("change", [])))
    policy = independent_signed.read_policy(shared["policies"][case["policy"]].encode())
    notes = independent_fork.check_fork(evidence, policy)
    return {
        "origin": notes[0]["origin"],
        "notes": [{"size": note["size"], "root": note["root"].hex()} for note in notes],
    }


ANSWERS = {"fork": fork}
