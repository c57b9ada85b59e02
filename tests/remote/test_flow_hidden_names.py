"""Persons by their hidden names: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_hidden_names import (  # noqa: F401
    person,
    test_a_person_is_found_by_the_name_in_the_vault,
)

pytestmark = pytest.mark.slow
