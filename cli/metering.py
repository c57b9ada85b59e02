"""Recording usage: counters go on from where the ledger has them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.session import Session
from ledger.core.types import Json, SubjectKey, UnixMillis

if TYPE_CHECKING:
    from contracts.chain import Grant
    from contracts.usage import Usage


@dataclass(frozen=True, slots=True)
class Metered:
    """What was done.

    Args:
        action: An ODRL action.
        count: Units since the record before.
        start: Of the period; None: where the one before ended, or when the grant began.
        end: Of the period; None: now.
        purpose, scene, region: What the grant's constraints ask for.
    """

    action: str
    count: int
    start: UnixMillis | None
    end: UnixMillis | None
    purpose: str | None
    scene: str | None
    region: str | None


def record_usage(session: Session, grant: str, metered: Metered, party: str | None) -> None:
    """Record usage under a grant, and print where that went.

    Args:
        session: Prints.
        grant: Key of the grant, or its beginning.
        metered: What was done.
        party: Who acts; None: the grantee.

    Raises:
        NotFoundError: There is no such grant or party.
        RejectedError: A rule refuses; nothing was written.
    """
    from cli.subjects import find_party, find_subject
    from cli.writing import write_alone
    from contracts.chain import Grant
    from contracts.odrl import check_action

    check_action(metered.action)
    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "grant", grant)
        state = registry.need_state(Grant, key)
        actor = state.grantee if party is None else find_party(registry, party)
        body = _make_usage(key, state, metered, registry.clock.now())
        extra: dict[str, Json] = {"action": body.action, "total": body.total}
        write_alone(session, registry, actor, body, key, extra)


def _make_usage(key: SubjectKey, grant: "Grant", metered: Metered, now: UnixMillis) -> "Usage":
    from msgspec import UNSET

    from contracts.usage import Usage

    since = max(grant.periods.get(metered.action, 0), grant.status[-1].start)
    return Usage(
        grant=key,
        action=metered.action,
        count=metered.count,
        total=grant.meters.get(metered.action, 0) + metered.count,
        start=since if metered.start is None else metered.start,
        end=now if metered.end is None else metered.end,
        purpose=UNSET if metered.purpose is None else metered.purpose,
        scene=UNSET if metered.scene is None else metered.scene,
        spatial=UNSET if metered.region is None else metered.region,
    )
