"""Published lists that bind data: negative list, positive list, catalogue of important data.

Each is one part, `list/negative:all`, `list/positive:all` and `list/important-data:all`:

```json
{"entries":[{"id":"N-7","reason":"maps of restricted areas","industry":"M74","class":"public"}]}
```

An entry matches data where each of the members `industry`, `class`, `level` and `asset` that it
names is equal to the data's own; it names at least one. What matches an entry of the negative list
is not registered, licensed or delivered, unless an entry of the positive list matches too that
names all that the negative one names and something more: the more specific one wins. What matches
an entry of the catalogue is at least important data, whatever its registration says.

Rules hold data against the newest version. Nothing that is recorded or granted changes when a list
does: find_listed says what now matches, for people to act on.

Spec: domain, sections 2 and 7; GB/T 43697-2024.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, UnsetType

from contracts.clauses import States
from contracts.engine import refuse
from contracts.lists import PublishedList, list_key
from contracts.records import Record, parse_record, whole
from contracts.title import (
    LEVEL_ORDER,
    Asset,
    AssetKey,
    Classification,
    DataClass,
    Level,
)
from ledger.core.canonical import encode_canonical
from ledger.core.entry import Entry as LogEntry
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import LimitError, MalformedError

ListName = Literal["negative", "positive", "important-data"]
NEGATIVE: Final = "negative"
POSITIVE: Final = "positive"
CATALOGUE: Final = "important-data"
LISTS: Final[tuple[ListName, ...]] = (NEGATIVE, POSITIVE, CATALOGUE)
PART: Final = "all"
"""The one part of each: rules read by key and never scan."""
NO_VERSION: Final = "none"
"""What a classification names where no catalogue is published."""

MAX_LISTED: Final = 200
MAX_LIST_BYTES: Final = 15 * 1024
"""Of the content as canonical JSON; a state has 16 KiB."""

Text = Annotated[str, Meta(min_length=1, max_length=200)]
ReadEvents = Callable[[SubjectKey], Sequence[LogEntry]]


class ListEntry(Record, frozen=True, kw_only=True, rename={"data_class": "class"}):
    """What is on a list; all members that are given have to match.

    Args:
        id: Its own in the list.
        reason: In words.
        industry: Exactly as a classification names it.
        data_class: `class` in JSON.
        level: As the classification states it.
        asset: One asset alone.
    """

    id: Annotated[str, whole("[A-Za-z0-9._-]{1,40}")]
    reason: Text
    industry: Annotated[str, Meta(min_length=1, max_length=80)] | UnsetType = UNSET
    data_class: DataClass | UnsetType = UNSET
    level: Level | UnsetType = UNSET
    asset: AssetKey | UnsetType = UNSET

    @property
    def terms(self) -> frozenset[tuple[str, str]]:
        """What it names, as pairs of a member and its value."""
        named = {
            "asset": self.asset,
            "class": self.data_class,
            "industry": self.industry,
            "level": self.level,
        }
        return frozenset((name, value) for name, value in named.items() if value is not UNSET)


class ListContent(Record, frozen=True, kw_only=True):
    """Content of a part of one of these lists."""

    entries: Annotated[tuple[ListEntry, ...], Meta(max_length=MAX_LISTED)]


@dataclass(frozen=True, slots=True)
class Listed:
    """One list at an instant.

    Args:
        name: Which.
        version: 1, 2, ...; None: none was published.
        entries: As published.
    """

    name: ListName
    version: int | None
    entries: tuple[ListEntry, ...]


@dataclass(frozen=True, slots=True)
class Lists:
    """All three at one instant."""

    negative: Listed
    positive: Listed
    catalogue: Listed


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that data matches.

    Args:
        list: Which list it is on.
        version: Of that list.
        entry: The entry.
    """

    list: ListName
    version: int
    entry: ListEntry


def list_subject(name: ListName) -> SubjectKey:
    """`list/<name>:all`."""
    return list_key(name, PART)


