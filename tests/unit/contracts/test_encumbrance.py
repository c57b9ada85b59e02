"""Pledges: who makes them, who must agree, what they touch, and how they end."""

import pytest
from msgspec.structs import replace as change

from contracts.encumbrance import Encumbrance
from contracts.holds import (
    ORDERS_BYTES,
    leave_room_for_orders,
    pledged_by,
    refuse_if_frozen,
)
from contracts.intervals import current, open_interval
from contracts.records import format_record
from ledger.core.canonical import encode_canonical
from ledger.core.entry import decode_leaf
from ledger.core.limits import MAX_STATE_BYTES
from ledger.errors import MalformedError, RejectedError
from tests.support.holds import (
    freeze,
    held_by,
    pledge,
    pledge_body,
    release,
    release_body,
    unfreeze,
)
from tests.support.people import Key, Person

KIND = "encumbrance.create"


@pytest.fixture
def bank(world):
    return world.enroll("bank")


@pytest.fixture
def other(world):
    return world.enroll("other bank")


@pytest.fixture
def asset(world, ann):
    return held_by(world, ann)


def state(world, key):
    return world.state(Encumbrance, key)


def pledges(world, asset):
    return list(current(world.asset(asset).pledges))


def refused(world, asset, pledgor, pledgee, /, *keys, rights=("use",), **changes):
    body = pledge_body(world, asset, pledgee, rights, **changes)
    return world.refused(KIND, body, pledgor, *(keys or (pledgor.key, pledgee.key)))


# Making one


def test_a_pledge_is_noted_on_the_asset_and_moves_no_right(world, asset, ann, bank):
    before = world.all_states()
    key = pledge(world, asset, ann, bank, ["use", "operate"], secures="5e" * 32)
    made = state(world, key)
    assert (made.asset, made.pledgor, made.pledgee) == (asset.asset, ann.party, bank.party)
    assert (made.rights, made.secures) == (("use", "operate"), "5e" * 32)
    assert current(made.status) == ("in-force",)
    value = {"encumbrance": key, "holder": ann.party, "rights": ["use", "operate"]}
    assert pledges(world, asset) == [value]
    assert world.party(ann).tuples == 3
    after = world.all_states()
    assert after[asset.asset].body["tuples"] == before[asset.asset].body["tuples"]


def test_it_begins_at_the_ledgers_time_with_the_entrys_index(world, asset, ann, bank):
    index = world.log.head.size
    key = pledge(world, asset, ann, bank)
    time = decode_leaf(world.log.leaves[index]).time
    (status,), (noted,) = state(world, key).status, world.asset(asset).pledges
    assert (status.start, status.index) == (noted.start, noted.index) == (time, index)


def test_it_touches_itself_the_asset_and_its_live_voucher_and_nothing_else(world, asset, ann, bank):
    before, number = world.all_states(), world.asset(asset).voucher
    key = pledge(world, asset, ann, bank)
    after = world.all_states()
    event = decode_leaf(world.log.leaves[-2]).signed.event
    assert set(event.subjects) == {key, asset.asset, f"voucher/{number}"}
    assert {each for each in after if after[each] != before.get(each)} == {key, asset.asset}


def test_without_a_contract_it_secures_nothing_named(world, asset, ann, bank):
    assert state(world, pledge(world, asset, ann, bank)).secures is None


def test_it_is_found_by_both_sides_and_the_asset(world, asset, ann, bank):
    key = pledge(world, asset, ann, bank)
    listing = state(world, key).describe(key)
    assert (listing.label, listing.status) == ("(pledge)", "in-force")
    assert set(listing.terms) == {asset.asset, ann.party, bank.party}


def test_both_sides_sign(world, asset, ann, bank):
    for keys in ([ann.key], [bank.key], [ann.key, Key("stranger")]):
        assert refused(world, asset, ann, bank, *keys) == "wrong_signers"


def test_a_pledgee_is_enrolled_and_may_act(world, asset, ann, bank):
    assert refused(world, asset, ann, Person("nobody")) == "unknown_subject"
    body = {"party": bank.party, "ground": "inquiry"}
    world.do("party.suspend", body, world.regulator)
    assert refused(world, asset, ann, bank) == "suspended"


