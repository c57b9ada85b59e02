"""What a node writes to stderr: one line for each request, and what went wrong.

A line names the route's template, never the path, query, body, names, keys or addresses. As JSON:

```text
{"time","level","message","request"?,"method"?,"route"?,"status"?,"ms"?,"bytes_in"?,"bytes_out"?,
 "error"?}
```
"""

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias

import msgspec
from typing_extensions import override

from node.render.text import plain

REQUEST: Final = "muniment.request"
NODE: Final = "muniment.node"
FORMATS: Final = ("json", "text")
Fields: TypeAlias = Mapping[str, str | int | float]
_FIELDS: Final = "fields"
_LOGGERS: Final = ("muniment", "uvicorn", "asyncio", "py.warnings")


def set_up_logs(form: str, *, is_quiet: bool = False) -> None:
    """Send everything that this process logs to stderr.

    Args:
        form: One of FORMATS.
        is_quiet: Only what went wrong.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.WARNING if is_quiet or name != "muniment" else logging.INFO)
    logging.captureWarnings(capture=True)


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
