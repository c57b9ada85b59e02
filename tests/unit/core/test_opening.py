from dataclasses import replace

import pytest

from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.cosignature import Cosignature, encode_cosignature
from ledger.core.note import SignatureLine
from ledger.core.opening import open_checkpoint, verify_seal_time
from ledger.core.policy import Group, Log, Policy, Witness
from ledger.errors import BundleError, LimitError, MalformedError, QuorumError, SignatureError
from tests.support.note_signers import (
    log_signer,
    mldsa_signer,
    note_bytes,
    spoil,
    witness_signer,
)

ORIGIN = "example.org/ledger"
BODY = Checkpoint(ORIGIN, 57, bytes(range(32)))
TEXT = format_checkpoint(BODY)
TIME = 1_763_800_000
SEAL_TIME = TIME * 1000 + 124

LOG = log_signer(ORIGIN)
MLDSA_LOG = mldsa_signer(ORIGIN)
OTHER_LOG = log_signer("example.org/other")
A, B, C = (witness_signer(f"{name}.example") for name in "abc")
AUDITOR = mldsa_signer("auditor.example")
STRANGER = witness_signer("stranger.example")
LOG_LINE = LOG.sign(TEXT)

WITNESSES = (
    Witness(b"a", A.key),
    Witness(b"b", B.key),
    Witness(b"c", C.key),
    Witness(b"auditor.x", AUDITOR.key),
)
OPERATOR_ONLY = Policy((Log(LOG.key),))
TWO_OF_FOUR = Policy(
    (Log(LOG.key), Log(MLDSA_LOG.key), Log(OTHER_LOG.key)),
    WITNESSES,
    (Group(b"q", 2, (b"a", b"b", b"c", b"auditor.x")),),
    b"q",
)


def cosigned(*pairs, log_line=LOG_LINE, text=TEXT):
    return note_bytes(text, log_line, *(signer.sign(text, time) for signer, time in pairs))


def names_and_times(opened):
    return [(cosigner.name, cosigner.timestamp) for cosigner in opened.cosigners]


def test_with_quorum_none_the_signature_of_the_log_is_enough():
    data = cosigned()
    opened = open_checkpoint(OPERATOR_ONLY, data)
    assert (opened.policy, opened.data, opened.body) == (OPERATOR_ONLY, data, BODY)
    assert opened.cosigners == ()
    assert opened.is_operator_claim
    assert not opened.is_audited
    assert opened.as_of(SEAL_TIME) == SEAL_TIME


def test_any_log_of_the_policy_with_this_origin_may_have_signed():
    for line in (LOG_LINE, MLDSA_LOG.sign(TEXT)):
        data = cosigned((A, TIME), (B, TIME), log_line=line)
        assert open_checkpoint(TWO_OF_FOUR, data).body == BODY


def test_the_result_names_the_cosigners_in_the_order_of_the_policy():
    data = cosigned((AUDITOR, TIME + 2), (STRANGER, TIME), (B, TIME + 1))
    opened = open_checkpoint(TWO_OF_FOUR, data)
    assert names_and_times(opened) == [("b", TIME + 1), ("auditor.x", TIME + 2)]
    assert [cosigner.key_name for cosigner in opened.cosigners] == ["b.example", "auditor.example"]
    assert not opened.is_operator_claim


def test_names_that_are_not_utf8_can_be_shown():
    policy = replace(OPERATOR_ONLY, witnesses=(Witness(b"\xe7\x99\xbb\xff", A.key),))
    opened = open_checkpoint(policy, cosigned((A, TIME)))
    assert names_and_times(opened) == [("\u767b\\xff", TIME)]
    opened.cosigners[0].name.encode()


def test_a_quorum_that_is_not_utf8_is_named_too():
    name = b"\xe7\x99\xbb\xff"
    policy = replace(TWO_OF_FOUR, groups=(Group(name, 1, (b"a",)),), quorum=name)
    with pytest.raises(QuorumError, match=r"\u767b\\xff"):
        open_checkpoint(policy, cosigned())


