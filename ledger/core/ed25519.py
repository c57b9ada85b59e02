"""The one rule by which Ed25519 signatures are accepted, for events, notes and credentials alike.

RFC 8032, cofactorless and strict: S < L; A and R are canonical encodings and not of small order;
`encode([S]B - [k]A)` equals R byte for byte. Verifiers that differ in any of this disagree about
some signatures, and a replay of the log would then depend on the library. That is why there is one
function, and a self-test that refuses a library with another rule.

Spec: RFC 8032 section 5.1.7; our formats section 1.
"""

from dataclasses import dataclass
from typing import Final

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from ledger.core.text import PUBLIC_KEY_BYTES
from ledger.errors import CorruptionError, SignatureError

SIGNATURE_BYTES: Final = 64


def verify_ed25519(*, public_key: bytes, message: bytes, signature: bytes) -> None:
    """Check one signature; may run in several threads at once.

    Args:
        public_key: 32 bytes, from whoever the caller trusts to know the signer.
        message: What was signed, any length; the caller has bounded it.
        signature: R || S, 64 bytes.

    Raises:
        SignatureError: A key or signature of another length, or one that the rule refuses.

    Cost: about 50 us, and 2 us more per KiB of message.
    """
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        raise SignatureError(
            f"an Ed25519 key of {len(public_key)} bytes and a signature of {len(signature)}, "
            f"not of {PUBLIC_KEY_BYTES} and {SIGNATURE_BYTES}"
        )
    try:
        # libsodium's crypto_sign_open is its crypto_sign_verify_detached on `signature || message`;
        # PyNaCl binds only this one. It reads 32 bytes of key whatever it is given.
        crypto_sign_open(signature + message, public_key)
    except BadSignatureError as exc:
        raise SignatureError(
            f"the Ed25519 key {public_key.hex()} did not make this signature over this message"
        ) from exc


def check_library() -> None:
    """Refuse to run on a library that accepts other signatures than the rule does.

    Call it once, before the first signature is judged.

    Raises:
        CorruptionError: The installed libsodium follows another rule; nothing may be verified.

    Cost: one verification per row of the table, less than a millisecond in all.
    """
    for case in _CASES:
        if _is_accepted(case) != case.accepted:
            verb = "accepts" if not case.accepted else "refuses"
            raise CorruptionError(
                f"the installed libsodium {verb} {case.name}, which our formats section 1 forbids; "
                "install a PyNaCl release that bundles libsodium 1.0.18 to 1.0.22"
            )


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    public_key: str
    message: bytes
    signature: str
    accepted: bool


def _is_accepted(case: _Case) -> bool:
    try:
        verify_ed25519(
            public_key=bytes.fromhex(case.public_key),
            message=case.message,
            signature=bytes.fromhex(case.signature),
        )
    except SignatureError:
        return False
    return True


