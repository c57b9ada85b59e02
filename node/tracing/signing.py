"""The signature of whoever traced a file, over what he found.

```json
{"format":"muniment/finding-signature/v1","finding":"<64 hex>","key":"did:key:z6Mk...",
 "log":"<origin>","party":"party/...","sig":"<86 characters>"}
```

`finding` is the SHA-256 of `finding.json` as it lies in the case. Signed is the format's name,
U+000A, and the canonical JSON of `{"finding","log","party"}`. That the key was the party's is shown
by the party's state under the checkpoint of the case; when it was used nothing shows.

Spec: our formats, sections 1 and 7, "case"; docs/adr/0034.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from contracts.identity import Party
from contracts.records import parse_state_record
from ledger.core.bundle import StateBundle
from ledger.core.canonical import encode_canonical
from ledger.core.ed25519 import SIGNATURE_BYTES, verify_ed25519
from ledger.core.members import take_format, take_text
from ledger.core.subjects import parse_subject
from ledger.core.text import format_base64url, parse_base64url, parse_did_key, parse_digest
from ledger.core.types import DidKey, Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import BundleError, MalformedError, SignatureError
from ledger.keys import SigningKey
from node.tracing.finding import Finding

SIGNATURE: Final = "muniment/finding-signature/v1"
_DOMAIN: Final = f"{SIGNATURE}\n".encode()


@dataclass(frozen=True, slots=True)
class FindingSignature:
    """A signature as read; nothing is verified.

    Args:
        finding: SHA-256 of the file `finding.json`, 64 hex digits.
        log: Origin of the ledger.
        party: Who signs.
        key: By which key.
        sig: 64 bytes.
    """

    finding: str
    log: str
    party: SubjectKey
    key: DidKey
    sig: bytes

    @property
    def message(self) -> bytes:
        """The bytes that the signature is over."""
        said: Json = {"finding": self.finding, "log": self.log, "party": self.party}
        return _DOMAIN + encode_canonical(said)


def sign_finding(data: bytes, log: str, party: SubjectKey, key: SigningKey) -> FindingSignature:
    """Sign a finding.

    Args:
        data: The file `finding.json`.
        log: Origin of the ledger.
        party: Who signs.
        key: A current one of the party's.
    """
    bare = FindingSignature(sha256(data).hexdigest(), log, party, key.did, b"")
    return FindingSignature(bare.finding, log, party, key.did, key.sign(bare.message))


def format_signature(signed: FindingSignature) -> JsonObject:
    """The signature as it stands in a case."""
    return {
        "format": SIGNATURE,
        "finding": signed.finding,
        "key": signed.key,
        "log": signed.log,
        "party": signed.party,
        "sig": format_base64url(signed.sig),
    }


def parse_signature(value: Json) -> FindingSignature:
    """Read a signature; the exact inverse of format_signature. Nothing is verified.

    Args:
        value: From a strict reader.

    Raises:
        MalformedError: Anything that format_signature would not have written.
    """
    names = {"finding", "key", "log", "party", "sig"}
    members = take_format(value, names, SIGNATURE, "a finding's signature")
    finding, log = take_text(members["finding"]), take_text(members["log"])
    parse_digest(finding)
    key, sig = take_text(members["key"]), parse_base64url(take_text(members["sig"]))
    parse_did_key(key)
    if len(sig) != SIGNATURE_BYTES:
        raise MalformedError(f"a signature has {SIGNATURE_BYTES} bytes")
    return FindingSignature(
        finding, log, parse_subject(take_text(members["party"])), DidKey(key), sig
    )


def verify_signature(
    signed: FindingSignature, finding: Finding, data: bytes, state: StateBundle
) -> None:
    """Check that the party that a finding calls its signer has signed it.

    Args:
        signed: As read.
        finding: What is signed.
        data: The file that it was read from.
        state: Of the signer, verified under the checkpoint of the case.

    Raises:
        BundleError: The signature is of another finding, ledger or party, or the state is.
        SignatureError: The key was not the party's at that checkpoint, or did not sign this.
    """
    digest = sha256(data).hexdigest()
    told = (signed.finding, signed.log, signed.party)
    if told != (digest, finding.log.origin, finding.signer) or finding.viewer != finding.signer:
        raise BundleError("the signature is of another finding, or by another party")
    if state.subject != signed.party or state.value is None:
        raise BundleError(f"the case does not hold the state of {signed.party}, which signs it")
    party = parse_state_record(Party, state.value.state)
    if signed.key not in party.current_keys(UnixMillis(finding.log.time)):
        raise SignatureError(
            f"the finding is signed by {signed.key}, which was no key of {signed.party} then"
        )
    verify_ed25519(
        public_key=parse_did_key(signed.key), message=signed.message, signature=signed.sig
    )
