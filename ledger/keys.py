"""Private keys: made, kept in files that only their owner can read, and never printed.

A key file is JSON: `{"format":"muniment/key/v1","name","public","seal"}` with `seal` either
`{"kdf":"none","seed"}` or `{"kdf":"argon2id","memory","nonce","ops","salt","sealed"}`: the seed
under XChaCha20-Poly1305 with the public part as associated data.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import nacl.bindings
import nacl.exceptions
import nacl.pwhash.argon2id
import nacl.signing
from typing_extensions import override

from ledger.core.canonical import decode_canonical, encode_canonical
from ledger.core.text import (
    format_base32,
    format_base64url,
    format_did_key,
    parse_base64url,
    parse_did_key,
)
from ledger.core.types import DidKey, Json, JsonObject
from ledger.errors import (
    InputError,
    LimitError,
    MalformedError,
    NotFoundError,
    StoreFailedError,
    VerificationError,
)
from ledger.files import create_private_file, read_file

SEED_BYTES: Final = 32
_FORMAT: Final = "muniment/key/v1"
_MEMBERS: Final = {"format", "name", "public", "seal"}
_SEAL_MEMBERS: Final = {"kdf", "memory", "nonce", "ops", "salt", "sealed"}
_MAX_FILE_BYTES: Final = 4096
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NONCE_BYTES: Final = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_SEALED_BYTES: Final = SEED_BYTES + nacl.bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
_SALT_BYTES: Final = nacl.pwhash.argon2id.SALTBYTES
_OPS: Final = nacl.pwhash.argon2id.OPSLIMIT_MODERATE
_MEMORY: Final = nacl.pwhash.argon2id.MEMLIMIT_INTERACTIVE
_MAX_MEMORY: Final = 1024 * 1024 * 1024


class WrongPassphraseError(InputError):
    """The passphrase does not open the key."""

    code = "wrong_passphrase"


class PassphraseRequiredError(InputError):
    """The key is sealed and no passphrase was given."""

    code = "passphrase_required"


class SigningKey:
    """Ed25519 private key (RFC 8032) that can sign and cannot be printed."""

    __slots__ = ("_key",)

    def __init__(self, seed: bytes) -> None:
        self._key = nacl.signing.SigningKey(seed)

    def sign(self, message: bytes) -> bytes:
        """Signature over message, 64 bytes."""
        return self._key.sign(message).signature

    @property
    def public_key(self) -> bytes:
        """Public key, 32 bytes."""
        return bytes(self._key.verify_key)

    @property
    def did(self) -> DidKey:
        """The public key as a did:key."""
        return format_did_key(self.public_key)

    @override
    def __repr__(self) -> str:
        return f"SigningKey({self.did})"

    @override
    def __reduce__(self) -> str:
        raise TypeError("a private key is not pickled")


class Passphrase:
    """What opens sealed key files; kept in memory only and never printed.

    Raises:
        MalformedError: It is empty or not text that can be encoded.
    """

    __slots__ = ("_secret",)

    def __init__(self, text: str) -> None:
        try:
            self._secret = text.encode()
        except UnicodeEncodeError:  # which carries the whole text
            raise MalformedError("the passphrase is not valid UTF-8") from None
        if not text:
            raise MalformedError("the passphrase is empty")

    def derive(self, salt: bytes, ops: int, memory: int) -> bytes:
        """Key of 32 bytes by argon2id (RFC 9106); slow on purpose, so kept for the same salt.

        Args:
            salt: 16 bytes.
            ops: Rounds, at least 1.
            memory: Bytes, at least 8,192.

        Raises:
            LimitError: This machine does not have so much memory.
        """
        try:
            return _derive(self._secret, salt, ops, memory)
        except nacl.exceptions.CryptoError as exc:
            raise LimitError(f"no {memory} bytes of memory are left to open a key") from exc

    @override
    def __repr__(self) -> str:
        return "Passphrase(...)"

    @override
    def __reduce__(self) -> str:
        raise TypeError("a passphrase is not pickled")


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """What a key file says in the clear."""

    name: str
    did: DidKey
    is_sealed: bool


class KeyRing:
    """The key files of one folder.

    Args:
        folder: Where `NAME.key` files lie; made with mode 0700 when the first is written.
        passphrase: Seals new keys and opens sealed ones; None leaves new ones in the clear.
    """

    def __init__(self, folder: Path, passphrase: Passphrase | None) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._salt = os.urandom(_SALT_BYTES)

    @override
    def __repr__(self) -> str:
        return f"KeyRing({str(self._folder)!r})"

    def create(self, name: str) -> SigningKey:
        """Make a fresh key and write its file.

        Raises:
            MalformedError: Not a file name we allow.
            ExistsError: There is a key of this name; it is left alone.
            StoreFailedError: The file could not be written.
        """
        seed = os.urandom(SEED_BYTES)
        self.save_secret(name, seed)
        return SigningKey(seed)

    def save_secret(self, name: str, seed: bytes) -> None:
        """Write 32 secret bytes under a name that is free.

        Raises:
            MalformedError: Not a file name we allow.
            ExistsError: There is a key of this name; it is left alone.
            StoreFailedError: The file could not be written.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise StoreFailedError(f"cannot make {self._folder}: {exc.strerror}") from exc
        public = SigningKey(seed).did
        content: Json = {
            "format": _FORMAT,
            "name": name,
            "public": public,
            "seal": self._seal(seed, public),
        }
        create_private_file(self._path(name), encode_canonical(content))

    def remove(self, name: str) -> None:
        """Remove a key that was made for what did not come about: it can never sign again.

        Raises:
            MalformedError: Not a file name we allow.
            StoreFailedError: The file could not be removed.
        """
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as exc:
            raise StoreFailedError(f"cannot remove the key {name}: {exc.strerror}") from exc

    def load(self, name: str) -> SigningKey:
        """Open a key.

        Raises:
            NotFoundError: There is none of this name.
            PassphraseRequiredError: It is sealed and no passphrase was given.
            WrongPassphraseError: The passphrase does not open it.
            MalformedError: The file is damaged or not a key file.
            LimitError: It asks for more memory or time than we give.
            StoreFailedError: It cannot be read.
        """
        return SigningKey(self.load_secret(name))

    def load_secret(self, name: str) -> bytes:
        """The 32 secret bytes behind a name; other errors as load.

        Raises:
            VerificationError: The public part of the file is not that of the seed.
        """
        content = self._read(name)
        seed = self._open(name, content)
        if SigningKey(seed).did != content["public"]:
            raise VerificationError(f"the key file of {name} was changed: restore it from a backup")
        return seed

    def list_entries(self, prefix: str = "") -> list[KeyEntry]:
        """All keys of the folder whose name begins so, by name.

        Raises:
            MalformedError: A file is damaged or not a key file.
            StoreFailedError: A file cannot be read.
        """
        names = sorted(
            path.stem for path in self._folder.glob(f"{prefix}*.key") if _NAME.fullmatch(path.stem)
        )
        return [self._entry(name) for name in names]

    def find_did(self, did: str) -> KeyEntry | None:
        """The key with this public part, or None."""
        return next((entry for entry in self.list_entries() if entry.did == did), None)

    def _entry(self, name: str) -> KeyEntry:
        content = self._read(name)
        seal = content["seal"]
        sealed = isinstance(seal, dict) and seal.get("kdf") != "none"
        return KeyEntry(name, DidKey(str(content["public"])), sealed)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise MalformedError(
                f"a key's name is letters, digits, dots, dashes and underscores, not {name[:64]!r}"
            )
        return self._folder / f"{name}.key"

    def _read(self, name: str) -> JsonObject:
        try:
            data = read_file(self._path(name), max_bytes=_MAX_FILE_BYTES)
        except NotFoundError:
            raise NotFoundError(
                f"there is no key {name} here: see 'muniment key list', make one with "
                f"'muniment key new {name}'"
            ) from None
        with _concealed(name):
            content = decode_canonical(data, max_bytes=_MAX_FILE_BYTES)
            if not isinstance(content, dict) or content.keys() != _MEMBERS:
                raise MalformedError("other members")
            if content["format"] != _FORMAT:
                raise MalformedError("another format")
            parse_did_key(str(content["public"]))
        return content

    def _seal(self, seed: bytes, public: str) -> JsonObject:
        if self._passphrase is None:
            return {"kdf": "none", "seed": format_base64url(seed)}
        nonce = os.urandom(_NONCE_BYTES)
        key = self._passphrase.derive(self._salt, _OPS, _MEMORY)
        sealed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            seed, public.encode(), nonce, key
        )
        return {
            "kdf": "argon2id",
            "memory": _MEMORY,
            "nonce": format_base64url(nonce),
            "ops": _OPS,
            "salt": format_base64url(self._salt),
            "sealed": format_base64url(sealed),
        }

    def _open(self, name: str, content: JsonObject) -> bytes:
        seal = content["seal"]
        if isinstance(seal, dict) and seal.get("kdf") == "none" and seal.keys() == {"kdf", "seed"}:
            with _concealed(name):
                seed = parse_base64url(str(seal["seed"]))
        else:
            seed = self._unseal(name, str(content["public"]), _parse_seal(name, seal))
        if len(seed) != SEED_BYTES:
            raise MalformedError(f"{name}.key is not a key file")
        return seed

    def _unseal(self, name: str, public: str, seal: "_Seal") -> bytes:
        if self._passphrase is None:
            raise PassphraseRequiredError(
                f"the key {name} is sealed: give --passphrase-file FILE, set "
                "MUNIMENT_PASSPHRASE_FILE, or run in a terminal to be asked"
            )
        key = self._passphrase.derive(seal.salt, seal.ops, seal.memory)
        try:
            seed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                seal.sealed, public.encode(), seal.nonce, key
            )
        except nacl.exceptions.CryptoError:
            raise WrongPassphraseError(f"the passphrase does not open the key {name}") from None
        self._salt = seal.salt
        return seed


