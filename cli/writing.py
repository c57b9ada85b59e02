"""What every command does that writes one event: build, sign, submit, print."""

from collections.abc import Mapping, Sequence

from cli.lang import say
from cli.session import Session
from contracts.engine import Body
from ledger.core.types import Json, SubjectKey
from ledger.keys import SigningKey
from node.registry import Registry


def write_event(  # noqa: PLR0913, PLR0917  # one event has so many parts
    session: Session,
    registry: Registry,
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
    event = registry.sign_event(registry.build_event(actor, body), keys)
    (written,) = registry.submit([event], {})
    document: dict[str, Json] = {
        "event": written.event,
        "index": written.index,
        "subject": subject,
        **(extra or {}),
    }

    def human() -> None:
        rows: list[tuple[str, str]] = [
            (say("written", "已写入"), body.kind),
            (say("about", "主题"), subject),
            (say("log index", "日志位置"), str(written.index)),
        ]
        rows += [(name, str(value)) for name, value in (extra or {}).items()]
        session.out.table("", rows)

    session.out.result(document, human)
