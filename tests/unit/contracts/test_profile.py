"""Profiles: the two that ship, and what is no profile."""

import pytest

from contracts.profile import Profile, check_profile, parse_profile, profile_json
from contracts.records import parse_record
from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.limits import MAX_PROFILE_BYTES
from ledger.errors import LimitError, MalformedError
from tests.support.people import PROFILES, read_profile
from tests.support.world import World

SOLO = (PROFILES / "solo.toml").read_text("utf-8")
NAMES = sorted(path.stem for path in PROFILES.glob("*.toml"))


def test_two_profiles_ship():
    assert NAMES == ["national-2026", "solo"]


def test_the_national_profile_has_the_terms_of_the_guidelines():
    profile = read_profile("national-2026")
    clocks = profile.clocks
    assert (clocks.acceptance, clocks.notice, clocks.objection) == (3, 5, 10)
    assert (clocks.completion, clocks.extension, clocks.recovery) == (10, 10, 5)
    assert (profile.completion, profile.scheme, profile.is_solo) == ("national", "SJ", False)
    assert (profile.officers, profile.max_years, profile.offset_minutes) == (2, 5, 480)
    assert profile.types == ("initial", "transfer")


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
def test_every_mark_is_of_a_member(name):
    profile = read_profile(name)
    assert set(profile.marks) < set(profile_json(profile))


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
    "another type": ('types = ["initial", "transfer"]', 'types = ["first"]'),
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
