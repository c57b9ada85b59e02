"""What a registrar writes beside a registration: `registration.note`, `.unnote` and `.correct`.

A note (备注) says what is in force besides the rights, such as a seizure by a court; whoever is
shown the voucher sees it until it ends. A correction mends the registrar's own slip: it changes
what the states say from now on, never what they said before.

Spec: domain, section 2; Art. 23, 24, 26 and 38.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Final, Literal, NoReturn

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.classification import check_classification
from contracts.eligibility import check_levels
from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.foundation import read_ledger
from contracts.holds import BARRING, leave_room_for_orders
from contracts.identity import HexDigest, Reason
from contracts.intervals import close_interval, open_interval
from contracts.procedure import (
    National,
    Notice,
    Registration,
    RegistrationKey,
    begin_step,
)
from contracts.records import Record, parse_record
from contracts.title import (
    LEVEL_ORDER,
    Asset,
    AssetKey,
    CertificateNumber,
    Classification,
    RightClaim,
    Voucher,
    tuple_values,
    voucher_key,
)
from ledger.core.types import JsonObject, SubjectKey

_ROOM_BYTES: Final = 512
"""What a note leaves free in the asset's state for orders of a regulator."""

RemarkKind = Literal["agreed-limits", "seizure", "temporary-control", "by-law", "registrar"]
_OPENNESS: Final = ("closed", "conditional", "unconditional")
_IN_WORDS: Final = ("agreed-limits", "registrar")


class Remark(Record, frozen=True, kw_only=True):
    """What a note says.

    Args:
        kind: Why it is there (Art. 23): the parties agreed on limits, a seizure, a temporary
            control by an authority, by law, or on the registrar's own decision.
        text: In words, public; never a name of a natural person.
        document: Digest of what orders it.
    """

    kind: RemarkKind
    text: Annotated[str, Meta(min_length=1, max_length=400)] | UnsetType = UNSET
    document: HexDigest | UnsetType = UNSET

    def interval_value(self) -> JsonObject:
        """As the asset's state holds it: all members, null where nothing was said."""
        return {
            "document": None if self.document is UNSET else self.document,
            "kind": self.kind,
            "text": None if self.text is UNSET else self.text,
        }


class Beside(Body, frozen=True, kw_only=True):
    """Base of what is written beside a registration that has the live voucher."""

    registration: RegistrationKey
    asset: AssetKey
    number: CertificateNumber

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [self.registration, self.asset, voucher_key(self.number)]

    def begin(self, context: Context) -> tuple[Registration, Asset]:
        """The registration and its asset, if the actor may write beside them.

        Raises:
            RejectedError: It may not, nothing was recorded, or the voucher is not the live one of
                both.
        """
        step = self.kind.removeprefix("registration.")
        registration = begin_step(context, self.registration, step)
        asset = context.need(Asset, self.asset)
        if registration.voucher != self.number or asset.voucher != self.number:
            refuse(
                "not_in_force",
                f"{self.number} is not the live voucher of {self.registration} and {self.asset}: "
                "name the registration that the asset's voucher came from",
                f"{self.number} 不是 {self.registration} 与 {self.asset} 的有效凭证："
                "请指明该数据现有凭证所依据的登记",
                "Art. 23",
            )
        return registration, asset

    def end(self, context: Context, registration: Registration, asset: Asset) -> Changes:
        """The new states of the three subjects; the voucher stays as it is.

        Raises:
            RejectedError: Reason `state_full`: no room would be left for orders of a regulator.
        """
        leave_room_for_orders(asset, _ROOM_BYTES)
        key = voucher_key(self.number)
        voucher = context.need(Voucher, key)
        return {self.registration: registration, self.asset: asset, key: voucher}


class Note(Beside, frozen=True, kw_only=True):
    """`registration.note`: a remark that stands beside the registration until it is taken away."""

    kind: ClassVar[str] = "registration.note"

    note: Remark

    @override
    def apply(self, context: Context) -> Changes:
        registration, asset = self.begin(context)
        _check_remark(self.note)
        value = self.note.interval_value()
        notes = open_interval(asset.notes, value, context.time, context.index)
        return self.end(context, registration, replace(asset, notes=notes))


class Unnote(Beside, frozen=True, kw_only=True):
    """`registration.unnote`: what was noted holds no longer.

    Args:
        note: Log index of the event that noted it.
        reasons: In words.
        document: Digest of what lifts it.
    """

    kind: ClassVar[str] = "registration.unnote"

    note: Annotated[int, Meta(ge=0)]
    reasons: Reason
    document: HexDigest | UnsetType = UNSET

    @override
    def apply(self, context: Context) -> Changes:
        registration, asset = self.begin(context)
        noted = {int(each.index): each.value for each in asset.notes if each.end is None}
        if self.note not in noted:
            standing = ", ".join(map(str, noted)) or "none"
            refuse(
                "no_note",
                f"no note of event {self.note} stands beside {self.number}: name one of those that "
                f"do, by the log index of the event that noted it, here {standing}",
                f"{self.number} 上没有事件 {self.note} 所作的备注：请以作出备注的事件的日志位置"
                f"指明，现有：{'、'.join(map(str, noted)) or '无'}",
                "Art. 23",
            )
        value = noted[self.note]
        if isinstance(value, dict) and value["kind"] in BARRING and self.document is UNSET:
            refuse(
                "note_document",
                f"a note of {value['kind']} ends on the document that lifts it: name its digest",
                f"{value['kind']} 类备注须依据解除文书终止：请给出其摘要",
                "Art. 23",
            )
        notes = close_interval(asset.notes, value, context.time)
        return self.end(context, registration, replace(asset, notes=notes))


