"""Signatures and the times of events, beside the forms that test_event.py holds."""

import json
from dataclasses import replace

import pytest

from ledger.core.event import (
    Signature,
    check_event_time,
    create_signed_event,
    encode_event,
    encode_signed_event,
    event_message,
    verify_event_signatures,
)
from ledger.core.subjects import SELF
from ledger.errors import RejectedError, SignatureError
from tests.support import reference_formats, reference_json
from tests.support.log_builder import AUTHOR, START, Author, toy_key

AUTHORS = sorted((Author(f"author {n}") for n in range(8)), key=lambda author: author.did)
DRAFT = AUTHOR.draft("toy.put", {"keys": [toy_key(1), SELF], "value": [{"a": "x"}, None]})
SIGNED = create_signed_event(
    DRAFT, [author.signature(encode_event(DRAFT)) for author in AUTHORS[:2]]
)
DATA = encode_signed_event(SIGNED)
PLAIN = json.loads(DATA)
DAY_MS = 24 * 3600 * 1000


# --- signatures


def test_the_signed_message_names_the_format():
    want = b"muniment/event/v1\n" + reference_json.write(PLAIN["event"])
    assert event_message(SIGNED.event_bytes) == want


def test_every_signature_verifies():
    verify_event_signatures(SIGNED)
    reference_formats.verify_signatures(PLAIN)
    eight = create_signed_event(DRAFT, [a.signature(encode_event(DRAFT)) for a in AUTHORS[:8]])
    verify_event_signatures(eight)


def spoilt(index):
    def change(signed):
        bad = replace(signed.signatures[index], sig=bytes(64))
        kept = list(signed.signatures)
        kept[index] = bad
        return replace(signed, signatures=tuple(kept))

    return change


def flipped(signed):
    sig = signed.signatures[0].sig
    first = replace(signed.signatures[0], sig=sig[:40] + bytes([sig[40] ^ 1]) + sig[41:])
    return replace(signed, signatures=(first, signed.signatures[1]))


UNSIGNED = {
    "nobody has signed": lambda signed: replace(signed, signatures=()),
    "the first signature is zeros": spoilt(0),
    "the last signature is zeros": spoilt(1),
    "one bit is flipped": flipped,
    "the two are exchanged": lambda signed: replace(
        signed,
        signatures=tuple(
            replace(one, sig=other.sig)
            for one, other in zip(signed.signatures, signed.signatures[::-1], strict=True)
        ),
    ),
    "another key is named": lambda signed: replace(
        signed, signatures=(replace(signed.signatures[0], key=AUTHORS[5].did),)
    ),
    "another event is signed": lambda signed: replace(
        signed, event_bytes=signed.event_bytes.replace(b"toy.put", b"toy.add")
    ),
    "the bare event is signed": lambda signed: replace(
        signed,
        signatures=(Signature(AUTHOR.did, AUTHOR._secret.sign(signed.event_bytes).signature),),
    ),
    "another format is signed": lambda signed: replace(
        signed,
        signatures=(
            Signature(
                AUTHOR.did,
                AUTHOR._secret.sign(b"muniment/event/v2\n" + signed.event_bytes).signature,
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", UNSIGNED)
def test_a_signature_that_is_missing_or_wrong_is_refused(name):
    with pytest.raises(SignatureError):
        verify_event_signatures(UNSIGNED[name](SIGNED))


# --- times

IN_TIME = {
    "at once": (0, 0, 0),
    "until the very last millisecond": (0, 1000, 1000),
    "90 days": (0, 90 * DAY_MS, 5),
    "5 minutes ahead": (5 * 60_000, 10 * 60_000, 0),
    "long ago": (-10 * DAY_MS, 0, 0),
}
OUT_OF_TIME = {
    "a millisecond after until": ((0, 1000, 1001), "event_expired"),
    "until before at": ((0, -1, 0), "event_expired"),
    "90 days and a millisecond": ((0, 90 * DAY_MS + 1, 5), "event_lifetime"),
    "5 minutes and a millisecond ahead": (
        (5 * 60_000 + 1, 10 * 60_000, 0),
        "event_from_the_future",
    ),
}


def timed(at, until):
    return replace(DRAFT, at=START + at, until=START + until)


@pytest.mark.parametrize("name", IN_TIME)
def test_an_event_in_time_is_let_through(name):
    at, until, time = IN_TIME[name]
    check_event_time(timed(at, until), START + time)
    assert reference_formats.is_in_time({"at": START + at, "until": START + until}, START + time)


@pytest.mark.parametrize("name", OUT_OF_TIME)
def test_an_event_out_of_time_is_rejected_and_says_why(name):
    (at, until, time), reason = OUT_OF_TIME[name]
    with pytest.raises(RejectedError) as caught:
        check_event_time(timed(at, until), START + time)
    assert caught.value.reason == reason
    assert caught.value.en
    assert caught.value.zh
    assert not reference_formats.is_in_time(
        {"at": START + at, "until": START + until}, START + time
    )
