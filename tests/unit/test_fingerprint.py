import io
import os
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.errors import MalformedError, NotFoundError
from tracing.fingerprint import fingerprint_file, fingerprint_stream


@pytest.mark.parametrize("size", [0, 1, 1024 * 1024, 1024 * 1024 + 1, 3_000_000])
def test_digest_and_size_are_those_of_the_bytes(tmp_path, size):
    path = tmp_path / "表.csv"
    content = bytes(i % 251 for i in range(size))
    path.write_bytes(content)
    told = []
    found = fingerprint_file(path, told.append)
    assert found.digest == sha256(content).hexdigest()
    assert found.size == size == sum(told)


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFoundError, match="no file"):
        fingerprint_file(tmp_path / "none.csv")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(MalformedError, match="is not a regular file"):
        fingerprint_file(tmp_path)


def test_a_named_pipe_and_a_device_are_refused_at_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(MalformedError, match="not a regular file"):
            fingerprint_file(path)


def test_a_stream_is_read_to_its_end():
    assert fingerprint_stream(io.BytesIO(b"abc")).digest == sha256(b"abc").hexdigest()