def test_a_suspended_pledgor_pledges_nothing(world, asset, ann, bank):
    world.do("party.suspend", {"party": ann.party, "ground": "inquiry"}, world.regulator)
    assert refused(world, asset, ann, bank) == "suspended"


def test_nobody_pledges_to_itself(world, asset, ann):
    assert refused(world, asset, ann, ann, ann.key) == "self_pledge"


def test_what_one_does_not_have_is_not_pledged(world, ann, bank, other):
    asset = held_by(world, ann, ("hold", "use"), other)
    assert refused(world, asset, ann, bank, rights=["operate"]) == "no_right"
    assert refused(world, asset, ann, bank, rights=["hold", "operate"]) == "no_right"
    assert refused(world, asset, other, bank, rights=["hold"]) == "no_right"
    assert refused(world, asset, bank, other, rights=["use"]) == "no_right"
    pledge(world, asset, other, bank)


def test_a_right_is_named_once_and_at_least_one_is(world, asset, ann, bank):
    assert refused(world, asset, ann, bank, rights=["use", "use"]) == "doubled_right"
    for rights in ([], ["sell"], ["hold", "use", "operate", "hold"]):
        body = pledge_body(world, asset, bank, ["use"]) | {"rights": rights}
        with pytest.raises(MalformedError, match="rights"):
            world.do(KIND, body, ann, ann.key, bank.key)


def test_nothing_is_pledged_under_a_voucher_that_has_expired(world, asset, ann, bank):
    until = world.voucher(world.asset(asset).voucher).valid_until
    world.time = until
    assert refused(world, asset, ann, bank) == "no_right"
    world.time = until - 1
    pledge(world, asset, ann, bank)


def test_what_was_revoked_or_never_recorded_is_not_pledged(world, asset, ann, bank):
    number = world.asset(asset).voucher
    world.revoke(asset, number)
    assert refused(world, asset, ann, bank, voucher=number) == "not_live_voucher"
    filed = world.file(ann)
    assert refused(world, filed, ann, bank, voucher=number) == "not_live_voucher"


def test_the_voucher_named_is_the_live_one_of_this_asset(world, asset, ann, bank):
    other = held_by(world, ann)
    number = world.asset(other).voucher
    assert refused(world, asset, ann, bank, voucher=number) == "not_live_voucher"
    body = pledge_body(world, asset, bank, voucher=None)
    with pytest.raises(MalformedError, match="voucher"):
        world.do(KIND, body, ann, ann.key, bank.key)


def test_an_asset_that_is_not_there_is_not_pledged(world, asset, ann, bank):
    assert refused(world, asset, ann, bank, asset=f"asset/{'a' * 26}") == "unknown_subject"


def test_a_frozen_asset_is_not_pledged_until_the_last_order_is_lifted(world, asset, ann, bank):
    first, second = freeze(world, asset), freeze(world, asset)
    assert refused(world, asset, ann, bank) == "frozen"
    unfreeze(world, asset, first)
    assert refused(world, asset, ann, bank) == "frozen"
    unfreeze(world, asset, second)
    pledge(world, asset, ann, bank)


# Lost keys


def recover(world, person, new):
    check = {"method": "in person", "evidence": "0e" * 32}
    body = {"party": person.party, "add": [new.did], "remove": person.dids, "check": check}
    world.do("party.recover", body, world.registrar, world.registrar.key, new)
    return world.party(person).recovery.effective


def test_while_its_keys_are_recovered_a_party_pledges_nothing(world, asset, ann, bank):
    new = Key("new")
    effective = recover(world, ann, new)
    world.time = effective - 1
    assert refused(world, asset, ann, bank) == "recovery_pending"
    world.time = effective
    assert refused(world, asset, ann, bank) == "wrong_signers"
    world.do(KIND, pledge_body(world, asset, bank), ann, new, bank.key)


def test_while_its_keys_are_recovered_a_pledgee_gives_nothing_up(world, asset, ann, bank, other):
    key = pledge(world, asset, ann, bank)
    recover(world, bank, Key("new"))
    keys, consents = (ann.key, other.key, bank.key), [bank.party]
    assert refused(world, asset, ann, other, *keys, consents=consents) == "recovery_pending"
    body = release_body(world, asset, key)
    assert world.refused("encumbrance.release", body, bank) == "recovery_pending"


