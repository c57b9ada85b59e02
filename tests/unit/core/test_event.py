"""Events and their signatures: one reader, every mangled member refused, the reference agrees."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.canonical import encode_canonical
from ledger.core.draft import decode_draft
from ledger.core.event import (
    Event,
    Signature,
    create_signed_event,
    decode_signed_event,
    encode_event,
    encode_signatures,
    encode_signed_event,
    parse_signed_event,
)
from ledger.core.limits import MAX_SIGNED_EVENT_BYTES
from ledger.core.subjects import SELF
from ledger.core.text import format_base64url
from ledger.errors import (
    LedgerError,
    LimitError,
    MalformedError,
)
from tests.support import reference_formats, reference_json
from tests.support.log_builder import AUTHOR, ORIGIN, START, Author, nonce_of, toy_key
from tests.support.manglings import mangled
from tests.support.reference_json import RefusedError

AUTHORS = sorted((Author(f"author {n}") for n in range(9)), key=lambda author: author.did)
DRAFT = AUTHOR.draft("toy.put", {"keys": [toy_key(1), SELF], "value": [{"a": "x"}, None]})
SIGNED = create_signed_event(
    DRAFT, [author.signature(encode_event(DRAFT)) for author in AUTHORS[:2]]
)
DATA = encode_signed_event(SIGNED)
PLAIN = json.loads(DATA)
DAY_MS = 24 * 3600 * 1000


def outcome(function, data):
    try:
        return json.loads(encode_signed_event(function(data)))
    except LedgerError:
        return None


def reference_outcome(function, data):
    try:
        return function(data)
    except RefusedError:
        return None


def is_accepted(data):
    """Whether the readers accept; they must agree."""
    accepted = outcome(decode_signed_event, data)
    assert accepted == reference_outcome(reference_formats.read_signed_event, data)
    return accepted is not None


def event_of(size):
    """A signed event of exactly so many bytes."""
    least = len(encode_signed_event(AUTHOR.put(SELF, value="")))
    return AUTHOR.put(SELF, value="x" * (size - least), nonce=nonce_of(repr({"keys": [SELF]})))


# --- reading and writing

bodies = st.dictionaries(
    st.text("abcXYZ09_.:@/$-", min_size=1, max_size=5),
    st.integers(-9, 9) | st.text("ab\n\u767b\U0001f600", max_size=5) | st.lists(st.none()),
    max_size=4,
)


@st.composite
def signed_events(draw):
    subjects = draw(st.lists(st.integers(0, 40), min_size=1, max_size=16, unique=True))
    authors = draw(st.lists(st.sampled_from(AUTHORS), min_size=1, max_size=3, unique=True))
    event = Event(
        actor=AUTHOR.party,
        at=draw(st.integers(0, 2**53 - 1)),
        body=draw(bodies),
        kind=draw(st.sampled_from(["a.b", "registration.file", "a" * 32 + "." + "z" * 32])),
        log=draw(st.sampled_from([ORIGIN, "a" * 128, "a.b-c/D.e_f~g-h/9"])),
        nonce=format_base64url(draw(st.binary(min_size=16, max_size=16))),
        subjects=tuple(sorted(toy_key(n) for n in subjects)),
        until=draw(st.integers(0, 2**53 - 1)),
    )
    return create_signed_event(event, [Signature(a.did, bytes(64)) for a in authors])


@settings(max_examples=30, deadline=None)
@given(signed_events())
def test_a_signed_event_is_written_and_read_back(signed):
    data = encode_signed_event(signed)
    assert decode_signed_event(data) == signed
    plain = reference_formats.read_signed_event(data)
    assert (signed.id, signed.event_bytes) == (
        reference_json.digest(plain["event"]),
        reference_json.write(plain["event"]),
    )
    assert parse_signed_event(plain["event"], plain["signatures"]) == signed
    assert encode_signatures(signed.signatures) == reference_json.write(plain["signatures"])
    assert create_signed_event(signed.event, []) == replace(signed, signatures=())


@settings(max_examples=100, deadline=None)
@given(mangled(st.just(DATA)))
def test_a_reader_accepts_nothing_that_the_writer_would_not_write(data):
    if is_accepted(data):
        assert encode_signed_event(decode_signed_event(data)) == data


def test_the_id_does_not_depend_on_the_signatures():
    alone = create_signed_event(DRAFT, SIGNED.signatures[:1])
    assert alone.id == SIGNED.id == sha256(alone.event_bytes).hexdigest()
    assert encode_signed_event(alone) != DATA


def test_signatures_are_put_in_order():
    assert create_signed_event(DRAFT, reversed(SIGNED.signatures)) == SIGNED


# --- what is refused


def member(**members):
    return lambda plain: plain["event"].update(members)


def signature(index=0, **members):
    return lambda plain: plain["signatures"][index].update(members)


def subjects(count):
    return member(subjects=sorted(toy_key(n) for n in range(count)))


def signatures(count):
    def change(plain):
        sig = plain["signatures"][0]["sig"]
        plain["signatures"] = [{"key": author.did, "sig": sig} for author in AUTHORS[:count]]

    return change


def depth(levels):
    """A body that makes the event so deep."""
    value = 0
    for _ in range(levels - 2):
        value = [value]
    return member(body={"value": value})


NONCE = DRAFT.nonce
SIG = PLAIN["signatures"][0]["sig"]
KEY = PLAIN["signatures"][0]["key"]

ALLOWED = {
    "nothing": lambda plain: None,
    "one subject": subjects(1),
    "16 subjects": subjects(16),
    "one signature": signatures(1),
    "8 signatures": signatures(8),
    "depth 16": depth(16),
    "an empty body": member(body={}),
    "time 0": member(at=0, until=0),
    "until before at": member(at=9, until=0),
    "the largest time": member(at=2**53 - 1),
    "a log of 128 bytes": member(log="a" * 128),
    "another log": member(log="another.example"),
    "the ledger alone": member(subjects=[SELF]),
}

MANGLINGS = {
    "an unknown member beside the event": lambda plain: plain.update(extra=1),
    "no signatures member": lambda plain: plain.pop("signatures"),
    "no event": lambda plain: plain.pop("event"),
    "an event that is an array": lambda plain: plain.update(event=[]),
    "an event that is null": lambda plain: plain.update(event=None),
    "an unknown member of the event": member(note="x"),
    **{
        f"no {name}": (lambda n: lambda plain: plain["event"].pop(n))(name)
        for name in PLAIN["event"]
    },
    **{f"{name} null": member(**{name: None}) for name in PLAIN["event"]},
    "version 0": member(v=0),
    "version 2": member(v=2),
    "version true": member(v=True),
    "version in quotes": member(v="1"),
    "a body that is an array": member(body=[]),
    "a body that is a text": member(body="{}"),
    "a kind without a verb": member(kind="registration"),
    "a kind of three parts": member(kind="a.b.c"),
    "a kind in upper case": member(kind="Toy.put"),
    "a kind with a digit": member(kind="toy.put1"),
    "a kind with a newline": member(kind="toy.put\n"),
    "a kind of 33 characters": member(kind="a" * 33 + ".b"),
    "an empty kind": member(kind="."),
    "an actor that is no party": member(actor=toy_key(1)),
    "an actor without a type": member(actor=DRAFT.actor[6:]),
    "an actor with a bad id": member(actor="party/x"),
    "a number as actor": member(actor=1),
    "negative at": member(at=-1),
    "negative until": member(until=-1),
    "at true": member(at=True),
    "until false": member(until=False),
    "at in quotes": member(at=str(START)),
    "a log in upper case": member(log="Example.org"),
    "an empty log": member(log=""),
    "a log with a blank": member(log="example.org/a b"),
    "a log with a slash at the end": member(log="example.org/"),
    "a log of 129 bytes": member(log="a" * 129),
    "a number as log": member(log=1),
    "a nonce of 15 bytes": member(nonce=format_base64url(bytes(15))),
    "a nonce of 17 bytes": member(nonce=format_base64url(bytes(17))),
    "an empty nonce": member(nonce=""),
    "a padded nonce": member(nonce=NONCE + "=="),
    "a nonce with spare bits": member(nonce=NONCE[:-1] + "B"),
    "a nonce in standard base64": member(nonce="+" + NONCE[1:]),
    "a number as nonce": member(nonce=1),
    "no subjects at all": member(subjects=[]),
    "17 subjects": subjects(17),
    "a subject twice": member(subjects=[SELF, SELF]),
    "unsorted subjects": member(subjects=sorted([SELF, toy_key(1)], reverse=True)),
    "a subject of an unknown type": member(subjects=["thing/self"]),
    "an empty subject": member(subjects=["", SELF]),
    "a number among the subjects": member(subjects=[1, SELF]),
    "null among the subjects": member(subjects=[SELF, None]),
    "an array among the subjects": member(subjects=[[SELF]]),
    "a text as subjects": member(subjects=SELF),
    "an object as subjects": member(subjects={SELF: SELF}),
    "depth 17": depth(17),
    "depth 18": depth(18),
    "no signature": lambda plain: plain.update(signatures=[]),
    "9 signatures": signatures(9),
    "a signature twice": lambda plain: plain.update(signatures=[plain["signatures"][0]] * 2),
    "a key twice": lambda plain: plain["signatures"][1].update(key=KEY),
    "unsorted signatures": lambda plain: plain["signatures"].reverse(),
    "signatures that are an object": lambda plain: plain.update(signatures={}),
    "signatures that are null": lambda plain: plain.update(signatures=None),
    "a signature that is a text": lambda plain: plain.update(signatures=[SIG]),
    "a signature that is null": lambda plain: plain.update(signatures=[None]),
    "an unknown member of a signature": signature(alg="EdDSA"),
    "a signature without a key": lambda plain: plain["signatures"][0].pop("key"),
    "a signature without sig": lambda plain: plain["signatures"][0].pop("sig"),
    "a number as key": signature(key=1),
    "a number as sig": signature(sig=1),
    "null as sig": signature(sig=None),
    "a key that is no did:key": signature(key=KEY[:-1]),
    "a key of another curve": signature(key="did:key:z6LS" + KEY[12:]),
    "a key with a number too large": signature(1, key="did:key:z6Mk" + "z" * 44),
    "a signature of 63 bytes": signature(sig=format_base64url(bytes(63))),
    "a signature of 65 bytes": signature(sig=format_base64url(bytes(65))),
    "an empty signature": signature(sig=""),
    "a padded signature": signature(sig=SIG + "=="),
    "a signature with spare bits": signature(sig=SIG[:-1] + ("B" if SIG[-1] == "A" else "R")),
    "an empty object": lambda plain: plain.clear(),
}


def changed(change):
    plain = json.loads(DATA)
    change(plain)
    return plain


@pytest.mark.parametrize("name", ALLOWED)
def test_what_the_formats_allow_is_read(name):
    assert is_accepted(encode_canonical(changed(ALLOWED[name]), max_depth=30))


@pytest.mark.parametrize("name", MANGLINGS)
def test_a_mangled_event_is_refused(name):
    plain = changed(MANGLINGS[name])
    data = encode_canonical(plain, max_depth=30)
    assert data != DATA
    assert not is_accepted(data)
    if plain.keys() == {"event", "signatures"}:
        with pytest.raises((MalformedError, LimitError)):
            parse_signed_event(plain["event"], plain["signatures"])
        draft = encode_canonical(plain | {"format": "muniment/draft/v1"}, max_depth=30)
        if plain["signatures"] != []:
            with pytest.raises((MalformedError, LimitError)):
                decode_draft(draft)


@pytest.mark.parametrize(
    "name",
    [
        "no subjects at all",
        "17 subjects",
        "9 signatures",
        "no signature",
        "depth 17",
        "a log of 129 bytes",
    ],
)
def test_too_many_or_too_deep_is_a_limit(name):
    with pytest.raises(LimitError):
        decode_signed_event(encode_canonical(changed(MANGLINGS[name]), max_depth=30))


@pytest.mark.parametrize("data", [b"[]", b"null", b'"event"', b"1", b""])
def test_what_is_no_object_is_refused(data):
    assert not is_accepted(data)


def test_a_signed_event_has_at_most_48_kib():
    largest = event_of(MAX_SIGNED_EVENT_BYTES)
    data = encode_signed_event(largest)
    assert len(data) == 48 * 1024
    assert is_accepted(data)
    with pytest.raises(LimitError):
        event_of(MAX_SIGNED_EVENT_BYTES + 1)
    longer = data.replace(b"xxx", b"xxxx", 1)
    assert not is_accepted(longer)
    with pytest.raises(LimitError):
        decode_signed_event(longer)


def test_an_event_that_a_reader_would_refuse_is_not_created():
    key = AUTHOR.signature(b"")
    bad = {
        "17 subjects": replace(DRAFT, subjects=tuple(sorted(map(toy_key, range(17))))),
        "a float": replace(DRAFT, body={"value": 1.5}),
        "no subject": replace(DRAFT, subjects=()),
        "a negative time": replace(DRAFT, at=-1),
        "an actor": replace(DRAFT, actor=SELF),
    }
    for event in bad.values():
        for given_signatures in ([key], []):
            with pytest.raises((MalformedError, LimitError)):
                create_signed_event(event, given_signatures)
    with pytest.raises(MalformedError):
        create_signed_event(DRAFT, [key, key])
    with pytest.raises(LimitError):
        create_signed_event(DRAFT, [Signature(author.did, bytes(64)) for author in AUTHORS])


@pytest.mark.parametrize("key", ["", "did:key:z6Mk", KEY + "a", KEY[:-1] + '"', KEY + "\n"])
def test_a_signature_of_no_did_key_is_not_written(key):
    with pytest.raises(MalformedError):
        encode_signatures([Signature(key, bytes(64))])
