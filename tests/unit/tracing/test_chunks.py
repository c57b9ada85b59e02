from hashlib import shake_128

import pytest

from ledger.errors import MalformedError, NotFoundError
from tracing.chunks import iterate_chunks, iterate_shingles, iterate_words

TEXT = "The quick brown fox jumps over the lazy dog. 数据产权登记，按照“管理办法”办理。 Ünïcode 3.14 x_y"


def noise(size, seed=1):
    return shake_128(b"chunks %d" % seed).digest(size)


def write(folder, content, name="f.bin"):
    path = folder / name
    path.write_bytes(content)
    return path


def test_chunks_are_the_file_in_order_and_of_the_sizes_stated(tmp_path):
    content = noise(400_000)
    chunks = list(iterate_chunks(write(tmp_path, content)))
    assert b"".join(chunks) == content
    assert all(1_024 <= len(chunk) <= 16_384 for chunk in chunks[:-1])
    assert 4_000 < 400_000 / len(chunks) < 6_500


def test_an_insertion_changes_only_the_chunks_that_it_touches(tmp_path):
    content = noise(400_000)
    before = set(iterate_chunks(write(tmp_path, content)))
    after = set(
        iterate_chunks(write(tmp_path, content[:200_000] + b"inserted" + content[200_000:]))
    )
    assert len(before - after) <= 3
    unrelated = set(iterate_chunks(write(tmp_path, noise(400_000, 2))))
    assert not before & unrelated


def test_where_chunks_end_never_changes(tmp_path):
    """Known answer: kept records hold hashes of chunks."""
    content = bytes(place * place % 251 for place in range(65_536))
    sizes = [len(chunk) for chunk in iterate_chunks(write(tmp_path, content + noise(30_000)))]
    assert sizes == SIZES


SIZES = [16384, 16384, 16384, 16384, 7880, 1050, 3193, 5081, 5014, 6292, 1490]


def test_progress_adds_up_and_an_empty_file_has_no_chunk(tmp_path):
    told = []
    list(iterate_chunks(write(tmp_path, noise(50_000)), told.append))
    assert sum(told) == 50_000
    assert list(iterate_chunks(write(tmp_path, b""))) == []
    with pytest.raises(NotFoundError):
        list(iterate_chunks(tmp_path / "none"))


def test_words_are_runs_of_letters_and_single_chinese_characters(tmp_path):
    words = list(iterate_words(write(tmp_path, TEXT.encode())))
    assert words == [
        "the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", *"数据产权登记按照管理办法办理",
        "ünïcode", "3", "14", "x", "y",
    ]  # fmt: skip


def test_shingles_are_runs_of_five_words(tmp_path):
    path = write(tmp_path, b"one two three four five six")
    assert list(iterate_shingles(path)) == [
        b"one\ntwo\nthree\nfour\nfive",
        b"two\nthree\nfour\nfive\nsix",
    ]
    assert list(iterate_shingles(write(tmp_path, b"one, TWO!"))) == [b"one\ntwo"]
    assert list(iterate_shingles(write(tmp_path, b" .,\n"))) == []


RESPELLED = {
    "GB18030": lambda text: text.encode("gb18030"),
    "a mark": lambda text: text.encode("utf-8-sig"),
    "line ends": lambda text: text.replace(" ", "\r\n  ").encode(),
    "case": lambda text: text.upper().encode(),
    "width": lambda text: text.translate({0x21 + i: 0xFF01 + i for i in range(94)}).encode(),
    "punctuation": lambda text: text.replace(".", ";").replace("，", "、").encode(),
}


@pytest.mark.parametrize("case", RESPELLED)
def test_the_same_text_written_otherwise_has_the_same_shingles(tmp_path, case):
    plain = list(iterate_shingles(write(tmp_path, TEXT.encode())))
    assert list(iterate_shingles(write(tmp_path, RESPELLED[case](TEXT)))) == plain


def test_words_are_whole_where_pieces_meet(tmp_path):
    words = [f"word{number}" for number in range(40_000)]
    assert list(iterate_words(write(tmp_path, " ".join(words).encode()))) == words


def test_text_without_line_ends_or_spaces_is_read(tmp_path):
    text = "数据" * 200_000
    assert sum(1 for _ in iterate_words(write(tmp_path, text.encode()))) == 400_000


def test_what_is_no_text_has_no_shingles(tmp_path):
    for content in (b"\0", noise(5_000)):
        with pytest.raises(MalformedError):
            list(iterate_shingles(write(tmp_path, content)))


def test_a_text_with_endless_marks_is_left_in_the_form_that_it_has(tmp_path):
    """By the method's page, section 12."""
    for marks, word in ((64, "ab"), (65, "\uff41\uff42")):
        text = "\uff21\uff22 e" + "\u0301" * marks
        first, *_ = iterate_words(write(tmp_path, text.encode()))
        assert first == word