def test_while_its_keys_are_recovered_a_party_may_take_a_pledge(world, asset, ann, bank):
    recover(world, bank, Key("new"))
    key = pledge(world, asset, ann, bank)
    assert pledged_by(world.asset(asset), ann.party, "use") == (key,)


# A second pledge


def test_a_second_pledge_needs_the_first_pledgee(world, asset, ann, bank, other):
    first = pledge(world, asset, ann, bank)
    assert refused(world, asset, ann, other) == "second_pledge"
    keys, consents = (ann.key, other.key), [bank.party]
    assert refused(world, asset, ann, other, *keys, consents=consents) == "wrong_signers"
    assert refused(world, asset, ann, other, *keys, bank.key) == "wrong_signers"
    second = pledge(world, asset, ann, other, consents=[bank])
    assert [each["encumbrance"] for each in pledges(world, asset)] == [first, second]


def test_every_earlier_pledgee_has_to_agree(world, asset, ann, bank, other):
    third = world.enroll("third")
    pledge(world, asset, ann, bank)
    pledge(world, asset, ann, other, consents=[bank])
    for one in (bank, other):
        keys = (ann.key, third.key, one.key)
        changes = {"consents": [one.party]}
        assert refused(world, asset, ann, third, *keys, **changes) == "second_pledge"
    pledge(world, asset, ann, third, consents=[bank, other])
    assert len(pledges(world, asset)) == 3


def test_one_doubled_right_of_several_is_enough_to_need_consent(world, asset, ann, bank, other):
    pledge(world, asset, ann, bank, ["use"])
    assert refused(world, asset, ann, other, rights=["hold", "use"]) == "second_pledge"


def test_other_rights_and_other_holders_rights_are_free(world, ann, bank, other):
    asset = held_by(world, ann, ("hold", "use", "operate"), other)
    pledge(world, asset, ann, bank, ["use"])
    pledge(world, asset, ann, other, ["operate"])
    pledge(world, asset, other, bank, ["use"])
    assert len(pledges(world, asset)) == 3


def test_the_same_pledgee_may_take_it_for_another_claim(world, asset, ann, bank):
    first = pledge(world, asset, ann, bank, secures="01" * 32)
    second = pledge(world, asset, ann, bank, secures="02" * 32)
    release(world, asset, first, bank)
    assert [each["encumbrance"] for each in pledges(world, asset)] == [second]


def test_what_was_released_needs_nobodys_consent(world, asset, ann, bank, other):
    release(world, asset, pledge(world, asset, ann, bank), bank)
    key = pledge(world, asset, ann, other)
    assert pledged_by(world.asset(asset), ann.party, "use") == (key,)


def test_nobody_else_is_named_as_consenting(world, asset, ann, bank, other):
    keys = (ann.key, bank.key, other.key)
    assert refused(world, asset, ann, bank, *keys, consents=[other.party]) == "consents"
    assert refused(world, asset, ann, bank, consents=[ann.party]) == "consents"
    assert refused(world, asset, ann, bank, consents=[bank.party]) == "consents"
    pledge(world, asset, ann, bank)
    third = world.enroll("third")
    consents = sorted([bank.party, third.party])
    keys = (ann.key, other.key, bank.key, third.key)
    assert refused(world, asset, ann, other, *keys, consents=consents) == "consents"


def test_consents_are_sorted_and_none_twice(world, asset, ann, bank, other):
    third = world.enroll("third")
    pledge(world, asset, ann, bank)
    pledge(world, asset, ann, other, consents=[bank])
    backwards = sorted([bank.party, other.party], reverse=True)
    keys = (ann.key, third.key, bank.key, other.key)
    assert refused(world, asset, ann, third, *keys, consents=backwards) == "consents"
    doubled = sorted([bank.party, bank.party, other.party])
    assert refused(world, asset, ann, third, *keys, consents=doubled) == "consents"


