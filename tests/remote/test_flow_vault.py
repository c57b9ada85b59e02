"""Muniment vault: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_vault import (  # noqa: F401
    test_a_whole_vault,
    test_what_a_refused_filing_hid_is_kept_by_nobody,
)

pytestmark = pytest.mark.slow
