"""Grant check: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_check import (  # noqa: F401
    proved,
    resold,
    test_a_verdict_is_worked_out_again_from_its_proof,
    test_not_covered_says_what_would_be_needed,
    test_permitted_with_the_chain_up_to_the_right,
)

pytestmark = pytest.mark.slow
