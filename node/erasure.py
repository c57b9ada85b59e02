"""Erasure: destroying salt and value of what the ledger only committed to.

Nothing on the ledger changes, so every proof stays valid; what a commitment hid can never be shown
again, nor tested by guessing, since the salt is gone too. The form behind a registration goes with
the first of its members, and with it what makes a row of a batch itself: the same row is filed anew
if it comes again. Entries of the index of duplicates go with the content, and so do fingerprints.

Spec: domain, section 3; our formats, section 5 ("Commitment").
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final, NoReturn

from contracts.edges import OPEN_STATUSES
from contracts.forms import CONTENT_FIELD
from contracts.identity import Party
from contracts.procedure import Registration, status_at
from ledger.core.subjects import is_commitment
from ledger.core.types import Json, SubjectKey
from ledger.errors import NotFoundError, RejectedError
from ledger.vault import Doomed, Vault
from node.duplicates import doom_content, read_digests
from node.forgetting import doom_form, doom_row, doom_traces
from node.issuing import OPENING, read_openings
from node.registryapi import RegistryApi
from node.sketchindex import forget_sketches

ERASED: Final = "erased"
"""Kind of the vault's records that say what was erased, by opening: `{"at","reason"}`."""
NAME: Final = "name"


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure destroyed.

    Args:
        subject: Registration or party.
        fields: Members whose openings were in the vault, sorted.
        records: How many of the vault's records went, the form and the index included.
        published: Those of the fields that the ledger shows in the clear for good.
        is_repeated: All of it was gone already; the vault's file was cleaned once more.
    """

    subject: SubjectKey
    fields: tuple[str, ...]
    records: int
    published: tuple[str, ...]
    is_repeated: bool


def erase_openings(
    registry: RegistryApi, subject: SubjectKey, fields: Sequence[str], reason: str
) -> Erased:
    """Destroy what this home's vault has of a registration's members, or of a party's name.

    Args:
        registry: Opened for writing, so that nobody reads the openings meanwhile.
        subject: `registration/...` or `party/...`.
        fields: Members; none: all there are.
        reason: Kept in the vault, sealed.

    Raises:
        NotFoundError: There is no such subject or member, or this vault has nothing of it.
        RejectedError: The registration is not decided yet, or the party's name is public.
        UnavailableError: Another process keeps a copy in use: erase again.
        StoreFailedError: The vault could not be written.
    """
    committed, published = _find_commitments(registry, subject)
    unknown = sorted(set(fields) - set(committed))
    if unknown:
        raise NotFoundError(f"{subject} commits to no {', '.join(unknown)}")
    wanted = sorted(set(fields)) or sorted(committed)
    with closing(registry.open_vault()) as vault:
        held = [name for name in wanted if vault.find(OPENING, f"{subject} {name}")]
        if not held and not any(vault.find(ERASED, f"{subject} {name}") for name in wanted):
            raise NotFoundError(f"the openings of {subject} are not in this vault")
        mark: Json = {"at": registry.clock.now(), "reason": reason}
        marks = {ERASED: {f"{subject} {name}": mark for name in held}}
        doomed = list(_doom(registry, vault, subject, held))
        records = vault.erase_all(doomed, marks)
        forget_sketches(vault, registry.home)
    shown = tuple(sorted(set(wanted) & set(published)))
    return Erased(subject, tuple(held), records, shown, is_repeated=not held)


def _doom(
    registry: RegistryApi, vault: Vault, subject: SubjectKey, fields: Sequence[str]
) -> Iterable[Doomed]:
    contents = [name for name in fields if CONTENT_FIELD.fullmatch(name)]
    for digest in read_digests(read_openings(vault, subject, contents)):
        yield doom_content(subject, digest)
    if contents:
        yield from doom_traces(registry.need_state(Registration, subject).asset, contents)
    for name in fields:
        yield Doomed(OPENING, f"{subject} {name}")
    yield from doom_form(subject)
    yield doom_row(subject)


def _find_commitments(
    registry: RegistryApi, subject: SubjectKey
) -> tuple[Iterable[str], Iterable[str]]:
    """Members that a subject commits to, and those of them that the ledger shows."""
    if subject.startswith("party/"):
        party = registry.need_state(Party, subject)
        name = party.name
        if not isinstance(name, dict) or not is_commitment(name):
            _refuse_public(subject)
        return [NAME], []
    state = registry.need_state(Registration, subject)
    status = status_at(state, registry.clock.now())
    if status in OPEN_STATUSES:
        _refuse_open(subject, status)
    return state.application, state.fields


def _refuse_open(subject: SubjectKey, status: str) -> NoReturn:
    """Refuse to erase what is still needed.

    Raises:
        RejectedError: Always.
    """
    raise RejectedError(
        "still_open",
        f"{subject} is {status}, and its form is needed until it is decided: have it withdrawn, "
        "refused or recorded first",
        f"{subject} 尚在办理中，办结前仍需申请内容：请先撤回、不予登记或办结",
        rule="domain 3",
    )


def _refuse_public(subject: SubjectKey) -> NoReturn:
    """Refuse to erase a name that was never hidden.

    Raises:
        RejectedError: Always.
    """
    raise RejectedError(
        "public_name",
        f"the name of {subject} stands on the ledger in the clear, as that of an organisation: "
        "there is nothing to erase; name a registration to erase what its form says",
        f"{subject} 为组织，其名称已在账本公开，无可销毁：如需销毁申请内容，请指明登记",
        rule="domain 3",
    )
