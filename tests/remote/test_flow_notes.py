"""Registration note and correct: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_notes import (  # noqa: F401
    asset,
    registration,
    test_a_note_is_seen_on_the_voucher_until_it_ends,
    test_a_slip_is_mended_and_the_rest_stays,
    test_where_nothing_is_noted_nothing_ends,
)

pytestmark = pytest.mark.slow
