"""Files that are no tables: chunks cut by content, and for text shingles of words.

A chunk ends where the bytes before say so, wherever in the file that is: an insertion changes the
chunks that it touches and no other. Shingles are runs of five words that follow each other, so that
text is found again in another encoding, layout, case or width.

Spec: FastCDC 2020 (Xia et al., IEEE TPDS 31.9) with normalised chunking of level 1 and the gear
table of the authors' reference implementation; tracing, section 1.
"""

import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ledger.errors import MalformedError
from ledger.files import open_regular
from tracing.canon import normalize_text
from tracing.fingerprint import Progress, tell_nobody
from tracing.source import TableLimits
from tracing.textfile import decode, find_encoding

CHUNK_FORM: Final = "fastcdc-4k/1"
SHINGLE_FORM: Final = "words-5/1"
SHINGLE_WORDS: Final = 5

_AVERAGE_BYTES: Final = 4_096
_LEAST_BYTES: Final = 1_024
_MOST_BYTES: Final = 16_384

_PIECE_CHARACTERS: Final = 65_536
_MAX_WORD_CHARACTERS: Final = 1_024
_CHARACTER: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Of Chinese and Japanese, where each is taken for a word, since nothing stands between words."""
_WORD: Final = re.compile(rf"[{_CHARACTER}]|[^\W_{_CHARACTER}]+")
_TAIL: Final = re.compile(r"\w+\Z")
_ANY_LINE: Final = TableLimits(max_line_bytes=2**62)


def iterate_chunks(path: Path, progress: Progress = tell_nobody) -> Iterator[bytes]:
    """The chunks of a file in their order: 1 to 16 KiB each, about 5 KiB on average, streamed.

    Only the last one may be shorter; an empty file has none.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is not a regular file, or cannot be read.
    """
    from pyfastcdc import FastCDC

    cutter = FastCDC(
        _AVERAGE_BYTES, min_size=_LEAST_BYTES, max_size=_MOST_BYTES, normalized_chunking=1, seed=0
    )
    with open_regular(path) as file:
        try:
            for chunk in cutter.cut_stream(file):
                progress(chunk.length)
                yield bytes(chunk.data)
        except OSError as exc:
            raise MalformedError(f"cannot read {path}: {exc.strerror}") from exc


def iterate_words(path: Path) -> Iterator[str]:
    """The words of a text file in their order, in one case and width, streamed.

    A word is a run of letters and digits, or one Chinese or Japanese character.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is not text in UTF-8 or GB18030.
    """
    encoding = find_encoding(path, _ANY_LINE)
    with open_regular(path) as file:
        text, left = decode(file, encoding), ""
        while piece := text.read(_PIECE_CHARACTERS):
            left, whole = _cut(left + piece)
            yield from _find_words(whole)
        yield from _find_words(left)


def _cut(text: str) -> tuple[str, str]:
    """The word at the end, which may go on in the next piece, and what stands before it."""
    found = _TAIL.search(text, max(0, len(text) - _MAX_WORD_CHARACTERS))
    place = len(text) if found is None else found.start()
    return text[place:], text[:place]


def _find_words(text: str) -> list[str]:
    return _WORD.findall(normalize_text("NFKC", text).casefold())


def iterate_shingles(path: Path) -> Iterator[bytes]:
    """Every run of five words of a text file, in UTF-8 with line feeds between; streamed.

    A text with fewer words has one run of all of them; one without words has none.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is not text in UTF-8 or GB18030.
    """
    window = deque[str](maxlen=SHINGLE_WORDS)
    is_full = False
    for word in iterate_words(path):
        window.append(word)
        if len(window) == SHINGLE_WORDS:
            is_full = True
            yield "\n".join(window).encode()
    if window and not is_full:
        yield "\n".join(window).encode()
