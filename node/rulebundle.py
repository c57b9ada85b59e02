"""Files that ship with the program: profiles, calendars, contexts, schemas, and the rules."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from contracts.clocks import CalendarYear, parse_calendar
from contracts.credential import OUR_CONTEXT, VC_CONTEXT
from contracts.engine import RuleSet
from contracts.profile import Profile, parse_profile
from contracts.rulebook import create_rules
from ledger.core.canonical import decode_bundle, digest_json
from ledger.errors import LimitError, MalformedError, NotFoundError

if TYPE_CHECKING:
    from ledger.core.types import Json

_CONTEXT_FILES: Final = {VC_CONTEXT: "credentials-v2.jsonld", OUR_CONTEXT: "voucher-v1.jsonld"}
_MAX_PROFILE_FILE_BYTES: Final = 64 * 1024
CREDENTIAL_SCHEMA_FILE: Final = "voucher-credential.json"


def read_profile(name: str) -> Profile:
    """A profile that ships with the program.

    Raises:
        NotFoundError: There is none of this name.
    """
    known = list_profiles()
    if name not in known:
        raise NotFoundError(f"there is no profile {name}: choose one of {', '.join(known)}")
    return parse_profile((files("contracts") / "profiles" / f"{name}.toml").read_text("utf-8"))


def load_profile(path: Path) -> Profile:
    """A profile from a file of the user's own.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It cannot be read, is no profile, or takes the name of one that ships and
            says something else.
        LimitError: It is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_PROFILE_FILE_BYTES + 1)
        text = data.decode("utf-8")
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}") from None
    except OSError as exc:
        raise MalformedError(f"cannot read {path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise MalformedError("not UTF-8") from exc
    if len(data) > _MAX_PROFILE_FILE_BYTES:
        raise LimitError(f"{path} has more than {_MAX_PROFILE_FILE_BYTES} bytes")
    profile = parse_profile(text)
    if profile.name in list_profiles() and profile != read_profile(profile.name):
        raise MalformedError(
            f"the profile's member name: {profile.name} ships with the program and says something "
            "else: give yours another name"
        )
    return profile


def list_profiles() -> list[str]:
    """Names of the profiles that ship with the program."""
    folder = files("contracts") / "profiles"
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def read_shipped_calendar(year: str) -> CalendarYear | None:
    """The working days of a year, if they ship with the program; None if they do not."""
    if year not in list_calendars():
        return None
    text = (files("contracts") / "calendars" / f"{year}.json").read_bytes()
    return parse_calendar(decode_bundle(text, max_bytes=len(text)))


def list_calendars() -> list[str]:
    """Years whose working days ship with the program."""
    folder = files("contracts") / "calendars"
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))


def read_contexts() -> dict[str, bytes]:
    """The bundled JSON-LD contexts, by URL."""
    folder = files("contracts") / "schemas"
    return {url: (folder / name).read_bytes() for url, name in _CONTEXT_FILES.items()}


@cache
def hash_credential_schema() -> str:
    """SHA-256 of the credential's JSON Schema, 64 hex digits."""
    path = files("contracts") / "schemas" / CREDENTIAL_SCHEMA_FILE
    return sha256(path.read_bytes()).hexdigest()


@cache
def current_rules() -> RuleSet:
    """The rules of this program, with the digest of their files."""
    return create_rules(hash_rule_files())


def hash_rule_files() -> str:
    """Digest of `[{"digest","path"}]` of the rule bundle's files, sorted by path."""
    digests: dict[str, str] = {}
    for prefix, folder, suffix in (
        ("contracts/", files("contracts"), ".py"),
        ("contracts/odrl/", files("contracts") / "odrl", ".py"),
        ("contracts/schemas/", files("contracts") / "schemas", ".json"),
        ("ledger/core/", files("ledger.core"), ".py"),
    ):
        for entry in folder.iterdir():
            if entry.name.endswith(suffix):
                digests[prefix + entry.name] = sha256(entry.read_bytes()).hexdigest()
    listed: Json = [{"digest": digests[path], "path": path} for path in sorted(digests)]
    return digest_json(listed)
