"""The routes of private lookups: every bucket verifies, and says of each subject what is so."""

import pytest

from ledger.core.bucket import parse_bucket, verify_bucket
from ledger.core.mappages import hash_key
from ledger.core.opening import open_checkpoint
from ledger.core.policy import parse_policy
from ledger.core.state import encode_state, hash_state
from ledger.core.subjects import SELF
from node.private import BucketShelf
from node.proofs import Prover
from tests.support.independent_bucket import check_bucket
from tests.support.independent_signed import open_checkpoint as open_independently
from tests.support.independent_signed import read_policy

DIGITS = "0123456789abcdef"


def verified(document, trade):
    """A bucket, once both verifiers accept it."""
    bucket = parse_bucket(document)
    opened = open_checkpoint(parse_policy(trade.policy), bucket.receipt.proof.checkpoint)
    verify_bucket(bucket, opened)
    note = bucket.receipt.proof.checkpoint
    found = check_bucket(document, open_independently(read_policy(trade.policy), note))
    assert found == {bytes(leaf[:32]): bytes(leaf[32:]) for leaf in bucket.leaves}
    return bucket


def subjects(site):
    return [*site.node.reader.find_subjects("", 1000)]


def value_hash(site, key):
    return hash_state(encode_state(site.node.registry.read_state(key)))


def test_the_whole_map_holds_every_subject_and_no_other(site, trade):
    bucket = verified(site.json("/v1/bucket"), trade)
    keys = subjects(site)
    assert (bucket.prefix, len(bucket.leaves)) == ("", len(keys))
    for key in keys:
        assert bucket.find(hash_key(key)) == value_hash(site, key)
    assert bucket.find(hash_key("asset/nothing")) is None


@pytest.mark.parametrize("length", [1, 2, 3, 8, 64])
def test_a_longer_prefix_holds_the_subjects_below_it(site, trade, length):
    for key in subjects(site):
        prefix = hash_key(key).hex()[:length]
        bucket = verified(site.json(f"/v1/bucket/{prefix}"), trade)
        assert bucket.find(hash_key(key)) == value_hash(site, key)


def test_all_buckets_of_one_digit_are_the_whole_map(site, trade):
    leaves = []
    for digit in DIGITS:
        bucket = verified(site.json(f"/v1/bucket/{digit}"), trade)
        leaves += [leaf for leaf in bucket.leaves if leaf.hex().startswith(digit)]
    assert leaves == list(parse_bucket(site.json("/v1/bucket")).leaves)


def test_under_an_older_checkpoint_it_shows_the_map_of_then(site, trade):
    sizes = [row.size for row in site.node.reader.iterate_blocks()]
    buckets = [verified(site.json(f"/v1/bucket?size={size}"), trade) for size in sizes]
    assert [bucket.seal.index + 1 for bucket in buckets] == sizes
    counts = [len(bucket.leaves) for bucket in buckets]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    assert buckets[0].find(hash_key(SELF)) is not None


def test_the_same_bucket_is_the_same_bytes(site):
    first = site.get("/v1/bucket/a")
    assert site.get("/v1/bucket/a").content == first.content
    again = site.get("/v1/bucket/a", **{"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("prefix", ["g", "A", "0x", "a" * 65, "-", "a%20", "a/b", "%C3%A9"])
def test_what_is_no_prefix_is_refused(site, prefix):
    assert site.get(f"/v1/bucket/{prefix}").status_code in {400, 404}


@pytest.mark.parametrize("query", ["?size=5", "?size=-1", "?x=1"])
def test_a_checkpoint_that_is_not_there_or_no_size_is_refused(site, query):
    assert site.get(f"/v1/bucket/a{query}").status_code in {400, 404}


def test_states_that_are_kept_no_longer_have_no_buckets(long_site):
    assert long_site.problem("/v1/bucket?size=2", 410)["code"] == "gone"


def test_a_shelf_keeps_what_was_asked_for_last_up_to_its_size(site):
    made = []

    class Watched(Prover):
        def prove_bucket(self, prefix):
            made.append(prefix)
            return super().prove_bucket(prefix)

    prover = Watched(site.node.reader)
    size = max(len(BucketShelf().get(prover, digit)) for digit in "01")
    shelf = BucketShelf(size)
    made.clear()
    first = shelf.get(prover, "0")
    assert shelf.get(prover, "0") == first
    for prefix in ("1", "1", "0"):
        shelf.get(prover, prefix)
    assert made == ["0", "1", "0"], "there is room for one"
    assert BucketShelf(10).get(prover, "0") == first, "what is too large is given and not kept"
