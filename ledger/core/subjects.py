"""Subject keys, derived ids and commitments (our formats, section 5)."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from ledger.core.canonical import encode_canonical
from ledger.core.checkpoint import check_origin
from ledger.core.text import format_base32, format_base64url, parse_base64url, parse_did_key
from ledger.core.types import DidKey, Json, SubjectKey
from ledger.errors import MalformedError

_ID: Final = re.compile(r"[a-z2-7]{26}")
_ANY: Final = re.compile(r"[A-Za-z0-9._:-]{1,120}")
_ID_TYPES: Final = (
    "party", "asset", "registration", "grant", "delivery", "encumbrance", "dispute", "objection",
    "listing", "attestation", "order", "consent", "filing", "complaint", "mandate", "incident",
    "registry",
)  # fmt: skip
_FORMS: Final = {
    "ledger": re.compile(r"self"),
    "key": re.compile(r"z6Mk[1-9A-HJ-NP-Za-km-z]{44}"),
    "name": re.compile(r"uscc:[0-9A-Z]{18}|sha256:[0-9a-f]{64}"),
    "voucher": re.compile(r"[A-Z0-9]{1,40}"),
    "series": re.compile(r"[A-Z0-9]{1,40}"),
    "list": re.compile(r"[a-z0-9-]{1,40}:[A-Za-z0-9.-]{1,40}"),
    **dict.fromkeys(_ID_TYPES, _ID),
}

SALT_BYTES: Final = 32
NONCE_BYTES: Final = 16
SELF: Final = SubjectKey("ledger/self")


def parse_subject(text: str) -> SubjectKey:
    """Read a subject key of one of the known types.

    Raises:
        MalformedError: Unknown type, or a name that this type does not have.
    """
    kind, slash, name = text.partition("/")
    form = _FORMS.get(kind)
    if not slash or form is None or not _ANY.fullmatch(name) or not form.fullmatch(name):
        raise MalformedError(f"not a subject key: {text[:80]!r}")
    return SubjectKey(text)


def subject_type(key: SubjectKey) -> str:
    """The part before the slash."""
    return key.partition("/")[0]


def derive_id(kind: str, *, actor: SubjectKey, nonce: str, n: int = 0) -> SubjectKey:
    """Key of the n-th new subject of a type within one event; nobody can take another's.

    Args:
        kind: Subject type, such as ``asset``.
        actor: The opening event's actor.
        nonce: The opening event's nonce, 22 characters.
        n: 0, 1, ... per type within the event.

    Spec: our formats section 5, `muniment/id/v1`.
    """
    claim: Json = {"actor": actor, "n": n, "nonce": nonce, "type": kind}
    digest = sha256(b"muniment/id/v1\n" + encode_canonical(claim)).digest()
    return SubjectKey(f"{kind}/{format_base32(digest[:16])}")


def derive_party(keys: Iterable[DidKey]) -> SubjectKey:
    """Key of the party that enrolled with these keys, in any order."""
    digest = sha256(encode_canonical(sorted(keys))).digest()
    return SubjectKey(f"party/{format_base32(digest[:16])}")


def derive_registry(origin: str) -> SubjectKey:
    """Key of a recognised foreign ledger."""
    return SubjectKey(f"registry/{format_base32(sha256(origin.encode()).digest()[:16])}")


def key_subject(did: str) -> SubjectKey:
    """`key/z6Mk...` of a did:key.

    Raises:
        MalformedError: Not a did:key of an Ed25519 key.
    """
    parse_did_key(did)
    return SubjectKey(f"key/{did.removeprefix('did:key:')}")


def format_urn(origin: str, key: SubjectKey) -> str:
    """`urn:muniment:<origin>:<key>`."""
    return f"urn:muniment:{origin}:{key}"


def parse_urn(text: str) -> tuple[str, SubjectKey]:
    """Origin and subject key of a URN; the exact inverse of format_urn.

    Raises:
        MalformedError: Not `urn:muniment:`, no known subject type behind a colon, or no origin.
        LimitError: The origin is too long.
    """
    head, found, rest = "urn:muniment:", -1, ""
    if text.startswith(head):
        rest = text[len(head) :]
        starts = (m.start() for m in re.finditer(r":([a-z]+)/", rest) if m[1] in _FORMS)
        found = max(starts, default=-1)
    if found < 1:
        raise MalformedError(f"not a urn:muniment: {text[:80]!r}")
    check_origin(rest[:found])
    return rest[:found], parse_subject(rest[found + 1 :])


def commit(*, by: SubjectKey, field: str, log: str, salt: str, value: Json) -> dict[str, Json]:
    """The `$commit` object of a value that stays off the ledger.

    Args:
        by: Actor of the event that carries it.
        field: Path of the member within the form.
        log: Origin of the ledger.
        salt: 43 characters, base64url of 32 fresh random bytes.
        value: What is committed to; null for a member that is absent.

    Raises:
        MalformedError: The salt has another form, or the value is outside the JSON profile.

    Spec: our formats section 5, `muniment/commit/v1`.
    """
    if len(parse_base64url(salt)) != SALT_BYTES:
        raise MalformedError("a salt has 32 bytes")
    opening: Json = {"by": by, "field": field, "log": log, "salt": salt, "value": value}
    digest = sha256(b"muniment/commit/v1\n" + encode_canonical(opening)).digest()
    return {"$commit": format_base64url(digest)}


def is_commitment(value: Json) -> bool:
    """Whether a value is a well-formed `$commit` object."""
    if not isinstance(value, dict) or value.keys() != {"$commit"}:
        return False
    text = value["$commit"]
    try:
        return isinstance(text, str) and len(parse_base64url(text)) == 32
    except MalformedError:
        return False
