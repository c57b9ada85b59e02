"""What comes by itself: the consequences for a registration if nobody does anything from now on.

Deadlines are pure functions of the record and a time, so what a date will bring can be said
beforehand: acceptance by silence, lapse, the end of a notice, overdue work, expiry, new keys.

Spec: domain, section 2; Art. 17, 24, 25, 28 and 36.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from contracts.duties import Desk, objection_end, settle
from contracts.force import Pending
from contracts.identity import Party
from contracts.procedure import Registration, status_at
from contracts.profile import Bilingual
from contracts.renewal import renewal_opens
from ledger.core.types import SubjectKey, UnixMillis


@dataclass(frozen=True, slots=True)
class Outcome:
    """A kind of consequence.

    Args:
        article: That says so.
        says: What it means.
    """

    article: str
    says: Bilingual


def _outcome(article: str, en: str, zh: str) -> Outcome:
    return Outcome(article, Bilingual(en=en, zh=zh))


OUTCOMES: Final = {
    "accepted": _outcome(
        "Art. 17", "accepted by the registrar's silence", "登记机构逾期未答复，视为受理"
    ),
    "lapsed": _outcome(
        "Art. 17", "lapsed, as if never filed: not mended in time", "逾期未补正，视为未申请"
    ),
    "notice-over": _outcome(
        "Art. 24", "the public notice is over: it may be recorded", "公示期满：可予登记"
    ),
    "objection-overdue": _outcome(
        "Art. 25", "the inquiry into the objection is overdue", "异议核查逾期"
    ),
    "completion-overdue": _outcome(
        "Art. 28", "completion is overdue; it may still be recorded", "办结逾期；仍可登记"
    ),
    "waits": _outcome(
        "Art. 18", "nothing: it waits for the applicant's answer", "无：等待申请人提交补充材料"
    ),
    "renewal-opens": _outcome(
        "Art. 36", "the renewal of the voucher may be filed", "可以申请凭证续期"
    ),
    "renewal-pending": _outcome(
        "Art. 36",
        "the voucher's term is over; it stays in force until its renewal is decided",
        "凭证有效期届满；续期申请作出决定前继续有效",
    ),
    "expired": _outcome("Art. 36", "the voucher has expired", "凭证有效期届满，自行失效"),
    "recovery": _outcome(
        "domain 4", "new keys take the place of a party's old ones", "主体的新密钥取代原密钥"
    ),
}
"""Every kind of consequence, by its stable code."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """Something that comes by itself.

    Args:
        what: Its code in OUTCOMES.
        subject: What it befalls.
        at: From when on; None: unknown, because the published calendar does not reach it, or no
            matter of a time.
        is_unknown: The calendar does not reach it.
    """

    what: str
    subject: SubjectKey
    at: UnixMillis | None
    is_unknown: bool = False

    @property
    def outcome(self) -> Outcome:
        """What it means, by which article."""
        return OUTCOMES[self.what]


def status_then(registration: Registration, desk: Desk) -> str:
    """The state of a registration at the desk's instant, if nobody has done anything until then."""
    return status_at(settle(registration, desk), desk.now)


def foresee_registration(
    key: SubjectKey, registration: Registration, desk: Desk
) -> Iterator[Consequence]:
    """What comes of a registration that is left alone, from its newest state on.

    Args:
        key: Of the registration.
        registration: Its newest state.
        desk: By what it is reckoned; at any `now`, the answer is the same.
    """
    settled = settle(registration, desk)
    match str(registration.status[-1].value):
        case "filed":
            yield from _foresee_silence(key, registration, desk)
        case "returned":
            yield _expect("lapsed", key, settled.deadline)
        case "supplement":
            yield Consequence("waits", key, None)
        case "accepted" | "published" | "confidential":
            if settled.notice_end is not None:
                since = settled.status[-1].start
                yield _expect("notice-over", key, max(settled.notice_end, since))
            yield from _foresee_completion(key, settled, desk)
        case "objected" if desk.has_clock("objection"):
            yield _expect("objection-overdue", key, objection_end(registration, desk))
        case _:
            return


def foresee_voucher(
    key: SubjectKey, until: UnixMillis, pending: Pending | None, desk: Desk
) -> Iterator[Consequence]:
    """What comes of a live voucher that nobody renews.

    Args:
        key: `voucher/<number>`.
        until: First instant at which it has expired.
        pending: When the renewal that its asset names was undecided.
        desk: By what it is reckoned.
    """
    ends: UnixMillis | None = until
    if pending is not None and pending.holds_at(until):
        yield Consequence("renewal-pending", key, until)
        ends = pending.end
    else:
        opens = renewal_opens(until, desk.periods.offset_minutes)
        yield Consequence("renewal-opens", key, opens)
    if ends is not None:
        yield Consequence("expired", key, ends)


def foresee_party(key: SubjectKey, party: Party) -> Iterator[Consequence]:
    """What comes of a party whose lost keys are being replaced."""
    if party.recovery is not None:
        yield Consequence("recovery", key, UnixMillis(party.recovery.effective))


def sort_consequences(consequences: Iterable[Consequence]) -> list[Consequence]:
    """In the order in which they come; those of which nobody knows when stand last."""
    far = UnixMillis(1 << 62)
    return sorted(consequences, key=lambda each: (each.at or far, each.subject, each.what))


def _foresee_silence(
    key: SubjectKey, registration: Registration, desk: Desk
) -> Iterator[Consequence]:
    if not desk.has_clock("acceptance"):
        return
    since = registration.deadline
    if since is None:
        since = desk.periods.silence_end(registration.status[-1].start)
    yield _expect("accepted", key, since)
    if since is not None:
        then = replace(desk, now=UnixMillis(since))
        yield from _foresee_completion(key, settle(registration, then), then)


def _foresee_completion(
    key: SubjectKey, registration: Registration, desk: Desk
) -> Iterator[Consequence]:
    if desk.has_clock("completion"):
        yield _expect("completion-overdue", key, desk.periods.completion_end(registration))


def _expect(what: str, subject: SubjectKey, at: int | None) -> Consequence:
    return Consequence(what, subject, None if at is None else UnixMillis(at), at is None)
