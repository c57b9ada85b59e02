"""Looks for secrets in files and texts, however they may be written.

Every secret carries one of three marks, a Latin, a Chinese and a numeric one, which nothing else
carries: so some tens of byte strings find any of thousands of values. Unsalted hashes of whole
values are looked for too, since they could be guessed.
"""

import base64
import io
import re
import zipfile
import zlib
from hashlib import sha256
from urllib.parse import quote

from ledger.core.canonical import encode_canonical
from ledger.core.text import format_base64url

LATIN, HAN, DIGITS = "ZqVkXwJ", "龘靐齉爩", "734019265"
MARKS = (LATIN, HAN, DIGITS)
_HEX = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_BASE64URL = re.compile(rb"(?<![\w-])[\w-]{43}(?![\w-])")
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_MAX_INFLATED = 1024 * 1024


class Secrets:
    """Values that must never be seen, each with a mark and a number of its own."""

    def __init__(self):
        self.values, self.hashes = [], []

    def text(self, what):
        """A secret in words, such as a name or a clause of a contract."""
        return self._keep(f"{what}{HAN}{len(self.values):04} {LATIN}{len(self.values):04}")

    def number(self):
        """A secret number of 14 digits, such as a price or the end of an identity number."""
        return self._keep(int(f"{DIGITS}{len(self.values):05}"))

    def code(self):
        """A secret identity number, 18 characters."""
        return self._keep(f"3201{DIGITS}{len(self.values):05}")

    def digest(self, what):
        """The SHA-256 of a secret file, which is a secret itself: 64 hex digits."""
        self.hashes.append(sha256(self.text(what).encode()).hexdigest())
        return self.hashes[-1]

    def _keep(self, value):
        self.values.append(value)
        return value

    def digests(self):
        """Hashes that whoever guesses a value could make: hex and base64url, by text."""
        found = {}
        for value in (*self.values, *self.hashes):
            for raw in (str(value).encode(), encode_canonical(value)):
                digest = sha256(raw).digest()
                found |= {digest.hex().encode(): value, format_base64url(digest).encode(): value}
        return found


def forms(mark):
    """Byte strings that a text with this mark contains if it is written in one of many ways."""
    plain = mark.encode()
    wide = [mark.encode(f"utf-16-{end}") for end in ("le", "be")]
    escaped = mark.encode("ascii", "backslashreplace")
    hexes = [raw.hex() for raw in (plain, *wide)]
    found = {plain, *wide, escaped, escaped.upper(), quote(mark).encode()}
    found |= {text.encode() for text in hexes} | {text.upper().encode() for text in hexes}
    found |= {_inner(encode, plain, shift) for encode in _BASE64 for shift in range(3)}
    return found | {plain[::-1]}


_BASE64 = (base64.b64encode, base64.urlsafe_b64encode)


def _inner(encode, raw, shift):
    """The part of a base64 text that only these bytes decide, if they begin at such a place."""
    whole = encode(bytes(shift) + raw + bytes(2))
    start = -(-shift * 8 // 6)
    stop = (shift + len(raw)) * 8 // 6
    return whole[start:stop]


def find_leaks(secrets, sources):
    """Where something secret can be read: name of the source, and what of it.

    Args:
        secrets: What to look for.
        sources: Bytes by name.
    """
    needles = {needle: mark for mark in MARKS for needle in forms(mark)}
    digests, found = secrets.digests(), []
    for name, content in sources.items():
        for part, raw in enumerate(_layers(content)):
            where = f"{name} (inflated)" if part else name
            found += [(where, mark) for needle, mark in needles.items() if needle in raw]
            tokens = {*_HEX.findall(raw), *_BASE64URL.findall(raw)}
            found += [(where, digests[each]) for each in tokens & digests.keys()]
    return found


def _layers(content):
    """Bytes as they are, and whatever is compressed in them."""
    yield content
    for match in _COMPRESSED.finditer(content):
        bits = 31 if match[0][0] == 0x1F else 15
        try:
            yield zlib.decompressobj(bits).decompress(content[match.start() :], _MAX_INFLATED)
        except zlib.error:
            continue
    if b"PK\x03\x04" in content:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def read_folder(folder):
    """Every file below a folder, by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
