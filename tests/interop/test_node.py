"""The whole node, not its tiles alone: tlog-scales proves from it what `muniment verify` accepts."""

import pytest
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tiles import leaf_hash
from tlog_scales.tlog import (
    ConsistencyProof,
    ConsistencyProofInvalid,
    InclusionProof,
    InclusionProofInvalid,
)
from tlog_scales.utils import b64dec, b64enc

from contracts.verdict import Question
from ledger.core.policy import parse_policy
from node.verifier import verify_file

QUESTION = Question(now=1_800_000_000_000)


class SiteBackend:
    """What its readers ask for, asked of a node in this process."""

    def __init__(self, site):
        self.site = site

    def get(self, *path):
        response = self.site.get("/" + "/".join(path))
        return response.content if response.status_code == 200 else None


@pytest.fixture
def reader(site):
    return TilesReader(SiteBackend(site))


def make_proof(reader, index):
    """A `.tlog-proof` of theirs, as their command writes it."""
    checkpoint = reader.get_checkpoint()
    hashes = reader.get_inclusion_proof(index, checkpoint.size).node_hashes
    lines = ["c2sp.org/tlog-proof@v1", f"index {index}", *map(b64enc, hashes), ""]
    return ("\n".join(lines) + "\n" + checkpoint.serialize()).encode()


def verdict(trade, proof, entry):
    return verify_file(proof, parse_policy(trade.policy), QUESTION, entry=entry)


def test_its_checkpoint_carries_the_signature_that_the_policy_names(reader, trade):
    vkey = trade.policy.decode().split()[1]
    checkpoint = reader.get_checkpoint()
    checkpoint.verify(Vkey.from_string(vkey))
    assert checkpoint.root_hash == reader.calculate_root_hash()


def test_each_of_its_leaves_is_proved_by_them_and_verified_by_us(reader, trade):
    size = reader.get_checkpoint().size
    entries = [reader.get_entry(index) for index in range(size)]
    for index, entry in enumerate(entries):
        report = verdict(trade, make_proof(reader, index), entry)
        assert (report.failure, report.kind) == (None, "tlog-proof")
        other = verdict(trade, make_proof(reader, index), entries[index - 1])
        assert other.failure is not None


def split_proof(text):
    """Index and hashes of a `.tlog-proof`, without our reader."""
    head, _, _ = text.partition("\n\n")
    _, index, *hashes = head.split("\n")
    return int(index.removeprefix("index ")), [b64dec(one) for one in hashes]


def test_our_proofs_of_inclusion_pass_their_check(reader, site):
    checkpoint = reader.get_checkpoint()
    for asked in range(checkpoint.size):
        made = site.get(f"/v1/proofs/inclusion?index={asked}&size={checkpoint.size}").text
        index, hashes = split_proof(made)
        proof = InclusionProof(index, checkpoint.size, hashes)
        proof.check(leaf_hash(reader.get_entry(asked)), checkpoint.root_hash)
        with pytest.raises(InclusionProofInvalid):
            proof.check(leaf_hash(b"another"), checkpoint.root_hash)


def test_our_proofs_of_consistency_pass_their_check(reader, site):
    size = reader.get_checkpoint().size
    roots = {old: reader.mth(0, old) for old in range(size + 1)}
    for old in range(size + 1):
        answer = site.json(f"/v1/proofs/consistency?old={old}&new={size}")
        proof = ConsistencyProof(old, size, [b64dec(one) for one in answer["path"]])
        proof.check(roots[old], roots[size])
        if old not in {0, size}:
            with pytest.raises(ConsistencyProofInvalid):
                proof.check(roots[old - 1], roots[size])
