"""Questions about events of every kind, their signatures and times, and the leaves of the log."""

import json
from functools import cache
from hashlib import sha256

from contracts.rulebook import KINDS
from ledger.core.event import verify_event_signatures
from tests.support.golden import beside
from tests.support.golden.cases import ask, bytes_case, refuse
from tests.support.golden.market import NAMES, market
from tests.support.golden.scenario import entries, national, signed_texts, solo
from tests.support.people import Key
from tests.support.reference_json import b64url, write

PEOPLE = ("applicant", "operator", "person", "registrar", "regulator", "solo", *NAMES)
PEOPLE = (*PEOPLE, *beside.NAMES)
LABELS = [f"{name} {n}" for name in PEOPLE for n in range(3)]
LABELS += ["node", "applicant new", "person new"]
SEEDS = {Key(label).did: sha256(label.encode()).hexdigest() for label in LABELS}
NOW = 1_793_599_200_000
DAY_MS = 86_400_000


def events():
    yield from _every_kind()
    yield from _signed()
    yield from _times()


def _every_kind():
    """Each kind in each of the shapes that occur, signed by those who must."""
    shown = set()
    for world in (national(), solo(), market(), beside.beside()):
        for entry in entries(world):
            signed = entry.signed
            verify_event_signatures(signed)
            shape = (signed.event.kind, *sorted(signed.event.body))
            if shape in shown:
                continue
            shown.add(shape)
            event = json.loads(signed.event_bytes)
            seeds = [SEEDS[one.key] for one in signed.signatures]
            desc = f"{event['kind']} with {', '.join(event['body'])}"
            yield ask("event", desc, event=event, seeds=seeds)
    missing = KINDS.keys() - {kind for kind, *_ in shown}
    assert not missing, f"no event of the kinds {missing}"


@cache
def _example():
    """A small event with two signatures."""
    return next(text for text in signed_texts(national()) if '"kind":"party.rotate"' in text)


def _signed():
    text = _example()
    yield ask("signed event", "as it was signed", text=text)
    yield ask("signatures", "as they were made", text=text)
    for desc, (error, change) in _CHANGES.items():
        value = json.loads(text)
        value = change(value) or value
        yield refuse("signed event", error, desc, **bytes_case(write(value)))
    for desc, change in _BYTES.items():
        yield refuse("signed event", "malformed", desc, **bytes_case(change(text.encode())))
    for desc, change in _WRONG.items():
        value = json.loads(text)
        change(value)
        yield refuse("signatures", "signature", desc, **bytes_case(write(value)))


def _set(*path, value):
    def change(whole):
        *way, last = path
        at = whole
        for name in way:
            at = at[name]
        at[last] = value(at[last]) if callable(value) else value

    return change


def _sign_again(whole):
    whole["signatures"] *= 5


def _more_keys(whole):
    sig = whole["signatures"][0]["sig"]
    dids = sorted(Key(f"more {n}").did for n in range(9))
    whole["signatures"] = [{"key": did, "sig": sig} for did in dids]


