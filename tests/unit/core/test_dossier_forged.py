"""Dossiers of a dishonest operator: every proof is right, and what they show is refused."""

import pytest

from ledger.core.dossier import format_dossier
from ledger.core.event import Signature, create_signed_event
from ledger.errors import BundleError, SignatureError
from tests.support.forged_log import ForgedLog, entry, history_of, judge
from tests.support.log_builder import AUTHOR, START, toy_key

A, B = toy_key(0), toy_key(1)
PUTS = [AUTHOR.put(A, value=number) for number in range(3)]
LEAVES = [entry(signed, START + number) for number, signed in enumerate(PUTS)]


def badly_signed():
    draft = AUTHOR.draft("toy.put", {"keys": [A], "value": "bad"})
    return create_signed_event(draft, [Signature(AUTHOR.did, bytes(64))])


def forged(*leaves, **members):
    return ForgedLog(A, leaves or LEAVES, value=members)


DISHONEST = {
    "n one more": (forged(n=4), BundleError),
    "n one less": (forged(n=2), BundleError),
    "an earlier last": (forged(last=1), BundleError),
    "another time": (forged(time=START + 3), BundleError),
    "an earlier time": (forged(time=START), BundleError),
    "another history": (forged(history=bytes(32)), BundleError),
    "a history without the first event": (
        forged(history=history_of(A, LEAVES, [1, 2])),
        BundleError,
    ),
    "a history of other indexes": (
        forged(history=history_of(A, [LEAVES[0], *LEAVES], [1, 2, 3])),
        BundleError,
    ),
    "a history of another subject": (
        forged(history=history_of(B, LEAVES, [0, 1, 2])),
        BundleError,
    ),
    "time goes back": (forged(LEAVES[1], LEAVES[0], LEAVES[2]), BundleError),
    "time goes back by a millisecond at the end": (
        forged(*LEAVES, entry(AUTHOR.put(A, value=9), START + 1)),
        BundleError,
    ),
    "an event of another subject": (
        forged(*LEAVES, entry(AUTHOR.put(B), START + 9)),
        BundleError,
    ),
    "an event for another ledger": (
        forged(*LEAVES, entry(AUTHOR.put(A, log="example.org/other"), START + 9)),
        BundleError,
    ),
    "an event badly signed": (forged(*LEAVES, entry(badly_signed(), START + 9)), SignatureError),
}


@pytest.mark.parametrize("name", DISHONEST)
def test_what_a_dishonest_log_shows_is_refused(name):
    log, error = DISHONEST[name]
    assert judge(format_dossier(log.dossier()), log.opened()) is error


@pytest.mark.parametrize("name", ["an earlier last", "another time", "an earlier time"])
def test_a_page_of_a_dishonest_log_is_refused_too(name):
    log, error = DISHONEST[name]
    for first in range(3):
        assert judge(format_dossier(log.dossier(start=first)), log.opened()) is error
    honest = forged()
    assert judge(format_dossier(honest.dossier(start=1)), honest.opened()) is None


def test_the_honest_form_of_the_forged_logs_is_accepted():
    for log in (forged(), forged(*LEAVES, entry(AUTHOR.put(A, B), START + 2))):
        assert judge(format_dossier(log.dossier()), log.opened()) is None
