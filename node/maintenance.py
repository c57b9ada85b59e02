"""Keeping a registry whole: audit, rebuild, backup, restore, and taking up signing again.

A backup is a folder that holds what a registry cannot be made anew from: the ledger, the vault and
the key files. It never holds what the log's key signed last.

Spec: architecture, steps 4 and 5, "Replay".
"""

import shutil
import tempfile
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.recording import RecordRegistration
from ledger.audit import Auditor, AuditResult, Progress
from ledger.backup import back_up, restore
from ledger.core.checkpoint import Checkpoint, parse_signed_checkpoint
from ledger.core.event import Event
from ledger.core.merkle import read_root
from ledger.core.note import open_note, parse_note, parse_vkey
from ledger.core.tiles import TileNodeReader
from ledger.errors import ExistsError, NotFoundError, StoreFailedError
from ledger.files import hold_lock, sync_folder
from ledger.keys import KeyRing, Passphrase
from ledger.rebuild import rebuild
from ledger.signer import CheckpointSigner
from ledger.storage.scratch import open_scratch
from ledger.storage.sqlite import SqliteStore
from ledger.vault import Vault
from node.home import Home
from node.registry import LOG_KEY, read_opening
from node.rulebundle import current_rules

LEDGER_FILE, VAULT_FILE, POLICY_FILE, KEYS_FOLDER = "ledger.db", "vault.db", "trust.policy", "keys"
PRIVATE_FOLDER: Final = 0o700


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did; `kept_vault` is whether the vault that was there stayed."""

    result: AuditResult
    kept_vault: bool


def name_documents(event: Event) -> Iterable[str]:
    """Digests of the documents that an event obliges the store to keep: credentials."""
    if event.kind == RecordRegistration.kind:
        return [str(event.body.get("credential"))]
    return []


def create_auditor(store: SqliteStore, progress: Progress | None = None) -> Auditor:
    """An auditor for this ledger, with the log key that its first event names."""
    rules = current_rules()
    key = parse_vkey(str(read_opening(store).signed.event.body.get("log")))
    return Auditor({rules.name: rules}, key, name_documents, progress)


def audit_registry(home: Home, progress: Progress) -> AuditResult:
    """Execute the whole log again and compare everything.

    Raises:
        NotFoundError: There is no registry.
        DifferenceError: The first thing that is not as it must be.
        CorruptionError: The file contradicts itself.
        StoreFailedError: It cannot be read, or there is no room for the scratch file.
    """
    home.check()
    with closing(SqliteStore(home.ledger)) as store, open_scratch() as scratch:
        return create_auditor(store, progress).audit(store, scratch)


def rebuild_registry(home: Home, progress: Progress) -> AuditResult:
    """Make everything anew that follows from the log.

    Raises:
        NotFoundError: There is no registry.
        UnavailableError: Another process is writing.
        DifferenceError: The log itself is not what rules make; nothing was changed.
        StoreFailedError: The disk is full or cannot be written; nothing was changed.
    """
    home.check()
    with hold_lock(home.lock, "the registry"):
        with closing(SqliteStore(home.ledger)) as store:
            auditor = create_auditor(store, progress)
        return rebuild(home.ledger, auditor)


def back_up_registry(home: Home, target: Path) -> None:
    """Make a backup folder while the registry may go on writing.

    The ledger is copied before the vault, which always knows what the ledger names.

    Args:
        home: The registry's.
        target: Must not be there; it is, complete and verified, or not at all.

    Raises:
        NotFoundError: There is no registry.
        ExistsError: The target is there already.
        StoreFailedError: The disk is full or cannot be written; nothing is left.
        DifferenceError: The copy is not what its log makes; nothing is left.
    """
    home.check()
    if target.exists():
        raise ExistsError(f"{target} exists already and is left alone: name another folder")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            back_up(home.ledger, workshop / LEDGER_FILE, _verify_tail)
            _copy_vault(home.vault, workshop / VAULT_FILE)
            (workshop / KEYS_FOLDER).mkdir(mode=PRIVATE_FOLDER)
            for key in home.keys.glob("*.key"):
                shutil.copy2(key, workshop / KEYS_FOLDER / key.name)
            shutil.copy2(home.policy, workshop / POLICY_FILE)
            sync_folder(workshop)
            workshop.rename(target)
            sync_folder(target.parent)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    except OSError as exc:
        raise StoreFailedError(f"cannot write the backup {target}: {exc.strerror}") from exc


def restore_registry(source: Path, home: Home, progress: Progress) -> Restored:
    """Put a backup in place, after executing its whole log again.

    Nothing is signed afterwards until a newest checkpoint is adopted. A vault and keys that are
    there stay: they know at least what the backup knows.

    Args:
        source: A folder that back_up_registry made.
        home: Where to; may be missing.
        progress: Of the audit.

    Raises:
        NotFoundError: There is no backup there.
        DifferenceError: The backup is not what its log makes; nothing was replaced.
        UnavailableError: Another process is using the registry.
        StoreFailedError: The disk is full or cannot be written.
    """
    if not (source / LEDGER_FILE).is_file():
        raise NotFoundError(f"{source} is not a backup: it has no {LEDGER_FILE}")
    results: list[AuditResult] = []

    def verify(store: SqliteStore) -> None:
        with open_scratch() as scratch:
            results.append(create_auditor(store, progress).audit(store, scratch))

    try:
        home.keys.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        with hold_lock(home.lock, "the registry"):
            _restore_missing(source, home)
            kept_vault = home.vault.exists()
            if not kept_vault:
                _copy_vault(source / VAULT_FILE, home.vault)
            restore(source / LEDGER_FILE, home.ledger, home.signer, verify)
    except OSError as exc:
        raise StoreFailedError(f"cannot restore to {home.path}: {exc.strerror}") from exc
    return Restored(results[-1], kept_vault)


def adopt_checkpoint(
    home: Home, passphrase: Passphrase | None, checkpoint: bytes | None
) -> Checkpoint:
    """Take up signing after a restore, or when the signer file was lost.

    Args:
        home: The registry's.
        passphrase: Opens the log's key.
        checkpoint: The newest that a witness or a mirror has; None: nobody ever saw a newer one
            than the store's own.

    Returns:
        What was adopted.

    Raises:
        NotFoundError: There is no registry, or it has no checkpoint of its own.
        RollbackError: The ledger does not contain the checkpoint.
        SignatureError: The checkpoint is not signed with the log's key.
        UnavailableError: Another process is writing.
    """
    home.check()
    with hold_lock(home.lock, "the registry"), closing(SqliteStore(home.ledger)) as store:
        opening = read_opening(store).signed.event
        note = checkpoint if checkpoint is not None else store.read_checkpoint()
        if note is None:
            raise NotFoundError("the ledger has no checkpoint of its own: give one")
        open_note(parse_note(note), [parse_vkey(str(opening.body.get("log")))])
        body = parse_signed_checkpoint(note).body
        key = KeyRing(home.keys, passphrase).load(LOG_KEY)
        nodes = TileNodeReader(store)
        signer = CheckpointSigner(key, opening.log, home.signer)
        size = store.read_head().size
        is_only_copy = checkpoint is None
        signer.adopt(body, size, lambda at: read_root(nodes, at), is_only_copy=is_only_copy)
    return body


def _verify_tail(store: SqliteStore) -> None:
    create_auditor(store).audit_tail(store)


def _copy_vault(source: Path, target: Path) -> None:
    """Copy a vault, still sealed; no secret is needed for that."""
    with closing(Vault(source, bytes(32))) as vault:
        vault.backup(target)


def _restore_missing(source: Path, home: Home) -> None:
    for key in sorted((source / KEYS_FOLDER).glob("*.key")):
        if not (home.keys / key.name).exists():
            shutil.copy2(key, home.keys / key.name)
    if not home.policy.exists():
        with suppress(FileNotFoundError):
            shutil.copy2(source / POLICY_FILE, home.policy)
