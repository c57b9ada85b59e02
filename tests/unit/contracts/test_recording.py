"""The record that completes a registration: who signs it, what it says, what it puts in force."""

import pytest

from contracts.intervals import current
from ledger.core.entry import decode_leaf
from ledger.core.state import State
from ledger.errors import MalformedError
from tests.support.people import Key, Person, claim
from tests.support.world import World

# What a record does


@pytest.mark.parametrize("profile", ["solo", "national-2026"])
def test_a_record_changes_exactly_its_subjects(profile):
    world = World(profile)
    ann, ben = world.enroll("ann"), world.enroll("ben")
    other, _ = world.register(ben)
    application = world.published(ann, ben)
    before = world.all_states()
    number = world.record(application, [claim(ann), claim(ben, "use")])
    after = world.all_states()
    changed = {key for key in after if after[key] != before.get(key)}
    assert changed == {
        application.registration,
        application.asset,
        f"series/{number[:-4]}",
        f"voucher/{number}",
        ann.party,
        ben.party,
    }
    assert world.asset(other) is not None


def test_a_record_puts_voucher_rights_and_fields_in_force(solo):
    ann = solo.enroll("ann")
    application, number = solo.register(ann)
    entry = decode_leaf(solo.log.leaves[application.index])
    voucher, asset = solo.voucher(number), solo.asset(application)
    assert (voucher.asset, voucher.registration) == (application.asset, application.registration)
    assert current(voucher.status) == ("valid",)
    assert voucher.credential == entry.signed.event.body["credential"]
    assert voucher.issuer == solo.registrar.key.did
    assert voucher.valid_from == voucher.status[0].start == entry.time
    assert voucher.valid_until == entry.signed.event.body["valid_until"]
    assert (asset.voucher, asset.classification.level) == (number, "general-1")
    assert asset.fields["title"] == "Parking 2026"
    assert len(current(asset.tuples)) == solo.party(ann).tuples == 2
    registration = solo.registration(application)
    assert (registration.voucher, current(registration.status)) == (number, ("recorded",))


def test_tuples_are_counted_for_each_holder(solo):
    ann, ben = solo.enroll("ann"), solo.enroll("ben")
    solo.register(ann)
    application = solo.published(ann, ben)
    rights = [claim(ann), claim(ben), claim(ben, "use"), claim(ben, "operate")]
    solo.record(application, rights)
    assert (solo.party(ann).tuples, solo.party(ben).tuples) == (3, 3)


# Who records


@pytest.mark.parametrize("count", [0, 1, 3])
def test_two_officers_sign_no_more_and_no_less(count):
    world = World("national-2026", is_open=False)
    world.registrar = Person("registrar", 3)
    world.open()
    for year in ("2026", "2027"):
        world.publish_calendar(year)
    application = world.published(world.enroll("ann"))
    keys = world.registrar.keys[:count] or [Key("stranger")]
    assert world.record_refused(application, *keys) == "wrong_signers"
    world.record(application)


def test_one_officer_is_enough_where_the_profile_asks_for_one():
    world = World("national-2026", officers=1)
    application = world.published(world.enroll("ann"))
    assert world.record_refused(application, *world.registrar.keys) == "wrong_signers"
    world.record(application)


def test_two_keys_of_another_party_are_no_officers(world):
    ann = world.enroll("ann", 2)
    application = world.published(ann)
    body = world.record_body(application)
    assert world.refused("registration.record", body, ann, *ann.keys) == "wrong_role"


def test_a_removed_officer_does_not_sign(world):
    application = world.published(world.enroll("ann"))
    old, kept, new = *world.registrar.keys, Key("new officer")
    body = {"add": [new.did], "remove": [old.did]}
    assert world.refused("party.rotate", body, world.registrar, kept, new) == "wrong_signers"
    world.do("party.rotate", body, world.registrar, old, kept, new)
    assert world.record_refused(application, old, kept) == "wrong_signers"
    world.registrar.keys = [kept, new]
    world.record(application)


def test_the_issuer_is_a_key_that_signs(world):
    application = world.published(world.enroll("ann"))
    for key in (Key("stranger"), world.node, world.regulator.key):
        assert world.record_refused(application, issuer=key.did) == "wrong_issuer"
    world.record(application, issuer=world.officers[1].did)


# What belongs together

PARTS = {
    "another asset": lambda w, a, b: {"asset": w.file(a).asset},
    "a holder less": lambda w, a, b: {"parties": [a.party]},
    "a holder more": lambda w, a, b: {"parties": sorted([a.party, b.party, w.operator.party])},
    "holders unsorted": lambda w, a, b: {"parties": sorted([a.party, b.party], reverse=True)},
    "a holder twice": lambda w, a, b: {"parties": sorted([a.party, a.party, b.party])},
}


@pytest.mark.parametrize("name", PARTS)
def test_asset_and_holders_are_those_of_the_registration(world, name):
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.published(ann, ben)
    changes = PARTS[name](world, ann, ben)
    rights = [claim(ann), claim(ben)]
    assert world.record_refused(application, rights=rights, **changes) == "wrong_parts"


def test_a_right_of_a_holder_is_named_once(world):
    ann = world.enroll("ann")
    application = world.published(ann)
    for second in (claim(ann), claim(ann, basis="personal"), claim(ann, limits="none")):
        assert world.record_refused(application, rights=[claim(ann), second]) == "doubled_right"


def test_a_record_names_at_least_one_right(world):
    application = world.published(world.enroll("ann"))
    with pytest.raises(MalformedError):
        world.record(application, [], parties=[])


def with_states(world, states):
    """The log as if it had other states; they are seen by the rules alone."""
    view, builder = {**world.all_states(), **states}, world.log.builder()
    builder.read = view.get
    world.log.builder = lambda: builder


def test_an_asset_with_a_live_voucher_is_not_recorded_again(world, monkeypatch):
    application = world.published(world.enroll("ann"))
    body = world.record_body(application)
    state = world.all_states()[application.asset]
    monkeypatch.setattr(world, "_check_next_block", lambda builder: None)
    live = {"value": {"number": "TEST2026110001", "until": 1}, "from": 0, "to": None, "index": 1}
    with_states(world, {application.asset: State(state.type, {**state.body, "vouchers": [live]})})
    assert (
        world.refused("registration.record", body, world.registrar, *world.officers)
        == "live_voucher"
    )
