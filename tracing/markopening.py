"""What a delivery's commitment `marks.key` opens to: everything that makes its copy again.

```json
{"columns":[{"kind":"number","name":"age","unit":"1"},{"kind":"category","name":"sex","unit":""}],
 "e":200,"g":32,"key":"<43 characters>","stream":"<22 characters>","version":"marks/1"}
```

and, where rows are invented for the recipient, `"canaries"` with their number.

Whoever has it can tell which copies bear the marks, and could make one: it is as secret as a key.

Spec: design of tracing, section 3; our formats, section 5 ("Commitment"); docs/adr/0033.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from ledger.core.members import take_count, take_members, take_text
from ledger.core.text import format_base64url, parse_base64url
from ledger.core.types import Json, JsonObject
from ledger.errors import LimitError, MalformedError
from tracing.markdata import VERSION, MarkColumn, MarkingKey, MarkTerms
from tracing.streams import STREAM_BYTES

FIELD: Final = "marks.key"
"""Where the commitment stands in the event."""
MAX_COLUMNS: Final = 4_096
_MEMBERS: Final = {"columns", "e", "g", "key", "stream", "version"}
_CANARIES: Final = "canaries"
_KINDS: Final[dict[str, Literal["number", "category"]]] = {
    "number": "number",
    "category": "category",
}


@dataclass(frozen=True, slots=True)
class DeliveryMarks:
    """The secrets of one delivery's copy.

    Args:
        key: Of its sender, or of who made the marks for the sender.
        stream: Of this delivery, 16 random bytes.
        terms: How strongly it is marked.
        columns: Whose cells may differ; none where no cell does.

    Raises:
        MalformedError: The stream has another length.
    """

    key: MarkingKey = field(repr=False)
    stream: bytes = field(repr=False)
    terms: MarkTerms
    columns: tuple[MarkColumn, ...]

    def __post_init__(self) -> None:
        """Hold the stream to its length.

        Raises:
            MalformedError: It has another one.
        """
        if len(self.stream) != STREAM_BYTES:
            raise MalformedError(f"the stream of a delivery has {STREAM_BYTES} bytes")


def format_marks(marks: DeliveryMarks) -> JsonObject:
    """The value that is committed to."""
    columns: list[Json] = [
        {"kind": each.kind, "name": each.name, "unit": each.unit} for each in marks.columns
    ]
    canaries = marks.terms.canaries
    return {
        **({_CANARIES: canaries} if canaries else {}),
        "columns": columns,
        "e": marks.terms.withheld,
        "g": marks.terms.rows_per_mark,
        "key": format_base64url(marks.key.key),
        "stream": format_base64url(marks.stream),
        "version": VERSION,
    }


def parse_marks(value: Json) -> DeliveryMarks:
    """Read the value of an opened commitment.

    Raises:
        MalformedError: Another form, another version, or a number out of its range.
        LimitError: It has more columns than a table.
    """
    has_canaries = isinstance(value, dict) and _CANARIES in value
    names = _MEMBERS | {_CANARIES} if has_canaries else _MEMBERS
    members = take_members(value, names, "an opened marking key")
    if members["version"] != VERSION:
        raise MalformedError(f"marks of another version than {VERSION}: use a newer program")
    return DeliveryMarks(
        MarkingKey(parse_base64url(take_text(members["key"]))),
        parse_base64url(take_text(members["stream"])),
        MarkTerms(
            take_count(members["e"], "a share"),
            take_count(members["g"], "a distance"),
            _parse_canaries(members[_CANARIES]) if has_canaries else 0,
        ),
        tuple(_parse_columns(members["columns"])),
    )


def _parse_canaries(value: Json) -> int:
    """Read how many rows are invented, which is said only where some are.

    Raises:
        MalformedError: It is none, or no number.
    """
    count = take_count(value, "a number of invented rows")
    if not count:
        raise MalformedError("an opened marking key without invented rows names no number of them")
    return count


def _parse_columns(value: Json) -> Iterator[MarkColumn]:
    """Read the list of columns.

    Raises:
        MalformedError: It is none, or one of them is named twice.
        LimitError: They are too many.
    """
    if not isinstance(value, list):
        raise MalformedError("the columns of an opened marking key are a list")
    if len(value) > MAX_COLUMNS:
        raise LimitError(f"an opened marking key has at most {MAX_COLUMNS} columns")
    seen: set[str] = set()
    for each in value:
        members = take_members(each, {"kind", "name", "unit"}, "a marked column")
        name, kind = take_text(members["name"]), _KINDS.get(take_text(members["kind"]))
        if kind is None or name in seen:
            raise MalformedError("a marked column is named once, a number or a category")
        seen.add(name)
        yield MarkColumn(name, kind, take_text(members["unit"]))
