"""Cosign and submit: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_drafts import (  # noqa: F401
    drafted,
    far,
    test_a_draft_that_was_changed_after_it_was_signed_is_refused,
    test_cosigned_and_submitted_it_goes_through_to_the_voucher,
    test_what_the_rules_refuse_becomes_no_draft,
)

pytestmark = pytest.mark.slow
