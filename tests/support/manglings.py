"""Bytes that are almost right: a strategy that spoils what a writer wrote, in one place."""

from hypothesis import strategies as st

PIECES = [b" ", b"\n", b"0", b"-", b".", b"e1", b'"', b"\\", b",", b":", b"[", b"]", b"{", b"}"]
PIECES += [b"null", b"true", b'"a":1,', b"\\u0041", b"\\/", b"\xff", b"\xef\xbb\xbf", b"\xc2\x85"]


@st.composite
def mangled(draw, written):
    """The bytes with at most four taken out and a piece put in, anywhere."""
    data = draw(written)
    start = draw(st.integers(0, len(data)))
    stop = draw(st.integers(start, min(len(data), start + 4)))
    return data[:start] + draw(st.sampled_from([b"", *PIECES])) + data[stop:]
