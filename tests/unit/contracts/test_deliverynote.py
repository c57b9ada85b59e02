"""Delivery files: what goes with a copy, and what a verifier can and cannot say of it."""

import json
from dataclasses import replace

import pytest

from contracts.delivery import Copy
from contracts.deliverynote import (
    DELIVERY,
    LATER_STATE,
    DeliveryNote,
    format_delivery_note,
    judge_delivery,
    parse_delivery_note,
    verify_copy,
    verify_sent,
)
from contracts.verdict import (
    FRESHNESS,
    KEY_OWNER,
    REEXECUTED,
    SPLIT_VIEW,
    Question,
    Report,
)
from ledger.core.text import format_base64url
from ledger.errors import (
    BundleError,
    InclusionError,
    LedgerError,
    MalformedError,
    QuorumError,
    SignatureError,
    VerificationError,
)
from tests.support.forgery import POLICY, QUORUM, WITNESSES
from tests.support.grants import copy, issue, registered, send
from tests.support.log_builder import LOG
from tests.support.manglings import edited, flip, without
from tests.support.note_signers import log_signer, note_bytes
from tests.support.world import World

SALT = bytes(range(32))
SIZE = 2 * 65_536 + 1


class Scene:
    """ann delivers a copy of three blocks to ben; and another one before."""

    def __init__(self):
        self.world = world = World()
        self.ann, self.ben = (world.enroll(name) for name in ("ann", "ben"))
        self.asset = registered(world, self.ann)
        self.grant = issue(world, self.asset, self.ann, self.ben)
        self.other = send(world, self.grant, self.ann, copy=copy("other"))
        self.key = send(world, self.grant, self.ann)
        self.log = world.log

    def note(self, key=None, checkpoint=None, size=SIZE):
        key = self.key if key is None else key
        receipt = self.log.receipt(self.log.places(key)[0], checkpoint)
        return DeliveryNote(key, SALT, size, receipt)

    def cosigned(self, *signers, before=0):
        text, seconds = self.log.checkpoint_text(), self.world.time // 1000 - before
        return note_bytes(text, LOG.sign(text), *(one.sign(text, seconds) for one in signers))


@pytest.fixture(scope="module")
def scene():
    return Scene()


@pytest.fixture(scope="module")
def plain(scene):
    return json.loads(json.dumps(format_delivery_note(scene.note())))


def judged(note, policy=POLICY, **question):
    report = Report()
    judge_delivery(note, policy, Question(**({"now": 0} | question)), report)
    return report


# What verifies


def test_an_honest_note_is_verified_and_says_what_it_is_about(scene):
    report = judged(scene.note())
    assert (report.kind, report.subject) == ("delivery", scene.key)
    assert (report.is_authentic, report.is_in_force) == (True, True)
    assert [check.name for check in report.checks] == ["sent", "belonging"]
    assert dict(report.shown) == {
        "sender": scene.ann.party,
        "recipient": scene.ben.party,
        "asset": scene.asset.asset,
        "grant": scene.grant,
    }
    assert {KEY_OWNER, LATER_STATE, SPLIT_VIEW, REEXECUTED, FRESHNESS} <= set(report.not_checked)


def test_a_note_survives_a_file(scene, plain):
    note = parse_delivery_note(plain)
    assert note == scene.note()
    assert json.loads(json.dumps(format_delivery_note(note))) == plain


def test_the_salt_is_not_printed(scene):
    shown = repr(scene.note())
    assert scene.key in shown
    assert format_base64url(SALT) not in shown
    assert repr(SALT) not in shown


def test_what_it_says_of_the_copy_is_what_the_event_says(scene):
    note = scene.note()
    verify_sent(note)
    verify_copy(note, Copy(**copy()), SIZE)
    assert note.body.grant == scene.grant


# What does not


@pytest.mark.parametrize("changes", [{"root": "0f" * 32}, {"count": 2}])
def test_another_file_is_not_the_copy(scene, changes):
    with pytest.raises(BundleError, match="not the copy"):
        verify_copy(scene.note(), Copy(**(copy() | changes)), SIZE)


@pytest.mark.parametrize("size", [SIZE - 1, SIZE + 1])
def test_a_note_with_another_size_is_not_of_the_file(scene, size):
    """Both make as many blocks as the copy has, so only the file shows it."""
    note = scene.note(size=SIZE + 2)
    assert judged(note).is_authentic
    with pytest.raises(BundleError, match="bytes"):
        verify_copy(note, Copy(**copy()), size)
    verify_copy(note, Copy(**copy()), SIZE + 2)


def test_a_receipt_of_another_delivery_does_not_belong_to_it(scene):
    swapped = replace(scene.note(), sent=scene.note(scene.other).sent)
    with pytest.raises(BundleError, match="not of the event that opened"):
        judged(swapped)
    judged(scene.note(scene.other))


@pytest.mark.parametrize("index", [1, 3, -1])
def test_a_receipt_of_something_else_is_no_delivery(scene, index):
    """An entry of another kind, and a seal."""
    place = index if index >= 0 else len(scene.log.leaves) - 1
    other = replace(scene.note(), sent=scene.log.receipt(place))
    with pytest.raises(BundleError, match=r"not a delivery\.send"):
        judged(other)
    with pytest.raises(BundleError, match=r"not a delivery\.send"):
        assert other.body


