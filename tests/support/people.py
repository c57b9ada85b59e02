"""Who acts in the tests of the rules: keys, parties, and what an applicant filed."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace
from nacl.signing import SigningKey

from contracts.forms import FORMS
from contracts.profile import parse_profile
from ledger.core.subjects import commit, derive_party, key_subject
from ledger.core.text import format_base64url, format_did_key
from tests.support.log_builder import ORIGIN

DIGEST = "a5" * 32
"""Digest of the rule set, which tests give as a parameter."""

MS_PER_DAY = 86_400_000
PROFILES = Path(__file__).resolve().parents[2] / "contracts" / "profiles"
CALENDARS = {
    "2026": {"year": 2026, "off": ["2026-10-01", "2026-10-02"], "work": ["2026-10-10"]},
    "2027": {"year": 2027, "off": ["2027-01-01"], "work": []},
}
CODES = ("91440300708461136T", "914403001922038216", "91110000802100433B")
"""Unified social credit codes with right check characters."""


def ms(text):
    """Unix milliseconds of RFC 3339 text; UTC+08:00 where it names no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone(timedelta(hours=8)))
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


START = ms("2026-11-02T10:00")  # a Monday


def read_profile(name, **changes):
    """A profile of the package, with some members changed."""
    profile = parse_profile((PROFILES / f"{name}.toml").read_text("utf-8"))
    clocks = changes.pop("clocks", {})
    return replace(profile, clocks=replace(profile.clocks, **clocks), **changes)


class Key:
    """A signing key; the label is its secret."""

    def __init__(self, label):
        self._secret = SigningKey(sha256(label.encode()).digest())
        self.public = bytes(self._secret.verify_key)
        self.did = format_did_key(self.public)
        self.subject = key_subject(self.did)

    def sign(self, message):
        return self._secret.sign(message).signature


class Person:
    """A party with its first keys, made from a label."""

    def __init__(self, label, count=1, kind="legal"):
        self.label, self.kind = label, kind
        self.keys = sorted((Key(f"{label} {n}") for n in range(count)), key=lambda key: key.did)
        self.party = derive_party(self.dids)

    @property
    def dids(self):
        return [key.did for key in self.keys]

    @property
    def key(self):
        return self.keys[0]

    @property
    def name(self):
        if self.kind != "natural":
            return f"{self.label} Ltd"
        salt = format_base64url(sha256(self.label.encode()).digest())
        return commit(by=self.party, field="name", log=ORIGIN, salt=salt, value=self.label)

    def founder(self, **changes):
        identity = {"keys": self.dids, "kind": self.kind, "name": self.name, "uscc": None}
        return identity | changes


@dataclass
class Application:
    """What was filed, with the openings of its commitments."""

    applicants: list
    asset: str
    registration: str
    openings: dict
    moves: tuple = ()
    of_type: str = ""
    credential: dict = field(default_factory=dict)
    index: int = -1

    @property
    def statutory(self):
        names = ("content", "title") if self.moves else FORMS[self.of_type or "initial"].statutory
        return {name: self.openings[name] for name in names}


def open_all(values, label, count):
    """Openings of members by name; the salts come from the label, the name and the count."""
    salts = {name: sha256(f"{label} {name} {count}".encode()).digest() for name in values}
    return {
        name: {"salt": format_base64url(salts[name]), "value": value}
        for name, value in values.items()
    }


def commit_all(openings, filer):
    """Commitments to all members of a form by name, made by who files it."""
    return {
        name: commit(by=filer.party, field=name, log=ORIGIN, salt=one["salt"], value=one["value"])
        for name, one in openings.items()
    }


def claim(holder, right="hold", basis="self-generated", **members):
    """A right tuple as a record names it."""
    return {"holder": holder.party, "right": right, "basis": basis, **members}
