"""Muniment log: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_log import (  # noqa: F401
    test_a_leaf_beyond_the_log_is_not_found,
    test_a_leaf_is_shown_with_its_content,
    test_an_absence_goes_to_stdout_or_a_file,
    test_an_inclusion_proof_goes_to_stdout_or_a_file,
    test_consistency_of_two_sizes_verifies,
    test_sizes_that_the_log_never_had_are_not_found,
    test_the_newest_checkpoint_is_printed_as_it_was_signed,
    test_the_tail_is_the_newest_leaves,
    test_the_whole_log_is_exported_line_by_line,
)

pytestmark = pytest.mark.slow
