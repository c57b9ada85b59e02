"""The container of evidence packs: exactly what its manifest lists, and never more than allowed."""

import io
import json
import stat
import struct
import tracemalloc
import warnings
import zipfile
import zlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import BundleError, InputError, LimitError, MalformedError
from node.pack import (
    CASE,
    MANIFEST,
    MAX_FILES,
    MAX_PACK_BYTES,
    MAX_UNPACKED_BYTES,
    PACK,
    Pack,
    is_pack,
    read_pack,
    write_pack,
)

FILES = {"a/voucher.json": b'{"x":1}', "statement.en.txt": b"words " * 50, "z": b""}
HONEST = Pack(PACK, FILES)
LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
paths = st.from_regex(r"[a-z0-9_-]{1,8}(\.[a-z]{1,4})?(/[a-z0-9_-]{1,8}){0,2}", fullmatch=True)


def manifest_of(contents, form=PACK, **members):
    listed = [{"path": p, "digest": sha256(c).hexdigest()} for p, c in contents.items()]
    return json.dumps({"format": form, "files": listed} | members).encode()


def zipped(files, method=zipfile.ZIP_DEFLATED, change=lambda info: None, comment=b"", stream=None):
    """A ZIP as the standard library makes it, the manifest as given."""
    out = stream or io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as archive:
        warnings.simplefilter("ignore", UserWarning)  # of names that come twice
        for name, content in files:
            info = zipfile.ZipInfo(name, (2026, 11, 2, 10, 0, 0))
            info.compress_type, info.create_system = method, 3
            info.external_attr = (stat.S_IFREG | 0o600) << 16
            change(info)
            archive.writestr(info, content)
        archive.comment = comment
    return out.getvalue() if stream is None else b""


def honest_zip(**options):
    return zipped([*FILES.items(), (MANIFEST, manifest_of(FILES))], **options)


def patch(data, sign, at, fmt, value, nth=0):
    """The n-th header with this signature changed at an offset."""
    place = -1
    for _ in range(nth + 1):
        place = data.index(sign, place + 1)
    packed = struct.pack(fmt, value)
    return data[: place + at] + packed + data[place + at + len(packed) :]


def both(data, at, fmt, value, nth=0):
    """A field changed in the local header and, two bytes on, in the directory."""
    return patch(patch(data, LOCAL, at, fmt, value, nth), CENTRAL, at + 2, fmt, value, nth)


# what is written is read


@given(st.dictionaries(paths, st.binary(max_size=300), max_size=6), st.sampled_from([PACK, CASE]))
def test_reading_gives_what_was_written(files, form):
    folders = {"/".join(p.split("/")[:i]) for p in files for i in range(1, p.count("/") + 1)}
    if folders & files.keys() or MANIFEST in files:
        with pytest.raises(MalformedError):
            write_pack(Pack(form, files))
        return
    data = write_pack(Pack(form, files))
    assert read_pack(data) == Pack(form, files)
    assert data == write_pack(Pack(form, dict(reversed(files.items()))))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in archive.namelist()[1:]} == files
        assert archive.namelist() == [MANIFEST, *sorted(files)]


def test_the_bytes_are_those_that_the_standard_library_writes():
    def as_ours(info):
        info.date_time = (1980, 1, 1, 0, 0, 0)
        info.external_attr = (stat.S_IFREG | 0o644) << 16

    listed = [{"path": p, "digest": sha256(FILES[p]).hexdigest()} for p in sorted(FILES)]
    manifest = json.dumps({"format": PACK, "files": listed}, indent=2).encode() + b"\n"
    files = [(MANIFEST, manifest), *sorted(FILES.items())]
    assert write_pack(HONEST) == zipped(files, zipfile.ZIP_STORED, as_ours)


class Unseekable(io.RawIOBase):
    """Makes the standard library write sizes after the content, as Go and Java do."""

    def __init__(self):
        self.parts = []

    def writable(self):
        return True

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)


OTHER_WRITERS = {
    "stored": lambda: honest_zip(method=zipfile.ZIP_STORED),
    "deflated": honest_zip,
    "in another order": lambda: zipped([(MANIFEST, manifest_of(FILES)), *reversed(FILES.items())]),
    "with times of Unix": lambda: honest_zip(
        change=lambda info: setattr(info, "extra", b"UT\x05\x00\x03\x00\x00\x00\x00")
    ),
    "made by DOS": lambda: honest_zip(
        change=lambda info: (setattr(info, "create_system", 0), setattr(info, "external_attr", 0))
    ),
}


