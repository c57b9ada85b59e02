"""What regulators publish: `list.publish` (calendars also by the registrar)."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from msgspec import Meta
from typing_extensions import override

from contracts.clocks import parse_calendar
from contracts.engine import Body, Changes, Context, refuse
from contracts.identity import need_role
from contracts.lists import CALENDAR, PublishedList, list_key
from contracts.records import AnyObject, whole
from ledger.core.types import SubjectKey


class Publish(Body, frozen=True, kw_only=True):
    """`list.publish`: a new version of one part of a list, wholly."""

    kind: ClassVar[str] = "list.publish"

    list: Annotated[str, whole("[a-z0-9-]{1,40}")]
    part: Annotated[str, whole("[A-Za-z0-9.-]{1,40}")]
    version: Annotated[int, Meta(ge=1, le=1_000_000)]
    content: AnyObject

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [list_key(self.list, self.part)]

    @override
    def apply(self, context: Context) -> Changes:
        is_calendar = self.list == CALENDAR
        need_role(context, "regulator", *(["registrar"] if is_calendar else []))
        if is_calendar and str(parse_calendar(self.content).year) != self.part:
            refuse(
                "wrong_part",
                f"the part {self.part} of a calendar is the calendar of that year",
                f"日历的 {self.part} 部分须为该年的日历",
                "domain 2",
            )
        key = list_key(self.list, self.part)
        before = context.find(PublishedList, key)
        expected = before.version + 1 if before else 1
        if self.version != expected:
            refuse(
                "wrong_version",
                f"the next version of {key} is {expected}, not {self.version}",
                f"{key} 的下一版本为 {expected}，而非 {self.version}",
                "domain 2",
            )
        return {
            key: PublishedList(publisher=context.actor, version=self.version, content=self.content)
        }
