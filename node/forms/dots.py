"""Dotted names of TOML, counted before the library reads them, which takes quadratic time."""

import re
from collections.abc import Iterator
from typing import Final

from ledger.errors import LimitError

MAX_PARTS: Final = 16
_NO_NAMES: Final = re.compile(
    r""""{3}(?:[^"\\]++|\\.|"{1,2}(?!"))*"{3,5}"""
    r"""|'{3}(?:[^']++|'{1,2}(?!'))*'{3,5}"""
    r'''|"(?!"")(?:[^"\\\n]++|\\.)*"'''
    r"""|'(?!'')[^'\n]*+'"""
    r"""|#[^\n]*+|["']""",
    re.DOTALL,
)
"""Texts in quotes, of several lines and of one, comments, and a quote that nothing closes."""
_MANY_PARTS: Final = re.compile(
    rf"(?<![\w-])[\w-]++(?:[ \t]*+\.[ \t]*+[\w-]++){{{MAX_PARTS}}}", re.ASCII
)


def check_dots(text: str) -> None:
    """Refuse a dotted name that is longer than any of a form, in linear time.

    Args:
        text: TOML, or what shall be read as such; what is behind a quote that nothing closes is
            never read.

    Raises:
        LimitError: A name has more than 16 parts.
    """
    if _MANY_PARTS.search("".join(_names(text))):
        raise LimitError(f"the form has a name of more than {MAX_PARTS} parts")


def _names(text: str) -> Iterator[str]:
    """The text with one letter for each text in quotes, without comments."""
    begin = 0
    for found in _NO_NAMES.finditer(text):
        yield text[begin : found.start()]
        if found[0] in {'"', "'"}:
            return
        yield "" if found[0].startswith("#") else "x"
        begin = found.end()
    yield text[begin:]
