"""Ready-made terms, with a title and a description in English and Chinese.

Each names `distribute`, `grantUse` and `transfer` outright among its prohibitions, but for what it
permits, and has the grantee accept that the use is tracked, by marks in its copy unless told
otherwise. Terms of one template may rest on those
of another that hands the data on, under the same limits.

Spec: domain, section 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NotRequired, TypedDict, Unpack

from contracts.engine import refuse
from contracts.odrl.reader import parse_policy
from contracts.odrl.tracking import USUAL_MARKS, Disclosure, format_disclosure
from contracts.odrl.vocabulary import (
    FREE_PURPOSES,
    PROFILE,
    RULE,
    SCENE,
    PolicyType,
    refuse_unknown,
)
from contracts.odrl.wording import Words
from ledger.core.types import Json, JsonObject

_INSIDE: Final = ("distribute", "grantUse", "transfer", "muniment:encumber", "muniment:export")
_DELETED: Final[JsonObject] = {"action": "delete"}


@dataclass(frozen=True, slots=True)
class Template:
    """What a template is for.

    Args:
        title: A few words, in English and Chinese.
        description: One or two sentences, in English and Chinese.
    """

    title: Words
    description: Words


class Parts(TypedDict):
    """What build_policy fills a template with.

    Args:
        type: Offer or Agreement.
        target: URN of the asset.
        assigner: Key of the grantor.
        assignee: Key of the grantee.
        until: First instant after the term, Unix milliseconds; absent or None: no end of its own.
        purposes: What the data may be used for; none: anything.
        scenes: In which scenes; none: any. Public data is licensed for named ones.
        regions: Where it may be used, such as `CN-32`, which includes all below; none: anywhere.
        count: How many units of use there may be in all; absent or None: any number.
        marks: How strongly copies may be marked; absent: USUAL_MARKS.
    """

    type: PolicyType
    target: str
    assigner: str
    assignee: str
    until: NotRequired[int | None]
    purposes: NotRequired[Sequence[str]]
    scenes: NotRequired[Sequence[str]]
    regions: NotRequired[Sequence[str]]
    count: NotRequired[int | None]
    marks: NotRequired[Disclosure]


TEMPLATES: Final[Mapping[str, Template]] = {
    "internal-use": Template(
        ("Internal use", "内部使用"),
        (
            "The grantee may use the data within its own organisation. It may not hand it on, "
            "license, transfer or pledge it or take it abroad, and deletes it at the end.",
            "被授权方可在本单位内部使用数据，不得向他人提供、许可、转让、设定担保或出境，"
            "到期须删除。",
        ),
    ),
    "one-onward-copy": Template(
        ("Use with one onward copy", "使用并可转授一次"),
        (
            "The grantee may use the data and hand on one copy. Whoever gets that copy may use it "
            "within the same limits and may not hand it on.",
            "被授权方可使用数据，并可向一方提供一份副本；获得副本者可在同等限制内使用，"
            "不得再次提供。",
        ),
    ),
    "public-data-operation": Template(
        ("Authorised operation of public data", "公共数据授权运营"),
        (
            "The grantee may use public data for the purposes named and license others to use it "
            "internally, informing the grantor of each licence. There is no payment for "
            "public-governance and public-welfare.",
            "被授权方可为所列用途使用公共数据，并许可他人内部使用，每次许可须告知授权方。"
            "用于公共治理、公益事业的不收费。",
        ),
    ),
    "no-resale": Template(
        ("No resale", "禁止再流通"),
        (
            "The grantee may use the data freely. It may not hand on copies, license others or "
            "transfer it.",
            "被授权方可自由使用数据，不得向他人提供副本、许可他人使用或转让。",
        ),
    ),
}


def build_policy(template: str, **parts: Unpack[Parts]) -> JsonObject:
    """A policy by a template.

    Args:
        template: One of TEMPLATES.
        parts: The parties, the asset and the limits.

    Raises:
        RejectedError: Reason `unknown_term`: no such template. `needs_acceptance`: every template
            binds the grantee, which a Set cannot. `purposes`: public data is licensed for named
            purposes, either free or paid ones. Else as parse_policy: a part has another form.
    """
    if template not in TEMPLATES:
        refuse_unknown("template", ("template", "模板"), template, TEMPLATES)
    if parts["type"] == "Set":
        refuse(
            "needs_acceptance",
            f"{template} asks something of the grantee: use an Offer or an Agreement",
            f"{template} 对被授权方设有义务：请使用 Offer 或 Agreement",
            RULE,
        )
    policy: JsonObject = {
        "type": parts["type"],
        "profile": PROFILE,
        "conflict": "prohibit",
        "target": parts["target"],
        "assigner": parts["assigner"],
        "assignee": parts["assignee"],
        **_RULES[template](parts),
    }
    parse_policy(policy)
    return policy


def _rules_of_internal_use(parts: Parts) -> JsonObject:
    return {
        "permission": [_permit("use", _limits(parts))],
        "prohibition": [{"action": list(_INSIDE)}],
        "obligation": [_tracked(parts), _DELETED],
    }


def _rules_of_one_onward_copy(parts: Parts) -> JsonObject:
    once = _compare("count", "lteq", 1)
    return {
        "permission": [
            _permit("use", _limits(parts)),
            _permit("distribute", [*_term(parts), once]),
        ],
        "prohibition": [{"action": ["grantUse", "transfer"]}],
        "obligation": [_tracked(parts)],
    }


def _rules_of_public_data_operation(parts: Parts) -> JsonObject:
    is_free = _is_for_free(parts.get("purposes", ()))
    following: JsonObject = {"action": "nextPolicy", "target": _rules_of_internal_use(parts)}
    return {
        "permission": [
            _permit("use", _limits(parts), [] if is_free else [{"action": "compensate"}]),
            _permit("grantUse", _term(parts), [{"action": "inform"}, following]),
        ],
        "prohibition": [{"action": [act for act in _INSIDE if act != "grantUse"]}],
        "obligation": [_tracked(parts)],
    }


def _rules_of_no_resale(parts: Parts) -> JsonObject:
    return {
        "permission": [_permit("use", _limits(parts))],
        "prohibition": [{"action": ["distribute", "grantUse", "transfer"]}],
        "obligation": [_tracked(parts)],
    }


_RULES: Final = {
    "internal-use": _rules_of_internal_use,
    "one-onward-copy": _rules_of_one_onward_copy,
    "public-data-operation": _rules_of_public_data_operation,
    "no-resale": _rules_of_no_resale,
}


def _is_for_free(purposes: Sequence[str]) -> bool:
    """Whether public data is to be had for these purposes without payment.

    Raises:
        RejectedError: No purpose is named, or free and paid ones together.
    """
    free = FREE_PURPOSES.intersection(purposes)
    if not purposes or (free and free != set(purposes)):
        names = ", ".join(sorted(FREE_PURPOSES))
        refuse(
            "purposes",
            f"public data is licensed for named purposes: name some of {names}, which are free, or "
            "others, which are paid for; for both issue two grants",
            f"公共数据须按明确用途授权：{names} 为无偿用途，其余为有偿用途；两者并用请分别授权",
            RULE,
        )
    return bool(free)


def _permit(
    action: str, constraints: Sequence[JsonObject], duties: Sequence[JsonObject] = ()
) -> JsonObject:
    lists: dict[str, Json] = {"constraint": list(constraints), "duty": list(duties)}
    return {"action": action, **{name: each for name, each in lists.items() if each}}


def _limits(parts: Parts) -> list[JsonObject]:
    found = _term(parts)
    purposes, regions = parts.get("purposes", ()), parts.get("regions", ())
    count = parts.get("count")
    for operand, texts in (("purpose", purposes), (SCENE, parts.get("scenes", ()))):
        if texts:
            found.append(_compare(operand, "isAnyOf", list(texts)))
    within = [_compare("spatial", "isPartOf", region) for region in regions]
    if within:
        found.append(within[0] if len(within) == 1 else {"or": within})
    if count is not None:
        found.append(_compare("count", "lteq", count))
    return found


def _tracked(parts: Parts) -> JsonObject:
    return format_disclosure(parts.get("marks", USUAL_MARKS))


def _term(parts: Parts) -> list[JsonObject]:
    until = parts.get("until")
    return [] if until is None else [_compare("dateTime", "lt", until)]


def _compare(operand: str, operator: str, right: Json) -> JsonObject:
    return {"leftOperand": operand, "operator": operator, "rightOperand": right}