@pytest.mark.parametrize("name", OTHER_WRITERS)
def test_a_plain_zip_of_another_program_is_read(name):
    assert read_pack(OTHER_WRITERS[name]()) == HONEST


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_sizes_may_stand_after_the_content(method):
    stream = Unseekable()
    zipped([*FILES.items(), (MANIFEST, manifest_of(FILES))], method, stream=stream)
    data = b"".join(stream.parts)
    assert read_pack(data) == HONEST
    assert b"PK\x07\x08" in data
    bare = bytearray(data)
    # the same without the signature that some writers leave out
    place = bare.index(b"PK\x07\x08")
    del bare[place : place + 4]
    with pytest.raises(MalformedError):
        read_pack(bytes(bare))  # the offsets behind it are wrong now
    with pytest.raises(MalformedError):
        read_pack(patch(data, b"PK\x07\x08", 4, "<I", 7))


def test_what_begins_like_a_zip_is_taken_for_a_pack():
    assert is_pack(write_pack(HONEST))
    assert is_pack(zipped([]))
    assert not is_pack(b"{}")
    assert not is_pack(b"")


# what is refused


def with_manifest(manifest, files=FILES):
    return zipped([*files.items(), (MANIFEST, manifest)])


def renamed(path):
    """A pack that is honest but for one path."""
    files = {path: b"x"}
    return zipped([*files.items(), (MANIFEST, manifest_of(files))])


def repeated():
    return zipped([*FILES.items(), ("z", b""), (MANIFEST, manifest_of(FILES))])


def overlapping():
    """Two entries of the directory that point to one content."""
    data = zipped([("a", b"same"), ("b", b"same"), (MANIFEST, manifest_of({"a": b"same"}))])
    return patch(data, CENTRAL, 42, "<I", 0, nth=1)


def with_gap():
    data = honest_zip()
    directory = data.index(CENTRAL)
    moved = data[:directory] + b"hidden" + data[directory:]
    return patch(moved, END, 16, "<I", directory + 6)


def prefixed():
    data = honest_zip()
    moved = b"#!/bin/sh\n" + data
    for n in range(len(FILES) + 1):
        offset = struct.unpack_from("<I", data, 0 if n < 0 else find(data, CENTRAL, n) + 42)[0]
        moved = patch(moved, CENTRAL, 42, "<I", offset + 10, n)
    return patch(moved, END, 16, "<I", data.index(CENTRAL) + 10)


def find(data, sign, nth):
    place = -1
    for _ in range(nth + 1):
        place = data.index(sign, place + 1)
    return place


def longer_deflate():
    """A deflated file with more behind the end of its stream."""
    content = b"x" * 100
    files = [("a", content), (MANIFEST, manifest_of({"a": content}))]
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = raw.compress(content) + raw.flush()
    data = zipped(files)
    start = data.index(packed)
    data = data[: start + len(packed)] + b"more" + data[start + len(packed) :]
    data = both(data, 18, "<I", len(packed) + 4)
    data = patch(data, CENTRAL, 42, "<I", find(data, LOCAL, 1), 1)
    return patch(data, END, 16, "<I", data.index(CENTRAL))


def zip64():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in (*FILES.items(), (MANIFEST, manifest_of(FILES))):
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as file:
                file.write(content)
    return out.getvalue()


