"""What completes a registration: `registration.record`.

`record` gives the number, binds the credential and puts the right tuples in force; nothing before
it touches anybody's rights. What each type asks for and does stands in a module of its own
(initial, transferring, changing, renewal, cancelling). A cancellation issues no voucher: it ends
one.

Spec: our formats sections 7 and 8; domain, section 2; Art. 18, 21, 22, 26, 27, 33 to 37; annex 6.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Final, NoReturn

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.cancelling import CANCELLATION
from contracts.changing import CHANGE
from contracts.clocks import end_of_validity, format_instant
from contracts.completion import Claims, Completion, Outcome, TypeRules
from contracts.duplicates import DuplicateFindings, check_duplicates
from contracts.engine import Changes, Context, Signers, refuse
from contracts.force import ended_holders, settle_terms
from contracts.foundation import Ledger, read_ledger
from contracts.identity import Did, HexDigest, Party, PartyKey, refuse_if_exited
from contracts.initial import INITIAL
from contracts.intervals import open_interval
from contracts.numbering import format_number, series_key
from contracts.procedure import National, Registration, Step, move
from contracts.records import Record, StateRecord
from contracts.renewal import RENEWAL
from contracts.series import Series, parse_series
from contracts.title import Asset, AssetKey, Classification, Stage
from contracts.title import CertificateNumber as CertificateNumber
from contracts.title import Voucher as Voucher
from contracts.title import voucher_key as voucher_key
from contracts.transferring import TRANSFER
from ledger.core.types import SubjectKey, UnixMillis

MAX_BEFORE_MS: Final = 120_000
MAX_AFTER_MS: Final = 600_000
MAX_PARTIES: Final = 8
Test = Annotated[str, Meta(min_length=1, max_length=400)]

TYPES: Final[Mapping[str, TypeRules]] = {
    "initial": INITIAL,
    "transfer": TRANSFER,
    "change": CHANGE,
    "renewal": RENEWAL,
    "cancellation": CANCELLATION,
}
"""What each type of registration does when it is recorded."""


class Tests(Record, frozen=True):
    """The three tests of Art. 18, each with what the registrar found."""

    accuracy: Test
    compliance: Test
    clarity: Test


class RecordRegistration(Step, frozen=True, kw_only=True):
    """`registration.record`: signed by as many officers as the profile asks for.

    Args:
        asset: What is registered.
        parties: Who gains or loses a right, sorted; of a change and a renewal only whose right
            ended by its own term.
        tests: What the registrar found.
        number: Of the new voucher; a cancellation has none of the members up to `classification`.
        credential: Digest of the complete credential.
        issuer: Key that signed it.
        valid_from: Unix milliseconds, as the credential says.
        valid_until: The same.
        rights: All tuples in force afterwards.
        classification: As assessed; a later type repeats the asset's.
        supersedes: The live voucher, which the new one takes the place of; not of an initial one.
        cancels: The voucher that a cancellation ends.
        declared: Of an initial one: rights of holders who are named and have not signed.
        stage: Of an initial one, as the form says; always of data that is derived or fused.
        national: Evidence in the national system, where that completes a registration.
        duplicates: Of an initial one: what was decided about earlier assets of the same content.
    """

    kind: ClassVar[str] = "registration.record"

    asset: AssetKey
    parties: Annotated[tuple[PartyKey, ...], Meta(max_length=MAX_PARTIES)]
    tests: Tests
    number: CertificateNumber | UnsetType = UNSET
    credential: HexDigest | UnsetType = UNSET
    issuer: Did | UnsetType = UNSET
    valid_from: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    valid_until: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    rights: Claims | UnsetType = UNSET
    classification: Classification | UnsetType = UNSET
    supersedes: CertificateNumber | UnsetType = UNSET
    cancels: CertificateNumber | UnsetType = UNSET
    declared: Claims | UnsetType = UNSET
    stage: Stage | UnsetType = UNSET
    national: National | UnsetType = UNSET
    duplicates: DuplicateFindings | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        numbers = [each for each in (self.number, self.supersedes, self.cancels) if each]
        series = [parse_series(self.number)] if self.number else []
        return [self.registration, self.asset, *series, *map(voucher_key, numbers), *self.parties]

    @override
    def signers(self, context: Context) -> Signers:
        return Signers({context.actor: read_ledger(context).profile.officers})

    @property
    def outcome(self) -> Outcome | None:
        """What it says of the voucher that it issues; None unless all of it is there."""
        if self.number is UNSET or self.credential is UNSET or self.issuer is UNSET:
            return None
        if self.valid_from is UNSET or self.valid_until is UNSET:
            return None
        if self.rights is UNSET or self.classification is UNSET:
            return None
        return Outcome(
            number=self.number,
            credential=self.credential,
            issuer=self.issuer,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            rights=self.rights,
            classification=self.classification,
        )

    @override
    def apply(self, context: Context) -> Changes:
        registration = self.begin(context)
        rules = TYPES[registration.type]
        self._check_members(registration.type)
        completion = self._complete(context, registration)
        touched = {*rules.parties(completion), *completion.ended}
        self._check_parts(completion, tuple(sorted(touched)))
        self._check_duplicates(context, registration.type)
        rules.check(completion)
        return self._conclude(completion, rules)

    def _complete(self, context: Context, registration: Registration) -> Completion:
        asset = context.need(Asset, self.asset)
        return Completion(
            context=context,
            key=self.registration,
            registration=registration,
            asset_key=self.asset,
            asset=settle_terms(asset, context.time),
            ended=ended_holders(asset, context.time),
            issued=self.outcome,
            supersedes=self.supersedes or None,
            cancels=self.cancels or None,
            declared=self.declared or (),
            stage=self.stage or None,
        )

    def _conclude(self, completion: Completion, rules: TypeRules) -> Changes:
        context, issued = completion.context, completion.issued
        ledger = read_ledger(context)
        changes: dict[SubjectKey, StateRecord] = {}
        if issued is None:
            time = self._check_completion(context, ledger)
        else:
            series = self._next_series(context, ledger, issued)
            _check_validity(ledger, issued)
            time = self._check_start(context, ledger, issued)
            changes |= {series[0]: Series(last=series[1])}
            changes[voucher_key(issued.number)] = self._open_voucher(issued, time, context)
        _check_notice(ledger, completion.registration, time)
        recorded = move(context, completion.registration, "recorded")
        changes[self.registration] = replace(
            recorded,
            voucher=None if issued is None else issued.number,
            national=self.national or None,
        )
        changes |= rules.effect(completion, time)
        gained = Counter(rules.counts(completion))
        gained.subtract(completion.ended)
        return {**changes, **self._count(context, gained)}

    def _open_voucher(self, issued: Outcome, time: UnixMillis, context: Context) -> Voucher:
        return Voucher(
            asset=self.asset,
            registration=self.registration,
            credential=issued.credential,
            issuer=issued.issuer,
            status=open_interval((), "valid", time, context.index),
            valid_from=time,
            valid_until=issued.valid_until,
        )

    def _check_members(self, of_type: str) -> None:
        """Hold the optional members against the type: what one needs the other may not have.

        Raises:
            RejectedError: Reason `record_members`.
        """
        of_voucher = (
            self.number,
            self.credential,
            self.issuer,
            self.valid_from,
            self.valid_until,
            self.rights,
            self.classification,
        )
        if of_type == "cancellation":
            others = (*of_voucher, self.supersedes, self.declared, self.stage)
            is_right = all(each is UNSET for each in others) and self.cancels is not UNSET
        else:
            is_right = all(each is not UNSET for each in of_voucher) and self.cancels is UNSET
            of_initial = (self.declared, self.stage)
            is_right = is_right and (of_type == "initial" or not any(of_initial))
        if not is_right:
            refuse(
                "record_members",
                "a record has number, credential, issuer, valid_from, valid_until, rights and "
                "classification, an initial one perhaps declared and stage; a cancellation has "
                "none of these and names in cancels the voucher that ends",
                "登记须有 number、credential、issuer、valid_from、valid_until、rights 与 "
                "classification，初次登记可有 declared 与 stage；注销登记不得有这些内容，"
                "而须在 cancels 中写明所注销的凭证",
                "Art. 27",
            )

    def _check_duplicates(self, context: Context, of_type: str) -> None:
        if of_type == "initial":
            check_duplicates(
                context,
                self.asset,
                self.duplicates or (),
                is_decision_needed=not read_ledger(context).profile.is_solo,
            )
        elif self.duplicates is not UNSET:
            refuse(
                "duplicates",
                "whether content was registered before is decided once, with the initial "
                "registration: leave out duplicates",
                "是否重复登记仅在初次登记时认定：不得有 duplicates",
                "Art. 39",
            )

    def _check_parts(self, completion: Completion, parties: tuple[SubjectKey, ...]) -> None:
        asset = completion.registration.asset
        if asset != self.asset or parties != self.parties:
            refuse(
                "wrong_parts",
                f"the asset is {asset}, parties are those who gain or lose a right, sorted: "
                f"{', '.join(parties) or 'none'}",
                f"资产应为 {asset}，parties 应为排序后的取得或失去权利的各方："
                f"{'、'.join(parties) or '无'}",
                "formats 2",
            )
        if completion.issued is None:
            return
        if completion.issued.issuer not in completion.context.keys:
            refuse(
                "wrong_issuer",
                "the credential's issuer is a key that signs this event",
                "凭证签发密钥须为签署本事件的密钥",
                "formats 7",
            )
        claims = (*completion.issued.rights, *completion.declared)
        named = [(claim.holder, claim.right) for claim in claims]
        if len(set(named)) != len(named):
            refuse(
                "doubled_right",
                "a holder's right is named once",
                "同一权利人的同一权利不得重复列出",
            )

    def _next_series(
        self, context: Context, ledger: Ledger, issued: Outcome
    ) -> tuple[SubjectKey, int]:
        key = series_key(ledger.scheme, context.time)
        before = context.find(Series, key)
        serial = before.last + 1 if before else 1
        number = format_number(ledger.scheme, context.time, serial)
        if number != issued.number:
            refuse(
                "series_moved",
                f"the next number is {number}, not {issued.number}: sign the credential again",
                f"下一编号为 {number}，而非 {issued.number}：请重新签发凭证",
                "annex 6",
            )
        return key, serial

    def _check_start(self, context: Context, ledger: Ledger, issued: Outcome) -> UnixMillis:
        """From when it is in force; the credential says about the same."""
        time = self._check_completion(context, ledger)
        if ledger.profile.completion == "national":
            if issued.valid_from != time:
                _refuse_national()
            return time
        if not -MAX_BEFORE_MS <= time - issued.valid_from <= MAX_AFTER_MS:
            refuse(
                "valid_from",
                "valid_from is at most 2 minutes after and 10 minutes before the ledger's time: "
                "sign the credential again",
                "valid_from 不得晚于账本时间 2 分钟以上或早于 10 分钟以上：请重新签发凭证",
                "formats 8",
            )
        return time

    def _check_completion(self, context: Context, ledger: Ledger) -> UnixMillis:
        """When it is complete: as the national system says, or by the ledger's time (Art. 26)."""
        national = self.national
        if ledger.profile.completion == "national":
            if national is UNSET or national.evidence_time > context.time:
                _refuse_national()
            return UnixMillis(national.evidence_time)
        if national is not UNSET:
            refuse(
                "valid_from",
                "this ledger completes its registrations itself: leave out national",
                "本账本自行完成登记：不得有 national",
                "formats 8",
            )
        return context.time

    def _count(self, context: Context, gained: Mapping[SubjectKey, int]) -> Changes:
        """The parties with as many tuples more or fewer as they gain or lose."""
        states = {key: context.need(Party, key) for key in self.parties}
        for key, party in states.items():
            if gained[key] > 0:
                refuse_if_exited(key, party)
        return {
            key: replace(party, tuples=party.tuples + gained[key]) for key, party in states.items()
        }


