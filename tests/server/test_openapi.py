"""What the routes that read say of themselves is so: schemas, examples, problems."""

import json
import re

import pytest

from ledger.core.opening import open_checkpoint
from ledger.core.policy import parse_policy
from ledger.core.tlogproof import parse_tlog_proof
from node.server.pages import read_examples
from tests.support.independent_answers import verify_check
from tests.support.independent_files import open_receipt
from tests.support.independent_proofs import open_proofs
from tests.support.independent_queries import verify_state
from tests.support.independent_verifier import verify_voucher
from tests.support.json_schema import is_valid
from tests.support.ledgers import FakeClock
from tests.support.node_examples import (
    RENEWABLE_MS,
    is_verified,
    make_examples,
    paths_of,
    shape_of,
    with_clock,
)
from tests.support.site import Site

NOW = 2_000_000_000_000
READS = {
    "latest_checkpoint", "event", "entry", "inclusion", "consistency", "block", "state", "dossier",
    "subjects", "listings", "listing", "voucher", "document", "search", "registrations", "title",
    "check", "stream",
}  # fmt: skip


@pytest.fixture(scope="module")
def described(site):
    return site.json("/openapi.json")


@pytest.fixture(scope="module")
def operations(described):
    """Operations that read, by their names."""
    found = {
        operation["operationId"]: operation
        for path in described["paths"].values()
        for operation in path.values()
    }
    return {name: found[name] for name in READS}


@pytest.fixture(scope="module")
def made(site, trade):
    """The examples, made anew."""
    now = site.node.registry.clock.now()
    late = Site(with_clock(site.node, FakeClock(now + RENEWABLE_MS)), site.loop)
    return make_examples(trade, site, late)


def content_of(operation):
    """Media type, and what is said of the answer with status 200."""
    ((media_type, content),) = operation["responses"]["200"]["content"].items()
    return media_type, content


def test_it_is_openapi_3_1(described):
    assert re.fullmatch(r"3\.1\.\d+", described["openapi"])


def test_every_route_says_what_it_does_and_what_can_go_wrong(operations):
    for name, operation in operations.items():
        assert operation["summary"], name
        assert operation["description"], name
        assert {"200", "400", "429", "503", "default"} <= operation["responses"].keys(), name
        assert "422" not in operation["responses"] or name == "check"
        for status, response in operation["responses"].items():
            assert response["description"], (name, status)
            if status != "200":
                assert response["content"].keys() == {"application/problem+json"}, (name, status)
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (name, parameter["name"])


def test_every_example_is_shown(operations):
    examples = read_examples()
    for name, operation in operations.items():
        if name != "document":  # bytes
            assert content_of(operation)[1]["example"] == examples[name]
    body = operations["check"]["requestBody"]["content"]["application/json"]
    assert body["example"] == examples["check_request"]


def test_every_example_is_of_the_shape_that_the_routes_answer(made):
    kept = read_examples()
    assert kept.keys() == made.keys()
    for name, value in made.items():
        assert shape_of(kept[name]) == shape_of(value), name


def test_what_the_routes_answer_is_what_their_schemas_say(made, operations):
    for name, operation in operations.items():
        media_type, content = content_of(operation)
        if media_type == "application/json":
            assert is_valid(content["schema"], made[name]), name


def test_a_schema_finds_what_is_missing_or_too_much(made, operations):
    for name in ("entry", "state", "voucher", "consistency", "search", "title"):
        schema = content_of(operations[name])[1]["schema"]
        assert not is_valid(schema, made[name] | {"more": 1})
        for member in made[name]:
            rest = {key: value for key, value in made[name].items() if key != member}
            assert not is_valid(schema, rest), (name, member)


FILES = ("event", "entry", "state", "dossier", "voucher", "check")


@pytest.mark.parametrize("name", FILES)
def test_every_example_that_is_a_proof_verifies(name):
    examples = read_examples()
    assert is_verified(examples[name], examples["policy"], NOW)


@pytest.mark.parametrize("name", FILES)
def test_an_example_under_another_policy_does_not_verify(name, trade):
    assert not is_verified(read_examples()[name], trade.policy.decode(), NOW)


def test_another_program_accepts_the_examples_too():
    examples = read_examples()
    policy = examples["policy"].encode()

    def data(name):
        return json.dumps(examples[name]).encode()

    assert open_receipt(examples["event"], policy, "grant.accept")
    assert verify_state(data("state"), policy)
    assert open_proofs([], [examples["dossier"]], policy).events
    assert verify_voucher(data("voucher"), policy, now=NOW)
    assert verify_check(data("check"), policy)


def test_the_example_of_inclusion_is_of_the_event_s_entry():
    examples = read_examples()
    proof = parse_tlog_proof(examples["inclusion"].encode())
    receipt = parse_tlog_proof(examples["event"]["proof"].encode())
    assert proof == receipt
    opened = open_checkpoint(parse_policy(examples["policy"].encode()), proof.checkpoint)
    assert opened.data == examples["latest_checkpoint"].encode()


def test_every_path_of_an_example_is_a_route(described, trade, site):
    templates = [re.compile(re.sub(r"\{[^}]+\}", ".+", path)) for path in described["paths"]]
    for path in paths_of(trade, site).values():
        assert any(template.fullmatch(path.partition("?")[0]) for template in templates), path
