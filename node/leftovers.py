"""What the vault keeps for events that never entered the log: of a run that died, or gave up.

Openings go into the vault before the ledger names them. Where the event then never came, they are
secrets of nothing: no registration is there to be erased, so they are erased as what they are.
"""

from contextlib import closing
from hashlib import sha256
from typing import Final

from ledger.core.types import Json
from ledger.errors import CorruptionError
from ledger.vault import Doomed
from node.duplicates import CONTENT
from node.erasure import ERASED
from node.fingerprinting import doom_unknown
from node.issuing import BATCH, FORM, OPENING, REF
from node.nearduplicates import doom_unknown_near
from node.registryapi import RegistryApi
from node.sketchindex import forget_sketches
from node.vaultcheck import check_vault, read_extra

EXTRA: Final = "extra"
"""Under this name the vault keeps when and why leftovers were erased."""
_ALL: Final = 10**9


def erase_leftovers(registry: RegistryApi, reason: str) -> int:
    """Destroy what the vault has of nothing on the ledger; how many records that were.

    Drafts that wait for signatures elsewhere are on no ledger yet: what they hide is lost here too,
    and is in the draft alone from then on.

    Args:
        registry: Opened for writing, so that no filing is under way.
        reason: Kept in the vault, sealed.

    Raises:
        CorruptionError: The vault has wrong openings of what is on the ledger.
        UnavailableError: Another process keeps a copy in use: erase again.
        StoreFailedError: Ledger or vault could not be read or written.
    """
    report = check_vault(registry)
    if report.wrong:
        raise CorruptionError("the vault has wrong openings: restore it from a backup first")
    extra = {each.commitment for each in report.extra}
    known = frozenset(registry.find_subjects("registration/", _ALL))
    assets = registry.find_subjects("asset/", _ALL)

    def is_unknown(place: Json) -> bool:
        return not isinstance(place, dict) or place.get("registration") not in known

    def is_unwritten(record: Json) -> bool:
        return registry.find_event(sha256(str(record).encode()).hexdigest()) is None

    doomed = [
        Doomed(OPENING, None, lambda record: read_extra(record).commitment in extra),
        Doomed(FORM, None, spared=known),
        Doomed(REF, None, spared=known),
        Doomed(CONTENT, None, is_unknown),
        Doomed(BATCH, None, is_unwritten),
        *doom_unknown(assets),
        *doom_unknown_near(assets),
    ]
    mark: Json = {"at": registry.clock.now(), "reason": reason}
    with closing(registry.open_vault()) as vault:
        count = vault.erase_all(doomed, {ERASED: {EXTRA: mark}})
        forget_sketches(vault, registry.home)
    return count
