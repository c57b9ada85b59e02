"""Verifying files without a registry: what kinds there are and what is none."""

import json
import shutil
from pathlib import Path

import pytest

from contracts.verdict import EARLIER_HISTORY, Question
from ledger.core.bundle import format_receipt
from ledger.core.dossier import format_dossier
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.policy import parse_policy
from ledger.core.tlogproof import format_tlog_proof
from ledger.errors import LimitError, MalformedError
from node.registry import open_registry
from node.verifier import MAX_FILE_BYTES, parse_openings, verify_file
from tests.node.test_registry import enrol
from tests.support.people import START

OPENING = {"by": "party/a", "field": "content.0", "log": "l", "salt": "s", "value": {}}
OPENINGS = {"format": "muniment/opening/v1", "asset": "asset/a", "openings": [OPENING]}


@pytest.fixture(scope="module")
def made(solo_home, tmp_path_factory):
    """A policy, a party that changed its roles three times, and a prover."""
    from contracts.party import Admit
    from tests.support.ledgers import FakeClock

    home = tmp_path_factory.mktemp("verifier") / "home"
    shutil.copytree(solo_home, home)
    with open_registry(home, None, is_writer=True, clock=FakeClock(START)) as registry:
        event, party = enrol(registry, "a")
        registry.submit([event], {})
        regulator = registry.ring.load("operator")
        for role in ("notary", "valuer", "certifier"):
            body = Admit(party=party, role=role)
            built = registry.build_event(registry.ledger.regulator, body)
            registry.submit([registry.sign_event(built, [regulator])], {})
        yield parse_policy(registry.home.policy.read_bytes()), party, registry.prover()


def judge(made, data, **options):
    document = data if isinstance(data, bytes) else json.dumps(data).encode()
    return verify_file(document, made[0], Question(START), **options)


def test_a_dossier_that_starts_later_says_that_the_rest_was_not_seen(made):
    _, party, prover = made
    whole = judge(made, format_dossier(prover.prove_history(party)))
    page = judge(made, format_dossier(prover.prove_history(party, 2)))
    assert whole.is_authentic
    assert page.is_authentic
    assert EARLIER_HISTORY not in whole.not_checked
    assert EARLIER_HISTORY in page.not_checked


def test_a_receipt_of_a_seal_is_about_nobody(made):
    report = judge(made, format_receipt(made[2].prove_leaf(1)))
    assert (report.is_authentic, report.subject) == (True, "")


def test_a_tlog_proof_is_about_its_entry(made):
    receipt = made[2].prove_leaf(2)
    text = format_tlog_proof(receipt.proof)
    assert judge(made, text, entry=receipt.leaf).is_authentic
    for entry in (None, b"", receipt.leaf + b" ", made[2].prove_leaf(0).leaf):
        assert not judge(made, text, entry=entry).is_authentic


def test_a_tlog_proof_with_an_extra_line_is_refused(made):
    receipt = made[2].prove_leaf(2)
    header, rest = format_tlog_proof(receipt.proof).split(b"\n", 1)
    report = judge(made, header + b"\nextra AAAA\n" + rest, entry=receipt.leaf)
    assert isinstance(report.failure, MalformedError)
    assert "extra line" in str(report.failure)


def test_only_a_dossier_may_be_as_large_as_a_dossier(made):
    padding = b" " * MAX_BUNDLE_BYTES
    receipt = json.dumps(format_receipt(made[2].prove_leaf(2))).encode()
    dossier = json.dumps(format_dossier(made[2].prove_history(made[1]))).encode()
    assert isinstance(judge(made, receipt + padding).failure, LimitError)
    assert judge(made, dossier + padding).is_authentic
    beyond = b" " * MAX_FILE_BYTES
    assert isinstance(judge(made, dossier + beyond).failure, LimitError)


def test_a_failure_is_a_failed_check_too(made):
    report = judge(made, b"{}")
    assert [check.is_ok for check in report.checks] == [False]
    assert (report.is_authentic, report.is_in_force) == (False, False)


BAD_OPENINGS = {
    "another format": {"format": "muniment/opening/v2"},
    "openings that are no list": {"openings": {}},
    "an opening that is no object": {"openings": ["x"]},
    "an opening without its salt": {
        "openings": [{k: v for k, v in OPENING.items() if k != "salt"}]
    },
    "an opening with one member more": {"openings": [OPENING | {"x": 1}]},
    "one member more": {"x": 1},
}


@pytest.mark.parametrize("name", BAD_OPENINGS)
def test_a_malformed_opening_file_is_refused(name):
    assert parse_openings(json.dumps(OPENINGS).encode()) == [OPENING]
    with pytest.raises(MalformedError):
        parse_openings(json.dumps(OPENINGS | BAD_OPENINGS[name]).encode())


def test_an_opening_file_is_bounded():
    with pytest.raises(LimitError):
        parse_openings(json.dumps(OPENINGS).encode() + b" " * MAX_BUNDLE_BYTES)


def test_the_verifier_needs_no_home(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert judge(made, format_receipt(made[2].prove_leaf(2))).is_authentic
    assert list(Path().iterdir()) == []
