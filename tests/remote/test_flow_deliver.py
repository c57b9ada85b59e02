"""Muniment deliver: tests of the command line, run by a client of a node."""

import pytest

from tests.cli.test_deliver import (  # noqa: F401
    test_a_copy_that_was_received_is_delivered_on,
    test_a_delivery_writes_the_copy_its_file_and_the_record,
    test_a_recipient_countersigns_the_copy_once,
    test_of_two_deliveries_at_once_each_is_whole_or_told_to_try_again,
    test_without_a_live_grant_nothing_is_delivered_and_what_there_is_is_named,
)

pytestmark = pytest.mark.slow
