"""Profiles: what differs between rule texts, as data that is written into `ledger.open` whole.

Spec: our formats section 3; the marks of certainty are F found, R remembered, J our judgement.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta

from contracts.records import Record, format_record, parse_record, whole
from ledger.core.canonical import encode_canonical
from ledger.core.limits import MAX_PROFILE_BYTES
from ledger.core.types import Json, JsonObject
from ledger.errors import LimitError, MalformedError

Days = Annotated[int, Meta(ge=0, le=366)]
Mark = Literal["F", "R", "J"]
Text = Annotated[str, Meta(max_length=400)]
_ABOUT: Final = frozenset(("name", "title", "notice", "marks"))
_FIELD: Final = re.compile("Object (missing required|contains unknown) field `([^`]+)`")
RegistrationType = Literal["initial", "transfer", "change", "renewal", "cancellation"]


class Bilingual(Record, frozen=True):
    """One text in both languages."""

    en: Text
    zh: Text


class Clocks(Record, frozen=True):
    """Lengths in working days; 0 means that nothing has to be waited for.

    Args:
        acceptance: To accept or return an application; silence means accepted.
        notice: Of the public notice before a registration may be recorded.
        objection: To investigate an objection.
        completion: From acceptance to the record.
        extension: What one extension adds.
        recovery: Before new keys take the place of lost ones.
        notify: To tell the right-holders of a later objection.
    """

    acceptance: Days
    notice: Days
    objection: Days
    completion: Days
    extension: Days
    recovery: Days
    notify: Days


class Profile(Record, frozen=True):
    """One rule text.

    Args:
        name: Such as `national-2026`.
        title: Of the rule text.
        completion: Who completes a registration: the national system or this ledger.
        scheme: Whose numbers: `SJ` of catalogued registrars, `TEST` for trying out.
        is_solo: One party may be operator, registrar, regulator and applicant.
        offset_minutes: Of its days, east of UTC.
        officers: Keys of the registrar that sign a record or a revocation.
        max_years: Longest validity of a voucher.
        clocks: Its deadlines.
        types: Registration types it knows.
        notice_types: Those that need the public notice before they are recorded.
        notice: Shown wherever a voucher is shown.
        marks: Certainty of each of the above, by member name; `clocks.recovery` marks one clock.
    """

    name: Annotated[str, whole("[a-z0-9-]{1,40}")]
    title: Bilingual
    completion: Literal["ledger", "national"]
    scheme: Literal["SJ", "TEST"]
    is_solo: bool
    offset_minutes: Annotated[int, Meta(ge=-1440, le=1440)]
    officers: Annotated[int, Meta(ge=1, le=2)]
    max_years: Annotated[int, Meta(ge=1, le=30)]
    clocks: Clocks
    types: tuple[RegistrationType, ...]
    notice_types: tuple[RegistrationType, ...]
    notice: Bilingual
    marks: Mapping[str, Mark]


def parse_profile(text: str) -> Profile:
    """Read a profile file in TOML.

    Raises:
        MalformedError: Not TOML, or not a profile: the message names the member.
        LimitError: More than 12 KiB as canonical JSON.
    """
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise MalformedError(f"not TOML: {exc}") from exc
    try:
        profile = parse_record(Profile, value)
    except MalformedError as exc:
        raise MalformedError(_name_member(str(exc))) from exc
    check_profile(profile)
    for member, fault in _find_faults(profile):
        raise MalformedError(f"the profile's member {member}: {fault}")
    return profile


def check_profile(profile: Profile) -> None:
    """Hold a profile against the size that `ledger.open` allows.

    Raises:
        LimitError: More than 12 KiB as canonical JSON.
    """
    size = len(encode_canonical(profile_json(profile)))
    if size > MAX_PROFILE_BYTES:
        raise LimitError(f"a profile has at most {MAX_PROFILE_BYTES} bytes, this one {size}")


def profile_json(profile: Profile) -> JsonObject:
    """The profile as `ledger.open` carries it."""
    return format_record(profile)


def flatten_profile(profile: Profile) -> JsonObject:
    """What a profile says, by member; each clock by itself, as `clocks.notice`.

    Its name, title, notice and marks are left out: they are about the profile.
    """
    terms: dict[str, Json] = {}
    for member, value in profile_json(profile).items():
        if isinstance(value, dict) and member not in _ABOUT:
            terms |= {f"{member}.{name}": inner for name, inner in value.items()}
        elif member not in _ABOUT:
            terms[member] = value
    return terms


def find_mark(profile: Profile, member: str) -> Mark | None:
    """How certain a member of flatten_profile is; None: nobody said."""
    whole_member = member.partition(".")[0]
    return profile.marks.get(member) or profile.marks.get(whole_member)


def compare_profiles(profile: Profile, base: Profile) -> JsonObject:
    """What the base says where the profile says something else, by member of flatten_profile."""
    said = flatten_profile(base)
    return {
        member: said.get(member)
        for member, value in flatten_profile(profile).items()
        if value != said.get(member)
    }


def _name_member(message: str) -> str:
    """What msgspec found, as a sentence that begins with the member."""
    said, _, path = message.partition(" - at `$")
    outer = path.rstrip("`").lstrip(".")
    field = _FIELD.fullmatch(said)
    if field is None:
        return f"the profile's member {outer or '(all)'}: {said[:1].lower()}{said[1:]}"
    member = f"{outer}.{field[2]}" if outer else field[2]
    is_missing = field[1] == "missing required"
    return f"the profile's member {member}: {'is missing' if is_missing else 'there is no such'}"


def _find_faults(profile: Profile) -> Iterator[tuple[str, str]]:
    """What fits its type and makes no sense, by member."""
    known = {*profile_json(profile), *flatten_profile(profile)} - _ABOUT
    for member in sorted(profile.marks.keys() - known):
        yield f"marks.{member}", "marks nothing that a profile says"
    if "initial" not in profile.types or len(set(profile.types)) != len(profile.types):
        yield "types", "names each type once, and initial among them"
    if not set(profile.notice_types) <= set(profile.types):
        yield "notice_types", "names types that the profile has"
    if profile.is_solo and profile.officers != 1:
        yield "officers", "is 1 where is_solo has one person be everybody"
    if profile.is_solo and profile.scheme != "TEST":
        yield "scheme", "is TEST where is_solo has one person be everybody"
    for member, text in (("title", profile.title), ("notice", profile.notice)):
        if not (text.en.strip() and text.zh.strip()):
            yield member, "is said in both languages"
