"""Profiles: what differs between rule texts, as data that is written into `ledger.open` whole.

Spec: our formats section 3; the marks of certainty are F found, R remembered, J our judgement.
"""

import tomllib
from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from contracts.records import Record, format_record, parse_record, whole
from ledger.core.canonical import encode_canonical
from ledger.core.limits import MAX_PROFILE_BYTES
from ledger.core.types import JsonObject
from ledger.errors import LimitError, MalformedError

Days = Annotated[int, Meta(ge=0, le=366)]
Text = Annotated[str, Meta(max_length=400)]
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
    """

    acceptance: Days
    notice: Days
    objection: Days
    completion: Days
    extension: Days
    recovery: Days


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
        notice: Shown wherever a voucher is shown.
        marks: Certainty of each of the above, by member name.
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
    notice: Bilingual
    marks: Mapping[str, Literal["F", "R", "J"]]


def parse_profile(text: str) -> Profile:
    """Read a profile file in TOML.

    Raises:
        MalformedError: Not TOML, or not a profile.
        LimitError: More than 12 KiB as canonical JSON.
    """
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise MalformedError(f"not TOML: {exc}") from exc
    profile = parse_record(Profile, value)
    check_profile(profile)
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
