"""What the shipping code says of buckets."""

from ledger.core.bucket import MAX_BUCKET_BYTES, parse_bucket, verify_bucket
from ledger.core.bucketpages import read_bucket
from ledger.core.canonical import decode_bundle
from ledger.core.mapproof import encode_siblings
from ledger.core.opening import open_checkpoint
from ledger.core.policy import parse_policy
from tests.support.golden.patches import patched
from tests.support.memory_map import MemoryMap


def bucket_of_map(case, shared):
    kept = MemoryMap()
    pairs = shared["maps"][case["map"]].items()
    kept.set({bytes.fromhex(key): bytes.fromhex(value) for key, value in pairs})
    made = read_bucket(kept, kept.root, case["prefix"], None)
    return {
        "leaves": b"".join(made.leaves).hex(),
        "siblings": encode_siblings(made.siblings).hex(),
        "count": made.count,
    }


def bucket(case, shared):
    data = patched(shared["bundles"][case["bundle"]], case.get("change", []))
    made = parse_bucket(decode_bundle(data, max_bytes=MAX_BUCKET_BYTES))
    policy = parse_policy(shared["policies"][case["policy"]].encode())
    verify_bucket(made, open_checkpoint(policy, made.receipt.proof.checkpoint))
    found = made.find(bytes.fromhex(case["key"]))
    return {"value_hash": None if found is None else found.hex(), "count": made.count}


ANSWERS = {"bucket": bucket, "bucket of a map": bucket_of_map}
