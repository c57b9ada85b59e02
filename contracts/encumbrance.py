"""Pledges: `encumbrance.create` and `encumbrance.release`.

A pledge moves no right. It is noted on the asset for as long as it is in force, so that the right
is not transferred, nor pledged once more without those who have it in pledge already.

Spec: domain, section 4; our formats, section 5.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Final

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.force import held_rights
from contracts.holds import (
    leave_room_for_orders,
    pledged_by,
    read_live_voucher,
    refuse_if_held,
)
from contracts.identity import HexDigest, Party, PartyKey, refuse_if_recovering
from contracts.intervals import close_interval, current, open_interval, switch_interval
from contracts.records import Intervals, StateRecord, whole
from contracts.standing import read_pending
from contracts.title import Asset, AssetKey, CertificateNumber, Right, voucher_key
from ledger.core.rules import Listing
from ledger.core.subjects import derive_id
from ledger.core.types import JsonObject, SubjectKey

MAX_PLEDGES_OF_ONE: Final = 24
"""Open pledges of one holder on one asset."""

EncumbranceKey = Annotated[SubjectKey, whole("encumbrance/[a-z2-7]{26}")]


class Encumbrance(StateRecord, frozen=True, kw_only=True):
    """State of `encumbrance/<id>`.

    Args:
        asset: In which the rights are.
        pledgor: Whose rights they are.
        pledgee: For whose claim they stand.
        rights: What is pledged.
        secures: Digest of the contract that it secures, 64 hex digits, if it was named.
        status: Intervals of `in-force`, `released`.
    """

    state_type: ClassVar[str] = "encumbrance/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("status",)

    asset: SubjectKey
    pledgor: SubjectKey
    pledgee: SubjectKey
    rights: tuple[Right, ...]
    secures: str | None
    status: Intervals

    @override
    def describe(self, key: SubjectKey) -> Listing:
        status = str(current(self.status)[-1])
        return Listing("(pledge)", status, (self.asset, self.pledgor, self.pledgee))


class Create(Body, frozen=True, kw_only=True):
    """`encumbrance.create`: signed by the pledgor, the pledgee and each pledgee before him.

    Args:
        asset: In which the rights are.
        voucher: Number of its live voucher, which lists them.
        pledgee: For whose claim they are to stand.
        rights: Of the pledgor, none twice.
        secures: Digest of the contract that it secures.
        consents: Everybody else who has one of the rights in pledge already, sorted.
    """

    kind: ClassVar[str] = "encumbrance.create"

    asset: AssetKey
    voucher: CertificateNumber
    pledgee: PartyKey
    rights: Annotated[tuple[Right, ...], Meta(min_length=1, max_length=3)]
    secures: HexDigest | UnsetType = UNSET
    consents: Annotated[tuple[PartyKey, ...], Meta(min_length=1, max_length=6)] | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        encumbrance = derive_id("encumbrance", actor=actor, nonce=nonce)
        return [encumbrance, self.asset, voucher_key(self.voucher)]

    @override
    def signers(self, context: Context) -> Signers:
        return Signers(dict.fromkeys((context.actor, self.pledgee, *self._consents()), 1))

    @override
    def apply(self, context: Context) -> Changes:
        asset = context.need(Asset, self.asset)
        voucher = read_live_voucher(context, self.asset, asset, self.voucher)
        refuse_if_held(asset, self.asset)
        self._check_parties(context)
        self._check_rights(context, asset)
        self._check_consents(context, asset)
        _check_number(asset, context.actor)
        key = context.new_id("encumbrance")
        encumbrance = Encumbrance(
            asset=self.asset,
            pledgor=context.actor,
            pledgee=self.pledgee,
            rights=self.rights,
            secures=None if self.secures is UNSET else self.secures,
            status=open_interval((), "in-force", context.time, context.index),
        )
        pledge = _pledge(key, encumbrance)
        pledges = open_interval(asset.pledges, pledge, context.time, context.index)
        pledged = replace(asset, pledges=pledges)
        leave_room_for_orders(pledged)
        return {key: encumbrance, self.asset: pledged, **voucher}

    def _consents(self) -> tuple[SubjectKey, ...]:
        return () if self.consents is UNSET else self.consents

    def _check_parties(self, context: Context) -> None:
        if self.pledgee == context.actor:
            refuse(
                "self_pledge",
                "nobody has a right of its own in pledge: name another party as pledgee",
                "不得以自己为质权人：请指明其他主体",
                "domain 4",
            )
        for key in (context.actor, *self._consents()):
            refuse_if_recovering(context, key, context.need(Party, key))

    def _check_rights(self, context: Context, asset: Asset) -> None:
        if len(set(self.rights)) != len(self.rights):
            refuse("doubled_right", "a right is named once", "同一权利不得重复列出", "domain 4")
        pending = read_pending(context, asset, context.time)
        rights = held_rights(asset, context.actor, context.time, pending)
        held = {value["right"] for value in rights}
        missing = [right for right in self.rights if right not in held]
        if missing:
            refuse(
                "no_right",
                f"{context.actor} does not have the right to {', '.join(missing)} in {self.asset} "
                "in force: pledge rights of one's own, under a voucher that has not expired",
                f"{context.actor} 对 {self.asset} 不享有有效的 {'、'.join(missing)} 权利："
                "仅可质押本人在有效期内的凭证所载权利",
                "domain 4",
            )

    def _check_consents(self, context: Context, asset: Asset) -> None:
        """Who has one of the rights in pledge already must be named; nobody else may be."""
        earlier = {
            context.need(Encumbrance, key).pledgee
            for right in self.rights
            for key in pledged_by(asset, context.actor, right)
        }
        needed = sorted(earlier - {self.pledgee})
        if set(needed) - set(self._consents()):
            refuse(
                "second_pledge",
                f"pledged already to {', '.join(needed)}, without whose consent there is no second "
                "pledge: name them in consents and have them sign",
                f"该权利已质押给 {'、'.join(needed)}，未经其同意不得再次质押："
                "请在 consents 中列出并由其签署",
                "domain 4",
            )
        if list(self._consents()) != needed:
            refuse(
                "consents",
                f"consents are those of the earlier pledgees, sorted: {', '.join(needed) or 'none'}"
                "; name them and nobody else",
                f"consents 仅列在先质权人并须排序：{'、'.join(needed) or '无'}",
                "domain 4",
            )


def _check_number(asset: Asset, pledgor: SubjectKey) -> None:
    """Keep one holder from using up the room that the others' pledges need."""
    held = [value for value in current(asset.pledges) if isinstance(value, dict)]
    if sum(value["holder"] == pledgor for value in held) >= MAX_PLEDGES_OF_ONE:
        refuse(
            "too_many_pledges",
            f"{pledgor} has {MAX_PLEDGES_OF_ONE} pledges in force on this asset, and no more fit: "
            "have one released first",
            f"{pledgor} 在该数据上已有 {MAX_PLEDGES_OF_ONE} 项有效质押，已达上限：请先解除其一",
            "domain 4",
        )


