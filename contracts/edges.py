"""The one table of the registration procedure: which step leads from where to where, and by whom.

The machine reads from it who may take a step and in which states; the tests of the machine and the
rule book, docs/rules.md, are made from it. What a step asks for besides stands with its class.

Spec: domain, section 2; Art. 14 to 37 of 《数据产权登记工作指引（试行）》.
"""

from collections.abc import Mapping
from typing import Final

from contracts.edge import Edge, said
from contracts.profile import Bilingual

STATES: Final[Mapping[str, Bilingual]] = {
    "filed": said("filed, waiting for an answer", "已申请，待受理"),
    "returned": said("returned, to be mended", "待补正"),
    "accepted": said("accepted, under review", "已受理，审查中"),
    "supplement": said("waiting for a supplement", "待补充材料"),
    "published": said("in public notice, or after it", "公示中，或公示期已满"),
    "confidential": said("without public notice", "不予公示"),
    "objected": said("objected to, under inquiry", "异议处理中"),
    "recorded": said("recorded", "已登记"),
    "withdrawn": said("withdrawn by an applicant", "已撤回"),
    "terminated": said("terminated", "已终止登记"),
    "refused": said("refused", "不予登记"),
    "lapsed": said("lapsed: not mended in time, as if never filed", "逾期未补正，视为未申请"),
}
"""The states, in the order of the procedure."""

_REVIEWED: Final = ("accepted", "supplement", "published", "confidential", "objected")
_SILENCE: Final = said(
    "No answer in time: it is accepted on the first working day after the last.",
    "逾期未答复的，自期满后的首个工作日起视为受理。",
)
_RESOLVED: Final = said(
    "All open objections are closed. It may be recorded once the notice is over, and not before "
    "this decision.",
    "全部未结异议一并办结；公示期满且不早于本决定，方可登记。",
)
_WITHDRAWN: Final = said(
    "This one objection is closed. While another is open, the state stays.",
    "仅该项异议办结；尚有其他未结异议的，状态不变。",
)

