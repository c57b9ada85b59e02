"""Certificate numbers: annex 6 to the character, and the month at UTC+08:00."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.numbering import Number, Scheme, format_number, parse_number, series_key
from ledger.core.subjects import parse_subject
from ledger.errors import MalformedError, RejectedError

ANNEX_6 = re.compile(r"SJ[0-9]{2}[0-9]20[0-9]{2}(0[1-9]|1[0-2])(?!0000)[0-9]{4}")
CHINA = timezone(timedelta(hours=8))
JIANGSU = Scheme("SJ321")
TEST = Scheme("TEST")


def millis(text):
    return int(datetime.fromisoformat(text).timestamp() * 1000)


schemes = st.just(TEST) | st.builds(Scheme, st.from_regex(r"SJ[0-9]{3}", fullmatch=True))
times = st.integers(millis("2000-01-01T00:00+08:00"), millis("2100-01-01T00:00+08:00") - 1)
serials = st.integers(1, 9999)


def test_the_example_of_annex_6():
    assert format_number(JIANGSU, millis("2026-11-22T10:00+08:00"), 1) == "SJ3212026110001"
    assert parse_number("SJ3212026110001") == Number(JIANGSU, 2026, 11, 1)


def test_a_scheme_names_its_region_and_registrar():
    assert (JIANGSU.region, JIANGSU.registrar, JIANGSU.is_demonstration) == ("32", "1", False)
    assert (TEST.region, TEST.registrar, TEST.is_demonstration) == (None, None, True)


@given(schemes, times, serials)
def test_parse_reads_what_format_wrote(scheme, time, serial):
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time)).astimezone(CHINA)
    number = parse_number(format_number(scheme, time, serial))
    assert number == Number(scheme, local.year, local.month, serial)


@given(schemes, times, serials)
def test_national_numbers_match_annex_6_and_demonstrations_never_do(scheme, time, serial):
    text = format_number(scheme, time, serial)
    assert bool(ANNEX_6.fullmatch(text)) is not scheme.is_demonstration
    assert len(text) == (14 if scheme.is_demonstration else 15)


@given(schemes, times, serials)
def test_the_series_is_the_number_without_its_serial_and_a_subject_key(scheme, time, serial):
    text = format_number(scheme, time, serial)
    key = series_key(scheme, time)
    assert key == f"series/{text[:-4]}"
    assert parse_number(text).series == key
    assert parse_subject(key) == key
    assert parse_subject(f"voucher/{text}")


@pytest.mark.parametrize(
    ("time", "series"),
    [
        ("2026-11-30T15:59:59.999+00:00", "series/TEST202611"),
        ("2026-11-30T16:00:00.000+00:00", "series/TEST202612"),
        ("2026-12-31T15:59:59.999+00:00", "series/TEST202612"),
        ("2026-12-31T16:00:00.000+00:00", "series/TEST202701"),
        ("2028-02-29T23:59:59.999+08:00", "series/TEST202802"),
    ],
)
def test_the_month_turns_at_midnight_in_china(time, series):
    assert series_key(TEST, millis(time)) == series


def test_the_ten_thousandth_of_a_month_is_refused():
    time = millis("2026-11-22T10:00+08:00")
    assert format_number(TEST, time, 9999) == "TEST2026119999"
    with pytest.raises(RejectedError) as caught:
        format_number(TEST, time, 10_000)
    assert caught.value.reason == "series_full"
    assert caught.value.rule == "annex 6"
    assert "series/TEST202611" in caught.value.en
    assert caught.value.zh


@pytest.mark.parametrize("serial", [0, -1])
def test_serials_start_at_one(serial):
    with pytest.raises(MalformedError):
        format_number(TEST, millis("2026-11-22T10:00+08:00"), serial)


@pytest.mark.parametrize("time", ["1999-12-31T23:59:59.999+08:00", "2100-01-01T00:00+08:00"])
def test_there_are_no_numbers_outside_the_century_of_annex_6(time):
    for make in (
        lambda: series_key(JIANGSU, millis(time)),
        lambda: format_number(TEST, millis(time), 1),
    ):
        with pytest.raises(RejectedError) as caught:
            make()
        assert caught.value.reason == "series_year"


@pytest.mark.parametrize(
    "prefix",
    ["", "SJ", "SJ32", "SJ3210", "SJ32A", "sj321", "TEST1", "test", "SJ321\n", "SJ32\u0661"],
)
def test_another_scheme_is_refused(prefix):
    with pytest.raises(MalformedError):
        Scheme(prefix)


MANGLINGS = {
    "nothing": lambda n: "",
    "blank before": lambda n: " " + n,
    "line end": lambda n: n + "\n",
    "one digit more": lambda n: n + "0",
    "lower case": str.lower,
    "serial 0000": lambda n: n[:-4] + "0000",
    "month 00": lambda n: n[:-6] + "00" + n[-4:],
    "month 13": lambda n: n[:-6] + "13" + n[-4:],
    "year 1999": lambda n: n[:-10] + "1999" + n[-6:],
    "year 2100": lambda n: n[:-10] + "2100" + n[-6:],
    "letter in the serial": lambda n: n[:-1] + "A",
    "full-width digit": lambda n: n[:-1] + "\uff11",
    "other scheme": lambda n: "XX" + n[2:],
    "without its scheme": lambda n: n[-10:],
    "as a key": lambda n: "voucher/" + n,
}


@pytest.mark.parametrize("number", ["SJ3212026110001", "TEST2026110001"])
@pytest.mark.parametrize("name", MANGLINGS)
def test_every_mangled_number_is_refused(name, number):
    with pytest.raises(MalformedError):
        parse_number(MANGLINGS[name](number))


@pytest.mark.parametrize("number", ["SJ3212026110001", "TEST2026110001"])
def test_every_truncated_number_is_refused(number):
    for length in range(len(number)):
        with pytest.raises(MalformedError):
            parse_number(number[:length])


@given(st.from_regex(r"(SJ[0-9]{3}|TEST)[0-9]{10}", fullmatch=True) | st.text(max_size=20))
def test_parse_accepts_nothing_that_format_would_not_write(text):
    try:
        number = parse_number(text)
    except MalformedError:
        assert not ANNEX_6.fullmatch(text)
        return
    assert number.text == text
    time = millis(f"{number.year}-{number.month:02}-01T00:00+08:00")
    assert format_number(number.scheme, time, number.serial) == text
