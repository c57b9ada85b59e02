"""Usage: what a grantee says that it did under a grant, metered against its terms.

Spec: domain, section 4; our formats, section 5, "Roots named in events".
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.chain import Grant, GrantKey, list_turns, need_live_chain
from contracts.clocks import format_instant
from contracts.engine import Body, Changes, Context, refuse
from contracts.force import is_known
from contracts.holds import refuse_if_frozen
from contracts.identity import HexDigest
from contracts.odrl import (
    ONWARD,
    SCENE,
    Policy,
    Situation,
    describe_clause,
    evaluate,
    parse_policy,
)
from contracts.title import Asset
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.core.types import JsonObject, SubjectKey, UnixMillis

Count = Annotated[int, Meta(ge=1, le=MAX_SAFE_INTEGER)]
Instant = Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)]
Fact = Annotated[str, Meta(min_length=1, max_length=200)]


class Usage(Body, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """`usage.record`: so many units of an action, between two instants.

    Args:
        grant: Under which.
        action: An ODRL action, none of the onward ones: those are grants.
        count: Units since the record before.
        total: Units of this action in all, this record included.
        start, end: The period, Unix milliseconds; `from` and `to` in JSON. It begins when the
            grant has, and the period before has ended; `to` is excluded, and not in the future.
            The terms have to permit the act in all of it.
        purpose, scene, spatial: What the grant's constraints ask for.
    """

    kind: ClassVar[str] = "usage.record"

    grant: GrantKey
    action: Annotated[str, Meta(min_length=1, max_length=64)]
    count: Count
    total: Count
    start: Instant
    end: Instant
    purpose: Fact | UnsetType = UNSET
    scene: Fact | UnsetType = UNSET
    spatial: Fact | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.grant]

    @override
    def apply(self, context: Context) -> Changes:
        grant = need_live_chain(context, self.grant, context.time)[0].grant
        if context.actor != grant.grantee:
            refuse(
                "wrong_role",
                f"usage under {self.grant} is recorded by its grantee {grant.grantee}",
                f"{self.grant} 下的使用由被授权方 {grant.grantee} 存证",
                "domain 4",
            )
        asset = context.need(Asset, grant.asset)
        refuse_if_frozen(asset, grant.asset)
        self._check_freezes(asset, grant.asset)
        self._check_counters(context, grant)
        meters = {**grant.meters, self.action: self.total}
        self._check_terms(parse_policy(grant.policy), meters)
        periods = {**grant.periods, self.action: self.end}
        return {self.grant: replace(grant, meters=meters, periods=periods)}

    def _check_freezes(self, asset: Asset, key: SubjectKey) -> None:
        if not is_known(asset, "freezes", UnixMillis(self.start)):
            refuse(
                "unknown_then",
                f"{key} was frozen so often since that its state does not say whether it was in "
                "this period: record later periods",
                f"{key} 此后多次被冻结，其状态未保留该周期内是否被冻结：请记录较晚的周期",
                "formats 5",
            )
        for freeze in asset.freezes:
            if freeze.start < self.end and (freeze.end is None or self.start < freeze.end):
                refuse(
                    "frozen_then",
                    f"{key} was frozen in this period, from {format_instant(freeze.start)} on: "
                    "record what was done before and after",
                    f"{key} 在该周期内曾被冻结（自 {format_instant(freeze.start)} 起）："
                    "请分别记录冻结前后的使用",
                    "domain 4",
                )

    def _check_counters(self, context: Context, grant: Grant) -> None:
        before = grant.meters.get(self.action, 0)
        first = max(grant.status[-1].start, grant.periods.get(self.action, 0))
        is_period = first <= self.start < self.end <= context.time
        if self.total != before + self.count or not is_period:
            since = format_instant(UnixMillis(first))
            refuse(
                "counter",
                f"counters go forward: the total of {self.action} is {before} so far, and a period "
                f"of it lies in the past, from {since} on, when the grant began or the newest one "
                f"ended: say from {since} or later, to now or earlier, and a total of "
                f"{before + self.count}",
                f"计数只增不减：{self.action} 累计为 {before}；周期须在过去，且不早于授权生效"
                f"或上一周期结束之时（{since}）：请将起始改为该时间或之后，结束不晚于现在，"
                f"累计改为 {before + self.count}",
                "domain 4",
            )

    def _check_terms(self, policy: Policy, meters: Mapping[str, int]) -> None:
        stated = {"purpose": self.purpose, SCENE: self.scene, "spatial": self.spatial}
        facts: JsonObject = {name: fact for name, fact in stated.items() if fact is not UNSET}
        if self.action in ONWARD:
            refuse(
                "onward_act",
                f"{self.action} is not recorded as usage: issue a grant below {self.grant}",
                f"{self.action} 不以使用存证：请在 {self.grant} 之下签发授权",
                "domain 5",
            )
        turns = [turn for turn in list_turns(policy) if self.start < turn < self.end]
        for time in (UnixMillis(self.start), *turns):
            finding = evaluate(policy.terms, Situation(self.action, time, facts, meters))
            if finding.verdict != "permitted":
                en, zh = describe_clause(finding)
                refuse(finding.code, en, zh, f"{self.grant} {finding.path}; domain 5")


class UsageBatch(Usage, frozen=True, kw_only=True):
    """`usage.batch`: any number of lines kept outside, under one root.

    Args:
        form: How a line becomes a leaf (contracts.usagelines).
        root: RFC 6962 root, 64 hex digits.
        lines: How many leaves.
    """

    kind: ClassVar[str] = "usage.batch"

    form: Literal["usage-lines/1"]
    root: HexDigest
    lines: Count

    @override
    def apply(self, context: Context) -> Changes:
        if self.lines > self.count:
            refuse(
                "lines",
                f"each line counts at least one unit: {self.lines} lines are no {self.count} units",
                f"每条明细至少计一个单位：{self.lines} 条明细不止 {self.count} 个单位",
                "domain 4",
            )
        return super().apply(context)
