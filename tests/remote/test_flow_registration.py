"""Muniment registration: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_registration import (  # noqa: F401
    filed,
    recorded,
    test_a_calendar_is_published_in_versions,
    test_a_step_out_of_order_says_how_far_it_is,
    test_a_supplement_asks_or_answers,
    test_nothing_is_recorded_while_the_notice_runs,
    test_outside_solo_a_filing_is_an_application_and_no_voucher,
    test_the_applicant_may_withdraw,
    test_the_procedure_leads_to_a_voucher_that_verifies_and_can_be_revoked,
    test_the_registrar_may_refuse_on_a_ground_of_the_law,
    withheld,
)

pytestmark = pytest.mark.slow
