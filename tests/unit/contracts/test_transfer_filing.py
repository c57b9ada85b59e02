"""What a filing of a transfer may be: its moves, its members, its form and what a notice opens."""

from random import Random

import pytest

from contracts.forms import FORMS, TRANSFER_MEMBERS
from contracts.intervals import current
from ledger.errors import InputError, MalformedError
from tests.support.hostile_json import mangle
from tests.support.people import Person, claim
from tests.support.transfers import JUDGMENT, play
from tests.support.world import World

RIGHTS = ("hold", "use", "operate")


@pytest.fixture(params=["solo", "national-2026"])
def world(request):
    return World(request.param)


# The filing itself

FILINGS = {
    "to oneself": ("self_move", lambda a, b, c: [(a, a, "use")]),
    "a right one does not have": ("right_not_held", lambda a, b, c: [(c, a, "hold")]),
    "another's right": ("right_not_held", lambda a, b, c: [(b, c, "operate")]),
    "one right twice": ("doubled_move", lambda a, b, c: [(a, c, "use"), (a, c, "use")]),
    "one right to two": ("doubled_move", lambda a, b, c: [(a, c, "hold"), (a, b, "hold")]),
    "a right that the other has": ("already_held", lambda a, b, c: [(a, b, "use")]),
    "the same right of two": ("already_held", lambda a, b, c: [(a, c, "use"), (b, c, "use")]),
}


@pytest.mark.parametrize("name", FILINGS)
def test_a_filing_is_refused(world, name):
    reason, moves = FILINGS[name]
    ann, ben, cy, application, _ = play(world)
    assert world.file_transfer_refused(application, *moves(ann, ben, cy)) == reason


def test_a_stranger_gets_nothing(world):
    ann, _, _, application, _ = play(world)
    moves = [(ann, Person("nobody"), "use")]
    assert world.file_transfer_refused(application, *moves) == "unknown_subject"


def test_only_what_is_registered_is_transferred(world):
    ann, ben = world.enroll("ann"), world.enroll("ben")
    filed = world.file(ann)
    number = world.next_number()
    moves = [(ann, ben, "use")]
    assert world.file_transfer_refused(filed, *moves, voucher=number) == "no_voucher"


def test_the_live_voucher_is_named(world):
    ann, _, cy, application, number = play(world)
    world.transfer(application, (ann, cy, "hold"))
    moves = [(ann, cy, "use")]
    assert world.file_transfer_refused(application, *moves, voucher=number) == "not_live_voucher"


def test_a_profile_without_transfers_takes_none():
    world = World(types=("initial",))
    ann, _, cy, application, _ = play(world)
    assert world.file_transfer_refused(application, (ann, cy, "use")) == "unknown_type"


