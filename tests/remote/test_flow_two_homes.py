"""Records of two officers: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_two_homes import (  # noqa: F401
    filed,
    office,
    test_two_officers_record_from_two_homes,
    withheld,
)

pytestmark = pytest.mark.slow
