"""Who may register which right on which basis: every cell of the table, and what else a title needs."""

from typing import get_args

import pytest

from contracts.force import held_rights
from contracts.intervals import current
from contracts.title import LEVEL_ORDER, Basis, Level, tuple_values
from ledger.errors import MalformedError, RejectedError
from tests.support.people import MS_PER_DAY, Person, claim, ms
from tests.support.world import World

EVIDENCE = {"evidence": "0f" * 32}
RIGHTS = ("hold", "use", "operate")
MET = {
    # basis: what its condition asks for, and whether hold, use and operate may then be registered
    "self-generated": ({}, "yes yes yes"),
    "commissioned": (EVIDENCE, "yes yes yes"),
    "contract": (EVIDENCE, "yes yes yes"),
    "personal": ({}, "yes yes yes"),
    "crawled-public": (EVIDENCE, "yes yes basis_right"),
    "crawled-product": (EVIDENCE, "yes yes yes"),
    "fused": ({}, "yes yes yes"),
    "derived": ("sources", "yes yes yes"),
    "public-utility": ({}, "yes yes yes"),
    "public-product": ({"code": "GD-2026-1"}, "yes yes yes"),
    "entrusted": (EVIDENCE, "yes yes yes"),
    "state-organ": ({}, "not_registrable not_registrable not_registrable"),
}
NOT_MET = {
    "self-generated": "yes yes yes",
    "commissioned": "evidence evidence evidence",
    "contract": "evidence evidence evidence",
    "personal": "natural_person natural_person natural_person",
    "crawled-public": "evidence evidence basis_right",
    "crawled-product": "evidence evidence evidence",
    "fused": "yes yes participants",
    "derived": "sources sources sources",
    "public-utility": "yes yes yes",
    "public-product": "public_code public_code public_code",
    "entrusted": "evidence evidence evidence",
    "state-organ": "not_registrable not_registrable not_registrable",
}
ROWS = [
    (basis, right, is_met, expected)
    for basis in MET
    for is_met, cells in ((True, MET[basis][1]), (False, NOT_MET[basis]))
    for right, expected in zip(RIGHTS, cells.split(), strict=True)
]


def outcome(world, application, *rights, **changes):
    """`yes`, or the reason for which the record is refused."""
    body = world.record_body(application, list(rights), **changes)
    signed = world.sign(world.event("registration.record", body, world.registrar), *world.officers)
    try:
        world.log.builder().add(signed, world.time)
    except RejectedError:
        return world.refuse(signed)
    application.index = world.write(signed)
    return "yes"


@pytest.mark.parametrize(("basis", "right", "is_met", "expected"), ROWS)
def test_every_cell_of_the_table_of_bases_and_rights(basis, right, is_met, expected):
    world = World()
    kind = "natural" if basis == "personal" and is_met else "legal"
    ann, ben = world.enroll("ann", kind=kind), world.enroll("ben")
    condition = MET[basis][0] if is_met else {}
    if condition == "sources":
        source, _ = world.register(ann, rights=[claim(ann, "use")])
        condition = {"sources": [source.asset]}
    applicants = [ann, ben] if basis == "fused" and is_met else [ann]
    application = world.published(*applicants)
    assert outcome(world, application, claim(ann, right, basis, **condition)) == expected
    held = [(value["holder"], value["right"]) for value in current(world.asset(application).tuples)]
    assert held == ([(ann.party, right)] if expected == "yes" else [])


def test_the_table_is_of_every_basis_that_a_body_may_name():
    assert set(MET) == set(NOT_MET) == set(get_args(Basis))


def test_a_basis_or_right_that_is_none_is_malformed():
    world = World()
    application = world.published(world.operator)
    for wrong in ({"right": "own"}, {"basis": "found"}):
        with pytest.raises(MalformedError):
            world.record(application, [claim(world.operator) | wrong])


# Holders


def test_a_right_holder_who_did_not_sign_is_only_declared():
    world = World()
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.published(ann)
    assert outcome(world, application, claim(ben)) == "declared_holder"
    assert outcome(world, application, claim(ann), claim(ben)) == "declared_holder"
    assert outcome(world, application, claim(Person("nobody"))) == "declared_holder"
    assert outcome(world, application, claim(ann)) == "yes"
    assert world.party(ben).tuples == 0


def test_an_applicant_may_get_no_right():
    world = World()
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.published(ann, ben)
    assert outcome(world, application, claim(ben)) == "yes"
    assert (world.party(ann).tuples, world.party(ben).tuples) == (0, 1)


def test_several_holders_have_the_same_right_in_the_same_data():
    world = World()
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.published(ann, ben)
    rights = [claim(one, right) for one in (ann, ben) for right in RIGHTS]
    assert outcome(world, application, *rights) == "yes"
    asset = world.asset(application)
    assert len(tuple_values(asset.tuples)) == 6
    assert all(has_right(asset, one, right, world.time) for one in (ann, ben) for right in RIGHTS)


