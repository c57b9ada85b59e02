"""The terms that a policy of ours may use, and which action is part of which.

Nothing else is understood: a policy with any other term is refused, never read as if the term were
not there.

Spec: ODRL Vocabulary 2.2, sections 4.5 to 4.8; domain, section 5.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final, Literal, NoReturn

from contracts.engine import refuse
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.core.subjects import parse_subject, subject_type
from ledger.core.types import UnixMillis
from ledger.errors import MalformedError

PROFILE: Final = "urn:muniment:odrl:1"
CONTEXT: Final = "http://www.w3.org/ns/odrl.jsonld"
RULE: Final = "domain 5"

Verdict = Literal["permitted", "prohibited", "not covered"]
PolicyType = Literal["Offer", "Agreement", "Set"]
POLICY_TYPES: Final[tuple[PolicyType, ...]] = ("Offer", "Agreement", "Set")

USES: Final = (
    "use", "read", "aggregate", "modify", "derive", "extract", "anonymize", "archive", "index",
)  # fmt: skip
"""`use`, and what a permission for it reaches."""
ONWARD: Final = ("distribute", "grantUse")
"""Acts that hand the data on. They are part of `use`, but a permission has to name them."""
TRANSFERS: Final = ("transfer", "sell", "give")
ACTIONS: Final = (*USES, *ONWARD, *TRANSFERS, "muniment:encumber", "muniment:export")

ACCEPT_TRACKING: Final = "acceptTracking"
DUTIES: Final = (
    ACCEPT_TRACKING, "delete", "compensate", "obtainConsent", "ensureExclusivity", "inform",
)  # fmt: skip
NEXT_POLICY: Final = "nextPolicy"
SCENE: Final = "muniment:scene"
"""Left operand: the scene (场景) that public data is used in; ODRL has none for it."""
COMPENSATE: Final = "compensate"
WITHHELD_SHARE: Final = "muniment:withheldShare"
"""Left operand of `acceptTracking`: rows that a copy may lack, per 10,000 of them."""
ROWS_PER_MARK: Final = "muniment:rowsPerMark"
"""Left operand of `acceptTracking`: at most one row in so many has one cell changed."""
INVENTED_ROWS: Final = "muniment:inventedRows"
"""Left operand of `acceptTracking`: at most so many rows of a copy are invented."""
MARK_OPERANDS: Final = frozenset({WITHHELD_SHARE, ROWS_PER_MARK, INVENTED_ROWS})
MAX_WITHHELD: Final = 2_000
MAX_ROWS_PER_MARK: Final = 1_000_000
MAX_INVENTED_ROWS: Final = 1_000
LAST_INSTANT: Final = UnixMillis(253_370_764_800_000)
"""The start of the year 9999; no `dateTime` is later."""

FREE_PURPOSES: Final = frozenset({"public-governance", "public-welfare"})
"""Purposes that public data is provided for without payment."""

_OF_TEXTS: Final = ("eq", "neq", "isAnyOf", "isNoneOf")
OPERANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "purpose": _OF_TEXTS,
    SCENE: _OF_TEXTS,
    "industry": _OF_TEXTS,
    "systemDevice": _OF_TEXTS,
    "recipient": _OF_TEXTS,
    "spatial": ("eq", "isAnyOf", "isNoneOf", "isPartOf"),
    "dateTime": ("lt", "lteq", "gt", "gteq"),
    "count": ("lt", "lteq"),
    "payAmount": ("eq", "lteq"),
    WITHHELD_SHARE: ("lteq",),
    ROWS_PER_MARK: ("gteq",),
    INVENTED_ROWS: ("lteq",),
}
"""Left operands with their operators. A meter passes through every number on its way, so `eq` says
nothing of a count."""
NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "dateTime": (0, LAST_INSTANT),
    "count": (0, MAX_SAFE_INTEGER),
    WITHHELD_SHARE: (1, MAX_WITHHELD),
    ROWS_PER_MARK: (2, MAX_ROWS_PER_MARK),
    INVENTED_ROWS: (1, MAX_INVENTED_ROWS),
}
"""Left operands that are compared with an integer, and the smallest and largest one."""
LIST_OPERATORS: Final = frozenset({"isAnyOf", "isNoneOf"})
FACTS: Final = ("purpose", SCENE, "industry", "systemDevice", "recipient", "spatial")
"""Operands that whoever acts, or asks, states; the others come from the ledger."""
GROUPS: Final = ("and", "or", "xone")

MAX_TEXT: Final = 200
"""Characters of a purpose, scene, industry or device."""

_INCLUDED: Final[Mapping[str, frozenset[str]]] = {
    "use": frozenset((*USES, *ONWARD)),
    "transfer": frozenset(TRANSFERS),
}
# A place has one spelling, or a prohibition could be evaded by the other: China and its parts are
# CN with GB/T 2260 in pairs of digits (CN-71, CN-81, CN-82 among them), all else ISO 3166.
_REGION: Final = re.compile(
    r"CN(-[0-9]{2}){0,3}|(?!CN|HK|MO|TW)[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII
)


def is_included(general: str, act: str) -> bool:
    """Whether an act is the general one or part of it, by ODRL's hierarchy."""
    return act == general or act in _INCLUDED.get(general, ())


