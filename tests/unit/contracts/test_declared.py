"""Right-holders who are named and did not sign: the record shows them, and they hold nothing."""

import json
from copy import deepcopy

import pytest

from contracts.force import held_rights
from contracts.intervals import current
from contracts.queries import Query, answer_query, format_query, show_answer
from ledger.errors import BundleError
from tests.support.forgery import judge
from tests.support.grants import LogFacts, ask, prove_answer
from tests.support.independent_queries import verify_query
from tests.support.independent_verifier import verify_voucher
from tests.support.log_builder import LOG
from tests.support.people import claim
from tests.support.world import World

OWN_POLICY = b"log " + LOG.vkey.encode() + b"\nquorum none\n"


@pytest.fixture(params=["solo", "national-2026"])
def world(request):
    return World(request.param)


def declared(world, *holders):
    """Ann's asset with others who are declared; her, them and the asset."""
    ann, people = world.enroll("ann"), [world.enroll(name) for name in holders or ("ben",)]
    application = world.published(ann)
    rights = [claim(person, "use", "commissioned", evidence="0f" * 32) for person in people]
    return ann, people, application, rights


def test_declared_rights_stand_in_the_asset_and_nobody_holds_them(world):
    ann, (ben,), application, rights = declared(world)
    number = world.record(application, [claim(ann)], declared=rights)
    asset = world.asset(application)
    assert list(current(asset.declared)) == rights
    assert asset.declared[0].start == world.voucher(number).valid_from
    assert held_rights(asset, ben.party, world.time) == []
    assert (world.party(ann).tuples, world.party(ben).tuples) == (1, 0)
    assert ask(world, ben, application, "read").verdict == "not covered"


def test_the_voucher_shows_them_as_declared(solo):
    ann, _, application, rights = declared(solo)
    number = solo.record(application, [claim(ann)], declared=rights)
    shown = application.credential["credentialSubject"]
    assert (shown["rights"], shown["declared"]) == ([claim(ann)], rights)
    assert judge(solo.bundle(application, number), now=solo.time).failure is None


CREDENTIALS = {
    "leaves them out": lambda subject: subject.pop("declared"),
    "shows one of them as held": lambda subject: subject["rights"].extend(subject["declared"]),
    "shows another": lambda subject: subject["declared"][0].update(right="operate"),
}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_voucher_that_shows_something_else_is_found_out(solo, name):
    ann, _, application, rights = declared(solo)
    honest = solo.credential

    def dishonest(body, **changes):
        subject = deepcopy(honest(body)["credentialSubject"])
        CREDENTIALS[name](subject)
        return honest(body, subject=subject)

    solo.credential = dishonest
    number = solo.record(application, [claim(ann)], declared=rights)
    with pytest.raises(BundleError, match="other rights"):
        judge(solo.bundle(application, number), now=solo.time)


def test_who_signed_holds_and_is_not_declared(world):
    ann, _, application, _ = declared(world)
    both = [claim(ann, "operate")]
    assert world.record_refused(application, rights=[claim(ann)], declared=both) == (
        "declared_signed"
    )


def test_who_did_not_sign_is_not_listed_among_the_holders(world):
    ann, (ben,), application, _ = declared(world)
    rights = [claim(ann), claim(ben, "use")]
    assert world.record_refused(application, rights=rights) == "declared_holder"


REFUSED = {
    "one twice": ("doubled_right", lambda w, b: b["declared"].append(b["declared"][0])),
    "from somebody": (
        "not_a_transfer",
        lambda w, b: b["declared"][0].update({"from": b["rights"][0]["holder"]}),
    ),
    "a stranger": (
        "unknown_subject",
        lambda w, b: b["declared"][0].update(holder="party/" + "a" * 26),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_declared_rights_are_tuples_of_enrolled_parties(solo, name):
    ann, _, application, rights = declared(solo)
    reason, change = REFUSED[name]
    body = solo.record_body(application, [claim(ann)], declared=rights)
    change(solo, body)
    assert solo.refused("registration.record", body, solo.registrar) == reason


def test_who_has_left_is_not_declared(solo):
    ann, (ben,), application, rights = declared(solo)
    solo.do("party.exit", {}, ben)
    assert solo.record_refused(application, rights=[claim(ann)], declared=rights) == "exited"


def test_holders_and_declared_together_are_at_most_eight(solo):
    ann, people, application, rights = declared(solo, *(f"p{n}" for n in range(8)))
    refused = solo.record_refused(application, rights=[claim(ann)], declared=rights)
    assert refused == "too_many_holders"
    solo.record(application, [claim(ann)], declared=rights[:7])
    assert len(people) == 8


def test_nothing_of_it_is_there_where_all_signed(solo):
    ann = solo.enroll("ann")
    application, _ = solo.register(ann)
    assert solo.asset(application).declared == ()
    assert "declared" not in application.credential["credentialSubject"]


def test_a_transfer_and_a_change_leave_the_declared_as_they_are(solo):
    ann, _, application, rights = declared(solo)
    solo.record(application, [claim(ann)], declared=rights)
    before = solo.asset(application).declared
    cy = solo.enroll("cy")
    solo.transfer(application, (ann, cy, "hold"))
    solo.later(application, "change", cy)
    assert solo.asset(application).declared == before


def test_who_confirms_later_is_found_by_its_own_history(world):
    ann, (ben,), application, rights = declared(world)
    number = world.record(application, [claim(ann)], declared=rights)
    named = {"registration": application.registration, "asset": application.asset}
    world.do("registration.confirm", named | {"number": number, "rights": ["use"]}, ben)
    query = Query(topic="rights", subject=ben.party, at=world.time - 1000)
    answer = answer_query(LogFacts(world.log), query)
    assert [one["rights"] for one in answer["assets"]] == [rights]


def test_who_asks_for_the_holders_is_shown_the_declared_apart(world):
    ann, (ben,), application, rights = declared(world)
    world.record(application, [claim(ann)], declared=rights)
    query = Query(topic="holders", subject=application.asset, at=world.time - 1000)
    answer = answer_query(LogFacts(world.log), query)
    assert (answer["rights"], answer["declared"]) == ([claim(ann)], rights)
    bundle = prove_answer(world, query)
    document = format_query(bundle)
    rows = show_answer(bundle)
    assert ("declared", f"{ben.party} use commissioned") in rows
    verify_query(json.dumps(document).encode(), OWN_POLICY)


def test_the_verdict_on_a_voucher_names_them_as_declared(solo):
    ann, (ben,), application, rights = declared(solo)
    number = solo.record(application, [claim(ann)], declared=rights)
    bundle = solo.bundle(application, number)
    shown = judge(bundle, now=solo.time).shown
    assert ("hold", ann.party) in shown
    assert ("declared", f"use {ben.party}") in shown
    assert ("use", ben.party) not in shown
    said = verify_voucher(json.dumps(bundle).encode(), OWN_POLICY, now=solo.time)
    assert said["status"] == "valid", "an independent verifier agrees"
