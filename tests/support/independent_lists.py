"""What lists, openness and filings say where data is handed on, worked out once more.

It knows the newest versions of lists. Where an answer would rest on an older one, it raises
UnsupportedError and accepts nothing.

Spec: domain, sections 2 and 5.
"""

from tests.support.independent_proofs import UnsupportedError
from tests.support.independent_terms import ONWARD, TRANSFERS, answer, is_known
from tests.support.independent_verifier import read_intervals, values_at

SENTENCES = {
    "seizure": (
        "{0} is seized, as the registrar noted: until the note ends (registration.unnote), no "
        "right to it is disposed of and it is not handed on",
        "{0} 已被查封扣押（登记机构备注）：备注终止（registration.unnote）前不得处分权利或对外提供数据",
    ),
    "temporary-control": (
        "{0} is under control, as the registrar noted: until the note ends (registration.unnote), "
        "no right to it is disposed of and it is not handed on",
        "{0} 已被临时管控（登记机构备注）：备注终止（registration.unnote）前不得处分权利或对外提供数据",
    ),
    "negative_list": (
        "{0} is on the negative list, version {1}, entry {2}: it is not registered, licensed or "
        "delivered until a regulator lifts the entry, or publishes a more specific one in the "
        "positive list",
        "{0} 在负面清单第 {1} 版条目 {2} 之列：不得登记、许可或交付，除非监管方移除该条目，"
        "或在正面清单中列入更具体的条目",
    ),
    "closed": (
        "{0} is closed: copies go to its right-holders alone; say to whom (recipient)",
        "{0} 不予开放：副本仅可交付权利人；请说明接收方（recipient）",
    ),
    "not filed": (
        "{0} is important data: it is delivered under a live filing that covers the recipient; "
        "file one with filing.important, and name it",
        "{0} 属于重要数据：须先完成涵盖接收方的备案（filing.important）并指明该备案，方可交付",
    ),
    "filed for some": (
        "{0} is important data, and its filings name their recipients: say to whom (recipient)",
        "{0} 属于重要数据，其备案均指明接收方：请说明接收方（recipient）",
    ),
}


def find_handing_bar(proved, inquiry, asset):
    """The answer that stands above all routes, or None."""
    data, key, date = asset["classification"], inquiry["asset"], inquiry["at"]
    if inquiry["action"] in [*ONWARD, *TRANSFERS, "muniment:encumber"]:
        seized = find_seizure(asset, key, date)
        if seized is not None:
            return seized
    if inquiry["action"] not in [*ONWARD, *TRANSFERS] or data is None:
        return None
    negative, positive, catalogue = (
        read_list(proved, name, key, data, date)
        for name in ("negative", "positive", "important-data")
    )
    for version, entry in negative:
        if not any(terms(one) > terms(entry) for _, one in positive):
            subject = "list/negative:all"
            words = ("negative_list", key, version, entry["id"])
            return say("prohibited", "negative_list", subject, "content", words)
    if inquiry["action"] == "grantUse":
        return None
    if data["openness"] == "closed":
        path = "classification/openness"
        return say("not covered", "closed", key, path, ("closed", key), ["recipient"])
    is_important = data["level"] == "important" or (catalogue and data["level"] != "core")
    return find_filing(asset, key, date) if is_important else None


def find_seizure(asset, key, date):
    if not is_known(asset, "notes", date):
        return answer("not covered", "unknown_then", key, "notes")
    for note in values_at(read_intervals(asset, "notes"), date):
        if note["kind"] in {"seizure", "temporary-control"}:
            return say("prohibited", "seized", key, "notes", (note["kind"], key))
    return None


def find_filing(asset, key, date):
    if not is_known(asset, "filings", date):
        return answer("not covered", "unknown_then", key, "filings")
    held = [one for one in values_at(read_intervals(asset, "filings"), date) if date < one["until"]]
    if any(one["recipient"] is None for one in held):
        return None
    code = "important_filing"
    if held:
        return say("not covered", code, key, "filings", ("filed for some", key), ["recipient"])
    return say("prohibited", code, key, "filings", ("not filed", key))


def read_list(proved, name, key, data, date):
    """The entries of a list that match data at a date, each with the list's version."""
    state = proved.state(f"list/{name}:all", "list/1")
    if state is None:
        return []
    if date < state["since"]:
        if state["version"] > 1:
            raise UnsupportedError("an older version of a list")
        return []
    own = {**data, "asset": key}
    return [
        (state["version"], one)
        for one in state["content"]["entries"]
        if all(own[member] == value for member, value in terms(one))
    ]


def terms(entry):
    """What an entry names to be matched."""
    return frozenset((name, entry[name]) for name in entry if name not in {"id", "reason"})


def say(verdict, code, subject, path, words, unknown=()):
    sentence, *names = words
    en, zh = (one.format(*names) for one in SENTENCES[sentence])
    clause = {"code": code, "subject": subject, "path": path, "en": en, "zh": zh}
    whole = {"verdict": verdict, "clause": clause, "chain": [], "duties": []}
    return whole | {"unknown": [*unknown], "count": None}
