"""The routes to the log: what they answer is verified, by the product and by another program."""

import pytest

from ledger.core.bundle import parse_receipt, verify_receipt
from ledger.core.merkle import verify_consistency
from ledger.core.opening import open_checkpoint
from ledger.core.policy import parse_policy
from ledger.core.text import parse_base64
from ledger.core.tlogproof import parse_tlog_proof
from tests.support.independent_signed import open_checkpoint as open_independently
from tests.support.independent_signed import read_policy
from tests.support.independent_verifier import check_receipt


@pytest.fixture
def policy(trade):
    return parse_policy(trade.policy)


def sizes(site):
    return [row.size for row in site.node.reader.iterate_blocks()]


def verified(document, trade):
    """A receipt, once both verifiers say that the log holds its leaf."""
    receipt = parse_receipt(document)
    verify_receipt(receipt, open_checkpoint(parse_policy(trade.policy), receipt.proof.checkpoint))
    note = receipt.proof.checkpoint.decode()
    opened = open_independently(read_policy(trade.policy), note.encode())
    assert check_receipt(document, opened, note)[1] == receipt.proof.index
    return receipt


def test_the_newest_checkpoint_is_the_log_s_note(site, policy):
    response = site.get("/v1/checkpoint/latest")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    opened = open_checkpoint(policy, response.content)
    assert opened.body.size == site.node.reader.read_head().size


def test_every_leaf_has_a_receipt_that_both_verifiers_accept(site, trade):
    for index in range(site.node.publisher.published_size):
        receipt = verified(site.json(f"/v1/entries/{index}"), trade)
        assert receipt.proof.index == index
        assert [receipt.leaf] == list(site.node.reader.read_leaves(index, index + 1))


def test_a_receipt_is_given_under_any_checkpoint_that_covers_the_leaf(site, trade, policy):
    for size in sizes(site):
        receipt = verified(site.json(f"/v1/entries/0?size={size}"), trade)
        assert open_checkpoint(policy, receipt.proof.checkpoint).body.size == size
        answer = site.problem(f"/v1/entries/{size}?size={size}", 404)
        assert answer["code"] == "not_found"


def test_an_event_is_found_by_its_id(site, trade):
    receipt = verified(site.json("/v1/entries/0"), trade)
    event_id = receipt.content.signed.id
    assert site.json(f"/v1/events/{event_id}") == site.json("/v1/entries/0")
    assert site.problem("/v1/events/" + "0" * 64, 404)["code"] == "not_found"


def test_a_proof_of_inclusion_is_a_tlog_proof(site, trade):
    response = site.get("/v1/proofs/inclusion?index=1")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    proof = parse_tlog_proof(response.content)
    assert proof == verified(site.json("/v1/entries/1"), trade).proof


def test_consistency_is_proved_between_any_two_sizes(site, policy):
    roots = {0: None}
    for size in sizes(site):
        proof = parse_tlog_proof(site.get(f"/v1/proofs/inclusion?index=0&size={size}").content)
        roots[size] = open_checkpoint(policy, proof.checkpoint).body.root
    for old in roots:
        for new in (size for size in roots if size >= max(old, 1)):
            answer = site.json(f"/v1/proofs/consistency?old={old}&new={new}")
            assert answer.keys() == {"old", "new", "path"}
            assert (answer["old"], answer["new"]) == (old, new)
            if old == 0:
                assert answer["path"] == []
                continue
            path = tuple(map(parse_base64, answer["path"]))
            verify_consistency(
                old_size=old, new_size=new, old_root=roots[old], new_root=roots[new], path=path
            )


def test_consistency_goes_up_to_the_published_checkpoint_unless_told(site):
    answer = site.json("/v1/proofs/consistency?old=1")
    assert answer["new"] == site.node.publisher.published_size


def test_a_block_is_its_seal(site, trade):
    for size in sizes(site):
        answer = site.json(f"/v1/blocks/{size}")
        seal = verified(site.json(f"/v1/entries/{size - 1}"), trade).content
        assert answer["size"] == size == seal.index + 1
        assert answer["seal"]["time"] == seal.time
        assert answer["seal"]["state"]["root"] == seal.state_root.hex()


@pytest.mark.parametrize(
    "path",
    ["/v1/blocks/1", "/v1/blocks/0", "/v1/entries/999999", "/v1/entries/0?size=1",
     "/v1/proofs/inclusion?index=999999", "/v1/proofs/consistency?old=9&new=2",
     "/v1/proofs/consistency?old=1&new=999999", "/v1/entries/9223372036854775807",
     "/v1/blocks/9223372036854775807", "/v1/entries/0?size=9223372036854775807"],
)  # fmt: skip
def test_what_the_log_does_not_have_is_not_found(site, path):
    assert site.problem(path, 404)["code"] == "not_found"


WRONG = {
    "a sign": "/v1/entries/+1",
    "a minus": "/v1/entries/-1",
    "a leading zero": "/v1/entries/01",
    "a blank": "/v1/entries/%201",
    "a fraction": "/v1/entries/1.0",
    "other digits": "/v1/entries/%D9%A1",
    "an underscore": "/v1/entries/1_0",
    "too large": "/v1/entries/9223372036854775808",
    "a number in words": "/v1/entries/one",
    "an empty size": "/v1/entries/0?size=",
    "a size twice": "/v1/entries/0?size=2&size=2",
    "an unknown parameter": "/v1/entries/0?sizes=2",
    "no index": "/v1/proofs/inclusion",
    "an empty index": "/v1/proofs/inclusion?index=",
    "no old size": "/v1/proofs/consistency?new=2",
    "an id in capitals": "/v1/events/" + "A" * 64,
    "a short id": "/v1/events/" + "a" * 63,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_parameter_has_one_spelling(site, name):
    assert site.problem(WRONG[name], 400)["code"] == "malformed"


def test_a_wrong_parameter_is_named(site):
    assert "size" in site.problem("/v1/entries/0?size=-1", 400)["detail"]
    assert "size" in site.problem("/v1/entries/0?sz=1", 400)["detail"]