def is_reached(named: str, act: str) -> bool:
    """Whether a permission for one action reaches an act.

    It reaches what is included in it, but for the onward acts, which it has to name.
    """
    return named == act or (is_included(named, act) and act not in ONWARD)


def check_action(action: str) -> None:
    """Refuse what is no action of the profile.

    Raises:
        RejectedError: Reason `unknown_term`.
    """
    if action not in ACTIONS:
        refuse_unknown("action", ("action", "行为"), action, ACTIONS)


def check_fact(operand: str, fact: object) -> str:
    """A fact that somebody stated, if it is one that a constraint can be held against.

    Args:
        operand: One of FACTS.
        fact: A party's key for `recipient`, a region for `spatial`, else 1 to 200 characters.

    Raises:
        RejectedError: Reason `unknown_term` or `malformed_fact`.
    """
    if operand not in FACTS:
        refuse_unknown("facts", ("operand", "操作项"), operand, FACTS)
    if not isinstance(fact, str) or not is_text(operand, fact):
        en, zh = describe_text(operand)
        refuse("malformed_fact", f"{operand} is stated as {en}", f"{operand} 须为{zh}", RULE)
    return fact


def is_text(operand: str, text: str) -> bool:
    """Whether a text has the form that the values of an operand have."""
    if operand == "spatial":
        return _REGION.fullmatch(text) is not None
    if operand == "recipient":
        return is_key(text, "party")
    return 1 <= len(text) <= MAX_TEXT and "\n" not in text and text.strip(" ") == text


def describe_text(operand: str) -> tuple[str, str]:
    """The form of an operand's texts, in English and Chinese."""
    return _FORMS.get(operand, _ANY_TEXT)


def is_key(text: str, kind: str) -> bool:
    """Whether a text is the key of a subject of this type."""
    try:
        return subject_type(parse_subject(text)) == kind
    except MalformedError:
        return False


def is_within(code: str, region: str) -> bool:
    """Whether a region is the other or lies in it: `CN-32-01` in `CN-32`."""
    return code == region or code.startswith(f"{region}-")


def refuse_unknown(path: str, what: tuple[str, str], name: str, known: Collection[str]) -> NoReturn:
    """Refuse a term that the profile does not have.

    Args:
        path: Where it stands.
        what: What kind of term, in English and Chinese.
        name: The term.
        known: The terms that there are.

    Raises:
        RejectedError: Always, reason `unknown_term`.
    """
    shown = name if len(name) <= 64 else f"{name[:64]}..."
    names = ", ".join(known)
    refuse(
        "unknown_term",
        f"{path}: there is no {what[0]} {shown!r} in {PROFILE}; use one of {names}",
        f"{path}：{PROFILE} 中没有{what[1]} {shown!r}，可用：{names}",
        RULE,
    )


_ANY_TEXT: Final = (f"a string of 1 to {MAX_TEXT} characters", f" 1 至 {MAX_TEXT} 个字符的文字")
_FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "spatial": (
        "a region: CN, CN-32, CN-32-01 (GB/T 2260 in pairs of digits), else ISO 3166 such as "
        "DE or US-CA",
        "地域代码：CN、CN-32、CN-32-01（GB/T 2260 每两位一段），其他国家和地区用 ISO 3166，"
        "如 DE、US-CA",
    ),
    "recipient": (
        "the key of a party, such as party/ and 26 letters and digits",
        "主体标识，即 party/ 加 26 位字母数字",
    ),
}