MEMBERS = {
    "a transfer without its asset": lambda body: body.pop("asset"),
    "a transfer without its voucher": lambda body: body.pop("voucher"),
    "a transfer without moves": lambda body: body.pop("moves"),
    "a transfer with digests": lambda body: body.update(digests=["d1" * 32]),
    "an initial registration of an asset": lambda body: body.update(type="initial"),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_each_type_has_its_own_members(solo, name):
    ann, _, cy, application, _ = play(solo)
    body = solo.transfer_body(application, (ann, cy, "use"))
    MEMBERS[name](body)
    assert solo.refused("registration.file", body, ann, ann.key, cy.key) == "file_members"


@pytest.mark.parametrize("name", ["voucher", "moves", "ground", "asset"])
def test_an_initial_registration_has_no_member_of_a_transfer(solo, name):
    ann, _, cy, application, _ = play(solo)
    transfer = solo.transfer_body(application, (ann, cy, "use"), ground=JUDGMENT)
    body = solo.filing(solo.draft(), ann) | {name: transfer[name]}
    assert solo.refused("registration.file", body, ann) == "file_members"


def test_moves_are_one_to_twenty_four(solo):
    ann, _, cy, application, _ = play(solo)
    body = solo.transfer_body(application, (ann, cy, "use"))
    for moves in ([], body["moves"] * 25):
        with pytest.raises(MalformedError):
            solo.do("registration.file", body | {"moves": moves}, ann, ann.key, cy.key)


def test_an_asset_has_no_more_than_eight_holders(solo):
    people = [solo.enroll(f"p{n}") for n in range(9)]
    application = solo.published(*people[:7])
    rights = [claim(people[0], right) for right in RIGHTS]
    solo.record(application, [*rights, *(claim(each) for each in people[1:7])])
    solo.transfer(application, (people[0], people[7], "use"))
    moves = [(people[0], people[8], "operate")]
    assert solo.file_transfer_refused(application, *moves) == "too_many_holders"
    solo.transfer(application, (people[0], people[7], "operate"))
    assert len({each["holder"] for each in current(solo.asset(application).tuples)}) == 8


def test_no_more_than_eight_take_part_in_one_transfer(solo):
    people = [solo.enroll(f"p{n}") for n in range(10)]
    application = solo.published(*people[:5])
    solo.record(application, [claim(each) for each in people[:5]])
    moves = [(people[n], people[5 + n], "hold") for n in range(5)]
    refused = solo.file_transfer_refused(application, *moves, ground=JUDGMENT)
    assert refused == "too_many_holders"
    solo.file_transfer(application, *moves[:4], ground=JUDGMENT)


# The form and its notice


def test_the_form_for_a_transfer_is_committed_to_wholly(solo):
    ann, _, cy, application, _ = play(solo)
    body = solo.transfer_body(application, (ann, cy, "use"))
    for name in TRANSFER_MEMBERS:
        left = {each: made for each, made in body["application"].items() if each != name}
        changed = body | {"application": left}
        assert solo.refused("registration.file", changed, ann, ann.key, cy.key) == "form_members"
    for more in ("content.0", "rights", "summary"):
        added = body["application"] | {more: body["application"]["title"]}
        changed = body | {"application": added}
        assert solo.refused("registration.file", changed, ann, ann.key, cy.key) == "form_members"


def test_a_notice_opens_which_data_and_what_moves(world):
    ann, _, cy, application, _ = play(world)
    filed = world.file_transfer(application, (ann, cy, "use"), content={"term": "5 years"})
    world.step(filed, "accept")
    for name in ("title", "content"):
        fields = {each: made for each, made in filed.statutory.items() if each != name}
        notice = world.notice()
        assert world.step_refused(filed, "publish", fields=fields, **notice) == "statutory_members"
    world.publish(filed)
    opened = {"title": "Parking 2026", "content": {"term": "5 years"}}
    assert world.registration(filed).fields == opened


@pytest.mark.parametrize("name", sorted(set(TRANSFER_MEMBERS) - {"title", "content"}))
def test_what_may_name_people_is_never_opened(solo, name):
    ann, _, cy, application, _ = play(solo)
    filed = solo.file_transfer(application, (ann, cy, "use"))
    solo.step(filed, "accept")
    fields = filed.statutory | {name: filed.openings[name]}
    assert solo.step_refused(filed, "publish", fields=fields) == "not_openable"


def test_the_notice_of_a_transfer_names_the_data_as_it_was_published(solo):
    ann, _, cy, application, _ = play(solo)
    filed = solo.file_transfer(application, (ann, cy, "use"), title="Something else")
    solo.step(filed, "accept")
    assert solo.step_refused(filed, "publish", fields=filed.statutory) == "wrong_title"


def test_what_was_registered_in_confidence_is_published_under_any_title_or_not_at_all(solo):
    ann, ben = solo.enroll("ann"), solo.enroll("ben")
    application = solo.file(ann)
    solo.step(application, "accept")
    solo.step(application, "withhold", reason="secret")
    solo.record(application)
    shown = solo.file_transfer(application, (ann, ben, "use"), title="A first title")
    solo.step(shown, "accept")
    solo.publish(shown)
    hidden = solo.file_transfer(application, (ann, ben, "hold"))
    solo.step(hidden, "accept")
    solo.step(hidden, "withhold", reason="secret")
    solo.record(shown)
    solo.record(hidden)
    assert solo.asset(application).fields == {}


def test_every_statutory_member_may_be_opened_and_is_part_of_its_form():
    for form in FORMS.values():
        assert set(form.statutory) <= set(form.openable) < set(form.members)


# Whatever is sent


def answer(world, kind, body, actor, *keys):
    """`taken`, or the class of the refusal; anything else is a bug that comes through."""
    try:
        event = world.event(kind, body, actor)
        world.log.builder().add(world.sign(event, *keys), world.time)
    except InputError as exc:
        return type(exc).__name__
    return "taken"


@pytest.mark.parametrize("seed", range(4))
def test_a_mangled_transfer_is_refused_or_taken_and_nothing_else(seed):
    random, world, seen = Random(seed), World(), set()
    ann, ben, cy, application, _ = play(world)
    moves = [(ann, cy, "use"), (ann, ben, "hold")]
    filed = world.published_transfer(application, *moves)
    filing, record = world.transfer_body(application, *moves), world.record_body(filed)
    keys = [person.key for person in (ann, ben, cy)]
    assert answer(world, "registration.file", filing, ann, *keys) == "taken"
    assert answer(world, "registration.record", record, world.registrar, *world.officers) == "taken"
    for _ in range(60):
        seen.add(answer(world, "registration.file", mangle(random, filing), ann, *keys))
        mangled = mangle(random, record)
        seen.add(answer(world, "registration.record", mangled, world.registrar, *world.officers))
    assert {"MalformedError", "RejectedError"} <= seen
