"""The figures of a batch are taken from rows that were all filed, and completed."""

import pytest

from scripts.benchlib.batch import measure_batch
from scripts.benchlib.measure import Scale


@pytest.fixture
def scale(tmp_path):
    return Scale(large=0, middle=0, small=3, rounds=1, window_block=1, folder=tmp_path)


def test_a_batch_is_filed_and_completed_and_has_its_goal_in_proportion(tmp_path, scale):
    filed, completed = measure_batch(tmp_path, scale)
    assert filed.name == "applications in a batch, 3"
    assert str(filed.goal) == "<= 0.018"
    assert completed.name == "filings through to the voucher, 3"
    assert filed.value > 0
    assert completed.value > 0


def test_a_row_that_is_not_filed_is_no_figure(tmp_path, scale, monkeypatch):
    monkeypatch.setattr("scripts.benchlib.batch._HEADER", ("file", "data.summary") * 3)
    with pytest.raises(Exception, match="twice"):
        measure_batch(tmp_path, scale)
