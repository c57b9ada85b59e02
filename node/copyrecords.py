"""What a home keeps of copies sent and taken in: their salts, digests and marks, in the vault.

A record of the kind `delivered`, by asset:
`{"delivery","digest","root","salt","size"}`, and of a marked copy that was sent also `"sealed"`
(the document that keeps its marking key with another party, or null) and `"source"` (digest of the
file that it was made from). The opening of its marks lies beside it, as every opening does.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final

from msgspec import UNSET, UnsetType

from contracts.chain import Grant
from contracts.delivery import Delivery
from contracts.marking import Escrow, Marks
from contracts.odrl import Disclosure
from contracts.title import Asset
from ledger.core.draft import DraftOpening, opening_json
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import NotFoundError, RejectedError
from ledger.keys import SigningKey
from ledger.vault import Doomed
from node.escrow import name_marks
from node.issuing import OPENING, read_content
from node.registryapi import RegistryApi
from tracing.copies import MeasuredCopy

DELIVERED: Final = "delivered"
"""Kind of the vault's records about copies sent and taken in, by asset."""


@dataclass(frozen=True, slots=True)
class Marking:
    """How a copy is to be marked.

    Args:
        strength: Rows withheld, rows to one changed cell, and rows invented.
        maker: Who marks it for the sender, and signs too; None: the sender.
        keys: One current key of the maker, where it is another.
    """

    strength: Disclosure
    maker: SubjectKey | None = None
    keys: tuple[SigningKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Marked:
    """What marks add to a delivery.

    Args:
        body: What the record says of them.
        opening: Of the commitment in it.
        source: Digest of the file that the copy is made from, 64 hex digits.
        source_rows: Rows of that file.
        cells: How many cells of the copy differ from it.
        escrow: What the record says of where the marking key lies besides.
        sealed: The document that it speaks of.
    """

    body: Marks
    opening: DraftOpening
    source: str
    source_rows: int
    cells: int
    escrow: Escrow | UnsetType = UNSET
    sealed: JsonObject | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the vault has of a copy.

    Args:
        salt: 43 characters.
        size: Of the copy, in bytes.
        sealed: The sealed marking key that goes with it, if any.
    """

    salt: str = field(repr=False)
    size: int
    sealed: JsonObject | None = field(default=None, repr=False)


def keep_copy(
    registry: RegistryApi,
    key: SubjectKey,
    salt: str,
    measured: MeasuredCopy,
    about: tuple[SubjectKey, Marked | None],
) -> None:
    """Keep everything that makes a copy again; call this before the ledger names it.

    Args:
        registry: Of this home.
        key: Of the delivery.
        salt: Of the copy, 43 characters.
        measured: The copy.
        about: The asset, and the marks of a copy that is sent.

    Raises:
        StoreFailedError: It could not be kept.
    """
    asset, marked = about
    record: dict[str, Json] = {
        "delivery": key,
        "digest": measured.digest,
        "root": measured.root.hex(),
        "salt": salt,
        "size": measured.size,
    }
    with closing(registry.open_vault()) as vault:
        if marked is not None:
            record |= {"sealed": marked.sealed, "source": marked.source}
            vault.add(OPENING, {name_marks(key): opening_json(marked.opening)})
        vault.add(DELIVERED, {asset: record})


@contextmanager
def forgetting_refused(registry: RegistryApi, key: SubjectKey, asset: SubjectKey) -> Iterator[None]:
    """Keep nothing in the vault of a delivery that a rule refused.

    Raises:
        RejectedError: As it was raised.
    """
    try:
        yield
    except RejectedError:

        def is_its(record: Json) -> bool:
            return isinstance(record, dict) and record.get("delivery") == key

        doomed = [Doomed(OPENING, name_marks(key)), Doomed(DELIVERED, asset, is_its)]
        with closing(registry.open_vault()) as vault:
            vault.discard(doomed)
        raise


def find_kept(registry: RegistryApi, key: SubjectKey, asset: SubjectKey) -> Kept:
    """What this home's vault has of a copy that was delivered from here.

    Raises:
        NotFoundError: Nothing.
    """
    with closing(registry.open_vault()) as vault:
        for record in vault.find(DELIVERED, asset):
            if isinstance(record, dict) and record.get("delivery") == key:
                size, sealed = record["size"], record.get("sealed")
                return Kept(
                    str(record["salt"]),
                    size if isinstance(size, int) else 0,
                    sealed if isinstance(sealed, dict) else None,
                )
    raise NotFoundError(
        f"this home has no salt of {key}: finish it in the home that delivered it, or deliver anew"
    )


def known_digests(registry: RegistryApi, grant: Grant, sender: SubjectKey | None) -> set[str]:
    """Digests of the files that may be delivered under a grant, as far as this home knows them.

    The registered file, and copies that are on the ledger and in this vault.

    Args:
        registry: Of this home.
        grant: Under which.
        sender: Of a marked copy: what it is made from is the registered file in the hands of who
            has a right, and a copy that he got in anybody else's. None: of an exact one.
    """
    state = registry.need_state(Asset, grant.asset)
    records = [opening["value"] for opening in read_content(registry, grant.asset)]
    named = [record.get("digest") for record in records if isinstance(record, dict)]
    registered = {digest for digest in (*named, *state.digests) if isinstance(digest, str)}
    is_onward = sender is not None and grant.parent is not None
    with closing(registry.open_vault()) as vault:
        copies = {
            str(record.get("digest"))
            for record in vault.find(DELIVERED, grant.asset)
            if isinstance(record, dict) and _is_had(registry, record, sender)
        }
    return copies if is_onward else registered | copies


def _is_had(registry: RegistryApi, record: JsonObject, sender: SubjectKey | None) -> bool:
    """Whether the copy that the vault knows of is the one of a delivery, to whoever sends on."""
    delivery = registry.find_state(Delivery, SubjectKey(str(record.get("delivery"))))
    if delivery is None or delivery.copy.root != record.get("root"):
        return False
    return sender in {None, delivery.recipient}
