"""What regulators do: `list.publish` (calendars also by the registrar) and `order.*`.

While a freeze is in force nothing that disposes of the asset goes on; what ends something does.

Spec: domain, section 4; our formats, section 5.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.classification import LISTS, PART, parse_list
from contracts.clocks import local_date, parse_calendar
from contracts.engine import Body, Changes, Context, refuse
from contracts.foundation import read_ledger
from contracts.holds import read_live_voucher
from contracts.identity import HexDigest, Reason, need_role
from contracts.intervals import close_interval, current, open_interval, switch_interval
from contracts.lists import CALENDAR, PublishedList, list_key, switch_listed
from contracts.publicdata import read_listed
from contracts.records import AnyObject, Intervals, StateRecord, whole
from contracts.title import Asset, AssetKey, CertificateNumber, voucher_key
from ledger.core.rules import Listing
from ledger.core.subjects import derive_id
from ledger.core.types import Json, SubjectKey

OrderKey = Annotated[SubjectKey, whole("order/[a-z2-7]{26}")]


class Publish(Body, frozen=True, kw_only=True):
    """`list.publish`: a new version of one part of a list, wholly."""

    kind: ClassVar[str] = "list.publish"

    list: Annotated[str, whole("[a-z0-9-]{1,40}")]
    part: Annotated[str, whole("[A-Za-z0-9.-]{1,40}")]
    version: Annotated[int, Meta(ge=1, le=1_000_000)]
    content: AnyObject

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [list_key(self.list, self.part)]

    @override
    def apply(self, context: Context) -> Changes:
        is_calendar = self.list == CALENDAR
        need_role(context, "regulator", *(["registrar"] if is_calendar else []))
        if is_calendar and str(parse_calendar(self.content).year) != self.part:
            refuse(
                "wrong_part",
                f"the part {self.part} of a calendar is the calendar of that year",
                f"日历的 {self.part} 部分须为该年的日历",
                "domain 2",
            )
        self._check_entries()
        key = list_key(self.list, self.part)
        before = context.find(PublishedList, key)
        expected = before.version + 1 if before else 1
        if self.version != expected:
            refuse(
                "wrong_version",
                f"the next version of {key} is {expected}, not {self.version}",
                f"{key} 的下一版本为 {expected}，而非 {self.version}",
                "domain 2",
            )
        if is_calendar and before is not None:
            _check_past_days(context, before.content, self.content)
        return {
            key: PublishedList(
                publisher=context.actor,
                version=self.version,
                since=context.time,
                content=self.content,
                listed=switch_listed(
                    before.listed if before else (),
                    read_listed(context, self.list, self.part, self.content),
                    context.time,
                    context.index,
                ),
            )
        }

    def _check_entries(self) -> None:
        """Read strictly what rules hold data against."""
        for name in LISTS:
            if self.list != name:
                continue
            if self.part != PART:
                refuse(
                    "wrong_part",
                    f"the list {name} has the one part {PART}, which rules read whole, and no "
                    f"{self.part}",
                    f"清单 {name} 仅有 {PART} 一个部分，而非 {self.part}：规则按整份清单核对",
                    "domain 2",
                )
            parse_list(name, self.content)


def _check_past_days(context: Context, before: Json, after: Json) -> None:
    """Keep a new version of a calendar from changing days that are over, and deadlines with them.

    Raises:
        RejectedError: Reason `past_days`.
    """
    today = local_date(context.time, read_ledger(context).profile.offset_minutes)
    old, new = parse_calendar(before), parse_calendar(after)
    past = sorted(day for day in (old.off ^ new.off) | (old.work ^ new.work) if day < today)
    if past:
        refuse(
            "past_days",
            f"{past[0]} is over, and deadlines were counted by it: leave the days before {today} "
            "as they were published",
            f"{past[0]} 已经过去，相关期限已据此计算：{today} 之前的日期须与已公布的一致",
            "domain 2",
        )


class Order(StateRecord, frozen=True, kw_only=True):
    """State of `order/<id>`.

    Args:
        asset: What is frozen.
        regulator: Who ordered it.
        ground: In words.
        document: Digest of the order as issued, 64 hex digits, if it was named.
        status: Intervals of `in-force`, `lifted`.
    """

    state_type: ClassVar[str] = "order/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("status",)

    asset: SubjectKey
    regulator: SubjectKey
    ground: str
    document: str | None
    status: Intervals

    @override
    def describe(self, key: SubjectKey) -> Listing:
        return Listing(self.ground, str(current(self.status)[-1]), (self.asset, self.regulator))


class Freeze(Body, frozen=True, kw_only=True):
    """`order.freeze`: until it is lifted nobody disposes of the asset; several may be in force.

    Args:
        asset: What is frozen.
        voucher: Number of its live voucher; absent if it has none.
        ground: In words.
        document: Digest of the order as issued.
    """

    kind: ClassVar[str] = "order.freeze"

    asset: AssetKey
    voucher: CertificateNumber | UnsetType = UNSET
    ground: Reason
    document: HexDigest | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        named = [] if self.voucher is UNSET else [voucher_key(self.voucher)]
        return [derive_id("order", actor=actor, nonce=nonce), self.asset, *named]

    @override
    def apply(self, context: Context) -> Changes:
        need_role(context, "regulator")
        asset = context.need(Asset, self.asset)
        voucher = read_live_voucher(context, self.asset, asset, self.voucher)
        key = context.new_id("order")
        freezes = open_interval(asset.freezes, {"order": key}, context.time, context.index)
        order = Order(
            asset=self.asset,
            regulator=context.actor,
            ground=self.ground,
            document=None if self.document is UNSET else self.document,
            status=open_interval((), "in-force", context.time, context.index),
        )
        return {key: order, self.asset: replace(asset, freezes=freezes), **voucher}


class Unfreeze(Body, frozen=True, kw_only=True):
    """`order.unfreeze`: the regulator lifts one order; any other stays in force.

    Args:
        order: What ends.
        asset: What it froze.
        voucher: Number of its live voucher now; absent if it has none.
    """

    kind: ClassVar[str] = "order.unfreeze"

    order: OrderKey
    asset: AssetKey
    voucher: CertificateNumber | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        named = [] if self.voucher is UNSET else [voucher_key(self.voucher)]
        return [self.order, self.asset, *named]

    @override
    def apply(self, context: Context) -> Changes:
        need_role(context, "regulator")
        order, asset = context.need(Order, self.order), context.need(Asset, self.asset)
        if order.asset != self.asset:
            refuse(
                "wrong_parts",
                f"{self.order} is on {order.asset}: name that asset",
                f"{self.order} 针对 {order.asset}：请指明该数据",
                "formats 2",
            )
        if current(order.status) != ("in-force",):
            refuse(
                "already_lifted",
                f"{self.order} was lifted before: nothing is left to do",
                f"{self.order} 此前已解除，无须再次操作",
                "domain 4",
            )
        voucher = read_live_voucher(context, self.asset, asset, self.voucher)
        freezes = close_interval(asset.freezes, {"order": self.order}, context.time)
        status = switch_interval(order.status, "lifted", context.time, context.index)
        return {
            self.order: replace(order, status=status),
            self.asset: replace(asset, freezes=freezes),
            **voucher,
        }
