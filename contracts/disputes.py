"""Disputes on an asset: the state of an objection to what is recorded, and the table of its steps.

A dispute is visible on the asset until the objection is dismissed or withdrawn; one that was upheld
until the registrar revokes the registration, or a change or a cancellation is recorded.

Spec: domain, sections 2 and 4; Art. 29 and 37.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from typing_extensions import override

from contracts.chinese import OBJECTIONS
from contracts.edge import By, Edge, said
from contracts.engine import Context
from contracts.force import as_object
from contracts.intervals import close_interval, current
from contracts.profile import Bilingual
from contracts.records import Intervals, StateRecord
from contracts.title import Asset
from ledger.core.rules import Listing
from ledger.core.types import SubjectKey

STAGES: Final[Mapping[str, Bilingual]] = {
    "filed": said("filed, the right-holders are to be told", OBJECTIONS["filed"]),
    "notified": said("the right-holders were told", OBJECTIONS["notified"]),
    "responded": said("a right-holder has answered", OBJECTIONS["responded"]),
    "to-court": said("before arbitration or court", OBJECTIONS["to-court"]),
    "dismissed": said("dismissed", OBJECTIONS["dismissed"]),
    "withdrawn": said("withdrawn by who objected", OBJECTIONS["withdrawn"]),
    "upheld": said("upheld", OBJECTIONS["upheld"]),
}
"""The states of an objection, in the order of its procedure."""

_UNDER_WAY: Final = ("filed", "notified", "responded", "to-court")
OPEN_STAGES: Final = frozenset(_UNDER_WAY)
"""States in which the registrar has still to conclude."""


def _edge(
    step: str,
    sources: tuple[str, ...],
    target: str,
    by: By,
    says: Bilingual,
    consequence: Bilingual | None = None,
) -> Edge:
    return Edge(
        step, sources, target, by, "Art. 29", says, consequence=consequence, family="objection"
    )


OBJECTION_EDGES: Final[tuple[Edge, ...]] = (
    _edge(
        "file",
        (),
        "filed",
        "outsider",
        said(
            "A party objects to what is recorded, with its evidence.",
            "其他主体就已登记事项附材料提出异议。",
        ),
        said(
            "It is visible on the asset as a dispute, and takes nothing from anybody.",
            "在该数据上显示为争议，不影响任何权利。",
        ),
    ),
    _edge(
        "notify",
        ("filed",),
        "notified",
        "registrar",
        said("The registrar has told the right-holders.", "登记机构已告知权利人。"),
    ),
    _edge(
        "respond",
        ("notified", "responded"),
        "responded",
        "right-holder",
        said("A right-holder answers, once.", "权利人答复，各一次。"),
        said(
            "Who agrees files a change or a cancellation (Art. 35, 37).",
            "同意的，由权利人申请变更登记或注销登记（第 35、37 条）。",
        ),
    ),
    _edge(
        "conclude.dismissed",
        _UNDER_WAY,
        "dismissed",
        "registrar",
        said("The objection is dismissed; the dispute ends.", "异议不成立；争议标记终止。"),
    ),
    _edge(
        "conclude.withdrawn",
        _UNDER_WAY,
        "withdrawn",
        "registrar",
        said(
            "The objection was withdrawn by a letter, whose digest is named; the dispute ends.",
            "异议人以书面材料撤回异议，并注明其摘要；争议标记终止。",
        ),
    ),
    _edge(
        "conclude.own",
        _UNDER_WAY,
        "withdrawn",
        "objector",
        said(
            "Whoever objected withdraws it, by its own signature; the dispute ends.",
            "异议人本人签署，撤回其异议；争议标记终止。",
        ),
    ),
    _edge(
        "conclude.to-court",
        ("notified", "responded"),
        "to-court",
        "registrar",
        said(
            "It goes to arbitration or court, and stays open until the decision is brought.",
            "提交仲裁或诉讼；取得生效文书前，异议仍未办结。",
        ),
    ),
    _edge(
        "conclude.upheld",
        ("notified", "responded", "to-court"),
        "upheld",
        "registrar",
        said(
            "The objection is upheld; as many officers sign as for a record.",
            "异议成立；签署的经办人数与登记相同。",
        ),
        said(
            "The registrar revokes on the ground `objection-upheld` (Art. 37). The dispute stays "
            "visible until then, or until a change or a cancellation is recorded.",
            "登记机构以 `objection-upheld` 为由依职权注销（第 37 条）；注销、变更或注销登记之前，"
            "争议标记保留。",
        ),
    ),
)
"""Every step of an objection to what is recorded, in the order of its procedure."""


def find_step(step: str) -> Edge:
    """The edge of one step.

    Args:
        step: Such as `notify` or `conclude.upheld`.
    """
    (edge,) = (each for each in OBJECTION_EDGES if each.step == step)
    return edge


class Objection(StateRecord, frozen=True, kw_only=True):
    """State of `objection/<id>`.

    Args:
        asset: What it is about.
        voucher: Number of the asset's voucher when it was filed.
        by: Who objects.
        reason: In words, where it was given in the clear; else None.
        evidence: Digest of the file of the objection, 64 hex digits.
        status: Intervals of `filed`, `notified`, `responded`, `to-court`, and of the ends
            `dismissed`, `withdrawn`, `upheld`.
        responses: What right-holders answered: `{"agrees","by","statement"}`.
        deadline: Until when they are to be told of it, Unix milliseconds; None: the profile has no
            such clock, or the calendar did not reach so far.
        decision: What the registrar concluded, in words; None until then.
        document: Digest of what the conclusion rests on; None: none was named.
    """

    state_type: ClassVar[str] = "objection/1"
    interval_lists: ClassVar[tuple[str, ...]] = ("status", "responses")

    asset: SubjectKey
    voucher: str
    by: SubjectKey
    reason: str | None
    evidence: str
    status: Intervals
    responses: Intervals
    deadline: int | None
    decision: str | None
    document: str | None

    @property
    def stage(self) -> str:
        """How far it is: the value of its status that is in force."""
        return str(current(self.status)[-1])

    @property
    def is_open(self) -> bool:
        """Whether the registrar has still to conclude on it."""
        return self.stage in OPEN_STAGES

    @override
    def describe(self, key: SubjectKey) -> Listing:
        return Listing(self.reason or "(objection)", self.stage, (self.asset, self.by))


def find_objections(context: Context, asset: Asset) -> Iterator[tuple[SubjectKey, Objection]]:
    """The objections that the asset's state names, open ones and others."""
    for each in asset.disputes:
        key = SubjectKey(str(as_object(each)["objection"]))
        yield key, context.need(Objection, key)


def find_upheld(context: Context, asset: Asset) -> tuple[SubjectKey, ...]:
    """Keys of the disputes in force whose objection was upheld: what they ask for is to be done.

    Args:
        context: Of the event that does it.
        asset: Its state.
    """
    standing = [value["objection"] for value in current(asset.disputes) if isinstance(value, dict)]
    return tuple(
        key
        for key, objection in find_objections(context, asset)
        if key in standing and objection.stage == "upheld"
    )


def close_upheld(context: Context, asset: Asset) -> Intervals:
    """The asset's disputes with those closed that an upheld objection left.

    Args:
        context: Of the event that does what they ask for.
        asset: Its state.
    """
    disputes = asset.disputes
    for key in find_upheld(context, asset):
        disputes = close_interval(disputes, {"objection": key}, context.time)
    return disputes
