"""What an auditor found wrong with a log, kept so that it never cosigns that log again by itself.

```json
{"code":"difference","expected":"<text>","format":"muniment/finding/v1","found":"<text>",
 "message":"<sentence>","notes":["<signed note>"],"origin":"<origin>","time":1763800000000,
 "what":"state.root","where":"seal at leaf 6"}
```

`notes` are signed by the log: whoever executes the log up to the first of them finds the same, and
two of them contradict each other. An operator who knows better (a defect of this program) removes
the file.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.limits import MAX_NOTE_BYTES
from ledger.core.types import Json, JsonObject, UnixMillis
from ledger.errors import (
    CorruptionError,
    ForkError,
    InputError,
    MalformedError,
    NotFoundError,
    StoreFailedError,
    VerificationError,
)
from ledger.files import read_file, replace_file, sync_folder
from ledger.replay import DifferenceError
from node.following.source import SignedTree
from node.render.text import plain

_FORMAT: Final = "muniment/finding/v1"
_TEXTS: Final = ("code", "expected", "found", "message", "origin", "what", "where")
_MEMBERS: Final = {*_TEXTS, "format", "notes", "time"}
_MAX_TEXT: Final = 2000
_MAX_FILE_BYTES: Final = 4 * MAX_NOTE_BYTES


class FindingError(VerificationError):
    """An auditor found something wrong with this log and cosigns nothing of it."""

    code = "finding"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong.

    Args:
        origin: Of the log.
        code: Of the error that named it: `difference` or `fork`.
        message: The error's words.
        where: Such as `seal at leaf 6`; empty for a fork.
        what: Which part of it; empty for a fork.
        expected: What it should be; empty for a fork.
        found: What it is; empty for a fork.
        notes: Signed by the log: the one that covers it, or the two that contradict each other.
        time: When it was found, Unix milliseconds.
    """

    origin: str
    code: str
    message: str
    where: str
    what: str
    expected: str
    found: str
    notes: tuple[str, ...]
    time: UnixMillis

    def document(self) -> JsonObject:
        """As it stands in the file."""
        return {
            "format": _FORMAT,
            "notes": list(self.notes),
            "time": self.time,
            **{name: str(getattr(self, name)) for name in _TEXTS},
        }


def describe(error: DifferenceError | ForkError, target: SignedTree, now: UnixMillis) -> Finding:
    """The finding that an error makes.

    Args:
        error: Of the execution.
        target: The checkpoint that was executed towards.
        now: The time.
    """
    notes: tuple[str, ...] = (target.text,)
    parts = ("", "", "", "")
    if isinstance(error, DifferenceError):
        parts = (error.where, error.what, error.expected, error.found)
    else:
        notes = (error.old, error.new)
    where, what, expected, found = map(_show, parts)
    return Finding(
        origin=target.body.origin,
        code=error.code,
        message=_show(str(error)),
        where=where,
        what=what,
        expected=expected,
        found=found,
        notes=notes,
        time=now,
    )


class FindingFile:
    """The file of a finding; missing: nothing was found.

    Args:
        path: Of the file; its folder is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def evidence(self) -> Path:
        """Where the evidence of a fork lies, if one was found that needs more than two notes."""
        return self._path.with_suffix(".fork.json")

    def read(self) -> Finding | None:
        """What was found.

        Raises:
            CorruptionError: The file is damaged.
            StoreFailedError: It cannot be read.
        """
        try:
            return _parse(read_file(self._path, max_bytes=_MAX_FILE_BYTES))
        except NotFoundError:
            return None
        except InputError as exc:
            raise CorruptionError(
                f"{self._path} is damaged ({exc}): something was found with this log; put the file "
                "back from a copy, or clear it and execute the log again"
            ) from exc

    def check(self) -> None:
        """Refuse a log with which something was found.

        Raises:
            FindingError: It was.
            CorruptionError: The file is damaged.
            StoreFailedError: It cannot be read.
        """
        finding = self.read()
        if finding is not None:
            raise FindingError(
                f"this auditor found that {finding.message}; it cosigns nothing of this log until "
                "its operator clears the finding"
            )

    def keep(self, finding: Finding, evidence: bytes = b"") -> None:
        """Keep what was found first; what is there already stays.

        Args:
            finding: What is wrong.
            evidence: A `muniment/fork/v1` file, if there is one; it lies beside the finding.

        Raises:
            StoreFailedError: It cannot be written.
        """
        if not self._path.exists():
            if evidence:
                replace_file(self.evidence, evidence)
            replace_file(self._path, encode_canonical(finding.document()))

    def clear(self) -> None:
        """Let the log be cosigned again.

        Raises:
            NotFoundError: Nothing was found.
            StoreFailedError: The file cannot be removed.
        """
        try:
            self._path.unlink()
            self.evidence.unlink(missing_ok=True)
            sync_folder(self._path.parent)
        except FileNotFoundError:
            raise NotFoundError(
                "nothing was found with this log: there is nothing to clear"
            ) from None
        except OSError as exc:
            raise StoreFailedError(f"cannot remove {self._path}: {exc.strerror}") from exc


def _show(text: str) -> str:
    """Text that came from a log, in one line that can be written down and shown anywhere."""
    return plain(text)[:_MAX_TEXT]


def _parse(data: bytes) -> Finding:
    content = decode_canonical(data, max_bytes=_MAX_FILE_BYTES)
    if not isinstance(content, dict) or content.keys() != _MEMBERS or content["format"] != _FORMAT:
        raise MalformedError("not a finding")
    notes, time = content["notes"], content["time"]
    if not isinstance(notes, list) or not isinstance(time, int) or isinstance(time, bool):
        raise MalformedError("notes are a list, time is a number")
    return Finding(
        notes=tuple(map(_text, notes)),
        time=UnixMillis(time),
        **{name: _text(content[name]) for name in _TEXTS},
    )


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise MalformedError("a member that is no text")
    return value
