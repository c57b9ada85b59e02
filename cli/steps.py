"""How one step of a registration is written: by the registrar, an applicant or another party."""

from collections.abc import Callable
from typing import TypeAlias

from cli.session import Session
from contracts.engine import Body
from ledger.core.types import SubjectKey
from node.registry import Registry

MakeBody: TypeAlias = Callable[[Registry, SubjectKey], Body]
"""The body of the step, for the registration's full key."""


def write_as_registrar(session: Session, registration: str, body: MakeBody) -> None:
    """Write a step by the registrar.

    Args:
        session: Opens the registry and prints.
        registration: Key or its beginning.
        body: Makes what is said.

    Raises:
        NotFoundError: There is no such registration.
        UsageError: It is not clear which is meant, or the registrar's key is not here.
        RejectedError: A rule refuses; nothing was written.
    """
    from cli.subjects import find_subject

    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "registration", registration)
        _write(session, registry, registry.ledger.registrar, body, key)


def write_as_applicant(
    session: Session, registration: str, as_party: str | None, body: MakeBody
) -> None:
    """Write a step by an applicant.

    Args:
        session: Opens the registry and prints.
        registration: Key or its beginning.
        as_party: Who acts; None: who filed it.
        body: Makes what is said.

    Raises:
        NotFoundError: There is no such registration or party.
        UsageError: It is not clear which is meant, or the party's key is not here.
        RejectedError: A rule refuses; nothing was written.
    """
    from cli.subjects import find_party, find_subject
    from contracts.procedure import Registration

    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "registration", registration)
        filer = registry.need_state(Registration, key).filer
        actor = filer if as_party is None else find_party(registry, as_party)
        _write(session, registry, actor, body, key)


def write_as_anybody(
    session: Session, registration: str, as_party: str | None, body: MakeBody
) -> None:
    """Write a step by whichever party acts.

    Args:
        session: Opens the registry and prints.
        registration: Key or its beginning.
        as_party: Who acts; None: the only one that it can be.
        body: Makes what is said.

    Raises:
        NotFoundError: There is no such registration or party.
        UsageError: It is not clear which is meant, or the party's key is not here.
        RejectedError: A rule refuses; nothing was written.
    """
    from cli.subjects import choose_party, find_subject

    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "registration", registration)
        _write(session, registry, choose_party(registry, as_party), body, key)


def _write(
    session: Session, registry: Registry, actor: SubjectKey, body: MakeBody, key: SubjectKey
) -> None:
    from cli.subjects import find_keys
    from cli.writing import write_event

    keys = find_keys(registry, actor, 1)
    write_event(session, registry, actor, body(registry, key), keys, key)
