"""Any state map under a signed seal, and the buckets of it; two judges for what is shown."""

import json
from hashlib import sha256

from ledger.core.bucket import parse_bucket, verify_bucket
from ledger.core.bucketpages import read_bucket
from ledger.core.canonical import decode_bundle
from ledger.core.entry import NO_PREVIOUS_SEAL, Seal, encode_seal
from ledger.errors import LedgerError
from tests.support import reference_map
from tests.support.forged_log import entry
from tests.support.independent_bucket import check_bucket
from tests.support.independent_signed import NotAuthenticError
from tests.support.log_builder import AUTHOR, START, MemoryLog, toy_key
from tests.support.memory_map import MemoryMap


class SealedMap(MemoryLog):
    """A log of one entry whose seal commits to these leaves.

    Args:
        leaves: Key hash to value hash.
        size: What the seal says of how many there are, if not the truth.
    """

    def __init__(self, leaves, size=None):
        super().__init__()
        self.map = MemoryMap()
        self.map.set(leaves)
        self.values = leaves
        seal = Seal(
            count=1,
            first=0,
            height=0,
            prev=NO_PREVIOUS_SEAL,
            rules="toy-rules/0",
            state_root=reference_map.build(leaves),
            state_size=len(leaves) if size is None else size,
            time=START,
        )
        self.leaves = [entry(AUTHOR.put(toy_key(0))), encode_seal(seal)]

    def bucket(self, prefix):
        """As the product makes it from pages."""
        return read_bucket(self.map, self.map.root, prefix, self.receipt(1))

    def judge(self, document, *cosigned_at):
        """What the product finds, or the class of its error; the other reader must agree."""
        opened = self.opened(*cosigned_at)
        found = error = refused = None
        try:
            bucket = parse_bucket(decode_bundle(json.dumps(document).encode(), max_bytes=2**24))
            verify_bucket(bucket, opened)
            found = {leaf[:32]: leaf[32:] for leaf in bucket.leaves}
        except LedgerError as exc:
            error = type(exc)
        body = opened.body
        plain = {"origin": body.origin, "size": body.size, "root": body.root}
        newest = max((1000 * cosigner.timestamp for cosigner in opened.cosigners), default=None)
        try:
            assert check_bucket(document, plain, newest=newest) == found or error
        except (NotAuthenticError, KeyError, TypeError, AttributeError) as exc:
            refused = exc
        assert (error is None) == (refused is None), f"product: {error}, reference: {refused!r}"
        return found if error is None else error


def hashes(number, label=b""):
    """So many keys and values, spread as subjects are."""
    return {
        sha256(label + b"key %d" % n).digest(): sha256(label + b"value %d" % n).digest()
        for n in range(number)
    }


def key_of(start):
    """A key hash that begins with these hex digits, and goes on with zeros."""
    return bytes.fromhex(start.ljust(64, "0"))


def found_below(leaves, prefix):
    """The leaves below a prefix."""
    return {key: leaves[key] for key in leaves if key.hex().startswith(prefix)}
