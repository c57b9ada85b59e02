"""Profiles as people name them, and as they are shown to them."""

from pathlib import Path
from typing import Final

from cli.lang import say
from cli.words import show_word
from contracts.profile import Profile, compare_profiles, find_mark, flatten_profile
from ledger.core.types import Json

BASE: Final = "national-2026"
"""The profile that others are compared with."""

MARKS: Final = {
    "F": ("found in the text", "见于原文"),
    "J": ("our judgement", "本项目的判断"),
    "R": ("remembered, not verified: no fact", "凭记忆，未经核实，不作事实"),
}
_UNMARKED: Final = ("not said", "未注明")
_MEMBERS: Final = {
    "completion": ("who completes a registration", "登记以何处存证为完成"),
    "scheme": ("certificate numbers", "凭证编号规则"),
    "is_solo": ("one person is everybody", "单人兼任各方"),
    "offset_minutes": ("days, minutes east of UTC", "日界（UTC 以东分钟数）"),
    "officers": ("officers who sign a record", "登记须签署的经办人数"),
    "max_years": ("longest validity, years", "最长有效期（年）"),
    "types": ("types of registration", "登记类型"),
    "notice_types": ("types with a public notice", "须公示的登记类型"),
    "clocks.acceptance": ("to accept or return, working days", "受理或退回（工作日）"),
    "clocks.notice": ("public notice, working days", "公示（工作日）"),
    "clocks.objection": ("to investigate an objection, working days", "异议核查（工作日）"),
    "clocks.completion": ("from acceptance to the record, working days", "自受理至登记（工作日）"),
    "clocks.extension": ("one extension, working days", "一次延长（工作日）"),
    "clocks.recovery": ("before recovered keys count, working days", "密钥恢复生效前（工作日）"),
    "clocks.notify": ("to tell of a later objection, working days", "登记后异议通知（工作日）"),
}

_TERMS: Final = {
    "ledger": ("this ledger", "本账本"),
    "national": ("the national system", "国家数据产权登记服务系统"),
    "change": ("change", "变更登记"),
    "initial": ("initial", "初次登记"),
    "renewal": ("renewal", "续期登记"),
    "cancellation": ("cancellation", "注销登记"),
    "transfer": ("transfer", "转让登记"),
}


def find_profile(text: str) -> Profile:
    """A profile by the name of one that ships, else by its file.

    Raises:
        NotFoundError: There is neither.
        MalformedError: The file is no profile.
        LimitError: The file is too large.
    """
    from node.rulebundle import list_profiles, load_profile, read_profile

    path = Path(text)
    return (
        load_profile(path) if text not in list_profiles() and path.exists() else read_profile(text)
    )


def describe_profile(profile: Profile, base: Profile) -> dict[str, Json]:
    """A profile under --json: what it says, how certain that is, and what the base says instead."""
    terms = flatten_profile(profile)
    return {
        "profile": profile.name,
        "title": {"en": profile.title.en, "zh": profile.title.zh},
        "notice": {"en": profile.notice.en, "zh": profile.notice.zh},
        "terms": [
            {"member": member, "value": value, "mark": find_mark(profile, member)}
            for member, value in terms.items()
        ],
        "differs": {"from": base.name, "members": compare_profiles(profile, base)},
    }


def show_terms(profile: Profile, base: Profile) -> list[tuple[str, str, str, str]]:
    """Rows for people: member, what it says, how certain that is, and what the base says."""
    differs = compare_profiles(profile, base)
    return [
        (
            say(*_MEMBERS.get(member, (member, member))),
            _show_value(value, is_fact=find_mark(profile, member) != "R"),
            say(*MARKS.get(find_mark(profile, member) or "", _UNMARKED)),
            _show_value(differs[member]) if member in differs else "",
        )
        for member, value in flatten_profile(profile).items()
    ]


def _show_value(value: Json, *, is_fact: bool = True) -> str:
    if not is_fact:
        return say(f"unverified: {_show_value(value)}", f"未经核实：{_show_value(value)}")
    if isinstance(value, bool):
        return say("yes", "是") if value else say("no", "否")
    words = value if isinstance(value, list | tuple) else [value]
    return say(", ", "、").join(_show_term(str(word)) for word in words)


def _show_term(word: str) -> str:
    return say(*_TERMS[word]) if word in _TERMS else show_word(word)
