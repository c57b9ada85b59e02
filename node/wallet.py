"""The wallet: proofs that a holder keeps, each verified before it is let in.

```text
HOME/wallet/                 0700
HOME/wallet/<digest>.json    a proof (or .zip), named after its SHA-256
HOME/wallet/<id>.item        what it is, and which proof stands for it now
HOME/wallet/lock             held by whoever adds or replaces
```

An item is there once its `.item` file is: it is written last, and takes its name only when it is
whole. A proof that a dying process left behind belongs to no item and is never shown.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta
from msgspec.structs import replace

from contracts.identity import HexDigest
from contracts.records import Record, format_record, parse_record
from contracts.verdict import Question, Report
from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.policy import Policy
from ledger.core.types import UnixMillis
from ledger.errors import (
    BundleError,
    InputError,
    MalformedError,
    NotFoundError,
    StoreFailedError,
    VerificationError,
)
from ledger.files import hold_lock, read_file, replace_file
from node.embedded import is_collection, summarise
from node.judges import MAX_FILE_BYTES
from node.pack import PACK, Pack, is_pack, read_pack, write_pack
from node.verifier import TLOG_PROOF_HEADER, verify_file

FORMAT: Final = "muniment/wallet-item/v1"
_FOLDER_MODE: Final = 0o700
_ITEM_SUFFIX: Final = ".item"
_MAX_ITEM_BYTES: Final = 64 * 1024
_MAX_NAME: Final = 200
_NOT_IN_PATHS: Final = re.compile(r"[^a-z0-9_-]+")
Instant = Annotated[int, Meta(ge=0)]


class DamagedError(VerificationError):
    """A file of the wallet is not what was written there; nothing in it is believed."""

    code = "damaged"


class Item(Record, frozen=True, kw_only=True):
    """One thing in the wallet.

    Args:
        format: Always FORMAT.
        id: Digest of the proof that was added first; it stays.
        content: Digest of the proof that stands for it now.
        suffix: Of the proof's file.
        name: Of the file it came from.
        origin: Of the ledger it is from.
        kind: As the verifier calls it.
        subject: Whom it is about.
        title: What people call that; empty if nothing public does.
        holders: Right-holders or grantee, as the proof has it.
        status: When it was added or replaced last.
        marks: Likewise.
        as_of: As of when it is proved; None where the proof does not say.
        valid_until: Of a voucher.
        subjects: Whose states it proves.
        added: When, by this machine's clock.
    """

    format: Literal["muniment/wallet-item/v1"]
    id: HexDigest
    content: HexDigest
    suffix: Literal["json", "zip"]
    name: Annotated[str, Meta(max_length=_MAX_NAME)]
    origin: str
    kind: str
    subject: str
    title: str
    holders: tuple[str, ...]
    status: str
    marks: tuple[str, ...]
    as_of: Instant | None
    valid_until: Instant | None
    subjects: tuple[str, ...]
    added: Instant


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a proof that was to be added.

    Args:
        item: That stands for it.
        is_new: It was not there before.
        report: Of its verification.
    """

    item: Item
    is_new: bool
    report: Report


