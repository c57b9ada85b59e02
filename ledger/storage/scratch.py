"""A store for the time of one audit."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ledger.errors import StoreFailedError
from ledger.storage.sqlite import SqliteStore, create_store


@contextmanager
def open_scratch(beside: Path | None = None) -> Iterator[SqliteStore]:
    """An empty store that is gone afterwards, to execute a log into.

    Args:
        beside: Its folder is made in this one; the system's place for temporary files unless told.

    Raises:
        StoreFailedError: The disk is full or cannot be written.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=".muniment-", dir=beside)
    except OSError as exc:
        raise StoreFailedError(f"cannot make a temporary folder: {exc.strerror}") from exc
    with (
        folder as name,
        closing(create_store(Path(name) / "scratch.db", is_durable=False)) as store,
    ):
        yield store
