"""The state machine that all types of registration run, and the base of its steps.

Which step leads from where to where, and by whom, stands in contracts.edges, how long each may take
in contracts.periods. Silence of the registrar means accepted, from the working day after the last
one to answer on; an application that is returned and not mended in time has lapsed. Both are
computed from the record and a time, nothing runs on a timer; the next step writes a silent
acceptance down, as of then.

Spec: domain, section 2; Art. 14 to 28 and 37.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace
from typing_extensions import override

from contracts.edge import Edge
from contracts.edges import OPEN_STATUSES as OPEN_STATUSES
from contracts.edges import PAUSED as PAUSED
from contracts.edges import STATES, find_edges
from contracts.engine import Body, Context, refuse
from contracts.force import holders_of
from contracts.foundation import read_ledger
from contracts.identity import HexDigest, need_role
from contracts.intervals import close_interval, current, switch_interval
from contracts.lists import read_calendar
from contracts.mandates import has_mandate
from contracts.periods import Periods
from contracts.records import AnyJson, Intervals, Record, StateRecord, whole
from contracts.title import Asset
from contracts.transfer import Ground, Move
from ledger.core.rules import Listing
from ledger.core.types import LeafIndex, SubjectKey, UnixMillis

RegistrationKey = Annotated[SubjectKey, whole("registration/[a-z2-7]{26}")]


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
        deadline: While filed, from when silence means accepted; returned, until when it may be
            mended; accepted, until when it is to be completed; published, from when it may be
            recorded; objected, until when the first objection is to be decided; None: unknown, or
            none.
        extensions: How often the registrar gave itself more time (Art. 28: at most once).
        decision: What the registrar last said, in words.
        was_returned: A correction is asked for once.
        voucher: Number, once recorded.
        national: Evidence in the national system, where that completes it.
    """

    state_type: ClassVar[str] = "registration/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("status", "objections")
    kept_longest: ClassVar[tuple[str, ...]] = ("status",)

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


def settle(
    registration: Registration, periods: Periods, time: UnixMillis, index: LeafIndex
) -> Registration:
    """A registration with the acceptance that silence means written into its status (Art. 17).

    Where the calendar was unknown when it was filed, its deadline is looked up again.

    Args:
        registration: Its newest state.
        periods: The profile's clocks over the calendar from the year of its filing.
        time: Not before that state's.
        index: Log index that the acceptance is written with.
    """
    held = registration.status[-1]
    if held.value != "filed":
        return registration
    since = registration.deadline
    if since is None:
        since = periods.silence_end(held.start)
    if since is None or time < since:
        return replace(registration, deadline=since)
    status = switch_interval(registration.status, "accepted", UnixMillis(since), index)
    accepted = replace(registration, status=status, deadline=None)
    return replace(accepted, deadline=periods.completion_end(accepted))


class Step(Body, frozen=True, kw_only=True):
    """Base of the events that move one registration along."""

    registration: RegistrationKey

    @property
    def step(self) -> str:
        """Name of the step in the table of edges."""
        return self.kind.removeprefix("registration.")

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.registration]

    def begin(self, context: Context) -> Registration:
        """The registration, if this step may be taken by this actor now.

        Raises:
            RejectedError: By this actor or in this state it may not.
        """
        return begin_step(context, self.registration, self.step)

    def advance(
        self,
        context: Context,
        registration: Registration,
        deadline: UnixMillis | None = None,
        decision: str | None = None,
    ) -> Registration:
        """The registration in the state that this step leads to.

        Args:
            context: Of the event.
            registration: As `begin` gives it.
            deadline: Of the state after it.
            decision: What the registrar says with it.
        """
        status = str(current(registration.status)[-1])
        (edge,) = (each for each in find_edges(self.step) if status in each.sources)
        return move(context, registration, edge.target or status, deadline, decision)


def begin_step(context: Context, key: SubjectKey, step: str) -> Registration:
    """A registration, if the actor may take this step in it now.

    An acceptance by silence is written into its status first.

    Args:
        context: Of the event.
        key: Of the registration.
        step: Name in the table of edges.

    Raises:
        RejectedError: By this actor or in this state it may not.
    """
    registration = context.need(Registration, key)
    edges = find_edges(step)
    _check_actor(context, registration, edges[0])
    registration = settle_silence(context, registration)
    status = status_at(registration, context.time)
    allowed = sorted({state for edge in edges for state in edge.sources})
    if status not in allowed:
        refuse(
            "wrong_step",
            f"{context.event.kind} comes after {' or '.join(allowed)}; {key} is {status}",
            f"{key} 现为“{STATES[status].zh}”；{context.event.kind} 只能在以下状态之后："
            f"{'；'.join(STATES[state].zh for state in allowed)}",
            "Art. 14",
        )
    return registration


