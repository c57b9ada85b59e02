"""Filings of important data: `filing.important` before a delivery, and `filing.end`.

Important data is delivered only under a live filing that covers the recipient. A filing is a
notification: it holds from when it is written, and a regulator who objects ends it.

Spec: domain, sections 2 and 4; GB/T 43697-2024.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.chain import GrantKey, need_live_chain
from contracts.classification import is_important
from contracts.engine import Body, Changes, Context, refuse
from contracts.force import held_rights, objects_at
from contracts.holds import leave_room_for_orders
from contracts.identity import HexDigest, Party, PartyKey, Reason
from contracts.intervals import close_interval, current, open_interval, switch_interval
from contracts.records import Intervals, StateRecord, whole
from contracts.standing import read_pending
from contracts.title import Asset, AssetKey
from ledger.core.rules import Listing
from ledger.core.subjects import derive_id
from ledger.core.types import JsonObject, SubjectKey, UnixMillis

FilingKey = Annotated[SubjectKey, whole("filing/[a-z2-7]{26}")]
_RULE = "GB/T 43697-2024"


class Filing(StateRecord, frozen=True, kw_only=True):
    """State of `filing/<id>`.

    Args:
        asset: What may be delivered under it.
        filer: Who filed it, by a right to operate.
        recipient: To whom alone; None: to anybody.
        grant: Under which grant alone; None: under any.
        purpose: Of the deliveries, in words.
        document: Digest of what was filed with the authority, 64 hex digits.
        until: First instant at which it is over, Unix milliseconds.
        ground: Why it was ended, in words; None: it was not.
        status: Intervals of `in-force`, `withdrawn` (by its filer), `objected` (by a regulator).
    """

    state_type: ClassVar[str] = "filing/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("status",)

    asset: SubjectKey
    filer: SubjectKey
    recipient: SubjectKey | None
    grant: SubjectKey | None
    purpose: str
    document: str
    until: int
    ground: str | None
    status: Intervals

    @override
    def describe(self, key: SubjectKey) -> Listing:
        terms = (self.asset, self.filer, *([self.recipient] if self.recipient else []))
        return Listing(self.purpose, str(current(self.status)[-1]), terms)


class Important(Body, frozen=True, kw_only=True):
    """`filing.important`: by a holder of a right to operate important data.

    Args:
        asset: What is to be delivered.
        recipient: To whom alone; absent: to anybody, or with a grant to its grantee.
        grant: Under which grant alone.
        purpose: In words.
        document: Digest of what was filed with the authority.
        until: First instant at which it is over, Unix milliseconds.
    """

    kind: ClassVar[str] = "filing.important"

    asset: AssetKey
    recipient: PartyKey | UnsetType = UNSET
    grant: GrantKey | UnsetType = UNSET
    purpose: Reason
    document: HexDigest
    until: Annotated[int, Meta(ge=0)]

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        grant = [] if self.grant is UNSET else [self.grant]
        return [derive_id("filing", actor=actor, nonce=nonce), self.asset, *grant]

    @override
    def apply(self, context: Context) -> Changes:
        asset = context.need(Asset, self.asset)
        self._check(context, asset)
        recipient, touched = self._find_recipient(context)
        key = context.new_id("filing")
        filing = Filing(
            asset=self.asset,
            filer=context.actor,
            recipient=recipient,
            grant=None if self.grant is UNSET else self.grant,
            purpose=self.purpose,
            document=self.document,
            until=self.until,
            ground=None,
            status=open_interval((), "in-force", context.time, context.index),
        )
        noted: JsonObject = {"filing": key, "recipient": recipient, "until": self.until}
        filings = _close_ended(asset.filings, context.time)
        filed = replace(asset, filings=open_interval(filings, noted, context.time, context.index))
        leave_room_for_orders(filed)
        return {key: filing, self.asset: filed, **touched}

    def _check(self, context: Context, asset: Asset) -> None:
        pending = read_pending(context, asset, context.time)
        held = held_rights(asset, context.actor, context.time, pending)
        if not any(value["right"] == "operate" for value in held):
            refuse(
                "no_operate_right",
                f"{context.actor} has no right to operate {self.asset} in force: who has one files "
                "for its deliveries",
                f"{context.actor} 对 {self.asset} 没有有效的经营权：须由经营权人备案",
                "domain 4",
            )
        if not is_important(context, self.asset, asset):
            refuse(
                "not_important",
                f"{self.asset} is not important data: it is delivered without a filing",
                f"{self.asset} 不是重要数据：交付无须备案",
                _RULE,
            )
        if self.until <= context.time:
            refuse(
                "term_over",
                "the filing would be over before it begins: give an end that is still to come",
                "该备案的期限已过：请给出尚未届满的日期",
                "domain 4",
            )

    def _find_recipient(self, context: Context) -> tuple[SubjectKey | None, Changes]:
        """Whom it covers, and the grant that it touches."""
        named = None if self.recipient is UNSET else self.recipient
        if self.grant is UNSET:
            if named is not None:
                context.need(Party, named)
            return named, {}
        grant = need_live_chain(context, self.grant, context.time)[0].grant
        if grant.asset != self.asset or named not in {None, grant.grantee}:
            refuse(
                "wrong_parts",
                f"{self.grant} is a grant of {grant.asset} to {grant.grantee}: name that asset, "
                "and no other recipient",
                f"{self.grant} 是 {grant.asset} 对 {grant.grantee} 的授权：须指明该数据，"
                "且不得指明其他接收方",
                "formats 2",
            )
        return grant.grantee, {self.grant: grant}


class End(Body, frozen=True, kw_only=True):
    """`filing.end`: its filer withdraws it, or a regulator objects; nothing is delivered under it.

    Args:
        filing: What ends.
        asset: What it was for.
        ground: In words.
    """

    kind: ClassVar[str] = "filing.end"

    filing: FilingKey
    asset: AssetKey
    ground: Reason

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.filing, self.asset]

    @override
    def apply(self, context: Context) -> Changes:
        filing, asset = context.need(Filing, self.filing), context.need(Asset, self.asset)
        if filing.asset != self.asset:
            refuse(
                "wrong_parts",
                f"{self.filing} is for {filing.asset}: name that asset",
                f"{self.filing} 针对 {filing.asset}：请指明该数据",
                "formats 2",
            )
        is_filer = context.actor == filing.filer
        if not is_filer and not context.need(Party, context.actor).has_role("regulator"):
            refuse(
                "wrong_role",
                f"{self.filing} is ended by {filing.filer}, who filed it, or by the regulator",
                f"{self.filing} 仅可由备案方 {filing.filer} 撤回，或由监管方提出反对",
                "domain 4",
            )
        if current(filing.status) != ("in-force",):
            refuse(
                "already_ended",
                f"{self.filing} was ended before: nothing is left to do",
                f"{self.filing} 此前已终止，无须再次操作",
                "domain 4",
            )
        name = "withdrawn" if is_filer else "objected"
        status = switch_interval(filing.status, name, context.time, context.index)
        filings = _end_filing(asset.filings, self.filing, context.time)
        return {
            self.filing: replace(filing, status=status, ground=self.ground),
            self.asset: replace(asset, filings=filings),
        }


def check_filing(
    context: Context,
    named: FilingKey | UnsetType,
    asset: SubjectKey,
    recipient: SubjectKey,
    grant: SubjectKey,
) -> None:
    """Hold a delivery of important data against the filing that it names.

    Args:
        context: Of the delivery.
        named: The filing; unset: none.
        asset: What is delivered.
        recipient: To whom.
        grant: Under which grant.

    Raises:
        RejectedError: Reason `important_filing`: none is named, or the one named is of another
            asset, recipient or grant, ended, or over.
    """
    if named is UNSET:
        refuse("important_filing", *describe_missing(asset), _RULE)
    filing = context.need(Filing, named)
    is_fitting = (
        filing.asset == asset
        and filing.recipient in {None, recipient}
        and filing.grant in {None, grant}
    )
    is_live = current(filing.status) == ("in-force",) and context.time < filing.until
    if not (is_fitting and is_live):
        refuse(
            "important_filing",
            f"{named} does not cover a delivery of {asset} to {recipient} under {grant} now: name "
            "a live filing that does, or file one with filing.important",
            f"{named} 现不涵盖依据 {grant} 向 {recipient} 交付 {asset}："
            "请指明有效且涵盖的备案，或以 filing.important 备案",
            _RULE,
        )


def describe_missing(asset: SubjectKey) -> tuple[str, str]:
    """What is said where important data has no filing, in both languages."""
    return (
        f"{asset} is important data: it is delivered under a live filing that covers the "
        "recipient; file one with filing.important, and name it",
        f"{asset} 属于重要数据：须先完成涵盖接收方的备案（filing.important）并指明该备案，方可交付",
    )


def filings_at(asset: Asset, time: UnixMillis) -> list[JsonObject]:
    """The filings in force at an instant: `{"filing","recipient","until"}`.

    Args:
        asset: Its state; whether its list `filings` reaches back so far is asked before.
        time: The instant.
    """
    held = objects_at(asset.filings, time)
    return [value for value in held if isinstance(value["until"], int) and time < value["until"]]


def _close_ended(filings: Intervals, time: UnixMillis) -> Intervals:
    """The list with every filing closed that is over, as of its end."""
    for value in current(filings):
        until = value["until"] if isinstance(value, dict) else None
        if isinstance(until, int) and until <= time:
            filings = close_interval(filings, value, UnixMillis(until))
    return filings


def _end_filing(filings: Intervals, key: SubjectKey, time: UnixMillis) -> Intervals:
    """The list with one filing closed, unless it was over and is closed already."""
    for value in current(filings):
        if isinstance(value, dict) and value["filing"] == key:
            filings = close_interval(filings, value, time)
    return filings
