"""Makes everything in a ledger file anew that follows from its log.

Kept as they are: the log itself, checkpoints and documents. The new file is made beside the old one
and put in its place in one transaction, so that a crash at any point leaves the old or the new one.

Spec: architecture, "Replay".
"""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.audit import (
    Auditor,
    AuditResult,
    find_log_keys,
    read_numbered,
    verify_checkpoints,
)
from ledger.replay import replay
from ledger.storage.base import Table
from ledger.storage.connection import overwrite_database, remove_database
from ledger.storage.sqlite import SqliteStore, create_store

if TYPE_CHECKING:
    from ledger.core.logkeys import LogKey


def rebuild(path: Path, auditor: Auditor) -> AuditResult:
    """Execute the log of a ledger file again and keep what comes of it instead of what was there.

    Args:
        path: The ledger's file; the caller holds the lock on the home folder.
        auditor: Whose rules, log key and progress are used.

    Returns:
        What the file holds now; documents are copied, not checked.

    Raises:
        DifferenceError: The log is not what rules make, or a checkpoint is not of this log;
            nothing was changed.
        NotFoundError: There is no such file, or rules are missing; nothing was changed.
        CorruptionError: The file cannot be read as a ledger; nothing was changed.
        StoreFailedError: The disk is full or cannot be read or written; nothing was changed.
        UnavailableError: Another process is using the file; nothing was changed.
    """
    fresh = path.with_name(f".{path.name}.rebuild")
    remove_database(fresh)  # of a rebuild that was interrupted
    try:
        with closing(SqliteStore(path)) as old:
            result = _fill(fresh, old, auditor)
        overwrite_database(fresh, path)
    finally:
        remove_database(fresh)
    return result


def _fill(path: Path, old: SqliteStore, auditor: Auditor) -> AuditResult:
    with closing(create_store(path, is_durable=False)) as new, old.snapshot():
        total, size = old.count_leaves(), 0
        new.hold_pages(old.read_hold())
        keys: list[LogKey] = []
        for replayed in replay(
            read_numbered(old, Table.ENTRY), new, auditor.rules, auditor.log_key.name
        ):
            size = replayed.block.head.size
            keys += find_log_keys(replayed, auditor.rules)
            if auditor.progress is not None:
                auditor.progress(size, total)
        for table in (Table.CHECKPOINT, Table.DOCUMENT):
            new.keep_rows(table, old.iterate_rows(table))
        head = new.read_head()
        return AuditResult(
            size=head.size,
            height=head.height,
            root=head.frontier.root(),
            state_root=head.map_root.root,
            checkpoints=verify_checkpoints(new, new, auditor.log_key, keys=keys),
            documents=0,
            log_keys=tuple(keys),
        )
