"""Mandates: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_mandates import (  # noqa: F401
    served,
    test_a_mandate_is_given_seen_and_taken_back,
)

pytestmark = pytest.mark.slow
