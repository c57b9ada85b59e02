"""Dates as people write them on a command line, and as they are shown to them."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from cli.exitcodes import UsageError
from cli.lang import say
from ledger.core.types import UnixMillis

CHINA: Final = timezone(timedelta(hours=8))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_LAST_SHOWN_MS: Final = 253_402_214_400_000
_AGE: Final = re.compile(r"([1-9][0-9]{0,8})(s|m|h|d)")
_AGE_MS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def parse_date(text: str) -> UnixMillis:
    """A date: RFC 3339, or YYYY-MM-DD for the last millisecond of that day at UTC+08:00.

    Raises:
        UsageError: Neither.
    """
    try:
        time = datetime.fromisoformat(text) if is_day(text) or _RFC_3339.fullmatch(text) else None
    except ValueError:
        time = None
    if time is not None and is_day(text):
        time = time.replace(tzinfo=CHINA)
    if time is None or time.tzinfo is None or time.timestamp() < 0:
        raise UsageError(
            say(
                f"not a date: {text[:40]}; write 2026-11-22 or 2026-11-22T10:00:00+08:00",
                f"不是日期：{text[:40]}；请写作 2026-11-22 或 2026-11-22T10:00:00+08:00",
            ),
            "date",
        )
    start = UnixMillis((time - _EPOCH) // timedelta(milliseconds=1))
    return UnixMillis(start + _AGE_MS["d"] - 1) if is_day(text) else start


def is_day(text: str) -> bool:
    """Whether a date is a whole day, without a time."""
    return _DAY.fullmatch(text) is not None


def parse_age(text: str) -> int:
    """A length of time such as 90s, 15m, 36h or 7d, in milliseconds.

    Raises:
        UsageError: Another spelling.
    """
    match = _AGE.fullmatch(text)
    if match is None:
        raise UsageError(
            say(
                f"not a length of time: {text[:40]}; write 36h or 7d",
                f"不是时长：{text[:40]}；请写作 36h 或 7d",
            ),
            "age",
        )
    return int(match[1]) * _AGE_MS[match[2]]


def format_local(time: UnixMillis) -> str:
    """The time at UTC+08:00, to the second."""
    if not 0 <= time <= _LAST_SHOWN_MS:
        return f"{time} ms"
    shown = datetime.fromtimestamp(time // 1000, tz=UTC).astimezone(CHINA)
    return shown.strftime("%Y-%m-%d %H:%M:%S +08:00")
