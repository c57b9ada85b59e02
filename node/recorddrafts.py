"""Records that wait for another officer: their credentials, until the ledger names them.

The first officer signs credential and event in the home of the ledger. The event travels as a
draft; the credential stays in this home's vault, sealed, and goes into the store together with the
event that names its digest.

Spec: our formats, sections 2 and 8.
"""

from hashlib import sha256
from typing import Final

from ledger.core.event import Event, SignedEvent
from ledger.errors import CorruptionError
from node.drafts import Prepared, find_missing, rehearse
from node.maintenance import name_documents
from node.registryapi import RegistryApi

CREDENTIAL: Final = "credential"
"""Kind of record in the vault: canonical bytes as text, named by their digest, 64 hex digits."""


def prepare_record(
    registry: RegistryApi, signed: SignedEvent, credential: bytes | None
) -> Prepared:
    """A record that the rules would take, and what it still needs; its credential is in the vault.

    Args:
        registry: The ledger it is meant for.
        signed: With the signatures of the officers whose keys are here.
        credential: Canonical bytes; None: a cancellation, which issues none.

    Raises:
        RejectedError: A rule refuses it, whoever signs; nothing was kept.
        StoreFailedError: The vault could not be written.
        UnavailableError: Another process is writing to it.
    """
    rehearse(registry, signed.event, signed.signatures)
    if credential is not None:
        vault = registry.open_vault()
        try:
            vault.add(CREDENTIAL, {sha256(credential).hexdigest(): credential.decode()})
        finally:
            vault.close()
    return Prepared(signed, find_missing(registry, signed))


def find_documents(registry: RegistryApi, event: Event) -> dict[str, bytes] | None:
    """The documents that an event obliges the store to keep, by digest; None: they are not here.

    Args:
        registry: Of the home whose store and vault are asked.
        event: Of any kind; most name none.

    Raises:
        CorruptionError: What the vault has under a digest is another document.
    """
    found: dict[str, bytes] = {}
    vault = registry.open_vault()
    try:
        for digest in name_documents(event):
            kept = vault.find(CREDENTIAL, digest)
            if not kept:
                return None
            found[digest] = str(kept[-1]).encode()
    finally:
        vault.close()
    if any(sha256(document).hexdigest() != digest for digest, document in found.items()):
        raise CorruptionError("a credential in the vault is not the one that it is filed under")
    return found
