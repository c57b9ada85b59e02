"""What completes a registration: `registration.record`.

`record` gives the number, binds the credential and puts the right tuples in force; nothing before
it touches anybody's rights.

Spec: our formats sections 7 and 8; domain, section 2; Art. 18, 21, 22, 26, 27, 37; annex 6.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Annotated, ClassVar, Final

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.clocks import end_of_validity, format_instant
from contracts.eligibility import check_eligibility, check_level
from contracts.engine import Changes, Context, Signers, refuse
from contracts.foundation import Ledger, read_ledger
from contracts.holds import leave_room_for_orders
from contracts.identity import Did, HexDigest, Party, PartyKey, refuse_if_exited
from contracts.intervals import open_interval, switch_interval
from contracts.numbering import format_number, parse_number, series_key
from contracts.procedure import National, Registration, Step, move
from contracts.records import AnyJson, Intervals, Record, StateRecord
from contracts.title import (
    Asset,
    AssetKey,
    Classification,
    RightClaim,
    open_voucher,
    tuple_json,
)
from contracts.title import CertificateNumber as CertificateNumber
from contracts.title import Voucher as Voucher
from contracts.title import voucher_key as voucher_key
from contracts.transfer import (
    check_moves,
    check_succession,
    count_changes,
    is_same_rights,
    move_tuples,
    rights_after,
    touched_parties,
)
from ledger.core.types import SubjectKey, UnixMillis
from ledger.errors import MalformedError

MAX_BEFORE_MS: Final = 120_000
MAX_AFTER_MS: Final = 600_000
MAX_PARTIES: Final = 8
_ROOM_BYTES: Final = 1024
"""What a record leaves free in the asset's state for orders of a regulator."""
Test = Annotated[str, Meta(min_length=1, max_length=400)]


class Series(StateRecord, frozen=True, kw_only=True):
    """State of `series/...`: the last serial given out in a month."""

    state_type: ClassVar[str] = "series/1"

    last: int


class Tests(Record, frozen=True):
    """The three tests of Art. 18, each with what the registrar found."""

    accuracy: Test
    compliance: Test
    clarity: Test


