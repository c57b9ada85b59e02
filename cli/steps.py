"""How one step of a registration is written: by the registrar, an applicant or another party."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from cli.session import Session
from contracts.engine import Body
from ledger.core.types import SubjectKey
from node.registryapi import RegistryApi

MakeBody: TypeAlias = Callable[[RegistryApi, SubjectKey], Body]
"""The body of the step, for the registration's full key."""
FindActor: TypeAlias = Callable[[RegistryApi, SubjectKey], SubjectKey]
"""Who takes it, for the same."""


def write_as_registrar(
    session: Session, registration: str, body: MakeBody, out: Path | None = None
) -> None:
    """Write a step by the registrar; arguments and errors as of write_step."""
    write_step(session, registration, body, lambda registry, _: registry.ledger.registrar, out)


def write_as_applicant(
    session: Session,
    registration: str,
    as_party: str | None,
    body: MakeBody,
    out: Path | None = None,
) -> None:
    """Write a step by an applicant, by default by who filed it; else as write_step."""
    from cli.subjects import find_party
    from contracts.procedure import Registration

    def find_actor(registry: RegistryApi, key: SubjectKey) -> SubjectKey:
        filer = registry.need_state(Registration, key).filer
        return filer if as_party is None else find_party(registry, as_party)

    write_step(session, registration, body, find_actor, out)


def write_as_anybody(
    session: Session,
    registration: str,
    as_party: str | None,
    body: MakeBody,
    out: Path | None = None,
) -> None:
    """Write a step by whichever party acts, by default the only one; else as write_step."""
    from cli.subjects import choose_party

    write_step(
        session, registration, body, lambda registry, _: choose_party(registry, as_party), out
    )


def write_step(
    session: Session,
    registration: str,
    body: MakeBody,
    find_actor: FindActor,
    out: Path | None = None,
) -> None:
    """Write a step, or its draft.

    Args:
        session: Opens the registry and prints.
        registration: Key or its beginning.
        body: Makes what is said.
        find_actor: Finds who says it.
        out: Where the draft goes, if the party's key is elsewhere.

    Raises:
        NotFoundError: There is no such registration or party.
        UsageError: It is not clear which is meant, or the party's key is not here.
        RejectedError: A rule refuses; nothing was written.
    """
    from cli.following import name_step, tell_next
    from cli.subjects import find_subject
    from cli.twosided import write_own

    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "registration", registration)
        said, before = body(registry, key), registry.read_end().size
        write_own(session, registry, find_actor(registry, key), said, out)
        if registry.read_end().size > before:
            tell_next(session, key, name_step(said))
