"""The same published content once more: nothing is recorded before somebody decided (Art. 39)."""

import pytest

from contracts.identity import NameClaim
from contracts.intervals import current
from contracts.title import Asset
from ledger.errors import RejectedError
from tests.support.people import MS_PER_DAY
from tests.support.world import World

DIGEST, OTHER = "d0" * 32, "d1" * 32


def published(world, person, *digests):
    members = {"digests": sorted(digests)} if digests else {}
    return world.published(person, **members)


def record(world, application, **changes):
    """The application, recorded."""
    body = world.record_body(application, **changes)
    return world.do("registration.record", body, world.registrar, *world.officers)


def refuse_record(world, application, **changes):
    """Reason and sentence of the refusal to record it."""
    body = world.record_body(application, **changes)
    signed = world.sign(world.event("registration.record", body, world.registrar), *(
        world.officers
    ))  # fmt: skip
    with pytest.raises(RejectedError) as caught:
        world.log.builder().add(signed, world.time)
    assert world.refuse(signed) == caught.value.reason
    return caught.value.reason, str(caught.value)


@pytest.fixture
def earlier(world):
    application = published(world, world.enroll("ann"), DIGEST)
    record(world, application)
    return application


def finding(application, decision="same-data-other-right", reason="bought both copies"):
    return {"asset": application.asset, "decision": decision, "reason": reason}


def test_the_same_published_content_is_recorded_once_it_was_decided_about(world, earlier):
    again = published(world, world.enroll("bob"), DIGEST)
    reason, sentence = refuse_record(world, again)
    assert reason == "duplicate"
    assert earlier.asset in sentence
    record(world, again, duplicates=[finding(earlier)])
    assert world.state(Asset, again.asset).voucher


def test_one_digest_of_several_is_enough(world, earlier):
    again = published(world, world.enroll("bob"), DIGEST, OTHER)
    assert refuse_record(world, again)[0] == "duplicate"


def test_each_registered_one_is_decided_about(world, earlier):
    second = published(world, world.enroll("bob"), DIGEST)
    record(world, second, duplicates=[finding(earlier)])
    third = published(world, world.enroll("cid"), DIGEST)
    reason, sentence = refuse_record(world, third, duplicates=[finding(earlier)])
    assert reason == "duplicate"
    assert second.asset in sentence
    assert earlier.asset not in sentence
    both = sorted([finding(earlier), finding(second)], key=lambda each: each["asset"])
    record(world, third, duplicates=both)


def test_other_content_and_unpublished_content_need_no_decision(world, earlier):
    others = [published(world, world.enroll("bob"), OTHER), published(world, world.enroll("cid"))]
    for each in others:
        record(world, each)
    assert all(world.asset(each).voucher for each in others)


def test_what_was_never_recorded_needs_no_decision(world):
    first = world.file(world.enroll("ann"), digests=[DIGEST])
    pending = published(world, world.enroll("bob"), DIGEST)
    world.step(first, "withdraw", first.applicants[0])
    record(world, published(world, world.enroll("cid"), DIGEST))
    reason, _ = refuse_record(world, pending)
    assert reason == "duplicate", "the later of two is the one that is recorded later"


def claims(world, digest=DIGEST):
    """Assets with an open claim on a digest."""
    return list(current(world.state(NameClaim, f"name/sha256:{digest}").claims))


def lapse(world, application):
    world.step(application, "return", missing=["x"], until=world.time + 3 * MS_PER_DAY)
    world.time += 3 * MS_PER_DAY


DROPPED = {
    "withdrawn": lambda world, own: world.step(own, "withdraw", own.applicants[0]),
    "refused": lambda world, own: (
        world.step(own, "accept"),
        world.step(own, "refuse", ground="22-1", reasons="none"),
    ),
    "terminated": lambda world, own: (
        world.step(own, "accept"),
        world.step(own, "terminate", reasons="unclear"),
    ),
    "lapsed": lapse,
}


@pytest.mark.parametrize("how", DROPPED)
def test_a_claim_that_came_to_nothing_ends_with_the_next_one(how, world):
    ann = world.enroll("ann")
    first = world.file(ann, digests=[DIGEST])
    DROPPED[how](world, first)
    assert claims(world) == [first.asset]
    second = world.file(ann, digests=[DIGEST])
    assert claims(world) == [second.asset]


def test_claims_of_what_is_recorded_or_undecided_stay(world, earlier):
    second = world.file(world.enroll("bob"), digests=[DIGEST])
    third = world.file(world.enroll("cid"), digests=[DIGEST])
    assert claims(world) == [earlier.asset, second.asset, third.asset]


def test_nobody_has_two_undecided_applications_for_the_same_content(world):
    ann, bob = world.enroll("ann"), world.enroll("bob")
    first = world.file(ann, bob, digests=[DIGEST])
    body = world.filing(world.draft(bob), bob, digests=sorted([DIGEST, OTHER]))
    assert world.refused("registration.file", body, bob) == "claimed"
    world.step(first, "withdraw", ann)
    world.file(bob, digests=[DIGEST])


def test_filing_over_and_over_does_not_keep_others_out(world):
    mallory = world.enroll("mallory")
    for _ in range(70):
        world.step(world.file(mallory, digests=[DIGEST]), "withdraw", mallory)
    own = world.file(world.enroll("ann"), digests=[DIGEST])
    assert claims(world) == [own.asset]


def test_the_registrar_may_decide_about_what_only_its_own_index_shows(world):
    first = published(world, world.enroll("ann"))
    record(world, first)
    second = published(world, world.enroll("bob"))
    record(world, second, duplicates=[finding(first, "distinct", "other years")])
    assert world.asset(second).voucher


def test_under_solo_the_owner_may_register_the_same_data_again(world):
    world = World("solo")
    first = world.published(world.operator, digests=[DIGEST])
    record(world, first)
    again = world.published(world.operator, digests=[DIGEST])
    record(world, again)
    assert world.asset(again).voucher != world.asset(first).voucher


MANGLINGS = {
    "itself": lambda own, first, second: [finding(own)],
    "one twice": lambda own, first, second: [finding(first), finding(first)],
    "out of order": lambda own, first, second: sorted(
        [finding(first), finding(second)], key=lambda each: each["asset"], reverse=True
    ),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_findings_are_about_other_assets_in_order(name, world, earlier):
    second = published(world, world.enroll("bob"))
    record(world, second)
    own = published(world, world.enroll("cid"))
    duplicates = MANGLINGS[name](own, earlier, second)
    assert refuse_record(world, own, duplicates=duplicates)[0] == "duplicates"


def test_an_asset_that_is_not_there_is_no_duplicate(world, earlier):
    own = published(world, world.enroll("bob"))
    nobody = finding(earlier) | {"asset": "asset/" + "a" * 26}
    assert refuse_record(world, own, duplicates=[nobody])[0] == "unknown_subject"


def test_a_transfer_decides_nothing_about_duplicates(world, earlier):
    bob = world.enroll("bob")
    transfer = world.published_transfer(earlier, (earlier.applicants[0], bob, "hold"))
    assert refuse_record(world, transfer, duplicates=[finding(earlier)])[0] == "duplicates"
    record(world, transfer)
