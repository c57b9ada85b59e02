"""Registration change, renew and cancel: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_later import (  # noqa: F401
    test_a_cancellation_goes_through_and_issues_nothing,
    test_a_change_goes_through_to_the_new_voucher,
    test_it_is_too_early_to_renew_and_the_refusal_says_from_when,
)

pytestmark = pytest.mark.slow
