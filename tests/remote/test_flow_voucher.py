"""Muniment voucher: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_voucher import (  # noqa: F401
    number,
    test_a_voucher_that_is_not_there_is_not_found,
    test_an_exported_voucher_is_written_under_its_number,
    test_the_opening_is_written_beside_it_if_asked,
    test_the_shown_voucher_as_json_is_its_state,
)

pytestmark = pytest.mark.slow
