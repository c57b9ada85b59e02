"""What the tests of the rules share: a registry in memory, and who acts in it.

A module that plays under another profile, or with another asset, says so in a fixture of its own
of the same name; whoever acts is then enrolled there.
"""

import pytest

from tests.support.grants import registered
from tests.support.people import START
from tests.support.world import World


@pytest.fixture
def world():
    return World("national-2026")


@pytest.fixture
def solo():
    return World()


@pytest.fixture
def ann(world):
    return world.enroll("ann")


@pytest.fixture
def ben(world):
    return world.enroll("ben")


@pytest.fixture
def cy(world):
    return world.enroll("cy")


@pytest.fixture
def people(world):
    return [world.enroll(f"p{n}") for n in range(4)]


@pytest.fixture
def asset(world, people):
    """What the first of the people registered and holds."""
    return registered(world, people[0])


@pytest.fixture
def application(world):
    """Ann's, filed a minute ago."""
    application = world.file(world.enroll("ann"))
    world.time = START + 60_000
    return application
