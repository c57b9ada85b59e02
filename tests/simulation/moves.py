"""All that is tried, with how often: honest moves, and hostile ones."""

from tests.simulation import hostile_grants, hostile_rights, spoiled

HONEST = spoiled.HONEST
HOSTILE = {**hostile_grants.MOVES, **hostile_rights.MOVES, **spoiled.MOVES}
