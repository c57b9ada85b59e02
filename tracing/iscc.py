"""The ISCC of a file: the public code of ISO 24138, by which other catalogues may know it.

Its data code is alike for files whose bytes are alike, and its instance code is that of the very
file. It is blind to shuffled rows: the same table in another order has a code as far away as any
other file's. So nothing here is found by it.

Spec: ISO 24138:2024, ISCC-SUM of data code and instance code, 64 bits each.
"""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ledger.errors import MalformedError
from ledger.files import open_regular

_CHUNK_BYTES: Final = 1024 * 1024
_CODE: Final = re.compile("ISCC:[A-Z2-7]{10,73}")


def find_iscc(path: Path) -> str | None:
    """The code of a file, read once in constant memory; None where iscc-lib is not installed.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It cannot be read.
    """
    if find_spec("iscc_lib") is None:
        return None
    from iscc_lib import SumHasher

    hasher = SumHasher()
    with open_regular(path) as file:
        try:
            while chunk := file.read(_CHUNK_BYTES):
                hasher.update(chunk)
        except OSError as exc:
            raise MalformedError(f"cannot read {path}: {exc.strerror}") from exc
    return hasher.finalize().iscc


def parse_iscc(text: str) -> str:
    """A code as it is written.

    Raises:
        MalformedError: It is none.
    """
    if _CODE.fullmatch(text) is None:
        raise MalformedError("an ISCC is ISCC: and base32 in capitals")
    return text
