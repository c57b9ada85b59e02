"""What an applicant files: `registration.file`.

Spec: domain, section 2; Art. 14 to 16 and 32 to 37.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.cancelling import check_cancellation
from contracts.changing import check_change
from contracts.duplicates import claim_digest
from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.force import holders_of
from contracts.forms import CONTENT_FIELD, FORMS, Commitment, check_application
from contracts.foundation import Ledger, read_ledger
from contracts.holds import read_live_voucher
from contracts.identity import HexDigest, PartyKey
from contracts.intervals import open_interval
from contracts.mandates import Agent, has_mandate
from contracts.procedure import Registration, silence_ends
from contracts.profile import RegistrationType
from contracts.renewal import check_renewal
from contracts.title import Asset, AssetKey, CertificateNumber
from contracts.transfer import Ground, Move, Moves, check_moves, signing_parties
from ledger.core.subjects import derive_id
from ledger.core.types import SubjectKey

if TYPE_CHECKING:
    from contracts.records import StateRecord


_LATER: Final[Mapping[str, Callable[[Context, SubjectKey, Asset], None]]] = {
    "change": check_change,
    "renewal": check_renewal,
    "cancellation": check_cancellation,
}
"""What each type that right-holders sign is held to when it is filed."""


class File(Body, frozen=True, kw_only=True):
    """`registration.file`: signed by every party it names.

    An initial one opens its asset; a transfer names an asset, its live voucher and what moves. A
    change, a renewal and a cancellation name asset and live voucher; all right-holders sign a
    change or a cancellation, one or more of them a renewal.
    An agent files in the place of those who registered its mandate; the others sign too.
    """

    kind: ClassVar[str] = "registration.file"

    type: RegistrationType
    parties: Annotated[tuple[PartyKey, ...], Meta(min_length=1, max_length=8)]
    application: Mapping[str, Commitment]
    digests: Annotated[tuple[HexDigest, ...], Meta(min_length=1, max_length=8)] | UnsetType = UNSET
    asset: AssetKey | UnsetType = UNSET
    voucher: CertificateNumber | UnsetType = UNSET
    moves: Moves | UnsetType = UNSET
    ground: Ground | UnsetType = UNSET
    agent: Agent | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        asset = derive_id("asset", actor=actor, nonce=nonce) if self.asset is UNSET else self.asset
        return [asset, derive_id("registration", actor=actor, nonce=nonce), *self._names()]

    @override
    def signers(self, context: Context) -> Signers:
        own = [key for key in self.parties if not self._is_represented(context, key)]
        return Signers(dict.fromkeys((context.actor, *own), 1))

    @override
    def apply(self, context: Context) -> Changes:
        ledger = read_ledger(context)
        self._check_parties(context, ledger)
        if self.type not in ledger.profile.types:
            refuse(
                "unknown_type",
                f"the profile {ledger.profile.name} has no {self.type} registration",
                f"{ledger.profile.name} 规则不设 {self.type} 类登记",
                "Art. 32",
            )
        self._check_members()
        check_application(self.application, FORMS[self.type])
        key = context.new_id("registration")
        if self.asset is UNSET:
            return self._open_asset(context, key)
        if self.type == "transfer":
            return self._transfer(context, key, self.asset)
        return self._file_later(context, key, self.asset)

    def _open_asset(self, context: Context, key: SubjectKey) -> Changes:
        asset = context.new_id("asset")
        commitments = self._commitments()
        changes: dict[SubjectKey, StateRecord] = {
            key: self._registration(context, asset),
            asset: Asset(
                parties=self.parties,
                registration=key,
                content={n: d for n, d in commitments.items() if CONTENT_FIELD.fullmatch(n)},
                digests=() if self.digests is UNSET else self.digests,
                fields={},
                classification=None,
                stage=None,
                tuples=(),
                declared=(),
                freezes=(),
                pledges=(),
                disputes=(),
                notes=(),
                vouchers=(),
                filings=(),
                renewal=None,
            ),
        }
        for name in self._names():
            changes[name] = claim_digest(context, name, asset, self.parties)
        return changes

    def _transfer(self, context: Context, key: SubjectKey, asset: SubjectKey) -> Changes:
        moves, ground = self._moves(), self._ground()
        state = context.need(Asset, asset)
        check_moves(context, asset, moves, ground)
        read_live_voucher(context, asset, state, self.voucher)
        signing = signing_parties(moves, ground)
        if self.parties != signing:
            refuse(
                "parties",
                "parties are those who sign: each transferor and each transferee, with a ground "
                f"only the transferees, here {', '.join(signing)}",
                "parties 应为全部签署方：各转让方与受让方；有法定事由（ground）时仅为受让方，"
                f"本件为 {'、'.join(signing)}",
                "Art. 34",
            )
        return {key: self._registration(context, asset), asset: state}

    def _file_later(self, context: Context, key: SubjectKey, asset: SubjectKey) -> Changes:
        """A change, renewal or cancellation; a renewal keeps the voucher in force meanwhile."""
        state = context.need(Asset, asset)
        read_live_voucher(context, asset, state, self.voucher)
        self._check_holders(holders_of(state, context.time))
        _LATER[self.type](context, asset, state)
        if self.type == "renewal":
            state = replace(state, renewal=key)
        return {key: self._registration(context, asset), asset: state}

    def _check_holders(self, holders: tuple[SubjectKey, ...]) -> None:
        if self.type == "renewal" and not set(self.parties) <= set(holders):
            refuse(
                "parties",
                f"a renewal is signed by one or more right-holders, here of {', '.join(holders)}",
                f"续期登记由一个或多个权利人签署，本件权利人为 {'、'.join(holders)}",
                "Art. 36",
            )
        if self.type != "renewal" and self.parties != holders:
            refuse(
                "parties",
                f"all right-holders sign a {self.type}, here {', '.join(holders)}",
                f"该类登记须由全部权利人签署，本件为 {'、'.join(holders)}",
                "Art. 33",
            )

    def _registration(self, context: Context, asset: SubjectKey) -> Registration:
        return Registration(
            type=self.type,
            filer=context.actor,
            parties=self.parties,
            asset=asset,
            about=None if self.voucher is UNSET else self.voucher,
            moves=self._moves(),
            ground=self._ground(),
            status=open_interval((), "filed", context.time, context.index),
            application=self._commitments(),
            fields={},
            notice=None,
            notice_end=None,
            objections=(),
            deadline=silence_ends(context, context.time),
            extensions=0,
            decision=None,
            was_returned=False,
            voucher=None,
            national=None,
        )

    def _commitments(self) -> dict[str, str]:
        return {name: each.digest for name, each in self.application.items()}

    def _moves(self) -> tuple[Move, ...]:
        return () if self.moves is UNSET else self.moves

    def _ground(self) -> Ground | None:
        return None if self.ground is UNSET else self.ground

    def _names(self) -> list[SubjectKey]:
        digests = () if self.digests is UNSET else self.digests
        return [SubjectKey(f"name/sha256:{digest}") for digest in digests]

    def _check_members(self) -> None:
        """Hold the optional members against the type: what one needs the other may not have."""
        names_asset = (self.asset is not UNSET, self.voucher is not UNSET)
        if self.type == "initial":
            is_right = not any(names_asset)
        else:
            is_right = all(names_asset) and self.digests is UNSET
        has_moves = self.moves is not UNSET
        moves_rightly = has_moves if self.type == "transfer" else not has_moves and not self.ground
        if not is_right or not moves_rightly:
            refuse(
                "file_members",
                "an initial registration names none of asset, voucher, moves and ground and may "
                "have digests; every other names asset and voucher, a transfer moves and perhaps "
                "a ground besides",
                "初次登记不得列明 asset、voucher、moves 与 ground，可有 digests；"
                "其他各类须列明 asset 与 voucher，转让登记另须列明 moves，可有 ground",
                "Art. 33",
            )

    def _is_represented(self, context: Context, party: SubjectKey) -> bool:
        """Whether the agent files for a party under the mandate that the party registered."""
        agent = self.agent
        return agent is not UNSET and has_mandate(
            context, party, agent.party, self.type, agent.mandate
        )

    def _check_parties(self, context: Context, ledger: Ledger) -> None:
        is_sorted = list(self.parties) == sorted(set(self.parties))
        by_agent = self.agent is not UNSET
        is_agent = self.agent is not UNSET and self.agent.party == context.actor
        if not is_sorted or is_agent != by_agent or (context.actor in self.parties) == by_agent:
            refuse(
                "parties",
                "parties are sorted, none twice; the actor is one of them, or the agent that files "
                "for them and is none",
                "parties 须排序、不重复，且包含申请人本人；由代理人申请的，agent 为本事件的提交方"
                "且不在 parties 之列",
                "formats 2",
            )
        if not ledger.profile.is_solo and ledger.registrar in (context.actor, *self.parties):
            refuse(
                "self_registration",
                "a registrar does not register its own data at itself, nor files for others",
                "登记机构不得在本机构申请登记，亦不得代理他人申请",
                "Art. 10",
            )