EDGES: Final[tuple[Edge, ...]] = (
    Edge(
        "file",
        (),
        "filed",
        "applicant",
        "Art. 16",
        said("All applicants sign and file the form.", "全部申请人签署并提交申请。"),
        clock="acceptance",
        silence=_SILENCE,
        consequence=said(
            "The form is committed to; nothing of it is public.", "申请内容仅作承诺，尚不公开。"
        ),
    ),
    Edge(
        "accept",
        ("filed",),
        "accepted",
        "registrar",
        "Art. 17",
        said("The registrar accepts the application.", "登记机构受理申请。"),
        clock="completion",
    ),
    Edge(
        "silence",
        ("filed",),
        "accepted",
        "nobody",
        "Art. 17",
        said("The registrar did not answer in time.", "登记机构逾期未答复，视为受理。"),
        clock="completion",
        consequence=said(
            "The next event writes it down, as of the day on which it happened.",
            "由其后的首个事件补记，以视为受理之日为准。",
        ),
    ),
    Edge(
        "return",
        ("filed",),
        "returned",
        "registrar",
        "Art. 17",
        said(
            "The registrar says, once and wholly, what is missing and until when, at least one "
            "working day later.",
            "登记机构一次性告知须补正的全部内容与期限，期限至少一个工作日。",
        ),
        silence=said(
            "Not mended until then: it lapses, as if never filed.",
            "逾期未补正的，视为未申请。",
        ),
    ),
    Edge(
        "supplement.answer",
        ("returned",),
        "filed",
        "applicant",
        "Art. 17",
        said("An applicant mends the application in time.", "申请人按期补正。"),
        clock="acceptance",
        silence=_SILENCE,
        consequence=said("It cannot be returned a second time.", "此后不得再次要求补正。"),
    ),
    Edge(
        "lapse",
        ("returned",),
        "lapsed",
        "nobody",
        "Art. 17",
        said("What was missing did not come in time.", "逾期未补正，视为未申请。"),
    ),
    Edge(
        "supplement.ask",
        ("accepted",),
        "supplement",
        "registrar",
        "Art. 18",
        said("The registrar asks for more material.", "登记机构要求补充材料。"),
        pause="state",
    ),
    Edge(
        "supplement.answer",
        ("supplement",),
        "accepted",
        "applicant",
        "Art. 18",
        said(
            "An applicant answers; the clock runs again.", "申请人提交补充材料，办结期限继续计算。"
        ),
    ),
    Edge(
        "publish",
        ("accepted",),
        "published",
        "registrar",
        "Art. 24",
        said(
            "The registrar opens the statutory members and names the public notice.",
            "登记机构公开法定公示内容，并注明公示。",
        ),
        clock="notice",
        pause="notice",
        silence=said(
            "No objection until its end: it may be recorded.", "公示期内无异议的，可予登记。"
        ),
        consequence=said(
            "The notice counts from its publication in the system that it names, which is not "
            "before the acceptance. It is entered here by the end of the next working day, or "
            "within ten minutes by a registrar who completes registrations itself.",
            "公示期自公示系统发布之时起算，发布不得早于受理。登记机构须于下一工作日结束前记入"
            "本账本；自行完成登记的，须于十分钟内记入。",
        ),
    ),
    Edge(
        "withhold",
        ("accepted",),
        "confidential",
        "registrar",
        "Art. 24",
        said("On a good reason there is no public notice.", "有正当理由的，不予公示。"),
    ),
    Edge(
        "object",
        ("published", "objected"),
        "objected",
        "anybody",
        "Art. 25",
        said(
            "Before the notice is over, a party objects with reason and evidence.",
            "公示期内，其他主体附理由与材料提出异议。",
        ),
        clock="objection",
        pause="state",
        silence=said(
            "Not decided in time: it is shown as overdue, and stays open.",
            "逾期未处理的，显示为逾期，异议仍未办结。",
        ),
        consequence=said(
            "Objections add up, and the first sets the date; a party has one open at a time.",
            "多项异议并存，期限自首项异议起算；同一主体同时仅有一项未结异议。",
        ),
    ),
    Edge(
        "resolve.dismissed",
        ("objected",),
        "published",
        "registrar",
        "Art. 25",
        said("The objections are dismissed.", "异议不成立，予以驳回。"),
        consequence=_RESOLVED,
    ),
    Edge(
        "resolve.withdrawn",
        ("objected",),
        "published",
        "registrar",
        "Art. 25",
        said(
            "A party has withdrawn its objection by a letter, whose digest is named.",
            "异议人以书面材料撤回异议，并注明其摘要。",
        ),
        consequence=_WITHDRAWN,
    ),
    Edge(
        "resolve.own",
        ("objected",),
        "published",
        "objector",
        "Art. 25",
        said(
            "Whoever objected withdraws it, by its own signature.", "异议人本人签署，撤回其异议。"
        ),
        consequence=_WITHDRAWN,
    ),
    Edge(
        "resolve.upheld",
        ("objected",),
        "refused",
        "registrar",
        "Art. 25",
        said("The objections are upheld: it is refused.", "异议成立，不予登记。"),
    ),
    Edge(
        "extend",
        _REVIEWED,
        None,
        "registrar",
        "Art. 28",
        said(
            "The registrar takes more time, once, on a reason and before its time is over.",
            "登记机构说明理由，于办结期限届满前延长一次。",
        ),
        clock="extension",
    ),
    Edge(
        "withdraw",
        ("filed", "returned", *_REVIEWED),
        "withdrawn",
        "applicant",
        "Art. 16",
        said(
            "An applicant withdraws the application; a renewal all who filed it, and once the "
            "voucher's term is over all right-holders.",
            "申请人撤回申请；续期由全体续期申请人撤回，凭证有效期届满后由全体权利人撤回。",
        ),
    ),
    Edge(
        "terminate",
        _REVIEWED,
        "terminated",
        "registrar",
        "Art. 18",
        said(
            "What the review asked about cannot be cleared up: the registration is terminated.",
            "审查中的疑问无法澄清的，终止登记。",
        ),
    ),
    Edge(
        "refuse",
        _REVIEWED,
        "refused",
        "registrar",
        "Art. 22",
        said("Refused on one of the five grounds.", "依五种法定情形之一不予登记。"),
    ),
    Edge(
        "record",
        ("published", "confidential"),
        "recorded",
        "registrar",
        "Art. 26, 27",
        said(
            "The review's three findings are named, the voucher is issued, the effect begins.",
            "写明三项审查结论，核发登记凭证，登记生效。",
        ),
        consequence=said(
            "Not before the public notice is over and every objection decided. Late is shown and "
            "counted, and refuses nothing.",
            "不得早于公示期满及异议办结；逾期办结的予以显示与统计，但不因此不予登记。",
        ),
    ),
    Edge(
        "record",
        ("accepted",),
        "recorded",
        "registrar",
        "Art. 26, 27",
        said(
            "As above, of a type for which the profile asks no public notice.",
            "同上，适用于规则不要求公示的登记类型。",
        ),
    ),
    Edge(
        "confirm",
        ("recorded",),
        None,
        "holder",
        "Art. 21",
        said(
            "A right-holder that was only declared signs; its rights begin.",
            "仅经申报的权利人签署确认，其权利自此生效。",
        ),
        consequence=said(
            "It may decline them instead (`decline`): what was declared ends.",
            "也可以声明放弃（`decline`）：所申报的权利终止。",
        ),
    ),
    Edge(
        "note",
        ("recorded",),
        None,
        "registrar",
        "Art. 23",
        said(
            "A note: agreed limits, seizure, temporary control.",
            "备注：约定限制、查封扣押、临时管控等。",
        ),
    ),
    Edge(
        "unnote",
        ("recorded",),
        None,
        "registrar",
        "Art. 23",
        said("A note ends.", "备注终止。"),
    ),
    Edge(
        "correct",
        ("recorded",),
        None,
        "registrar",
        "Art. 38",
        said("The registrar corrects a slip of its own.", "登记机构更正自身笔误。"),
    ),
    Edge(
        "revoke",
        ("recorded",),
        None,
        "registrar",
        "Art. 37",
        said(
            "The registrar cancels the voucher itself: the rights end, the evidence stays.",
            "登记机构依职权注销：权利终止，存证保留。",
        ),
    ),
)
"""Every step, in the order of the procedure."""

PAUSED: Final = frozenset(edge.target for edge in EDGES if edge.pause == "state")
"""States in which the clock of completion stands still; in `published` it does for the notice."""

OPEN_STATUSES: Final = frozenset(
    state for edge in EDGES if edge.step == "withdraw" for state in edge.sources
)
"""States of a registration that is neither recorded nor at an end."""


def find_edges(step: str) -> tuple[Edge, ...]:
    """All edges of one step.

    Args:
        step: Such as `accept` or `supplement.ask`.
    """
    return tuple(edge for edge in EDGES if edge.step == step)
