"""Objections to an application: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_inquiry import (  # noqa: F401
    accepted,
    filed,
    noticed,
    other,
    test_an_objection_is_made_and_dismissed,
)

pytestmark = pytest.mark.slow
