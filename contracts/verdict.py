"""What a verifier says: which checks held, which were not made, and what follows.

A check that fails ends the verification: nothing after it is looked at, and the verdict is "not
authentic". What was not checked is always named, in the same words, so that programs can ask.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ledger.core.entry import Seal
from ledger.core.limits import MAX_CLOCK_AHEAD_MS
from ledger.core.opening import VerifiedCheckpoint
from ledger.core.types import Json, JsonObject, UnixMillis
from ledger.errors import LedgerError, QuorumError, VerificationError

REEXECUTED: Final = "state root re-executed"
RULES_FOLLOWED: Final = "rules followed"
FRESHNESS: Final = "freshness"
SPLIT_VIEW: Final = "split view"
NATIONAL_SYSTEM: Final = "national system"
KEY_OWNER: Final = "key belonged to party"
LATER_DATE: Final = "date after as_of"
ASKED_DATE: Final = "date asked about"
EARLIER_HISTORY: Final = "history before this page"
REGISTERED_FILE: Final = "registered file"
MARKS_THEN: Final = "marks at that date"
PENDING_RENEWAL: Final = "pending renewal"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    is_ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the verifier wants to know, all of it from outside the bundle.

    Args:
        now: The verifier's clock.
        as_of: The date asked about; None: now for expiry, the proof's own time for the rest.
        max_age_ms: Refuse a proof older than this; None: do not ask.
        expect_kind: What the file must be.
        expect_subject: Whom it must be about.
    """

    now: UnixMillis
    as_of: UnixMillis | None = None
    max_age_ms: int | None = None
    expect_kind: str | None = None
    expect_subject: str | None = None


@dataclass(slots=True)
class Report:
    """A verdict in the making, and then the verdict.

    Args:
        kind: What the file is; empty if that could not be read.
        subject: Whom it is about.
        status: Of a voucher, at the asked date.
        is_authentic: Every check held.
        is_in_force: It is authentic and, if it is a voucher, valid at the asked date.
        shown: What an authentic file says: of a voucher title, rights and issuer, of an answer the
            question too. A name that ends in chinese.ZH is the Chinese of the one before.
        notice: What an authentic credential says of its own standing, in English and Chinese.
        renewal: Registration of the renewal that may keep an expired voucher in force, which the
            file does not prove; empty: none.
    """

    kind: str = ""
    subject: str = ""
    status: str = ""
    is_authentic: bool = False
    is_in_force: bool = False
    marks: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    opened: VerifiedCheckpoint | None = None
    seal: Seal | None = None
    as_of: UnixMillis | None = None
    valid_until: UnixMillis | None = None
    failure: LedgerError | None = None
    shown: list[tuple[str, str]] = field(default_factory=list)
    notice: tuple[str, str] | None = None
    renewal: str = ""

    def check(self, name: str, detail: str, act: Callable[[], None]) -> None:
        """Make a check and note how it went.

        Args:
            name: Of the check; stable.
            detail: What it shows when it holds.
            act: Raises VerificationError or InputError when it does not.

        Raises:
            LedgerError: It did not hold.
        """
        try:
            act()
        except LedgerError as exc:
            self.checks.append(Check(name, is_ok=False, detail=str(exc)))
            raise
        self.checks.append(Check(name, is_ok=True, detail=detail))

    def note_unchecked(self, *names: str) -> None:
        """Name what was not checked, once each."""
        self.not_checked += [name for name in names if name not in self.not_checked]


def note_failure(report: Report, failure: LedgerError) -> None:
    """Write down what ended the verification; some failing check always says so.

    Args:
        report: Becomes not authentic.
        failure: What was raised.
    """
    report.failure = failure
    report.is_authentic = report.is_in_force = False
    if all(check.is_ok for check in report.checks):
        report.checks.append(Check(failure.code, is_ok=False, detail=str(failure)))


def note_checkpoint(report: Report, opened: VerifiedCheckpoint, question: Question) -> None:
    """Write down whose word the checkpoint rests on.

    Args:
        report: Gets the checks and what was not checked.
        opened: By the verifier's own policy.
        question: Says whether age matters.
    """
    report.opened = opened
    if opened.is_operator_claim:
        report.note_unchecked(SPLIT_VIEW)
    else:
        names = ", ".join(cosigner.name for cosigner in opened.cosigners)
        report.checks.append(Check("quorum", is_ok=True, detail=f"cosigned by {names}"))
    if opened.is_audited:
        detail = "an auditor of the policy re-executed every entry and cosigned"
        report.checks.append(Check(REEXECUTED, is_ok=True, detail=detail))
    else:
        report.note_unchecked(REEXECUTED, RULES_FOLLOWED)
    if question.max_age_ms is None:
        report.note_unchecked(FRESHNESS)


