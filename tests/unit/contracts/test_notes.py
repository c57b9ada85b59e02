"""Notes beside a registration, and the registrar's own slips mended."""

import pytest

from contracts.intervals import current
from contracts.notes import Remark
from contracts.records import format_record, parse_record
from ledger.errors import MalformedError, RejectedError
from tests.support.assessments import attest
from tests.support.disputes import (
    LIMITS,
    SEIZURE,
    beside,
    correct,
    correct_body,
    note,
    unnote,
    unnote_body,
)
from tests.support.grants import admit
from tests.support.holds import freeze, held_by
from tests.support.people import MS_PER_DAY, claim
from tests.support.world import World


@pytest.fixture
def asset(world, ann):
    return held_by(world, ann)


def notes(world, asset):
    return list(current(world.asset(asset).notes))


def changed(before, after):
    return {key for key in after if after[key] != before.get(key)}


# Notes


@pytest.mark.parametrize(
    "remark",
    [
        SEIZURE,
        LIMITS,
        {"kind": "temporary-control", "document": "5e" * 32},
        {"kind": "by-law", "text": "a register is open"},
        {"kind": "by-law", "document": "5e" * 32},
        {"kind": "registrar", "text": "the address is being checked"},
    ],
    ids=lambda remark: " ".join(remark),
)
def test_a_note_of_each_kind_stands_from_then_on(world, asset, remark):
    index = note(world, asset, remark)
    (noted,) = world.asset(asset).notes
    assert noted.value == {"text": None, "document": None} | remark
    assert (noted.index, noted.end) == (index, None)


def test_it_touches_the_registration_the_asset_and_the_voucher_and_changes_the_asset(world, asset):
    number, before = world.asset(asset).voucher, world.all_states()
    body = beside(world, asset, note=LIMITS)
    event = world.event("registration.note", body, world.registrar)
    assert set(event.subjects) == {asset.registration, asset.asset, f"voucher/{number}"}
    world.write(world.sign(event, world.registrar.key))
    after = world.all_states()
    assert changed(before, after) == {asset.asset}


def test_several_notes_stand_at_once_and_each_ends_by_itself(world, asset):
    first, second = note(world, asset, SEIZURE), note(world, asset, LIMITS)
    unnote(world, asset, first)
    assert [each["kind"] for each in notes(world, asset)] == ["agreed-limits"]
    unnote(world, asset, second)
    assert notes(world, asset) == []
    assert [each.end is None for each in world.asset(asset).notes] == [False, False]


def test_the_same_note_does_not_stand_twice(world, asset):
    note(world, asset, LIMITS)
    body = beside(world, asset, note=LIMITS)
    assert world.refused("registration.note", body, world.registrar) == "already_in_force"


def test_a_note_that_ended_may_stand_again(world, asset):
    unnote(world, asset, note(world, asset, LIMITS))
    index = note(world, asset, LIMITS)
    assert [each.index for each in world.asset(asset).notes if each.end is None] == [index]


@pytest.mark.parametrize("kind", ["seizure", "temporary-control"])
def test_what_an_authority_orders_rests_on_its_document_and_ends_on_one(world, asset, kind):
    bare = beside(world, asset, note={"kind": kind, "text": "by order"})
    assert world.refused("registration.note", bare, world.registrar) == "note_document"
    index = note(world, asset, {"kind": kind, "document": "5e" * 32})
    lifting = unnote_body(world, asset, index)
    del lifting["document"]
    assert world.refused("registration.unnote", lifting, world.registrar) == "note_document"
    unnote(world, asset, index)


def test_what_rests_on_no_order_ends_without_a_document(world, asset):
    body = unnote_body(world, asset, note(world, asset, LIMITS))
    del body["document"]
    world.do("registration.unnote", body, world.registrar)
    assert notes(world, asset) == []


@pytest.mark.parametrize(
    "remark",
    [
        {"kind": "agreed-limits", "document": "5e" * 32},
        {"kind": "registrar", "document": "5e" * 32},
        {"kind": "by-law"},
    ],
    ids=lambda remark: remark["kind"],
)
def test_a_note_says_in_words_what_no_document_says(world, asset, remark):
    body = beside(world, asset, note=remark)
    assert world.refused("registration.note", body, world.registrar) == "note_text"


BAD_REMARKS = {
    "another kind": {"kind": "warning"},
    "no kind": {"kind": None},
    "an empty text": {"text": ""},
    "a text too long": {"text": "x" * 401},
    "a document that is no digest": {"document": "5e"},
    "a member more": {"more": 1},
}


