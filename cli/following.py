"""What comes after a step of a registration: one line on stderr, for whoever goes on."""

from typing import Final

from cli.session import Session
from contracts.engine import Body
from ledger.core.types import SubjectKey

_NEXT: Final = {
    "filed": (
        "Next, the registrar: muniment registration accept {0}",
        "下一步由登记机构受理：muniment registration accept {0}",
    ),
    "registration.accept": (
        "Next: muniment registration publish {0}, or withhold; what it needs says --help",
        "下一步：muniment registration publish {0} 公示，或以 withhold 不予公示；所需内容见 --help",
    ),
    "registration.publish": (
        "Next, when the notice is over: muniment registration record {0}",
        "公示期满后的下一步：muniment registration record {0}",
    ),
    "registration.withhold": (
        "Next: muniment registration record {0}",
        "下一步：muniment registration record {0}",
    ),
    "registration.object": (
        "Next, the registrar: muniment registration resolve {0} --outcome OUTCOME --reasons WHY",
        "下一步由登记机构处理：muniment registration resolve {0} --outcome 结论 --reasons 理由",
    ),
    "dismissed": (
        "Next, when the notice is over: muniment registration record {0}",
        "公示期满后的下一步：muniment registration record {0}",
    ),
    "registration.return": (
        "Next, the applicant: muniment registration supplement {0} --answer FILE",
        "下一步由申请人补正：muniment registration supplement {0} --answer 文件",
    ),
    "ask": (
        "Next, the applicant: muniment registration supplement {0} --answer FILE",
        "下一步由申请人补充：muniment registration supplement {0} --answer 文件",
    ),
    "answer": (
        "Next, the registrar: muniment registration todo",
        "下一步由登记机构办理：muniment registration todo",
    ),
}


def tell_next(session: Session, key: SubjectKey, step: str) -> None:
    """Say what comes next.

    Args:
        session: Speaks.
        key: Of the registration.
        step: `filed`, or as name_step has it; nothing is said of any other.
    """
    if step in _NEXT:
        en, zh = _NEXT[step]
        session.out.talk(en.format(key), zh.format(key))


def name_step(body: Body) -> str:
    """What a step is called here: its kind, or what it says where that makes a difference."""
    from msgspec import UNSET

    from contracts.objecting import Resolve
    from contracts.registration import Supplement

    match body:
        case Supplement():
            return "ask" if body.answer is UNSET else "answer"
        case Resolve():
            return body.outcome
        case _:
            return body.kind
