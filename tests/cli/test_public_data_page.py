"""The tour in docs/publicdata.md, run command by command, prints what the page says."""

from pathlib import Path

import pytest

from tests.cli.test_readme import agrees, read_blocks, run_all, show

PAGE = Path(__file__).resolve().parents[2] / "docs" / "publicdata.md"


@pytest.mark.slow
def test_every_command_of_the_page_prints_what_it_says(tmp_path):
    blocks = read_blocks(PAGE.read_text(encoding="utf-8"))
    commands = [command for block in blocks for command in block]
    assert len(commands) >= 20
    outputs = run_all(commands, tmp_path)
    assert len(outputs) == len(commands), f"the shell stopped after {outputs[-1:]}"
    wrong = [
        command.text
        for command, output in zip(commands, outputs, strict=True)
        if not agrees(command.output, output)
    ]
    assert not wrong, f"these print something else: {wrong}\nreally:\n{show(commands, outputs)}"
