"""What the second reader says of buckets."""

from tests.support import independent_bucket, independent_signed
from tests.support.golden.patches import patched
from tests.support.reference_json import read_bundle


def bucket_of_map(case, shared):
    pairs = shared["maps"][case["map"]].items()
    leaves = {bytes.fromhex(key): bytes.fromhex(value) for key, value in pairs}
    found, siblings = independent_bucket.cut(leaves, case["prefix"])
    return {
        "leaves": b"".join(key + found[key] for key in sorted(found)).hex(),
        "siblings": independent_bucket.write_siblings(siblings).hex(),
        "count": sum(key.hex().startswith(case["prefix"]) for key in found),
    }


def bucket(case, shared):
    document = read_bundle(patched(shared["bundles"][case["bundle"]], case.get("change", [])))
    independent_signed.need("seal" in document, "a bucket without a seal")
    policy = independent_signed.read_policy(shared["policies"][case["policy"]].encode())
    note = document["seal"]["proof"].partition("\n\n")[2]
    opened = independent_signed.open_checkpoint(policy, note.encode())
    newest = 1000 * max(opened["cosigned"].values()) if opened["cosigned"] else None
    leaves = independent_bucket.check_bucket(document, opened, newest=newest)
    found = independent_bucket.find(leaves, document["prefix"], bytes.fromhex(case["key"]))
    count = sum(key.hex().startswith(document["prefix"]) for key in leaves)
    return {"value_hash": None if found is None else found.hex(), "count": count}


ANSWERS = {"bucket": bucket, "bucket of a map": bucket_of_map}