@pytest.mark.parametrize("size", [0, 1, 131_072, 3 * 65_536 + 1, 10**15])
def test_a_size_that_makes_another_number_of_blocks_is_refused(scene, size):
    with pytest.raises(BundleError, match="blocks"):
        judged(scene.note(size=size))


@pytest.mark.parametrize("size", [131_073, 3 * 65_536])
def test_any_size_of_so_many_blocks_could_be_true(scene, size):
    report = judged(scene.note(size=size))
    assert report.is_authentic
    assert [check.is_ok for check in report.checks] == [True, True]


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 1), (65_536, 1), (65_537, 2)])
def test_an_empty_file_has_one_block_and_a_block_has_65536_bytes(size, count):
    scene = Scene()
    key = send(scene.world, scene.grant, scene.ann, copy=copy(count=count))
    judged(scene.note(key, size=size))
    key = send(scene.world, scene.grant, scene.ann, copy=copy(count=count + 1))
    with pytest.raises(BundleError):
        judged(scene.note(key, size=size))


def test_a_leaf_that_the_log_does_not_hold_is_refused(scene):
    note = scene.note()
    proof = replace(note.sent.proof, index=note.sent.proof.index - 1)
    with pytest.raises(InclusionError):
        judged(replace(note, sent=replace(note.sent, proof=proof)))


def test_another_log_is_not_believed(scene):
    text = scene.log.checkpoint_text()
    checkpoint = note_bytes(text, log_signer("example.org/other").sign(text))
    with pytest.raises(SignatureError):
        judged(scene.note(checkpoint=checkpoint))


def test_too_few_cosignatures_are_not_enough(scene):
    checkpoint = scene.cosigned(WITNESSES[0])
    with pytest.raises(QuorumError):
        judged(scene.note(checkpoint=checkpoint), QUORUM)


def test_what_was_expected_is_held_against_it(scene):
    judged(scene.note(), expect_kind="delivery", expect_subject=scene.key)
    for expected in ({"expect_kind": "voucher"}, {"expect_subject": scene.other}):
        with pytest.raises(VerificationError, match="this is"):
            judged(scene.note(), **expected)


# Its age


def test_with_cosignatures_it_is_known_how_old_it_is(scene):
    note = scene.note(checkpoint=scene.cosigned(*WITNESSES[:2]))
    time = scene.world.time // 1000 * 1000
    report = judged(note, QUORUM)
    assert report.as_of == time
    assert FRESHNESS in report.not_checked
    report = judged(note, QUORUM, now=time + 5000, max_age_ms=5000)
    assert FRESHNESS not in report.not_checked
    with pytest.raises(QuorumError, match="old"):
        judged(note, QUORUM, now=time + 5001, max_age_ms=5000)


def test_an_age_that_nobody_but_the_operator_states_is_not_taken_for_checked(scene):
    with pytest.raises(QuorumError, match="nobody but the operator"):
        judged(scene.note(), now=scene.world.time, max_age_ms=10**9)
    report = judged(scene.note())
    assert report.as_of is None


# Its form


def set_to(*path, value):
    return lambda plain: edited(plain, *path, value=value)


REFUSED = {
    "another delivery": lambda plain: plain | {"delivery": "delivery/" + "a" * 26},
    "a delivery of another type": lambda plain: plain | {"delivery": "grant/" + "a" * 26},
    "no delivery": lambda plain: plain | {"delivery": "x"},
    "a short salt": lambda plain: plain | {"salt": format_base64url(SALT[:-1])},
    "a long salt": lambda plain: plain | {"salt": format_base64url(SALT + b"x")},
    "no salt": lambda plain: plain | {"salt": ""},
    "a salt that is no text": lambda plain: plain | {"salt": 1},
    "a negative size": lambda plain: plain | {"size": -1},
    "a size in words": lambda plain: plain | {"size": "1"},
    "a size that is no number": lambda plain: plain | {"size": True},
    "another size": lambda plain: plain | {"size": 1},
    "another format": lambda plain: plain | {"format": "muniment/delivery/v2"},
    "a member more": lambda plain: plain | {"x": 1},
    "another leaf": set_to("sent", "entry", value=flip),
    "another proof": set_to("sent", "proof", value=lambda old: old.replace("index", "place", 1)),
    "no receipt": lambda plain: plain | {"sent": None},
    **{f"without {name}": lambda plain, name=name: without(plain, name)
       for name in ("format", "delivery", "salt", "size", "sent")},
}  # fmt: skip


@pytest.mark.parametrize("mangle", REFUSED.values(), ids=REFUSED)
def test_every_mangled_note_is_refused(plain, mangle):
    judged(parse_delivery_note(plain))
    with pytest.raises(LedgerError):
        judged(parse_delivery_note(mangle(plain)))


def test_another_salt_shows_only_beside_the_file(plain):
    """Nothing on the ledger says the salt: it is the root of the copy that holds it."""
    other = parse_delivery_note(plain | {"salt": flip(plain["salt"])})
    assert other.salt != parse_delivery_note(plain).salt
    assert judged(other).is_authentic


@pytest.mark.parametrize("value", [None, [], {}, {"format": DELIVERY}])
def test_what_is_no_delivery_file_is_malformed(value):
    with pytest.raises(MalformedError):
        parse_delivery_note(value)


def test_every_character_of_the_receipt_counts(scene, plain):
    text = plain["sent"]["proof"]
    for place in range(0, len(text), 7):
        other = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        with pytest.raises(LedgerError):
            judged(parse_delivery_note(edited(plain, "sent", "proof", value=other)))
