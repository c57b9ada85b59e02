"""Revocation: rights end, evidence stays, and the law gives the grounds."""

import pytest

from ledger.core.entry import decode_leaf
from ledger.errors import MalformedError
from tests.support.people import claim

# Revocation (Art. 37)


@pytest.fixture
def recorded(world):
    application, number = world.register(world.enroll("ann"))
    return application, number


def refuse_revocation(world, recorded, *keys, **changes):
    body = world.revocation(*recorded) | changes
    keys = keys or world.officers
    return world.refused("registration.revoke", body, world.registrar, *keys)


def test_a_revocation_ends_voucher_and_rights_and_leaves_the_evidence(world, recorded):
    application, number = recorded
    ann = application.applicants[0]
    before = world.all_states()
    index = world.revoke(application, number)
    time = decode_leaf(world.log.leaves[index]).time
    voucher, asset = world.voucher(number), world.asset(application)
    assert [each.value for each in voucher.status] == ["valid", "revoked"]
    assert voucher.status[1].start == time
    assert {each.end for each in asset.tuples} == {time}
    assert asset.voucher is None
    assert asset.fields["title"] == "Parking 2026"
    assert world.party(ann).tuples == 0
    assert world.registration(application).decision == "by-law: by order"
    series = f"series/{number[:-4]}"
    after = world.all_states()
    assert after[series] == before[series]
    assert {key for key in after if after[key] != before[key]} == {
        application.registration,
        application.asset,
        f"voucher/{number}",
        ann.party,
    }


def test_a_number_that_was_revoked_is_not_given_again(world, recorded):
    application, number = recorded
    world.revoke(application, number)
    _, following = world.register(world.enroll("ben"))
    assert (number, following) == ("SJ3212026110001", "SJ3212026110002")


def test_nothing_is_revoked_twice_or_recorded_after(world, recorded):
    application, number = recorded
    body = world.revocation(application, number)
    world.revoke(application, number)
    assert refuse_revocation(world, recorded, **body) == "not_in_force"
    assert world.record_refused(application) == "wrong_step"


def test_a_revocation_names_voucher_registration_and_asset_of_one_another(world, recorded):
    other, other_number = world.register(world.enroll("ben"))
    for changes in (
        {"number": other_number},
        {"asset": other.asset},
        {"registration": other.registration},
        {"number": "SJ3212026119999"},
    ):
        assert refuse_revocation(world, recorded, **changes) == "not_in_force"
    unknown = {"registration": f"registration/{'a' * 26}"}
    assert refuse_revocation(world, recorded, **unknown) == "unknown_subject"


def test_a_revocation_names_every_holder(world):
    ann, ben = world.enroll("ann"), world.enroll("ben")
    application = world.published(ann, ben)
    number = world.record(application, [claim(ann), claim(ben)])
    recorded, parties = (application, number), sorted([ann.party, ben.party])
    for wrong in ([ann.party], parties[::-1], [*parties, world.operator.party]):
        assert refuse_revocation(world, recorded, parties=wrong) == "wrong_parts"
    world.revoke(application, number)


def test_a_revocation_is_signed_like_a_record(world, recorded):
    application, number = recorded
    assert refuse_revocation(world, recorded, world.officers[0]) == "wrong_signers"
    body = world.revocation(application, number)
    eve = world.enroll("eve", 2)
    assert world.refused("registration.revoke", body, eve, *eve.keys) == "wrong_role"


def test_a_revocation_has_one_of_the_grounds_of_the_law(world, recorded):
    with pytest.raises(MalformedError):
        refuse_revocation(world, recorded, ground="whim")


def test_what_is_no_number_is_not_revoked(world, recorded):
    application, _ = recorded
    body = world.revocation(application, "SJ3212026130001")
    subjects = [application.registration]
    event = world.event("registration.revoke", body, world.registrar, subjects=subjects)
    assert world.refuse(world.sign(event, *world.officers)) == "number"
