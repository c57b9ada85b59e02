"""What a node and those who check it write to stderr: one line for each record, whatever is in it."""

import json
import logging

import pytest

from node.server.logs import FORMATS, set_up_logs

HOSTILE = "all is well\n2026-11-22T00:00:00.000Z info \x1b[2Jfake \u202eline\x00"


@pytest.fixture(autouse=True)
def restored():
    """Logging is as it was afterwards."""
    names = ("muniment", "uvicorn", "asyncio", "py.warnings")
    before = [
        (logger, logger.handlers, logger.propagate, logger.level)
        for logger in map(logging.getLogger, names)
    ]
    yield
    for logger, handlers, propagate, level in before:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.mark.parametrize("form", FORMATS)
def test_what_others_wrote_makes_no_line_of_its_own_and_no_control_character(form, capsys):
    set_up_logs(form)
    logging.getLogger("muniment.following").warning("%s: %s", "unknown_rules", HOSTILE)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert not {"\x1b", "\x00"} & set(said)
    assert "all is well" in said
    if form == "json":
        assert json.loads(said)["message"].endswith(HOSTILE)
