"""Deliveries: evidence that a copy of the data went from a grantor to a grantee.

The copy itself stays outside. The event names its Merkle root; the recipient countersigns the same
root, so that neither side can later speak of another copy.

Spec: domain, section 4; our formats, section 5, "Roots named in events".
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.chain import Grant, GrantKey, Hop, find_grantor, need_live_chain
from contracts.chinese import DELIVERIES
from contracts.classification import is_important, refuse_if_listed
from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.filing import FilingKey, check_filing
from contracts.holds import refuse_if_held
from contracts.identity import HexDigest, Party, PartyKey
from contracts.intervals import current, open_interval, switch_interval
from contracts.marking import Escrow, Marks, check_marks
from contracts.odrl import Situation, describe_clause, evaluate, parse_policy
from contracts.openness import refuse_if_closed
from contracts.records import Intervals, Record, StateRecord, whole
from contracts.title import Asset, AssetKey
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.core.rules import Listing
from ledger.core.subjects import derive_id
from ledger.core.types import JsonObject, SubjectKey

DeliveryKey = Annotated[SubjectKey, whole("delivery/[a-z2-7]{26}")]
CopyForm = Literal["salted-blocks/1"]


class Copy(Record, frozen=True, kw_only=True):
    """What was delivered.

    Args:
        form: How the leaves are made (tracing.copies).
        root: RFC 6962 root over them, 64 hex digits.
        count: How many there are.
    """

    form: CopyForm
    root: HexDigest
    count: Annotated[int, Meta(ge=1, le=MAX_SAFE_INTEGER)]


class Delivery(StateRecord, frozen=True, kw_only=True):
    """State of `delivery/<id>`.

    Args:
        grant: Under which it was made.
        asset: What it is a copy of.
        sender: The grantor, or who took over the right behind the grant.
        recipient: The grantee.
        copy: What was delivered.
        marks: How it was marked; None: it is exact.
        escrow: With whom the marking key lies; None: with the sender alone.
        status: Intervals of `sent`, `received`.
    """

    state_type: ClassVar[str] = "delivery/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("status",)

    grant: SubjectKey
    asset: SubjectKey
    sender: SubjectKey
    recipient: SubjectKey
    copy: Copy
    marks: Marks | None
    escrow: Escrow | None
    status: Intervals

    @override
    def describe(self, key: SubjectKey) -> Listing:
        terms = (self.asset, self.grant, self.sender, self.recipient)
        return Listing(key.partition("/")[2], str(current(self.status)[-1]), terms)


class Send(Body, frozen=True, kw_only=True):
    """`delivery.send`: by the grantor of a live grant, to its grantee.

    Whoever transferred the right behind the grant keeps nothing of it: who took it over delivers.
    Important data goes under a filing that covers the recipient; closed data goes to right-holders
    alone; data that the negative list bars does not go. Who made the marks for the sender signs
    too.
    """

    kind: ClassVar[str] = "delivery.send"

    grant: GrantKey
    asset: AssetKey
    recipient: PartyKey
    copy: Copy
    filing: FilingKey | UnsetType = UNSET
    marks: Marks | UnsetType = UNSET
    escrow: Escrow | UnsetType = UNSET

    @override
    def signers(self, context: Context) -> Signers:
        marker = UNSET if self.marks is UNSET else self.marks.marked_by
        return Signers({context.actor: 1, **({} if marker is UNSET else {marker: 1})})

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [derive_id("delivery", actor=actor, nonce=nonce), self.grant, self.asset]

    @override
    def apply(self, context: Context) -> Changes:
        asset = context.need(Asset, self.asset)
        grant = need_live_chain(context, self.grant, context.time)[0].grant
        sender = find_grantor(context, grant)
        named = (context.actor, self.recipient, self.asset)
        if named != (sender, grant.grantee, grant.asset):
            refuse(
                "wrong_parts",
                f"under {self.grant} {sender}, who gave it or took over the right behind it, "
                f"delivers {grant.asset} to {grant.grantee}",
                f"依据 {self.grant}，应由授权方（或承受其经营权者）{sender} 向 {grant.grantee} "
                f"交付 {grant.asset}",
                "domain 4",
            )
        refuse_if_held(asset, self.asset)
        if not context.need(Party, self.recipient).is_active:
            refuse(
                "recipient_inactive",
                f"{self.recipient} is suspended or has left and gets nothing: have its suspension "
                "lifted first",
                f"{self.recipient} 已被暂停或已退出，不得向其交付：请先解除暂停",
                "domain 4",
            )
        _refuse_if_prohibited(context, grant)
        self._check_classification(context, asset)
        marks = None if self.marks is UNSET else self.marks
        escrow = None if self.escrow is UNSET else self.escrow
        check_marks(context, Hop(self.grant, grant), self.recipient, marks, escrow)
        return {
            context.new_id("delivery"): Delivery(
                grant=self.grant,
                asset=self.asset,
                sender=context.actor,
                recipient=self.recipient,
                copy=self.copy,
                marks=marks,
                escrow=escrow,
                status=open_interval((), "sent", context.time, context.index),
            ),
            self.grant: grant,
            self.asset: asset,
        }

    def _check_classification(self, context: Context, asset: Asset) -> None:
        refuse_if_listed(context, self.asset, asset)
        refuse_if_closed(context, self.asset, asset, self.recipient)
        if self.filing is not UNSET or is_important(context, self.asset, asset):
            check_filing(context, self.filing, self.asset, self.recipient, self.grant)


def _refuse_if_prohibited(context: Context, grant: Grant) -> None:
    """Keep who may license, but not hand on copies, from doing so by a delivery."""
    if grant.parent is None:
        return
    above = context.need(Grant, grant.parent)
    facts: JsonObject = {"recipient": grant.grantee}
    situation = Situation("distribute", context.time, facts, above.meters)
    finding = evaluate(parse_policy(above.policy).terms, situation)
    if finding.verdict == "prohibited":
        en, zh = describe_clause(finding)
        refuse(finding.code, en, zh, f"{grant.parent} {finding.path}; domain 5")


class Receive(Body, frozen=True, kw_only=True):
    """`delivery.receive`: the recipient countersigns the root of what it got."""

    kind: ClassVar[str] = "delivery.receive"

    delivery: DeliveryKey
    grant: GrantKey
    asset: AssetKey
    copy: Copy

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.delivery, self.grant, self.asset]

    @override
    def apply(self, context: Context) -> Changes:
        delivery = context.need(Delivery, self.delivery)
        if (self.grant, self.asset) != (delivery.grant, delivery.asset):
            refuse(
                "wrong_parts",
                f"{self.delivery} was made under {delivery.grant} of {delivery.asset}",
                f"{self.delivery} 依据 {delivery.grant}，标的为 {delivery.asset}",
                "formats 2",
            )
        if context.actor != delivery.recipient or current(delivery.status) != ("sent",):
            refuse(
                "wrong_role",
                f"{self.delivery} is {current(delivery.status)[-1]} and for {delivery.recipient}: "
                "its recipient countersigns it once",
                f"{self.delivery} 现为“{DELIVERIES[str(current(delivery.status)[-1])]}”，接收方为 "
                f"{delivery.recipient}：由接收方签收一次",
                "domain 4",
            )
        if self.copy != delivery.copy:
            refuse(
                "wrong_copy",
                f"the file has the root {self.copy.root}, what was sent {delivery.copy.root}: ask "
                "the sender for the right file",
                f"该文件的根为 {self.copy.root}，而交付的为 {delivery.copy.root}："
                "请向交付方索取正确的文件",
                "domain 4",
            )
        status = switch_interval(delivery.status, "received", context.time, context.index)
        return {
            self.delivery: replace(delivery, status=status),
            self.grant: context.need(Grant, self.grant),
            self.asset: context.need(Asset, self.asset),
        }
