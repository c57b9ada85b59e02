"""Grants as a registry finds them: whose they are, how they stand, and what hangs below.

Spec: surfaces, `grant`; domain, sections 4 and 5.
"""

from collections.abc import Sequence
from typing import Final

from contracts.chain import UNKNOWN, Clause, Grant, States, find_break, find_chain, find_grantor
from contracts.check import read_issues
from contracts.evidence import Facts
from contracts.force import is_known
from contracts.intervals import values_at
from contracts.queries import Query
from ledger.core.types import SubjectKey, UnixMillis
from ledger.errors import NotFoundError
from node.answers import StoredFacts, answer_only
from node.registryapi import RegistryApi

MAX_LISTED: Final = 10_000
"""Grants that one list looks through."""


def name_of(registry: RegistryApi, key: SubjectKey) -> str:
    """What people call a subject; its key where it has no public name."""
    listing = registry.read_listing(key)
    return listing.label if listing is not None and listing.label else str(key)


def tell_status(states: States, key: SubjectKey, time: UnixMillis) -> tuple[str, Clause | None]:
    """How it stands with a grant at an instant.

    Args:
        states: As of the newest block.
        key: The grant.
        time: The instant asked about.

    Returns:
        `not-yet` (issued later, or its term is still to come), `offered`, `live`, `expired`,
        `revoked`, `dead` (something above it ended) or `unknown`; then why it is not live.

    Raises:
        NotFoundError: There is no such grant.
    """
    chain = find_chain(states, key)
    if not chain:
        raise NotFoundError(f"there is no {key} on this ledger")
    grant = chain[0].grant
    broken = find_break(states, chain, time)
    own = values_at(grant.status, time)
    if is_known(grant, "status", time) and (not own or own[-1] == "revoked"):
        return ("revoked" if own else "not-yet"), broken
    if broken is None:
        return "live", None
    if broken.code in UNKNOWN:
        return "unknown", broken
    return _ENDS.get(broken.code, "dead") if broken.subject == key else "dead", broken


def find_grants(
    registry: RegistryApi, about: Sequence[SubjectKey]
) -> list[tuple[SubjectKey, Grant]]:
    """Grants that concern all of these assets and parties, the newest first.

    Args:
        registry: Read only.
        about: All grants if it is empty; at most MAX_LISTED are looked through.
    """
    if about:
        found = registry.search(" ".join(about), kind="grant", limit=MAX_LISTED)
        keys = [key for key, _ in found]
    else:
        keys = list(registry.find_subjects("grant/", MAX_LISTED))
    grants = [(key, registry.need_state(Grant, key)) for key in keys]
    return sorted(grants, key=lambda each: each[1].status[0].index, reverse=True)


def find_received(facts: Facts, party: SubjectKey, asset: SubjectKey) -> list[SubjectKey]:
    """Every grant of an asset that a party ever got, the oldest first."""
    issued = read_issues(facts.read_events(party))
    return [key for key, each in issued if (each.grantee, each.asset) == (party, asset)]


def grantor_now(registry: RegistryApi, grant: Grant) -> SubjectKey:
    """Who acts as a grant's grantor: he who gave it, or who took over the right behind it."""
    return find_grantor(StoredFacts(registry.prover()), grant)


def count_below(registry: RegistryApi, key: SubjectKey) -> int:
    """How many grants hang below one, alive by now.

    Raises:
        TypeError: Never; the answer lists grants.
    """
    query = Query(topic="below", subject=key, at=registry.clock.now())
    grants = answer_only(registry.prover(), query)["grants"]
    if not isinstance(grants, list):
        raise TypeError("the answer lists grants")
    return sum(isinstance(one, dict) and one["status"] == "alive" for one in grants[1:])


_ENDS: Final = {
    "grant_offered": "offered",
    "grant_expired": "expired",
    "grant_not_begun": "not-yet",
}
