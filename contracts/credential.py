"""The voucher credential: a W3C credential signed with the registrar's key (`eddsa-jcs-2022`).

Spec: our formats section 8; W3C VC Data Model 2.0; W3C Data Integrity EdDSA Cryptosuites 1.0,
section 3.3 (`eddsa-jcs-2022`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import base58

from ledger.core.canonical import encode_credential
from ledger.core.ed25519 import verify_ed25519
from ledger.core.members import take_text
from ledger.core.subjects import format_urn, parse_urn
from ledger.core.text import (
    DIGEST_BYTES,
    format_base64,
    parse_base64,
    parse_did_key,
    parse_digest,
)
from ledger.core.types import DidKey, Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import BundleError, MalformedError, SignatureError

VC_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
OUR_CONTEXT: Final = "urn:muniment:context:voucher:1"
CONTEXTS: Final = (VC_CONTEXT, OUR_CONTEXT)
CONTEXT_DIGESTS: Final[Mapping[str, str]] = {
    VC_CONTEXT: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    OUR_CONTEXT: "22e5a16cc7a9d71ae5d5a08e4f62b7a7cf4b3ef0899eb478d554447f9e5f4f35",
}
TYPES: Final = ("VerifiableCredential", "DataPropertyRegistrationCredential")
SCHEMA_TYPE: Final = "JsonSchema"
SCHEMA_ID: Final = "urn:muniment:schema:voucher-credential:1"
_SRI: Final = "sha256-"
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_MEMBERS: Final = {
    "@context", "credentialSchema", "credentialSubject", "id", "issuer", "proof", "termsOfUse",
    "type", "validFrom", "validUntil",
}  # fmt: skip
_PROOF_MEMBERS: Final = {
    "@context", "created", "cryptosuite", "proofPurpose", "proofValue", "type",
    "verificationMethod",
}  # fmt: skip
_PROOF_CONSTANTS: Final = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-jcs-2022",
    "proofPurpose": "assertionMethod",
}
_SIGNATURE_BYTES: Final = 64
_PROOF_VALUE: Final = re.compile(r"z[1-9A-HJ-NP-Za-km-z]{80,90}")
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Credential:
    """A voucher credential as read; nothing is verified.

    Args:
        document: The whole, proof included.
        origin: Of the ledger that its id names.
        subject: `voucher/<no>` that its id names.
        issuer: Key that it names as issuer and that made the proof.
        issuer_name: In words.
        valid_from: Unix milliseconds, whole seconds.
        valid_until: The same.
        digest: Of the canonical document, 64 hex digits.
    """

    document: JsonObject
    origin: str
    subject: SubjectKey
    issuer: DidKey
    issuer_name: str
    valid_from: UnixMillis
    valid_until: UnixMillis
    digest: str


@dataclass(frozen=True, slots=True)
class Issue:
    """What a registrar puts into a credential.

    Args:
        origin: Of the ledger.
        number: Of the voucher.
        issuer: The registrar's key that signs.
        issuer_name: In words.
        valid_from: Whole seconds, in milliseconds.
        valid_until: The same.
        subject: `credentialSubject`.
        terms: `termsOfUse`.
        schema_digest: SHA-256 of the schema file, 64 hex digits.
    """

    origin: str
    number: str
    issuer: DidKey
    issuer_name: str
    valid_from: UnixMillis
    valid_until: UnixMillis
    subject: JsonObject
    terms: Json
    schema_digest: str


def issue_credential(issue: Issue, sign: Sign) -> JsonObject:
    """A credential with its proof.

    Args:
        issue: What it says.
        sign: Signature of 64 bytes by the issuer's key.

    Raises:
        MalformedError: A value is outside the JSON profile, a time not in whole seconds, or the
            digest none.
    """
    unsigned: dict[str, Json] = {
        "@context": list(CONTEXTS),
        "id": format_urn(issue.origin, SubjectKey(f"voucher/{issue.number}")),
        "type": list(TYPES),
        "issuer": {"id": issue.issuer, "name": issue.issuer_name},
        "validFrom": format_time(issue.valid_from),
        "validUntil": format_time(issue.valid_until),
        "credentialSubject": issue.subject,
        "termsOfUse": issue.terms,
        "credentialSchema": {
            "id": SCHEMA_ID,
            "type": SCHEMA_TYPE,
            "digestSRI": _SRI + format_base64(parse_digest(issue.schema_digest)),
        },
    }
    config: dict[str, Json] = {
        **_PROOF_CONSTANTS,
        "@context": list(CONTEXTS),
        "created": format_time(issue.valid_from),
        "verificationMethod": f"{issue.issuer}#{issue.issuer.removeprefix('did:key:')}",
    }
    signature = sign(hash_proof(unsigned, config))
    value = "z" + base58.b58encode(signature).decode("ascii")
    return {**unsigned, "proof": {**config, "proofValue": value}}


def hash_proof(unsigned: JsonObject, config: JsonObject) -> bytes:
    """What an `eddsa-jcs-2022` proof signs: both hashes, 64 bytes.

    Args:
        unsigned: The document without its proof.
        config: The proof without its value.

    Spec: W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.3.4.
    """
    hashes = (sha256(encode_credential(part)).digest() for part in (config, unsigned))
    return b"".join(hashes)


def parse_credential(value: Json) -> Credential:
    """Read a voucher credential.

    Args:
        value: From decode_bundle or a part of it.

    Raises:
        MalformedError: A member is missing, extra or mistyped; other contexts or types; a proof
            of another suite.
    """
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        raise MalformedError(
            "a voucher credential has exactly the members " + ", ".join(sorted(_MEMBERS))
        )
    if value["@context"] != list(CONTEXTS) or value["type"] != list(TYPES):
        raise MalformedError("a voucher credential has exactly our contexts and types, in order")
    issuer = value["issuer"]
    if not isinstance(issuer, dict) or issuer.keys() != {"id", "name"}:
        raise MalformedError("a credential's issuer has exactly the members id and name")
    did, name = issuer["id"], issuer["name"]
    if not isinstance(did, str) or not isinstance(name, str):
        raise MalformedError("a credential's issuer is named by strings")
    parse_did_key(did)
    _check_proof(value["proof"], value["@context"], did)
    if not isinstance(value["credentialSubject"], dict):
        raise MalformedError("a credential's credentialSubject is an object")
    _check_schema(value["credentialSchema"])
    origin, subject = parse_urn(take_text(value["id"]))
    return Credential(
        document=value,
        origin=origin,
        subject=subject,
        issuer=DidKey(did),
        issuer_name=name,
        valid_from=parse_time(take_text(value["validFrom"])),
        valid_until=parse_time(take_text(value["validUntil"])),
        digest=sha256(encode_credential(value)).hexdigest(),
    )


def verify_credential(credential: Credential) -> None:
    """Check a credential's own signature.

    Raises:
        SignatureError: The proof does not verify with the key it names.

    That the registrar of a ledger recorded it is another check: a credential that is not in the
    log is no voucher, however well it is signed.
    """
    document = dict(credential.document)
    proof = document.pop("proof")
    if not isinstance(proof, dict):
        raise SignatureError("the credential has no proof")
    config = {name: member for name, member in proof.items() if name != "proofValue"}
    signature = base58.b58decode(take_text(proof["proofValue"])[1:])
    verify_ed25519(
        public_key=parse_did_key(credential.issuer),
        message=hash_proof(document, config),
        signature=signature,
    )


def format_time(time: UnixMillis) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ` of a time in whole seconds.

    Raises:
        MalformedError: Not a whole second, or after the year 9999.
    """
    if time % 1000 or not 0 <= time < 253_402_300_800_000:
        raise MalformedError(f"not a whole second up to the year 9999: {time}")
    return datetime.fromtimestamp(time // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> UnixMillis:
    """Read `YYYY-MM-DDTHH:MM:SSZ`; the exact inverse of format_time.

    Raises:
        MalformedError: Another spelling, or no such time.
    """
    try:
        time = datetime.fromisoformat(text) if _TIME.fullmatch(text) else None
    except ValueError:
        time = None
    millis = UnixMillis(-1 if time is None else int(time.timestamp()) * 1000)
    # Compared with what would be written, since newer Python versions read 24:00:00 too.
    if millis < 0 or format_time(millis) != text:
        raise MalformedError(f"not a time as YYYY-MM-DDTHH:MM:SSZ: {text[:40]!r}")
    return millis


def check_contexts(files: Mapping[str, bytes]) -> None:
    """Hold the bundled context files against their pinned hashes.

    Args:
        files: Bytes of each context, by its URL.

    Raises:
        BundleError: One is missing or was changed.
    """
    for url, digest in CONTEXT_DIGESTS.items():
        if sha256(files.get(url, b"")).hexdigest() != digest:
            raise BundleError(f"the bundled context {url} is not the one that is pinned")


def _check_proof(proof: Json, context: Json, issuer: str) -> None:
    if not isinstance(proof, dict) or proof.keys() != _PROOF_MEMBERS:
        raise MalformedError("a proof has exactly the members " + ", ".join(sorted(_PROOF_MEMBERS)))
    if any(proof[name] != constant for name, constant in _PROOF_CONSTANTS.items()):
        raise MalformedError("the proof is not an eddsa-jcs-2022 assertion")
    if proof["@context"] != context:
        raise MalformedError("the proof's @context is not the document's")
    if proof["verificationMethod"] != f"{issuer}#{issuer.removeprefix('did:key:')}":
        raise MalformedError("the proof's verificationMethod is not the issuer's key")
    parse_time(take_text(proof["created"]))
    value = take_text(proof["proofValue"])
    if not _PROOF_VALUE.fullmatch(value) or len(base58.b58decode(value[1:])) != _SIGNATURE_BYTES:
        raise MalformedError("a proofValue is z and 64 bytes in base58btc")


def _check_schema(schema: Json) -> None:
    if not isinstance(schema, dict) or schema.keys() != {"digestSRI", "id", "type"}:
        raise MalformedError("a credentialSchema has exactly the members digestSRI, id, type")
    if schema["id"] != SCHEMA_ID or schema["type"] != SCHEMA_TYPE:
        raise MalformedError(f"a voucher credential's schema is {SCHEMA_ID}")
    digest = take_text(schema["digestSRI"])
    if not digest.startswith(_SRI) or len(parse_base64(digest[len(_SRI) :])) != DIGEST_BYTES:
        raise MalformedError("a credentialSchema's digestSRI is not sha256- and a digest in base64")
