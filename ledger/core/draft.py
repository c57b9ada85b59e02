"""Drafts: an event on its way between those who sign it, and the values that its commitments hide.

```text
{"format":"muniment/draft/v1","event":{},"signatures":[]}
{"format":"muniment/draft-opening/v1","event":"<event id>",
 "openings":[{"by","field","log","salt","value"}]}
```

A draft travels in canonical bytes, with 0 to 8 signatures. Its openings are secret: they
travel in a file of their own, which names the event, and show who is to sign what it signs.

Spec: our formats, sections 2 and 5.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from ledger.core.canonical import decode_bundle, decode_canonical
from ledger.core.event import (
    Event,
    SignedEvent,
    encode_signatures,
    parse_signed_event,
    parse_unsigned_event,
)
from ledger.core.limits import MAX_BUNDLE_BYTES, MAX_EVENT_DEPTH, MAX_SIGNED_EVENT_BYTES
from ledger.core.members import take_format, take_members, take_text
from ledger.core.subjects import commit, is_commitment, parse_subject
from ledger.core.text import parse_digest
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import MalformedError, RejectedError

DRAFT: Final = "muniment/draft/v1"
DRAFT_OPENING: Final = "muniment/draft-opening/v1"
MAX_DRAFT_BYTES: Final = MAX_SIGNED_EVENT_BYTES + len(f'"format":"{DRAFT}",')
"""So the longest signed event has a draft."""

_MEMBERS: Final = {"format", "event", "signatures"}
_OPENING_MEMBERS: Final = {"by", "field", "log", "salt", "value"}


@dataclass(frozen=True, slots=True)
class DraftOpening:
    """The value behind one commitment of an event.

    Args:
        by: The event's actor.
        field: The member that the commitment stands under.
        log: Origin of the ledger.
        salt: 43 characters; secret, and never in a repr.
        value: What was committed to.
    """

    by: SubjectKey
    field: str
    log: str
    salt: str
    value: Json

    @override
    def __repr__(self) -> str:
        return f"DraftOpening(field={self.field!r})"

    def commitment(self) -> str:
        """The digest that stands in the event, 43 characters.

        Raises:
            MalformedError: The salt has another form.
        """
        made = commit(by=self.by, field=self.field, log=self.log, salt=self.salt, value=self.value)
        return str(made["$commit"])


@dataclass(frozen=True, slots=True)
class Committed:
    """A commitment in the body of an event.

    Args:
        path: Names of members and places in lists, such as `application/title`.
        field: The member that it stands under, which its opening has to name: `title`.
        digest: 43 characters.
    """

    path: str
    field: str
    digest: str


def encode_draft(signed: SignedEvent) -> bytes:
    """Canonical bytes of a draft, with the signatures it has so far.

    Args:
        signed: A well-formed event with 0 to 8 signatures.
    """
    signatures = encode_signatures(signed.signatures)
    parts = (signed.event_bytes, DRAFT.encode(), signatures)
    return b'{"event":%b,"format":"%b","signatures":%b}' % parts


def decode_draft(data: bytes) -> SignedEvent:
    """Read a draft; the exact inverse of encode_draft. Whether signatures verify is not asked.

    Args:
        data: From outside, any bytes.

    Raises:
        MalformedError: Not canonical, or a member is missing, extra or mistyped.
        LimitError: Larger than the draft of any event, or nested too deeply.
    """
    value = decode_canonical(data, max_bytes=MAX_DRAFT_BYTES, max_depth=MAX_EVENT_DEPTH + 1)
    members = take_members(value, _MEMBERS, "a draft")
    if members["format"] != DRAFT:
        raise MalformedError(f"not a draft: format {members['format']!r:.40}")
    if members["signatures"] == []:
        return parse_unsigned_event(members["event"])
    return parse_signed_event(members["event"], members["signatures"])


def format_draft_openings(event_id: str, openings: Iterable[DraftOpening]) -> JsonObject:
    """The file of openings that belongs to a draft.

    Args:
        event_id: 64 hex digits.
        openings: Of its commitments, all or some.
    """
    return {
        "format": DRAFT_OPENING,
        "event": event_id,
        "openings": [opening_json(each) for each in openings],
    }


def opening_json(opening: DraftOpening) -> JsonObject:
    """One opening as files and vaults hold it."""
    return {
        "by": opening.by,
        "field": opening.field,
        "log": opening.log,
        "salt": opening.salt,
        "value": opening.value,
    }


def parse_draft_openings(data: bytes, signed: SignedEvent) -> tuple[DraftOpening, ...]:
    """Read the openings of a draft, and hold each against the event.

    Args:
        data: From outside, any bytes; they need not be canonical.
        signed: The draft.

    Raises:
        MalformedError: Another form.
        LimitError: Too large.
        RejectedError: Reason `wrong_opening`: they belong to another draft, or one of them opens
            nothing of this event.
    """
    members = take_format(
        decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES),
        {"event", "openings"},
        DRAFT_OPENING,
        "the openings of a draft",
    )
    listed = members["openings"]
    if not isinstance(listed, list):
        raise MalformedError("openings is not an array")
    parse_digest(take_text(members["event"]))
    openings = tuple(map(_parse_opening, listed))
    if members["event"] != signed.id:
        raise RejectedError(
            "wrong_opening",
            f"the openings belong to the draft {members['event']}, not to {signed.id}: ask for its "
            "own",
            f"开示内容属于草稿 {members['event']}，而非 {signed.id}：请索取本草稿的开示文件",
            rule="formats 5",
        )
    check_openings(signed.event, openings)
    return openings


def check_openings(event: Event, openings: Iterable[DraftOpening]) -> None:
    """Check that each opening opens a commitment of the event, made by its actor for its ledger.

    An opening opens its commitment only under the member that it names: a value shown as `evidence`
    is what stands at `evidence`, and nothing that stands elsewhere.

    Raises:
        RejectedError: Reason `wrong_opening`: one opens none, or one that is open already.
        MalformedError: A salt has another form.
    """
    made = {(each.field, each.digest) for each in find_commitments(event.body)}
    opened: set[tuple[str, str]] = set()
    for each in openings:
        is_bound = (each.by, each.log) == (event.actor, event.log)
        place = (each.field, each.commitment())
        if not is_bound or place not in made:
            raise RejectedError(
                "wrong_opening",
                f"{each.field[:64]} is not what the event commits to: ask for the openings of this "
                "draft",
                f"{each.field[:64]} 与事件所承诺的内容不一致：请索取本草稿的开示文件",
                rule="formats 5",
            )
        if place in opened:
            raise RejectedError(
                "wrong_opening",
                f"{each.field[:64]} is opened twice: ask for a file that opens each value once",
                f"{each.field[:64]} 被重复开示：请索取每项仅开示一次的文件",
                rule="formats 5",
            )
        opened.add(place)


def find_hidden(event: Event, openings: Iterable[DraftOpening]) -> list[str]:
    """Paths of the commitments that nothing opens, in the order of the body.

    Args:
        event: Of a draft.
        openings: Held against it already.
    """
    opened = {(each.field, each.commitment()) for each in openings}
    found = find_commitments(event.body)
    return [each.path for each in found if (each.field, each.digest) not in opened]


def find_commitments(value: Json, path: str = "", field: str = "") -> Iterator[Committed]:
    """All commitments in a body, in its order.

    Args:
        value: The body, or a part of it.
        path: Where the part stands.
        field: The member that it stands under.
    """
    if isinstance(value, dict):
        if is_commitment(value):
            yield Committed(path, field, str(value["$commit"]))
            return
        for name, member in value.items():
            yield from find_commitments(member, f"{path}/{name}" if path else name, name)
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from find_commitments(item, f"{path}/{place}", field)


def _parse_opening(value: Json) -> DraftOpening:
    members = take_members(value, _OPENING_MEMBERS, "an opening")
    return DraftOpening(
        by=parse_subject(take_text(members["by"])),
        field=take_text(members["field"]),
        log=take_text(members["log"]),
        salt=take_text(members["salt"]),
        value=members["value"],
    )
