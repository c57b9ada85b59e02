"""What a report says: whose word it rests on, what was not checked, and how old it may be."""

import pytest

from contracts.verdict import (
    FRESHNESS,
    KEY_OWNER,
    NATIONAL_SYSTEM,
    REEXECUTED,
    RULES_FOLLOWED,
    SPLIT_VIEW,
    Question,
    Report,
    check_expectation,
    format_report,
    note_failure,
    note_seal,
)
from contracts.voucher import judge_voucher, parse_voucher
from ledger.core.checkpoint import Checkpoint, format_checkpoint
from ledger.core.policy import Group, Log, Policy, Witness
from ledger.errors import (
    BundleError,
    LimitError,
    MalformedError,
    QuorumError,
    SignatureError,
    VerificationError,
)
from tests.support import reference
from tests.support.forgery import (
    AUDITED,
    AUDITOR,
    POLICY,
    QUORUM,
    WITNESSES,
    honest_parts,
    judge,
)
from tests.support.log_builder import LOG
from tests.support.note_signers import note_bytes, spoil

TIME = honest_parts().time
SECONDS = TIME // 1000
ALWAYS = [NATIONAL_SYSTEM, KEY_OWNER]


def cosigned(*witnesses, seconds=SECONDS):
    parts = honest_parts()
    parts.cosigned = [(witness, seconds) for witness in witnesses]
    return parts.bundle()


def names(report):
    return [check.name for check in report.checks]


# Policies


def test_an_operators_word_is_called_so():
    report = judge(cosigned())
    assert report.not_checked == [*ALWAYS, SPLIT_VIEW, REEXECUTED, RULES_FOLLOWED, FRESHNESS]
    assert (report.as_of, "quorum" in names(report)) == (TIME, False)


def test_a_quorum_takes_split_views_off_the_list():
    report = judge(cosigned(WITNESSES[0], WITNESSES[2]), QUORUM)
    assert report.not_checked == [*ALWAYS, REEXECUTED, RULES_FOLLOWED, FRESHNESS]
    assert "quorum" in names(report)
    detail = next(check.detail for check in report.checks if check.name == "quorum")
    assert detail == "cosigned by w1, w3"


def test_an_auditor_takes_the_rules_off_the_list():
    report = judge(cosigned(AUDITOR), AUDITED)
    assert report.not_checked == [*ALWAYS, FRESHNESS]
    assert {"quorum", REEXECUTED} <= set(names(report))


def test_one_auditor_among_the_witnesses_is_enough_and_none_is_not():
    witnesses = (Witness(b"w1", WITNESSES[0].key), Witness(b"auditor.one", AUDITOR.key))
    group = Group(b"any", 1, (b"w1", b"auditor.one"))
    policy = Policy((Log(LOG.key),), witnesses, (group,), b"any")
    with_auditor = judge(cosigned(WITNESSES[0], AUDITOR), policy)
    assert REEXECUTED in names(with_auditor)
    without = judge(cosigned(WITNESSES[0]), policy)
    assert {REEXECUTED, RULES_FOLLOWED} <= set(without.not_checked)
    assert REEXECUTED not in names(without)


def test_an_auditor_that_the_policy_does_not_know_says_nothing():
    report = judge(cosigned(WITNESSES[0], WITNESSES[1], AUDITOR), QUORUM)
    assert REEXECUTED in report.not_checked


@pytest.mark.parametrize("present", [[], [0], [1]])
def test_too_few_cosignatures_are_refused(present):
    with pytest.raises(QuorumError):
        judge(cosigned(*(WITNESSES[n] for n in present)), QUORUM)


def test_an_audit_that_the_policy_asks_for_has_to_be_there():
    with pytest.raises(QuorumError):
        judge(cosigned(*WITNESSES), AUDITED)


def test_a_spoilt_cosignature_is_refused_beside_good_ones():
    parts = honest_parts()
    ledger = parts.ledger()
    text = format_checkpoint(Checkpoint(LOG.name, 2, reference.mth(ledger.leaves)))
    lines = [witness.sign(text, SECONDS) for witness in WITNESSES]
    note = note_bytes(text, LOG.sign(text), spoil(lines[0]), *lines[1:])
    with pytest.raises(SignatureError):
        judge(parts.bundle(note), QUORUM)


def test_a_seal_much_later_than_its_cosignatures_is_refused():
    judge(cosigned(*WITNESSES, seconds=SECONDS - 300), QUORUM)
    with pytest.raises(BundleError, match="5 minutes"):
        judge(cosigned(*WITNESSES, seconds=SECONDS - 301), QUORUM)


# Age


@pytest.mark.parametrize(("age", "is_taken"), [(0, True), (60_000, True), (60_001, False)])
def test_a_proof_is_at_most_as_old_as_asked(age, is_taken):
    if is_taken:
        report = judge(cosigned(), max_age_ms=60_000, now=TIME + age)
        assert FRESHNESS not in report.not_checked
        assert FRESHNESS in names(report)
    else:
        with pytest.raises(QuorumError, match="60 s old, more than the 60 s allowed"):
            judge(cosigned(), max_age_ms=60_000, now=TIME + age)


