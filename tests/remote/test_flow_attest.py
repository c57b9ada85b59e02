"""Muniment attest: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_attest import (  # noqa: F401
    assessed,
    test_what_was_attested_is_listed_and_withdrawn,
    test_who_is_not_admitted_attests_nothing,
)

pytestmark = pytest.mark.slow
