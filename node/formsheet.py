"""What an application says, member by member, as far as this home's vault opens it.

Only what opens a commitment on the ledger is shown: a record of the vault that does not fit counts
as missing.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from contracts.procedure import Registration
from ledger.core.draft import DraftOpening
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import InputError
from ledger.vault import Vault
from node.erasure import ERASED
from node.issuing import FORM, OPENING, Application, read_application
from node.registryapi import RegistryApi


@dataclass(frozen=True, slots=True, repr=False)
class FormSheet:
    """An application, opened; never to be logged.

    Args:
        members: What each member says, in the order of the names; None: it was left empty.
        missing: Members whose openings are not in this vault.
        erased: Members whose openings were destroyed here.
        form: What the applicant filled in besides, such as the years; None: it is not here.
    """

    members: Mapping[str, Json]
    missing: tuple[str, ...]
    erased: tuple[str, ...]
    form: Application | None


def read_sheet(registry: RegistryApi, key: SubjectKey) -> FormSheet:
    """An application as this home's vault opens it.

    Args:
        registry: Of this home.
        key: Of the registration.

    Raises:
        NotFoundError: There is no such registration.
        PassphraseRequiredError: The vault's key is sealed and no passphrase was given.
    """
    committed = registry.need_state(Registration, key).application
    members: dict[str, Json] = {}
    missing: list[str] = []
    erased: list[str] = []
    with closing(registry.open_vault()) as vault:
        for name in sorted(committed):
            opened = find_opened(vault, key, name, committed[name])
            if opened is not None:
                members[name] = opened.value
            else:
                gone = vault.find(ERASED, f"{key} {name}")
                (erased if gone else missing).append(name)
        form = read_application(vault, key) if vault.find(FORM, key) else None
    return FormSheet(members, tuple(missing), tuple(erased), form)


def find_opened(vault: Vault, subject: SubjectKey, field: str, digest: str) -> DraftOpening | None:
    """The opening of one commitment, if the vault has it and it fits.

    Args:
        vault: Of this home.
        subject: What commits to it.
        field: The member.
        digest: Of the commitment, 43 characters.
    """
    for record in reversed(vault.find(OPENING, f"{subject} {field}")):
        opening = _read_opening(record, digest) if isinstance(record, dict) else None
        if opening is not None:
            return opening
    return None


def _read_opening(record: JsonObject, digest: str) -> DraftOpening | None:
    try:
        by, field, log, salt = (str(record[name]) for name in ("by", "field", "log", "salt"))
        opening = DraftOpening(SubjectKey(by), field, log, salt, record["value"])
        return opening if opening.commitment() == digest else None
    except (KeyError, InputError):
        return None
