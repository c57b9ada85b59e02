"""Names of natural persons, which the ledger only commits to, as this home's vault opens them."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from contracts.identity import Party
from ledger.core.types import SubjectKey
from ledger.vault import Vault
from node.erasure import NAME
from node.formsheet import find_opened
from node.registryapi import RegistryApi

_LABEL = "(natural person)"


def list_hidden(registry: RegistryApi) -> list[SubjectKey]:
    """Every party whose name the ledger does not show."""
    return [each.key for each in registry.iterate_listed({"party"}) if each.label == _LABEL]


def find_by_hidden_name(registry: RegistryApi, text: str) -> list[SubjectKey]:
    """The parties of this very name, of those whose names only the vault has.

    Args:
        registry: Of this home.
        text: The whole name.

    Raises:
        PassphraseRequiredError: There are such parties, the vault's key is sealed, and no
            passphrase was given.

    Cost: one look into the vault for each natural person on the ledger.
    """
    return [key for key, name in read_hidden_names(registry, list_hidden(registry)) if name == text]


def read_hidden_names(
    registry: RegistryApi, keys: Sequence[SubjectKey]
) -> Iterator[tuple[SubjectKey, str]]:
    """Those of these parties whose names this vault has, with their names.

    Raises:
        PassphraseRequiredError: As find_by_hidden_name.
    """
    if not keys:
        return
    with closing(registry.open_vault()) as vault:
        for key in keys:
            name = _read_name(registry, vault, key)
            if name is not None:
                yield key, name


def _read_name(registry: RegistryApi, vault: Vault, key: SubjectKey) -> str | None:
    party = registry.find_state(Party, key)
    committed = party.name if party is not None else None
    if not isinstance(committed, dict):
        return None
    opening = find_opened(vault, key, NAME, str(committed.get("$commit")))
    return opening.value if opening is not None and isinstance(opening.value, str) else None
