"""Muniment party: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_party import (  # noqa: F401
    checked,
    registrar,
    test_a_code_is_claimed_once,
    test_a_natural_person_s_name_stays_off_the_ledger,
    test_a_party_is_admitted_to_a_role_and_loses_it,
    test_a_party_leaves_for_good,
    test_a_refused_party_leaves_no_key_behind,
    test_a_suspended_party_cannot_act_until_that_is_lifted,
    test_an_enrolled_party_has_a_new_key_its_name_and_its_code,
    test_an_existing_key_can_be_enrolled_and_only_once,
    test_keys_are_rotated_by_the_party_itself,
    test_lost_keys_are_recovered_after_a_wait_and_an_old_key_can_say_no,
    test_writers_give_event_index_and_subject,
)

pytestmark = pytest.mark.slow