class Release(Body, frozen=True, kw_only=True):
    """`encumbrance.release`: the pledgee lets go, or a regulator on a document that says so.

    Args:
        encumbrance: What ends.
        asset: In which the rights are.
        voucher: Number of its live voucher at the time of the release; absent if it has none.
        document: Digest of the judgment or deed that ends it; a regulator needs one, for instance
            when the pledgee has left.
    """

    kind: ClassVar[str] = "encumbrance.release"

    encumbrance: EncumbranceKey
    asset: AssetKey
    voucher: CertificateNumber | UnsetType = UNSET
    document: HexDigest | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        named = [] if self.voucher is UNSET else [voucher_key(self.voucher)]
        return [self.encumbrance, self.asset, *named]

    @override
    def apply(self, context: Context) -> Changes:
        encumbrance = context.need(Encumbrance, self.encumbrance)
        self._check(context, encumbrance)
        asset = context.need(Asset, self.asset)
        voucher = read_live_voucher(context, self.asset, asset, self.voucher)
        pledge = _pledge(self.encumbrance, encumbrance)
        pledges = close_interval(asset.pledges, pledge, context.time)
        status = switch_interval(encumbrance.status, "released", context.time, context.index)
        return {
            self.encumbrance: replace(encumbrance, status=status),
            self.asset: replace(asset, pledges=pledges),
            **voucher,
        }

    def _check(self, context: Context, encumbrance: Encumbrance) -> None:
        if encumbrance.asset != self.asset:
            refuse(
                "wrong_parts",
                f"{self.encumbrance} is on {encumbrance.asset}: name that asset",
                f"{self.encumbrance} 设立于 {encumbrance.asset}：请指明该数据",
                "formats 2",
            )
        is_ordered = self.document is not UNSET and context.need(Party, context.actor).has_role(
            "regulator"
        )
        if encumbrance.pledgee != context.actor and not is_ordered:
            refuse(
                "wrong_role",
                f"{self.encumbrance} is released by its pledgee, {encumbrance.pledgee}, or by a "
                "regulator who names the document that ends it",
                f"{self.encumbrance} 须由质权人 {encumbrance.pledgee} 解除，"
                "或由监管方凭载明终止事由的文书解除",
                "domain 4",
            )
        if current(encumbrance.status) != ("in-force",):
            refuse(
                "already_released",
                f"{self.encumbrance} was released before: nothing is left to do",
                f"{self.encumbrance} 此前已解除，无须再次操作",
                "domain 4",
            )
        refuse_if_recovering(context, context.actor, context.need(Party, context.actor))


def _pledge(key: SubjectKey, encumbrance: Encumbrance) -> JsonObject:
    """The value of the pledge's interval in its asset's state."""
    return {
        "encumbrance": key,
        "holder": encumbrance.pledgor,
        "rights": list(encumbrance.rights),
    }
