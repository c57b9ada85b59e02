"""Transfers: what moves, what stays, who signs, and what stands against one at both ends."""

import pytest

from contracts.intervals import current
from contracts.procedure import Registration
from ledger.core.entry import decode_leaf
from ledger.core.subjects import derive_id
from ledger.errors import MalformedError
from tests.support.holds import freeze, pledge, release, unfreeze
from tests.support.people import MS_PER_DAY, Person, claim
from tests.support.transfers import EVIDENCE, JUDGMENT, play
from tests.support.world import World


@pytest.fixture(params=["solo", "national-2026"])
def world(request):
    return World(request.param)


# What moves


def test_exactly_the_named_tuple_moves_whole_and_every_other_stays_byte_for_byte(world):
    ann, _, cy, application, _ = play(world)
    before = current(world.asset(application).tuples)
    transfer, _ = world.transfer(application, (ann, cy, "hold"))
    after = current(world.asset(application).tuples)
    moved = before[0] | {"holder": cy.party, "from": ann.party}
    assert moved["basis"] == "contract"
    assert after == (*before[1:], moved)
    time = decode_leaf(world.log.leaves[transfer.index]).signed.event.body["valid_from"]
    intervals = world.asset(application).tuples
    assert intervals[0].value == before[0]
    assert abs(intervals[0].end - time) < 1000
    assert (intervals[-1].start, intervals[-1].index) == (intervals[0].end, transfer.index)


def test_a_transfer_changes_exactly_its_subjects(world):
    ann, ben, cy, application, number = play(world)
    filed = world.file_transfer(application, (ann, cy, "hold"))
    before = world.all_states()
    world.step(filed, "accept")
    world.publish(filed)
    second = world.record(filed)
    after = world.all_states()
    changed = {key for key in after if after[key] != before.get(key)}
    assert changed == {
        application.asset,
        filed.registration,
        f"voucher/{number}",
        f"voucher/{second}",
        f"series/{second[:-4]}",
        ann.party,
        cy.party,
    }
    assert world.party(ben).tuples == 1


def test_a_filing_touches_nobodys_rights(world):
    ann, _, cy, application, number = play(world)
    before = world.asset(application)
    filed = world.file_transfer(application, (ann, cy, "use"))
    assert world.asset(application) == before
    assert world.voucher(number).status[-1].value == "valid"
    registration = world.registration(filed)
    assert (registration.type, registration.asset) == ("transfer", application.asset)
    assert registration.parties == tuple(sorted([ann.party, cy.party]))
    assert registration.moves == filed.moves


def test_the_old_voucher_is_superseded_from_when_the_new_one_is_valid(world):
    ann, _, cy, application, number = play(world)
    transfer, second = world.transfer(application, (ann, cy, "use"))
    old, new, asset = world.voucher(number), world.voucher(second), world.asset(application)
    assert [each.value for each in old.status] == ["valid", "superseded"]
    assert old.status[1].start == new.valid_from == new.status[0].start
    assert (asset.voucher, asset.registration) == (second, transfer.registration)
    assert [(each.value, each.end) for each in asset.vouchers] == [
        ({"number": number, "until": old.valid_until}, new.valid_from),
        ({"number": second, "until": old.valid_until}, None),
    ]
    assert new.registration == transfer.registration
    assert world.registration(transfer).voucher == second


def test_the_asset_keeps_fields_content_and_classification(world):
    ann, _, cy, application, _ = play(world)
    before = world.asset(application)
    world.transfer(application, (ann, cy, "use"))
    after = world.asset(application)
    for name in ("fields", "content", "classification", "parties", "digests"):
        assert getattr(after, name) == getattr(before, name), name


def held_rights(world, application):
    return {(each["holder"], each["right"]) for each in current(world.asset(application).tuples)}


def test_one_transfer_may_move_many_rights_between_many(world):
    ann, ben, cy, application, _ = play(world)
    dan = world.enroll("dan")
    world.transfer(application, (ann, cy, "hold"), (ann, cy, "operate"), (ben, dan, "use"))
    assert held_rights(world, application) == {
        (ann.party, "use"), (cy.party, "hold"), (cy.party, "operate"), (dan.party, "use")
    }  # fmt: skip
    assert [world.party(each).tuples for each in (ann, ben, cy, dan)] == [1, 0, 2, 1]


def test_a_right_goes_from_hand_to_hand_and_back(solo):
    ann, ben, cy, application, _ = play(solo)
    solo.transfer(application, (ann, cy, "hold"))
    solo.transfer(application, (cy, ben, "hold"))
    solo.transfer(application, (ben, ann, "hold"))
    held = [each for each in current(solo.asset(application).tuples) if each["right"] == "hold"]
    (value,) = held
    assert (value["holder"], value["from"]) == (ann.party, ben.party)
    assert (value["basis"], value["evidence"], value["limits"]) == (
        "contract",
        EVIDENCE,
        "not abroad",
    )


