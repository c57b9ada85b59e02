"""Certificate numbers: the national scheme and the one for trying out.

```text
SJ 32 1 2026 11 0001      15 characters: region, registrar, year, month, serial of the month
TEST    2026 11 0001      14 characters: demonstration, without legal effect
```

The month is that of the ledger's time at UTC+08:00.

Spec: annex 6 of 《数据产权登记工作指引（试行）》.
"""

import re
from dataclasses import dataclass
from typing import Final

from contracts.clocks import CHINA_OFFSET_MINUTES, local_date
from ledger.core.types import SubjectKey, UnixMillis
from ledger.errors import MalformedError, RejectedError

_PREFIX: Final = re.compile(r"SJ[0-9]{3}|TEST")
_NUMBER: Final = re.compile(r"(SJ[0-9]{2}[0-9]|TEST)(20[0-9]{2})(0[1-9]|1[0-2])((?!0000)[0-9]{4})")

MAX_SERIAL: Final = 9_999
_FIRST_YEAR: Final = 2_000
_LAST_YEAR: Final = 2_099


@dataclass(frozen=True, slots=True)
class Scheme:
    """Which numbers a registrar gives out.

    Args:
        prefix: `SJ`, two digits of the region and one of the registrar; or `TEST`.

    Raises:
        MalformedError: Another prefix.
    """

    prefix: str

    def __post_init__(self) -> None:
        """Refuse another prefix.

        Raises:
            MalformedError: Another prefix.
        """
        if not _PREFIX.fullmatch(self.prefix):
            raise MalformedError(f"neither SJ and three digits nor TEST: {self.prefix!r:.24}")

    @property
    def is_demonstration(self) -> bool:
        """Whether certificates so numbered are without legal effect."""
        return self.prefix == "TEST"

    @property
    def region(self) -> str | None:
        """Two digits of the province-level division; None for demonstrations."""
        return None if self.is_demonstration else self.prefix[2:4]

    @property
    def registrar(self) -> str | None:
        """The digit of the registrar within its region; None for demonstrations."""
        return None if self.is_demonstration else self.prefix[4]


@dataclass(frozen=True, slots=True)
class Number:
    """A certificate number, as parse_number reads it.

    Args:
        scheme: Who gave it out.
        year: 2000 to 2099.
        month: 1 to 12.
        serial: 1 to 9999, of that month.
    """

    scheme: Scheme
    year: int
    month: int
    serial: int

    @property
    def series(self) -> SubjectKey:
        """The running serial it was taken from, `series/<number without its serial>`."""
        return SubjectKey(f"series/{self.scheme.prefix}{self.year:04}{self.month:02}")

    @property
    def text(self) -> str:
        """As printed on the certificate."""
        return f"{self.scheme.prefix}{self.year:04}{self.month:02}{self.serial:04}"


def series_key(scheme: Scheme, time: UnixMillis) -> SubjectKey:
    """The running serial that a certificate recorded at this ledger time takes its number from.

    Args:
        scheme: Who gives it out.
        time: The entry's ledger time; its month at UTC+08:00 counts.

    Raises:
        RejectedError: Reason `series_year`: outside the years 2000 to 2099, which annex 6 numbers.
    """
    return _first_number(scheme, time).series


def format_number(scheme: Scheme, time: UnixMillis, serial: int) -> str:
    """The number of the serial-th certificate of the month; parse_number reads it back.

    Args:
        scheme: Who gives it out.
        time: The entry's ledger time; its month at UTC+08:00 counts.
        serial: 1 to 9999.

    Raises:
        RejectedError: Reason `series_full`: the 10,000th of a month; reason `series_year`: outside
            the years 2000 to 2099.
        MalformedError: The serial is below 1.
    """
    first = _first_number(scheme, time)
    if serial < 1:
        raise MalformedError(f"serials start at 1, not {serial}")
    if serial > MAX_SERIAL:
        raise RejectedError(
            "series_full",
            f"a month has {MAX_SERIAL} numbers and {first.series} has used them; record next month",
            f"本月{MAX_SERIAL}个登记凭证编号已用完，须待下月登记",
            "annex 6",
        )
    return Number(scheme, first.year, first.month, serial).text


def parse_number(text: str) -> Number:
    """Read a certificate number of either scheme.

    Args:
        text: The number and nothing else.

    Raises:
        MalformedError: Anything that format_number would not have written.

    Spec: annex 6, matched whole; there is no check digit.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise MalformedError(f"not a certificate number: {text[:24]!r}")
    prefix, year, month, serial = match.groups()
    return Number(Scheme(prefix), int(year), int(month), int(serial))


def _first_number(scheme: Scheme, time: UnixMillis) -> Number:
    day = local_date(time, CHINA_OFFSET_MINUTES)
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise RejectedError(
            "series_year",
            f"certificates are numbered in the years {_FIRST_YEAR} to {_LAST_YEAR} only",
            f"登记凭证编号仅适用于{_FIRST_YEAR}至{_LAST_YEAR}年",
            "annex 6",
        )
    return Number(scheme, day.year, day.month, 1)
