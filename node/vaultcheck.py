"""Whether the vault opens what the ledger commits to: nothing missing, nothing wrong.

Fingerprints are held against the openings that name them by digest.

Spec: our formats, section 5 ("Commitment"); domain, section 3.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Literal

from ledger.core.draft import DraftOpening, find_commitments
from ledger.core.entry import Entry, decode_leaf
from ledger.core.types import Json, SubjectKey
from ledger.errors import CorruptionError, InputError
from ledger.vault import Vault
from node.drafts import main_subject
from node.erasure import ERASED
from node.fingerprinting import FINGERPRINT
from node.issuing import OPENING
from node.registryapi import RegistryApi
from node.sketchindex import parse_kept

_LEAVES_AT_ONCE: Final = 1000
_NOT_OURS: Final = "a vault record is no opening: restore the vault from a backup"
_OWED: Final = ("registration/", "party/")
"""Whose openings a registrar's vault has to have; others' prices and terms stay with them."""

Lack = Literal["missing", "wrong", "erased"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the ledger commits to something: the subject, and the member."""

    subject: SubjectKey
    field: str


@dataclass(frozen=True, slots=True)
class Extra:
    """An opening in the vault of which the ledger knows nothing: never submitted, or refused.

    Args:
        by: Who made the commitment.
        field: The member.
        commitment: 43 characters.
    """

    by: str
    field: str
    commitment: str


@dataclass(frozen=True, slots=True)
class VaultReport:
    """The vault held against the ledger.

    Args:
        commitments: How many the ledger has of registrations and parties.
        opened: How many of them the vault opens.
        missing: The vault has no opening, and none was erased.
        wrong: It has one, which is not what was committed to.
        erased: It had one, which was destroyed.
        extra: Openings of nothing on the ledger.
        unnamed: Files of assets whose fingerprint no opening names: another was committed to.
    """

    commitments: int
    opened: int
    missing: tuple[Place, ...]
    wrong: tuple[Place, ...]
    erased: tuple[Place, ...]
    extra: tuple[Extra, ...]
    unnamed: tuple[Place, ...]

    @property
    def is_whole(self) -> bool:
        """Whether everything that is owed is there and right."""
        return not self.missing and not self.wrong and not self.unnamed


def check_vault(
    registry: RegistryApi, progress: Callable[[int], None] | None = None
) -> VaultReport:
    """Hold every opening in the vault against the commitments of the log, and those against it.

    Args:
        registry: Opened for reading.
        progress: Called with the number of leaves read since the last call.

    Raises:
        CorruptionError: A record of the vault was changed, or sealed with another secret.
        StoreFailedError: Ledger or vault cannot be read.
    """
    with closing(registry.open_vault()) as vault:
        kept = _read_openings(vault)
        seen: set[str] = set()
        lacks: dict[Lack, list[Place]] = {"missing": [], "wrong": [], "erased": []}
        commitments = opened = 0
        for place, digest in _walk(registry, progress):
            if digest in kept:
                seen.add(digest)
            if not place.subject.startswith(_OWED):
                continue
            commitments += 1
            if digest in kept:
                opened += 1
            else:
                lacks[_find_lack(vault, place)].append(place)
        unnamed = tuple(_find_unnamed(vault))
    extra = [each for digest, each in kept.items() if digest not in seen]
    missing, wrong, erased = (tuple(lacks[lack]) for lack in ("missing", "wrong", "erased"))
    return VaultReport(commitments, opened, missing, wrong, erased, tuple(extra), unnamed)


def _read_openings(vault: Vault) -> Mapping[str, Extra]:
    """Commitments that the vault opens, each with what may be said of it."""
    return {each.commitment: each for each in map(read_extra, vault.scan(OPENING))}


def _find_unnamed(vault: Vault) -> Iterator[Place]:
    """Files whose fingerprint in the vault is none that an opening names."""
    named = {_read_named(record) for record in vault.scan(OPENING)}
    for kept in vault.scan(FINGERPRINT):
        record = parse_kept(kept)
        if (record.field, record.digest) not in named:
            yield Place(SubjectKey(record.asset), record.field)


def _read_named(record: Json) -> tuple[str, str] | None:
    """The member, and the digest of the fingerprint that its opening names, if it does."""
    value = record.get("value") if isinstance(record, dict) else None
    made = value.get("fingerprint") if isinstance(value, dict) else None
    if not isinstance(record, dict) or not isinstance(made, dict):
        return None
    return str(record["field"]), str(made.get("record"))


def read_extra(record: Json) -> Extra:
    """What may be said of a record of an opening.

    Raises:
        CorruptionError: It is none.
    """
    if not isinstance(record, dict):
        raise CorruptionError(_NOT_OURS)
    try:
        by, field, log, salt = (str(record[name]) for name in ("by", "field", "log", "salt"))
        opening = DraftOpening(SubjectKey(by), field, log, salt, record["value"])
        return Extra(by, field, opening.commitment())
    except (KeyError, InputError):
        raise CorruptionError(_NOT_OURS) from None


def _walk(
    registry: RegistryApi, progress: Callable[[int], None] | None
) -> Iterator[tuple[Place, str]]:
    """Every commitment in the log, in its order: where it stands, and its digest."""
    size, start = registry.read_end().size, 0
    while start < size:
        leaves = registry.read_leaves(start, min(start + _LEAVES_AT_ONCE, size))
        yield from _find_in(leaves)
        start += len(leaves)
        if progress is not None:
            progress(len(leaves))


def _find_in(leaves: Iterable[bytes]) -> Iterator[tuple[Place, str]]:
    for leaf in leaves:
        entry = decode_leaf(leaf) if b'"$commit"' in leaf else None
        if isinstance(entry, Entry):
            event = entry.signed.event
            owner = main_subject(event)
            for each in find_commitments(event.body):
                yield Place(owner, each.field), each.digest


def _find_lack(vault: Vault, place: Place) -> Lack:
    name = f"{place.subject} {place.field}"
    if vault.find(OPENING, name):
        return "wrong"
    return "erased" if vault.find(ERASED, name) else "missing"
