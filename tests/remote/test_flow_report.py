"""Muniment report: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_report import (  # noqa: F401
    test_a_report_is_checked_against_the_log,
    test_a_report_names_checkpoint_origin_size_and_root,
)

pytestmark = pytest.mark.slow
