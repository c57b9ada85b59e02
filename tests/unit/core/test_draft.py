"""Drafts and the openings that travel with them: written, read back, and every mangling refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.canonical import encode_canonical
from ledger.core.draft import (
    MAX_DRAFT_BYTES,
    Committed,
    DraftOpening,
    check_openings,
    decode_draft,
    encode_draft,
    find_commitments,
    find_hidden,
    format_draft_openings,
    parse_draft_openings,
)
from ledger.core.event import create_signed_event, encode_event, encode_signed_event
from ledger.core.limits import MAX_BUNDLE_BYTES, MAX_SIGNED_EVENT_BYTES
from ledger.core.subjects import SELF, commit
from ledger.errors import LimitError, MalformedError, RejectedError
from tests.support import reference_json
from tests.support.log_builder import AUTHOR, ORIGIN, Author, toy_key
from tests.support.manglings import mangled

AUTHORS = sorted((Author(f"author {n}") for n in range(8)), key=lambda author: author.did)
DRAFT = AUTHOR.draft("toy.put", {"keys": [toy_key(1), SELF], "value": [{"a": "x"}, None]})
UNSIGNED = create_signed_event(DRAFT, [])
SIGNED = create_signed_event(
    DRAFT, [author.signature(encode_event(DRAFT)) for author in AUTHORS[:2]]
)
DATA = encode_signed_event(SIGNED)
PLAIN = json.loads(DATA)


# --- drafts


def draft_with(**members):
    return encode_canonical(json.loads(encode_draft(UNSIGNED)) | members, max_depth=30)


def test_a_draft_is_an_event_without_signatures():
    draft = create_signed_event(DRAFT, [])
    assert draft == decode_draft(encode_draft(UNSIGNED))
    assert (draft.event, draft.signatures, draft.id) == (DRAFT, (), SIGNED.id)
    want = {"event": PLAIN["event"], "format": "muniment/draft/v1", "signatures": []}
    assert encode_draft(UNSIGNED) == reference_json.write(want)


def test_a_draft_may_have_some_signatures():
    assert decode_draft(draft_with(signatures=PLAIN["signatures"])) == SIGNED


BAD_DRAFTS = {
    "another format": draft_with(format="muniment/draft/v2"),
    "null as format": draft_with(format=None),
    "an unknown member": draft_with(extra=1),
    "no format": DATA,
    "no event": b'{"format":"muniment/draft/v1","signatures":[]}',
    "an array": b"[]",
    "a bad event": draft_with(event=PLAIN["event"] | {"v": 2}),
    "an event that is null": draft_with(event=None),
    "a bad event with signatures": draft_with(
        event=PLAIN["event"] | {"v": 2}, signatures=PLAIN["signatures"]
    ),
    "null as signatures": draft_with(signatures=None),
    "bad signatures": draft_with(signatures=[{}]),
    "not canonical": encode_draft(UNSIGNED) + b"\n",
}


@pytest.mark.parametrize("name", BAD_DRAFTS)
def test_what_is_no_draft_is_refused(name):
    with pytest.raises(MalformedError):
        decode_draft(BAD_DRAFTS[name])


def nested(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


def test_the_limits_hold_for_drafts():
    for body in ({"x": nested(15)}, {"x": "y" * MAX_SIGNED_EVENT_BYTES}):
        with pytest.raises(LimitError):
            decode_draft(draft_with(event=PLAIN["event"] | {"body": body}))
        with pytest.raises(LimitError):
            create_signed_event(replace(DRAFT, body=body), [])
    assert decode_draft(draft_with(event=PLAIN["event"] | {"body": {"x": nested(14)}}))


@pytest.mark.parametrize("count", range(9))
def test_a_draft_is_written_and_read_back_with_the_signatures_it_has(count):
    signatures = [author.signature(encode_event(DRAFT)) for author in AUTHORS[:count]]
    signed = create_signed_event(DRAFT, signatures)
    data = encode_draft(signed)
    assert decode_draft(data) == signed
    assert data == encode_canonical(json.loads(data))


@settings(max_examples=100, deadline=None)
@given(mangled(st.sampled_from([encode_draft(SIGNED), encode_draft(UNSIGNED)])))
def test_a_reader_of_drafts_accepts_nothing_that_the_writer_would_not_write(data):
    try:
        read = decode_draft(data)
    except (MalformedError, LimitError):
        return
    assert encode_draft(read) == data


def test_the_longest_signed_event_has_a_draft():
    def sized(length):
        event = replace(DRAFT, body={"x": "y" * length})
        return create_signed_event(event, [AUTHOR.signature(encode_event(event))])

    shortest = len(encode_signed_event(sized(0)))
    longest = sized(MAX_SIGNED_EVENT_BYTES - shortest)
    data = encode_draft(longest)
    assert len(data) == MAX_DRAFT_BYTES
    assert decode_draft(data) == longest
    with pytest.raises(LimitError):
        decode_draft(data.replace(b"yyy", b"yyyy", 1))


# --- openings

SALTS = ["A" * 43, "B" * 42 + "A"]
VALUES = {"title": "停车 2026", "price": {"amount": 5, "unit": ["CNY", None]}}


def committing():
    """An event that commits to title and price, and their openings."""
    openings = [
        DraftOpening(AUTHOR.party, field, ORIGIN, salt, value)
        for (field, value), salt in zip(VALUES.items(), SALTS, strict=True)
    ]
    made = {
        each.field: commit(
            by=each.by, field=each.field, log=each.log, salt=each.salt, value=each.value
        )
        for each in openings
    }
    body = {"form": {"title": made["title"]}, "price": [1, [made["price"]]], "other": "x"}
    return create_signed_event(AUTHOR.draft("toy.put", body, subjects=(toy_key(1),)), []), openings


COMMITTING, OPENINGS = committing()
FILE = format_draft_openings(COMMITTING.id, OPENINGS)


def as_bytes(value):
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def test_openings_are_written_and_read_back():
    assert parse_draft_openings(as_bytes(FILE), COMMITTING) == tuple(OPENINGS)
    assert FILE["format"] == "muniment/draft-opening/v1"


def test_some_of_the_openings_may_be_there_or_none():
    for some in (OPENINGS[:1], OPENINGS[1:], []):
        data = as_bytes(format_draft_openings(COMMITTING.id, some))
        assert parse_draft_openings(data, COMMITTING) == tuple(some)


def test_every_commitment_of_a_body_is_found_wherever_it_stands():
    title, price = (each.commitment() for each in OPENINGS)
    assert list(find_commitments(COMMITTING.event.body)) == [
        Committed("form/title", "title", title),
        Committed("price/1/0", "price", price),
    ]
    near = [{"$commit": "A" * 42}, {"$commit": "A" * 43, "more": 1}, {"commit": "A" * 43}, "A" * 43]
    assert list(find_commitments({"near": near})) == []


def test_an_opening_does_not_show_its_secrets():
    assert repr(OPENINGS[0]) == "DraftOpening(field='title')"


def with_opening(**members):
    first, *others = FILE["openings"]
    return FILE | {"openings": [first | members, *others]}


def without(name):
    first, *others = FILE["openings"]
    return FILE | {"openings": [{k: v for k, v in first.items() if k != name}, *others]}


WRONG_OPENINGS = {
    "of another draft": FILE | {"event": "0" * 64},
    "by another party": with_opening(by=AUTHORS[0].party),
    "for another ledger": with_opening(log="example.org/other"),
    "of another member": with_opening(field="summary"),
    "of a member with a long name": with_opening(field="title" * 100),
    "with another salt": with_opening(salt=SALTS[1]),
    "with another value": with_opening(value="停车 2027"),
    "with a value that is null": with_opening(value=None),
}


@pytest.mark.parametrize("name", WRONG_OPENINGS)
def test_an_opening_that_opens_nothing_of_the_event_is_refused(name):
    with pytest.raises(RejectedError) as caught:
        parse_draft_openings(as_bytes(WRONG_OPENINGS[name]), COMMITTING)
    assert caught.value.reason == "wrong_opening"
    assert "ask for" in caught.value.en
    assert "请索取" in caught.value.zh


def moved(**places):
    """The same commitments, each under another member; and the openings, as if nothing was."""
    form = {name: {"$commit": OPENINGS[place].commitment()} for name, place in places.items()}
    return AUTHOR.draft("toy.put", {"form": form}, subjects=(toy_key(1),))


MOVED = {
    "under another member": moved(agent=0, price=1),
    "with another in its place": moved(title=1, agent=0, price=1),
    "two that changed places": moved(title=1, price=0),
}


@pytest.mark.parametrize("name", MOVED)
def test_an_opening_opens_nothing_but_the_member_that_it_names(name):
    check_openings(moved(title=0, price=1), OPENINGS)
    with pytest.raises(RejectedError, match="is not what the event commits to"):
        check_openings(MOVED[name], OPENINGS)


@pytest.mark.parametrize("doubled", [[0, 0], [0, 1, 0], [1, 1]])
def test_an_opening_that_comes_twice_is_refused(doubled):
    data = as_bytes(format_draft_openings(COMMITTING.id, [OPENINGS[place] for place in doubled]))
    with pytest.raises(RejectedError) as caught:
        parse_draft_openings(data, COMMITTING)
    assert caught.value.reason == "wrong_opening"
    assert "opened twice: ask for" in caught.value.en
    assert "请索取" in caught.value.zh


def test_what_no_opening_opens_is_hidden():
    event = COMMITTING.event
    assert find_hidden(event, OPENINGS) == []
    assert find_hidden(event, OPENINGS[1:]) == ["form/title"]
    assert find_hidden(event, []) == ["form/title", "price/1/0"]
    assert find_hidden(event, OPENINGS[:1] * 2) == ["price/1/0"]
    assert find_hidden(moved(title=0, agent=0), OPENINGS[:1]) == ["form/agent"]


def test_one_opening_opens_its_value_wherever_it_stands_under_its_name():
    event = AUTHOR.draft(
        "toy.put",
        {"a": {"title": {"$commit": OPENINGS[0].commitment()}}, "title": COMMITTING.event.body["form"]["title"]},
        subjects=(toy_key(1),),
    )  # fmt: skip
    check_openings(event, OPENINGS[:1])
    assert find_hidden(event, OPENINGS[:1]) == []


def test_openings_are_held_against_the_event_itself():
    check_openings(COMMITTING.event, OPENINGS)
    with pytest.raises(RejectedError):
        check_openings(DRAFT, OPENINGS[:1])


BAD_OPENINGS = {
    "another format": FILE | {"format": "muniment/opening/v1"},
    "no event": {k: v for k, v in FILE.items() if k != "event"},
    "another member": FILE | {"asset": "asset/x"},
    "openings that are an object": FILE | {"openings": {}},
    "an opening that is null": FILE | {"openings": [None]},
    "a salt of another length": with_opening(salt="A" * 42),
    "a salt that is a number": with_opening(salt=1),
    "by somebody who is no subject": with_opening(by="ann"),
    "a field that is null": with_opening(field=None),
    "a log that is null": with_opening(log=None),
    "an event that is null": FILE | {"event": None},
    "an event that is no digest": FILE | {"event": "A" * 64},
    "a float": with_opening(value=1.5),
    **{f"an opening without its {name}": without(name) for name in FILE["openings"][0]},
}


@pytest.mark.parametrize("name", BAD_OPENINGS)
def test_what_are_no_openings_is_refused(name):
    with pytest.raises(MalformedError):
        parse_draft_openings(as_bytes(BAD_OPENINGS[name]), COMMITTING)


def test_openings_have_a_limit():
    with pytest.raises(LimitError):
        parse_draft_openings(b" " * (MAX_BUNDLE_BYTES + 1), COMMITTING)
