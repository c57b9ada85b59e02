"""Applicants of the three kinds, alone and together, and what of them is public."""

import itertools

import pytest

from contracts.intervals import current
from ledger.core.canonical import encode_canonical
from ledger.errors import MalformedError
from tests.support.people import Person, claim

KINDS = ("legal", "natural", "unincorporated")


def holders(world, application):
    return {value["holder"] for value in current(world.asset(application).tuples)}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_applicant_comes_to_its_voucher(world, kind):
    ann = world.enroll("ann", kind=kind)
    application, number = world.register(ann)
    assert world.party(ann).kind == kind
    assert holders(world, application) == {ann.party}
    assert world.voucher(number).asset == application.asset


@pytest.mark.parametrize("kinds", list(itertools.combinations(KINDS, 2)), ids="-".join)
def test_applicants_of_two_kinds_file_together_and_both_hold(world, kinds):
    people = [world.enroll(f"one {kind}", kind=kind) for kind in kinds]
    rights = [claim(person, "use") for person in people]
    application, _ = world.register(*people, rights=rights)
    assert holders(world, application) == {person.party for person in people}


def test_more_than_eight_do_not_file_together(world):
    people = [Person(f"p{n}") for n in range(9)]
    body = world.filing(world.draft(), *people)
    with pytest.raises(MalformedError, match="parties"):
        world.do("registration.file", body, people[0])


@pytest.mark.parametrize("kind", ["legal", "unincorporated"])
def test_the_name_of_an_organisation_is_public(world, kind):
    assert world.party(world.enroll("ann", kind=kind)).name == "ann Ltd"


def test_the_name_of_a_natural_person_is_a_commitment_and_stands_nowhere(world):
    ann = world.enroll("王小明", kind="natural")
    assert set(world.party(ann).name) == {"$commit"}
    world.register(ann)
    name = "王小明".encode()
    assert not any(name in leaf for leaf in world.log.leaves)
    bodies = (encode_canonical(state.body) for state in world.all_states().values())
    assert not any(name in body for body in bodies)


def test_a_natural_person_in_the_clear_is_refused(world):
    ann = Person("ann", kind="natural")
    body = world.enrolment(ann, name="王小明")
    keys = world.enrolment_keys(ann)
    assert world.refused("party.enroll", body, ann, *keys) == "name"
