"""Register --batch: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_batch import (  # noqa: F401
    test_a_dry_run_names_every_fault_and_files_nothing,
    test_every_row_comes_to_its_voucher_under_solo,
    test_outside_solo_rows_are_filed_and_wait_for_the_registrar,
    test_running_again_files_nothing_and_tells_the_same,
    test_what_a_rule_refuses_is_said_of_its_row_and_the_others_are_filed,
)

pytestmark = pytest.mark.slow
