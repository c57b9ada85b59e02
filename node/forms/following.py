"""A checked form made into a change, a renewal or a cancellation.

Spec: annexes 1 to 5; Art. 35 to 37; contracts.forms.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import UNSET
from msgspec.structs import replace

from contracts.application import File
from contracts.forms import FORMS
from contracts.mandates import Agent
from contracts.profile import RegistrationType
from ledger.core.draft import DraftOpening
from ledger.core.types import Json, JsonObject, SubjectKey
from node.forms.filling import (
    find_applicants,
    find_filing_agent,
    read_agent,
    read_digests,
    read_years,
    tables,
)
from node.forms.moving import find_number, find_title
from node.forms.resolving import Resolver
from node.later import build_later
from node.registryapi import RegistryApi


@dataclass(frozen=True, slots=True)
class FilledLater:
    """A change, renewal or cancellation that can be filed.

    Args:
        number: Of the voucher that it is about.
        members: Of its form, as they were filled in.
        filer: Who speaks: as was said, else the first applicant.
        agent: Who files for the right-holders, if somebody does.
    """

    number: str
    members: Mapping[str, Json]
    filer: SubjectKey
    agent: Agent | None


def fill_later(
    of_type: RegistrationType, form: JsonObject, resolver: Resolver, filer: SubjectKey | None
) -> FilledLater | None:
    """What a checked form asks for; None if something could not be found.

    Args:
        of_type: `change`, `renewal` or `cancellation`.
        form: What `check_form` gave.
        resolver: Keeps what cannot be found.
        filer: Who files, where that was said beside the form.
    """
    number = find_number(form, resolver)
    named = read_agent(form, resolver)
    agent = find_filing_agent(named, filer, resolver)
    own = filer if agent is None else None
    applicants = find_applicants(form, resolver, resolver.registry.ledger, own)
    evidence = read_digests(form, resolver)
    title = find_title(form, resolver, number)
    read_years(tables(form, "term"), "term.years", resolver, resolver.registry.ledger)
    if resolver.findings or number is None or not applicants:
        return None
    said = {**form, "agent": named, "evidence": evidence or None, "title": title}
    members = {name: said[name] for name in FORMS[of_type].members if name in said}
    return FilledLater(number, members, filer or applicants[0], agent)


def build_filled_later(
    of_type: RegistrationType, filled: FilledLater, registry: RegistryApi
) -> tuple[File, list[DraftOpening]]:
    """The body of a filing, and the openings of its commitments.

    Raises:
        NotFoundError: There is no such voucher.
        RejectedError: What is to be changed can never be, or not be published.
    """
    body, openings = build_later(registry, filled.filer, of_type, filled.number, filled.members)
    return replace(body, agent=filled.agent or UNSET), openings
