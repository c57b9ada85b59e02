"""Keeping a registry whole: audit, rebuild, backup, restore, and taking up signing again.

A backup is a folder that holds what a registry cannot be made anew from: the ledger, the vault and
the key files. It never holds what the log's key signed last.

Spec: architecture, steps 4 and 5, "Replay".
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.recording import RecordRegistration
from ledger.audit import Auditor, AuditResult, Progress
from ledger.backup import back_up, restore
from ledger.core.checkpoint import Checkpoint, parse_signed_checkpoint
from ledger.core.ed25519 import check_library
from ledger.core.event import Event
from ledger.core.limits import MAX_POLICY_BYTES
from ledger.core.logkeys import signers_at
from ledger.core.merkle import read_root
from ledger.core.note import format_vkey, open_note, parse_note, parse_vkey
from ledger.core.policy import parse_policy
from ledger.core.tiles import TileNodeReader
from ledger.errors import CorruptionError, ExistsError, NotFoundError, StoreFailedError
from ledger.files import create_private_file, hold_lock, read_file, replace_file, sync_folder
from ledger.keys import KeyRing, Passphrase
from ledger.rebuild import rebuild
from ledger.replay import DifferenceError
from ledger.signer import CheckpointSigner
from ledger.storage.connection import create_copy
from ledger.storage.scratch import open_scratch
from ledger.storage.sqlite import SqliteStore
from node.home import Home
from node.logkeys import LOG_KEY, load_log_key, read_log_keys
from node.registry import read_opening
from node.rulebundle import current_rules

LEDGER_FILE, VAULT_FILE, POLICY_FILE, KEYS_FOLDER = "ledger.db", "vault.db", "trust.policy", "keys"
PRIVATE_FOLDER: Final = 0o700
POLICY_MODE: Final = 0o644
_MAX_KEY_FILE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did; `kept_vault` is whether the vault that was there stayed."""

    result: AuditResult
    kept_vault: bool


def name_documents(event: Event) -> Iterable[str]:
    """Digests of the documents that an event obliges the store to keep: credentials."""
    digest = event.body.get("credential") if event.kind == RecordRegistration.kind else None
    return [digest] if isinstance(digest, str) else []


def create_auditor(store: SqliteStore, progress: Progress | None = None) -> Auditor:
    """An auditor for this ledger, with the log key that its first event names."""
    check_library()
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
        result = create_auditor(store, progress).audit(store, scratch)
    _check_policy(home, result)
    return result


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
    with translate_os(f"cannot write the backup {target}"):
        target.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            back_up(home.ledger, workshop / LEDGER_FILE, verify_tail)
            create_copy(home.vault, workshop / VAULT_FILE, is_ledger=False)
            (workshop / KEYS_FOLDER).mkdir(mode=PRIVATE_FOLDER)
            for key in sorted(home.keys.glob("*.key")):
                content = read_file(key, max_bytes=_MAX_KEY_FILE_BYTES)
                create_private_file(workshop / KEYS_FOLDER / key.name, content)
            policy = read_file(home.policy, max_bytes=MAX_POLICY_BYTES)
            replace_file(workshop / POLICY_FILE, policy, POLICY_MODE)
            sync_folder(workshop)
            workshop.rename(target)
            sync_folder(target.parent)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)


def restore_registry(
    source: Path, home: Home, progress: Progress, *, discards_newer: bool = False
) -> Restored:
    """Put a backup in place, after executing its whole log again.

    Nothing is signed afterwards until a newest checkpoint is adopted. A vault and keys that are
    there stay: they are this registry's own and know at least what the backup knows.

    Args:
        source: A folder that back_up_registry made; only read.
        home: Where to; may be missing.
        progress: Of the audit.
        discards_newer: What the ledger in place holds beyond the backup may be lost.

    Raises:
        NotFoundError: There is no backup there, or a part of it is missing.
        ExistsError: Another registry lies in the home folder, or a longer ledger than the backup's
            and nobody said that it may be lost; it is left alone.
        DifferenceError: The backup is not what its log makes; nothing was replaced.
        UnavailableError: Another process is using the registry.
        StoreFailedError: The disk is full or cannot be written.
    """
    check_backup(source)
    with translate_os(f"cannot restore to {home.path}"):
        home.keys.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        with (
            hold_lock(home.lock, "the registry"),
            tempfile.TemporaryDirectory(prefix=".restore-", dir=home.path) as folder,
        ):
            copy = Path(folder) / LEDGER_FILE
            create_copy(source / LEDGER_FILE, copy)
            with closing(SqliteStore(copy)) as store, open_scratch(Path(folder)) as scratch:
                check_replaceable(home, store, discards_newer=discards_newer)
                result = create_auditor(store, progress).audit(store, scratch)
            restore_files(source, home)
            kept_vault = restore_vault(source, home, Path(folder))
            restore(copy, home.ledger, home.signer, verify_tail)
    return Restored(result, kept_vault)


