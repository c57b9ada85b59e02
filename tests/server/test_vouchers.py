"""The routes to vouchers and documents: what they answer is verified by two programs."""

import json
import time
from hashlib import sha256

import pytest

from contracts.verdict import Question
from ledger.core.policy import parse_policy
from node.verifier import verify_file
from tests.support.independent_verifier import verify_voucher


def now():
    return time.time_ns() // 1_000_000


def test_a_voucher_verifies_offline(site, trade):
    response = site.get(f"/v1/vouchers/{trade.number}")
    assert response.status_code == 200
    report = verify_file(response.content, parse_policy(trade.policy), Question(now=now()))
    assert report.failure is None
    assert (report.is_authentic, report.is_in_force) == (True, True)
    verdict = verify_voucher(response.content, trade.policy, now=now())
    assert verdict["subject"] == f"voucher/{trade.number}"
    assert verdict["in_force"]


def test_a_voucher_is_the_one_that_the_command_exports(site, trade):
    document = site.json(f"/v1/vouchers/{trade.number}")
    assert document.keys() == {"format", "credential", "issued", "state", "asset"}
    assert document["asset"]["subject"] == trade.asset


def test_a_voucher_is_proved_as_of_a_size(site, trade):
    found = {}
    for row in site.node.reader.iterate_blocks():
        response = site.get(f"/v1/vouchers/{trade.number}?size={row.size}")
        found[row.size] = response.status_code
        if response.status_code == 200:
            assert verify_voucher(response.content, trade.policy, now=now())["in_force"]
            assert json.loads(response.content)["issued"]["proof"].count(f"\n{row.size}\n") == 1
    assert set(found.values()) == {200, 404}, "it was not there before it was issued"


@pytest.mark.parametrize("number", ["TEST9999999999", "A", "A" * 40])
def test_a_number_that_nobody_issued_is_not_found(site, number):
    assert site.problem(f"/v1/vouchers/{number}", 404)["code"] == "not_found"


@pytest.mark.parametrize("number", ["test2026", "A" * 41, "%20", "TEST-1", "TEST%0A", "..", "凭证"])
def test_what_is_no_number_is_refused(site, number):
    assert site.get(f"/v1/vouchers/{number}").status_code in {400, 404}
    assert site.get(f"/v1/vouchers/{number}").headers["content-type"] == "application/problem+json"


def test_a_credential_is_found_by_the_digest_that_the_log_names(site, trade):
    state = site.json(f"/v1/state/voucher/{trade.number}")["value"]["state"]
    response = site.get(f"/v1/documents/{state['credential']}")
    assert sha256(response.content).hexdigest() == state["credential"]
    assert response.headers["content-type"] == "application/octet-stream"
    assert "immutable" in response.headers["cache-control"]
    credential = site.json(f"/v1/vouchers/{trade.number}")["credential"]
    assert json.loads(response.content) == credential


def test_a_document_that_nobody_named_is_not_found(site):
    assert site.problem("/v1/documents/" + "0" * 64, 404)["code"] == "not_found"
    for wrong in ("0" * 63, "A" * 64, "0" * 64 + "%0A"):
        assert site.problem(f"/v1/documents/{wrong}", 400)["code"] == "malformed"