MANGLINGS = {
    "cut off": lambda: honest_zip()[:-1],
    "only an end": lambda: b"PK\x05\x06" + bytes(18),
    "shorter than an end": lambda: b"PK\x05\x06",
    "data after the end": lambda: honest_zip() + b"\n",
    "a comment at the end": lambda: honest_zip(comment=b"hello"),
    "a program before it": prefixed,
    "bytes between files": with_gap,
    "two files in one place": overlapping,
    "a file twice": repeated,
    "a ZIP in parts": lambda: patch(honest_zip(), END, 4, "<H", 1),
    "another count": lambda: patch(honest_zip(), END, 10, "<H", 3),
    "a directory elsewhere": lambda: patch(honest_zip(), END, 16, "<I", 0),
    "no directory where it should be": lambda: patch(honest_zip(), CENTRAL, 0, "<I", 0),
    "a directory that is longer": lambda: patch(
        patch(honest_zip(), END, 10, "<H", 3), END, 8, "<H", 3
    ),
    "encrypted": lambda: both(honest_zip(), 6, "<H", 1),
    "encrypted, says one header": lambda: patch(honest_zip(), LOCAL, 6, "<H", 1),
    "strong encryption": lambda: both(honest_zip(), 6, "<H", 0x41),
    "packed otherwise": lambda: both(honest_zip(), 8, "<H", 12),
    "packed with LZMA": lambda: honest_zip(method=zipfile.ZIP_LZMA),
    "says to be stored": lambda: both(honest_zip(), 8, "<H", 0),
    "zip64": zip64,
    "needs a newer version": lambda: both(honest_zip(), 4, "<H", 45),
    "a local header needs a newer one": lambda: patch(honest_zip(), LOCAL, 4, "<H", 45),
    "another name for Unicode": lambda: honest_zip(
        change=lambda info: setattr(info, "extra", b"up\x06\x00\x01\x00\x00\x00\x00z")
    ),
    "an extra field cut off": lambda: honest_zip(
        change=lambda info: setattr(info, "extra", b"UT\x05\x00\x03")
    ),
    "half an extra field": lambda: honest_zip(change=lambda info: setattr(info, "extra", b"UT")),
    "a comment to a file": lambda: honest_zip(
        change=lambda info: setattr(info, "comment", b"hello")
    ),
    "a symlink": lambda: honest_zip(
        change=lambda info: setattr(info, "external_attr", (stat.S_IFLNK | 0o777) << 16)
    ),
    "a device": lambda: honest_zip(
        change=lambda info: setattr(info, "external_attr", (stat.S_IFCHR | 0o666) << 16)
    ),
    "a folder of DOS": lambda: honest_zip(change=lambda info: setattr(info, "external_attr", 0x10)),
    "a folder": lambda: zipped([("f/", b""), (MANIFEST, manifest_of({}))]),
    "a name beyond ASCII": lambda: zipped([("凭证", b""), (MANIFEST, manifest_of({}))]),
    "a name in code page 437": lambda: honest_zip().replace(
        b"statement.en.txt", b"statem\x89nt.en.txt"
    ),
    "a blank in a name": lambda: renamed("a b"),
    "another name in one header": lambda: honest_zip().replace(b"a/voucher", b"b/voucher", 1),
    "another time in one header": lambda: patch(honest_zip(), LOCAL, 10, "<H", 7),
    "another CRC": lambda: both(honest_zip(), 14, "<I", 7),
    "another CRC in one header": lambda: patch(honest_zip(), LOCAL, 14, "<I", 7),
    "says to be smaller": lambda: both(honest_zip(), 22, "<I", 3, nth=1),
    "says to be larger": lambda: both(honest_zip(), 22, "<I", 301, nth=1),
    "says to be huge": lambda: both(honest_zip(), 22, "<I", 0xFFFFFFFF),
    "packed size too large": lambda: both(honest_zip(), 18, "<I", 10_000),
    "packed size too small": lambda: both(honest_zip(), 18, "<I", 1),
    "garbage instead of deflate": lambda: both(
        honest_zip(method=zipfile.ZIP_STORED), 8, "<H", 8, nth=1
    ),
    "more behind a stream": longer_deflate,
    "no manifest": lambda: zipped(FILES.items()),
    "nothing at all": lambda: zipped([]),
    "a file that is not listed": lambda: with_manifest(manifest_of({"z": b""})),
    "a listed file that is missing": lambda: with_manifest(manifest_of(FILES | {"y": b""})),
    "another content than listed": lambda: with_manifest(manifest_of(FILES | {"z": b"!"})),
    "another format": lambda: with_manifest(manifest_of(FILES, "muniment/pack/v2")),
    "a format that is no text": lambda: with_manifest(manifest_of(FILES, 1)),
    "a manifest with more": lambda: with_manifest(manifest_of(FILES, more=1)),
    "a manifest that is no JSON": lambda: with_manifest(b"voucher.json\n"),
    "files that are no list": lambda: with_manifest(manifest_of(FILES, files={})),
    "a file listed twice": lambda: with_manifest(
        manifest_of(FILES, files=[{"path": "z", "digest": "0" * 64}] * 2)
    ),
    "a digest in capitals": lambda: with_manifest(
        manifest_of(FILES, files=[{"path": "z", "digest": "A" * 64}])
    ),
    "a manifest that lists itself": lambda: with_manifest(manifest_of(FILES | {MANIFEST: b""})),
    "too large a manifest": lambda: with_manifest(manifest_of(FILES) + b" " * 2_100_000),
}
BAD_PATHS = (
    "/etc/passwd", "../up", "a/../b", "a..b", "a//b", "./a", "a/.", "A", "a\\b", "a" * 101, "a\x00b",
)  # fmt: skip


@pytest.mark.parametrize("name", MANGLINGS)
def test_a_mangled_pack_is_refused(name):
    assert read_pack(honest_zip()) == HONEST
    with pytest.raises((InputError, BundleError)):
        read_pack(MANGLINGS[name]())


@pytest.mark.parametrize("path", BAD_PATHS)
def test_a_path_that_could_lead_astray_is_neither_read_nor_written(path):
    with pytest.raises(MalformedError):
        write_pack(Pack(PACK, {path: b"x"}))
    stand_in = renamed("q" * len(path))  # the standard library would mend some of them
    data = stand_in.replace(b"q" * len(path), path.encode())
    with pytest.raises(InputError):
        read_pack(data)


