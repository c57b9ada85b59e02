"""Muniment export: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_export import (  # noqa: F401
    test_a_chain_of_title_is_exported_as_prov,
    test_the_bare_credential_is_signed_by_its_issuer,
    test_the_catalogue_is_written_and_verifies,
)

pytestmark = pytest.mark.slow
