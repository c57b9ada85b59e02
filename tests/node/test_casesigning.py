"""Cases that whoever traced the file signed: what verifies, and what is noticed."""

import json

import pytest

from ledger.errors import BundleError, MalformedError, SignatureError, VerificationError
from ledger.keys import SigningKey
from node.bundles import encode_file
from node.tracing.casefile import write_case
from node.tracing.casejudge import SIGNED
from node.tracing.finding import FINDING_FILE, REPORT_FILES, SIGNATURE_FILE
from node.tracing.signing import format_signature, parse_signature, sign_finding
from tests.cli.conftest import market as market
from tests.support.desk import FIRST, HOLDER, SECOND, THIRD
from tests.support.leaks import (
    SURE,
    WEAK,
    edited,
    files_of,
    judge,
    make,
    make_case,
    open_leak,
    rebuilt,
)

CHANCES = {FIRST: SURE, THIRD: WEAK, SECOND: SURE}
SIGNER_FILE = "signer.state.json"


@pytest.fixture(scope="module")
def leak(market, tmp_path_factory):
    with open_leak(market, tmp_path_factory.mktemp("leak") / "home") as leak:
        yield leak


@pytest.fixture(scope="module")
def signed(leak):
    return make_case(leak, CHANCES, signer=HOLDER)


def signature_of(case):
    return parse_signature(json.loads(files_of(case)[SIGNATURE_FILE]))


def resigned(case, leak, **members):
    """The case with a signature of the holder's over something else."""
    told = {
        "data": files_of(case)[FINDING_FILE],
        "log": signature_of(case).log,
        "party": leak.desk.parties[HOLDER],
        "key": leak.desk.keys(HOLDER)[0],
    } | members
    made = format_signature(sign_finding(**told))
    return rebuilt(files_of(case) | {SIGNATURE_FILE: encode_file(made)})


def test_whoever_verifies_learns_who_signed(signed, leak):
    report = judge(signed, leak)
    assert report.is_in_force
    assert ("signed by", HOLDER) in report.shown
    assert SIGNED not in report.not_checked
    (check,) = [each for each in report.checks if each.name == "signature"]
    assert check.detail == f"signed by {leak.desk.keys(HOLDER)[0].did}"
    for path in REPORT_FILES.values():
        assert HOLDER in files_of(signed)[path].decode()


def test_that_nobody_signed_is_named_as_not_checked(leak):
    report = judge(make_case(leak, CHANCES), leak)
    assert report.is_in_force
    assert SIGNED in report.not_checked
    assert "signature" not in [each.name for each in report.checks]


def test_signing_again_gives_the_same_case(signed, leak):
    assert resigned(signed, leak) == signed


def other_party(leak):
    return leak.desk.parties[FIRST]


MANGLINGS = {
    "another finding": lambda leak: {"data": b"{}"},
    "another ledger": lambda leak: {"log": "example.org/other"},
    "another party": lambda leak: {"party": other_party(leak)},
    "another party, by its own key": lambda leak: {
        "party": other_party(leak),
        "key": leak.desk.keys(FIRST)[0],
    },
    "another party's key": lambda leak: {"key": leak.desk.keys(FIRST)[0]},
    "nobody's key": lambda leak: {"key": SigningKey(bytes(range(32)))},
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_another_signature_than_the_signers_over_this_finding_is_refused(signed, leak, name):
    report = judge(resigned(signed, leak, **MANGLINGS[name](leak)), leak)
    assert isinstance(report.failure, BundleError | SignatureError)
    assert (report.checks[-1].name, report.checks[-1].is_ok) == ("signature", False)


def test_every_byte_of_the_signature_counts(signed, leak):
    one = signature_of(signed)
    document = format_signature(one)
    for place in (0, 31, 32, 63):
        sig = bytearray(one.sig)
        sig[place] ^= 1
        changed = format_signature(type(one)(one.finding, one.log, one.party, one.key, bytes(sig)))
        assert changed != document
        files = files_of(signed) | {SIGNATURE_FILE: json.dumps(changed).encode()}
        assert isinstance(judge(rebuilt(files), leak).failure, SignatureError)


def test_a_finding_changed_after_it_was_signed_is_noticed(signed, leak):
    def soften(finding):
        finding["custody"]["how"] = "bought"

    report = judge(edited(signed, soften), leak)
    assert isinstance(report.failure, BundleError)
    assert judge(edited(make_case(leak, CHANCES), soften), leak).is_in_force


def test_a_signature_cannot_be_taken_off_or_put_on(signed, leak):
    bare = make_case(leak, CHANCES)
    for path in (SIGNATURE_FILE, SIGNER_FILE):
        left = {name: data for name, data in files_of(signed).items() if name != path}
        assert isinstance(judge(rebuilt(left), leak).failure, VerificationError)
        added = files_of(bare) | {path: files_of(signed)[path]}
        assert isinstance(judge(rebuilt(added), leak).failure, VerificationError)
    moved = files_of(signed) | {"more.json": files_of(signed)[SIGNATURE_FILE]}
    assert isinstance(judge(rebuilt(moved), leak).failure, MalformedError)


def test_the_state_of_another_party_does_not_vouch_for_the_key(signed, leak):
    other = files_of(make_case(leak, CHANCES, signer=FIRST))[SIGNER_FILE]
    report = judge(rebuilt(files_of(signed) | {SIGNER_FILE: other}), leak)
    assert isinstance(report.failure, BundleError)


def test_a_case_is_not_written_with_a_key_that_is_not_the_signers(leak):
    composed = make(leak, CHANCES, signer=HOLDER)
    with pytest.raises(SignatureError):
        write_case(composed.finding, composed.evidence, leak.desk.keys(FIRST)[0])
    bare = make(leak, CHANCES)
    with pytest.raises(AssertionError):
        write_case(bare.finding, bare.evidence, leak.desk.keys(HOLDER)[0])
    with pytest.raises(AssertionError):
        write_case(composed.finding, composed.evidence)


ODD = {
    "no format": lambda d: d.pop("format"),
    "another format": lambda d: d.update(format="muniment/finding-signature/v2"),
    "a member more": lambda d: d.update(more=1),
    "no digest": lambda d: d.update(finding="x"),
    "no key": lambda d: d.update(key="did:key:z6Mk"),
    "no party": lambda d: d.update(party=1),
    "a short signature": lambda d: d.update(sig=d["sig"][:-4]),
}


@pytest.mark.parametrize("name", ODD)
def test_a_signature_has_one_form(signed, name):
    document = json.loads(files_of(signed)[SIGNATURE_FILE])
    assert format_signature(parse_signature(document)) == document
    ODD[name](document)
    with pytest.raises(MalformedError):
        parse_signature(document)
