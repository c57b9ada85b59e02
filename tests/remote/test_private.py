"""Private lookups of a node: what it is asked, and that nothing false is believed."""

import json

import pytest

from ledger.core.mappages import hash_key
from ledger.core.subjects import SELF
from ledger.core.text import format_base64url, parse_base64url
from ledger.errors import VerificationError


@pytest.fixture
def client(reader):
    """Subjects that are there, a client, and somebody in between."""
    market, registry, between = reader
    return [market.asset, market.grant, f"voucher/{market.number}"], registry, between


def paths(between):
    return [path.partition("?")[0] for _, path, _ in between.asked]


@pytest.mark.parametrize("digits", [0, 1, 2])
def test_a_node_learns_the_prefix_and_not_the_subject(client, digits):
    keys, registry, between = client
    prover = registry.prover()
    before = len(between.asked)
    for key in keys:
        bucket = prover.prove_bucket(hash_key(key).hex()[:digits])
        assert bucket.find(hash_key(key)) is not None
    prefixes = [hash_key(key).hex()[:digits] for key in keys]
    wanted = [f"v1/bucket/{prefix}" if prefix else "v1/bucket" for prefix in prefixes]
    assert paths(between)[before:] == wanted
    assert {path for path in paths(between)[:before] if "state" in path} <= {f"v1/state/{SELF}"}


def tampered(document, change):
    raw = bytearray(parse_base64url(document["leaves"]))
    return document | {"leaves": format_base64url(bytes(change(raw)))}


LIES = {
    "a subject is left out": lambda one, other: tampered(one, lambda raw: raw[64:]),
    "a value is another": lambda one, other: tampered(
        one, lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])
    ),
    "everything is left out": lambda one, other: one | {"leaves": ""},
    "another bucket": lambda one, other: other,
    "another bucket under this prefix": lambda one, other: other | {"prefix": one["prefix"]},
    "no bucket": lambda one, other: {},
    "the siblings are gone": lambda one, other: one | {"siblings": "AAA"},
}


@pytest.mark.parametrize("name", LIES)
def test_no_changed_bucket_is_believed(client, name):
    keys, registry, between = client
    prover = registry.prover()
    prefix = hash_key(keys[0]).hex()[:1]
    other = "v1/bucket/" + format(int(prefix, 16) ^ 8, "x")
    documents = {}

    def keep(path, status, body):
        documents[path.partition("?")[0]] = json.loads(body)
        return body

    between.change = keep
    prover.prove_bucket(prefix)
    prover.prove_bucket(other[-1])
    lie = LIES[name](documents[f"v1/bucket/{prefix}"], documents[other])
    between.change = lambda path, status, body: json.dumps(lie).encode()
    with pytest.raises(VerificationError):
        prover.prove_bucket(prefix)


def test_the_map_of_another_checkpoint_is_not_taken(client):
    _, registry, between = client
    prover = registry.prover()
    real = between.handle_request

    def older(request):
        path = request.url.raw_path.decode().replace(f"size={prover.anchor.size}", "size=2")
        return real(type(request)("GET", f"http://node{path}"))

    between.handle_request = older
    with pytest.raises(VerificationError):
        prover.prove_bucket("")


def test_the_command_asks_a_node(solo, founded):
    said = solo.json("query", "private", founded.number, "TEST2026119999", code=5)
    assert [item["present"] for item in said["items"]] == [True, False]
    assert [
        item["current"] for item in solo.json("query", "private", founded.voucher)["items"]
    ] == [
        True,
        True,
    ]
