"""What a node writes to stderr: one line for each request, and what went wrong.

A line names the route's template, never the path, query, body, names, keys or addresses. As JSON:

```text
{"time","level","message","request"?,"method"?,"route"?,"status"?,"ms"?,"bytes_in"?,"bytes_out"?,
 "error"?,"dropped"?}
```

Whoever reads stderr may stop reading: the node does not wait for them. A thread writes the lines;
more than MAX_WAITING of them are dropped and counted. The next line says how many, and so does the
metric `muniment_log_lines_dropped`, since nobody may read that line either.
"""

import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, TextIO, TypeAlias

import msgspec
from typing_extensions import override

from node.render.text import plain

REQUEST: Final = "muniment.request"
NODE: Final = "muniment.node"
FORMATS: Final = ("json", "text")
Fields: TypeAlias = Mapping[str, str | int | float]
_FIELDS: Final = "fields"
_LOGGERS: Final = ("muniment", "uvicorn", "asyncio", "py.warnings")
MAX_WAITING: Final = 10_000
"""Lines that may wait for whoever reads them."""
_FLUSH_S: Final = 2.0
"""How long the end of the process waits for them."""


def set_up_logs(form: str, *, is_quiet: bool = False) -> None:
    """Send everything that this process logs to stderr.

    Args:
        form: One of FORMATS.
        is_quiet: Only what went wrong.
    """
    handler = _open_handler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.WARNING if is_quiet or name != "muniment" else logging.INFO)
    logging.captureWarnings(capture=True)


class PatientHandler(logging.Handler):
    """Writes lines in a thread of its own, so that who logs never waits for who reads.

    The bytes go past Python's own buffers: their locks would hold up the end of the process.

    Args:
        file: Descriptor of what is written to; if it fails, lines are dropped and the node goes on.
        max_waiting: Lines; those beyond are dropped, and counted in the next line that is written.

    Attributes:
        lost: Lines that were dropped since the process began.
    """

    def __init__(self, file: int, max_waiting: int = MAX_WAITING) -> None:
        super().__init__()
        self._file = file
        self._lines: queue.Queue[bytes] = queue.Queue(max_waiting)
        self._dropped = 0
        self.lost = 0
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Hand a line over; the caller holds the handler's lock."""
        try:
            if self._dropped and not self._lines.full():
                self._put(self._count_dropped())
                self._dropped = 0
            self._put(record)
        except Exception:  # noqa: BLE001  # as every handler: a line that cannot be made stops nobody
            self.handleError(record)

    @override
    def flush(self) -> None:
        """Wait until all is written, two seconds at most."""
        deadline = time.monotonic() + _FLUSH_S
        while self._lines.unfinished_tasks and self._thread.is_alive():
            if time.monotonic() > deadline:
                break
            time.sleep(0.005)

    def _put(self, record: logging.LogRecord) -> None:
        line = self.format(record) + "\n"
        try:
            self._lines.put_nowait(line.encode(errors="backslashreplace"))
        except queue.Full:
            self._dropped += 1
            self.lost += 1

    def _count_dropped(self) -> logging.LogRecord:
        text = "lines of the log were dropped: nobody read them"
        record = logging.LogRecord(NODE, logging.WARNING, "", 0, text, None, None)
        setattr(record, _FIELDS, {"dropped": self._dropped})
        return record

    def _write(self) -> None:
        """Until the process ends, or nobody can read any more."""
        with suppress(OSError):
            while True:
                line = self._lines.get()
                while line:
                    line = line[os.write(self._file, line) :]
                self._lines.task_done()


def _open_handler(stream: TextIO) -> logging.Handler:
    try:
        file = stream.fileno()
    except (OSError, ValueError):  # in memory: nobody has to read it
        return logging.StreamHandler(stream)
    return PatientHandler(file)


def count_dropped() -> int:
    """Lines of this process's log that were dropped since it began, as nobody read them."""
    handlers = logging.getLogger(_LOGGERS[0]).handlers
    return sum(each.lost for each in handlers if isinstance(each, PatientHandler))


def log_request(fields: Fields) -> None:
    """One line for an answered request."""
    logger = logging.getLogger(REQUEST)
    if logger.isEnabledFor(logging.INFO):
        logger.info("request", extra={_FIELDS: fields})


def log_failure(message: str, fields: Fields, exc: BaseException | None = None) -> None:
    """What the operator has to see; clients are told nothing of it.

    Args:
        message: What went wrong.
        fields: Where.
        exc: With its traceback, which shows code of ours and no values.
    """
    logging.getLogger(NODE).error(message, extra={_FIELDS: fields}, exc_info=exc)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> Fields:
    fields: Fields = getattr(record, _FIELDS, {})
    return fields


class _Json(logging.Formatter):
    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, str | int | float] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


class _Text(logging.Formatter):
    @override
    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        said = plain(record.getMessage())  # it may repeat what a log or a witness wrote
        line = f"{_time(record)} {record.levelname.lower()} {said} {fields}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line.rstrip()