@pytest.mark.parametrize("change", BAD_REMARKS.values(), ids=BAD_REMARKS)
def test_another_form_of_a_note_is_malformed(change):
    assert format_record(parse_record(Remark, SEIZURE)) == SEIZURE
    with pytest.raises(MalformedError):
        parse_record(Remark, SEIZURE | change)


def test_what_is_not_noted_does_not_end(world, asset):
    index = note(world, asset, LIMITS)
    for other in (index + 1, 0):
        body = unnote_body(world, asset, other)
        assert world.refused("registration.unnote", body, world.registrar) == "no_note"
    unnote(world, asset, index)
    body = unnote_body(world, asset, index)
    assert world.refused("registration.unnote", body, world.registrar) == "no_note"


def test_a_note_is_named_on_its_own_asset(world, asset, ann):
    index, other = note(world, asset), held_by(world, ann)
    body = unnote_body(world, other, index)
    assert world.refused("registration.unnote", body, world.registrar) == "no_note"


def bodies(world, asset):
    index = note(world, asset)
    return {
        "registration.note": beside(world, asset, note=LIMITS),
        "registration.unnote": unnote_body(world, asset, index),
        "registration.correct": correct_body(world, asset),
    }


def signing(world, kind):
    return world.officers if kind == "registration.correct" else world.officers[:1]


def test_only_the_registrar_writes_beside_a_registration(world, asset):
    ben = world.enroll("ben", 2)
    for kind, body in bodies(world, asset).items():
        keys = ben.keys[: len(signing(world, kind))]
        assert world.refused(kind, body, ben, *keys) == "wrong_role", kind


def test_the_live_voucher_and_its_registration_are_named(world, asset, ann):
    other = held_by(world, ann)
    number, elsewhere = world.asset(asset).voucher, world.asset(other).voucher
    for kind, body in bodies(world, asset).items():
        for wrong in (
            body | {"number": elsewhere},
            body | {"registration": other.registration},
            body | {"asset": other.asset, "number": number},
        ):
            keys = signing(world, kind)
            assert world.refused(kind, wrong, world.registrar, *keys) == "not_in_force"


def test_nothing_is_written_beside_what_is_filed_or_revoked(world, asset, ann):
    filed = world.file(ann)
    all_bodies = bodies(world, asset)
    world.revoke(asset, world.asset(asset).voucher)
    for kind, body in all_bodies.items():
        keys = signing(world, kind)
        assert world.refused(kind, body, world.registrar, *keys) == "not_in_force"
        named = body | {"registration": filed.registration, "asset": filed.asset}
        assert world.refused(kind, named, world.registrar, *keys) == "wrong_step"


def test_a_note_outlives_a_transfer_and_ends_under_the_new_voucher(world, asset, ann):
    index = note(world, asset, LIMITS)
    old = unnote_body(world, asset, index)
    world.transfer(asset, (ann, world.enroll("ben"), "hold"))
    assert notes(world, asset) != []
    assert world.refused("registration.unnote", old, world.registrar) == "not_in_force"
    unnote(world, asset, index)
    assert notes(world, asset) == []


def test_a_note_stands_beside_an_expired_voucher_too(world, asset):
    world.time = world.voucher(world.asset(asset).voucher).valid_until + MS_PER_DAY
    note(world, asset)
    assert notes(world, asset) != []


def test_notes_leave_room_for_a_freeze(world, asset):
    def body(n):
        return beside(world, asset, note={"kind": "registrar", "text": "备" * 390 + str(n)})

    with pytest.raises(RejectedError, match="too much is in force") as caught:
        for n in range(40):
            world.do("registration.note", body(n), world.registrar)
    assert caught.value.reason == "state_full"
    assert len(notes(world, asset)) > 3
    freeze(world, asset)


# Corrections


def test_a_slip_in_the_classification_is_mended_from_now_on(world, asset):
    before = world.asset(asset)
    mended = world.classification(industry="logistics", level="general-2")
    correct(world, asset, classification=mended)
    after = world.asset(asset)
    assert format_record(after.classification) == mended
    assert after.tuples == before.tuples


def test_a_slip_in_the_notice_and_the_national_evidence_is_mended(world, asset):
    before = world.registration(asset)
    notice = format_record(before.notice) | {"ref": "N-2", "system": "the national one"}
    national = format_record(before.national) | {"record": "R-2", "digest": "e2" * 32}
    correct(world, asset, notice=notice, national=national)
    after = world.registration(asset)
    assert (format_record(after.notice), format_record(after.national)) == (notice, national)
    assert (after.status, after.notice_end) == (before.status, before.notice_end)


