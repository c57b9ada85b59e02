"""The state map with its pages in a dict: what a store does, held to the promises of `update`."""

from dataclasses import replace

from ledger.core.hashing import SUITE
from ledger.core.statemap import EMPTY_MAP, Change, prove, reachable_pages, update


class MemoryMap:
    """One map that grows; every page ever written stays, so older roots can be read."""

    def __init__(self, suite=SUITE):
        self.suite = suite
        self.pages = {}
        self.root = replace(EMPTY_MAP, root=suite.map_empty)
        self.next_page_id = 1
        self.locators = 0

    def read_page(self, page_id):
        return self.pages[page_id]

    def set(self, values):
        """Apply one batch of key hash to value hash, in the order of the dict."""
        changes = []
        for key, value in values.items():
            changes.append(Change(key, value, self.locators))
            self.locators += 1
        return self.apply(changes)

    def apply(self, changes):
        before = set(reachable_pages(self, self.root))
        result = update(self, self.root, changes, self.next_page_id, self.suite)
        ids = [page_id for page_id, _ in result.pages]
        assert ids == list(range(self.next_page_id, result.next_page_id))
        self.pages.update(result.pages)
        after = set(reachable_pages(self, result.root))
        assert after - before == set(ids), "every new page is in use, and no other one"
        assert before - after == set(result.replaced), "exactly the pages out of use are replaced"
        assert len(result.replaced) == len(set(result.replaced))
        self.root, self.next_page_id = result.root, result.next_page_id
        return result

    def prove(self, key):
        return prove(self, self.root, key, self.suite)
