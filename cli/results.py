"""A document that a command makes: printed, or written to a file and told of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cli.exitcodes import UsageError
from cli.files import PUBLIC_MODE, write_bytes
from cli.lang import say
from cli.output import Row
from cli.session import Session
from ledger.core.types import Json

FileFormT = TypeVar("FileFormT", bound=str)


@dataclass(frozen=True, slots=True)
class Made:
    """What was made.

    Args:
        document: For programs, where it is printed.
        text: For people, where it is printed.
        data: What the file gets; None: the text.
        told: What programs are told of the file, besides its name.
        rows: The same for people.
    """

    document: Json
    text: str
    data: bytes | None = None
    told: Mapping[str, Json] = field(default_factory=dict)
    rows: Sequence[Row] = ()


def print_or_write(
    session: Session, made: Made, out: Path | None, *, force: bool, mode: int = PUBLIC_MODE
) -> None:
    """Print what was made, or write it to a file and say so.

    Args:
        session: Prints.
        made: What.
        out: The file; None: print it.
        force: Overwrite other content.
        mode: Of the file.

    Raises:
        ExistsError: Other content is there.
        StoreFailedError: It could not be written.
    """
    if out is None:
        session.out.result(made.document, lambda: print(made.text, end=""))
        return
    write_bytes(out, made.text.encode() if made.data is None else made.data, force=force, mode=mode)
    rows = [(say("written", "已写入"), str(out)), *made.rows]
    session.out.result({**made.told, "file": str(out)}, lambda: session.out.table("", rows))


def choose_form(
    form: str | None, out: Path | None, forms: tuple[FileFormT, ...], default: FileFormT
) -> FileFormT:
    """The form asked for, else the one that the file's ending tells, else the default.

    Raises:
        UsageError: There is no such form.
    """
    ending = "" if out is None else out.suffix.removeprefix(".").lower()
    wanted = form or (ending if ending in forms else default)
    for each in forms:
        if each == wanted:
            return each
    raise UsageError(
        say(f"--format is one of {', '.join(forms)}", f"--format 应为 {'、'.join(forms)} 之一")
    )
