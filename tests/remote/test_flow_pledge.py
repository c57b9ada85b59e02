"""Muniment pledge: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_pledge import (  # noqa: F401
    bank,
    other,
    test_a_pledged_voucher_is_marked_and_in_force_until_it_is_released,
    test_a_second_pledge_needs_the_first_pledgee,
)

pytestmark = pytest.mark.slow
