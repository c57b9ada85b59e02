"""What every command does that writes one event: build, sign, submit, print."""

from collections.abc import Mapping, Sequence

from cli.lang import say
from cli.session import Session
from cli.subjects import find_keys
from cli.words import show_fact, show_word
from contracts.engine import Body
from ledger.core.event import SignedEvent
from ledger.core.types import Json, SubjectKey
from ledger.keys import SigningKey
from node.drafts import main_subject
from node.registryapi import RegistryApi, Written


def write_alone(
    session: Session,
    registry: RegistryApi,
    actor: SubjectKey,
    body: Body,
    subject: SubjectKey | None = None,
    extra: Mapping[str, Json] | None = None,
) -> None:
    """Write one event that its actor signs alone, and print where it went.

    Args:
        session: Prints.
        registry: Opened for writing; one key of the actor is in its home.
        actor: The party that speaks.
        body: What it says.
        subject: What the event is mainly about; None: what it opens.
        extra: Further members of the result.

    Raises:
        UsageError: The actor's key is not here.
        RejectedError: A rule refuses; nothing was written.
    """
    keys = find_keys(registry, actor, 1)
    signed = registry.sign_event(registry.build_event(actor, body), keys)
    submit_signed(session, registry, signed, subject or main_subject(signed.event), extra)


def write_event(  # noqa: PLR0913, PLR0917  # one event has so many parts
    session: Session,
    registry: RegistryApi,
    actor: SubjectKey,
    body: Body,
    keys: Sequence[SigningKey],
    subject: SubjectKey,
    extra: Mapping[str, Json] | None = None,
) -> None:
    """Write one event and print where it went.

    Args:
        session: Prints.
        registry: Opened for writing.
        actor: The party that speaks.
        body: What it says.
        keys: That sign.
        subject: What the event is mainly about.
        extra: Further members of the result.

    Raises:
        RejectedError: A rule refuses; nothing was written.
    """
    signed = registry.sign_event(registry.build_event(actor, body), keys)
    submit_signed(session, registry, signed, subject, extra)


def submit_signed(
    session: Session,
    registry: RegistryApi,
    signed: SignedEvent,
    subject: SubjectKey,
    extra: Mapping[str, Json] | None = None,
    documents: Mapping[str, bytes] | None = None,
) -> None:
    """Write one event that is signed already, and print where it went.

    Args:
        session: Prints.
        registry: Opened for writing.
        signed: With every signature it needs.
        subject: What the event is mainly about.
        extra: Further members of the result.
        documents: Those that it names, by digest; they are stored with it, or neither is.

    Raises:
        RejectedError: A rule refuses; nothing was written.
    """
    (written,) = registry.submit([signed], documents or {})
    show_written(session, written, signed.event.kind, subject, extra)


def show_written(
    session: Session,
    written: Written,
    kind: str,
    subject: SubjectKey,
    extra: Mapping[str, Json] | None = None,
) -> None:
    """Print where an event went.

    Args:
        session: Prints.
        written: The event.
        kind: Of the event.
        subject: What it is mainly about.
        extra: Further members of the result.
    """
    members = dict(extra or {})
    document: dict[str, Json] = {
        "event": written.event,
        "index": written.index,
        "subject": subject,
        **members,
    }

    def human() -> None:
        rows: list[tuple[str, str]] = [
            (say("written", "已写入"), kind),
            (say("about", "主题"), subject),
            (say("log index", "日志位置"), str(written.index)),
        ]
        rows += [(show_word(name), show_fact(name, str(value))) for name, value in members.items()]
        session.out.table("", rows)

    session.out.result(document, human)
