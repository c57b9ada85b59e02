"""Reading files, or stdin, to their fingerprints, with progress."""

import sys
from collections.abc import Sequence
from pathlib import Path

from cli.files import is_stdin
from cli.session import Session
from tracing.fingerprint import Fingerprint, fingerprint_file, fingerprint_stream


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
