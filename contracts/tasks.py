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
        "renew the voucher; not filed in time, it is void by itself",
        "申请续期；逾期未申请的，凭证自行失效",
    ),
    "recovery": _task(
        "applicant",
        "domain 4",
        "new keys take the place of the old ones then; an old key may cancel until then",
        "届时新密钥取代原密钥；此前可由原密钥撤销",
    ),
}
"""Every kind of duty, by its stable code."""