class RecordRegistration(Step, frozen=True, kw_only=True):
    """`registration.record`: signed by as many officers as the profile asks for."""

    kind: ClassVar[str] = "registration.record"
    allowed: ClassVar[frozenset[str]] = frozenset({"published", "confidential"})

    asset: AssetKey
    number: CertificateNumber
    credential: HexDigest
    issuer: Did
    valid_from: Annotated[int, Meta(ge=0)]
    valid_until: Annotated[int, Meta(ge=0)]
    rights: Annotated[tuple[RightClaim, ...], Meta(min_length=1, max_length=24)]
    parties: Annotated[tuple[PartyKey, ...], Meta(min_length=1, max_length=MAX_PARTIES)]
    classification: Classification
    tests: Tests
    national: National | UnsetType = UNSET
    supersedes: CertificateNumber | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        series = parse_series(self.number)
        before = () if self.supersedes is UNSET else (voucher_key(self.supersedes),)
        after = voucher_key(self.number)
        return [self.registration, self.asset, series, after, *before, *self.parties]

    @override
    def signers(self, context: Context) -> Signers:
        return Signers({context.actor: read_ledger(context).profile.officers})

    @override
    def apply(self, context: Context) -> Changes:
        registration = self.begin(context)
        ledger = read_ledger(context)
        before = self._check_parts(context, registration)
        series = self._next_series(context, ledger)
        valid_from = self._check_validity(context, ledger)
        _check_notice(registration, valid_from)
        changes: dict[SubjectKey, StateRecord] = {
            self.registration: replace(
                move(context, registration, "recorded"),
                voucher=self.number,
                national=None if self.national is UNSET else self.national,
            ),
            series[0]: Series(last=series[1]),
            voucher_key(self.number): Voucher(
                asset=self.asset,
                registration=self.registration,
                credential=self.credential,
                issuer=self.issuer,
                status=open_interval((), "valid", valid_from, context.index),
                valid_from=valid_from,
                valid_until=self.valid_until,
            ),
        }
        if registration.type == "transfer":
            changes |= self._supersede(context, registration, before, valid_from)
        else:
            changes[self.asset] = self._open_rights(context, registration, before, valid_from)
        changes |= self._count(context, registration)
        return changes

    def _check_parts(self, context: Context, registration: Registration) -> Asset:
        is_transfer = registration.type == "transfer"
        holders = tuple(sorted({claim.holder for claim in self.rights}))
        parties = touched_parties(registration.moves) if is_transfer else holders
        if registration.asset != self.asset or parties != self.parties:
            refuse(
                "wrong_parts",
                f"the asset is {registration.asset}, parties are its right-holders, sorted, of a "
                f"transfer those who gain or lose a right: {', '.join(parties)}",
                f"资产应为 {registration.asset}，parties 应为排序后的全部权利人，"
                f"转让时为取得或失去权利的各方：{'、'.join(parties)}",
                "formats 2",
            )
        if self.issuer not in context.keys:
            refuse(
                "wrong_issuer",
                "the credential's issuer is a key that signs this event",
                "凭证签发密钥须为签署本事件的密钥",
                "formats 7",
            )
        named = [(claim.holder, claim.right) for claim in self.rights]
        if len(set(named)) != len(named):
            refuse(
                "doubled_right",
                "a holder's right is named once",
                "同一权利人的同一权利不得重复列出",
            )
        if is_transfer:
            return self._check_transfer(context, registration)
        return self._check_initial(context, registration)

    def _check_initial(self, context: Context, registration: Registration) -> Asset:
        asset = context.need(Asset, self.asset)
        if asset.voucher is not None:
            refuse(
                "live_voucher",
                f"{self.asset} has the voucher {asset.voucher}",
                f"{self.asset} 已有有效凭证 {asset.voucher}",
                "domain 4",
            )
        if self.supersedes is not UNSET or any(c.transferor is not UNSET for c in self.rights):
            refuse(
                "not_a_transfer",
                "an initial registration supersedes nothing, and its rights come from nobody: "
                "leave out supersedes and from",
                "初次登记不替代任何凭证，其权利亦非受让取得：不得有 supersedes 与 from",
                "Art. 33",
            )
        for claim in self.rights:
            check_eligibility(context, claim, registration.parties)
            check_level(context, claim, self.classification.level)
        if self.classification.level == "core":
            refuse("core_data", "core data is not registered", "核心数据不予登记", "Art. 22")
        return asset

    def _check_transfer(self, context: Context, registration: Registration) -> Asset:
        asset = check_moves(context, self.asset, registration.moves, registration.ground)
        if self.supersedes != asset.voucher:
            refuse(
                "supersedes",
                f"a transfer supersedes the live voucher: name {asset.voucher} in supersedes",
                f"转让登记替代有效凭证：须在 supersedes 中写明 {asset.voucher}",
                "Art. 34",
            )
        expected = rights_after(asset, registration.moves)
        if not is_same_rights(map(tuple_json, self.rights), expected):
            refuse(
                "wrong_rights",
                "a transfer moves the tuples that were filed, whole, with from naming the "
                "transferor, and leaves every other as it is: name all tuples after it",
                "转让仅移转所申请的权利，内容不变，并以 from 注明转让方；其余权利保持原样："
                "rights 须列明转让后的全部权利",
                "Art. 34",
            )
        if self.classification != asset.classification:
            refuse(
                "classification",
                "a transfer leaves the classification as it is: repeat the asset's",
                "转让不改变分类分级：classification 须与该数据原有的一致",
                "Art. 34",
            )
        return asset

    def _next_series(self, context: Context, ledger: Ledger) -> tuple[SubjectKey, int]:
        key = series_key(ledger.scheme, context.time)
        before = context.find(Series, key)
        serial = before.last + 1 if before else 1
        number = format_number(ledger.scheme, context.time, serial)
        if number != self.number:
            refuse(
                "series_moved",
                f"the next number is {number}, not {self.number}: sign the credential again",
                f"下一编号为 {number}，而非 {self.number}：请重新签发凭证",
                "annex 6",
            )
        return key, serial

    def _check_validity(self, context: Context, ledger: Ledger) -> UnixMillis:
        profile, start = ledger.profile, UnixMillis(self.valid_from)
        offset = profile.offset_minutes
        longest = end_of_validity(start, years=profile.max_years, offset_minutes=offset)
        terms = [claim.until for claim in self.rights if claim.until is not UNSET]
        latest = UnixMillis(min([longest, *terms]))
        is_whole = self.valid_from % 1000 == 0 and self.valid_until % 1000 == 0
        if not is_whole or not self.valid_from < self.valid_until <= latest:
            refuse(
                "validity",
                f"validity is in whole seconds, at most {profile.max_years} years and not beyond "
                f"the term of a right, here until {format_instant(latest)} at the latest",
                f"有效期以整秒计，最长 {profile.max_years} 年且不超过各项权利的期限，"
                f"本件最迟至 {format_instant(latest)}",
                "Art. 26",
            )
        if profile.completion == "national":
            return self._check_national(context)
        late = context.time - self.valid_from
        if self.national is not UNSET or not -MAX_BEFORE_MS <= late <= MAX_AFTER_MS:
            refuse(
                "valid_from",
                "valid_from is at most 2 minutes after and 10 minutes before the ledger's time: "
                "sign the credential again",
                "valid_from 不得晚于账本时间 2 分钟以上或早于 10 分钟以上：请重新签发凭证",
                "formats 8",
            )
        return context.time

    def _check_national(self, context: Context) -> UnixMillis:
        national = self.national
        if national is UNSET or not self.valid_from == national.evidence_time <= context.time:
            refuse(
                "national",
                "a registration is complete when the national system has stored it: name system, "
                "record, evidence_time and digest, and let valid_from be evidence_time",
                "登记自存证信息存入国家系统之时完成：须注明系统、编号、存证时间与摘要，"
                "且 valid_from 等于存证时间",
                "Art. 26",
            )
        return UnixMillis(national.evidence_time)

    def _open_rights(
        self, context: Context, registration: Registration, asset: Asset, valid_from: UnixMillis
    ) -> Asset:
        tuples = asset.tuples
        for claim in self.rights:
            tuples = open_interval(tuples, tuple_json(claim), valid_from, context.index)
        registered = replace(
            asset,
            fields=registration.fields,
            classification=self.classification,
            tuples=tuples,
            vouchers=self._open_voucher(context, asset, valid_from),
        )
        leave_room_for_orders(registered, _ROOM_BYTES)
        return registered

    def _supersede(
        self, context: Context, registration: Registration, asset: Asset, valid_from: UnixMillis
    ) -> Changes:
        key = voucher_key(str(asset.voucher))
        before = context.need(Voucher, key)
        check_succession(before, valid_from, self.valid_until)
        status = switch_interval(before.status, "superseded", valid_from, context.index)
        after = replace(
            asset,
            registration=self.registration,
            tuples=move_tuples(asset, registration.moves, valid_from, context.index),
            vouchers=self._open_voucher(context, asset, valid_from),
        )
        leave_room_for_orders(after, _ROOM_BYTES)
        self._check_past(registration, asset, valid_from)
        return {key: replace(before, status=status), self.asset: after}

    def _check_past(self, registration: Registration, asset: Asset, valid_from: UnixMillis) -> None:
        """Keep a transfer from being dated into a freeze, or a pledge of what moves."""
        moved = {(move.transferor, move.right) for move in registration.moves}
        held = [*asset.freezes, *(each for each in asset.pledges if _is_about(each.value, moved))]
        if any(each.end is None or each.end > valid_from for each in held):
            refuse(
                "held_then",
                f"the rights were frozen or pledged after {format_instant(valid_from)}: evidence "
                "in the national system has to be newer",
                f"所转让权利在 {format_instant(valid_from)} 之后曾被冻结或出质："
                "国家系统存证时间须更晚",
                "domain 2",
            )

    def _open_voucher(self, context: Context, asset: Asset, valid_from: UnixMillis) -> Intervals:
        return open_voucher(asset, self.number, self.valid_until, valid_from, context.index)

    def _count(self, context: Context, registration: Registration) -> Changes:
        """The parties with as many tuples more or fewer as they gain or lose."""
        gained = count_changes(registration.moves)
        if registration.type == "initial":
            gained = Counter(claim.holder for claim in self.rights)
        states = {key: context.need(Party, key) for key in self.parties}
        for key, party in states.items():
            if gained[key] > 0:
                refuse_if_exited(key, party)
        return {
            key: replace(party, tuples=party.tuples + gained[key]) for key, party in states.items()
        }


