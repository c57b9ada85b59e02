"""What may be due: each kind of duty with who has it, the article, and what it asks for.

Spec: domain, section 2; Art. 16 to 18, 21, 24 to 26, 28, 29 and 36.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from contracts.profile import Bilingual

Role: TypeAlias = Literal["registrar", "applicant", "regulator"]
"""Who has to act; right-holders are the applicants of what they may file."""


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of duty.

    Args:
        role: Who has to act.
        article: That says so.
        says: What is to be done, and what follows if it is not.
        clock: Member of the profile's clocks that sets its deadline; None: none of them does.
    """

    role: Role
    article: str
    says: Bilingual
    clock: str | None = None


def _task(role: Role, article: str, en: str, zh: str, clock: str | None = None) -> Task:
    return Task(role, article, Bilingual(en=en, zh=zh), clock)


TASKS: Final = {
    "answer": _task(
        "registrar",
        "Art. 17",
        "accept it, or say once what is missing; silence means accepted",
        "受理，或一次性告知补正；逾期未答复视为受理",
        "acceptance",
    ),
    "review": _task(
        "registrar",
        "Art. 18, 28",
        "review it: publish or withhold, ask for more, or decide",
        "审查：公示或不予公示、要求补充材料，或作出决定",
        "completion",
    ),
    "await-notice": _task(
        "registrar",
        "Art. 24",
        "the public notice is running; it may be recorded once it is over",
        "公示期内；期满后可予登记",
    ),
    "record": _task(
        "registrar",
        "Art. 26, 28",
        "record it, or decide otherwise",
        "登记，或另作决定",
        "completion",
    ),
    "decide-renewal": _task(
        "registrar",
        "Art. 28, 36",
        "the term of the voucher is over and only its renewal keeps the rights: decide it",
        "凭证有效期已届满，权利仅因续期申请未办结而存续：请作出决定",
    ),
    "moot": _task(
        "registrar",
        "Art. 18, 22",
        "the voucher that it names is not in force any more, so that it cannot be recorded: once "
        "accepted terminate or refuse it, unless it is withdrawn",
        "所涉凭证已失效，不能办理登记：受理后请终止登记或不予登记，或由申请人撤回",
    ),
    "resolve": _task(
        "registrar",
        "Art. 25",
        "investigate and resolve the objection",
        "核查并处理异议",
        "objection",
    ),
    "notify": _task(
        "registrar",
        "Art. 29",
        "tell the right-holders of the objection",
        "将异议告知登记主体",
        "notify",
    ),
    "conclude": _task("registrar", "Art. 29", "conclude on the objection", "对异议作出结论"),
    "await-court": _task(
        "registrar",
        "Art. 29",
        "arbitration or court decides; then conclude on its decision",
        "待仲裁或诉讼结果；据生效文书作出结论",
    ),
    "act-on-objection": _task(
        "registrar",
        "Art. 29, 37",
        "the objection was upheld: revoke the registration, unless a change or a cancellation "
        "settles it",
        "异议成立：依职权注销登记，但以变更登记或注销登记了结的除外",
    ),
    "act-on-agreement": _task(
        "applicant",
        "Art. 29, 35, 37",
        "a right-holder agreed to the objection: file a change or a cancellation",
        "权利人已同意异议：请申请变更登记或注销登记",
    ),
    "calendar": _task(
        "registrar",
        "domain 2",
        "publish that year's working days; without them deadlines are unknown",
        "公布该年的工作日历；缺少时期限无法计算",
    ),
    "calendar-due": _task(
        "regulator",
        "domain 2",
        "publish that year's working days, or see that the registrar does",
        "公布该年的工作日历，或督促登记机构公布",
    ),
    "mend": _task(
        "applicant",
        "Art. 17",
        "hand in what is missing; after the deadline the application has lapsed",
        "补正材料；逾期视为未申请",
    ),
    "answer-supplement": _task(
        "applicant", "Art. 18", "answer what the registrar asked for", "提交登记机构要求补充的材料"
    ),
    "respond": _task("applicant", "Art. 29", "respond to the objection", "对异议作出答复"),
    "confirm": _task(
        "applicant",
        "Art. 16, 21",
        "sign for the right that was declared; until then nothing is held",
        "对所申报的权利签署确认；确认前不享有权利",
    ),
    "renew": _task(
        "applicant",
        "Art. 36",
        "renew the voucher, any one right-holder for all; not filed in time, it is void by itself",
        "申请续期，任一权利人均可提出；逾期未申请的，凭证自行失效",
    ),
    "recovery": _task(
        "applicant",
        "domain 4",
        "new keys take the place of the old ones then; an old key may cancel until then",
        "届时新密钥取代原密钥；此前可由原密钥撤销",
    ),
}
"""Every kind of duty, by its stable code."""
