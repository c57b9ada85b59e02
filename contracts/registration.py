"""From the application to the decision: the steps that follow `registration.file`.

Spec: domain, section 2; Art. 14 to 28.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.clocks import format_instant
from contracts.engine import Changes, Context, refuse
from contracts.forms import FORMS, Opening, check_notice, check_opening
from contracts.foundation import read_ledger
from contracts.identity import HexDigest, Reason
from contracts.lists import need_deadline
from contracts.procedure import (
    OPEN_STATUSES,
    Notice,
    Step,
    begin_step,
    completion_deadline,
    move,
    silence_ends,
)
from contracts.procedure import Registration as Registration
from contracts.procedure import status_at as status_at
from contracts.records import AnyJson, format_record
from contracts.title import Asset
from ledger.core.types import UnixMillis

Text = Annotated[str, Meta(min_length=1, max_length=2000)]
RefusalGround = Literal["22-1", "22-2", "22-3", "22-4", "22-5"]


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
        named = None if self.notice is UNSET else self.notice
        return {self.registration: replace(moved, fields=opened, notice=named, notice_end=end)}

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