REFUSED = {
    "signed by no log": note_bytes(TEXT, A.sign(TEXT, TIME), B.sign(TEXT, TIME)),
    "signed by an unknown log": cosigned(
        (A, TIME), (B, TIME), log_line=log_signer(ORIGIN, label="thief").sign(TEXT)
    ),
    "signed by the log of another origin": cosigned(
        (A, TIME), (B, TIME), log_line=OTHER_LOG.sign(TEXT)
    ),
    "signed by nobody known": note_bytes(TEXT, STRANGER.sign(TEXT, TIME)),
    "the log's signature is of another text": cosigned(
        (A, TIME), (B, TIME), log_line=LOG.sign(TEXT.replace("57", "58"))
    ),
    "the log's signature is spoilt": cosigned((A, TIME), (B, TIME), log_line=spoil(LOG_LINE)),
    "a witness's signature is spoilt": note_bytes(
        TEXT, LOG_LINE, A.sign(TEXT, TIME), B.sign(TEXT, TIME), spoil(C.sign(TEXT, TIME))
    ),
    "a witness's time is spoilt": note_bytes(
        TEXT, LOG_LINE, A.sign(TEXT, TIME), B.sign(TEXT, TIME), spoil(C.sign(TEXT, TIME), 7)
    ),
    "a witness's line is cut off": note_bytes(
        TEXT,
        LOG_LINE,
        A.sign(TEXT, TIME),
        B.sign(TEXT, TIME),
        replace(C.sign(TEXT, TIME), signature=b"short"),
    ),
    "a second line of a witness is spoilt": note_bytes(
        TEXT, LOG_LINE, A.sign(TEXT, TIME), B.sign(TEXT, TIME), spoil(A.sign(TEXT, TIME))
    ),
    "a second log's signature is spoilt": note_bytes(
        TEXT, LOG_LINE, spoil(MLDSA_LOG.sign(TEXT)), A.sign(TEXT, TIME), B.sign(TEXT, TIME)
    ),
    "an auditor's signature is spoilt": note_bytes(
        TEXT, LOG_LINE, A.sign(TEXT, TIME), B.sign(TEXT, TIME), spoil(AUDITOR.sign(TEXT, TIME))
    ),
    "a cosignature of the year 10000": cosigned((A, TIME), (B, 253_402_300_800)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_checkpoint_that_is_signed_otherwise_is_refused(name):
    with pytest.raises(SignatureError):
        open_checkpoint(TWO_OF_FOUR, REFUSED[name])


TOO_FEW = {
    "nobody": ((), "by no witness of"),
    "one": ((B,), "by b of"),
    "one and a stranger": ((A, STRANGER), "by a of"),
    "one twice": ((A, A), "by a of"),
}


@pytest.mark.parametrize("name", TOO_FEW)
def test_too_few_cosigners_are_refused(name):
    signers, message = TOO_FEW[name]
    data = cosigned(*((signer, TIME + i) for i, signer in enumerate(signers)))
    with pytest.raises(QuorumError, match=f"{message} the policy, which does not meet q"):
        open_checkpoint(TWO_OF_FOUR, data)


def test_the_last_second_of_the_year_9999_can_still_be_shown():
    data = cosigned((A, 253_402_300_799), (B, 253_402_300_799))
    opened = open_checkpoint(TWO_OF_FOUR, data)
    assert opened.as_of(SEAL_TIME) == 253_402_300_799_000


def test_a_stranger_cannot_spoil_a_checkpoint():
    data = note_bytes(
        TEXT,
        LOG_LINE,
        A.sign(TEXT, TIME),
        B.sign(TEXT, TIME),
        spoil(STRANGER.sign(TEXT, TIME)),
        SignatureLine("a.example", b"abcd", b"?"),
        SignatureLine("x", A.key.key_id, b"?"),
    )
    assert len(open_checkpoint(TWO_OF_FOUR, data).cosigners) == 2


def test_a_witness_counts_only_with_its_own_kind_of_signature():
    plain = log_signer("a.example").sign(TEXT)
    disguised = SignatureLine(
        "a.example", A.key.key_id, encode_cosignature(Cosignature(TIME, plain.signature))
    )
    with pytest.raises(QuorumError):
        open_checkpoint(TWO_OF_FOUR, note_bytes(TEXT, LOG_LINE, plain, B.sign(TEXT, TIME)))
    with pytest.raises(SignatureError):
        open_checkpoint(TWO_OF_FOUR, note_bytes(TEXT, LOG_LINE, disguised, B.sign(TEXT, TIME)))


def test_a_policy_without_logs_believes_nothing():
    with pytest.raises(SignatureError, match="no log"):
        open_checkpoint(Policy((), WITNESSES), cosigned((A, TIME)))


def test_extension_lines_need_a_signature_that_covers_them():
    extended = format_checkpoint(replace(BODY, extensions=("more",)))
    pairs = [(A, TIME), (B, TIME)]
    data = cosigned(*pairs, log_line=LOG.sign(extended), text=extended)
    assert open_checkpoint(TWO_OF_FOUR, data).body.extensions == ("more",)
    data = cosigned(*pairs, log_line=MLDSA_LOG.sign(TEXT), text=extended)
    with pytest.raises(SignatureError, match="does not cover"):
        open_checkpoint(TWO_OF_FOUR, data)


def test_what_is_no_checkpoint_is_malformed():
    for text in ("hello\n", f"{TEXT}\n"):
        with pytest.raises(MalformedError):
            open_checkpoint(OPERATOR_ONLY, note_bytes(text, LOG.sign(text)))
    with pytest.raises(MalformedError):
        open_checkpoint(OPERATOR_ONLY, TEXT.encode())
    with pytest.raises(LimitError):
        open_checkpoint(OPERATOR_ONLY, bytes(65537))


AS_OF = {
    "the second newest of two": ([(A, 10), (B, 20)], 10),
    "in the other order": ([(B, 20), (A, 10)], 10),
    "the second newest of three": ([(A, 10), (B, 20), (C, 30)], 20),
    "two at one time": ([(A, 10), (B, 20), (C, 20)], 20),
    "the newer of two lines of one witness": ([(A, 10), (B, 30), (A, 20)], 20),
    "the same the other way round": ([(A, 20), (B, 30), (A, 10)], 20),
    "a stranger does not count": ([(A, 10), (B, 20), (STRANGER, 30)], 10),
    "no time stated": ([(A, 10), (AUDITOR, 0)], 0),
}


@pytest.mark.parametrize("name", AS_OF)
def test_as_of_is_the_largest_time_whose_cosigners_meet_the_quorum(name):
    pairs, expected = AS_OF[name]
    opened = open_checkpoint(TWO_OF_FOUR, cosigned(*pairs))
    assert opened.as_of(SEAL_TIME) == expected * 1000


def test_as_of_follows_the_groups_of_the_policy():
    nested = Policy(
        (Log(LOG.key),),
        WITNESSES,
        (Group(b"any", 1, (b"a", b"b")), Group(b"q", 2, (b"any", b"c"))),
        b"q",
    )
    opened = open_checkpoint(nested, cosigned((A, 40), (B, 30), (C, 20)))
    assert opened.as_of(SEAL_TIME) == 20_000
    opened = open_checkpoint(nested, cosigned((A, 10), (B, 30), (C, 20)))
    assert opened.as_of(SEAL_TIME) == 20_000
    opened = open_checkpoint(nested, cosigned((A, 10), (C, 20)))
    assert opened.as_of(SEAL_TIME) == 10_000


def test_with_quorum_none_cosignatures_leave_it_the_operators_claim():
    policy = replace(TWO_OF_FOUR, quorum=b"none")
    opened = open_checkpoint(policy, cosigned((A, TIME)))
    assert names_and_times(opened) == [("a", TIME)]
    assert opened.is_operator_claim
    assert opened.as_of(SEAL_TIME) == SEAL_TIME


def test_as_of_of_a_value_made_by_hand_without_its_quorum_is_our_bug():
    opened = open_checkpoint(TWO_OF_FOUR, cosigned((A, TIME), (B, TIME)))
    with pytest.raises(AssertionError):
        replace(opened, cosigners=opened.cosigners[:1]).as_of(SEAL_TIME)


@pytest.mark.parametrize(
    ("pairs", "audited"),
    [
        ([(A, TIME), (B, TIME)], False),
        ([(A, TIME), (AUDITOR, TIME)], True),
        ([(A, TIME), (B, TIME), (AUDITOR, TIME)], True),
    ],
    ids=["without", "within the quorum", "beyond the quorum"],
)
def test_a_checkpoint_is_audited_if_an_auditor_of_the_policy_cosigned_it(pairs, audited):
    assert open_checkpoint(TWO_OF_FOUR, cosigned(*pairs)).is_audited == audited


def test_only_the_name_in_the_policy_makes_an_auditor():
    named_otherwise = replace(
        OPERATOR_ONLY,
        witnesses=(
            Witness(b"Auditor.x", AUDITOR.key),
            Witness(b"auditor", A.key),
            Witness(b"x.auditor.", B.key),
        ),
    )
    opened = open_checkpoint(named_otherwise, cosigned((AUDITOR, TIME), (A, TIME), (B, TIME)))
    assert len(opened.cosigners) == 3
    assert not opened.is_audited


@pytest.mark.parametrize("newest", [TIME, TIME + 1])
def test_a_seal_up_to_5_minutes_after_the_newest_cosignature_is_accepted(newest):
    opened = open_checkpoint(TWO_OF_FOUR, cosigned((A, TIME - 1000), (B, newest)))
    limit = newest * 1000 + 5 * 60 * 1000
    verify_seal_time(opened, 0)
    verify_seal_time(opened, limit)
    with pytest.raises(BundleError):
        verify_seal_time(opened, limit + 1)


def test_without_cosignatures_there_is_nothing_to_hold_the_seal_against():
    verify_seal_time(open_checkpoint(OPERATOR_ONLY, cosigned()), 2**53 - 1)


def test_with_quorum_none_a_cosignature_still_bounds_the_seal():
    policy = replace(TWO_OF_FOUR, quorum=b"none")
    opened = open_checkpoint(policy, cosigned((A, TIME)))
    with pytest.raises(BundleError):
        verify_seal_time(opened, TIME * 1000 + 300_001)