def parse_list(name: ListName, content: Json) -> tuple[ListEntry, ...]:
    """Read the content of one of these lists.

    Args:
        name: Which.
        content: `{"entries":[...]}`, at most 200 of them.

    Raises:
        MalformedError: Another form, two entries with one id, an entry that names nothing to match,
            or one of the catalogue that names a level, which is what the catalogue decides.
        LimitError: More than 15 KiB as canonical JSON.
    """
    size = len(encode_canonical(content))
    if size > MAX_LIST_BYTES:
        raise LimitError(f"a list has at most {MAX_LIST_BYTES} bytes, this one {size}")
    entries = parse_record(ListContent, content).entries
    ids = [each.id for each in entries]
    if len(set(ids)) != len(ids):
        raise MalformedError("each entry of a list has an id of its own")
    for each in entries:
        if not each.terms:
            raise MalformedError(
                f"the entry {each.id} names nothing to match: give industry, class, level or asset"
            )
        if name == CATALOGUE and each.level is not UNSET:
            raise MalformedError(
                f"the entry {each.id} names a level, which is what the catalogue decides"
            )
    return entries


def read_lists(
    states: States, time: UnixMillis, read_events: ReadEvents | None = None
) -> Lists | SubjectKey:
    """The lists as they were at an instant.

    Args:
        states: As of the newest block.
        time: Not later than that block.
        read_events: Whole history of a subject; without it only the newest versions are known.

    Returns:
        Or the key of the list whose version of that time is not known here.
    """
    found: list[Listed] = []
    for name in LISTS:
        listed = _read_list(states, name, time, read_events)
        if listed is None:
            return list_subject(name)
        found.append(listed)
    return Lists(*found)


def read_newest_lists(states: States) -> Lists:
    """The lists as rules hold data against them: the newest version of each."""
    return Lists(*(_read_newest(states, name) for name in LISTS))


def find_match(listed: Listed, key: SubjectKey, data: Classification) -> Match | None:
    """The first entry of a list that data matches, in the order of the list.

    Args:
        listed: Of one list.
        key: The asset's.
        data: Its classification.
    """
    return next(iter(_find_matches(listed, key, data)), None)


def find_bar(lists: Lists, key: SubjectKey, data: Classification) -> Match | None:
    """The first entry of the negative list that nothing more specific lifts.

    Args:
        lists: At one instant.
        key: The asset's.
        data: Its classification.
    """
    lifting = [match.entry.terms for match in _find_matches(lists.positive, key, data)]
    for match in _find_matches(lists.negative, key, data):
        if not any(terms > match.entry.terms for terms in lifting):
            return match
    return None


def find_listed(lists: Lists, key: SubjectKey, data: Classification) -> tuple[Match, ...]:
    """What of the lists concerns data: the bar, and what makes it important without its saying so.

    Args:
        lists: At one instant.
        key: The asset's.
        data: Its classification.
    """
    bar = find_bar(lists, key, data)
    raised = find_match(lists.catalogue, key, data) if not _is_important(data.level) else None
    return tuple(match for match in (bar, raised) if match is not None)


def level_of(lists: Lists, key: SubjectKey, data: Classification) -> Level:
    """The level that counts: the stated one, at least important where the catalogue says so."""
    is_listed = find_match(lists.catalogue, key, data) is not None
    return "important" if is_listed and not _is_important(data.level) else data.level


def list_version(lists: Lists) -> str:
    """What a classification names in `list_version`: the catalogue's version, or `none`."""
    version = lists.catalogue.version
    return NO_VERSION if version is None else str(version)


def check_classification(states: States, key: SubjectKey, data: Classification) -> None:
    """Hold a classification against the lists in force, before it is recorded.

    Args:
        states: Before the record.
        key: The asset's.
        data: As the record states it.

    Raises:
        RejectedError: Core data, another version of the catalogue than the newest, a level below
            what the catalogue says, or data that the negative list bars.
    """
    if data.level == "core":
        refuse("core_data", "core data is not registered", "核心数据不予登记", "Art. 22")
    lists = read_newest_lists(states)
    version = list_version(lists)
    if data.list_version != version:
        refuse(
            "list_version",
            f"the classification was held against version {data.list_version or '(none named)'} "
            f"of the catalogue of important data, in force is {version}: assess it again, and "
            f"name {version} in list_version",
            f"分类分级所对照的重要数据目录版本为 {data.list_version or '（未注明）'}，"
            f"现行版本为 {version}：请重新评定，并在 list_version 中写明 {version}",
            "GB/T 43697-2024",
        )
    match = find_match(lists.catalogue, key, data)
    if match is not None and not _is_important(data.level):
        refuse(
            "catalogue_level",
            f"the catalogue of important data, version {match.version}, lists it as entry "
            f"{match.entry.id}: its level is important, not {data.level}",
            f"重要数据目录第 {match.version} 版条目 {match.entry.id} 列有该数据："
            f"级别应为 important，而非 {data.level}",
            "GB/T 43697-2024",
        )
    refuse_if_barred(lists, key, data)