ASSETS = sorted(f"asset/{b}{c}" + "a" * 24 for b in "abcd" for c in "abcdef")
_EVENT = ("event",)
_CHANGES = {
    "an unknown member": ("malformed", _set("more", value=1)),
    "no signatures": ("malformed", lambda whole: {"event": whole["event"]}),
    "an empty list of signatures": ("limit", _set("signatures", value=[])),
    "nine signatures": ("limit", _more_keys),
    "signatures in another order": ("malformed", _set("signatures", value=lambda s: s[::-1])),
    "one signature twice": ("malformed", _set("signatures", value=lambda s: [s[0], s[0]])),
    "a signature of 63 bytes": ("malformed", _set("signatures", 0, "sig", value=b64url(bytes(63)))),
    "a signature with padding": (
        "malformed",
        _set("signatures", 0, "sig", value=lambda s: s + "=="),
    ),
    "a signature with a name": ("malformed", _set("signatures", 0, "name", value="x")),
    "a key of another method": (
        "malformed",
        _set("signatures", 0, "key", value="did:web:example.org"),
    ),
    "a number for a key": ("malformed", _set("signatures", 0, "key", value=1)),
    "an unknown member of the event": ("malformed", _set(*_EVENT, "more", value=1)),
    "no kind": ("malformed", lambda whole: whole["event"].pop("kind") and None),
    "another version": ("malformed", _set(*_EVENT, "v", value=2)),
    "true for a version": ("malformed", _set(*_EVENT, "v", value=True)),
    "a text for a body": ("malformed", _set(*_EVENT, "body", value="x")),
    "an array for a body": ("malformed", _set(*_EVENT, "body", value=[])),
    "a kind without a family": ("malformed", _set(*_EVENT, "kind", value="rotate")),
    "a kind in capitals": ("malformed", _set(*_EVENT, "kind", value="Party.rotate")),
    "an actor that is no party": ("malformed", _set(*_EVENT, "actor", value="ledger/self")),
    "an actor that is no subject": ("malformed", _set(*_EVENT, "actor", value="party/x")),
    "a ledger that is no origin": ("malformed", _set(*_EVENT, "log", value="Example.org")),
    "a ledger of 129 bytes": ("limit", _set(*_EVENT, "log", value="a" * 129)),
    "a nonce of 15 bytes": ("malformed", _set(*_EVENT, "nonce", value=b64url(bytes(15)))),
    "a nonce with spare bits": ("malformed", _set(*_EVENT, "nonce", value="A" * 21 + "B")),
    "a time before 1970": ("malformed", _set(*_EVENT, "at", value=-1)),
    "a time in words": ("malformed", _set(*_EVENT, "at", value="2026-11-22")),
    "true for a time": ("malformed", _set(*_EVENT, "until", value=True)),
    "no subjects": ("limit", _set(*_EVENT, "subjects", value=[])),
    "17 subjects": ("limit", _set(*_EVENT, "subjects", value=ASSETS[:17])),
    "subjects in another order": ("malformed", _set(*_EVENT, "subjects", value=lambda s: s[::-1])),
    "a subject twice": ("malformed", _set(*_EVENT, "subjects", value=lambda s: [s[0], *s])),
    "a subject of no known type": ("malformed", _set(*_EVENT, "subjects", value=["house/1"])),
    "a number for a subject": ("malformed", _set(*_EVENT, "subjects", value=[1])),
    "a body that is too deep": ("limit", _set(*_EVENT, "body", value=lambda _: _nested(15))),
    "too large": ("limit", _set(*_EVENT, "body", value={"a": "x" * 49_152})),
}


def _nested(depth):
    value = {}
    for _ in range(depth):
        value = {"a": value}
    return value


_BYTES = {
    "a blank": lambda data: data.replace(b'"event":', b'"event": ', 1),
    "a newline at the end": lambda data: data + b"\n",
    "members in another order": lambda data: data.replace(b'"at"', b'"zt"', 1),
    "cut off": lambda data: data[:-1],
    "nothing": lambda data: b"",
    "an array around it": lambda data: b"[%b]" % data,
}


def _flip(text):
    return ("A" if text[0] != "A" else "B") + text[1:]


def _swap_signatures(whole):
    first, second = whole["signatures"]
    first["sig"], second["sig"] = second["sig"], first["sig"]


_WRONG = {
    "one character of a signature": _set("signatures", 0, "sig", value=_flip),
    "one character of the last signature": _set("signatures", 1, "sig", value=_flip),
    "signatures swapped": _swap_signatures,
    "signatures of zeros": _set("signatures", 0, "sig", value=b64url(bytes(64))),
    "another time": _set(*_EVENT, "at", value=lambda time: time + 1),
    "another ledger": _set(*_EVENT, "log", value="example.org/other"),
    "another nonce": _set(*_EVENT, "nonce", value=b64url(bytes(16))),
    "a member more in the body": _set(*_EVENT, "body", "more", value=1),
}


