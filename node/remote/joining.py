"""Which node a home belongs to, by the small files that say so."""

from pathlib import Path
from typing import Final

from ledger.errors import NotFoundError
from ledger.files import read_file
from node.home import Home

MAX_URL_BYTES: Final = 4096


def find_running(home: Home) -> str | None:
    """The address of the node that serves this home, as far as its file tells; None: none does."""
    return _read_line(home.node_url)


def find_joined(home: Home) -> str | None:
    """The address of the node that a client's home was made for; None in any other home."""
    return None if home.ledger.is_file() else _read_line(home.remote_url)


def _read_line(path: Path) -> str | None:
    try:
        line = read_file(path, max_bytes=MAX_URL_BYTES).partition(b"\n")[0]
    except NotFoundError:
        return None
    return line.decode("utf-8", "replace").strip() or None