class Correct(Beside, frozen=True, kw_only=True):
    """`registration.correct`: the registrar's slip, mended; signed by as many officers as a record.

    Args:
        classification: What it should have been; with a lower level or more openness it names a
            downgrade attestation.
        notice: Where the public notice stood; the time of its publication stays.
        national: Where the evidence is stored; its time stays, since the validity runs from it.
        reasons: In words.
    """

    kind: ClassVar[str] = "registration.correct"

    classification: Classification | UnsetType = UNSET
    notice: Notice | UnsetType = UNSET
    national: National | UnsetType = UNSET
    reasons: Reason

    @override
    def signers(self, context: Context) -> Signers:
        return Signers({context.actor: read_ledger(context).profile.officers})

    @override
    def apply(self, context: Context) -> Changes:
        registration, asset = self.begin(context)
        corrected = self._correct_evidence(registration)
        mended = asset
        if self.classification is not UNSET:
            _check_classification(context, self.asset, asset, self.classification)
            mended = replace(asset, classification=self.classification)
        if corrected == registration and mended == asset:
            refuse(
                "nothing_to_correct",
                "a correction names what is wrong as it should be: a classification, a notice or "
                "national evidence that is not there already",
                "更正须列明正确内容：与现有记载不同的 classification、notice 或 national",
                "Art. 38",
            )
        return self.end(context, corrected, mended)

    def _correct_evidence(self, registration: Registration) -> Registration:
        corrected = registration
        if self.notice is not UNSET:
            before = registration.notice
            if before is None or before.published_at != self.notice.published_at:
                _refuse_time("notice", None if before is None else before.published_at)
            corrected = replace(corrected, notice=self.notice)
        if self.national is not UNSET:
            held = registration.national
            if held is None or held.evidence_time != self.national.evidence_time:
                _refuse_time("national", None if held is None else held.evidence_time)
            corrected = replace(corrected, national=self.national)
        return corrected


def _refuse_time(member: str, time: int | None) -> NoReturn:
    """Refuse a correction that would move a time, or bring in what was never there.

    Raises:
        RejectedError: Always.
    """
    if time is None:
        refuse(
            "correct_absent",
            f"the registration was recorded without {member}: nothing is there to correct",
            f"该登记未记载 {member}，无可更正",
            "Art. 38",
        )
    refuse(
        "correct_time",
        f"a correction leaves times as they are, since deadlines and validity run from them: "
        f"keep {time} in {member}, or revoke the registration",
        f"更正不得改变时间（期限与有效期自该时间起算）：{member} 中须保留 {time}，或依职权注销登记",
        "Art. 26",
    )


def _check_remark(remark: Remark) -> None:
    """Hold a note to what its kind asks for.

    Raises:
        RejectedError: It names no document, or says nothing in words.
    """
    if remark.kind in BARRING and remark.document is UNSET:
        refuse(
            "note_document",
            f"a note of {remark.kind} rests on the document that orders it: name its digest",
            f"{remark.kind} 类备注须依据文书：请给出其摘要",
            "Art. 23",
        )
    if remark.text is UNSET and (remark.kind in _IN_WORDS or remark.document is UNSET):
        refuse(
            "note_text",
            f"a note of {remark.kind} says in words what holds: give its text",
            f"{remark.kind} 类备注须以文字说明：请给出内容",
            "Art. 23",
        )


def _check_classification(
    context: Context, key: SubjectKey, asset: Asset, corrected: Classification
) -> None:
    """Hold a corrected classification to what a record is held to.

    Raises:
        RejectedError: The lists bar it, it is below the level of a source, or it is lower or more
            open than before and names no downgrade.
    """
    claims = [parse_record(RightClaim, value) for value in tuple_values(asset.tuples)]
    check_levels(context, key, claims, corrected)
    check_classification(context, key, corrected)
    before = asset.classification
    if before is not None and corrected.downgrade is UNSET and _is_lowered(before, corrected):
        refuse(
            "downgrade",
            f"a lower level or more openness than {before.level} and {before.openness} rests on an "
            "assessment: name a downgrade attestation of an admitted assessor (attest.make) in "
            "downgrade",
            f"级别低于 {before.level} 或开放程度高于 {before.openness} 的，须以评估为依据："
            "请在 downgrade 中注明获准评估机构出具的降级评估（attest.make）",
            "GB/T 43697-2024",
        )


def _is_lowered(before: Classification, after: Classification) -> bool:
    """Whether data is to be guarded less than before."""
    levels = LEVEL_ORDER.index(after.level) < LEVEL_ORDER.index(before.level)
    return levels or _OPENNESS.index(after.openness) > _OPENNESS.index(before.openness)
