"""A witness's key: an Ed25519 key that signs nothing but cosignatures.

The name is part of the key (its ID depends on it) and lies beside it as a vkey, which is what logs
and verifiers are given.

Spec: c2sp.org/tlog-cosignature.
"""

from pathlib import Path
from typing import Final

from typing_extensions import override

from ledger.core.cosignature import Cosignature, cosignature_message, encode_cosignature
from ledger.core.note import (
    MAX_VKEY_CHARS,
    Algorithm,
    SignatureLine,
    VerifierKey,
    create_verifier_key,
    format_vkey,
    parse_vkey,
)
from ledger.errors import (
    CorruptionError,
    ExistsError,
    InputError,
    MalformedError,
    NotFoundError,
)
from ledger.files import create_private_file, read_file
from ledger.keys import KeyRing, Passphrase, SigningKey

KEY_NAME: Final = "witness"
"""Name of the key file in the witness's folder."""
VKEY_FILE: Final = "witness.vkey"


class WitnessKey:
    """Signs cosignatures under one name.

    Args:
        name: Of the key: a URL without its scheme is usual, such as `witness.example.org`.
        key: The secret; it must sign for no other name and nothing else.

    Raises:
        MalformedError: A name that no key has.
    """

    def __init__(self, name: str, key: SigningKey) -> None:
        self._key = key
        self.verifier = create_verifier_key(name, Algorithm.COSIGNATURE_ED25519, key.public_key)

    @override
    def __repr__(self) -> str:
        return f"WitnessKey({self.vkey})"

    @property
    def name(self) -> str:
        """Under which it signs."""
        return self.verifier.name

    @property
    def vkey(self) -> str:
        """The public key with its name, as policies have it."""
        return format_vkey(self.verifier)

    def cosign(self, text: str, timestamp: int) -> SignatureLine:
        """The line that says: seen at this time, consistent with all that was seen before.

        Args:
            text: Of the checkpoint, as our own encoder wrote it.
            timestamp: Seconds since 1970-01-01T00:00:00Z.

        Raises:
            MalformedError: A timestamp outside 0 <= timestamp < 2**63.
        """
        signature = self._key.sign(cosignature_message(text, timestamp))
        blob = encode_cosignature(Cosignature(timestamp, signature))
        return SignatureLine(self.name, self.verifier.key_id, blob)


def create_witness_key(folder: Path, name: str, passphrase: Passphrase | None) -> WitnessKey:
    """Make a fresh key in a witness's folder.

    Raises:
        MalformedError: A name that no key has.
        ExistsError: There is a witness already; it is left alone.
        StoreFailedError: A file could not be written.
    """
    ring = KeyRing(folder, passphrase)
    create_verifier_key(name, Algorithm.COSIGNATURE_ED25519, bytes(32))  # before a file is made
    if (folder / VKEY_FILE).exists():
        raise ExistsError(f"{folder} holds a witness already: name another folder with --folder")
    key = WitnessKey(name, ring.create(KEY_NAME))
    create_private_file(folder / VKEY_FILE, f"{key.vkey}\n".encode())
    return key


def load_vkey(folder: Path) -> VerifierKey:
    """The public key of the witness in a folder.

    Raises:
        NotFoundError: There is no witness.
        CorruptionError: The file is damaged.
        StoreFailedError: It cannot be read.
    """
    path = folder / VKEY_FILE
    try:
        data = read_file(path, max_bytes=4 * MAX_VKEY_CHARS)
        key = parse_vkey(data.decode("utf-8", "replace").removesuffix("\n"))
        _check_type(key)
    except NotFoundError:
        raise NotFoundError(
            f"there is no witness in {folder}: make one with 'muniment witness init NAME', or name "
            "another folder with --folder"
        ) from None
    except InputError as exc:
        raise CorruptionError(f"{path} is damaged: put it back from a copy") from exc
    return key


def load_witness_key(folder: Path, passphrase: Passphrase | None) -> WitnessKey:
    """Open the key of the witness in a folder.

    Raises:
        NotFoundError: There is no witness.
        PassphraseRequiredError: It is sealed and no passphrase was given.
        WrongPassphraseError: The passphrase does not open it.
        CorruptionError: The files are damaged, or of two witnesses.
        StoreFailedError: A file cannot be read.
    """
    verifier = load_vkey(folder)
    key = WitnessKey(verifier.name, KeyRing(folder, passphrase).load(KEY_NAME))
    if key.verifier != verifier:
        raise CorruptionError(
            f"{VKEY_FILE} in {folder} is not of the key beside it: put the right ones back"
        )
    return key


def _check_type(key: VerifierKey) -> None:
    if key.algorithm is not Algorithm.COSIGNATURE_ED25519:
        raise MalformedError("a witness's key is of type 0x04")