def test_at_most_six_consent_so_that_eight_sign(world, asset, ann, bank):
    body = pledge_body(world, asset, bank, consents=[Person(f"p{n}").party for n in range(7)])
    with pytest.raises(MalformedError, match="consents"):
        world.do(KIND, body, ann, ann.key, bank.key)


# Release


def test_a_release_ends_the_pledge_and_the_note_at_once(world, asset, ann, bank):
    key = pledge(world, asset, ann, bank)
    before, number = world.all_states(), world.asset(asset).voucher
    index = release(world, asset, key, bank)
    entry = decode_leaf(world.log.leaves[index])
    assert [each.value for each in state(world, key).status] == ["in-force", "released"]
    (noted,) = world.asset(asset).pledges
    assert noted.end == state(world, key).status[1].start == entry.time
    assert set(entry.signed.event.subjects) == {key, asset.asset, f"voucher/{number}"}
    after = world.all_states()
    assert {each for each in after if after[each] != before[each]} == {key, asset.asset}


def test_only_the_pledgee_releases(world, asset, ann, bank, other):
    body = release_body(world, asset, pledge(world, asset, ann, bank))
    for actor in (ann, other, world.registrar, world.regulator):
        assert world.refused("encumbrance.release", body, actor) == "wrong_role"


def test_what_is_released_is_not_released_again(world, asset, ann, bank):
    key = pledge(world, asset, ann, bank)
    body = release_body(world, asset, key)
    release(world, asset, key, bank)
    assert world.refused("encumbrance.release", body, bank) == "already_released"


def test_a_release_names_what_is_there_on_the_asset_it_is_on(world, asset, ann, bank):
    key = pledge(world, asset, ann, bank)
    elsewhere = held_by(world, ann)
    body = release_body(world, elsewhere, key)
    assert world.refused("encumbrance.release", body, bank) == "wrong_parts"
    unknown = release_body(world, asset, f"encumbrance/{'a' * 26}")
    assert world.refused("encumbrance.release", unknown, bank) == "unknown_subject"


def test_a_pledge_on_a_frozen_asset_can_be_released(world, asset, ann, bank):
    key = pledge(world, asset, ann, bank)
    freeze(world, asset)
    release(world, asset, key, bank)
    assert pledges(world, asset) == []


def test_a_revocation_leaves_the_pledge_and_a_release_follows_the_asset(world, asset, ann, bank):
    key = pledge(world, asset, ann, bank)
    number = world.asset(asset).voucher
    world.revoke(asset, number)
    assert [each["encumbrance"] for each in pledges(world, asset)] == [key]
    assert current(state(world, key).status) == ("in-force",)
    body = release_body(world, asset, key)
    assert "voucher" not in body
    named = body | {"voucher": number}
    assert world.refused("encumbrance.release", named, bank) == "not_live_voucher"
    world.do("encumbrance.release", body, bank)
    assert pledges(world, asset) == []


def test_a_release_follows_a_voucher_that_was_superseded(world, asset, ann, bank):
    key = pledge(world, asset, ann, bank, ["use"])
    before = world.asset(asset).voucher
    _, number = world.transfer(asset, (ann, world.enroll("ben"), "hold"))
    assert [each["encumbrance"] for each in pledges(world, asset)] == [key]
    old = release_body(world, asset, key, voucher=before)
    assert world.refused("encumbrance.release", old, bank) == "not_live_voucher"
    body = release_body(world, asset, key)
    assert body["voucher"] == number != before
    world.do("encumbrance.release", body, bank)
    assert pledges(world, asset) == []


def test_a_pledge_names_the_voucher_that_supersedes(world, asset, ann, bank):
    before, ben = world.asset(asset).voucher, world.enroll("ben")
    world.transfer(asset, (ann, ben, "hold"))
    assert refused(world, asset, ann, bank, voucher=before) == "not_live_voucher"
    assert refused(world, asset, ann, bank, rights=["hold"]) == "no_right"
    pledge(world, asset, ann, bank)
    pledge(world, asset, ben, bank, ["hold"])


