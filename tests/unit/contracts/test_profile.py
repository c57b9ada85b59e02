"""Profiles: those that ship, what differs between them, and what is no profile."""

import pytest

from contracts.profile import (
    Profile,
    check_profile,
    compare_profiles,
    find_mark,
    flatten_profile,
    parse_profile,
    profile_json,
)
from contracts.records import parse_record
from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.limits import MAX_PROFILE_BYTES
from ledger.errors import LimitError, MalformedError
from tests.support.people import PROFILES, read_profile
from tests.support.world import World

SOLO = (PROFILES / "solo.toml").read_text("utf-8")
NAMES = sorted(path.stem for path in PROFILES.glob("*.toml"))


def test_three_profiles_ship():
    assert NAMES == ["exchange", "national-2026", "solo"]


def test_the_national_profile_has_the_terms_of_the_guidelines():
    profile = read_profile("national-2026")
    clocks = profile.clocks
    assert (clocks.acceptance, clocks.notice, clocks.objection) == (3, 5, 10)
    assert (clocks.completion, clocks.extension, clocks.recovery) == (10, 10, 5)
    assert (profile.completion, profile.scheme, profile.is_solo) == ("national", "SJ", False)
    assert (profile.officers, profile.max_years, profile.offset_minutes) == (2, 5, 480)
    assert profile.types == ("initial", "transfer", "change", "renewal", "cancellation")
    assert profile.notice_types == ("initial", "transfer", "change")


def test_solo_waits_for_nothing_and_says_that_it_is_a_demonstration():
    profile = read_profile("solo")
    assert set(profile_json(profile.clocks).values()) == {0}
    assert (profile.completion, profile.scheme, profile.is_solo) == ("ledger", "TEST", True)
    assert "演示凭证，无法律效力" in profile.notice.zh
    assert "without legal effect" in profile.notice.en


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_survives_the_ledger(name):
    profile = read_profile(name)
    raw = encode_canonical(profile_json(profile))
    assert parse_record(Profile, decode_canonical(raw, max_bytes=MAX_PROFILE_BYTES)) == profile


@pytest.mark.parametrize("name", NAMES)
def test_every_term_is_marked(name):
    profile = read_profile(name)
    assert {find_mark(profile, member) for member in flatten_profile(profile)} <= {"F", "J"}


def test_a_clock_may_be_marked_by_itself():
    profile = read_profile("national-2026")
    assert find_mark(profile, "clocks.notice") == "F"
    assert find_mark(profile, "clocks.recovery") == "J"
    assert find_mark(read_profile("solo", marks={}), "clocks.notice") is None


def test_an_exchange_completes_by_itself_and_says_what_its_numbers_are_not():
    profile, national = read_profile("exchange"), read_profile("national-2026")
    differs = {"completion": "national", "scheme": "SJ"}
    assert compare_profiles(profile, national) == differs
    assert compare_profiles(national, profile) == {"completion": "ledger", "scheme": "TEST"}
    assert set(profile.marks.values()) == {"J"}
    assert "not a national certificate" in profile.notice.en
    assert "并非国家统一登记凭证" in profile.notice.zh


def test_a_profile_is_compared_clock_by_clock():
    profile = read_profile("national-2026", clocks={"notice": 10}, max_years=3)
    assert compare_profiles(profile, profile) == {}
    assert compare_profiles(profile, read_profile("national-2026")) == {
        "clocks.notice": 5,
        "max_years": 5,
    }


@pytest.mark.parametrize("name", NAMES)
def test_nothing_remembered_only_is_in_a_profile_that_ships(name):
    assert "R" not in read_profile(name).marks.values()


