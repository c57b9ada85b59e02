"""Muniment order: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_order import (  # noqa: F401
    asset,
    test_a_frozen_voucher_is_authentic_and_not_in_force_until_the_last_is_lifted,
    test_what_is_lifted_is_not_lifted_again,
)

pytestmark = pytest.mark.slow
