"""Muniment wallet: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_wallet import (  # noqa: F401
    keeper,
    number,
    test_newer_proofs_take_the_place_of_old_ones_if_asked,
    test_what_still_holds_is_said_to_hold,
)

pytestmark = pytest.mark.slow
