"""A registry made again from a mirror, after its own disk is gone.

The ledger is executed from the mirror's entries, so it is what the rules make of what the log has
signed. A mirror has no secrets: keys, vault and policy come from a backup, which may be older, or
are in the home folder already. Without a vault the openings of commitments and the applicants'
forms are lost, and nobody can make them again.

Spec: architecture, steps 4 and 5, "Replay"; docs/adr/0028-auditor-and-mirror.md.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.audit import AuditResult, Progress, find_log_keys, verify_checkpoints
from ledger.backup import restore
from ledger.core.addcheckpoint import hash_origin
from ledger.core.ed25519 import check_library
from ledger.core.limits import MAX_NOTE_BYTES
from ledger.core.note import VerifierKey
from ledger.core.opening import open_checkpoint
from ledger.core.policy import Policy, format_policy
from ledger.errors import InputError, NotFoundError, UnavailableError, VerificationError
from ledger.files import hold_lock, replace_file
from ledger.light.fetch import Fetcher
from ledger.replay import replay
from ledger.storage.base import Row, Table
from ledger.storage.sqlite import SqliteStore, create_store
from node.following.auditor import program_rules
from node.following.execution import judge_rules
from node.following.mirror import keys_of
from node.following.source import LogSource, SignedTree, fetch_once, open_signed
from node.home import Home
from node.logkeys import LOG_KEY
from node.maintenance import (
    POLICY_MODE,
    PRIVATE_FOLDER,
    check_backup,
    check_replaceable,
    name_documents,
    restore_files,
    restore_vault,
    translate_os,
    verify_tail,
)
from node.tiles.source import CHECKPOINT

if TYPE_CHECKING:
    from ledger.core.logkeys import LogKey


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made of a mirror.

    Args:
        result: What executing the log gave.
        note: The mirror's checkpoint, which the ledger reaches exactly.
        has_vault: There is a vault; otherwise openings and forms are lost.
        has_log_key: A key of the log is here; without it nothing can be written.
    """

    result: AuditResult
    note: bytes
    has_vault: bool
    has_log_key: bool


@dataclass(frozen=True, slots=True)
class Rumour:
    """What the witnesses of a policy say of a log.

    Args:
        newest: The largest checkpoint that one of them has cosigned; None: none has any.
        silent: Names of those that were asked and gave none.
    """

    newest: SignedTree | None
    silent: Sequence[str]


def restore_from_mirror(
    fetcher: Fetcher,
    policy: Policy,
    home: Home,
    progress: Progress,
    *,
    backup: Path | None = None,
    discards_newer: bool = False,
) -> Rebuilt:
    """Make a registry's ledger again from a mirror, and put it in place.

    Nothing is signed afterwards until a newest checkpoint is adopted. Keys, vault and policy that
    are there stay.

    Args:
        fetcher: The mirror, or any node that serves the log and its documents.
        policy: Whom to believe; its checkpoint is the newest that is published.
        home: Where to; may be missing.
        progress: Of the execution.
        backup: A folder that back_up_registry made, for keys, vault and policy; its ledger is not
            used.
        discards_newer: What the ledger in place holds beyond the mirror may be lost.

    Raises:
        NotFoundError: The backup is none, or the mirror lacks documents that the log names.
        ExistsError: Another registry lies in the home folder, or a longer ledger.
        DifferenceError: The log is not what the rules make of it; nothing was replaced.
        VerificationError: What is served is not authentic; nothing was replaced.
        UnavailableError: Nobody answers, or another process is using the registry.
        StoreFailedError: The disk is full or cannot be written.
        LedgerError: What the fetcher raises; nothing was replaced.
    """
    check_library()
    if backup is not None:
        check_backup(backup)
    opened = open_checkpoint(policy, fetcher.get(CHECKPOINT, max_bytes=MAX_NOTE_BYTES))
    source = LogSource(fetcher, keys_of(policy, opened.body.origin))
    tree = SignedTree(opened.data, opened.body)
    with translate_os(f"cannot restore to {home.path}"):
        home.keys.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        with (
            hold_lock(home.lock, "the registry"),
            tempfile.TemporaryDirectory(prefix=".restore-", dir=home.path) as name,
        ):
            workshop = Path(name)
            copy = workshop / home.ledger.name
            result = _execute(copy, source, tree, progress)
            with closing(SqliteStore(copy)) as store:
                check_replaceable(home, store, discards_newer=discards_newer)
            if backup is not None:
                restore_files(backup, home)
                restore_vault(backup, home, workshop)
            if not home.policy.exists():
                replace_file(home.policy, format_policy(policy), POLICY_MODE)
            restore(copy, home.ledger, home.signer, verify_tail)
    return Rebuilt(
        result=result,
        note=tree.note,
        has_vault=home.vault.exists(),
        has_log_key=any(home.keys.glob(f"{LOG_KEY}*.key")),
    )


def ask_witnesses(policy: Policy, origin: str) -> Rumour:
    """The newest checkpoint of a log that the witnesses of a policy have cosigned.

    Args:
        policy: Only witnesses with an address are asked; what they answer counts if the log's own
            key has signed it.
        origin: Of the log.
    """
    keys = keys_of(policy, origin)
    newest, silent = None, []
    for witness in policy.witnesses:
        if witness.url is None:
            continue
        found = _ask(witness.url.decode("utf-8", "replace"), origin, keys)
        if found is None:
            silent.append(witness.name.decode("utf-8", "backslashreplace"))
        elif newest is None or found.body.size > newest.body.size:
            newest = found
    return Rumour(newest, silent)


def _ask(url: str, origin: str, keys: Sequence[VerifierKey]) -> SignedTree | None:
    path = f"{hash_origin(origin)}/checkpoint"
    try:
        return open_signed(fetch_once(url, path, max_bytes=MAX_NOTE_BYTES), keys)
    except (InputError, NotFoundError, UnavailableError, VerificationError):
        return None


def _execute(copy: Path, source: LogSource, tree: SignedTree, progress: Progress) -> AuditResult:
    """Make a ledger file of a log, with its documents and its newest checkpoint."""
    rules, tiles = program_rules(), source.open_tiles(tree.body)
    with closing(create_store(copy, is_durable=False)) as store:
        digests: dict[str, None] = {}
        log_keys: list[LogKey] = []
        leaves = source.read_leaves(0, tree.body, tiles)
        for replayed in judge_rules(replay(leaves, store, rules, tree.body.origin)):
            log_keys += find_log_keys(replayed, rules)
            for entry in replayed.entries:
                digests.update(dict.fromkeys(name_documents(entry.signed.event)))
            progress(replayed.block.head.size, tree.body.size)
        store.keep_rows(Table.DOCUMENT, _fetch_documents(source, digests))
        store.save_checkpoint(tree.body.size, tree.note)
        head = store.read_head()
        return AuditResult(
            size=head.size,
            height=head.height,
            root=head.frontier.root(),
            state_root=head.map_root.root,
            checkpoints=verify_checkpoints(store, store, source.keys[0], keys=log_keys),
            documents=len(digests),
            log_keys=tuple(log_keys),
        )


def _fetch_documents(source: LogSource, digests: dict[str, None]) -> Iterator[Row]:
    """Rows of the documents, as a store keeps them.

    Raises:
        NotFoundError: One is not served.
    """
    for digest in digests:
        try:
            yield digest, source.fetch_document(digest)
        except NotFoundError as exc:
            raise NotFoundError(
                f"the mirror lacks the document {digest}, one of {len(digests)} that the log "
                "names: try another mirror"
            ) from exc