def refuse_if_listed(states: States, key: SubjectKey, asset: Asset) -> None:
    """Let an asset through that the negative list in force does not bar.

    Args:
        states: Before the event.
        key: The asset's.
        asset: Its state; one that was never recorded is on no list.

    Raises:
        RejectedError: Reason `negative_list`, with the entry and the version of the list.
    """
    if asset.classification is not None:
        refuse_if_barred(read_newest_lists(states), key, asset.classification)


def refuse_if_barred(lists: Lists, key: SubjectKey, data: Classification) -> None:
    """The same for a classification.

    Raises:
        RejectedError: Reason `negative_list`.
    """
    match = find_bar(lists, key, data)
    if match is not None:
        refuse("negative_list", *describe_bar(key, match), f"{list_subject(NEGATIVE)}; domain 2")


def describe_bar(key: SubjectKey, match: Match) -> tuple[str, str]:
    """What is said of data that the negative list bars, in both languages."""
    return (
        f"{key} is on the negative list, version {match.version}, entry {match.entry.id}: it is "
        "not registered, licensed or delivered until a regulator lifts the entry, or publishes a "
        "more specific one in the positive list",
        f"{key} 在负面清单第 {match.version} 版条目 {match.entry.id} 之列：不得登记、许可或交付，"
        "除非监管方移除该条目，或在正面清单中列入更具体的条目",
    )


def is_important(states: States, key: SubjectKey, asset: Asset) -> bool:
    """Whether deliveries of an asset need a filing, by its level and by the catalogue in force."""
    data = asset.classification
    return data is not None and _is_important(level_of(read_newest_lists(states), key, data))


def format_match(match: Match) -> JsonObject:
    """A match as programs see it: `{"list","version","entry","reason"}`."""
    return {
        "list": match.list,
        "version": match.version,
        "entry": match.entry.id,
        "reason": match.entry.reason,
    }


def _is_important(level: Level) -> bool:
    return LEVEL_ORDER.index(level) >= LEVEL_ORDER.index("important")


def _find_matches(listed: Listed, key: SubjectKey, data: Classification) -> list[Match]:
    own = {
        ("asset", str(key)),
        ("class", data.data_class),
        ("industry", data.industry),
        ("level", data.level),
    }
    return [
        Match(listed.name, listed.version or 0, each)
        for each in listed.entries
        if each.terms <= own
    ]


def _read_newest(states: States, name: ListName) -> Listed:
    state = states.find(PublishedList, list_subject(name))
    if state is None:
        return Listed(name, None, ())
    return Listed(name, state.version, parse_list(name, state.content))


def _read_list(
    states: States, name: ListName, time: UnixMillis, read_events: ReadEvents | None
) -> Listed | None:
    """The list as it was at an instant; None: not known here."""
    state = states.find(PublishedList, list_subject(name))
    if state is None or (state.version == 1 and time < state.since):
        return Listed(name, None, ())
    if time >= state.since:
        return Listed(name, state.version, parse_list(name, state.content))
    return None if read_events is None else _read_past(name, time, read_events)


def _read_past(name: ListName, time: UnixMillis, read_events: ReadEvents) -> Listed:
    bodies = [
        entry.signed.event.body for entry in read_events(list_subject(name)) if entry.time <= time
    ]
    if not bodies:
        return Listed(name, None, ())
    # The n-th event of a list publishes its version n.
    return Listed(name, len(bodies), parse_list(name, bodies[-1]["content"]))
