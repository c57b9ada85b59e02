"""Muniment grant: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_grant import (  # noqa: F401
    test_a_grant_is_shown_with_its_terms_in_words,
    test_an_offer_says_where_it_went_and_is_in_force_once_accepted,
    test_nobody_licenses_what_he_has_no_right_to,
    test_onward_terms_only_shrink_and_the_refusal_says_what_is_too_wide,
    test_revoking_counts_what_ends_with_it,
    test_the_one_onward_copy_is_handed_on_once,
)

pytestmark = pytest.mark.slow
