"""What the vault keeps of a filing, named so that it can be destroyed.

Spec: domain, section 3.
"""

from collections.abc import Iterable, Mapping
from contextlib import closing, suppress

from contracts.forms import CONTENT_FIELD
from ledger.core.event import Event, SignedEvent
from ledger.core.types import Json, SubjectKey
from ledger.errors import UnavailableError
from ledger.vault import Doomed
from node.duplicates import doom_content
from node.fingerprinting import doom_fingerprints
from node.issuing import BATCH, FORM, OPENING, REF, new_ids, read_row_event
from node.nearduplicates import doom_near
from node.registryapi import RegistryApi
from tracing.fingerprint import Fingerprint


def doom_filing(event: Event, digests: Iterable[str], row: str | None = None) -> list[Doomed]:
    """What the vault has of a filing: all of it, for one that never enters the log.

    Args:
        event: What `Filing.build` gave.
        digests: Of its files.
        row: What makes the row of a batch itself; None: it came in none.
    """
    asset, registration = new_ids(event)
    application = event.body["application"]
    fields = application if isinstance(application, Mapping) else ()
    return [
        *doom_traces(asset, fields),
        *(Doomed(OPENING, f"{registration} {field}") for field in fields),
        *doom_form(registration),
        *([] if row is None else [Doomed(BATCH, row)]),
        *(doom_content(registration, digest) for digest in digests),
    ]


def doom_traces(asset: SubjectKey, fields: Iterable[str]) -> list[Doomed]:
    """What the vault keeps of the fingerprints of an asset's files.

    Args:
        asset: Its key.
        fields: Members of its application; those that commit to no file do not matter.
    """
    members = [field for field in fields if CONTENT_FIELD.fullmatch(field)]
    return [*doom_fingerprints(asset, members), *doom_near(asset)] if members else []


def doom_form(registration: SubjectKey) -> list[Doomed]:
    """What the vault has of a registration's form beside the openings."""
    return [Doomed(FORM, registration), Doomed(REF, registration)]


def doom_row(registration: SubjectKey) -> Doomed:
    """The row of a batch that a registration came in: it would confirm a guess at the form."""

    def is_its(record: Json) -> bool:
        return new_ids(read_row_event(record))[1] == registration

    return Doomed(BATCH, None, is_its)


def forget_refused(registry: RegistryApi, filed: SignedEvent, files: Iterable[Fingerprint]) -> None:
    """Destroy what the vault keeps of a filing that was refused; nothing if it is in the log.

    Raises:
        StoreFailedError: The vault could not be written: `muniment vault erase --extra` later.
    """
    if registry.find_event(filed.id) is not None:
        return
    with closing(registry.open_vault()) as vault, suppress(UnavailableError):
        vault.erase_all(doom_filing(filed.event, [each.digest for each in files]), {})
