"""The inverted index of a home's fingerprints, held to what the vault has of them.

Spec: tracing, section 2.
"""

from pathlib import Path
from typing import Final

from ledger.core.types import Json
from ledger.errors import CorruptionError, MalformedError
from ledger.vault import Vault
from node.home import Home
from tracing.index import SketchIndex, list_postings
from tracing.record import FingerprintRecord, parse_fingerprint

SKETCH: Final = "sketch"
"""Kind of the vault's records that the index is made of."""


def forget_sketches(vault: Vault, home: Home) -> None:
    """Let the index forget what was destroyed in the vault; without an index there is nothing to.

    Raises:
        StoreFailedError: The index could not be written.
        UnavailableError: Another process is writing to it.
    """
    if home.trace.exists():
        open_index(home.trace, vault).close()


def open_index(path: Path, vault: Vault) -> SketchIndex:
    """The index as the vault has it, made anew if it is damaged."""
    try:
        index = SketchIndex(path)
        follow_vault(index, vault)
    except CorruptionError:
        path.unlink(missing_ok=True)
        index = SketchIndex(path)
        follow_vault(index, vault)
    return index


def follow_vault(index: SketchIndex, vault: Vault) -> None:
    """Let an index have what the vault has: new records in, destroyed ones out."""
    kept, known = vault.read_marks(SKETCH), index.read_marks()
    index.remove([number for number in known if kept.get(number) != known[number]])
    fresh = [number for number in sorted(kept) if known.get(number) != kept[number]]
    read = ((number, vault.read(SKETCH, number)) for number in fresh)
    index.add_all(
        (number, kept[number], list_postings(parse_kept(record).content))
        for number, record in read
        if record is not None
    )


def parse_kept(record: Json) -> FingerprintRecord:
    """A record of the vault.

    Raises:
        CorruptionError: It is no fingerprint.
    """
    try:
        return parse_fingerprint(record)
    except MalformedError as exc:
        raise CorruptionError(f"a fingerprint in the vault is none ({exc})") from exc
