"""The tour in docs/publicdata.md, run command by command, prints what the page says."""

from pathlib import Path

import pytest

from tests.support.console import list_disagreeing, show
from tests.support.live_page import read_all, run_all

PAGE = Path(__file__).resolve().parents[2] / "docs" / "publicdata.md"


@pytest.mark.slow
def test_every_command_of_the_page_prints_what_it_says(tmp_path):
    commands = read_all(PAGE.read_text(encoding="utf-8"))
    assert len(commands) >= 20
    outputs = run_all(commands, tmp_path)
    assert len(outputs) == len(commands), f"the shell stopped after {outputs[-1:]}"
    wrong = list_disagreeing(commands, outputs)
    assert not wrong, f"these print something else: {wrong}\nreally:\n{show(commands, outputs)}"