def objectors_of(registration: Registration) -> tuple[SubjectKey, ...]:
    """Who has an objection open, in the order of objecting."""
    return tuple(
        SubjectKey(str(value["by"]))
        for value in current(registration.objections)
        if isinstance(value, dict)
    )


def refuse_own_case(context: Context, *involved: SubjectKey) -> None:
    """Keep the registrar from deciding what it has a part in, as a successor may have.

    Args:
        context: Of the decision.
        involved: Who has a part in it.

    Raises:
        RejectedError: Reason `own_case`: the actor is one of them; not under a solo profile.
    """
    if read_ledger(context).profile.is_solo or context.actor not in involved:
        return
    refuse(
        "own_case",
        f"{context.actor} has a part in this as applicant, agent or objector, and the registrar "
        "decides no case of its own: the application or the objection is withdrawn; beside a "
        "record the regulator acts, by order.freeze",
        f"{context.actor} 为本件的申请人、代理人或异议人，登记机构不得办理与自身有关的事项："
        "请撤回申请或异议；已登记的，由监管方以 order.freeze 处理",
        "Art. 10",
    )


def _is_for_applicants(context: Context, registration: Registration) -> bool:
    """Whether the actor is an applicant, or the agent of one; the registrar is nobody's agent.

    Of a renewal every right-holder is one: it is decided on the rights of all.
    """
    parties = set(registration.parties)
    if registration.type == "renewal":
        parties.update(holders_of(context.need(Asset, registration.asset), context.time))
    if context.actor in parties:
        return True
    ledger = read_ledger(context)
    return (ledger.profile.is_solo or context.actor != ledger.registrar) and any(
        has_mandate(context, party, context.actor, registration.type) for party in sorted(parties)
    )


def _check_actor(context: Context, registration: Registration, edge: Edge) -> None:
    involved = (*registration.parties, registration.filer)
    objectors = objectors_of(registration)
    if edge.by == "registrar":
        need_role(context, "registrar")
        refuse_own_case(context, *involved, *objectors)
    elif edge.by == "applicant" and not _is_for_applicants(context, registration):
        refuse(
            "wrong_role",
            f"{context.event.kind} is for the applicants",
            f"{context.event.kind} 仅限申请人",
            edge.article,
        )
    elif edge.by == "anybody" and context.actor in involved:
        refuse(
            "wrong_role",
            f"{context.event.kind} is for everybody but the applicants and the agent that filed, "
            "who may withdraw instead",
            f"{context.event.kind} 仅限申请人及代为申请的代理人以外的主体；其可以撤回申请",
            edge.article,
        )
    elif edge.by == "objector" and objectors and context.actor not in objectors:
        refuse(
            "wrong_role",
            f"{context.event.kind} is for who has an objection open here; the registrar names the "
            "digest of the letter that withdraws it, in document",
            "此项仅限在此有未结异议的异议人；由登记机构登记撤回的，须在 document 中给出撤回书面"
            "材料的摘要",
            edge.article,
        )


def settle_silence(context: Context, registration: Registration) -> Registration:
    """As settle, by the calendar as it is published now and at the time of the event."""
    if registration.status[-1].value != "filed":
        return registration
    periods = read_periods(context, registration.status[0].start)
    return settle(registration, periods, context.time, context.index)


def read_periods(context: Context, start: UnixMillis) -> Periods:
    """The profile's clocks over the calendar as it is published now.

    Args:
        context: Of the event.
        start: From when a deadline is to be counted.
    """
    profile = read_ledger(context).profile
    calendar = read_calendar(context, start, profile.offset_minutes)
    return Periods(profile.clocks, calendar, profile.offset_minutes)


def silence_ends(context: Context, filed: UnixMillis) -> UnixMillis | None:
    """From when silence means accepted; None as Periods.silence_end has it."""
    return read_periods(context, filed).silence_end(filed)


def completion_deadline(
    context: Context, registration: Registration, *, resumed: UnixMillis | None = None
) -> UnixMillis | None:
    """Until when it is to be recorded; `resumed` and None as Periods.completion_end has them."""
    periods = read_periods(context, registration.status[0].start)
    return periods.completion_end(registration, resumed=resumed)


def move(
    context: Context,
    registration: Registration,
    status: str,
    deadline: UnixMillis | None = None,
    decision: str | None = None,
) -> Registration:
    """The registration in its next state; what was objected to it is decided with it."""
    switched = switch_interval(registration.status, status, context.time, context.index)
    objections = registration.objections
    for value in current(objections):
        objections = close_interval(objections, value, context.time)
    return replace(
        registration,
        status=switched,
        objections=objections,
        deadline=deadline,
        decision=decision,
    )
