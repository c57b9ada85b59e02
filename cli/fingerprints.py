"""Reading files, or stdin, to their fingerprints, with progress."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from cli.files import is_stdin
from cli.session import Session
from tracing.fingerprint import Fingerprint, fingerprint_file, fingerprint_stream

_DIGEST = re.compile("[0-9a-f]{64}")


def fingerprint_files(session: Session, files: Sequence[Path]) -> list[Fingerprint]:
    """The fingerprint of each file; `-` is stdin.

    Raises:
        NotFoundError: A file is missing.
        MalformedError: One is not a regular file, or may not be read.
    """
    total = sum(path.stat().st_size for path in files if path.is_file())
    with session.out.progress("Reading", "读取文件", total) as advance:
        return [
            fingerprint_stream(sys.stdin.buffer, advance)
            if is_stdin(path)
            else fingerprint_file(path, advance)
            for path in files
        ]


def read_digest(text: str) -> str:
    """The digest that is given, or that of the file that is named; 64 hex digits.

    Only the digest goes on: what the document says stays with whoever has it.

    Args:
        text: 64 lower-case hex digits, else the path of a file (`./` before a name of such digits).

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is not a regular file, or may not be read.
    """
    return text if _DIGEST.fullmatch(text) else fingerprint_file(Path(text)).digest
