"""Whether the vault opens what the ledger commits to: nothing missing, nothing wrong.

Fingerprints are held against the openings that name them by digest, and those against them: an
opening that lies here without the record that it names is of a file that is no longer found again.

Spec: our formats, section 5 ("Commitment"); domain, section 3.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from contracts.procedure import Registration
from ledger.core.draft import DraftOpening, find_commitments
from ledger.core.entry import Entry, decode_leaf
from ledger.core.types import Json, SubjectKey
from ledger.errors import CorruptionError, InputError
from ledger.vault import Vault
from node.drafts import main_subject
from node.erasure import ERASED
from node.fingerprinting import FINGERPRINT, name_record
from node.issuing import FORM, OPENING
from node.registryapi import RegistryApi
from node.sketchindex import SKETCH, parse_kept
from tracing.record import FingerprintRecord

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
        unprinted: Files of assets that were registered from here, and whose fingerprint, or what
            searches need of it, is not in the vault.
    """

    commitments: int
    opened: int
    missing: tuple[Place, ...]
    wrong: tuple[Place, ...]
    erased: tuple[Place, ...]
    extra: tuple[Extra, ...]
    unnamed: tuple[Place, ...]
    unprinted: tuple[Place, ...]

    @property
    def is_whole(self) -> bool:
        """Whether everything that is owed is there and right."""
        return not (self.missing or self.wrong or self.unnamed or self.unprinted)


_Named: TypeAlias = tuple[str, str]
"""A member of an application, and the digest of the fingerprint that its opening names."""


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
        kept, prints = _read_openings(vault)
        named: dict[SubjectKey, list[_Named]] = {}
        seen: set[str] = set()
        lacks: dict[Lack, list[Place]] = {"missing": [], "wrong": [], "erased": []}
        commitments = opened = 0
        for place, digest in _walk(registry, progress):
            if digest in kept:
                seen.add(digest)
            if not place.subject.startswith(_OWED):
                continue
            if digest in prints:
                named.setdefault(place.subject, []).append(prints[digest])
            commitments += 1
            if digest in kept:
                opened += 1
            else:
                lacks[_find_lack(vault, place)].append(place)
        records = [parse_kept(record) for record in vault.scan(FINGERPRINT)]
        unnamed = tuple(_find_unnamed(records, prints.values()))
        unprinted = tuple(_find_unprinted(registry, vault, records, named))
    extra = [each for digest, each in kept.items() if digest not in seen]
    missing, wrong, erased = (tuple(lacks[lack]) for lack in ("missing", "wrong", "erased"))
    return VaultReport(
        commitments, opened, missing, wrong, erased, tuple(extra), unnamed, unprinted
    )


def _read_openings(vault: Vault) -> tuple[Mapping[str, Extra], Mapping[str, _Named]]:
    """By commitment that the vault opens: what may be said of it, and what it names."""
    kept: dict[str, Extra] = {}
    prints: dict[str, _Named] = {}
    for record in vault.scan(OPENING):
        extra, named = read_extra(record), _read_named(record)
        kept[extra.commitment] = extra
        if named is not None:
            prints[extra.commitment] = named
    return kept, prints


def _find_unnamed(
    records: Iterable[FingerprintRecord], named: Collection[_Named]
) -> Iterator[Place]:
    """Files whose fingerprint in the vault is none that an opening names."""
    known = frozenset(named)
    for record in records:
        if (record.field, record.digest) not in known:
            yield Place(SubjectKey(record.asset), record.field)


def _find_unprinted(
    registry: RegistryApi,
    vault: Vault,
    records: Iterable[FingerprintRecord],
    named: Mapping[SubjectKey, Sequence[_Named]],
) -> Iterator[Place]:
    """Files whose opening names a fingerprint that the vault does not have.

    Who is only shown an opening, as a registrar is, never had the fingerprint: it was made under
    the master secret of the home that filed, and that home has the form too.
    """
    known = {(record.asset, record.field, record.digest) for record in records}
    for registration, members in named.items():
        if not vault.find(FORM, registration):
            continue
        asset = registry.need_state(Registration, registration).asset
        for field, digest in members:
            is_searched = vault.find(SKETCH, name_record(asset, field))
            if (asset, field, digest) not in known or not is_searched:
                yield Place(asset, field)


def _read_named(record: Json) -> _Named | None:
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
