"""All that is tried, with how often: honest moves, and hostile ones."""

from tests.simulation import hostile_grants, hostile_public, hostile_rights, hostile_usage, spoiled

HONEST = spoiled.HONEST
HOSTILE = {
    **hostile_grants.MOVES,
    **hostile_public.MOVES,
    **hostile_usage.MOVES,
    **hostile_rights.MOVES,
    **spoiled.MOVES,
}
