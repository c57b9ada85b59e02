"""Muniment register: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_register import (  # noqa: F401
    test_a_refused_filing_is_no_duplicate_of_the_next_one,
    test_a_refused_record_leaves_no_half_registration,
    test_a_registration_under_solo_goes_through_to_the_voucher,
    test_another_party_s_file_needs_that_party_s_key,
    test_core_data_is_refused_by_the_rules,
    test_people_see_what_was_made_and_what_comes_next,
    test_several_files_are_one_asset_with_a_commitment_each,
    test_the_same_content_again_is_a_warning_and_no_refusal,
)

pytestmark = pytest.mark.slow