def test_two_may_swap_and_a_chain_may_move_in_one_transfer(solo):
    ann, ben, cy, application, _ = play(solo)
    solo.transfer(application, (ann, ben, "use"), (ben, ann, "use"))
    held = {
        (each["holder"], each["basis"])
        for each in current(solo.asset(application).tuples)
        if each["right"] == "use"
    }
    assert held == {(ann.party, "fused"), (ben.party, "self-generated")}
    solo.transfer(application, (ann, ben, "use"), (ben, cy, "use"))
    held = {
        (each["holder"], each["basis"], each["from"])
        for each in current(solo.asset(application).tuples)
        if each["right"] == "use"
    }
    assert held == {(ben.party, "fused", ann.party), (cy.party, "self-generated", ben.party)}


def test_a_term_moves_with_its_right():
    world = World()
    ann, ben = world.enroll("ann"), world.enroll("ben")
    until = world.time + 400 * MS_PER_DAY
    application = world.published(ann)
    world.record(application, [claim(ann, "use", until=until)], valid_until=until // 1000 * 1000)
    world.transfer(application, (ann, ben, "use"))
    assert [each["until"] for each in current(world.asset(application).tuples)] == [until]


# Who signs


def test_both_sides_sign_and_nobody_else(world):
    ann, ben, cy, application, _ = play(world)
    body = world.transfer_body(application, (ann, cy, "use"))
    for keys in ([ann.key], [cy.key], [ann.key, ben.key], [ann.key, cy.key, ben.key]):
        assert world.refused("registration.file", body, ann, *keys) == "wrong_signers"
    world.do("registration.file", body, ann, ann.key, cy.key)


def test_the_transferee_may_file(world):
    ann, _, cy, application, _ = play(world)
    body = world.transfer_body(application, (ann, cy, "use"), filer=cy)
    event = world.event("registration.file", body, cy)
    world.write(world.sign(event, ann.key, cy.key))
    key = derive_id("registration", actor=event.actor, nonce=event.nonce)
    assert current(world.state(Registration, key).status) == ("filed",)


def test_with_a_ground_the_transferee_signs_alone(world):
    ann, _, cy, application, _ = play(world)
    body = world.transfer_body(application, (ann, cy, "use"), ground=JUDGMENT)
    assert world.refused("registration.file", body, cy, ann.key, cy.key) == "wrong_signers"
    transfer, _ = world.transfer(application, (ann, cy, "use"), ground=JUDGMENT)
    assert world.registration(transfer).ground.document == JUDGMENT["document"]
    assert world.party(cy).tuples == 1


def test_parties_are_those_who_have_to_sign(world):
    ann, ben, cy, application, _ = play(world)
    moves, people = [(ann, cy, "use")], (ann, ben, cy)
    body = world.transfer_body(application, *moves, parties=sorted(each.party for each in people))
    assert world.refused("registration.file", body, ann, *(p.key for p in people)) == "parties"
    alone = world.transfer_body(application, *moves, parties=[ann.party])
    assert world.refused("registration.file", alone, ann, ann.key) == "parties"
    ground = world.transfer_body(application, *moves, ground=JUDGMENT)
    both = ground | {"parties": sorted([ann.party, cy.party])}
    assert world.refused("registration.file", both, cy, ann.key, cy.key) == "parties"


@pytest.mark.parametrize("kind", ["judgment", "arbitration", "merger", "succession", "liquidation"])
def test_each_ground_of_the_design_is_one(solo, kind):
    ann, _, cy, application, _ = play(solo)
    ground = {"kind": kind, "document": EVIDENCE}
    assert solo.file_transfer(application, (ann, cy, "use"), ground=ground)


@pytest.mark.parametrize(
    "ground", [{"kind": "gift", "document": EVIDENCE}, {"kind": "judgment"}, {}, "judgment"]
)
def test_another_ground_or_one_without_its_document_is_malformed(solo, ground):
    ann, _, cy, application, _ = play(solo)
    body = solo.transfer_body(application, (ann, cy, "use"), ground=JUDGMENT) | {"ground": ground}
    with pytest.raises(MalformedError):
        solo.do("registration.file", body, cy, cy.key)


def test_a_registrar_takes_over_nothing_at_itself():
    world = World("national-2026")
    ann, _, _, application, _ = play(world)
    moves = [(ann, world.registrar, "use")]
    assert world.file_transfer_refused(application, *moves) == "self_registration"


# What is refused when it is filed, and once more when it is recorded: what happens -> the reason


def exhaust(world, ann, ben, cy, application, number):
    world.time = world.voucher(number).valid_until


def revoke(world, ann, ben, cy, application, number):
    world.revoke(application, number)


def suspend(person):
    def change(world, ann, ben, cy, application, number):
        party = {"ann": ann, "cy": cy}[person].party
        world.do("party.suspend", {"party": party, "ground": "inquiry"}, world.regulator)

    return change


def recover(world, ann, ben, cy, application, number):
    new = Person("ann new").key
    check = {"method": "m", "evidence": "0e" * 32}
    body = {"party": ann.party, "add": [new.did], "remove": ann.dids, "check": check}
    world.do("party.recover", body, world.registrar, world.registrar.key, new)


def leave(world, ann, ben, cy, application, number):
    world.do("party.exit", {}, cy)


def move_before(world, ann, ben, cy, application, number):
    world.transfer(application, (ann, ben, "hold"))


def give_to_transferee(world, ann, ben, cy, application, number):
    world.transfer(application, (ben, cy, "use"))


AT_BOTH = {
    "frozen": ("frozen", "use", lambda w, a, b, c, app, n: freeze(w, app)),
    "revoked": ("no_voucher", "use", revoke),
    "expired": ("expired", "use", exhaust),
    "pledged": ("pledged", "use", lambda w, a, b, c, app, n: pledge(w, app, a, b, ("use",))),
    "moved before": ("right_not_held", "hold", move_before),
    "got another": ("already_held", "use", give_to_transferee),
    "transferee suspended": ("suspended", "use", suspend("cy")),
    "transferee gone": ("exited", "use", leave),
    "transferor suspended": ("suspended", "use", suspend("ann")),
    "transferor recovering": ("recovery_pending", "use", recover),
}


@pytest.mark.parametrize("name", AT_BOTH)
def test_what_stands_against_a_transfer_is_seen_when_it_is_filed(name):
    world = World("national-2026")
    ann, ben, cy, application, number = play(world)
    reason, right, change = AT_BOTH[name]
    voucher = world.asset(application).voucher
    change(world, ann, ben, cy, application, number)
    voucher = world.asset(application).voucher or voucher
    moves = [(ann, cy, right)]
    assert world.file_transfer_refused(application, *moves, voucher=voucher) == reason


@pytest.mark.parametrize("name", AT_BOTH)
def test_what_stands_against_a_transfer_is_seen_once_more_when_it_is_recorded(name):
    world = World("national-2026")
    ann, ben, cy, application, number = play(world)
    reason, right, change = AT_BOTH[name]
    filed = world.published_transfer(application, (ann, cy, right))
    body = world.record_body(filed)
    change(world, ann, ben, cy, application, number)
    evidence = body["national"] | {"evidence_time": world.time // 1000 * 1000}
    later = {"number": world.next_number(), "national": evidence}
    body |= later | {"valid_from": evidence["evidence_time"]}
    assert world.refused("registration.record", body, world.registrar, *world.officers) == reason


@pytest.mark.parametrize("name", ["transferor suspended", "transferor recovering"])
def test_a_ground_does_not_wait_for_the_transferor(name):
    world = World("national-2026")
    ann, ben, cy, application, number = play(world)
    AT_BOTH[name][2](world, ann, ben, cy, application, number)
    world.transfer(application, (ann, cy, "use"), ground=JUDGMENT)
    assert world.party(cy).tuples == 1


def test_who_waits_for_new_keys_may_be_given_a_right():
    world = World("national-2026")
    ann, _, cy, application, _ = play(world)
    new = Person("cy new").key
    check = {"method": "m", "evidence": "0e" * 32}
    body = {"party": cy.party, "add": [new.did], "remove": cy.dids, "check": check}
    world.do("party.recover", body, world.registrar, world.registrar.key, new)
    assert world.file_transfer(application, (ann, cy, "use"))


def test_a_ground_takes_no_pledged_right(solo):
    ann, ben, cy, application, _ = play(solo)
    pledge(solo, application, ann, ben, ("use",))
    moves = [(ann, cy, "use")]
    assert solo.file_transfer_refused(application, *moves, ground=JUDGMENT) == "pledged"


def test_what_was_lifted_stands_against_nothing_any_more(solo):
    ann, ben, cy, application, _ = play(solo)
    held = pledge(solo, application, ann, ben, ("use",))
    order = freeze(solo, application)
    unfreeze(solo, application, order)
    release(solo, application, held, ben)
    solo.transfer(application, (ann, cy, "use"))
    assert (cy.party, "use") in held_rights(solo, application)


def test_another_right_of_the_pledgor_moves_freely(solo):
    ann, ben, cy, application, _ = play(solo)
    pledge(solo, application, ann, ben, ("use",))
    solo.transfer(application, (ann, cy, "operate"))
    assert {(ann.party, "use"), (cy.party, "operate")} <= held_rights(solo, application)


def test_a_right_whose_term_is_over_does_not_move(solo):
    ann, ben = solo.enroll("ann"), solo.enroll("ben")
    until = (solo.time + MS_PER_DAY) // 1000 * 1000
    application = solo.published(ann)
    solo.record(application, [claim(ann, "use", until=until)], valid_until=until)
    solo.time = until
    assert solo.file_transfer_refused(application, (ann, ben, "use")) == "expired"
