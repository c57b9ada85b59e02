"""Objections while the public notice runs: `registration.object` and `registration.resolve`.

What is objected to after the record runs a procedure of its own.

Spec: domain, section 2; Art. 25.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.clocks import format_instant
from contracts.engine import Changes, Context, refuse
from contracts.identity import HexDigest, PartyKey, Reason
from contracts.intervals import close_interval, current, open_interval
from contracts.procedure import Registration, Step, objectors_of, read_periods
from contracts.records import AnyJson
from ledger.core.types import SubjectKey, UnixMillis

ObjectionReason = Annotated[str, Meta(min_length=1, max_length=200)]
"""In a sentence or two: it stays in the state while it is open; the rest is in the evidence."""
Outcome = Literal["dismissed", "withdrawn", "upheld"]


class Object(Step, frozen=True, kw_only=True):
    """`registration.object`: by any other party, before the notice is over; stops the clock."""

    kind: ClassVar[str] = "registration.object"

    reason: ObjectionReason
    evidence: HexDigest

    @override
    def apply(self, context: Context) -> Changes:
        registration = self.begin(context)
        _check_window(context, registration)
        if any(_is_of(value, context.actor) for value in current(registration.objections)):
            refuse(
                "objection_open",
                f"{context.actor} has an objection open here: make another when it is decided",
                f"{context.actor} 在此已有未结异议：请待其办结后再行提出",
                "Art. 25",
            )
        if "objected" in current(registration.status):
            moved = registration
        else:
            end = read_periods(context, context.time).objection_end(context.time)
            moved = self.advance(context, registration, end)
        value: AnyJson = {"by": context.actor, "evidence": self.evidence, "reason": self.reason}
        opened = open_interval(moved.objections, value, context.time, context.index)
        return {self.registration: replace(moved, objections=opened)}


class Resolve(Step, frozen=True, kw_only=True):
    """`registration.resolve`: decides all open objections, or says that one is withdrawn.

    With the last one the clock runs again.

    Args:
        outcome: What came of it; `withdrawn` is of one objection, the others of all that are open.
        reasons: In words.
        objector: Of a withdrawn one: whose it was.
        document: The same, written by the registrar: digest of the letter that withdraws it. Who
            objected withdraws with its own signature and names none.
    """

    kind: ClassVar[str] = "registration.resolve"

    outcome: Outcome
    reasons: Reason
    objector: PartyKey | UnsetType = UNSET
    document: HexDigest | UnsetType = UNSET

    @property
    @override
    def step(self) -> str:
        is_own = self.outcome == "withdrawn" and self.document is UNSET
        return "resolve.own" if is_own else f"resolve.{self.outcome}"

    @override
    def apply(self, context: Context) -> Changes:
        registration = self.begin(context)
        self._check_members(context, registration)
        if self.objector is not UNSET and len(objectors_of(registration)) > 1:
            return {self.registration: _close_one(context, registration, self.objector)}
        end = None
        if self.outcome != "upheld":
            end = UnixMillis(max(registration.notice_end or 0, context.time))
        said = f"{self.outcome}: {self.reasons}"
        return {self.registration: self.advance(context, registration, end, said)}

    def _check_members(self, context: Context, registration: Registration) -> None:
        """Hold a withdrawal to whose objection it is, and any other outcome to none.

        Raises:
            RejectedError: Reason `resolve_members`.
        """
        own = (context.actor,) if self.step == "resolve.own" else objectors_of(registration)
        if self.outcome == "withdrawn":
            is_right = self.objector in own
        else:
            is_right = self.objector is UNSET and self.document is UNSET
        if not is_right:
            refuse(
                "resolve_members",
                "a withdrawal names in objector whose open objection it is: one's own, or on its "
                "letter (document) that of another; the other outcomes decide all and name neither",
                "撤回异议须以 objector 指明异议人：异议人本人签署，或由登记机构依撤回书面材料"
                "（document）登记；其他结论针对全部未结异议，不得有 objector 与 document",
                "Art. 25",
            )


def _close_one(context: Context, registration: Registration, objector: SubjectKey) -> Registration:
    """The registration with the open objection of one party closed; the others stay open."""
    objections = registration.objections
    for value in current(objections):
        if _is_of(value, objector):
            objections = close_interval(objections, value, context.time)
    return replace(registration, objections=objections)


def _check_window(context: Context, registration: Registration) -> None:
    end = registration.notice_end
    if end is not None and context.time < end:
        return
    since = "there was none" if end is None else f"it ended at {format_instant(UnixMillis(end))}"
    zh = "本登记无公示期" if end is None else f"公示期已于 {format_instant(UnixMillis(end))} 届满"
    refuse(
        "notice_over",
        f"an objection is made while the public notice runs, and {since}: submit one against the "
        "registration once it is recorded",
        f"异议须在公示期内提出，{zh}：可于登记后提出登记异议",
        "Art. 25",
    )


def _is_of(objection: AnyJson, party: SubjectKey) -> bool:
    return isinstance(objection, dict) and objection["by"] == party