def check_backup(source: Path) -> None:
    """Make sure that a folder is a backup.

    Raises:
        NotFoundError: It is none, or a part of it is missing.
    """
    for name in (LEDGER_FILE, VAULT_FILE, POLICY_FILE, f"{KEYS_FOLDER}/{LOG_KEY}*.key"):
        if not any(source.glob(name)):
            missing = name.replace("*", "")
            raise NotFoundError(f"{source} is not a backup: it has no {missing}")


def restore_vault(source: Path, home: Home, workshop: Path) -> bool:
    """Put the vault of a backup in place where there is none.

    Args:
        source: The backup.
        home: Where to.
        workshop: A folder beside it, for what is not whole yet.

    Returns:
        Whether the vault that was there stayed.

    Raises:
        StoreFailedError: It could not be written.
    """
    if home.vault.exists():
        return True
    vault = workshop / VAULT_FILE
    create_copy(source / VAULT_FILE, vault, is_ledger=False)
    with translate_os(f"cannot restore to {home.path}"):
        vault.rename(home.vault)
        sync_folder(home.path)
    return False


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
        origin, log_keys = read_opening(store).signed.event.log, read_log_keys(store)
        note = checkpoint if checkpoint is not None else store.read_checkpoint()
        if note is None:
            raise NotFoundError("the ledger has no checkpoint of its own: give one")
        body, newest = parse_signed_checkpoint(note).body, log_keys[-1].key
        open_note(parse_note(note), signers_at(log_keys, body.size) or [newest])
        key = load_log_key(KeyRing(home.keys, passphrase), newest)
        nodes = TileNodeReader(store)
        signer = CheckpointSigner(key, origin, home.signer)
        size = store.read_head().size
        is_only_copy = checkpoint is None
        signer.adopt(body, size, lambda at: read_root(nodes, at), is_only_copy=is_only_copy)
    return body


def _check_policy(home: Home, result: AuditResult) -> None:
    """Hold the log key that the ledger names itself against the one that verifiers were given.

    Raises:
        DifferenceError: The home's trust policy names another.
    """
    if not home.policy.is_file():
        return
    policy = parse_policy(read_file(home.policy, max_bytes=MAX_POLICY_BYTES))
    trusted = [format_vkey(log.key) for log in policy.logs]
    found = format_vkey(result.log_keys[-1].key)
    if found not in trusted:
        raise DifferenceError(
            "trust.policy", "log key", expected=" or ".join(trusted) or "one", found=found
        )


def verify_tail(store: SqliteStore) -> None:
    """Execute the newest blocks of a copy again.

    Raises:
        DifferenceError: They are not what their log makes.
        LedgerError: As Auditor.audit_tail.
    """
    create_auditor(store).audit_tail(store)


def check_replaceable(home: Home, copy: SqliteStore, *, discards_newer: bool) -> None:
    """Leave another registry's ledger alone, and a longer one; one that cannot be read is nobody's.

    Args:
        home: Where something may be in place.
        copy: What is to be put there.
        discards_newer: What the ledger in place holds beyond it may be lost.

    Raises:
        ExistsError: The ledger in the home folder is another one, or holds more than the backup.
    """
    origin, size = read_opening(copy).signed.event.log, copy.count_leaves()
    try:
        with closing(SqliteStore(home.ledger)) as store:
            found, found_size = read_opening(store).signed.event.log, store.count_leaves()
    except (NotFoundError, CorruptionError, StoreFailedError):
        return
    if found != origin:
        raise ExistsError(
            f"{home.path} holds the registry {found}, the backup is of {origin}: name another "
            "folder with --home"
        )
    if found_size > size and not discards_newer:
        raise ExistsError(
            f"the ledger in place holds {found_size} leaves, the backup {size}: what is newer "
            "would be lost; say --discard-newer if it may be"
        )


def restore_files(source: Path, home: Home) -> None:
    """Put key files and the policy of a backup in place where they are missing, each whole.

    Args:
        source: The backup.
        home: Where to; its folder of keys is there.

    Raises:
        StoreFailedError: A file could not be written.
    """
    for key in sorted((source / KEYS_FOLDER).glob("*.key")):
        if not (home.keys / key.name).exists():
            create_private_file(home.keys / key.name, read_file(key, max_bytes=_MAX_KEY_FILE_BYTES))
    if not home.policy.exists():
        policy = read_file(source / POLICY_FILE, max_bytes=MAX_POLICY_BYTES)
        replace_file(home.policy, policy, POLICY_MODE)


@contextmanager
def translate_os(what: str) -> Iterator[None]:
    """Turn the system's errors, raised within, into ours.

    Args:
        what: What could not be done, for the message.

    Raises:
        StoreFailedError: A file could not be read or written.
    """
    try:
        yield
    except OSError as exc:
        raise StoreFailedError(f"{what}: {exc.strerror}") from exc
