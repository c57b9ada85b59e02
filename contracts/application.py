"""What an applicant files: `registration.file`.

Spec: domain, section 2; Art. 14 to 16 and 32 to 34.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType
from typing_extensions import override

from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.forms import CONTENT_FIELD, FORMS, Commitment, check_application
from contracts.foundation import Ledger, read_ledger
from contracts.holds import read_live_voucher
from contracts.identity import HexDigest, NameClaim, PartyKey
from contracts.intervals import open_interval
from contracts.procedure import Registration, silence_ends
from contracts.title import Asset, AssetKey, CertificateNumber
from contracts.transfer import Ground, Move, Moves, check_moves, signing_parties
from ledger.core.subjects import derive_id
from ledger.core.types import SubjectKey

if TYPE_CHECKING:
    from contracts.records import StateRecord


class File(Body, frozen=True, kw_only=True):
    """`registration.file`: signed by every party it names.

    An initial one opens its asset; a transfer names an asset, its live voucher and what moves.
    """

    kind: ClassVar[str] = "registration.file"

    type: Literal["initial", "transfer"]
    parties: Annotated[tuple[PartyKey, ...], Meta(min_length=1, max_length=8)]
    application: Mapping[str, Commitment]
    digests: Annotated[tuple[HexDigest, ...], Meta(min_length=1, max_length=8)] | UnsetType = UNSET
    asset: AssetKey | UnsetType = UNSET
    voucher: CertificateNumber | UnsetType = UNSET
    moves: Moves | UnsetType = UNSET
    ground: Ground | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        asset = derive_id("asset", actor=actor, nonce=nonce) if self.asset is UNSET else self.asset
        return [asset, derive_id("registration", actor=actor, nonce=nonce), *self._names()]

    @override
    def signers(self, context: Context) -> Signers:
        return Signers(dict.fromkeys((context.actor, *self.parties), 1))

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
        return (
            self._open_asset(context, key)
            if self.asset is UNSET
            else self._transfer(context, key, self.asset)
        )

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
                tuples=(),
                freezes=(),
                pledges=(),
                disputes=(),
                notes=(),
                vouchers=(),
            ),
        }
        for name in self._names():
            claim = context.find(NameClaim, name) or NameClaim(claims=())
            opened = open_interval(claim.claims, asset, context.time, context.index)
            changes[name] = NameClaim(claims=opened)
        return changes

    def _transfer(self, context: Context, key: SubjectKey, asset: SubjectKey) -> Changes:
        moves, ground = self._moves(), self._ground()
        state = check_moves(context, asset, moves, ground)
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
        of_transfer = [self.asset is not UNSET, self.voucher is not UNSET, self.moves is not UNSET]
        if self.type == "initial":
            is_right = not any(of_transfer) and self.ground is UNSET
        else:
            is_right = all(of_transfer) and self.digests is UNSET
        if not is_right:
            refuse(
                "file_members",
                "a transfer names asset, voucher and moves, may have a ground and has no digests; "
                "an initial registration names none of these",
                "转让登记须列明 asset、voucher 与 moves，可有 ground，不得有 digests；"
                "初次登记不得列明这些内容",
                "Art. 33",
            )

    def _check_parties(self, context: Context, ledger: Ledger) -> None:
        if list(self.parties) != sorted(set(self.parties)) or context.actor not in self.parties:
            refuse(
                "parties",
                "parties are sorted, none twice, and the actor is one of them",
                "parties 须排序、不重复，且包含申请人本人",
                "formats 2",
            )
        if not ledger.profile.is_solo and ledger.registrar in self.parties:
            refuse(
                "self_registration",
                "a registrar does not register its own data at itself",
                "登记机构不得在本机构申请登记",
                "Art. 10",
            )
