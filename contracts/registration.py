"""From the application to the decision: `registration.file` and the steps that follow it.

Spec: domain, section 2; Art. 14 to 28.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.clocks import format_instant
from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.forms import (
    CONTENT_FIELD,
    FORMS,
    Commitment,
    Opening,
    check_application,
    check_notice,
    check_opening,
)
from contracts.foundation import Ledger, read_ledger
from contracts.holds import read_live_voucher
from contracts.identity import HexDigest, NameClaim, PartyKey, Reason
from contracts.intervals import open_interval
from contracts.lists import need_deadline
from contracts.procedure import (
    OPEN_STATUSES,
    Step,
    begin_step,
    completion_deadline,
    move,
    silence_ends,
)
from contracts.procedure import Registration as Registration
from contracts.procedure import status_at as status_at
from contracts.records import AnyJson, Record, StateRecord, format_record
from contracts.title import Asset, AssetKey, CertificateNumber
from contracts.transfer import Ground, Move, Moves, check_moves, signing_parties
from ledger.core.subjects import derive_id
from ledger.core.types import SubjectKey, UnixMillis

Text = Annotated[str, Meta(min_length=1, max_length=2000)]
RefusalGround = Literal["22-1", "22-2", "22-3", "22-4", "22-5"]


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
            moves=self._moves(),
            ground=self._ground(),
            status=open_interval((), "filed", context.time, context.index),
            application=self._commitments(),
            fields={},
            deadline=silence_ends(context, context.time),
            decision=None,
            was_returned=False,
            voucher=None,
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


class Accept(Step, frozen=True, kw_only=True):
    """`registration.accept`."""

    kind: ClassVar[str] = "registration.accept"
    allowed: ClassVar[frozenset[str]] = frozenset({"filed"})

    @override
    def apply(self, context: Context) -> Changes:
        accepted = move(context, self.begin(context), "accepted")
        deadline = completion_deadline(context, accepted)
        return {self.registration: replace(accepted, deadline=deadline)}


class Return(Step, frozen=True, kw_only=True):
    """`registration.return`: what is missing, asked for once, and until when."""

    kind: ClassVar[str] = "registration.return"
    allowed: ClassVar[frozenset[str]] = frozenset({"filed"})

    missing: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=32)]
    until: Annotated[int, Meta(ge=0)]

    @override
    def apply(self, context: Context) -> Changes:
        registration = self.begin(context)
        if registration.was_returned or self.until <= context.time:
            refuse(
                "returned_once",
                "a correction is asked for once, all of it, with a date that is still to come",
                "须一次性告知全部补正内容，并给出尚未届满的期限",
                "Art. 17",
            )
        moved = move(context, registration, "returned", UnixMillis(self.until))
        return {self.registration: replace(moved, was_returned=True)}


class Supplement(Step, frozen=True, kw_only=True):
    """`registration.supplement`: the registrar asks, the applicant answers; stops the clock."""

    kind: ClassVar[str] = "registration.supplement"

    ask: Text | UnsetType = UNSET
    answer: HexDigest | UnsetType = UNSET

    @override
    def apply(self, context: Context) -> Changes:
        if (self.ask is UNSET) == (self.answer is UNSET):
            refuse(
                "ask_or_answer",
                "a supplement has either ask (by the registrar) or answer (a digest)",
                "补充材料须为 ask（登记机构提出）或 answer（材料摘要）之一",
                "Art. 18",
            )
        is_answer = self.answer is not UNSET
        allowed = {"returned", "supplement"} if is_answer else {"accepted"}
        role = "applicant" if is_answer else "registrar"
        registration = begin_step(context, self.registration, allowed, role)
        said = None if self.ask is UNSET else self.ask
        match status_at(registration, context.time):
            case "accepted":
                moved = move(context, registration, "supplement", decision=said)
            case "returned":
                moved = move(context, registration, "filed", silence_ends(context, context.time))
            case _:
                moved = move(context, registration, "accepted")
                moved = replace(moved, deadline=completion_deadline(context, moved))
        return {self.registration: moved}


class Notice(Record, frozen=True):
    """Where the public notice stands.

    Args:
        system: Such as the national service system.
        ref: Its reference there.
        published_at: Unix milliseconds.
    """

    system: Annotated[str, Meta(min_length=1, max_length=80)]
    ref: Annotated[str, Meta(min_length=1, max_length=200)]
    published_at: Annotated[int, Meta(ge=0)]


class PublishNotice(Step, frozen=True, kw_only=True):
    """`registration.publish`: opens the statutory members and names the public notice."""

    kind: ClassVar[str] = "registration.publish"
    allowed: ClassVar[frozenset[str]] = frozenset({"accepted"})

    fields: Mapping[str, Opening]
    notice: Notice | UnsetType = UNSET

    @override
    def apply(self, context: Context) -> Changes:
        registration = self.begin(context)
        check_notice(self.fields, FORMS[registration.type])
        for name, opening in self.fields.items():
            commitment = registration.application.get(name, "")
            log = context.event.log
            check_opening(name, opening, commitment, by=registration.filer, log=log)
        opened = {name: opening.value for name, opening in self.fields.items()}
        if registration.type != "initial":
            _check_title(context, registration, opened)
            _check_moves_noticed(registration, opened.get("content"))
        end = self._notice_end(context, registration.status[-1].start)
        moved = move(context, registration, "published", end)
        return {self.registration: replace(moved, fields=opened)}

    def _notice_end(self, context: Context, accepted: UnixMillis) -> UnixMillis | None:
        days = read_ledger(context).profile.clocks.notice
        if days == 0:
            return None
        if self.notice is UNSET or not accepted <= self.notice.published_at <= context.time:
            since = format_instant(accepted)
            refuse(
                "notice",
                "the public notice is named with its system, reference and time, once it stands; "
                f"it does not stand before the acceptance at {since}",
                f"须在公示发布后注明公示系统、编号与发布时间；公示不得早于受理时间 {since}",
                "Art. 24",
            )
        return need_deadline(context, UnixMillis(self.notice.published_at), days)


def _check_title(
    context: Context, registration: Registration, opened: Mapping[str, AnyJson]
) -> None:
    """Hold a later registration's notice to the title under which the asset was published."""
    published = context.need(Asset, registration.asset).fields.get("title")
    if published is not None and opened.get("title") != published:
        refuse(
            "wrong_title",
            f"{registration.asset} was published as {published}: file it under this title",
            f"{registration.asset} 公示的数据名称为 {published}：请以该名称申请",
            "Art. 19",
        )