@dataclass(frozen=True, slots=True)
class _Seal:
    memory: int
    nonce: bytes
    ops: int
    salt: bytes
    sealed: bytes


@contextmanager
def _concealed(name: str) -> Iterator[None]:
    """Say that a key file is damaged without what the reader says, which quotes from it.

    Raises:
        MalformedError: The reader said so.
    """
    try:
        yield
    except InputError:
        raise MalformedError(
            f"{name}.key is damaged or not a key file: restore it from a backup"
        ) from None


def _parse_seal(name: str, seal: Json) -> _Seal:
    if not isinstance(seal, dict) or seal.get("kdf") != "argon2id":
        raise MalformedError(f"{name}.key is sealed in a way this program does not know")
    if seal.keys() != _SEAL_MEMBERS:
        raise MalformedError(f"{name}.key is not a key file")
    memory, ops = seal["memory"], seal["ops"]
    if not isinstance(memory, int) or not isinstance(ops, int):
        raise MalformedError(f"{name}.key is not a key file")
    if not 8192 <= memory <= _MAX_MEMORY or not 1 <= ops <= 16:
        raise LimitError(f"{name}.key asks for {memory} bytes and {ops} rounds to open it")
    with _concealed(name):
        nonce, salt, sealed = (parse_base64url(str(seal[n])) for n in ("nonce", "salt", "sealed"))
    if (len(nonce), len(salt), len(sealed)) != (_NONCE_BYTES, _SALT_BYTES, _SEALED_BYTES):
        raise MalformedError(f"{name}.key is not a key file")
    return _Seal(memory, nonce, ops, salt, sealed)


@lru_cache(maxsize=4)
def _derive(passphrase: bytes, salt: bytes, ops: int, memory: int) -> bytes:
    return nacl.pwhash.argon2id.kdf(32, passphrase, salt, opslimit=ops, memlimit=memory)


def fresh_nonce() -> str:
    """A nonce for an event: 22 characters, base64url of 16 random bytes."""
    return format_base64url(os.urandom(16))


def fresh_salt() -> str:
    """A salt for a commitment: 43 characters, base64url of 32 random bytes."""
    return format_base64url(os.urandom(32))


def fresh_label() -> str:
    """26 random characters for an origin of one's own."""
    return format_base32(os.urandom(16))
