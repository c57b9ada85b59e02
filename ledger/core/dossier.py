"""The dossier: all events of a subject, proved to be all (our formats, section 7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.core.bundle import (
    StateBundle,
    format_state_bundle,
    parse_state_bundle,
    verify_entry,
    verify_leaf,
    verify_state_bundle,
)
from ledger.core.entry import Entry, decode_leaf
from ledger.core.limits import MAX_DOSSIER_EVENTS, MAX_TREE_LEVELS
from ledger.core.members import take_count, take_format, take_members, take_text
from ledger.core.merkle import EMPTY_FRONTIER, Frontier, consistency_nodes, verify_consistency
from ledger.core.opening import VerifiedCheckpoint
from ledger.core.state import StateValue, hash_history_leaf
from ledger.core.text import (
    DIGEST_BYTES,
    format_base64,
    format_base64url,
    parse_base64,
    parse_base64url,
    parse_digest,
)
from ledger.core.types import Digest, Json, JsonObject, LeafIndex, SubjectKey, TreeSize
from ledger.errors import BundleError, LimitError, MalformedError

DOSSIER: Final = "muniment/dossier/v1"


@dataclass(frozen=True, slots=True)
class DossierEvent:
    """One event of a subject with its inclusion path under the state's checkpoint."""

    index: LeafIndex
    leaf: bytes
    entry: Entry
    path: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class DossierStart:
    """The earlier state that a page of a dossier goes on from.

    Args:
        n: Events before the page.
        history: Root of their tree.
        proof: Consistency of the history from there.
    """

    n: int
    history: Digest
    proof: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """All events of a subject, or all after a known state; nothing is verified."""

    state: StateBundle
    events: tuple[DossierEvent, ...]
    start: DossierStart | None


def parse_dossier(value: Json) -> Dossier:
    """Read a dossier, or a page of one.

    Raises:
        MalformedError: Not a dossier.
        LimitError: More than 1,000 events, or a part is too large.
    """
    is_page = isinstance(value, dict) and "from" in value
    names = {"state", "events"} | ({"from"} if is_page else set())
    members = take_format(value, names, DOSSIER, "a dossier")
    return Dossier(
        state=parse_state_bundle(members["state"]),
        events=parse_dossier_events(members["events"]),
        start=_parse_dossier_start(members["from"]) if is_page else None,
    )


def format_dossier(dossier: Dossier) -> JsonObject:
    """The dossier as it stands in files."""
    plain: dict[str, Json] = {
        "format": DOSSIER,
        "state": format_state_bundle(dossier.state),
        "events": format_dossier_events(dossier.events),
    }
    if dossier.start is not None:
        plain["from"] = {
            "n": dossier.start.n,
            "history": dossier.start.history.hex(),
            "proof": [format_base64(digest) for digest in dossier.start.proof],
        }
    return plain


def format_dossier_events(events: Iterable[DossierEvent]) -> list[Json]:
    """Events as the member `events` of a dossier has them."""
    return [
        {
            "index": event.index,
            "entry": format_base64url(event.leaf),
            "path": [format_base64(digest) for digest in event.path],
        }
        for event in events
    ]


def parse_dossier_events(value: Json) -> tuple[DossierEvent, ...]:
    """The exact inverse of format_dossier_events; nothing is verified.

    Raises:
        MalformedError: Not such an array.
        LimitError: More than 1,000 events, or a part is too large.
    """
    if not isinstance(value, list):
        raise MalformedError("a dossier's events are an array")
    if len(value) > MAX_DOSSIER_EVENTS:
        raise LimitError(f"a dossier has at most {MAX_DOSSIER_EVENTS} events, this {len(value)}")
    return tuple(_parse_dossier_event(event) for event in value)


