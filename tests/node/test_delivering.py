"""Copies and their records: in which order they come, what the vault keeps, and what is finished."""

import json
from pathlib import Path

import pytest

from contracts.chain import Grant
from contracts.delivery import Delivery
from contracts.deliverynote import parse_delivery_note
from contracts.intervals import current
from contracts.verdict import Question
from ledger.core.policy import Log, Policy
from ledger.errors import (
    BundleError,
    ExistsError,
    NotFoundError,
    RejectedError,
    StoreFailedError,
)
from node.delivering import (
    DELIVERED,
    CopyOrder,
    deliver_copy,
    finish_delivery,
    measure_salted,
    receive_copy,
)
from node.verifier import verify_file
from tests.cli.conftest import TABLE
from tests.cli.conftest import market as market
from tests.support.desk import FIRST, HOLDER, SECOND, THIRD, open_desk
from tests.support.grants import onward, permit
from tracing.copies import BLOCK_BYTES, PendingCopy
from tracing.fingerprint import fingerprint_file


@pytest.fixture
def desk(market, tmp_path):
    with open_desk(market, tmp_path / "home") as desk:
        yield desk


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "table.csv").write_bytes(TABLE)
    return folder


def no_progress(_):
    pass


def order(desk, place, *, source="table.csv", out="copy.csv", grant=None, **more):
    return CopyOrder(grant or desk.market.grant, place / source, place / out, **more)


def deliver(desk, place, *, sender=HOLDER, **parts):
    done = deliver_copy(desk.registry, order(desk, place, **parts), desk.keys(sender), no_progress)
    desk.clock.pass_time(1000)
    return done


def finish(desk, place, key, **parts):
    return finish_delivery(desk.registry, key, order(desk, place, **parts), no_progress)


def receive(desk, note, file, name=FIRST):
    written = receive_copy(desk.registry, note, file, desk.keys(name), no_progress)
    desk.clock.pass_time(1000)
    return written


def kept(desk):
    """What the vault has of deliveries of the asset."""
    vault = desk.registry.open_vault()
    try:
        return vault.find(DELIVERED, desk.asset)
    finally:
        vault.close()


def files(place):
    return {path.name for path in place.iterdir()} - {"table.csv"}


def state(desk, key):
    return desk.registry.need_state(Delivery, key)


def test_a_delivery_is_recorded_kept_and_noted(desk, place):
    done = deliver(desk, place)
    made = state(desk, done.delivery)
    assert (made.sender, made.recipient) == (desk.parties[HOLDER], desk.parties[FIRST])
    assert current(made.status) == ("sent",)
    assert files(place) == {"copy.csv"}, "the delivery file is written by whoever called"
    (record,) = kept(desk)
    assert record["delivery"] == done.delivery
    assert (record["root"], record["size"]) == (made.copy.root, len(TABLE))
    note = parse_delivery_note(done.note)
    assert (note.delivery, note.size) == (done.delivery, len(TABLE))
    assert measure_salted(place / "copy.csv", note.salt) == made.copy
    assert desk.registry.read_leaf(done.written.index).signed.id == done.written.event


