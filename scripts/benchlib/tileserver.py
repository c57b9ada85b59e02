"""Serves the tiles of a ledger that another process writes; says its address, ends when killed."""

import sys
from contextlib import closing
from pathlib import Path

from typing_extensions import override

from ledger.storage.sqlite import SqliteStore
from node.home import Home
from node.serving import serve
from node.tiles.app import TileApp
from node.tiles.source import Notes, StoreTiles


class _Newest(Notes):
    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    @property
    @override
    def latest(self) -> bytes | None:
        return self._store.read_checkpoint()

    @property
    @override
    def published(self) -> bytes | None:
        return self.latest


def main() -> None:
    with closing(SqliteStore(Home(Path(sys.argv[1])).ledger)) as store:
        app = TileApp(StoreTiles(store, _Newest(store)))
        serve(app, port=0, ready=lambda url: print(url, flush=True))


if __name__ == "__main__":
    main()