def test_a_release_names_the_live_voucher_if_there_is_one(world, asset, ann, bank):
    body = release_body(world, asset, pledge(world, asset, ann, bank))
    number = body.pop("voucher")
    assert world.refused("encumbrance.release", body, bank) == "not_live_voucher"
    other = world.asset(held_by(world, ann)).voucher
    assert (
        world.refused("encumbrance.release", body | {"voucher": other}, bank) == "not_live_voucher"
    )
    world.do("encumbrance.release", body | {"voucher": number}, bank)


def test_what_ends_a_pledge_may_come_after_the_voucher_expired(world, asset, ann, bank):
    key = pledge(world, asset, ann, bank)
    world.time = world.voucher(world.asset(asset).voucher).valid_until
    release(world, asset, key, bank)
    assert pledged_by(world.asset(asset), ann.party, "use") == ()


# What other rules ask


def test_who_has_a_right_in_pledge(world, ann, bank, other):
    asset = held_by(world, ann, ("hold", "use", "operate"), other)
    assert pledged_by(world.asset(asset), ann.party, "use") == ()
    first = pledge(world, asset, ann, bank, ["use", "hold"])
    second = pledge(world, asset, ann, bank, ["use"])
    noted = world.asset(asset)
    assert pledged_by(noted, ann.party, "use") == (first, second)
    assert pledged_by(noted, ann.party, "hold") == (first,)
    assert pledged_by(noted, ann.party, "operate") == pledged_by(noted, other.party, "use") == ()
    release(world, asset, first, bank)
    assert pledged_by(world.asset(asset), ann.party, "use") == (second,)


def test_a_freeze_is_named_in_both_languages_with_who_lifts_it(world, asset):
    order = freeze(world, asset)
    with pytest.raises(RejectedError) as caught:
        refuse_if_frozen(world.asset(asset), asset.asset)
    error = caught.value
    assert error.reason == "frozen"
    for sentence in (error.en, error.zh):
        assert order in sentence
        assert asset.asset in sentence
    assert "regulator" in error.en
    assert "监管方" in error.zh
    unfreeze(world, asset, order)
    refuse_if_frozen(world.asset(asset), asset.asset)


def test_pledges_leave_room_for_freezes(world, ann, bank):
    """Two who fill an asset's state with pledges cannot keep the regulator out."""
    asset = held_by(world, ann, members={"summary": "数" * 2000}, files=40)
    with pytest.raises(RejectedError) as caught:
        for _ in range(64):
            pledge(world, asset, ann, bank, ["hold", "use", "operate"])
    assert caught.value.reason == "state_full"
    assert len(pledges(world, asset)) > 10
    for _ in range(30):
        freeze(world, asset)


def test_the_room_is_counted_to_the_byte(world, asset):
    held = world.asset(asset)
    free = MAX_STATE_BYTES - ORDERS_BYTES - size(change(held, fields={"x": ""}))
    leave_room_for_orders(change(held, fields={"x": "a" * free}))
    with pytest.raises(RejectedError, match="too much is in force"):
        leave_room_for_orders(change(held, fields={"x": "a" * (free + 1)}))
    ended = open_interval((), "x" * 300, 1, 1)
    full = change(held, fields={"x": "a" * free}, notes=(change(ended[0], end=2),))
    leave_room_for_orders(change(full, fields={"x": "a" * (free - 100)}))  # it may be dropped


def size(asset):
    return len(encode_canonical(format_record(asset)))


def test_one_holder_leaves_room_for_the_pledges_of_others(world, ann, bank, other):
    asset = held_by(world, ann, ("hold", "use", "operate"), other)
    for _ in range(24):
        pledge(world, asset, ann, bank)
    assert refused(world, asset, ann, bank) == "too_many_pledges"
    pledge(world, asset, other, bank)


def test_a_regulator_releases_on_a_document_when_the_pledgee_is_gone(world, asset, ann, bank):
    key = pledge(world, asset, ann, bank)
    world.do("party.exit", {}, bank)
    body = {"encumbrance": key, "asset": asset.asset, "voucher": world.asset(asset).voucher}
    assert world.refused("encumbrance.release", body, world.regulator) == "wrong_role"
    assert world.refused("encumbrance.release", body, bank) == "exited"
    world.do("encumbrance.release", body | {"document": "0d" * 32}, world.regulator)
    assert pledges(world, asset) == []
