"""What a duty or a list is about, as people know it: the title of the data, and who applied."""

from collections.abc import Iterable, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import Final

from cli.words import show_label
from contracts.objection import Objection
from contracts.procedure import Registration
from contracts.title import Asset
from ledger.core.types import Json, SubjectKey
from ledger.vault import Vault
from node.formsheet import find_opened
from node.hiddennames import read_hidden_names
from node.registryapi import RegistryApi

NOT_PUBLISHED: Final = "(not published)"


@dataclass(frozen=True, slots=True)
class Matter:
    """What something is about.

    Args:
        title: Published, or from the vault; None: neither.
        applicants: Of a registration; else none.
        has_title: Whether it is about data at all.
    """

    title: str | None
    applicants: tuple[SubjectKey, ...] = ()
    has_title: bool = True


def read_matters(
    registry: RegistryApi, subjects: Iterable[SubjectKey], *, with_form: bool
) -> dict[SubjectKey, Matter]:
    """What each subject is about.

    Args:
        registry: Opened for reading.
        subjects: Registrations, assets, objections; others are about no data.
        with_form: Take titles that are not public from this home's vault.

    Raises:
        PassphraseRequiredError: The vault is asked, and there is no passphrase.
    """
    with closing(registry.open_vault()) if with_form else nullcontext() as vault:
        return {each: _read_matter(registry, each, vault) for each in subjects}


def describe_matter(matter: Matter) -> dict[str, Json]:
    """It as programs read it."""
    return {"title": matter.title, "applicants": list(matter.applicants)}


def row_matter(registry: RegistryApi, matter: Matter, *, with_form: bool) -> tuple[str, str]:
    """It as people read it."""
    title = show_label(matter.title or NOT_PUBLISHED) if matter.has_title else ""
    return title, show_applicants(registry, matter.applicants, with_form=with_form)


def show_applicants(
    registry: RegistryApi, parties: Sequence[SubjectKey], *, with_form: bool = False
) -> str:
    """The first of them by its name, and how many there are besides.

    Args:
        registry: Opened for reading.
        parties: All of them.
        with_form: Take the name of a natural person from this home's vault.

    Raises:
        PassphraseRequiredError: The vault is asked, and there is no passphrase.
    """
    if not parties:
        return ""
    listing = registry.read_listing(parties[0])
    label = str(parties[0]) if listing is None else listing.label
    is_hidden = with_form and label.startswith("(")
    hidden = dict(read_hidden_names(registry, parties[:1])) if is_hidden else {}
    first = hidden.get(parties[0]) or show_label(label)
    return first + (f" +{len(parties) - 1}" if len(parties) > 1 else "")


def read_title(state: Registration | Asset) -> str | None:
    """The title as it was published; None: it was not."""
    title = state.fields.get("title")
    return title if isinstance(title, str) else None


def read_hidden_title(vault: Vault, key: SubjectKey, registration: Registration) -> str | None:
    """The title that an application gives, as far as the vault opens it."""
    opening = find_opened(vault, key, "title", registration.application["title"])
    title = opening.value if opening is not None else None
    return title if isinstance(title, str) else None


def _read_matter(registry: RegistryApi, key: SubjectKey, vault: Vault | None) -> Matter:
    match key.partition("/")[0]:
        case "registration":
            return _read_application(registry, key, vault)
        case "asset":
            return Matter(read_title(registry.need_state(Asset, key)))
        case "objection":
            asset = registry.need_state(Objection, key).asset
            return Matter(read_title(registry.need_state(Asset, asset)))
        case _:
            return Matter(None, has_title=False)


def _read_application(registry: RegistryApi, key: SubjectKey, vault: Vault | None) -> Matter:
    registration = registry.need_state(Registration, key)
    title = read_title(registration) or read_title(registry.need_state(Asset, registration.asset))
    if title is None and vault is not None:
        title = read_hidden_title(vault, key, registration)
    return Matter(title, registration.parties)
