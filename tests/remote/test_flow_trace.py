"""Muniment trace: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_trace import (  # noqa: F401
    resold,
    test_a_grant_is_traced_from_the_right_and_everything_below_it,
    test_a_holder_is_traced_with_rights_and_grants,
    test_an_asset_is_traced_down_to_its_deliveries,
)

pytestmark = pytest.mark.slow
