"""A running node whose log changes its key: it goes on under the new one, and says which."""

import json

import pytest

from contracts.party import Admit
from contracts.rotation import LedgerKey
from ledger.core.bundle import parse_receipt
from ledger.core.checkpoint import parse_signed_checkpoint
from ledger.core.event import encode_signed_event
from ledger.core.note import create_verifier_key, format_vkey, open_note
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Log, Policy, parse_policy
from ledger.keys import KeyRing
from node.logkeys import create_next_key, read_log_keys
from tests.support.site import open_site

JSON = {"content-type": "application/json"}


@pytest.fixture
def own_site(own_home):
    with open_site(own_home) as site:
        yield site


def post(site, body):
    """Send an event of the operator's; gives the answer."""
    registry = site.node.registry
    key = registry.ring.load("operator")
    event = registry.sign_event(registry.build_event(registry.ledger.operator, body), [key])
    return site.ask("POST", "/v1/events", content=encode_signed_event(event), headers=JSON)


def rotate(site):
    vkey = format_vkey(create_next_key(site.node.registry))
    answer = post(site, LedgerKey(log=vkey))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_node_changes_its_log_s_key_while_it_serves(own_site, own_home):
    (old,) = parse_policy((own_home / "trust.policy").read_bytes()).logs
    index = rotate(own_site)["index"]
    role = Admit(party=own_site.node.registry.ledger.operator, role="notary")
    receipt = parse_receipt(post(own_site, role).json()["receipt"])
    old_key, new_key = [each.key for each in read_log_keys(own_site.node.reader)]
    assert old_key == old.key
    opened = open_checkpoint(Policy((Log(new_key),)), receipt.proof.checkpoint)
    assert opened.body.size > index + 2
    double = parse_signed_checkpoint(own_site.node.reader.read_checkpoint(index + 2))
    assert {key for key, _ in open_note(double.note, [old_key, new_key]).verified} == {
        old_key,
        new_key,
    }
    (log,) = parse_policy((own_home / "trust.policy").read_bytes()).logs
    assert log.key == new_key


def test_the_published_checkpoint_follows_the_new_key(own_site):
    index = rotate(own_site)["index"]
    role = Admit(party=own_site.node.registry.ledger.operator, role="notary")
    post(own_site, role)
    assert own_site.run(own_site.node.publisher.wait_published(index + 4, 20))
    note = own_site.get("/checkpoint").content
    new = own_site.node.registry.log_key
    assert open_checkpoint(Policy((Log(new),)), note).body.size == index + 4


def test_a_change_of_key_goes_together_with_nothing_else(own_site, tmp_path):
    registry, stranger = own_site.node.registry, KeyRing(tmp_path / "keys", None).create("log")
    now, officer = registry.log_key, registry.ring.load("operator")
    vkey = format_vkey(create_verifier_key(now.name, now.algorithm, stranger.public_key))
    operator, size = registry.ledger.operator, registry.read_end().size
    lines = b"".join(
        encode_signed_event(registry.sign_event(registry.build_event(operator, body), [officer]))
        + b"\n"
        for body in (Admit(party=operator, role="notary"), LedgerKey(log=vkey))
    )
    ndjson = {"content-type": "application/x-ndjson"}
    answer = own_site.ask("POST", "/v1/events?together=true", content=lines, headers=ndjson)
    assert [json.loads(line)["status"] for line in answer.content.splitlines()] == [422, 413]
    assert registry.read_end().size == size, "none of them was written"


def test_a_key_that_the_node_does_not_have_is_answered_with_what_is_missing(own_site, tmp_path):
    stranger = KeyRing(tmp_path / "keys", None).create("log")
    now = own_site.node.registry.log_key
    vkey = format_vkey(create_verifier_key(now.name, now.algorithm, stranger.public_key))
    size = own_site.node.registry.read_end().size
    answer = post(own_site, LedgerKey(log=vkey))
    assert (answer.status_code, answer.json()["reason"]) == (422, "log_key_missing")
    assert own_site.node.registry.read_end().size == size
