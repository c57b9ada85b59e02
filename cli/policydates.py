"""Dates in a policy file: people write dates, the policy has Unix milliseconds.

A day is a whole day at UTC+08:00: `lt` and `lteq` reach to its end, `gteq` begins with it, `gt`
begins after it.

Spec: domain, section 5, "constraints".
"""

from typing import Final

from cli.exitcodes import UsageError
from cli.lang import say
from cli.times import is_day, parse_date
from ledger.core.types import Json, JsonObject

_DAY_MS: Final = 86_400_000
_LEAST_MS: Final = 10**11
"""In March 1973: a smaller number is seconds, or a slip."""
_AFTER_DAY: Final = {"lt": 1, "gteq": 1 - _DAY_MS}
"""What is added to a day's last millisecond, by operator; no other operator asks for anything."""


def write_dates(policy: JsonObject) -> JsonObject:
    """The policy with every date as Unix milliseconds.

    Args:
        policy: As it stands in the file, read but not judged.

    Raises:
        UsageError: A text is no date, or a number cannot be milliseconds.
    """
    return {name: _convert(member) for name, member in policy.items()}


def _convert(value: Json) -> Json:
    if isinstance(value, list | tuple):
        return [_convert(each) for each in value]
    if not isinstance(value, dict):
        return value
    converted = {name: _convert(member) for name, member in value.items()}
    if converted.get("leftOperand") == "dateTime" and "rightOperand" in converted:
        operator, time = converted.get("operator"), converted["rightOperand"]
        converted["rightOperand"] = _read_time(str(operator), time)
    return converted


def _read_time(operator: str, time: Json) -> Json:
    if isinstance(time, str):
        start = parse_date(time)
        return start + _AFTER_DAY.get(operator, 0) if is_day(time) else start
    if isinstance(time, int) and not isinstance(time, bool) and 0 <= time < _LEAST_MS:
        raise UsageError(
            say(
                f"the policy file has {time} as a dateTime, which is Unix milliseconds: write "
                "1924963200000, or a date such as 2030-12-31",
                f"策略文件中 dateTime 为 {time}，而其单位为毫秒（milliseconds）："
                "请写作 1924963200000，或 2030-12-31 这样的日期",
            ),
            "date",
        )
    return time
