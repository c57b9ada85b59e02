"""What a declared right-holder signs later: `registration.confirm`.

The form may name right-holders who do not sign it. They are declared and hold nothing; each takes
what was declared for it by its own signature within the term of the voucher, and from then on, or
declines it. No right begins under a voucher whose term is over, whether or not its renewal is
undecided.

Spec: domain, section 2; Art. 16 and 21.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.completion import leave_room
from contracts.eligibility import check_eligibility
from contracts.engine import Changes, Context, refuse
from contracts.force import is_over, live_voucher
from contracts.holds import refuse_if_frozen
from contracts.identity import Party
from contracts.intervals import close_interval, open_interval
from contracts.notes import Beside
from contracts.procedure import Registration
from contracts.records import parse_record
from contracts.title import Asset, Right, RightClaim, tuple_json, tuple_values
from contracts.transfer import MAX_HOLDERS
from ledger.core.types import SubjectKey


class Confirm(Beside, frozen=True, kw_only=True):
    """`registration.confirm`: signed by the declared right-holder; what it confirms is in force.

    What it declines ends as it was: nobody held it.

    Args:
        registration: What the live voucher came from.
        number: Of the live voucher.
        rights: Those of the rights declared for the actor that it takes or declines.
        decline: It wants none of them.
    """

    kind: ClassVar[str] = "registration.confirm"

    rights: Annotated[tuple[Right, ...], Meta(min_length=1, max_length=3)]
    decline: Literal[True] | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [*super().subjects(actor, nonce), actor]

    @override
    def apply(self, context: Context) -> Changes:
        registration, asset = self.begin(context)
        claims = self._find_claims(context.actor, asset)
        if self.decline:
            return self._close(context, registration, asset, claims)
        self._check_asset(context, asset, claims)
        for claim in claims:
            check_eligibility(context, claim, (*registration.parties, context.actor))
        return self._open(context, registration, asset, claims)

    def _find_claims(self, holder: SubjectKey, asset: Asset) -> list[RightClaim]:
        """The tuples declared for the holder that it names, each once.

        Raises:
            RejectedError: One was not declared for it.
        """
        declared = [parse_record(RightClaim, value) for value in tuple_values(asset.declared)]
        own = {claim.right: claim for claim in declared if claim.holder == holder}
        if len(set(self.rights)) != len(self.rights) or not set(self.rights) <= set(own):
            refuse(
                "not_declared",
                f"{holder} confirms or declines what is declared for it, each right once: "
                f"{', '.join(sorted(own)) or 'nothing is'}",
                f"权利人仅可确认或放弃为其申报的权利，各一次；为 {holder} 申报的有："
                f"{'、'.join(sorted(own)) or '无'}",
                "Art. 21",
            )
        return [own[right] for right in self.rights]

    def _check_asset(self, context: Context, asset: Asset, claims: Sequence[RightClaim]) -> None:
        """Hold the asset to what a record is held to: in force, not frozen, with room for more.

        Raises:
            RejectedError: It is not.
        """
        refuse_if_frozen(asset, self.asset)
        if live_voucher(asset, context.time) is None:
            refuse(
                "expired",
                f"the term of {self.number} is over: a right begins within it; where a renewal is "
                "undecided, confirm once that is recorded",
                f"{self.number} 的有效期已届满：须在凭证有效期内确认权利；"
                "续期申请尚未办结的，待续期登记后确认",
                "Art. 36",
            )
        _refuse_ended(context, claims)
        held = [(value["holder"], value["right"]) for value in tuple_values(asset.tuples)]
        doubled = [claim.right for claim in claims if (claim.holder, claim.right) in held]
        if doubled:
            refuse(
                "already_held",
                f"{context.actor} has the right to {doubled[0]} by now, on another basis, and two "
                "are not merged: leave it out",
                f"{context.actor} 已凭其他依据享有 {doubled[0]} 权利，两项权利不合并：请勿列入",
                "Art. 34",
            )
        holders = {*(holder for holder, _ in held), context.actor}
        if len(holders) > MAX_HOLDERS:
            refuse(
                "too_many_holders",
                f"an asset has at most {MAX_HOLDERS} right-holders: another has to transfer its "
                "rights first",
                f"一项数据最多有 {MAX_HOLDERS} 个权利人：须先由其他权利人转让其权利",
                "formats 2",
            )

    def _close(
        self,
        context: Context,
        registration: Registration,
        asset: Asset,
        claims: Sequence[RightClaim],
    ) -> Changes:
        declared = asset.declared
        for claim in claims:
            declared = close_interval(declared, tuple_json(claim), context.time)
        declined = replace(asset, declared=declared)
        holder = context.need(Party, context.actor)
        return {**self.end(context, registration, declined), context.actor: holder}

    def _open(
        self,
        context: Context,
        registration: Registration,
        asset: Asset,
        claims: Sequence[RightClaim],
    ) -> Changes:
        declared, tuples = asset.declared, asset.tuples
        for claim in claims:
            declared = close_interval(declared, tuple_json(claim), context.time)
            tuples = open_interval(tuples, tuple_json(claim), context.time, context.index)
        confirmed = replace(asset, declared=declared, tuples=tuples)
        leave_room(confirmed)
        holder = context.need(Party, context.actor)
        counted = replace(holder, tuples=holder.tuples + len(claims))
        return {**self.end(context, registration, confirmed), context.actor: counted}


def _refuse_ended(context: Context, claims: Iterable[RightClaim]) -> None:
    """Let through what has not ended by its own term.

    Raises:
        RejectedError: Reason `right_term`.
    """
    for claim in claims:
        if is_over(tuple_json(claim), context.time):
            refuse(
                "right_term",
                f"the term of the right to {claim.right} that was declared is over: leave it out, "
                "and register the right anew",
                f"所申报的 {claim.right} 权利期限已届满：请勿列入，并重新登记该权利",
                "Art. 26",
            )
