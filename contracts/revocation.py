"""What undoes a registration: `registration.revoke`.

Spec: domain, section 2; Art. 37.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.completion import end_rights
from contracts.disputes import close_upheld, find_upheld
from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.foundation import read_ledger
from contracts.identity import Party, PartyKey, Reason, need_role
from contracts.intervals import current, switch_interval
from contracts.objection import ObjectionKey
from contracts.procedure import Registration, RegistrationKey
from contracts.recording import MAX_PARTIES
from contracts.series import Series, parse_series
from contracts.title import Asset, AssetKey, CertificateNumber, Voucher, voucher_key
from ledger.core.types import SubjectKey

RevocationGround = Literal[
    "data-destroyed", "objection-upheld", "judgment", "obtained-by-deceit", "by-law"
]


class Revoke(Body, frozen=True, kw_only=True):
    """`registration.revoke`: cancelled by the registrar (Art. 37); rights end, evidence stays.

    Args:
        registration: What was recorded.
        asset: What it is about.
        number: Of its live voucher.
        parties: Its right-holders, sorted.
        ground: One of Art. 37.
        reasons: In words.
        objection: On the ground `objection-upheld`: which one, where several were upheld.
    """

    kind: ClassVar[str] = "registration.revoke"

    registration: RegistrationKey
    asset: AssetKey
    number: CertificateNumber
    parties: Annotated[tuple[PartyKey, ...], Meta(min_length=1, max_length=MAX_PARTIES)]
    ground: RevocationGround
    reasons: Reason
    objection: ObjectionKey | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        series = parse_series(self.number)
        return [self.registration, self.asset, series, voucher_key(self.number), *self.parties]

    @override
    def signers(self, context: Context) -> Signers:
        return Signers({context.actor: read_ledger(context).profile.officers})

    @override
    def apply(self, context: Context) -> Changes:
        need_role(context, "registrar")
        registration = context.need(Registration, self.registration)
        asset = context.need(Asset, self.asset)
        if registration.voucher != self.number or asset.voucher != self.number:
            refuse(
                "not_in_force",
                f"{self.number} is not the live voucher of {self.registration} and {self.asset}",
                f"{self.number} 不是 {self.registration} 与 {self.asset} 的有效凭证",
                "Art. 37",
            )
        ground = self._check_ground(context, asset)
        ended = [value for value in current(asset.tuples) if isinstance(value, dict)]
        lost = [str(value["holder"]) for value in ended]
        if tuple(sorted(set(lost))) != self.parties:
            refuse(
                "wrong_parts",
                f"parties are the right-holders: {', '.join(sorted(set(lost)))}",
                f"parties 应为全部权利人：{'、'.join(sorted(set(lost)))}",
                "formats 2",
            )
        key = voucher_key(self.number)
        voucher = context.need(Voucher, key)
        series = parse_series(self.number)
        status = switch_interval(voucher.status, "revoked", context.time, context.index)
        parties = {party: context.need(Party, party) for party in self.parties}
        return {
            self.registration: replace(registration, decision=f"{ground}: {self.reasons}"),
            self.asset: replace(
                end_rights(context, asset, context.time), disputes=close_upheld(context, asset)
            ),
            series: context.need(Series, series),
            key: replace(voucher, status=status),
            **{
                party: replace(state, tuples=state.tuples - lost.count(party))
                for party, state in parties.items()
            },
        }

    def _check_ground(self, context: Context, asset: Asset) -> str:
        """The ground as it is written down, if it is there.

        Raises:
            RejectedError: It is an upheld objection, and none is, or not the one that is named; or
                several are, and none is named; or an objection is named on another ground.
        """
        if self.ground != "objection-upheld":
            if self.objection is not UNSET:
                refuse(
                    "revocation_members",
                    "an objection is named with the ground objection-upheld alone: leave it out",
                    "仅以 objection-upheld 为由注销时方可指明异议：请勿列明 objection",
                    "Art. 37",
                )
            return self.ground
        upheld = find_upheld(context, asset)
        named = upheld if self.objection is UNSET else (self.objection,)
        if not named or not set(named) <= set(upheld):
            refuse(
                "no_objection",
                f"no such objection to {self.asset} was upheld and waits for this: conclude one so "
                "first, or name another ground",
                f"{self.asset} 没有待处理的成立异议：请先作出异议成立的结论，或改用其他理由",
                "Art. 37",
            )
        if len(named) > 1:
            refuse(
                "which_objection",
                f"several objections to {self.asset} were upheld: name in objection the one that "
                f"this rests on, of {', '.join(upheld)}",
                f"{self.asset} 有多项成立的异议：请以 objection 指明所依据的一项："
                f"{'、'.join(upheld)}",
                "Art. 37",
            )
        return f"{self.ground} {named[0]}"
