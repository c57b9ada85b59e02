"""Taking typed members out of JSON from outside; nothing is converted, nothing may be missing."""

from ledger.core.types import Json, JsonObject
from ledger.errors import MalformedError


def take_members(value: Json, names: set[str], what: str) -> JsonObject:
    """The object, if it has exactly these members.

    Args:
        value: From a strict reader.
        names: All of them, and no other.
        what: For the message.

    Raises:
        MalformedError: Not an object, another member, or one is missing.
    """
    if not isinstance(value, dict) or value.keys() != names:
        raise MalformedError(f"{what} has exactly the members {', '.join(sorted(names))}")
    return value


def take_format(value: Json, names: set[str], form: str, what: str) -> JsonObject:
    """The object, if it has exactly these members and the `format` that says so.

    Raises:
        MalformedError: As take_members, or another format.
    """
    members = take_members(value, names | {"format"}, what)
    if members["format"] != form:
        raise MalformedError(f"not {what}: format {members['format']!r:.40}, not {form}")
    return members


def take_text(value: Json) -> str:
    """The string.

    Raises:
        MalformedError: Something else.
    """
    if not isinstance(value, str):
        raise MalformedError(f"not a string: {value!r:.40}")
    return value


def take_count(value: Json, what: str = "a count") -> int:
    """The integer, at least 0.

    Raises:
        MalformedError: Something else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedError(f"not {what}: {value!r:.40}")
    return value