def test_a_correction_moves_no_time(world, asset):
    registration = world.registration(asset)
    later = {
        "notice": {"published_at": registration.notice.published_at + 1},
        "national": {"evidence_time": registration.national.evidence_time - 1000},
    }
    for name, change in later.items():
        value = format_record(getattr(registration, name)) | change
        body = correct_body(world, asset, **{name: value})
        reason = world.refused("registration.correct", body, world.registrar, *world.officers)
        assert reason == "correct_time"


def test_a_correction_brings_in_nothing_that_was_not_recorded(ann):
    solo = World()
    asset = held_by(solo, solo.operator)
    notice = {"system": "national", "ref": "N-1", "published_at": solo.time}
    national = {"system": "n", "record": "r", "evidence_time": solo.time, "digest": "e1" * 32}
    for member in ({"notice": notice}, {"national": national}):
        body = correct_body(solo, asset, **member)
        assert solo.refused("registration.correct", body, solo.registrar) == "correct_absent"


def test_a_correction_corrects_something(world, asset):
    same = world.classification()
    notice = format_record(world.registration(asset).notice)
    bare = correct_body(world, asset)
    del bare["classification"]
    for body in (
        bare,
        correct_body(world, asset, classification=same),
        correct_body(world, asset, classification=same, notice=notice),
    ):
        reason = world.refused("registration.correct", body, world.registrar, *world.officers)
        assert reason == "nothing_to_correct"


def test_two_officers_sign_a_correction(world, asset):
    body = correct_body(world, asset)
    for keys in (world.officers[:1], [*world.officers, world.regulator.key]):
        assert world.refused("registration.correct", body, world.registrar, *keys) == (
            "wrong_signers"
        )
    correct(world, asset)


def test_core_data_is_not_corrected_into_the_registry(world, asset):
    core = world.classification(level="core")
    body = correct_body(world, asset, classification=core)
    assert world.refused("registration.correct", body, world.registrar, *world.officers) == (
        "core_data"
    )


def test_a_product_is_not_corrected_below_its_sources(world, ann):
    source = held_by(world, ann)
    high = world.classification(level="general-3")
    correct(world, source, classification=high)
    product = world.published(ann)
    rights = [claim(ann, "use", "derived", sources=[source.asset])]
    world.record(product, rights, classification=high)
    low = correct_body(world, product, classification=world.classification(level="general-2"))
    assert world.refused("registration.correct", low, world.registrar, *world.officers) == "level"
    correct(world, product, classification=world.classification(level="general-4"))


LOOSENED = {
    "a lower level": {"level": "general-1"},
    "conditional": {"openness": "conditional"},
    "unconditional": {"openness": "unconditional"},
    "both": {"level": "general-2", "openness": "conditional"},
}


@pytest.fixture
def guarded(world, asset):
    correct(world, asset, classification=world.classification(level="general-3", openness="closed"))
    return asset


@pytest.mark.parametrize("name", LOOSENED)
def test_what_is_guarded_less_rests_on_a_downgrade(world, guarded, name):
    loosened = {"level": "general-3", "openness": "closed"} | LOOSENED[name]
    bare = correct_body(world, guarded, classification=world.classification(**loosened))
    refused = world.refused("registration.correct", bare, world.registrar, *world.officers)
    assert refused == "downgrade"
    ivy = world.enroll("ivy")
    admit(world, ivy, "assessor")
    key = attest(world, guarded, ivy)
    correct(world, guarded, classification=world.classification(**loosened, downgrade=key))
    assert world.asset(guarded).classification.downgrade == key


def test_a_correction_goes_no_lower_than_its_downgrade(world, guarded):
    ivy = world.enroll("ivy")
    admit(world, ivy, "assessor")
    key = attest(world, guarded, ivy, level="general-2")
    low = world.classification(level="general-1", openness="closed", downgrade=key)
    body = correct_body(world, guarded, classification=low)
    refused = world.refused("registration.correct", body, world.registrar, *world.officers)
    assert refused == "downgrade_level"


def test_what_is_guarded_more_needs_no_assessment(world, asset):
    more = world.classification(level="general-4", openness="closed")
    correct(world, asset, classification=more)
    assert format_record(world.asset(asset).classification) == more


def test_a_transfer_after_a_correction_repeats_the_corrected_classification(world, asset, ann):
    mended = world.classification(industry="logistics")
    correct(world, asset, classification=mended)
    moved = world.published_transfer(asset, (ann, world.enroll("ben"), "hold"))
    before = world.classification()
    assert world.record_refused(moved, classification=before) == "classification"
    world.record(moved, classification=mended)
    assert format_record(world.asset(asset).classification) == mended
