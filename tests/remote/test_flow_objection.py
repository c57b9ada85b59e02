"""Muniment objection: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_objection import (  # noqa: F401
    served,
    test_before_the_record_one_objects_to_the_registration,
    test_it_is_seen_on_the_voucher_from_the_filing_to_the_conclusion,
    test_the_list_names_them_and_how_far_they_are,
    test_who_objected_withdraws,
)

pytestmark = pytest.mark.slow