def _is_about(pledge: AnyJson, moved: Collection[tuple[SubjectKey, str]]) -> bool:
    """Whether a pledge holds one of the rights that move."""
    if not isinstance(pledge, dict):
        return False
    rights = pledge["rights"]
    listed = rights if isinstance(rights, list) else []
    return any((pledge["holder"], right) in moved for right in listed)


def parse_series(number: str) -> SubjectKey:
    """`series/...` of a certificate number.

    Raises:
        RejectedError: It is not a number that any scheme gives out.
    """
    try:
        return parse_number(number).series
    except MalformedError as exc:
        refuse("number", str(exc), f"不是有效的登记凭证编号：{number}", "annex 6")


def next_number(ledger: Ledger, last: int | None, time: UnixMillis) -> str:
    """The number that a record at this time has to carry.

    Args:
        ledger: State of `ledger/self`.
        last: Last serial of the month's series, None before the first.
        time: The ledger's.

    Raises:
        RejectedError: The month's numbers are used up.
    """
    return format_number(ledger.scheme, time, (last or 0) + 1)


def _check_notice(registration: Registration, completed: UnixMillis) -> None:
    """Refuse what would be complete, by the ledger's or the national system's time, too early."""
    earliest = registration.deadline
    if earliest is None:
        earliest = registration.status[-1].start
    if completed < earliest:
        first, named = format_instant(UnixMillis(earliest)), format_instant(completed)
        refuse(
            "notice_running",
            f"a registration is complete at {first} at the earliest, when the public notice is "
            f"over or withheld, not at {named}",
            f"登记最早于 {first}（公示期届满或决定不公示时）完成，而非 {named}",
            "Art. 24",
        )
