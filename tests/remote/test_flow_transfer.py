"""Muniment transfer: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_transfer import (  # noqa: F401
    ben,
    test_in_solo_a_transfer_goes_through_to_the_new_voucher,
    test_what_was_taken_over_can_be_transferred_on,
)

pytestmark = pytest.mark.slow