def _check_validity(ledger: Ledger, issued: Outcome) -> None:
    profile, start = ledger.profile, UnixMillis(issued.valid_from)
    offset = profile.offset_minutes
    longest = end_of_validity(start, years=profile.max_years, offset_minutes=offset)
    terms = [claim.until for claim in issued.rights if claim.until is not UNSET]
    latest = UnixMillis(min([longest, *terms]))
    is_whole = issued.valid_from % 1000 == 0 and issued.valid_until % 1000 == 0
    if not is_whole or not issued.valid_from < issued.valid_until <= latest:
        refuse(
            "validity",
            f"validity is in whole seconds, at most {profile.max_years} years and not beyond "
            f"the term of a right, here until {format_instant(latest)} at the latest",
            f"有效期以整秒计，最长 {profile.max_years} 年且不超过各项权利的期限，"
            f"本件最迟至 {format_instant(latest)}",
            "Art. 26",
        )


def _refuse_national() -> NoReturn:
    """Refuse a record without evidence, or one whose credential begins at another time.

    Raises:
        RejectedError: Always.
    """
    refuse(
        "national",
        "a registration is complete when the national system has stored it: name system, "
        "record, evidence_time and digest, and let valid_from be evidence_time",
        "登记自存证信息存入国家系统之时完成：须注明系统、编号、存证时间与摘要，"
        "且 valid_from 等于存证时间",
        "Art. 26",
    )


def _check_notice(ledger: Ledger, registration: Registration, completed: UnixMillis) -> None:
    """Refuse what would be complete, by the ledger's or the national system's time, too early."""
    newest = registration.status[-1]
    if newest.value == "accepted" and registration.type in ledger.profile.notice_types:
        refuse(
            "notice_first",
            f"the {registration.type} registration is published before it is recorded, or its "
            "notice withheld",
            "该类登记须先公示，或决定不予公示，方可登记",
            "Art. 24",
        )
    earliest = max(newest.start, registration.notice_end or 0)
    if completed < earliest:
        first, named = format_instant(UnixMillis(earliest)), format_instant(completed)
        refuse(
            "notice_running",
            f"a registration is complete at {first} at the earliest, when the public notice is "
            f"over or withheld, not at {named}",
            f"登记最早于 {first}（公示期届满或决定不公示时）完成，而非 {named}",
            "Art. 24",
        )