class Wallet:
    """The wallet of a home folder.

    Args:
        home: The home folder; it needs no registry.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / "wallet"

    def list_items(self) -> list[Item]:
        """Every item, the first added first.

        Raises:
            DamagedError: A file of the wallet is not what was written.
            StoreFailedError: It cannot be read.
        """
        if not self._folder.is_dir():
            return []
        paths = sorted(self._folder.glob(f"*{_ITEM_SUFFIX}"))
        return sorted(map(_read_item, paths), key=lambda item: (item.added, item.id))

    def read(self, item: Item) -> bytes:
        """The proof that stands for an item.

        Raises:
            DamagedError: It is missing, or not what was written.
            StoreFailedError: It cannot be read.
        """
        path = self._content_path(item.content, item.suffix)
        try:
            data = read_file(path, max_bytes=MAX_FILE_BYTES)
        except (NotFoundError, InputError):
            data = b""
        if sha256(data).hexdigest() != item.content:
            newest = _read_item(self._item_path(item))
            if newest.content != item.content:  # replaced meanwhile
                return self.read(newest)
            raise DamagedError(
                f"{path} is not the proof that was added: restore it, or remove "
                f"{item.id}{_ITEM_SUFFIX} beside it and add the proof again"
            )
        return data

    def add(self, data: bytes, name: str, policy: Policy, now: UnixMillis) -> list[Added]:
        """Verify a proof and keep it; of a collection, everything in it.

        Args:
            data: Of the file.
            name: Of the file, for people.
            policy: By which it has to be authentic; in force it need not be.
            now: This machine's clock.

        Returns:
            What it was added as; what is in the wallet already is not added twice.

        Raises:
            VerificationError: It is not authentic; nothing was added.
            InputError: It does not parse; nothing was added.
            StoreFailedError: The disk is full or cannot be written; of a collection, the first
                ones may have been added.
        """
        verified = [
            (part, path, _verify(part, policy, now)) for path, part in _split(data, name).items()
        ]
        with self._hold():
            return [self._keep(part, path, report, now) for part, path, report in verified]

    def replace(self, item: Item, data: bytes, policy: Policy, now: UnixMillis) -> Item:
        """Let a newer proof stand for an item.

        Args:
            item: That is there.
            data: A proof of the same kind about the same subject.
            policy: By which it has to be authentic.
            now: This machine's clock.

        Raises:
            VerificationError: It is not authentic; the old one stays.
            InputError: It does not parse; the old one stays.
            BundleError: It is about something else; the old one stays.
            StoreFailedError: The disk is full or cannot be written; the old one stays.
        """
        report = _verify(data, policy, now)
        fresh = _describe(data, item.name, report, now)
        if (fresh.kind, fresh.subject) != (item.kind, item.subject):
            raise BundleError(f"a proof about {fresh.subject} cannot stand for {item.subject}")
        changed = replace(fresh, id=item.id, added=item.added)
        with self._hold():
            self._write_content(data, changed)
            self._write_item(changed)
            if item.content != changed.content and not self._is_used(item.content):
                with suppress(OSError):  # a proof without an item is never shown
                    self._content_path(item.content, item.suffix).unlink()
        return changed

    def export(self, items: Sequence[Item]) -> bytes:
        """A pack with the proofs of some items.

        Raises:
            DamagedError: A proof is not what was added.
            LimitError: They are more than a pack holds.
        """
        return write_pack(Pack(PACK, {_export_path(item): self.read(item) for item in items}))

    def _keep(self, data: bytes, name: str, report: Report, now: UnixMillis) -> Added:
        digest = sha256(data).hexdigest()
        for item in self.list_items():
            if digest in {item.id, item.content}:
                return Added(item, is_new=False, report=report)
        item = _describe(data, name, report, now)
        self._write_content(data, item)
        self._write_item(item)
        return Added(item, is_new=True, report=report)

    def _write_content(self, data: bytes, item: Item) -> None:
        replace_file(self._content_path(item.content, item.suffix), data)

    def _write_item(self, item: Item) -> None:
        replace_file(self._item_path(item), encode_canonical(format_record(item)))

    def _is_used(self, content: str) -> bool:
        return any(item.content == content for item in self.list_items())

    def _item_path(self, item: Item) -> Path:
        return self._folder / f"{item.id}{_ITEM_SUFFIX}"

    def _content_path(self, digest: str, suffix: str) -> Path:
        return self._folder / f"{digest}.{suffix}"

    @contextmanager
    def _hold(self) -> Iterator[None]:
        """Have the wallet to oneself; adding takes moments, so others wait.

        Raises:
            StoreFailedError: The folder cannot be made.
        """
        try:
            self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as exc:
            raise StoreFailedError(f"cannot make {self._folder}: {exc.strerror}") from exc
        with hold_lock(self._folder / "lock", "the wallet", is_patient=True):
            yield


def _verify(data: bytes, policy: Policy, now: UnixMillis) -> Report:
    """The verdict on an authentic proof.

    Raises:
        MalformedError: It is a `.tlog-proof`, which proves nothing without its entry.
    """
    if data.startswith(TLOG_PROOF_HEADER):
        raise MalformedError(
            "a .tlog-proof proves nothing without its entry: keep a receipt, which has it inside "
            "('muniment proof inclusion INDEX --receipt --out FILE')"
        )
    report = verify_file(data, policy, Question(now))
    if report.failure is not None:
        raise report.failure
    return report


def _split(data: bytes, name: str) -> dict[str, bytes]:
    """The proofs in a file, by name: itself, or those of a collection."""
    if not is_pack(data):
        return {name: data}
    pack = read_pack(data)
    return dict(pack.files) if is_collection(pack) else {name: data}


def _describe(data: bytes, name: str, report: Report, now: UnixMillis) -> Item:
    digest, summary = sha256(data).hexdigest(), summarise(data, report.subject)
    return Item(
        format=FORMAT,
        id=digest,
        content=digest,
        suffix="zip" if is_pack(data) else "json",
        name=name[-_MAX_NAME:],
        origin="" if report.opened is None else report.opened.body.origin,
        kind=report.kind,
        subject=report.subject,
        title=summary.title,
        holders=summary.holders,
        status=report.status or summary.status,
        marks=tuple(report.marks),
        as_of=report.as_of,
        valid_until=report.valid_until,
        subjects=summary.subjects,
        added=now,
    )


def _read_item(path: Path) -> Item:
    """An item from its file.

    Raises:
        DamagedError: The file is not what was written.
    """
    try:
        raw = read_file(path, max_bytes=_MAX_ITEM_BYTES)
        item = parse_record(Item, decode_canonical(raw, max_bytes=_MAX_ITEM_BYTES))
    except InputError as exc:
        raise DamagedError(f"{path} is damaged: remove it and add the proof again ({exc})") from exc
    if f"{item.id}{_ITEM_SUFFIX}" != path.name:
        raise DamagedError(f"{path} is of another item: remove it and add the proof again")
    return item


def _export_path(item: Item) -> str:
    """Where an item lies in an export: by subject and kind, told apart by its id."""
    about = _NOT_IN_PATHS.sub("-", item.subject.partition("/")[2].lower()) or "proof"
    return f"{about[:60]}.{item.id[:12]}.{item.kind}.{item.suffix}"
