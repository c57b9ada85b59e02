"""Objections to what is registered already: `objection.*` (Art. 29).

```text
filed ── notify ──► notified ── respond ──► responded
  └───────────────────┴────── conclude ────────┴──► dismissed, withdrawn, upheld
                              (to-court: stays open until the decision is brought)
```

Whoever objects tells the registrar why; the registrar tells the right-holders, hears them, and
concludes. An objection takes nothing from anybody: it is visible on the asset as a dispute, and
what it leads to are events of their own. Agreed: the right-holders file a change or a cancellation.
Upheld: the registrar revokes on the ground `objection-upheld`, and the dispute stands until then.
Its steps stand in the table of contracts.disputes.

Spec: domain, sections 2 and 4; Art. 29 and 37.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.chinese import OBJECTIONS
from contracts.disputes import Objection as Objection
from contracts.disputes import find_objections, find_step
from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.force import holders_of
from contracts.foundation import read_ledger
from contracts.holds import leave_room_for_orders
from contracts.identity import HexDigest, Reason, need_role
from contracts.intervals import close_interval, current, open_interval, switch_interval
from contracts.procedure import read_periods, refuse_own_case
from contracts.records import whole
from contracts.title import Asset, AssetKey, CertificateNumber
from ledger.core.subjects import derive_id
from ledger.core.types import JsonObject, SubjectKey

ObjectionKey = Annotated[SubjectKey, whole("objection/[a-z2-7]{26}")]
Outcome = Literal["dismissed", "withdrawn", "upheld", "to-court"]
_MAX_OPEN: Final = 16
"""Open objections on one asset; the registrar concludes some before it takes more."""
_ROOM_BYTES: Final = 512
"""What an objection leaves free in the asset's state for orders of a regulator; less than what a
record and a pledge leave, so that no right-holder can keep objections out."""


class FileObjection(Body, frozen=True, kw_only=True):
    """`objection.file`: by an enrolled party that is no right-holder of what is registered.

    Args:
        asset: What is registered.
        voucher: Number of its live voucher.
        reason: In words, public; leave it out where it would name a person.
        evidence: Digest of the objection with its material.
    """

    kind: ClassVar[str] = "objection.file"

    asset: AssetKey
    voucher: CertificateNumber
    reason: Reason | UnsetType = UNSET
    evidence: HexDigest

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [derive_id("objection", actor=actor, nonce=nonce), self.asset]

    @override
    def apply(self, context: Context) -> Changes:
        asset = context.need(Asset, self.asset)
        _check_objector(context, asset)
        if asset.voucher != self.voucher:
            refuse(
                "not_live_voucher",
                f"an objection is to what is registered: {self.voucher} is not the live voucher of "
                f"{self.asset}; before the record object to the registration while its notice runs",
                f"异议须针对已登记事项：{self.voucher} 不是 {self.asset} 的有效凭证；"
                "尚未登记的，请在公示期内对登记申请提出异议",
                "Art. 29",
            )
        self._check_repeated(context, asset)
        key = context.new_id("objection")
        disputes = open_interval(asset.disputes, {"objection": key}, context.time, context.index)
        disputed = replace(asset, disputes=disputes)
        leave_room_for_orders(disputed, _ROOM_BYTES)
        objection = Objection(
            asset=self.asset,
            voucher=self.voucher,
            by=context.actor,
            reason=None if self.reason is UNSET else self.reason,
            evidence=self.evidence,
            status=open_interval((), "filed", context.time, context.index),
            responses=(),
            deadline=read_periods(context, context.time).notify_end(context.time),
            decision=None,
            document=None,
        )
        return {key: objection, self.asset: disputed}

    def _check_repeated(self, context: Context, asset: Asset) -> None:
        """Keep one party from burying an asset in objections."""
        if len(current(asset.disputes)) >= _MAX_OPEN:
            refuse(
                "many_objections",
                f"{_MAX_OPEN} objections to {self.asset} are open: the registrar concludes some "
                "before it takes more",
                f"{self.asset} 已有 {_MAX_OPEN} 项异议在办：须待登记机构作出部分结论",
                "Art. 29",
            )
        for key, objection in find_objections(context, asset):
            if objection.by != context.actor:
                continue
            if objection.is_open:
                refuse(
                    "objection_open",
                    f"{context.actor} has {key} open on {self.asset}: wait for its conclusion",
                    f"{context.actor} 对 {self.asset} 已有在办异议 {key}：须待其结论",
                    "Art. 29",
                )
            if objection.evidence == self.evidence:
                refuse(
                    "same_objection",
                    f"{key} was concluded on this evidence: object anew with other evidence",
                    f"{key} 已就该证据作出结论：须以新的证据再次提出异议",
                    "Art. 29",
                )


class _Step(Body, frozen=True, kw_only=True):
    """Base of what follows: it names the objection and its asset, and touches only these."""

    objection: ObjectionKey
    asset: AssetKey

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.objection, self.asset]

    def begin(self, context: Context, step: str) -> tuple[Objection, Asset]:
        """The objection, if it is on this asset and in a state in which a step may be taken.

        Raises:
            RejectedError: It is on another asset, or this step may not be taken now.
        """
        objection, asset = context.need(Objection, self.objection), context.need(Asset, self.asset)
        if objection.asset != self.asset:
            refuse(
                "wrong_parts",
                f"{self.objection} is about {objection.asset}: name that asset",
                f"{self.objection} 针对 {objection.asset}：请指明该数据",
                "formats 2",
            )
        states = find_step(step).sources
        if objection.stage not in states:
            refuse(
                "wrong_step",
                f"{context.event.kind} comes after {' or '.join(states)}; {self.objection} is "
                f"{objection.stage}",
                f"{context.event.kind} 只能在以下状态之后："
                f"{'、'.join(OBJECTIONS[state] for state in states)}；"
                f"{self.objection} 现为“{OBJECTIONS[objection.stage]}”",
                "Art. 29",
            )
        return objection, asset


class Notify(_Step, frozen=True, kw_only=True):
    """`objection.notify`: the registrar has told the right-holders.

    Args:
        document: Digest of the notice that was sent to them.
    """

    kind: ClassVar[str] = "objection.notify"

    document: HexDigest | UnsetType = UNSET

    @override
    def apply(self, context: Context) -> Changes:
        need_role(context, "registrar")
        objection, asset = self.begin(context, "notify")
        refuse_own_case(context, objection.by)
        return {self.objection: _move(context, objection, "notified"), self.asset: asset}


class Respond(_Step, frozen=True, kw_only=True):
    """`objection.respond`: what a right-holder says to it, once each.

    Args:
        agrees: It will file a change or a cancellation.
        statement: Digest of the statement.
    """

    kind: ClassVar[str] = "objection.respond"

    agrees: bool
    statement: HexDigest

    @override
    def apply(self, context: Context) -> Changes:
        objection, asset = self.begin(context, "respond")
        holders = holders_of(asset, context.time)
        if context.actor not in holders:
            refuse(
                "not_a_holder",
                f"the right-holders answer an objection: {', '.join(holders) or 'none is left'}",
                f"异议由权利人答复：{'、'.join(holders) or '已无权利人'}",
                "Art. 29",
            )
        said = [value for value in current(objection.responses) if isinstance(value, dict)]
        if any(value["by"] == context.actor for value in said):
            refuse(
                "answered_before",
                f"{context.actor} has answered {self.objection}: more is for the joint inquiry",
                f"{context.actor} 已答复 {self.objection}：其余意见请在共同调查中提出",
                "Art. 29",
            )
        answer: JsonObject = {
            "agrees": self.agrees,
            "by": context.actor,
            "statement": self.statement,
        }
        responses = open_interval(objection.responses, answer, context.time, context.index)
        answered = replace(objection, responses=responses)
        if answered.stage == "notified":
            answered = _move(context, answered, "responded")
        return {self.objection: answered, self.asset: asset}


class Conclude(_Step, frozen=True, kw_only=True):
    """`objection.conclude`: by the registrar; withdrawn also by who objected.

    What takes rights from their holders later, `upheld`, is signed by as many officers as a record,
    and stays visible as a dispute until it has done so.

    Args:
        outcome: What came of it; `to-court` leaves it open until the decision is brought.
        reasons: In words.
        document: Digest of what it rests on: after `to-court` the decision, of a withdrawal that
            the registrar writes the letter.
    """

    kind: ClassVar[str] = "objection.conclude"

    outcome: Outcome
    reasons: Reason
    document: HexDigest | UnsetType = UNSET

    @override
    def signers(self, context: Context) -> Signers:
        is_heavy = self.outcome == "upheld"
        return Signers({context.actor: read_ledger(context).profile.officers if is_heavy else 1})

    @override
    def apply(self, context: Context) -> Changes:
        objection, asset = self.begin(context, f"conclude.{self.outcome}")
        is_own = self.outcome == "withdrawn" and context.actor == objection.by
        if not is_own:
            need_role(context, "registrar")
            refuse_own_case(context, objection.by)
            self._check_document(objection)
        concluded = replace(
            _move(context, objection, self.outcome),
            decision=self.reasons,
            document=None if self.document is UNSET else self.document,
        )
        is_left = self.outcome == "upheld" and asset.voucher is not None
        if concluded.is_open or is_left:
            return {self.objection: concluded, self.asset: asset}
        value = {"objection": self.objection}
        disputes = close_interval(asset.disputes, value, context.time)
        return {self.objection: concluded, self.asset: replace(asset, disputes=disputes)}

    def _check_document(self, objection: Objection) -> None:
        if self.document is not UNSET:
            return
        if self.outcome == "withdrawn":
            refuse(
                "conclusion_document",
                "who objected withdraws with its own signature; the registrar names the digest of "
                "the letter that says so",
                "撤回异议须由异议人签署；由登记机构登记的，须给出撤回书面材料的摘要",
                "Art. 29",
            )
        if objection.stage == "to-court":
            refuse(
                "conclusion_document",
                f"{self.objection} went to arbitration or court: name the digest of the effective "
                "decision",
                f"{self.objection} 已提交仲裁或诉讼：须给出生效文书的摘要",
                "Art. 29",
            )


def _check_objector(context: Context, asset: Asset) -> None:
    """Let a party object that is neither a right-holder nor the registrar.

    Raises:
        RejectedError: It is one of them.
    """
    if context.actor in holders_of(asset, context.time):
        refuse(
            "own_right",
            f"{context.actor} is a right-holder: it files a change or a cancellation instead",
            f"{context.actor} 为权利人：请改为申请变更登记或注销登记",
            "Art. 29",
        )
    ledger = read_ledger(context)
    if not ledger.profile.is_solo and context.actor == ledger.registrar:
        refuse(
            "own_decision",
            "the registrar decides on objections and files none: it corrects or revokes instead",
            "登记机构裁定异议，不得自行提出：请改为更正或依职权注销",
            "Art. 29",
        )


def _move(context: Context, objection: Objection, status: str) -> Objection:
    switched = switch_interval(objection.status, status, context.time, context.index)
    return replace(objection, status=switched)
