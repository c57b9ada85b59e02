"""Every authorisation of public data that was live at a date, from a root down to a developer.

```text
{"asset","root","operator","developer","grant","parent","purposes","scenes","since","until"}
```

Found by key alone: the list of roots says who is one, a root's history which assets it has rights
in, an asset's history which grants there are. So the list is provably whole.

Spec: domain, sections 4, 5 and 7.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from contracts.chain import UNKNOWN, Hop, find_break, find_chain, find_root, list_turns
from contracts.check import read_issues
from contracts.clocks import format_instant
from contracts.confirmation import Confirm
from contracts.evidence import Facts
from contracts.force import as_object, is_known
from contracts.intervals import values_at
from contracts.lists import PublishedList
from contracts.odrl import (
    Policy,
    Terms,
    is_within_term,
    list_uses,
    parse_policy,
    purposes_of,
    scenes_of,
)
from contracts.publicdata import is_public
from contracts.recording import RecordRegistration
from contracts.records import parse_record
from contracts.standing import read_pending
from contracts.title import Asset
from ledger.core.entry import Entry
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis

ASKED_OF_PUBLIC_DATA: Final = (
    "Authorisations of public data live on {1}, all of them, by {0}:",
    "依 {0}，于 {1} 有效的全部公共数据授权：",
)
"""What a certificate says was asked, of a list and a date."""
_TIER_OF_DEVELOPERS: Final = 2


def list_authorisations(facts: Facts, roots: SubjectKey, time: UnixMillis) -> JsonObject:
    """The live authorisations, by asset and in the order in which they were given.

    Args:
        facts: As of one block.
        roots: Key of the list of authorised bodies.
        time: The date.

    Returns:
        `status`: `answered`, `absent` if no list was published, `unknown` if a state does not reach
        back so far; and `authorisations`. `since` is from when the grant is live, `until` the first
        instant at which no use is permitted any more, null if there is none.
    """
    published = facts.find(PublishedList, roots)
    if published is None:
        return {"status": "absent", "authorisations": []}
    if not is_known(published, "listed", time):
        return {"status": "unknown", "authorisations": []}
    bodies = [SubjectKey(str(each)) for each in values_at(published.listed, time)]
    assets = {asset for body in bodies for asset in recorded_assets(facts.read_events(body))}
    found: list[JsonObject] = []
    codes: set[str] = set()
    for chain in (chain for key in sorted(assets) for chain in _list_chains(facts, key)):
        broken = find_break(facts, chain, time)
        if broken is None:
            found.append(_show_chain(facts, chain, time))
        else:
            codes.add(broken.code)
    status = "unknown" if codes & UNKNOWN else "answered"
    return {"status": status, "authorisations": [*found]}


def write_authorisation(one: Mapping[str, Json]) -> tuple[str, str]:
    """One row of the answer as a sentence in English and in Chinese."""
    sides = [str(one[name]) for name in ("root", "operator", "developer") if one[name] is not None]
    purposes, scenes = _list_texts(one["purposes"]), _list_texts(one["scenes"])
    start = format_instant(UnixMillis(int(str(one["since"]))))
    until = one["until"]
    end = format_instant(UnixMillis(until)) if isinstance(until, int) else ""
    term = (f", until {end}", f"，至 {end} 止") if end else ("", "，未定期限")
    return (
        f"{one['grant']}: {one['asset']}, {' > '.join(sides)}, for the purposes "
        f"{', '.join(purposes)}, in the scenes {', '.join(scenes)}, since {start}{term[0]}.",
        f"{one['grant']}：{one['asset']}，{' > '.join(sides)}，用途：{'、'.join(purposes)}，"
        f"场景：{'、'.join(scenes)}，自 {start} 起{term[1]}。",
    )


def recorded_assets(entries: Iterable[Entry]) -> list[SubjectKey]:
    """The assets that a party gained or lost rights in, by its history, sorted.

    By a record, or by confirming what was declared for it.
    """
    assets: set[SubjectKey] = set()
    for event in (entry.signed.event for entry in entries):
        if event.kind == RecordRegistration.kind:
            assets.add(parse_record(RecordRegistration, event.body).asset)
        elif event.kind == Confirm.kind:
            assets.add(parse_record(Confirm, event.body).asset)
    return sorted(assets)


def _list_chains(facts: Facts, key: SubjectKey) -> list[Sequence[Hop]]:
    """The chain of every grant of an asset, if it is public data."""
    asset = facts.find(Asset, key)
    if asset is None or not is_public(asset):
        return []
    issued = read_issues(facts.read_events(key))
    return [find_chain(facts, grant) for grant, issue in issued if issue.asset == key]


def _show_chain(facts: Facts, chain: Sequence[Hop], time: UnixMillis) -> JsonObject:
    """A chain that is alive."""
    own, top = chain[0], chain[-1]
    asset = facts.find(Asset, top.grant.asset)
    pending = None if asset is None else read_pending(facts, asset, time)
    root = None if asset is None else find_root(asset, top.grant, time, pending)
    policy = parse_policy(own.grant.policy)
    is_developer = own.grant.depth == _TIER_OF_DEVELOPERS
    since = next(each.start for each in own.grant.status if each.value == "live")
    return {
        "asset": own.grant.asset,
        "root": None if root is None else as_object(root)["holder"],
        "operator": top.grant.grantee,
        "developer": own.grant.grantee if is_developer else None,
        "grant": own.key,
        "parent": own.grant.parent,
        "purposes": _sorted(purposes_of(policy.terms)),
        "scenes": _sorted(scenes_of(policy.terms)),
        "since": since,
        "until": _find_end(policy, time),
    }


def _sorted(texts: frozenset[str] | None) -> Json:
    """Texts in order; null: any."""
    return None if texts is None else [*sorted(texts)]


def _list_texts(value: Json) -> list[str]:
    """Texts of an answer; `*` for null."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else ["*"]


def _find_end(policy: Policy, time: UnixMillis) -> UnixMillis | None:
    """The first instant after the one asked about at which no use is permitted any more."""
    uses = replace(policy, terms=Terms(tuple(list_uses(policy.terms))))
    later = (turn for turn in list_turns(policy) if turn > time)
    return next((turn for turn in later if not is_within_term(uses, turn)), None)
