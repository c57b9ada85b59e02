"""The review of an application: the steps from its acceptance to the decision.

Spec: domain, section 2; Art. 17, 18, 22, 24 and 28.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.clocks import format_instant
from contracts.engine import Changes, Context, Signers, refuse
from contracts.force import holders_of, is_prolonged
from contracts.forms import FORMS, Opening, check_notice, check_opening
from contracts.foundation import read_ledger
from contracts.holds import leave_room_for_orders
from contracts.identity import HexDigest, Reason
from contracts.intervals import current
from contracts.lists import refuse_unknown_calendar
from contracts.mandates import has_mandate
from contracts.procedure import (
    Notice,
    Step,
    completion_deadline,
    read_periods,
    silence_ends,
)
from contracts.procedure import Registration as Registration
from contracts.procedure import status_at as status_at
from contracts.records import AnyJson, format_record
from contracts.title import Asset
from ledger.core.types import SubjectKey, UnixMillis

MAX_ENTRY_MS: Final = 600_000
Text = Annotated[str, Meta(min_length=1, max_length=2000)]
_OBJECTIONS_BYTES: Final = 2048
"""What a notice leaves free in the registration's state for an objection of any length: no
applicant fills it so that none fits in."""
RefusalGround = Literal["22-1", "22-2", "22-3", "22-4", "22-5"]


class Accept(Step, frozen=True, kw_only=True):
    """`registration.accept`."""

    kind: ClassVar[str] = "registration.accept"

    @override
    def apply(self, context: Context) -> Changes:
        accepted = self.advance(context, self.begin(context))
        deadline = completion_deadline(context, accepted)
        return {self.registration: replace(accepted, deadline=deadline)}


class Return(Step, frozen=True, kw_only=True):
    """`registration.return`: what is missing, asked for once, and until when."""

    kind: ClassVar[str] = "registration.return"

    missing: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=32)]
    until: Annotated[int, Meta(ge=0)]

    @override
    def apply(self, context: Context) -> Changes:
        registration = self.begin(context)
        if registration.was_returned:
            refuse(
                "returned_once",
                "a correction is asked for once, all of it: accept it, or refuse it later",
                "须一次性告知全部补正内容，仅可一次：请予受理，或于审查后不予登记",
                "Art. 17",
            )
        earliest = read_periods(context, context.time).mend_end(context.time)
        if self.until < earliest:
            refuse(
                "mend_time",
                "an applicant has at least one working day to mend: name a date from "
                f"{format_instant(earliest)} on",
                f"须给予申请人至少一个工作日补正：期限不得早于 {format_instant(earliest)}",
                "Art. 17",
            )
        moved = self.advance(context, registration, UnixMillis(self.until))
        return {self.registration: replace(moved, was_returned=True)}


class Supplement(Step, frozen=True, kw_only=True):
    """`registration.supplement`: the registrar asks, the applicant answers; stops the clock."""

    kind: ClassVar[str] = "registration.supplement"

    ask: Text | UnsetType = UNSET
    answer: HexDigest | UnsetType = UNSET

    @property
    @override
    def step(self) -> str:
        return "supplement.ask" if self.answer is UNSET else "supplement.answer"

    @override
    def apply(self, context: Context) -> Changes:
        if (self.ask is UNSET) == (self.answer is UNSET):
            refuse(
                "ask_or_answer",
                "a supplement has either ask (by the registrar) or answer (a digest)",
                "补充材料须为 ask（登记机构提出）或 answer（材料摘要）之一",
                "Art. 18",
            )
        asked = None if self.ask is UNSET else self.ask
        moved = self.advance(context, self.begin(context), decision=asked)
        deadline = None
        if "filed" in current(moved.status):
            deadline = silence_ends(context, context.time)
        elif "accepted" in current(moved.status):
            deadline = completion_deadline(context, moved)
        return {self.registration: replace(moved, deadline=deadline)}


class PublishNotice(Step, frozen=True, kw_only=True):
    """`registration.publish`: opens the statutory members and names the public notice."""

    kind: ClassVar[str] = "registration.publish"

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
        moved = self.advance(context, registration, end)
        named = None if self.notice is UNSET else self.notice
        noticed = replace(moved, fields=opened, notice=named, notice_end=end)
        leave_room_for_orders(noticed, _OBJECTIONS_BYTES)
        return {self.registration: noticed}

    def _notice_end(self, context: Context, accepted: UnixMillis) -> UnixMillis | None:
        if read_ledger(context).profile.clocks.notice == 0:
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
        published_at = UnixMillis(self.notice.published_at)
        periods = read_periods(context, published_at)
        end = periods.notice_end(published_at)
        entry_end = periods.entry_end(published_at)
        if end is None or entry_end is None:
            refuse_unknown_calendar()
        _check_entry(context, published_at, entry_end)
        return end


def _check_entry(context: Context, published_at: UnixMillis, end: UnixMillis) -> None:
    """Refuse a notice entered so late that time to object to it would have passed unseen here.

    Args:
        context: Of its entry.
        published_at: As it says.
        end: As Periods.entry_end has it, for a notice that stands in the national system; one that
            this ledger's registrar runs alone is entered within ten minutes.

    Raises:
        RejectedError: Reason `notice_late`.
    """
    if read_ledger(context).profile.completion == "ledger":
        end = UnixMillis(published_at + MAX_ENTRY_MS)
    if context.time >= end:
        until = format_instant(end)
        refuse(
            "notice_late",
            f"a notice of that time had to be entered here before {until}, so that everybody can "
            "object while it runs: publish it again and enter it then",
            f"该时间发布的公示须在 {until} 之前记入本账本，以便他人在公示期内提出异议："
            "请重新发布公示后及时记入",
            "Art. 24",
        )


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

    reason: Reason

    @override
    def apply(self, context: Context) -> Changes:
        registration = self.begin(context)
        return {self.registration: self.advance(context, registration, decision=self.reason)}


class Withdraw(Step, frozen=True, kw_only=True):
    """`registration.withdraw`, by an applicant, at any time before the record.

    A renewal is withdrawn by all who filed it; once the term of the voucher is over and nothing but
    the renewal keeps the rights in force, by all right-holders besides. An agent signs for those
    whose mandate it has.
    """

    kind: ClassVar[str] = "registration.withdraw"

    @override
    def signers(self, context: Context) -> Signers:
        registration = context.need(Registration, self.registration)
        involved = set[SubjectKey]()
        if registration.type == "renewal":
            asset = context.need(Asset, registration.asset)
            involved.update(registration.parties)
            if is_prolonged(asset, context.time):
                involved.update(holders_of(asset, context.time))
        own = [
            key
            for key in sorted(involved)
            if not has_mandate(context, key, context.actor, registration.type)
        ]
        return Signers(dict.fromkeys((context.actor, *own), 1))

    @override
    def apply(self, context: Context) -> Changes:
        return {self.registration: self.advance(context, self.begin(context))}


class Refuse(Step, frozen=True, kw_only=True):
    """`registration.refuse`, on one of the grounds of Art. 22."""

    kind: ClassVar[str] = "registration.refuse"

    ground: RefusalGround
    reasons: Reason

    @override
    def apply(self, context: Context) -> Changes:
        said = f"Art. {self.ground}: {self.reasons}"
        return {self.registration: self.advance(context, self.begin(context), decision=said)}


class Terminate(Step, frozen=True, kw_only=True):
    """`registration.terminate`: what the review asked about cannot be cleared up (Art. 18)."""

    kind: ClassVar[str] = "registration.terminate"

    reasons: Reason

    @override
    def apply(self, context: Context) -> Changes:
        said = f"Art. 18: {self.reasons}"
        return {self.registration: self.advance(context, self.begin(context), decision=said)}


class Extend(Step, frozen=True, kw_only=True):
    """`registration.extend`: more time to complete, once, while there is still some (Art. 28)."""

    kind: ClassVar[str] = "registration.extend"

    reason: Reason

    @override
    def apply(self, context: Context) -> Changes:
        registration = self.begin(context)
        self._check_clock(context, registration)
        extended = replace(registration, extensions=registration.extensions + 1)
        if "accepted" in current(registration.status):
            deadline = completion_deadline(context, extended)
            extended = replace(extended, deadline=deadline)
        return {self.registration: extended}

    def _check_clock(self, context: Context, registration: Registration) -> None:
        profile = read_ledger(context).profile
        if not profile.clocks.completion or not profile.clocks.extension:
            refuse(
                "no_extension",
                f"under {profile.name} there is no time to extend: record it when it is ready",
                f"{profile.name} 规则不设可延长的办结期限：可随时办结",
                "Art. 28",
            )
        if registration.extensions:
            refuse(
                "extended_once",
                f"{self.registration} was given more time already: record, refuse or terminate it",
                f"{self.registration} 已延长过一次：请予登记、不予登记或终止登记",
                "Art. 28",
            )
        end = completion_deadline(context, registration, resumed=context.time)
        if end is None:
            refuse_unknown_calendar()
        if context.time >= end:
            refuse(
                "overdue",
                "more time is taken before the time is over, and it was over at "
                f"{format_instant(end)}: record, refuse or terminate it",
                f"延长须在办结期限届满前作出，该期限已于 {format_instant(end)} 届满："
                "请予登记、不予登记或终止登记",
                "Art. 28",
            )
