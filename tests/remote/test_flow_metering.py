"""Use record: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_metering import (  # noqa: F401
    limited,
    test_beyond_the_count_nothing_is_recorded,
    test_usage_is_recorded_and_counted_on,
)

pytestmark = pytest.mark.slow
