"""What a node and those who check it write to stderr: one line for each record, whatever is in it."""

import json
import logging
import os
import threading

import pytest

from node.server.logs import FORMATS, PatientHandler, set_up_logs
from tests.support.program import finish, start

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


def test_who_logs_never_waits_for_who_reads_and_what_was_dropped_is_counted():
    reading, writing = os.pipe()
    handler = PatientHandler(writing, max_waiting=3)
    handler.setFormatter(logging.Formatter("%(message)s %(fields)s", defaults={"fields": ""}))
    logger = logging.getLogger("muniment.test")
    logger.setLevel(logging.INFO)
    logger.handlers, logger.propagate = [handler], False
    size = 40_000  # two of them are more than a pipe holds
    for n in range(20):
        logger.info("%d %s", n, "x" * size)
    received = []

    def read():
        while not received or b"last" not in received[-1]:
            received.append(os.read(reading, 1 << 20))

    reader = threading.Thread(target=read)
    reader.start()
    while not handler._lines.empty():
        pass
    logger.info("last")
    reader.join()
    lines = b"".join(received).decode().splitlines()
    numbers = [int(line.split()[0]) for line in lines[:-2]]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) < 10
    assert str({"dropped": 20 - len(numbers)}) in lines[-2]
    assert handler.lost == 20 - len(numbers)
    assert lines[-1].startswith("last")
    os.close(reading)
    for _ in range(3):  # nobody reads it any more: lines go nowhere, and nobody is stopped
        logger.info("x")
    handler.flush()
    os.close(writing)


FLOOD = """
import logging, sys
from node.server.logs import log_request, set_up_logs
set_up_logs("json")
for n in range(30_000):
    log_request({"request": str(n)})
print("done", flush=True)
"""


@pytest.mark.slow
def test_a_process_whose_stderr_nobody_reads_works_and_ends(tmp_path):
    process = start((), tmp_path, entry=FLOOD)
    assert process.stdout.readline() == b"done\n"
    assert process.wait(30) == 0
    lines = [json.loads(line) for line in finish(process).err.splitlines()[:-1]]
    assert [line["request"] for line in lines] == [str(n) for n in range(len(lines))]