def test_with_a_quorum_age_counts_from_the_cosignatures():
    bundle = cosigned(*WITNESSES, seconds=SECONDS + 600)
    with pytest.raises(QuorumError, match="set the clock"):
        judge(bundle, QUORUM, max_age_ms=0, now=TIME)
    judge(bundle, QUORUM, max_age_ms=0, now=(SECONDS + 600) * 1000)
    with pytest.raises(QuorumError, match="ask for a newer one"):
        judge(bundle, QUORUM, max_age_ms=0, now=(SECONDS + 600) * 1000 + 1)


def test_a_proof_that_is_too_old_is_not_authentic():
    report = Report()
    question = Question(now=TIME + 2, max_age_ms=1)
    with pytest.raises(QuorumError):
        judge_voucher(parse_voucher(cosigned()), POLICY, question, report)
    assert not report.is_authentic
    assert [check.is_ok for check in report.checks if check.name == FRESHNESS] == [False]


def test_a_seal_is_judged_under_a_checkpoint():
    with pytest.raises(AssertionError):
        note_seal(Report(), honest_parts().ledger().values, Question(now=0))


# What it must be


@pytest.mark.parametrize("subject", ["voucher/TEST2026110001", "TEST2026110001", None])
@pytest.mark.parametrize("kind", ["voucher", None])
def test_what_was_asked_for_is_found(kind, subject):
    report = judge(cosigned(), expect_kind=kind, expect_subject=subject)
    assert report.is_authentic
    assert ("expected" in names(report)) == (kind is not None or subject is not None)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"expect_kind": "receipt"}, "this is a voucher, not a receipt"),
        ({"expect_subject": "TEST2026110002"}, "not about TEST2026110002"),
        ({"expect_subject": "asset/TEST2026110001"}, "not about asset/TEST2026110001"),
        ({"expect_kind": "voucher", "expect_subject": ""}, "not about "),
    ],
)
def test_something_else_than_asked_for_is_refused(question, message):
    with pytest.raises(VerificationError, match=message):
        judge(cosigned(), **question)


def test_an_expectation_that_fails_is_a_check_that_fails():
    report = Report(kind="state", subject="asset/x")
    with pytest.raises(VerificationError):
        check_expectation(report, Question(now=0, expect_kind="voucher"))
    assert [(check.name, check.is_ok) for check in report.checks] == [("expected", False)]


# The report


def test_a_check_says_how_it_went():
    report = Report()
    report.check("good", "fine", lambda: None)

    def fail():
        raise BundleError("because")

    with pytest.raises(BundleError):
        report.check("bad", "fine", fail)
    shown = [(check.name, check.is_ok, check.detail) for check in report.checks]
    assert shown == [("good", True, "fine"), ("bad", False, "because")]


def test_a_bug_is_not_taken_for_a_verdict():
    report = Report()
    with pytest.raises(ZeroDivisionError):
        report.check("bug", "fine", lambda: 1 // 0)
    assert not report.checks


def test_what_was_not_checked_is_named_once():
    report = Report()
    report.note_unchecked(FRESHNESS, SPLIT_VIEW)
    report.note_unchecked(SPLIT_VIEW, KEY_OWNER)
    assert report.not_checked == [FRESHNESS, SPLIT_VIEW, KEY_OWNER]


def test_a_failure_takes_the_verdict_back_and_is_always_shown():
    report = judge(cosigned())
    note_failure(report, MalformedError("wrong"))
    answer = format_report(report)
    assert (answer["verified"], answer["authentic"]) == (False, False)
    assert answer["checks"][-1] == {"name": "malformed", "ok": False, "detail": "wrong"}
    assert isinstance(report.failure, MalformedError)


def test_a_failure_that_a_check_has_shown_is_not_shown_twice():
    report = Report()
    failure = LimitError("too many")

    def fail():
        raise failure

    with pytest.raises(LimitError):
        report.check("size", "fine", fail)
    note_failure(report, failure)
    assert [(check.name, check.is_ok) for check in report.checks] == [("size", False)]


def test_the_words_of_what_was_not_checked_are_stable():
    assert ALWAYS == ["national system", "key belonged to party"]
    assert [SPLIT_VIEW, REEXECUTED, RULES_FOLLOWED, FRESHNESS] == [
        "split view",
        "state root re-executed",
        "rules followed",
        "freshness",
    ]


def test_a_report_has_the_shape_that_programs_read():
    answer = format_report(judge(cosigned(WITNESSES[1], WITNESSES[0]), QUORUM))
    assert set(answer) == {
        "verified",
        "authentic",
        "kind",
        "subject",
        "status",
        "marks",
        "as_of",
        "valid_until",
        "log",
        "cosigned_by",
        "cosigned_at",
        "checks",
        "not_checked",
        "shown",
    }
    assert answer["log"] == {"origin": LOG.name, "size": 2, "time": TIME}
    assert answer["cosigned_by"] == ["w1", "w2"]
    assert answer["cosigned_at"] == SECONDS * 1000
    assert all(set(check) == {"name", "ok", "detail"} for check in answer["checks"])


def test_a_report_on_nothing_keeps_its_shape():
    answer = format_report(Report())
    assert answer["verified"] is False
    assert answer["log"] == {"origin": None, "size": None, "time": None}
    assert (answer["cosigned_by"], answer["cosigned_at"], answer["as_of"]) == ([], None, None)
    assert set(answer) == set(format_report(judge(cosigned())))