def note_seal(report: Report, seal: Seal, question: Question) -> None:
    """Write down as of when the state is proved, and hold that against the age allowed.

    Raises:
        QuorumError: The proof is older than the question allows.
        AssertionError: note_checkpoint was not called before.
    """
    if report.opened is None:
        raise AssertionError("a seal is judged under an opened checkpoint")
    report.seal = seal
    note_age(report, report.opened.as_of(seal.time), question)


def note_age(report: Report, as_of: UnixMillis, question: Question) -> None:
    """Write down as of when something is proved, and hold that against the age allowed.

    Raises:
        QuorumError: The proof is older than the question allows.
    """
    report.as_of = as_of
    max_age = question.max_age_ms
    if max_age is not None:
        report.check(FRESHNESS, "recent enough", lambda: _check_age(question.now - as_of, max_age))


def note_event_age(report: Report, question: Question) -> None:
    """Say as of when the log is known to hold an event, where anybody but the operator says so.

    Raises:
        QuorumError: The proof is older than the question allows, or nobody says how old it is.
        AssertionError: note_checkpoint was not called before.
    """
    if report.opened is None:
        raise AssertionError("an event is judged under an opened checkpoint")
    if not report.opened.is_operator_claim:
        note_age(report, report.opened.as_of(UnixMillis(0)), question)
    elif question.max_age_ms is not None:
        report.check(FRESHNESS, "recent enough", _refuse_age)


def check_expectation(report: Report, question: Question) -> None:
    """Hold what the file is and whom it is about against what it must be, if that was said.

    Raises:
        VerificationError: It is something else.
    """
    if question.expect_kind is not None or question.expect_subject is not None:
        report.check("expected", "what was asked for", lambda: _check_expected(report, question))


def _check_expected(report: Report, question: Question) -> None:
    kind, subject = question.expect_kind, question.expect_subject
    if kind is not None and report.kind != kind:
        raise VerificationError(f"this is a {report.kind}, not a {kind}")
    if subject is not None and report.subject not in {subject, f"voucher/{subject}"}:
        raise VerificationError(f"this is about {report.subject}, not about {subject}")


def format_report(report: Report) -> JsonObject:
    """The report in the shape that `muniment verify --json` prints."""
    opened, seal = report.opened, report.seal
    log: dict[str, Json] = {"origin": None, "size": None, "time": None}
    cosigned_at = None
    if opened is not None:
        time = seal.time if seal is not None else None
        log = {"origin": opened.body.origin, "size": opened.body.size, "time": time}
        cosigned_at = max((c.timestamp * 1000 for c in opened.cosigners), default=None)
    return {
        "verified": report.is_authentic and report.is_in_force,
        "authentic": report.is_authentic,
        "kind": report.kind,
        "subject": report.subject,
        "status": report.status,
        "marks": report.marks,
        "as_of": report.as_of,
        "valid_until": report.valid_until,
        "log": log,
        "cosigned_by": [c.name for c in opened.cosigners] if opened is not None else [],
        "cosigned_at": cosigned_at,
        "checks": [{"name": c.name, "ok": c.is_ok, "detail": c.detail} for c in report.checks],
        "not_checked": report.not_checked,
        "shown": [[name, value] for name, value in report.shown],
    }


def _refuse_age() -> None:
    raise QuorumError(
        "nobody but the operator says when this proof was made: leave out the age allowed, or "
        "verify it by a policy that asks for cosignatures"
    )


def _check_age(age_ms: int, max_age_ms: int) -> None:
    if age_ms < -MAX_CLOCK_AHEAD_MS:
        raise QuorumError(
            f"the proof is dated {-age_ms // 1000} s ahead of the verifier's clock: set the clock, "
            "or do not trust the proof"
        )
    if age_ms > max_age_ms:
        raise QuorumError(
            f"the proof is {age_ms // 1000} s old, more than the {max_age_ms // 1000} s allowed: "
            "ask for a newer one"
        )
