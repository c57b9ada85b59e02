"""What stands above every right and grant where data is handed on, or a right disposed of.

These are the lists, the openness and the filings, and seizures that the registrar noted.

The rules that refuse a grant or a delivery for these reasons and the verdict about an act agree:
what is asked here is what contracts.grant and contracts.delivery ask.

Spec: domain, sections 2 and 5; GB/T 43697-2024.
"""

from dataclasses import dataclass
from typing import Final

from contracts.classification import (
    Lists,
    ReadEvents,
    describe_bar,
    find_bar,
    level_of,
    list_subject,
    read_lists,
)
from contracts.clauses import Clause, States
from contracts.filing import describe_missing, filings_at
from contracts.force import is_known, objects_at
from contracts.holds import describe_seizure, is_barring
from contracts.odrl import ONWARD, Verdict, is_included
from contracts.openness import describe_closed, is_closed, is_holder
from contracts.title import Asset, Classification
from ledger.core.types import SubjectKey, UnixMillis

RECIPIENT = "recipient"
DISPOSALS: Final = ("transfer", "muniment:encumber")
"""What every holder may do with his right."""
_TRANSFERS = ("transfer", "sell", "give")
"""The parties' own will; what a judgment orders, goes on."""


@dataclass(frozen=True, slots=True)
class Handing:
    """An act that hands data on or disposes of a right, or may.

    Args:
        key: The asset's.
        asset: Its state.
        action: An ODRL action of our profile.
        time: When, Unix milliseconds.
        recipient: To whom; None: not stated.
    """

    key: SubjectKey
    asset: Asset
    action: str
    time: UnixMillis
    recipient: str | None


@dataclass(frozen=True, slots=True)
class Bar:
    """Why an act is not permitted, whoever acts.

    Args:
        verdict: `prohibited`, or `not covered` where it rests on something that is not known.
        clause: The words.
        unknown: Operands that nobody stated.
    """

    verdict: Verdict
    clause: Clause
    unknown: tuple[str, ...] = ()


def find_handing_bar(
    states: States, handing: Handing, read_events: ReadEvents | None = None
) -> Bar | None:
    """What stands against handing data on or disposing of it; None: nothing, or it is no such act.

    Args:
        states: As of the newest block.
        handing: The act.
        read_events: Whole history of a subject: of lists that have a newer version than that of the
            act's time. Without it they are not known.
    """
    seizure = _find_seizure(handing)
    if seizure is not None:
        return seizure
    data = handing.asset.classification
    if handing.action not in {*ONWARD, *_TRANSFERS} or data is None:
        return None
    lists = read_lists(states, handing.time, read_events)
    if not isinstance(lists, Lists):
        return _unknown(lists, "content")
    match = find_bar(lists, handing.key, data)
    if match is not None:
        listed, words = list_subject(match.list), describe_bar(handing.key, match)
        return Bar("prohibited", _clause("negative_list", listed, "content", words))
    if handing.action != "distribute":
        return None
    return _find_closed(states, handing) or _find_filing(lists, data, handing)


def is_disposal(action: str) -> bool:
    """Whether an act disposes of a right as a whole: transfers or pledges it."""
    return any(is_included(act, action) for act in DISPOSALS)


def _find_seizure(handing: Handing) -> Bar | None:
    if handing.action not in ONWARD and not is_disposal(handing.action):
        return None
    if not is_known(handing.asset, "notes", handing.time):
        return _unknown(handing.key, "notes")
    for note in objects_at(handing.asset.notes, handing.time):
        if is_barring(note):
            words = describe_seizure(handing.key, note)
            return Bar("prohibited", _clause("seized", handing.key, "notes", words))
    return None


def _find_closed(states: States, handing: Handing) -> Bar | None:
    asset, key, recipient = handing.asset, handing.key, handing.recipient
    if not is_closed(asset):
        return None
    if recipient is None:
        words = (
            f"{key} is closed: copies go to its right-holders alone; say to whom (recipient)",
            f"{key} 不予开放：副本仅可交付权利人；请说明接收方（recipient）",
        )
        return _not_stated("closed", key, "classification/openness", words)
    if is_holder(states, asset, recipient, handing.time):
        return None
    words = describe_closed(key, recipient)
    return Bar("prohibited", _clause("closed", key, "classification/openness", words))


def _find_filing(lists: Lists, data: Classification, handing: Handing) -> Bar | None:
    asset, key = handing.asset, handing.key
    if level_of(lists, key, data) != "important":
        return None
    if not is_known(asset, "filings", handing.time):
        return _unknown(key, "filings")
    covered = [filing["recipient"] for filing in filings_at(asset, handing.time)]
    if None in covered or handing.recipient in covered:
        return None
    if covered and handing.recipient is None:
        words = (
            f"{key} is important data, and its filings name their recipients: say to whom "
            "(recipient)",
            f"{key} 属于重要数据，其备案均指明接收方：请说明接收方（recipient）",
        )
        return _not_stated("important_filing", key, "filings", words)
    return Bar("prohibited", _clause("important_filing", key, "filings", describe_missing(key)))


def _unknown(subject: SubjectKey, path: str) -> Bar:
    words = (
        f"the state of {subject} does not reach back so far: ask its dossier",
        f"{subject} 的状态未保留至该日期：请查阅其完整历史（dossier）",
    )
    return Bar("not covered", _clause("unknown_then", subject, path, words))


def _not_stated(code: str, subject: SubjectKey, path: str, words: tuple[str, str]) -> Bar:
    return Bar("not covered", _clause(code, subject, path, words), (RECIPIENT,))


def _clause(code: str, subject: SubjectKey, path: str, words: tuple[str, str]) -> Clause:
    en, zh = words
    return Clause(code=code, subject=subject, path=path, en=en, zh=zh)
