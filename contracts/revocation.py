"""What undoes a registration: `registration.revoke`.

Spec: domain, section 2; Art. 37.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from msgspec.structs import replace
from typing_extensions import override

from contracts.completion import end_rights
from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.foundation import read_ledger
from contracts.identity import Party, PartyKey, Reason, need_role
from contracts.intervals import current, switch_interval
from contracts.objection import has_upheld_objection
from contracts.procedure import Registration, RegistrationKey
from contracts.recording import MAX_PARTIES
from contracts.series import Series, parse_series
from contracts.title import Asset, AssetKey, CertificateNumber, Voucher, voucher_key
from ledger.core.types import SubjectKey

RevocationGround = Literal[
    "data-destroyed", "objection-upheld", "judgment", "obtained-by-deceit", "by-law"
]


class Revoke(Body, frozen=True, kw_only=True):
    """`registration.revoke`: cancelled by the registrar (Art. 37); rights end, evidence stays."""

    kind: ClassVar[str] = "registration.revoke"

    registration: RegistrationKey
    asset: AssetKey
    number: CertificateNumber
    parties: Annotated[tuple[PartyKey, ...], Meta(min_length=1, max_length=MAX_PARTIES)]
    ground: RevocationGround

    reasons: Reason

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
        if self.ground == "objection-upheld" and not has_upheld_objection(context, asset):
            refuse(
                "no_objection",
                f"no objection to {self.asset} was upheld: conclude one so first, or name another "
                "ground",
                f"{self.asset} 没有成立的异议：请先作出异议成立的结论，或改用其他理由",
                "Art. 37",
            )
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
            self.registration: replace(registration, decision=f"{self.ground}: {self.reasons}"),
            self.asset: end_rights(context, asset, context.time),
            series: context.need(Series, series),
            key: replace(voucher, status=status),
            **{
                party: replace(state, tuples=state.tuples - lost.count(party))
                for party, state in parties.items()
            },
        }
