"""The state machine that all types of registration run, and the base of its steps.

```text
filed ── accept ──► accepted ── publish ──► published ────┐
  │ └─ return ─► returned   │ └─ withhold ─► confidential ┤── record ──► recorded ── revoke
  │      └ answer ┘         └─ supplement ⇄ answer        │
  └─────────── withdraw (applicant), refuse (registrar) ──┘
```

Silence of the registrar means accepted, from the working day after the last one to answer on; an
application that is returned and not mended in time has lapsed. Both are computed from the record
and a time, nothing runs on a timer; the next step writes a silent acceptance down, as of then.

Spec: domain, section 2; Art. 14 to 28 and 37.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace
from typing_extensions import override

from contracts.clocks import DAY_MS
from contracts.engine import Body, Context, refuse
from contracts.foundation import read_ledger
from contracts.identity import HexDigest, need_role
from contracts.intervals import current, switch_interval
from contracts.lists import find_deadline
from contracts.records import AnyJson, Intervals, Record, StateRecord, whole
from contracts.transfer import Ground, Move
from ledger.core.rules import Listing
from ledger.core.types import SubjectKey, UnixMillis

RegistrationKey = Annotated[SubjectKey, whole("registration/[a-z2-7]{26}")]

PAUSED = frozenset(("supplement", "published", "objected"))
"""States in which the clock of completion stands still."""

OPEN_STATUSES = frozenset(
    ("filed", "returned", "accepted", "supplement", "published", "confidential")
)


class Notice(Record, frozen=True):
    """Where the public notice stands.

    Args:
        system: Such as the national service system.
        ref: Its reference there.
        published_at: Unix milliseconds.
    """

    system: Annotated[str, Meta(min_length=1, max_length=80)]
    ref: Annotated[str, Meta(min_length=1, max_length=200)]
    published_at: Annotated[int, Meta(ge=0)]


class National(Record, frozen=True):
    """Evidence stored in the national system (Art. 26)."""

    system: Annotated[str, Meta(min_length=1, max_length=80)]
    record: Annotated[str, Meta(min_length=1, max_length=200)]
    evidence_time: Annotated[int, Meta(ge=0)]
    digest: HexDigest


class Registration(StateRecord, frozen=True, kw_only=True):
    """State of `registration/<id>`.

    Args:
        type: Of the registration.
        filer: Who filed it; openings are made with its key.
        parties: All who signed.
        asset: What is registered.
        about: Number of the voucher that a later registration names; None: an initial one.
        moves: Of a transfer; else none.
        ground: Of a transfer that the transferor did not sign; else None.
        status: Intervals of the machine's states.
        application: Digest of each commitment, by member.
        fields: Members opened so far.
        notice: Where its public notice stands; None: it has none, or not yet.
        notice_end: First instant after the public notice; None: it has none, or not yet.
        objections: While the notice runs: `{"by","evidence","reason"}`, open until resolved.
        deadline: Until when the present step is to be taken; while filed, from when silence means
            accepted; None: unknown or none.
        extensions: How often the registrar gave itself more time (Art. 28: at most once).
        decision: What the registrar last said, in words.
        was_returned: A correction is asked for once.
        voucher: Number, once recorded.
        national: Evidence in the national system, where that completes it.
    """

    state_type: ClassVar[str] = "registration/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("status", "objections")

    type: str
    filer: SubjectKey
    parties: tuple[SubjectKey, ...]
    asset: SubjectKey
    about: str | None
    moves: tuple[Move, ...]
    ground: Ground | None
    status: Intervals
    application: Mapping[str, str]
    fields: Mapping[str, AnyJson]
    notice: Notice | None
    notice_end: int | None
    objections: Intervals
    deadline: int | None
    extensions: int
    decision: str | None
    was_returned: bool
    voucher: str | None
    national: National | None

    @override
    def describe(self, key: SubjectKey) -> Listing:
        title = self.fields.get("title")
        label = title if isinstance(title, str) else f"({self.type})"
        terms = [self.voucher] if self.voucher else []
        return Listing(label, str(current(self.status)[-1]), (*terms, self.asset))


def status_at(registration: Registration, time: UnixMillis) -> str:
    """The machine's state at a time, silence and lapse included (Art. 17).

    Args:
        registration: Its newest state.
        time: Not before that state's.
    """
    status = str(current(registration.status)[-1])
    is_past = registration.deadline is not None and time >= registration.deadline
    if is_past and status == "filed":
        return "accepted"
    if is_past and status == "returned":
        return "lapsed"
    return status


class Step(Body, frozen=True, kw_only=True):
    """Base of the events that move one registration along."""

    allowed: ClassVar[frozenset[str]] = frozenset()
    role: ClassVar[str] = "registrar"

    registration: RegistrationKey

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.registration]

    def begin(self, context: Context) -> Registration:
        """The registration, if this step may be taken by this actor now.

        Raises:
            RejectedError: By this actor or in this state it may not.
        """
        return begin_step(context, self.registration, self.allowed, self.role)


def begin_step(
    context: Context, key: SubjectKey, allowed: Collection[str], role: str
) -> Registration:
    """A registration, if it is in one of these states and the actor has this role in it.

    An acceptance by silence is written into its status first.

    Raises:
        RejectedError: By this actor or in this state it may not.
    """
    registration = context.need(Registration, key)
    if role == "registrar":
        need_role(context, "registrar")
    elif context.actor not in registration.parties:
        refuse(
            "wrong_role",
            f"{context.event.kind} is for the applicants",
            f"{context.event.kind} 仅限申请人",
            "Art. 14",
        )
    registration = settle_silence(context, registration)
    status = status_at(registration, context.time)
    if status not in allowed:
        refuse(
            "wrong_step",
            f"{context.event.kind} comes after {' or '.join(sorted(allowed))}; {key} is {status}",
            f"{context.event.kind} 只能在 {'、'.join(sorted(allowed))} 之后；{key} 现为 {status}",
            "Art. 14",
        )
    return registration


def settle_silence(context: Context, registration: Registration) -> Registration:
    """The registration with an acceptance by the registrar's silence written into its status.

    Where the calendar was unknown when it was filed, it is looked up again.
    """
    held = registration.status[-1]
    if held.value != "filed":
        return registration
    since = registration.deadline
    if since is None:
        since = silence_ends(context, held.start)
    if since is None or context.time < since:
        return registration
    status = switch_interval(registration.status, "accepted", UnixMillis(since), context.index)
    accepted = replace(registration, status=status)
    return replace(accepted, deadline=completion_deadline(context, accepted))


def silence_ends(context: Context, filed: UnixMillis) -> UnixMillis | None:
    """From when silence means accepted: 00:00 of the working day after the last to answer on.

    None if the profile has no such clock, or the calendar does not reach so far (Art. 17).
    """
    days = read_ledger(context).profile.clocks.acceptance
    next_day_ends = find_deadline(context, filed, days + 1) if days else None
    return None if next_day_ends is None else UnixMillis(next_day_ends - DAY_MS)


def completion_deadline(context: Context, registration: Registration) -> UnixMillis | None:
    """Until when an accepted registration is to be completed; the time of other steps not counted.

    None if the profile has no such clock, or the calendar does not reach so far (Art. 28).
    """
    days = read_ledger(context).profile.clocks.completion
    accepted = next(each.start for each in registration.status if each.value == "accepted")
    pauses = tuple((each.start, each.end) for each in registration.status if each.value in PAUSED)
    return find_deadline(context, accepted, days, pauses) if days else None


def move(
    context: Context,
    registration: Registration,
    status: str,
    deadline: UnixMillis | None = None,
    decision: str | None = None,
) -> Registration:
    """The registration in its next state."""
    switched = switch_interval(registration.status, status, context.time, context.index)
    return replace(registration, status=switched, deadline=deadline, decision=decision)
