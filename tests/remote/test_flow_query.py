"""Muniment query: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_query import (  # noqa: F401
    asset,
    test_a_list_has_items_and_what_comes_next,
    test_a_name_of_two_assets_is_ambiguous_and_both_are_named,
    test_a_search_finds_by_title_holder_and_number,
    test_absence_is_proved,
    test_an_asset_may_be_called_by,
    test_no_search_text_is_an_error,
    test_proof_and_dossier_are_written_where_asked,
    test_what_is_not_there_is_not_found,
)

pytestmark = pytest.mark.slow