# Made by `edge_cases` in tests/support/ed25519_reference.py; a test makes them again and compares.
# Every refused row is one that a verifier without the check it names would accept. (Signable
# non-canonical encodings all have small order, so those rows need both checks to be missing.)
_CASES: Final = (
    _Case(
        "a good signature",
        "5d3869986d60c39f0a057e2b7afb60459d4179029e098fada3d4ddaeb7451542",
        b"muniment self-test 1",
        "875bf09c3584e345f5a8820629f48034bbeb8630f01479e3bbda98859db7a5c1"
        "fb6c344b1045f6af890f9eb24d2227f70a9ad62372f67bbc171bd1ab2229b70e",
        accepted=True,
    ),
    _Case(
        "a mixed-order A, torsion cancels",
        "b0d7968679c3bf551657a435faa5908ce7dc2cb9605a9f4c138267e37dc00d7f",
        b"muniment self-test 5",
        "875bf09c3584e345f5a8820629f48034bbeb8630f01479e3bbda98859db7a5c1"
        "f399f6db3b6054688af37e84a20badb88aa0c1ff4b2b184b6088532f8da9bd02",
        accepted=True,
    ),
    _Case(
        "a mixed-order A and R",
        "b0d7968679c3bf551657a435faa5908ce7dc2cb9605a9f4c138267e37dc00d7f",
        b"muniment self-test 17",
        "ec9c4b1d0185856fbf8ddaa900e35114f0710c5790446b0e85ead6e95b2a00e8"
        "511bc76ce923b1a4f6d745ad09fefe2fe0353b8914b3794edd472cfab076b40f",
        accepted=True,
    ),
    _Case(
        "a residue of small order",
        "b0d7968679c3bf551657a435faa5908ce7dc2cb9605a9f4c138267e37dc00d7f",
        b"muniment self-test 12",
        "875bf09c3584e345f5a8820629f48034bbeb8630f01479e3bbda98859db7a5c1"
        "dfd0680027fb394003407f444265cc01a81e27efc23d40b28ac9264b4839840e",
        accepted=False,
    ),
    _Case(
        "S not below L",
        "5d3869986d60c39f0a057e2b7afb60459d4179029e098fada3d4ddaeb7451542",
        b"muniment self-test 1",
        "875bf09c3584e345f5a8820629f48034bbeb8630f01479e3bbda98859db7a5c1"
        "e8402aa82aa8080860ac95552c1c060c0b9ad62372f67bbc171bd1ab2229b71e",
        accepted=False,
    ),
    _Case(
        "an A of order 8",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        b"muniment self-test 31",
        "875bf09c3584e345f5a8820629f48034bbeb8630f01479e3bbda98859db7a5c1"
        "05315316c7c91eeac6a678e86a2d999436b1fd204068029fc5527b480c6ed407",
        accepted=False,
    ),
    _Case(
        "an A that is the identity",
        "0100000000000000000000000000000000000000000000000000000000000000",
        b"muniment self-test 7",
        "875bf09c3584e345f5a8820629f48034bbeb8630f01479e3bbda98859db7a5c1"
        "05315316c7c91eeac6a678e86a2d999436b1fd204068029fc5527b480c6ed407",
        accepted=False,
    ),
    _Case(
        "a non-canonical A, y >= p",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        b"muniment self-test 6",
        "875bf09c3584e345f5a8820629f48034bbeb8630f01479e3bbda98859db7a5c1"
        "05315316c7c91eeac6a678e86a2d999436b1fd204068029fc5527b480c6ed407",
        accepted=False,
    ),
    _Case(
        "a non-canonical A, x = -0",
        "0100000000000000000000000000000000000000000000000000000000000080",
        b"muniment self-test 1",
        "875bf09c3584e345f5a8820629f48034bbeb8630f01479e3bbda98859db7a5c1"
        "05315316c7c91eeac6a678e86a2d999436b1fd204068029fc5527b480c6ed407",
        accepted=False,
    ),
    _Case(
        "an R that is the identity",
        "5d3869986d60c39f0a057e2b7afb60459d4179029e098fada3d4ddaeb7451542",
        b"muniment self-test 5",
        "0100000000000000000000000000000000000000000000000000000000000000"
        "2451c1ca124cc77182f2ffe24dd80bd9cec22fd4cdb916e9a142a545938a7d09",
        accepted=False,
    ),
    _Case(
        "an R of order 8",
        "b0d7968679c3bf551657a435faa5908ce7dc2cb9605a9f4c138267e37dc00d7f",
        b"muniment self-test 1",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
        "6f31115ab0521c9e7c9b275c94c77d853ccb6532a8ebfa4886d77c0241858105",
        accepted=False,
    ),
    _Case(
        "a non-canonical R, y >= p",
        "5d3869986d60c39f0a057e2b7afb60459d4179029e098fada3d4ddaeb7451542",
        b"muniment self-test 0",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
        "90aa6cc58918c2b4b31dda0347cdfeb17c7797f818ea4583b41ba8ea0ff65f00",
        accepted=False,
    ),
    _Case(
        "a non-canonical R, x = -0",
        "5d3869986d60c39f0a057e2b7afb60459d4179029e098fada3d4ddaeb7451542",
        b"muniment self-test 8",
        "0100000000000000000000000000000000000000000000000000000000000080"
        "476953916b5e59dc1498e2223e1264bbf4e36605e20321ffe8d28029f71ab909",
        accepted=False,
    ),
)
