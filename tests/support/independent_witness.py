"""What a witness answers, written from c2sp.org/tlog-witness alone, without the product.

It signs nothing and keeps nothing but the newest size and root of each log; what is compared is the
status, and the size that a 409 states.
"""

import re
from hashlib import sha256

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from tests.support.independent_fork import subproof
from tests.support.independent_signed import NotAuthenticError, b64, is_key_name, need, read_vkey

EMPTY = sha256(b"").digest()
MOST_NOTE, MOST_LINES = 64 * 1024, 64
DECIMAL = "0|[1-9][0-9]{0,18}"


class IndependentWitness:
    """The checks of the text in its order, one request after the other.

    Args:
        vkeys: Trusted keys of logs, of type 0x01.
    """

    def __init__(self, *vkeys):
        self.keys = {}
        for vkey in vkeys:
            identity, key = read_vkey(vkey.encode(), b"\x01")
            self.keys.setdefault(identity[0], {})[identity] = key
        self.seen = {}

    def add_checkpoint(self, body):
        """`(status, size)`; the size is that of a 409 for another old size, else None."""
        try:
            old, path, (origin, size, root), text, lines = read_request(body)
        except NotAuthenticError:
            return 400, None
        if origin not in self.keys:
            return 404, None
        if not is_signed(self.keys[origin], text, lines):
            return 403, None
        if old > size:
            return 400, None
        known, known_root = self.seen.get(origin, (0, EMPTY))
        if old != known:
            return 409, known
        if not extends(old, size, known_root, root, path):
            return (409 if size == old and not path else 422), None
        self.seen[origin] = (size, root)
        return 200, None


def extends(old, size, old_root, root, path):
    """RFC 6962 section 2.1.2; no proof where there is nothing to prove."""
    if old in (0, size):
        return not path and (old == 0 < size or old_root == root)
    try:
        return subproof(old, size, path, old_root, is_whole=True) == (old_root, root)
    except NotAuthenticError:
        return False


def is_signed(keys, text, lines):
    """One line of a known key at least, and none of them wrong."""
    found = [(keys[identity], raw) for identity, raw in lines if identity in keys]
    for key, raw in found:
        try:
            VerifyKey(key).verify(text.encode(), raw)
        except (BadSignatureError, ValueError):
            return False
    return found != []


def read_request(body):
    """Old size, proof, `(origin, size, root)`, the note's text and its signature lines."""
    need(len(body) <= MOST_NOTE + 4096, "size of a request")
    head, blank, note = body.partition(b"\n\n")
    need(blank and head.isascii(), "the blank line")
    first, *hashes = head.decode().split("\n")
    found = re.fullmatch(f"old ({DECIMAL})", first, re.ASCII)
    need(found and int(found[1]) < 2**63 and len(hashes) <= 63, "the old size, or the proof")
    path = [b64(line) for line in hashes]
    need(all(len(one) == 32 for one in path), "hashes of 32 bytes")
    return int(found[1]), path, *read_note(note)


def read_note(note):
    """`(origin, size, root)`, the text and `((name, key id), signature)` of each line."""
    need(len(note) <= MOST_NOTE, "size of the note")
    try:
        whole = note.decode()
    except UnicodeDecodeError:
        raise NotAuthenticError("UTF-8") from None
    need(not re.search("[\x00-\x09\x0b-\x1f]", whole), "a control character")
    text, blank, lines = whole.rpartition("\n\n")
    need(blank and lines.endswith("\n") and lines.count("\n") <= MOST_LINES, "signature lines")
    return read_text(text), f"{text}\n", [read_line(line) for line in lines[:-1].split("\n")]


def read_text(text):
    lines = text.split("\n")
    need(len(lines) >= 3 and all(lines), "three lines, none of them empty")
    need(re.fullmatch(DECIMAL, lines[1], re.ASCII) and int(lines[1]) < 2**63, "a size")
    root = b64(lines[2])
    need(len(root) == 32, "a root")
    return lines[0], int(lines[1]), root


def read_line(line):
    parts = line.split(" ")
    need(len(parts) == 3 and parts[0] == "\u2014" and is_key_name(parts[1]), "a signature line")
    raw = b64(parts[2])
    need(len(raw) > 4, "a signature")
    return (parts[1], raw[:4]), raw[4:]