def test_the_delivery_file_verifies_by_the_log_s_key_alone(desk, place):
    done = deliver(desk, place)
    policy = Policy(logs=(Log(desk.registry.log_key),))
    report = verify_file(json.dumps(done.note).encode(), policy, Question(now=desk.now))
    assert (report.failure, report.is_in_force) == (None, True)


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1])
def test_the_copy_counts_its_blocks(desk, place, size):
    (place / "any.bin").write_bytes(b"x" * size)
    copy = measure_salted(place / "any.bin", bytes(32))
    assert copy.count == max(1, -(-size // BLOCK_BYTES))
    other = measure_salted(place / "any.bin", bytes(31) + b"\x01")
    assert other.root != copy.root, "the salt is part of every leaf"


def test_a_refusal_leaves_no_file_and_no_record_on_the_ledger(desk, place):
    desk.revoke(HOLDER, desk.market.grant)
    size = desk.registry.store.read_head().size
    with pytest.raises(RejectedError) as caught:
        deliver(desk, place)
    assert caught.value.reason == "grant_revoked"
    assert files(place) == set()
    assert desk.registry.store.read_head().size == size


def test_what_the_vault_knows_of_a_delivery_that_was_refused_is_no_known_file(desk, place):
    """A copy of another file, whose record never came on the ledger."""
    (place / "other.csv").write_bytes(b"other")
    with pytest.raises(RejectedError) as caught:
        deliver(desk, place, source="other.csv")
    assert caught.value.reason == "other_file"
    vault = desk.registry.open_vault()
    forged = {"delivery": "delivery/" + "a" * 26, "digest": measured(place / "other.csv")}
    vault.add(DELIVERED, {desk.asset: forged | {"root": "00" * 32, "salt": "", "size": 5}})
    vault.close()
    with pytest.raises(RejectedError):
        deliver(desk, place, source="other.csv")
    assert files(place) == {"other.csv"}


def measured(path):
    return fingerprint_file(path).digest


def test_a_place_that_is_taken_is_refused_before_anything_is_recorded(desk, place):
    (place / "copy.csv").write_bytes(b"mine")
    size = desk.registry.store.read_head().size
    with pytest.raises(ExistsError):
        deliver(desk, place)
    assert desk.registry.store.read_head().size == size
    assert (place / "copy.csv").read_bytes() == b"mine"
    deliver(desk, place, is_forced=True)
    assert (place / "copy.csv").read_bytes() == TABLE


def test_a_place_that_is_taken_meanwhile_is_left_alone_and_the_error_says_what_to_finish(
    desk, place, monkeypatch
):
    settle = PendingCopy.settle

    def late(pending):
        (place / "copy.csv").write_bytes(b"mine")
        settle(pending)

    monkeypatch.setattr(PendingCopy, "settle", late)
    with pytest.raises(
        ExistsError, match=r"delivery/\S+ is recorded: finish it with 'muniment"
    ) as e:
        deliver(desk, place)
    monkeypatch.undo()
    assert files(place) == {"copy.csv"}
    assert (place / "copy.csv").read_bytes() == b"mine"
    (record,) = kept(desk)
    assert record["delivery"] in str(e.value)
    finish(desk, place, record["delivery"], out="elsewhere.csv")
    assert (place / "elsewhere.csv").read_bytes() == TABLE


def test_a_ledger_that_cannot_be_written_leaves_no_copy_and_says_what_may_be_there(
    desk, place, monkeypatch
):
    def failing(*_):
        raise StoreFailedError("the disk is full")

    monkeypatch.setattr(type(desk.registry), "submit", failing)
    with pytest.raises(StoreFailedError, match=r"the disk is full; delivery/.* may be recorded"):
        deliver(desk, place)
    assert files(place) == set()


# received


def test_a_recipient_signs_for_the_very_copy(desk, place):
    done = deliver(desk, place)
    note = parse_delivery_note(done.note)
    written = receive(desk, note, place / "copy.csv")
    assert current(state(desk, done.delivery).status) == ("received",)
    assert desk.registry.read_leaf(written.index).signed.event.kind == "delivery.receive"
    with pytest.raises(RejectedError):
        receive(desk, note, place / "copy.csv")


def test_another_file_or_another_delivery_s_file_is_not_signed_for(desk, place):
    first = parse_delivery_note(deliver(desk, place).note)
    second = parse_delivery_note(deliver(desk, place, out="again.csv").note)
    (place / "other.csv").write_bytes(TABLE + b" ")
    count = len(kept(desk))
    with pytest.raises(BundleError, match="this is not the copy"):
        receive(desk, first, place / "other.csv")
    mixed = type(first)(second.delivery, first.salt, first.size, first.sent)
    with pytest.raises(BundleError, match="not of the event that opened"):
        receive(desk, mixed, place / "copy.csv")
    assert len(kept(desk)) == count, "nothing is kept of what was not received"
    receive(desk, second, place / "copy.csv")


def test_a_delivery_of_another_ledger_is_not_found(desk, place):
    note = parse_delivery_note(deliver(desk, place).note)
    stranger = type(note)("delivery/" + "a" * 26, note.salt, note.size, note.sent)
    with pytest.raises(NotFoundError):
        receive(desk, stranger, place / "copy.csv")


def test_a_received_copy_is_handed_on_and_no_other_file(desk, place):
    parent = desk.issue(HOLDER, SECOND, permit("use"), onward(permit("use")))
    below = desk.issue(SECOND, THIRD, parent=parent)
    note = parse_delivery_note(deliver(desk, place, grant=parent).note)
    receive(desk, note, place / "copy.csv", SECOND)
    done = deliver(desk, place, sender=SECOND, grant=below, source="copy.csv", out="next.csv")
    assert state(desk, done.delivery).sender == desk.parties[SECOND]
    assert desk.registry.need_state(Grant, below).grantee == desk.parties[THIRD]
    receive(desk, parse_delivery_note(done.note), place / "next.csv", THIRD)


# finished


def test_a_finished_delivery_is_the_same_copy_with_the_same_salt(desk, place):
    done = deliver(desk, place)
    (place / "copy.csv").unlink()
    size = desk.registry.store.read_head().size
    again = finish(desk, place, done.delivery)
    assert (again.delivery, again.written) == (done.delivery, done.written)
    assert again.note == done.note, "nothing was written in between"
    assert (place / "copy.csv").read_bytes() == TABLE
    assert desk.registry.store.read_head().size == size
    assert len(kept(desk)) == 1


def test_a_copy_that_is_in_its_place_is_not_made_again(desk, place):
    done = deliver(desk, place)
    before = (place / "copy.csv").stat().st_ino
    finish(desk, place, done.delivery, source="gone.csv")
    assert (place / "copy.csv").stat().st_ino == before


def test_another_file_does_not_finish_a_delivery(desk, place):
    done = deliver(desk, place)
    (place / "copy.csv").unlink()
    (place / "other.csv").write_bytes(TABLE + b" ")
    with pytest.raises(RejectedError) as caught:
        finish(desk, place, done.delivery, source="other.csv")
    assert caught.value.reason == "other_file"
    assert files(place) == {"other.csv"}
    (place / "copy.csv").write_bytes(b"mine")
    with pytest.raises(ExistsError):
        finish(desk, place, done.delivery)
    finish(desk, place, done.delivery, is_forced=True)
    assert (place / "copy.csv").read_bytes() == TABLE


def test_what_was_not_delivered_from_here_is_not_finished_here(desk, place):
    key = desk.send(HOLDER, desk.market.grant, FIRST)
    with pytest.raises(NotFoundError, match="finish it in the home that delivered it"):
        finish(desk, place, key)
    with pytest.raises(NotFoundError):
        finish(desk, place, "delivery/" + "a" * 26)
    assert files(place) == set()


def test_only_what_is_left_of_this_very_copy_is_cleared_away(desk, place):
    left = {".copy.csv.1.part", ".copy.csv.22.part"}
    others = {".copy.csv.part", ".copy.csvx.1.part", ".copy.csv.a.part", "copy.csv.1.part"}
    for name in left | others:
        (place / name).write_bytes(b"left")
    done = deliver(desk, place)
    assert files(place) == others | {"copy.csv"}
    Path(place / ".copy.csv.1.part").write_bytes(b"left")
    finish(desk, place, done.delivery)
    assert files(place) == others | {"copy.csv"}
