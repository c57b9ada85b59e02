"""The pages of the state map that were read or written last."""

from collections.abc import Iterable
from typing import Final

CACHED_PAGES: Final = 60_000
"""Enough for who writes: the upper pages of a map of a million keys."""

READER_PAGES: Final = 8_192
"""Enough for who only reads; the file's own cache is behind it."""


class PageCache:
    """Keeps pages, which never change; when it is full the oldest quarter goes.

    Reading needs no lock; the caller holds one for everything else.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int = CACHED_PAGES) -> None:
        self._most = most
        self._pages: dict[int, bytes] = {}

    def get(self, page_id: int) -> bytes | None:
        """A page, if it is kept."""
        return self._pages.get(page_id)

    def keep(self, page_id: int, page: bytes) -> bytes:
        """Keep a page that the store holds; gives it back."""
        if len(self._pages) >= self._most:
            for old in list(self._pages)[: self._most // 4]:
                del self._pages[old]
        self._pages[page_id] = page
        return page

    def forget(self, page_ids: Iterable[int]) -> None:
        """Drop pages that the store holds no more, or that nobody asks for any more."""
        for page_id in page_ids:
            self._pages.pop(page_id, None)

    def clear(self) -> None:
        """Drop all."""
        self._pages.clear()
