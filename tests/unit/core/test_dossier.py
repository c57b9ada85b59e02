"""Dossiers: all events of a subject or all after a known state, and no way to leave one out."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.bundle import format_receipt, format_state_bundle
from ledger.core.dossier import DossierStart, format_dossier, parse_dossier, verify_dossier
from ledger.core.text import format_base64, format_base64url
from ledger.errors import (
    BundleError,
    InclusionError,
    InputError,
    LimitError,
    MalformedError,
    MapProofError,
    VerificationError,
)
from tests.support.forged_log import judge
from tests.support.log_builder import AUTHOR, START, MemoryLog, example_log, nonce_of, toy_key
from tests.support.manglings import edited, flip, overwritten, without

LOG = example_log()
OPENED = LOG.opened()
A, B, C, ABSENT = (toy_key(n) for n in (0, 1, 2, 99))
FULL = format_dossier(LOG.dossier(A))
PAGE = format_dossier(LOG.dossier(A, 3))
ONLY = format_dossier(LOG.dossier(C))
NONE = format_dossier(LOG.dossier(ABSENT))
COUNT = len(FULL["events"])
LONGEST = 40
ZERO = format_base64(bytes(32))


# --- honest dossiers


@pytest.mark.parametrize("key", [*LOG.keys, ABSENT])
def test_the_dossier_of_every_subject_verifies(key):
    plain = format_dossier(LOG.dossier(key))
    assert judge(plain, OPENED) is None
    dossier = parse_dossier(json.loads(json.dumps(plain)))
    assert dossier == LOG.dossier(key)
    assert format_dossier(dossier) == plain
    assert [event.index for event in dossier.events] == LOG.places(key)
    for start in range(len(dossier.events)):
        page = format_dossier(LOG.dossier(key, start))
        assert judge(page, OPENED) is None
        assert format_dossier(parse_dossier(page)) == page


def test_a_page_can_start_at_every_split_of_every_history():
    log = MemoryLog()
    for n in range(1, LONGEST + 1):
        log.write(AUTHOR.put(A, *([B] * (n % 3 == 0)), value=n))
        opened = log.opened()
        complete = log.dossier(A)
        verify_dossier(complete, opened)
        for start in range(n):
            page = replace(complete, events=complete.events[start:], start=log.start(A, start))
            verify_dossier(page, opened)
            if n in {1, 2, 5, 8}:
                assert judge(format_dossier(page), opened) is None
        with pytest.raises(BundleError):
            verify_dossier(replace(complete, events=(), start=log.start(A, n)), opened)


def test_a_page_after_everything_shows_nothing_and_is_refused():
    log = MemoryLog()
    for n in range(1, 9):
        log.write(AUTHOR.put(A, value=n))
        page = format_dossier(log.dossier(A, n))
        assert page["events"] == []
        assert judge(page, log.opened()) is BundleError


# --- events


def events(change):
    return edited(FULL, "events", value=change)


def exchange(i, j):
    def change(shown):
        shown[i], shown[j] = shown[j], shown[i]
        return shown

    return events(change)


def event(**members):
    return edited(FULL, "events", 1, value=lambda one: one | members)


def event_path(change):
    return edited(FULL, "events", 1, "path", value=change)


OTHERS = format_dossier(LOG.dossier(B))["events"]
EVENTS = {
    **{f"event {i} left out": events(lambda e, i=i: e[:i] + e[i + 1 :]) for i in range(COUNT)},
    **{f"event {i} twice": events(lambda e, i=i: [*e[: i + 1], *e[i:]]) for i in range(COUNT)},
    **{
        f"event {i} instead of the next": events(lambda e, i=i: [*e[: i + 1], e[i], *e[i + 2 :]])
        for i in range(COUNT - 1)
    },
    **{f"events {i} and {i + 1} exchanged": exchange(i, i + 1) for i in range(COUNT - 1)},
    **{
        f"event {i} of another subject": edited(FULL, "events", i, value=ONLY["events"][0])
        for i in range(COUNT)
    },
    "no event": FULL | {"events": []},
    "all events backwards": events(lambda shown: shown[::-1]),
    "the last event moved to the front": events(lambda shown: [shown[-1], *shown[:-1]]),
    "one event more": events(lambda shown: [*shown, ONLY["events"][0]]),
    "the entry of another event": event(entry=FULL["events"][0]["entry"]),
    "one bit of an entry": edited(FULL, "events", 1, "entry", value=flip),
    "a seal instead of an entry": event(entry=FULL["state"]["seal"]["entry"]),
    "an entry that is no leaf": event(entry=format_base64url(b"{}")),
    "a padded entry": edited(FULL, "events", 1, "entry", value=lambda text: text + "="),
    "null as entry": event(entry=None),
    "the index one up": event(index=FULL["events"][1]["index"] + 1),
    "the index one down": event(index=FULL["events"][1]["index"] - 1),
    "a negative index": event(index=-1),
    "an index beyond the tree": event(index=2**53 - 1),
    "true as index": event(index=True),
    "an index in quotes": event(index="1"),
    "the path of another event": event(path=FULL["events"][0]["path"]),
    "a hash less": event_path(lambda hashes: hashes[:-1]),
    "a hash more": event_path(lambda hashes: [*hashes, ZERO]),
    "no path": event_path([]),
    "another hash": event_path(lambda hashes: [ZERO, *hashes[1:]]),
    "hashes exchanged": event_path(lambda hashes: hashes[::-1]),
    "a hash of 31 bytes": event_path(lambda hashes: [format_base64(bytes(31)), *hashes[1:]]),
    "a hash in base64url": event_path(lambda hashes: [hashes[0][:-1], *hashes[1:]]),
    "a hash with spare bits": event_path(lambda hashes: ["A" * 42 + "B=", *hashes[1:]]),
    "null in a path": event_path(lambda hashes: [None, *hashes[1:]]),
    "127 hashes": event_path([ZERO] * 127),
    "a text as path": event_path(ZERO),
    "a member of an event more": event(time=START),
    **{
        f"an event without {name}": edited(FULL, "events", 1, value=lambda e, n=name: without(e, n))
        for name in FULL["events"][1]
    },
    "an event that is null": edited(FULL, "events", 1, value=None),
    "an object as events": FULL | {"events": {}},
    "null as events": FULL | {"events": None},
    "no events": without(FULL, "events"),
    "no state": without(FULL, "state"),
    "no format": without(FULL, "format"),
    "an unknown member": FULL | {"note": ""},
    "another format": FULL | {"format": "muniment/dossier/v2"},
    "null as format": FULL | {"format": None},
    "null as state": FULL | {"state": None},
    "a receipt as state": FULL | {"state": format_receipt(LOG.receipt(0))},
    "the state of another subject": FULL | {"state": format_state_bundle(LOG.state(B))},
    "absence of the subject": FULL | {"state": edited(FULL["state"], "value", value=None)},
    "another n": edited(FULL, "state", "value", "n", value=COUNT - 1),
    "another n and as many events": edited(
        events(lambda shown: shown[1:]), "state", "value", "n", value=COUNT - 1
    ),
    "another last": edited(FULL, "state", "value", "last", value=FULL["events"][-2]["index"]),
    "the events of another subject": FULL | {"events": OTHERS},
    "an absent subject with events": NONE | {"events": ONLY["events"]},
    "an absent subject with a page": NONE | {"from": PAGE["from"]},
    "an absent subject with a page from nothing": NONE
    | {"from": format_dossier(LOG.dossier(C, 0))["from"]},
}


@pytest.mark.parametrize("name", EVENTS)
def test_a_mangled_dossier_is_refused(name):
    error = judge(EVENTS[name], OPENED)
    assert error is not None
    assert issubclass(error, InputError | VerificationError)


@pytest.mark.parametrize("value", [None, [], "dossier", 1, [FULL]])
def test_what_is_no_object_is_no_dossier(value):
    with pytest.raises(MalformedError):
        parse_dossier(value)


def test_a_dossier_shows_at_most_1000_events():
    assert len(parse_dossier(events(lambda shown: [shown[0]] * 1000)).events) == 1000
    with pytest.raises(LimitError):
        parse_dossier(events(lambda shown: [shown[0]] * 1001))


@pytest.mark.parametrize("name", ["a hash of 31 bytes", "127 hashes", "null in a path"])
def test_a_path_of_another_form_is_refused_while_reading(name):
    with pytest.raises(MalformedError):
        parse_dossier(EVENTS[name])
    assert len(parse_dossier(event_path([ZERO] * 126)).events[1].path) == 126


# --- pages


def start(**members):
    return edited(PAGE, "from", value=lambda plain: plain | members)


def start_path(change):
    return edited(PAGE, "from", "proof", value=change)


FROM_NOTHING = format_dossier(LOG.dossier(A, 0))
FROM_TWO = format_dossier(LOG.dossier(A, 2))
PAGES = {
    "a page as the whole": without(PAGE, "from"),
    "the whole as a page": FULL | {"from": PAGE["from"]},
    "n one up": start(n=PAGE["from"]["n"] + 1),
    "n one down": start(n=PAGE["from"]["n"] - 1),
    "n of 0": start(n=0),
    "n of the whole": start(n=COUNT),
    "n beyond the whole": start(n=2**53 - 1),
    "a negative n": start(n=-1),
    "n of true": start(n=True),
    "n of null": start(n=None),
    "another history": start(history="0" * 64),
    "the history of the whole": start(history=FULL["state"]["value"]["history"]),
    "the history in upper case": start(history=PAGE["from"]["history"].upper()),
    "null as history": start(history=None),
    "no proof": start(proof=[]),
    "null as proof": start(proof=None),
    "a hash less": start_path(lambda hashes: hashes[:-1]),
    "a hash more": start_path(lambda hashes: [*hashes, ZERO]),
    "hashes exchanged": start_path(lambda hashes: hashes[::-1]),
    "another first hash": start_path(lambda hashes: [ZERO, *hashes[1:]]),
    "another last hash": start_path(lambda hashes: [*hashes[:-1], ZERO]),
    "a hash of 31 bytes": start_path(lambda hashes: [*hashes[:-1], format_base64(bytes(31))]),
    "a member of from more": start(last=3),
    **{
        f"from without {name}": edited(PAGE, "from", value=without(PAGE["from"], name))
        for name in PAGE["from"]
    },
    "null as from": PAGE | {"from": None},
    "an array as from": PAGE | {"from": []},
    "the first event of the page left out": edited(PAGE, "events", value=lambda e: e[1:]),
    "the last event of the page left out": edited(PAGE, "events", value=lambda e: e[:-1]),
    "an event before the page": PAGE | {"events": FULL["events"][2:]},
    "the events of an earlier page": PAGE | {"events": FULL["events"][:2]},
    "from nothing with a history": edited(FROM_NOTHING, "from", "history", value="0" * 64),
    "from nothing with a proof": edited(FROM_NOTHING, "from", "proof", value=[ZERO]),
    "from nothing without the first event": edited(FROM_NOTHING, "events", value=lambda e: e[1:]),
    "from two with another history": edited(FROM_TWO, "from", "history", value="0" * 64),
    "from two with the proof of three": edited(
        FROM_TWO, "from", "proof", value=PAGE["from"]["proof"]
    ),
    "an empty page": PAGE | {"events": []},
}


@pytest.mark.parametrize("name", PAGES)
def test_a_mangled_page_is_refused(name):
    error = judge(PAGES[name], OPENED)
    assert error is not None
    assert issubclass(error, InputError | VerificationError)


@pytest.mark.parametrize("n", [5, 8, 13])
def test_a_page_that_starts_elsewhere_than_it_says_is_refused(n):
    log = MemoryLog()
    log.write(*(AUTHOR.put(A, value=value) for value in range(n)))
    opened, complete = log.opened(), log.dossier(A)
    starts = [log.start(A, first) for first in range(n)]
    for first in range(n):
        page = replace(complete, events=complete.events[first:], start=starts[first])
        wrong = [
            replace(starts[first], history=bytes(32)),
            replace(starts[first], proof=(*starts[first].proof, bytes(32))),
            *(
                DossierStart(first, other.history, other.proof)
                for other in starts
                if other.n != first
            ),
        ]
        for one in wrong:
            with pytest.raises(VerificationError):
                verify_dossier(replace(page, start=one), opened)
        for number in range(len(starts[first].proof)):
            proof = list(starts[first].proof)
            proof[number] = bytes(32)
            with pytest.raises(VerificationError):
                verify_dossier(
                    replace(page, start=replace(starts[first], proof=tuple(proof))), opened
                )


def test_the_class_of_an_error_says_what_is_wrong():
    wanted = {
        "event 1 left out": BundleError,
        "events 1 and 2 exchanged": BundleError,
        "the entry of another event": InclusionError,
        "the path of another event": InclusionError,
        "the state of another subject": BundleError,
        "another n and as many events": MapProofError,
        "a seal instead of an entry": MalformedError,
    }
    assert {name: judge(EVENTS[name], OPENED) for name in wanted} == wanted
    assert judge(PAGES["another history"], OPENED) is VerificationError


# --- anything else that is changed


@settings(max_examples=100, deadline=None)
@given(overwritten((FULL, PAGE, ONLY, NONE)))
def test_whatever_is_put_anywhere_both_judges_agree(pair):
    plain, changed = pair
    error = judge(changed, OPENED)
    if json.dumps(changed, sort_keys=True) == json.dumps(plain, sort_keys=True):
        assert error is None
    else:
        assert error is not None


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=1, max_size=3), max_size=3)
)
def test_the_dossiers_of_random_logs_verify(blocks):
    log = MemoryLog()
    for number, planned in enumerate([[{0}], *blocks]):
        signed = [
            AUTHOR.put(*map(toy_key, keys), nonce=nonce_of((number, i)))
            for i, keys in enumerate(planned)
        ]
        log.write(*signed, time=START + 10 * number)
    opened = log.opened()
    for key in [*log.keys, ABSENT]:
        half = len(log.places(key)) // 2
        for first in (None, 0, half) if log.places(key) else (None,):
            assert judge(format_dossier(log.dossier(key, first)), opened) is None