def _times():
    day = DAY_MS
    for desc, at, until in (
        ("at the ledger's time", NOW, NOW + day),
        ("until the very instant", NOW - day, NOW),
        ("90 days", NOW - 45 * day, NOW + 45 * day),
        ("five minutes ahead", NOW + 300_000, NOW + day),
        ("from long ago", NOW - 80 * day, NOW + 10 * day),
    ):
        yield ask("event time", desc, at=at, until=until, time=NOW)
    for desc, at, until in (
        ("a millisecond too late", NOW - day, NOW - 1),
        ("90 days and a millisecond", NOW - 45 * day, NOW + 45 * day + 1),
        ("five minutes and a millisecond ahead", NOW + 300_001, NOW + day),
    ):
        yield refuse("event time", "rejected", desc, at=at, until=until, time=NOW)


def leaves():
    kept = [one.decode() for one in solo().log.leaves]
    entry = next(one for one in kept if '"kind":"registration.accept"' in one)
    seal = next(one for one in kept if '"height":2' in one)
    first = next(one for one in kept if '"height":0' in one)
    yield ask("leaf", "an entry", text=entry)
    yield ask("leaf", "a seal", text=seal)
    yield ask("leaf", "the first seal", text=first)
    for desc, (error, whole, change) in _leaf_changes(entry, seal, first).items():
        value = json.loads(whole)
        value = change(value) or value
        yield refuse("leaf", error, desc, **bytes_case(write(value)))
    for desc, data in {
        "nothing": b"",
        "a number": b"1",
        "a blank before an entry": b" " + entry.encode(),
        "a newline after a seal": seal.encode() + b"\n",
        "members of a seal in another order": seal.replace('"count"', '"zount"').encode(),
    }.items():
        yield refuse("leaf", "malformed", desc, **bytes_case(data))
    yield refuse("leaf", "limit", "too long", text='"' + "x" * 65_534 + '"')


def _leaf_changes(entry, seal, first):
    entries = {
        "an entry of another version": _set("v", value=2),
        "an entry with true for a version": _set("v", value=True),
        "an entry without a version": lambda whole: whole.pop("v") and None,
        "an entry from before 1970": _set("time", value=-1),
        "an entry with true for a time": _set("time", value=True),
        "an entry with another member": _set("more", value=1),
        "an entry that is a seal too": _set("seal", value={}),
        "an entry without signatures": lambda whole: whole.pop("signatures") and None,
    }
    seals = {
        "a seal of another version": _set("v", value=2),
        "a seal with a time beside it": _set("time", value=1),
        "a seal with another member": _set("seal", "more", value=1),
        "a seal without rules": lambda whole: whole["seal"].pop("rules") and None,
        "a seal of no entry": _set("seal", "count", value=0),
        "a seal of 1,001 entries": _set("seal", "count", value=1001),
        "a seal with true for a count": _set("seal", "count", value=True),
        "a seal at a negative height": _set("seal", "height", value=-1),
        "a seal with a short digest": _set("seal", "prev", value="00"),
        "a seal with a digest in capitals": _set("seal", "prev", value=lambda one: one.upper()),
        "a seal of rules without a version": _set("seal", "rules", value="muniment-rules"),
        "a seal of a state without a size": lambda whole: (
            whole["seal"]["state"].pop("size") and None
        ),
        "a seal of a state with another member": _set("seal", "state", "more", value=1),
        "a later seal that begins at 0": _set("seal", "first", value=0),
        "a later seal at height 0": _set("seal", "height", value=0),
        "a later seal without a seal before it": _set("seal", "prev", value="0" * 64),
        "an array for a seal": _set("seal", value=[]),
    }
    firsts = {
        "a first seal with a seal before it": _set("seal", "prev", value="1" * 64),
        "a first seal that begins at 1": _set("seal", "first", value=1),
        "a first seal at height 1": _set("seal", "height", value=1),
    }
    groups = ((entry, entries), (seal, seals), (first, firsts))
    whole = {
        desc: ("malformed", text, one) for text, group in groups for desc, one in group.items()
    }
    many = _set("event", "subjects", value=ASSETS[:17])
    return whole | {"an entry about 17 subjects": ("limit", entry, many)}
