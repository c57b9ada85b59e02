"""Keys of fingerprints: all from one secret, none from another, and none shown."""

import hmac
import pickle

import pytest

from ledger.errors import MalformedError
from tracing.keys import TraceSecret, derive_hash_keys

SECRET = TraceSecret(bytes(range(32)))
ASSET, OTHER = bytes(16), b"\1" * 16


def test_every_key_is_another():
    keys = [
        SECRET.derive_asset_key(ASSET),
        SECRET.derive_asset_key(OTHER),
        SECRET.derive_marking_key(ASSET),
        SECRET.derive_marking_key(OTHER),
        SECRET.derive_index_key(),
        SECRET.reveal(),
    ]
    assert len(set(keys)) == len(keys)
    parts = derive_hash_keys(keys[0])
    names = ("rows", "cells", "shingles", "values", "chunks", "grains")
    assert len({getattr(parts, name) for name in names}) == len(names)


def test_keys_follow_from_the_secret_and_the_asset_alone():
    again = TraceSecret(bytes(range(32)))
    assert again.derive_asset_key(ASSET) == SECRET.derive_asset_key(ASSET)
    # RFC 5869, section 2, written out
    first = hmac.digest(bytes(32), bytes(range(32)), "sha256")
    assert SECRET.derive_index_key() == hmac.digest(first, b"muniment/trace/index/v1\1", "sha256")
    info = b"muniment/trace/asset/v1" + ASSET + b"\1"
    assert SECRET.derive_asset_key(ASSET) == hmac.digest(first, info, "sha256")


def test_a_secret_is_not_printed_and_not_pickled():
    assert SECRET.reveal().hex() not in repr(SECRET)
    assert "rows=" not in repr(derive_hash_keys(bytes(32)))
    with pytest.raises(TypeError):
        pickle.dumps(SECRET)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_secret_of_another_length_is_none(length):
    with pytest.raises(MalformedError):
        TraceSecret(bytes(length))


@pytest.mark.parametrize("asset", [b"", bytes(15), bytes(17)])
def test_an_asset_has_16_bytes(asset):
    with pytest.raises(MalformedError):
        SECRET.derive_asset_key(asset)
    with pytest.raises(MalformedError):
        SECRET.derive_marking_key(asset)