def _check_moves_noticed(registration: Registration, content: AnyJson) -> None:
    """Hold what a notice says that moves against what the filing moves."""
    noticed = content.get("rights") if isinstance(content, dict) else None
    moves = [format_record(each) for each in registration.moves]
    if isinstance(noticed, list | tuple) and list(noticed) != moves:
        refuse(
            "wrong_content",
            f"the notice lists other rights than those that {registration.asset} is filed to move: "
            "file the transfer again",
            f"公示内容所列权利与 {registration.asset} 转让申请所载不一致：请重新申请",
            "Art. 34",
        )


class Withhold(Step, frozen=True, kw_only=True):
    """`registration.withhold`: no public notice, on a good reason."""

    kind: ClassVar[str] = "registration.withhold"
    allowed: ClassVar[frozenset[str]] = frozenset({"accepted"})

    reason: Reason

    @override
    def apply(self, context: Context) -> Changes:
        registration = self.begin(context)
        moved = move(context, registration, "confidential", decision=self.reason)
        return {self.registration: moved}


class Withdraw(Step, frozen=True, kw_only=True):
    """`registration.withdraw`, by an applicant, at any time before the record."""

    kind: ClassVar[str] = "registration.withdraw"
    allowed: ClassVar[frozenset[str]] = OPEN_STATUSES
    role: ClassVar[str] = "applicant"

    @override
    def apply(self, context: Context) -> Changes:
        return {self.registration: move(context, self.begin(context), "withdrawn")}


class Refuse(Step, frozen=True, kw_only=True):
    """`registration.refuse`, on one of the grounds of Art. 22."""

    kind: ClassVar[str] = "registration.refuse"
    allowed: ClassVar[frozenset[str]] = OPEN_STATUSES - {"filed", "returned"}

    ground: RefusalGround
    reasons: Reason

    @override
    def apply(self, context: Context) -> Changes:
        said = f"Art. {self.ground}: {self.reasons}"
        return {self.registration: move(context, self.begin(context), "refused", decision=said)}
