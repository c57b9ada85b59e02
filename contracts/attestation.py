"""What third parties say of data: `attest.make` and `attest.withdraw`.

An attestation is the issuer's word, in the role that it was admitted to; the document itself stays
outside, its digest is on the ledger. One kind has an effect on rules: a downgrade lets data be of a
lower level than what it was made from, down to the level that the assessor states.

Spec: domain, section 4; GB/T 43697-2024, annex I.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Final, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.clocks import format_instant
from contracts.engine import Body, Changes, Context, refuse
from contracts.foundation import read_ledger
from contracts.holds import read_live_voucher
from contracts.identity import HexDigest, Party, Reason, Role
from contracts.intervals import current, open_interval, switch_interval
from contracts.party import refuse_if_founder
from contracts.records import Intervals, StateRecord
from contracts.title import (
    LEVEL_ORDER,
    Asset,
    AssetKey,
    AttestationKey,
    CertificateNumber,
    Classification,
    Level,
    tuple_values,
    voucher_key,
)
from ledger.core.rules import Listing
from ledger.core.subjects import derive_id
from ledger.core.types import SubjectKey, UnixMillis

AttestationType = Literal[
    "compliance",
    "risk",
    "security-review",
    "audit",
    "valuation",
    "quality",
    "certification",
    "algorithm",
    "downgrade",
    "entity-admission",
    "data-admission",
    "data-authenticity",
    "data-leak",
    "model-safety",
]

ISSUERS: Final[Mapping[AttestationType, Role]] = {
    "compliance": "auditor",
    "risk": "auditor",
    "security-review": "auditor",
    "audit": "auditor",
    "valuation": "valuer",
    "quality": "certifier",
    "certification": "certifier",
    "algorithm": "assessor",
    "downgrade": "assessor",
    "entity-admission": "notary",
    "data-admission": "notary",
    "data-authenticity": "notary",
    "data-leak": "notary",
    "model-safety": "notary",
}
"""The role that a party is admitted to before it attests something."""


class Attestation(StateRecord, frozen=True, kw_only=True):
    """State of `attestation/<id>`.

    Args:
        asset: What it is about.
        issuer: Whose word it is.
        type: What it says something of.
        document: Digest of the report, opinion or notarial deed, 64 hex digits.
        statement: The result in words; None: the document alone says it.
        level: Of a downgrade: the lowest level that the data may be given; else None.
        valid_until: First instant at which it is over, Unix milliseconds; None: it has no end.
        status: Intervals of `in-force`, `withdrawn`.
    """

    state_type: ClassVar[str] = "attestation/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("status",)

    asset: SubjectKey
    issuer: SubjectKey
    type: AttestationType
    document: str
    statement: str | None
    level: Level | None
    valid_until: int | None
    status: Intervals

    def is_live(self, time: UnixMillis) -> bool:
        """Whether it is neither withdrawn nor over."""
        is_over = self.valid_until is not None and time >= self.valid_until
        return current(self.status) == ("in-force",) and not is_over

    @override
    def describe(self, key: SubjectKey) -> Listing:
        return Listing(self.type, str(current(self.status)[-1]), (self.asset, self.issuer))


class Make(Body, frozen=True, kw_only=True):
    """`attest.make`: by a party admitted to the role that the type asks for.

    Outside solo nobody attests data that he filed or has a right in, and no founder anything.

    Args:
        type: What it says something of; the role follows from it.
        asset: What it is about; before it is recorded, too.
        voucher: Number of its live voucher; absent if it has none.
        document: Digest of the report, opinion or notarial deed.
        statement: The result in words.
        level: Of a downgrade alone, and there always: the lowest level that the data may be given.
        valid_until: First instant at which it is over, Unix milliseconds.
    """

    kind: ClassVar[str] = "attest.make"

    type: AttestationType
    asset: AssetKey
    voucher: CertificateNumber | UnsetType = UNSET
    document: HexDigest
    statement: Reason | UnsetType = UNSET
    level: Level | UnsetType = UNSET
    valid_until: Annotated[int, Meta(ge=0)] | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [derive_id("attestation", actor=actor, nonce=nonce), self.asset, *_named(self)]

    @override
    def apply(self, context: Context) -> Changes:
        asset = context.need(Asset, self.asset)
        _check_issuer(context, self.type, asset, self.asset)
        self._check_members(context)
        voucher = read_live_voucher(context, self.asset, asset, self.voucher)
        attestation = Attestation(
            asset=self.asset,
            issuer=context.actor,
            type=self.type,
            document=self.document,
            statement=None if self.statement is UNSET else self.statement,
            level=None if self.level is UNSET else self.level,
            valid_until=None if self.valid_until is UNSET else self.valid_until,
            status=open_interval((), "in-force", context.time, context.index),
        )
        return {context.new_id("attestation"): attestation, self.asset: asset, **voucher}

    def _check_members(self, context: Context) -> None:
        if (self.type == "downgrade") != (self.level is not UNSET):
            refuse(
                "attested_level",
                "a downgrade states the lowest level that the data may be given, and no other "
                "attestation has a level",
                "降级评估须写明可定的最低级别（level），其他类型不得有 level",
                "GB/T 43697-2024",
            )
        if self.valid_until is not UNSET and self.valid_until <= context.time:
            refuse(
                "term_over",
                "the attestation would be over before it begins: give an end that is still to come",
                "该证明的有效期已过：请给出尚未届满的日期",
                "domain 4",
            )


class Withdraw(Body, frozen=True, kw_only=True):
    """`attest.withdraw`: its issuer does not stand by it any more.

    What was recorded on its ground stays; whoever follows the asset sees that it is withdrawn.

    Args:
        attestation: What ends.
        asset: What it was about.
        voucher: Number of its live voucher now; absent if it has none.
        ground: In words.
    """

    kind: ClassVar[str] = "attest.withdraw"

    attestation: AttestationKey
    asset: AssetKey
    voucher: CertificateNumber | UnsetType = UNSET
    ground: Reason

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.attestation, self.asset, *_named(self)]

    @override
    def apply(self, context: Context) -> Changes:
        attestation = context.need(Attestation, self.attestation)
        if (context.actor, self.asset) != (attestation.issuer, attestation.asset):
            refuse(
                "wrong_role",
                f"{self.attestation} of {attestation.asset} is withdrawn by {attestation.issuer}, "
                "who made it",
                f"{self.attestation} 针对 {attestation.asset}，仅可由出具方 "
                f"{attestation.issuer} 撤回",
                "domain 4",
            )
        if current(attestation.status) != ("in-force",):
            refuse(
                "already_withdrawn",
                f"{self.attestation} was withdrawn before: nothing is left to do",
                f"{self.attestation} 此前已撤回，无须再次操作",
                "domain 4",
            )
        asset = context.need(Asset, self.asset)
        voucher = read_live_voucher(context, self.asset, asset, self.voucher)
        status = switch_interval(attestation.status, "withdrawn", context.time, context.index)
        return {
            self.attestation: replace(attestation, status=status),
            self.asset: asset,
            **voucher,
        }


def check_downgrade(context: Context, key: SubjectKey, data: Classification) -> None:
    """Hold the downgrade that a classification names, if it names one, against its level.

    Args:
        context: Of the record.
        key: The asset's.
        data: Its classification.

    Raises:
        RejectedError: There is no such attestation, or it is of another type or another asset,
            withdrawn, over, or for a higher level than the one given.
    """
    if data.downgrade is UNSET:
        return
    attestation = context.need(Attestation, data.downgrade)
    is_fitting = (attestation.type, attestation.asset) == ("downgrade", key)
    if not is_fitting or not attestation.is_live(context.time):
        refuse(
            "downgrade",
            f"{data.downgrade} is no live downgrade attestation of {key} at "
            f"{format_instant(context.time)}: have an admitted assessor make one (attest.make)",
            f"{data.downgrade} 不是 {key} 在 {format_instant(context.time)} 有效的降级评估："
            "请由获准的评估机构出具（attest.make）",
            "GB/T 43697-2024",
        )
    if LEVEL_ORDER.index(data.level) < LEVEL_ORDER.index(attestation.level or "core"):
        refuse(
            "downgrade_level",
            f"{data.downgrade} lets the level be {attestation.level} at the lowest, not "
            f"{data.level}",
            f"{data.downgrade} 评定的最低级别为 {attestation.level}，不得定为 {data.level}",
            "GB/T 43697-2024",
        )


def _check_issuer(context: Context, wanted: AttestationType, asset: Asset, key: SubjectKey) -> None:
    role = ISSUERS[wanted]
    issuer = context.need(Party, context.actor)
    if not issuer.has_role(role):
        refuse(
            "wrong_role",
            f"an attestation of the type {wanted} is made by a party admitted as {role}: have "
            f"{context.actor} admitted with party.admit",
            f"{wanted} 类证明须由获准为 {role} 的主体出具：请先以 party.admit 核准 {context.actor}",
            "domain 4",
        )
    refuse_if_founder(context, context.actor, issuer, role)
    holders = {str(value["holder"]) for value in tuple_values(asset.tuples)}
    is_own = context.actor in holders or context.actor in asset.parties
    if is_own and not read_ledger(context).profile.is_solo:
        refuse(
            "own_asset",
            f"{context.actor} filed {key} or has a right in it: have another party attest it",
            f"{context.actor} 是 {key} 的申请人或权利人：请由其他主体出具",
            "domain 4",
        )


def _named(body: Make | Withdraw) -> list[SubjectKey]:
    return [] if body.voucher is UNSET else [voucher_key(body.voucher)]
