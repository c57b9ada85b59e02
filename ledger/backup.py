"""Copies of a ledger file: made while it is written to, and put back only after verification.

A copy is one file. The signer file is never part of one: with an old memory of what was signed, a
restored ledger would sign a second history.

Spec: architecture, step 5.
"""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ledger.errors import CorruptionError, ExistsError, NotFoundError, StoreFailedError
from ledger.files import sync_folder
from ledger.signer import mark_restored
from ledger.storage.connection import (
    create_copy,
    fold_database,
    overwrite_database,
    remove_database,
    set_aside,
)
from ledger.storage.sqlite import SqliteStore

Verify = Callable[[SqliteStore], object]
"""Raises if a copy is not to be trusted: `Auditor.audit_tail`, or a whole audit."""


def back_up(source: Path, target: Path, verify: Verify) -> None:
    """Copy a ledger file as of one moment and verify the copy.

    Args:
        source: The ledger's file; another process may go on writing to it.
        target: Made, readable by this user only; nothing is there under this name before the
            copy is complete and verified.
        verify: Holds the copy against its own log.

    Raises:
        NotFoundError: There is no source.
        ExistsError: There is a target already; it is left alone.
        StoreFailedError: The disk is full or cannot be written.
        UnavailableError: The source is busy for too long.
        LedgerError: What verify raises; no copy is left.
    """
    if target.exists():
        raise ExistsError(f"{target} exists already and is left alone")
    copy = _copy_and_verify(source, target, verify)
    try:
        _put_in_place(copy, target)
    finally:
        remove_database(copy)


def restore(source: Path, target: Path, signer_file: Path, verify: Verify) -> None:
    """Put a verified copy of a ledger in its place, and let nothing be signed until told.

    A crash at any point leaves the old ledger or the restored one.

    Args:
        source: A copy, as back_up makes them.
        target: The ledger's file, which may be missing or damaged; the caller holds the lock on
            the home folder. A damaged one, or what is left of a missing one, is set aside as
            `.damaged`.
        signer_file: What the log's key signed last; afterwards a checkpoint must be adopted.
        verify: Holds the copy against its own log.

    Raises:
        NotFoundError: There is no source.
        CorruptionError: The source is not a ledger file.
        StoreFailedError: The disk is full or cannot be written.
        UnavailableError: Another process is using the ledger.
        LedgerError: What verify raises; the ledger is as before.
    """
    copy = _copy_and_verify(source, target, verify)
    try:
        mark_restored(signer_file)
        try:
            overwrite_database(copy, target)
        except NotFoundError:
            set_aside(target)  # what a lost ledger left behind is not replayed into this one
            _put_in_place(copy, target)
        except CorruptionError:
            set_aside(target)
            _put_in_place(copy, target)
    finally:
        remove_database(copy)


def _copy_and_verify(source: Path, target: Path, verify: Verify) -> Path:
    """A verified copy beside the target, under a name of its own."""
    copy = target.with_name(f".{target.name}.copy")
    remove_database(copy)  # of a run that was interrupted
    try:
        create_copy(source, copy)
        with closing(SqliteStore(copy)) as store:
            verify(store)
        fold_database(copy)
    except BaseException:
        remove_database(copy)
        raise
    return copy


def _put_in_place(copy: Path, target: Path) -> None:
    """Give a complete file its name, if that is free.

    Raises:
        ExistsError: It is not.
        StoreFailedError: The folder cannot be written.
    """
    try:
        os.link(copy, target)  # not rename, which would replace what is there
        copy.unlink()
        sync_folder(target.parent)
    except FileExistsError:
        raise ExistsError(f"{target} exists already and is left alone") from None
    except OSError as exc:
        raise StoreFailedError(f"cannot write {target}: {exc.strerror}") from exc
