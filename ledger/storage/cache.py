"""The pages of the state map that were read or written last."""

from collections.abc import Iterable
from typing import Final

_CACHED_PAGES: Final = 60_000


class PageCache:
    """Keeps pages, which never change; when it is full the oldest quarter goes.

    Reading needs no lock; the caller holds one for everything else.
    """

    def __init__(self) -> None:
        self._pages: dict[int, bytes] = {}

    def get(self, page_id: int) -> bytes | None:
        """A page, if it is kept."""
        return self._pages.get(page_id)

    def keep(self, page_id: int, page: bytes) -> bytes:
        """Keep a page that the store holds; gives it back."""
        if len(self._pages) >= _CACHED_PAGES:
            for old in list(self._pages)[: _CACHED_PAGES // 4]:
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