MANGLINGS = {
    "not TOML": ("is_solo = true", "is_solo = "),
    "a member twice": ("is_solo = true", "is_solo = true\nis_solo = true"),
    "a member less": ("max_years = 5\n", ""),
    "a member more": ("max_years = 5\n", "max_years = 5\nmin_years = 1\n"),
    "a clock less": ("recovery = 0\n", ""),
    "a clock more": ("recovery = 0\n", "recovery = 0\ngrace = 0\n"),
    "a clock of a fraction": ("notice = 0", "notice = 0.5"),
    "a clock of too many days": ("notice = 0", "notice = 367"),
    "a clock that runs backwards": ("notice = 0", "notice = -1"),
    "true for a number": ("officers = 1", "officers = true"),
    "no officer": ("officers = 1", "officers = 0"),
    "three officers": ("officers = 1", "officers = 3"),
    "no year": ("max_years = 5", "max_years = 0"),
    "too many years": ("max_years = 5", "max_years = 31"),
    "an offset beyond a day": ("offset_minutes = 480", "offset_minutes = 1441"),
    "another completion": ('completion = "ledger"', 'completion = "elsewhere"'),
    "another scheme": ('scheme = "TEST"', 'scheme = "SH"'),
    "another type": ('\ntypes = ["initial"', '\ntypes = ["first"'),
    "another mark": ('completion = "J"', 'completion = "X"'),
    "a name in capitals": ('name = "solo"', 'name = "Solo"'),
    "a name with a newline": ('name = "solo"', 'name = "solo\\n"'),
    "a name of 41 characters": ('name = "solo"', f'name = "{"s" * 41}"'),
    "a date for text": ('en = "Solo: for trying out"', "en = 2026-11-22"),
    "a text of 401 characters": ('zh = "单人试用"', f'zh = "{"试" * 401}"'),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_a_mangled_profile_is_malformed(name):
    before, after = MANGLINGS[name]
    assert SOLO.count(before) == 1
    with pytest.raises(MalformedError):
        parse_profile(SOLO.replace(before, after))


NAMED = {
    "a member less": ("max_years = 5\n", "", "max_years: is missing"),
    "a member more": ("max_years = 5\n", "max_years = 5\nx = 1\n", "x: there is no such"),
    "a clock less": ("recovery = 0\n", "", "clocks.recovery: is missing"),
    "a clock more": ("recovery = 0\n", "recovery = 0\ng = 0\n", "clocks.g: there is no such"),
    "a clock of too many days": ("notice = 0", "notice = 367", "clocks.notice: expected `int`"),
    "a type that is none": (
        '\ntypes = ["initial", ',
        '\ntypes = ["initial", "x", ',
        "types[1]: invalid enum value 'x'",
    ),
    "a type twice": (
        '\ntypes = ["initial", ',
        '\ntypes = ["initial", "initial", ',
        "types: names each type once",
    ),
    "no initial registration": (
        '\ntypes = ["initial", ',
        "\ntypes = [",
        "types: names each type once, and initial",
    ),
    "a notice for a type that it has not": (
        '\ntypes = ["initial", "transfer", ',
        '\ntypes = ["initial", ',
        "notice_types: names types that the profile has",
    ),
    "a mark of nothing": ('\ntypes = "J"', '\ntypos = "J"', "marks.typos: marks nothing"),
    "a mark of no clock": ('\ntypes = "J"', '\n"clocks.x" = "J"', "marks.clocks.x: marks nothing"),
    "a marked notice": ('\ntypes = "J"', '\nnotice = "J"', "marks.notice: marks nothing"),
    "two officers for one person": ("officers = 1", "officers = 2", "officers: is 1 where"),
    "numbers of a registrar": ('"TEST"', '"SJ"', "scheme: is TEST where is_solo"),
    "a title in one language": ('zh = "单人试用"', 'zh = " "', "title: is said in both languages"),
    "no notice": ('zh = "演示凭证，无法律效力"', 'zh = ""', "notice: is said in both languages"),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_is_wrong_with_a_profile_is_said_with_its_member(name):
    before, after, sentence = NAMED[name]
    assert SOLO.count(before) == 1
    with pytest.raises(MalformedError) as caught:
        parse_profile(SOLO.replace(before, after))
    assert str(caught.value).startswith(f"the profile's member {sentence}")


def profile_of(size):
    """A solo profile of exactly this many canonical bytes, filled up with marks."""
    left = size - len(encode_canonical(profile_json(read_profile("solo", marks={})))) + 1
    count = -(-left // 67)
    names = ((left - 7 * count + n) // count for n in range(count))
    marks = {f"{n:0{length}}": "F" for n, length in enumerate(names)}
    profile = read_profile("solo", marks=marks)
    assert len(encode_canonical(profile_json(profile))) == size
    return profile


def test_a_profile_has_at_most_12_kib():
    check_profile(profile_of(MAX_PROFILE_BYTES))
    with pytest.raises(LimitError):
        check_profile(profile_of(MAX_PROFILE_BYTES + 1))


def test_a_profile_file_of_more_is_refused():
    text = SOLO + "".join(f'{"x" * 60}{n:04} = "F"\n' for n in range(200))
    with pytest.raises(LimitError):
        parse_profile(text)


def test_no_ledger_is_opened_with_a_larger_profile():
    world = World(is_open=False)
    world.profile = profile_of(MAX_PROFILE_BYTES + 1)
    event = world.event("ledger.open", world.opening(), world.operator)
    builder = world.log.builder()
    with pytest.raises(LimitError):
        builder.add(world.sign(event, *world.founding_keys), world.time)
    assert builder.count == 0
