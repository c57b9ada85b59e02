"""The check bundle: a verdict about an act, with the proofs of every fact that it rests on.

```text
{"format":"muniment/check/v1","inquiry":{},"answer":{},"states":[],"dossiers":[]}
```

An answer `permitted` needs one route: the states of its chain. Any other answer needs the whole
history of the party, which names every grant that it ever got.

Spec: our formats, section 7; domain, section 5.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from contracts.chinese import ZH
from contracts.clocks import describe_instant
from contracts.evidence import (
    Facts,
    ProofSet,
    ProvedFacts,
    format_proof_set,
    note_date,
    open_proofs,
    parse_proof_set,
)
from contracts.grant import Issue
from contracts.permission import Answer, Inquiry, judge_act
from contracts.records import format_record, parse_record
from contracts.verdict import Question, Report, check_expectation
from ledger.core.canonical import encode_canonical
from ledger.core.entry import Entry
from ledger.core.members import take_format
from ledger.core.policy import Policy
from ledger.core.subjects import derive_id
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import BundleError

CHECK: Final = "muniment/check/v1"
KIND: Final = "check"
DUTIES: Final = "duties fulfilled"
STATED_FACTS: Final = "stated facts"

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class CheckBundle:
    """A check as read; nothing is verified."""

    inquiry: Inquiry
    answer: Answer
    proofs: ProofSet


def parse_check(value: Json) -> CheckBundle:
    """Read a check bundle.

    Raises:
        MalformedError: A member is missing, extra or mistyped.
        LimitError: A part is too large.
    """
    names = {"inquiry", "answer", "states", "dossiers"}
    members = take_format(value, names, CHECK, "a check")
    return CheckBundle(
        parse_record(Inquiry, members["inquiry"]),
        parse_record(Answer, members["answer"]),
        parse_proof_set(members["states"], members["dossiers"]),
    )


def format_check(bundle: CheckBundle) -> JsonObject:
    """The check as it stands in files."""
    return {
        "format": CHECK,
        "inquiry": format_record(bundle.inquiry),
        "answer": format_record(bundle.answer),
        **format_proof_set(bundle.proofs),
    }


def judge_check(bundle: CheckBundle, policy: Policy, question: Question, report: Report) -> None:
    """Verify the proofs, work the verdict out again and hold it against the one shown.

    Args:
        bundle: As read.
        policy: The verifier's own.
        question: What the verifier wants to know; `as_of` has no part in it, the bundle says when.
        report: Gets each check, what was not checked, and the verdict as its status.

    Raises:
        VerificationError: A proof does not hold, or the verdict does not follow.
    """
    report.kind, report.subject = KIND, bundle.inquiry.asset
    check_expectation(report, question)
    facts = open_proofs(bundle.proofs, policy, question, report)
    report.check(
        "verdict", "worked out again from the proofs", lambda: verify_verdict(bundle, facts)
    )
    note_date(bundle.proofs, UnixMillis(bundle.inquiry.at), report)
    if bundle.answer.duties:
        report.note_unchecked(DUTIES)
    if bundle.inquiry.facts:
        report.note_unchecked(STATED_FACTS)
    report.status = bundle.answer.verdict
    report.shown = show_answer(bundle)
    report.is_authentic = report.is_in_force = True


def verify_verdict(bundle: CheckBundle, facts: ProvedFacts) -> None:
    """Check that the answer is the one that follows from the facts.

    Raises:
        BundleError: It does not follow, a fact that it needs is not proved, or a proved state is of
            no shape that the rules make.
    """
    inquiry, claimed = bundle.inquiry, bundle.answer
    is_whole = facts.has_history(inquiry.party)
    if not is_whole and claimed.verdict != "permitted":
        raise BundleError(
            f"an answer other than permitted needs the whole history of {inquiry.party}: any grant "
            "left out could change it"
        )
    grants = find_grants(facts, inquiry) if is_whole else find_route(claimed)
    found = work_out(lambda: judge_act(facts, inquiry, grants, facts.read_events))
    if encode_canonical(format_record(found)) != encode_canonical(format_record(claimed)):
        raise BundleError(
            f"the proofs make the act {found.verdict} ({found.clause.code}), the file says "
            f"{claimed.verdict} ({claimed.clause.code})"
        )


def work_out(compute: Callable[[], _Found]) -> _Found:
    """What follows from proved states, in whatever shape their operator signed them.

    Args:
        compute: Works on parts that are proved or that were read strictly, and on nothing else.

    Raises:
        BundleError: A state lacks what the rules put into it, or has something else there.
    """
    try:
        return compute()
    except (LookupError, TypeError) as error:
        raise BundleError("a proved state is not of the shape that the rules make") from error


def find_grants(facts: Facts, inquiry: Inquiry) -> Sequence[SubjectKey]:
    """Every grant of the asset that the party ever got, from the party's history."""
    return [
        key
        for key, issue in read_issues(facts.read_events(inquiry.party))
        if (issue.grantee, issue.asset) == (inquiry.party, inquiry.asset)
    ]


def find_route(answer: Answer) -> Sequence[SubjectKey]:
    """The grant that a permission rests on; none if it rests on a right of one's own."""
    return [link.subject for link in answer.chain[-1:] if link.kind == "grant"]


def read_issues(entries: Iterable[Entry]) -> list[tuple[SubjectKey, Issue]]:
    """The grants that some events opened, with what was said."""
    events = [entry.signed.event for entry in entries if entry.signed.event.kind == Issue.kind]
    return [
        (
            derive_id("grant", actor=event.actor, nonce=event.nonce),
            parse_record(Issue, event.body),
        )
        for event in events
    ]


def show_answer(bundle: CheckBundle) -> list[tuple[str, str]]:
    """What the check asks and answers, as rows of names and values."""
    inquiry, answer = bundle.inquiry, bundle.answer
    facts = [("fact", f"{name} {fact}") for name, fact in sorted(inquiry.facts.items())]
    chain = [
        ("chain", f"{link.taker} {link.subject} {link.clause}".rstrip()) for link in answer.chain
    ]
    return [
        ("action", inquiry.action),
        ("party", inquiry.party),
        ("at", describe_instant(UnixMillis(inquiry.at))),
        *facts,
        ("verdict", answer.verdict),
        ("clause", f"{answer.clause.subject} {answer.clause.path}".rstrip()),
        ("because", answer.clause.en),
        (f"because{ZH}", answer.clause.zh),
        *chain,
        *_show_count(answer),
    ]


def _show_count(answer: Answer) -> list[tuple[str, str]]:
    count = answer.count
    if count is None:
        return []
    numbers = {"limit": count.limit, "used": count.used, "remaining": count.remaining}
    return [(name, str(number)) for name, number in numbers.items()]
