"""Registration todo: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_todo import (  # noqa: F401
    filed,
    test_a_date_ahead_finds_silence_and_what_follows,
    test_a_filed_application_waits_for_the_registrar,
    test_it_is_asked_for_by_role_and_by_party,
)

pytestmark = pytest.mark.slow
