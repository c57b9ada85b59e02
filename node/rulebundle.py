"""Files that ship with the program: profiles, contexts, schemas, and the rules themselves."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from contracts.credential import OUR_CONTEXT, VC_CONTEXT
from contracts.engine import RuleSet
from contracts.profile import Profile, parse_profile
from contracts.rulebook import create_rules
from ledger.core.canonical import digest_json
from ledger.errors import NotFoundError

if TYPE_CHECKING:
    from ledger.core.types import Json

_CONTEXT_FILES: Final = {VC_CONTEXT: "credentials-v2.jsonld", OUR_CONTEXT: "voucher-v1.jsonld"}
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


def list_profiles() -> list[str]:
    """Names of the profiles that ship with the program."""
    folder = files("contracts") / "profiles"
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


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