def test_a_file_is_not_a_folder_too():
    for files in ({"a": b"", "a/b": b""}, {"a/b": b"", "a/b/c/d": b""}):
        with pytest.raises(MalformedError, match="folder"):
            write_pack(Pack(PACK, files))
        with pytest.raises(MalformedError, match="folder"):
            read_pack(zipped([*files.items(), (MANIFEST, manifest_of(files))]))


@pytest.mark.parametrize("form", ["", "muniment/voucher/v1", PACK + "\n"])
def test_no_other_format_is_written(form):
    with pytest.raises(MalformedError):
        write_pack(Pack(form, {}))


def test_every_cut_and_every_changed_byte_is_noticed():
    data = write_pack(Pack(PACK, {"a": b"content"}))
    for length in range(len(data)):
        with pytest.raises((InputError, BundleError)):
            read_pack(data[:length])
    unnoticed = []
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 0x01
        try:
            read_pack(bytes(changed))
        except (InputError, BundleError):
            continue
        unnoticed.append(place)
    # who made it (version, system), its text flag, permissions: nothing that a file says
    first, second = find(data, CENTRAL, 0), find(data, CENTRAL, 1)
    free = {start + at for start in (first, second) for at in (4, 5, 36, 37, 38, 39, 40)}
    assert set(unnoticed) <= free | {first + 41, second + 41, 4, 5} | needed(data)


def needed(data):
    """Places of the version that is needed: a lower one is as good."""
    return {find(data, LOCAL, n) + 4 for n in (0, 1)} | {find(data, CENTRAL, n) + 6 for n in (0, 1)}


# limits


def test_as_many_files_as_allowed_and_no_more():
    files = {f"f{n}": b"" for n in range(MAX_FILES - 1)}
    assert len(read_pack(write_pack(Pack(PACK, files))).files) == MAX_FILES - 1
    with pytest.raises(LimitError):
        write_pack(Pack(PACK, files | {"one-more": b""}))
    more = files | {"one-more": b""}
    with pytest.raises(LimitError):
        read_pack(zipped([*more.items(), (MANIFEST, manifest_of(more))]))


def test_as_many_bytes_as_allowed_and_no_more():
    files = {"a": b"x" * 600, "b": b"y" * 400}
    data = zipped([*files.items(), (MANIFEST, manifest_of(files))])
    size = 1000 + len(manifest_of(files))
    assert read_pack(data, max_unpacked=size).files == files
    with pytest.raises(LimitError):
        read_pack(data, max_unpacked=size - 1)
    with pytest.raises(LimitError):
        write_pack(Pack(PACK, {"a": bytes(MAX_UNPACKED_BYTES)}))
    with pytest.raises(LimitError):
        read_pack(b"PK\x03\x04" + bytes(MAX_PACK_BYTES))


def deflate(size):
    """So many zero bytes, deflated, and their CRC."""
    packer, crc, zeros = zlib.compressobj(9, zlib.DEFLATED, -15), 0, bytes(1 << 20)
    piece = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)  # stands for itself
    for _ in range(size >> 20):
        crc = zlib.crc32(zeros, crc)
    return piece * (size >> 20) + packer.flush(), crc


@pytest.fixture(scope="module")
def bomb():
    """A pack of about 1 MiB whose one file unpacks to 1 GiB."""
    packed, crc = deflate(1 << 30)
    manifest = manifest_of({"bomb": b""})
    data = zipped([("bomb", b""), (MANIFEST, manifest)])
    start = data.index(b"bomb") + 4
    used = struct.unpack_from("<I", data, 18)[0]  # an empty file deflates to two bytes
    data = data[:start] + packed + data[start + used :]
    data = both(data, 14, "<I", crc)
    data = both(data, 18, "<I", len(packed))
    data = patch(data, CENTRAL, 42, "<I", find(data, LOCAL, 1), 1)
    data = patch(data, END, 16, "<I", find(data, CENTRAL, 0))
    return both(data, 22, "<I", 1 << 30)


@pytest.mark.parametrize("claimed", [1 << 30, 0, 1000, 60 << 20])
def test_a_bomb_is_refused_while_reading_with_little_memory(bomb, claimed):
    data = both(bomb, 22, "<I", claimed)
    assert len(data) < 2 << 20
    tracemalloc.start()
    try:
        with pytest.raises(LimitError if claimed == 1 << 30 else MalformedError):
            read_pack(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < claimed % (1 << 30) * 2 + (4 << 20)


def test_many_files_do_not_unpack_to_more_than_one():
    packed = {f"f{n}": bytes(7 << 20) for n in range(10)}
    data = zipped([*packed.items(), (MANIFEST, manifest_of(packed))])
    with pytest.raises(LimitError, match="more than"):
        read_pack(data)
