"""Voucher present: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_present import (  # noqa: F401
    number,
    test_a_stranger_verifies_it_with_nothing_but_his_policy,
)

pytestmark = pytest.mark.slow
