"""How text becomes words of the full-text index, so that any Chinese substring is found.

Each ideograph is a word of its own, and a search is for a phrase of them; Latin letters and
digits stay together. Pure functions of the text, without Unicode tables.
"""

import re
from typing import Final

_IDEOGRAPH: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_WORD: Final = re.compile(f"[{_IDEOGRAPH}]|[^\\W{_IDEOGRAPH}]+")
MAX_QUERY_CHARACTERS: Final = 200
SEARCH: Final = (
    "SELECT l.key, l.label, l.status, l.terms FROM listing_fts f "
    "JOIN listing l ON l.rowid = f.rowid "
    "WHERE listing_fts MATCH ? AND (? IS NULL OR l.type = ?) "
    "ORDER BY f.rank, l.key LIMIT ?"
)
"""Listings that match a query (once) and are of a type or of any (twice); at most so many."""


def split_terms(text: str) -> str:
    """The text as the index keeps it: words and single ideographs between blanks."""
    return " ".join(_WORD.findall(text))


def format_query(text: str) -> str | None:
    """The same text as an FTS5 query: each blank-separated part is a phrase that must occur.

    Args:
        text: What a person typed; only its first MAX_QUERY_CHARACTERS are used.

    Returns:
        The query, or None if the text holds no word. The last word of a part may be unfinished.
    """
    parts = (split_terms(part) for part in text[:MAX_QUERY_CHARACTERS].split())
    phrases = [f'"{part}"*' for part in parts if part]
    return " AND ".join(phrases) or None