# Sources of derived data


@pytest.fixture
def deriving():
    """A world, a party with the right to use a source, and that source with its number."""
    world = World()
    ann = world.enroll("ann")
    source, number = world.register(ann, rights=[claim(ann, "use"), claim(ann, "operate")])
    return world, ann, source, number


def derive(world, ann, *sources, **changes):
    derived = claim(ann, "use", "derived", sources=[source.asset for source in sources])
    return outcome(world, world.published(ann), derived, **changes)


def test_the_right_to_use_every_source_is_needed(deriving):
    world, ann, source, _ = deriving
    other, _ = world.register(ann, rights=[claim(ann, "hold"), claim(ann, "operate")])
    assert derive(world, ann, source, other) == "source_right"
    assert derive(world, ann, source) == "yes"


def test_another_partys_right_to_use_is_not_the_own(deriving):
    world, _, source, _ = deriving
    ben = world.enroll("ben")
    assert derive(world, ben, source) == "source_right"


def test_a_source_that_was_only_filed_gives_no_right(deriving):
    world, ann, _, _ = deriving
    assert derive(world, ann, world.published(ann)) == "source_right"


def test_a_source_whose_voucher_was_revoked_gives_no_right(deriving):
    world, ann, source, number = deriving
    world.revoke(source, number)
    assert derive(world, ann, source) == "source_right"


def test_a_source_whose_voucher_has_expired_gives_no_right(deriving):
    world, ann, source, number = deriving
    application = world.published(ann)
    derived = claim(ann, "use", "derived", sources=[source.asset])
    world.time = world.voucher(number).valid_until
    assert outcome(world, application, derived) == "source_right"
    world.time = world.voucher(number).valid_until - 1
    assert outcome(world, application, derived) == "yes"


def test_a_source_is_on_this_ledger(deriving):
    world, ann, source, _ = deriving
    source.asset = f"asset/{'a' * 26}"
    assert derive(world, ann, source) == "unknown_subject"


def test_a_right_whose_term_is_over_is_no_right():
    world = World()
    ann = world.enroll("ann")
    until = world.time + MS_PER_DAY
    rights = [claim(ann, "use", until=until)]
    source = world.published(ann)
    world.record(source, rights, valid_until=until)
    asset = world.asset(source)
    assert has_right(asset, ann, "use", until - 1)
    assert not has_right(asset, ann, "use", until)
    assert not has_right(asset, ann, "hold", until - 1)
    assert not has_right(asset, world.operator, "use", until - 1)


# Levels (GB/T 43697-2024)


def test_the_levels_are_in_the_order_of_the_standard():
    assert get_args(Level) == LEVEL_ORDER
    assert LEVEL_ORDER[0] == "general-1"
    assert LEVEL_ORDER[-2:] == ("important", "core")


def test_core_data_is_not_registered():
    world = World()
    application = world.published(world.operator)
    core = world.classification(level="core")
    assert outcome(world, application, claim(world.operator), classification=core) == "core_data"


@pytest.mark.parametrize("of_source", LEVEL_ORDER[:-1])
@pytest.mark.parametrize("of_product", LEVEL_ORDER[:-1])
def test_a_product_is_at_least_of_its_sources_level(of_source, of_product):
    world = World()
    ann = world.enroll("ann")
    source = world.published(ann)
    classification = world.classification(level=of_source)
    world.record(source, [claim(ann, "use")], classification=classification)
    expected = "yes" if LEVEL_ORDER.index(of_product) >= LEVEL_ORDER.index(of_source) else "level"
    product = world.classification(level=of_product)
    assert derive(world, ann, source, classification=product) == expected


def test_sources_named_on_any_basis_count_for_the_level():
    world = World()
    ann = world.enroll("ann")
    source = world.published(ann)
    world.record(source, classification=world.classification(level="important"))
    fused = claim(ann, "use", "fused", sources=[source.asset])
    assert outcome(world, world.published(ann), fused) == "level"


# Terms


def test_a_tuple_is_in_force_from_the_record_on():
    world = World()
    application = world.published(world.operator)
    world.time = ms("2026-11-20T10:00:00.123")
    world.record(application, [claim(world.operator, limits="not for advertising")])
    (held,) = world.asset(application).tuples
    assert (held.start, held.end, held.index) == (
        ms("2026-11-20T10:00:00.123"),
        None,
        application.index,
    )
    assert held.value == claim(world.operator, limits="not for advertising")


def has_right(asset, person, right, time):
    return any(value["right"] == right for value in held_rights(asset, person.party, time))
