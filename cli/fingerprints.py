"""Reading files, or stdin, to their fingerprints, with progress."""

import re
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from cli.files import is_stdin
from cli.session import Session
from ledger.vault import Vault
from node.fingerprinting import Fingerprinter, Measured
from node.home import Home
from node.issuing import Filing
from tracing.extra import has_extra
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


def add_fingerprints(
    session: Session, home: Home, vault: Vault, filing: Filing, paths: Sequence[Path]
) -> None:
    """Make the fingerprints of a filing's files, and say of what none could be made.

    Args:
        session: Speaks.
        home: Of the vault.
        vault: Keeps the keys.
        filing: Not built yet.
        paths: Of its files, in their order; none: their digests are all that is known.

    Raises:
        MalformedError: A file changed while it was read.
        StoreFailedError: The vault or the index could not be written.
    """
    if not paths:
        return
    if not has_extra():
        session.out.warn(
            "the packages for tables are not installed: what is in the files is not fingerprinted, "
            "and only their exact digests identify them; pip install 'muniment[trace]'",
            "未安装表格组件：不生成内容指纹，仅以文件的精确摘要识别；请运行 "
            "pip install 'muniment[trace]'",
        )
        return
    total = sum(path.stat().st_size for path in paths if path.is_file())
    with (
        closing(Fingerprinter(vault, home)) as fingerprinter,
        session.out.progress("Fingerprinting", "生成指纹", total) as advance,
    ):
        measured = [
            None if is_stdin(path) else fingerprinter.measure(path, file, advance)
            for path, file in zip(paths, filing.files, strict=True)
        ]
        filing.fingerprint(fingerprinter, measured)
    for path, each in zip(paths, measured, strict=True):
        _warn_unread(session, path, each)


def _warn_unread(session: Session, path: Path, measured: Measured | None) -> None:
    if measured is None:
        session.out.warn(
            "what comes from stdin is identified by its digest alone: give a file to have what is "
            "in it fingerprinted",
            "来自标准输入的内容仅以摘要识别：如需内容指纹，请给出文件",
        )
    elif measured.fault is not None:
        session.out.warn(
            f"{path} is not read as a table, and fingerprinted by its bytes: {measured.fault}",
            f"{path} 无法按表格读取，改按字节生成指纹：{measured.fault}",
        )


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