def verify_dossier(dossier: Dossier, opened: VerifiedCheckpoint) -> None:
    """Check that these are all events of the subject, or all after the start of the page.

    Args:
        dossier: As read.
        opened: The checkpoint it carries, opened by the verifier's policy.

    Raises:
        BundleError: An event is missing, of another subject, out of order, or of another ledger.
        InclusionError: The log does not hold an event at its index.
        SignatureError: A signature of an event does not verify.
        MapProofError: The state map does not hold the state.
        VerificationError: The history does not grow out of the start.
    """
    verify_state_bundle(dossier.state, opened)
    value = dossier.state.value
    if value is None:
        if dossier.events or dossier.start is not None:
            raise BundleError("a subject that is absent has no events")
        return
    first = 0 if dossier.start is None else dossier.start.n
    if first + len(dossier.events) != value.n:
        raise BundleError(
            f"the state counts {value.n} events, the dossier shows {first + len(dossier.events)}"
        )
    _check_order(dossier.events, value)
    for event in dossier.events:
        _verify_dossier_event(event, dossier.state.subject, opened)
    if dossier.start is not None:
        _verify_start(dossier.start, value)
    if history_frontier(dossier).root() != value.history:
        raise BundleError("the events shown do not make the history that the state commits")


def history_frontier(dossier: Dossier) -> Frontier:
    """What the history of the subject of a verified dossier goes on from: the next page's start.

    Args:
        dossier: Verified, or just being verified.
    """
    start, value, subject = dossier.start, dossier.state.value, dossier.state.subject
    if value is None:
        return EMPTY_FRONTIER
    frontier = EMPTY_FRONTIER if start is None else _open_start(start, value)
    leaves = [
        hash_history_leaf(event_id=event.entry.signed.id, i=i, index=event.index, subject=subject)
        for i, event in enumerate(dossier.events, start=frontier.size)
    ]
    return frontier.extend(leaves)


def _verify_dossier_event(
    event: DossierEvent, subject: SubjectKey, opened: VerifiedCheckpoint
) -> None:
    verify_leaf(event.leaf, event.index, event.path, opened)
    verify_entry(event.entry, opened)
    if subject not in event.entry.signed.event.subjects:
        raise BundleError(f"the event at index {event.index} is not about {subject}")


def _check_order(events: Sequence[DossierEvent], value: StateValue) -> None:
    places = [event.index for event in events]
    times = [event.entry.time for event in events]
    if places != sorted(set(places)) or times != sorted(times):
        raise BundleError("the events of a dossier are in the order of the log")
    if places[-1:] != [value.last] or times[-1:] != [value.time]:
        raise BundleError(f"the newest event of the subject is at index {value.last}")


def _verify_start(start: DossierStart, value: StateValue) -> None:
    verify_consistency(
        old_size=TreeSize(start.n),
        new_size=TreeSize(value.n),
        old_root=start.history,
        new_root=value.history,
        path=start.proof,
    )


def _open_start(start: DossierStart, value: StateValue) -> Frontier:
    """The frontier of the earlier history; a consistency proof holds its nodes."""
    old, new = TreeSize(start.n), TreeSize(value.n)
    if old & (old - 1) == 0:
        return Frontier(old, (start.history,) if old else ())
    nodes = zip(consistency_nodes(old, new), start.proof, strict=True)
    left = {
        parts[0].index << parts[0].level: digest
        for parts, digest in nodes
        if len(parts) == 1 and (parts[0].index + 1) << parts[0].level <= old
    }
    return Frontier(old, tuple(left[first] for first in sorted(left)))


def _parse_dossier_event(value: Json) -> DossierEvent:
    members = take_members(value, {"index", "entry", "path"}, "a dossier event")
    leaf = parse_base64url(take_text(members["entry"]))
    entry = decode_leaf(leaf)
    if not isinstance(entry, Entry):
        raise MalformedError("the leaves of a dossier are entries")
    return DossierEvent(
        LeafIndex(take_count(members["index"])), leaf, entry, _parse_path(members["path"])
    )


def _parse_dossier_start(value: Json) -> DossierStart:
    members = take_members(value, {"n", "history", "proof"}, "a dossier's from")
    history = parse_digest(take_text(members["history"]))
    return DossierStart(take_count(members["n"]), history, _parse_path(members["proof"]))


def _parse_path(value: Json) -> tuple[Digest, ...]:
    if not isinstance(value, list) or len(value) > 2 * MAX_TREE_LEVELS:
        raise MalformedError(f"a path is an array of at most {2 * MAX_TREE_LEVELS} hashes")
    path = tuple(Digest(parse_base64(take_text(one))) for one in value)
    if any(len(digest) != DIGEST_BYTES for digest in path):
        raise MalformedError("a hash in a path has 32 bytes")
    return path
