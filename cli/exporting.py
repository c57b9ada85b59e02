"""Writing the whole log out, block by block, in constant memory."""

import sys
from pathlib import Path
from typing import BinaryIO, Final

from cli.files import check_place
from cli.lang import say
from cli.session import Session
from ledger.errors import ExistsError, StoreFailedError
from node.registryapi import RegistryApi

_LEAVES_AT_ONCE: Final = 1000


def export_log(session: Session, registry: RegistryApi, path: Path | None, *, force: bool) -> int:
    """Write every leaf as one line of JSON, in the log's order.

    Args:
        session: For progress.
        registry: Read only.
        path: Where; None: stdout.
        force: Overwrite another file.

    Returns:
        How many leaves.

    Raises:
        UsageError: It is a registry's own place.
        ExistsError: The file is there already.
        StoreFailedError: It could not be written; a partial file is left with the ending `.part`.
    """
    size = registry.read_end().size
    if path is None:
        _write_leaves(session, registry, sys.stdout.buffer, size)
        return size
    check_place(path)
    if path.exists() and not force:
        raise ExistsError(
            say(f"{path} exists: say --force to replace it", f"{path} 已存在：用 --force 覆盖")
        )
    partial = path.with_name(path.name + ".part")
    check_place(partial)
    try:
        partial.unlink(missing_ok=True)  # what lies there may be a link to something else
        with partial.open("xb") as file:
            _write_leaves(session, registry, file, size)
        partial.replace(path)
    except OSError as exc:
        raise StoreFailedError(f"cannot write {partial}: {exc.strerror}") from exc
    return size


def _write_leaves(session: Session, registry: RegistryApi, file: BinaryIO, size: int) -> None:
    with session.out.progress("Exporting", "导出", size) as advance:
        for start in range(0, size, _LEAVES_AT_ONCE):
            leaves = registry.read_leaves(start, min(start + _LEAVES_AT_ONCE, size))
            file.write(b"".join(leaf + b"\n" for leaf in leaves))
            advance(len(leaves))
    file.flush()
