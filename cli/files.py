"""Files that commands write: whole or not at all, and never over something else unasked.

Every file whose name a user gives goes through here, or at least through check_place: --force is
for a file that a command wrote before, never for a ledger, a vault or a key.
"""

import json
import os
import stat
import sys
from pathlib import Path

from cli.exitcodes import UsageError
from cli.lang import say
from ledger.core.types import Json
from ledger.errors import ExistsError, LimitError, MalformedError, NotFoundError
from ledger.files import replace_file

PUBLIC_MODE = 0o644


def check_place(path: Path) -> None:
    """Refuse to write where a registry keeps its own files, whatever was said.

    Args:
        path: Of a file that is to be written.

    Raises:
        UsageError: It is one of them, or lies in one of their folders.
    """
    from node.home import find_owner  # commands that write nothing start without it

    home = find_owner(path)
    if home is not None:
        raise UsageError(
            say(
                f"{path} is where the registry in {home.path} keeps its own files, and they are "
                "not overwritten, not even with --force: name another place for what is written",
                f"{path} 属于 {home.path} 中登记系统自身的文件，即使使用 --force 也不会覆盖："
                "请为输出文件另指定位置",
            ),
            "own_file",
        )


def write_document(path: Path, document: Json, *, force: bool, mode: int = PUBLIC_MODE) -> None:
    """Write a JSON document.

    Args:
        path: Where; the same content there already is fine.
        document: What.
        force: Overwrite other content.
        mode: Of the file; PRIVATE_MODE for what opens commitments.

    Raises:
        UsageError: It is a registry's own place.
        ExistsError: Other content is there.
        StoreFailedError: It could not be written.
    """
    write_bytes(path, format_document(document).encode(), force=force, mode=mode)


def format_document(document: Json) -> str:
    """A JSON document as it stands in a file that people may read."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def write_bytes(path: Path, data: bytes, *, force: bool, mode: int = PUBLIC_MODE) -> None:
    """Write bytes; as write_document.

    Raises:
        UsageError: It is a registry's own place.
        ExistsError: Other content is there.
        StoreFailedError: It could not be written.
    """
    check_place(path)
    if path.exists() and not force:
        if path.is_file() and path.read_bytes() == data:
            return
        raise ExistsError(
            say(
                f"{path} exists with other content: name another file with --out, or say --force",
                f"{path} 已存在且内容不同：请用 --out 另指定文件，或使用 --force",
            )
        )
    replace_file(path, data, mode)


def read_capped(path: Path, max_bytes: int) -> bytes:
    """A file's bytes, or stdin's for `-`, read no further than the cap.

    Raises:
        NotFoundError: There is no such file.
        LimitError: It has more than max_bytes.
        MalformedError: It cannot be read.
    """
    try:
        data = sys.stdin.buffer.read(max_bytes + 1) if is_stdin(path) else _read(path, max_bytes)
    except FileNotFoundError:
        raise NotFoundError(say(f"there is no file {path}", f"没有文件 {path}")) from None
    except OSError as exc:
        raise MalformedError(f"cannot read {path}: {exc.strerror}") from exc
    if len(data) > max_bytes:
        raise LimitError(
            say(f"{path} has more than {max_bytes} bytes", f"{path} 超过 {max_bytes} 字节")
        )
    return data


def is_stdin(path: Path) -> bool:
    """Whether `-` was given for a file."""
    return str(path) == "-"


def _read(path: Path, max_bytes: int) -> bytes:
    # A named pipe without a writer would hold the plain call for ever.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise MalformedError(say(f"{path} is not a regular file", f"{path} 不是普通文件"))
        return file.read(max_bytes + 1)
