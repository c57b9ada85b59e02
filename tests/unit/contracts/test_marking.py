"""Marked deliveries: only as disclosed, only by a third party, and onward only with an escrow."""

import pytest

from contracts.chain import Grant
from contracts.delivery import Send
from contracts.intervals import current
from contracts.marking import escrow_parties
from contracts.records import format_record, parse_record
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.errors import MalformedError
from tests.support.grants import (
    accept,
    copy,
    delivery_state,
    escrow,
    issue,
    marks,
    onward,
    permit,
    receive,
    receive_refused,
    registered,
    revoke,
    send,
    send_body,
    send_refused,
    suspend,
    tracked,
)


@pytest.fixture
def world(solo):
    return solo


@pytest.fixture
def grant(world, asset, people):
    return disclosing(world, asset, *people[:2])


def disclosing(world, asset, grantor, grantee, *rules, bounds=(200, 32), **rest):
    """A grant that discloses marks; it permits use unless told."""
    obligation = [tracked(*bounds)]
    return issue(world, asset, grantor, grantee, *rules, obligation=obligation, **rest)


@pytest.fixture
def below(world, asset, people):
    """A grant from the second to the third, under one that discloses marks too."""
    top = disclosing(world, asset, *people[:2], permit("use"), onward())
    return disclosing(world, asset, *people[1:3], parent=top)


def facts(world):
    """States as the rules see them."""
    return type("Facts", (), {"find": lambda _, cls, key: world.state(cls, key)})()


# What is written


def test_a_delivery_says_how_its_copy_is_marked_and_how_many_rows_it_has(world, people, grant):
    key = send(world, grant, people[0], marks=marks())
    made = delivery_state(world, key)
    assert format_record(made.marks) == marks()
    assert (made.marks.withheld, made.marks.rows_per_mark, made.marks.rows) == (200, 32, 330_041)
    assert made.escrow is None


def test_a_delivery_without_marks_is_exact_and_says_so(world, people, grant):
    made = delivery_state(world, send(world, grant, people[0]))
    assert made.marks is None
    assert made.escrow is None


def test_a_receipt_repeats_the_copy_and_leaves_marks_and_escrow_as_they_are(world, people, below):
    key = send(world, below, people[1], marks=marks(), escrow=escrow(people[0]))
    before = delivery_state(world, key)
    assert receive_refused(world, key, people[2], copy=copy("other")) == "wrong_copy"
    receive(world, key, people[2])
    after = delivery_state(world, key)
    assert current(after.status) == ("received",)
    assert (after.copy, after.marks, after.escrow) == (before.copy, before.marks, before.escrow)


# Disclosure


@pytest.mark.parametrize(
    ("bounds", "allowed", "refused"),
    [
        ((200, 32), [(200, 32), (1, 32), (200, 33), (200, 0), (0, 32), (0, 1_000_000)],
         [(201, 32), (200, 31), (2000, 0), (0, 31), (0, 2), (0, 1)]),
        ((200, 0), [(200, 0), (1, 0)], [(200, 32), (201, 0), (0, 1_000_000)]),
        ((0, 8), [(0, 8), (0, 32)], [(1, 8), (1, 0), (0, 7)]),
        ((0, 0), [], [(200, 32), (1, 0), (0, 1_000_000)]),
    ],
)  # fmt: skip
def test_marks_stay_within_what_the_terms_disclose(world, asset, people, bounds, allowed, refused):
    grant = disclosing(world, asset, *people[:2], bounds=bounds)
    for e, g in refused:
        assert send_refused(world, grant, people[0], marks=marks(e, g)) == "not_disclosed"
    for e, g in allowed:
        assert send(world, grant, people[0], marks=marks(e, g))


def test_invented_rows_are_counted_in_the_record_and_stay_within_what_is_disclosed(
    world, asset, people
):
    grant = disclosing(world, asset, *people[:2], bounds=(200, 0, 10))
    refused = [marks(200, 0, canaries=11), marks(201, 0, canaries=10), marks(0, 0)]
    reasons = [send_refused(world, grant, people[0], marks=each) for each in refused]
    assert reasons == ["not_disclosed", "not_disclosed", "no_marks"]
    for e, count in [(200, 10), (0, 1)]:
        key = send(world, grant, people[0], marks=marks(e, 0, canaries=count))
        made = delivery_state(world, key).marks
        assert (made.invented, format_record(made)["canaries"]) == (count, count)


def test_a_grant_that_discloses_no_invented_rows_allows_none(world, people, grant):
    assert send_refused(world, grant, people[0], marks=marks(canaries=1)) == "not_disclosed"
    assert delivery_state(world, send(world, grant, people[0], marks=marks())).marks.invented == 0


def test_a_grant_that_says_nothing_of_tracking_discloses_nothing(world, asset, people):
    grant = issue(world, asset, *people[:2])
    assert send_refused(world, grant, people[0], marks=marks(1, 0)) == "not_disclosed"
    assert send(world, grant, people[0])


def test_of_several_duties_to_accept_tracking_the_tightest_bounds_hold(world, asset, people):
    obligation = [tracked(200, 32), {"action": "acceptTracking"}, tracked(100, 0), tracked(0, 64)]
    grant = issue(world, asset, *people[:2], obligation=obligation)
    for e, g in [(101, 64), (100, 63)]:
        assert send_refused(world, grant, people[0], marks=marks(e, g)) == "not_disclosed"
    assert send(world, grant, people[0], marks=marks(100, 64))


def test_marks_that_mark_nothing_are_refused(world, people, grant):
    assert send_refused(world, grant, people[0], marks=marks(0, 0)) == "no_marks"


def test_an_offer_that_discloses_marks_is_delivered_under_once_accepted(world, asset, people):
    offer = disclosing(world, asset, *people[:2], kind="Offer")
    assert send_refused(world, offer, people[0], marks=marks()) == "grant_offered"
    accept(world, offer, people[1])
    assert send(world, offer, people[0], marks=marks())


WRONG_MARKS = {
    "no rows": marks(rows=0),
    "too many rows": marks(rows=MAX_SAFE_INTEGER + 1),
    "negative rows": marks(rows=-1),
    "more than a fifth withheld": marks(e=2001),
    "a negative share": marks(e=-1),
    "a fraction": marks(e=2.5),
    "no invented row, said": marks(canaries=0),
    "too many invented rows": marks(canaries=1_001),
    "a negative step": marks(g=-1),
    "too large a step": marks(g=1_000_001),
    "a key in the clear": marks(key="A" * 43),
    "a short commitment": marks(key={"$commit": "A" * 42}),
    "a marker that is no party": marks(markedBy="asset/" + "a" * 26),
    "a member more": marks(columns=["price"]),
    "no rows at all": {name: each for name, each in marks().items() if name != "rows"},
    "no key": {name: each for name, each in marks().items() if name != "key"},
    "the name in our code": marks() | {"withheld": 200},
    "null": None,
}


@pytest.mark.parametrize("wrong", WRONG_MARKS.values(), ids=WRONG_MARKS)
def test_marks_of_another_form_are_malformed(world, grant, wrong):
    body = send_body(world, grant, marks=marks())
    parse_record(Send, body)
    with pytest.raises(MalformedError):
        parse_record(Send, body | {"marks": wrong})


WRONG_ESCROWS = {
    "no digest": {"party": "party/" + "a" * 26},
    "a short digest": {"party": "party/" + "a" * 26, "digest": "ab"},
    "no party": {"digest": "0e" * 32},
    "the key itself": {"party": "party/" + "a" * 26, "digest": "0e" * 32, "key": "x"},
}


@pytest.mark.parametrize("wrong", WRONG_ESCROWS.values(), ids=WRONG_ESCROWS)
def test_an_escrow_of_another_form_is_malformed(world, grant, wrong):
    honest = {"party": "party/" + "a" * 26, "digest": "0e" * 32}
    body = send_body(world, grant, marks=marks())
    parse_record(Send, body | {"escrow": honest})
    with pytest.raises(MalformedError):
        parse_record(Send, body | {"escrow": wrong})


# Who marked


def test_who_made_the_marks_for_the_sender_signs_too(world, people, grant):
    named = marks(markedBy=people[3].party)
    assert send_refused(world, grant, people[0], marks=named) == "wrong_signers"
    assert send_refused(world, grant, people[0], people[2].key, marks=named) == "wrong_signers"
    key = send(world, grant, people[0], people[3].key, marks=named)
    assert delivery_state(world, key).marks.marked_by == people[3].party


def test_nobody_signs_as_a_marker_who_is_not_named(world, people, grant):
    assert send_refused(world, grant, people[0], people[3].key, marks=marks()) == "wrong_signers"


def test_neither_sender_nor_recipient_passes_for_a_third_party(world, people, grant):
    own, theirs = (marks(markedBy=each.party) for each in people[:2])
    assert send_refused(world, grant, people[0], marks=own) == "marked_by"
    assert send_refused(world, grant, people[0], people[1].key, marks=theirs) == "marked_by"


def test_a_marker_that_is_suspended_or_unknown_marks_nothing(world, people, grant):
    nobody = marks(markedBy="party/" + "a" * 26)
    assert send_refused(world, grant, people[0], marks=nobody) == "unknown_subject"
    suspend(world, people[3])
    named = marks(markedBy=people[3].party)
    assert send_refused(world, grant, people[0], people[3].key, marks=named) == "suspended"


# Escrow


def test_an_onward_copy_under_terms_that_disclose_needs_marks_and_an_escrow(world, people, below):
    for parts in (
        {},
        {"marks": marks()},
        {"escrow": escrow(people[0])},
    ):
        assert send_refused(world, below, people[1], **parts) == "needs_escrow"
    assert send(world, below, people[1], marks=marks(), escrow=escrow(people[0]))


def test_the_marking_key_lies_with_the_grantor_above_or_the_registrar(world, people, below):
    for other in people[1:]:
        parts = {"marks": marks(), "escrow": escrow(other)}
        assert send_refused(world, below, people[1], **parts) == "wrong_escrow"
    for keeper in (people[0], world.registrar):
        key = send(world, below, people[1], marks=marks(), escrow=escrow(keeper))
        assert delivery_state(world, key).escrow.party == keeper.party


def test_the_marking_key_lies_with_who_took_over_the_right_at_the_top(world, asset, people, below):
    world.transfer(asset, (people[0], people[3], "operate"))
    for keeper, expected in ((people[0], "wrong_escrow"), (people[3], None)):
        parts = {"marks": marks(), "escrow": escrow(keeper)}
        if expected:
            assert send_refused(world, below, people[1], **parts) == expected
        else:
            assert send(world, below, people[1], **parts)


def test_further_down_the_grantor_above_is_the_one_next_above(world, asset, people):
    first = disclosing(
        world, asset, *people[:2], permit("use"), onward(permit("use"), onward(permit("use")))
    )
    second = disclosing(world, asset, *people[1:3], permit("use"), onward(), parent=first)
    third = disclosing(world, asset, *people[2:4], parent=second)
    state = world.state(Grant, third)
    assert escrow_parties(facts(world), state) == (people[1].party, world.registrar.party)
    parts = {"marks": marks(), "escrow": escrow(people[0])}
    assert send_refused(world, third, people[2], **parts) == "wrong_escrow"
    assert send(world, third, people[2], marks=marks(), escrow=escrow(people[1]))


def test_the_key_does_not_lie_with_the_sender_himself(world, asset, people, below):
    world.transfer(asset, (people[0], people[1], "operate"))
    state = world.state(Grant, below)
    assert escrow_parties(facts(world), state) == (world.registrar.party,)
    parts = {"marks": marks(), "escrow": escrow(people[1])}
    assert send_refused(world, below, people[1], **parts) == "wrong_escrow"
    assert send(world, below, people[1], marks=marks(), escrow=escrow(world.registrar))


def test_a_first_copy_needs_no_escrow_and_may_have_one_with_the_registrar(world, people, grant):
    assert send(world, grant, people[0])
    assert send(world, grant, people[0], marks=marks())
    assert send(world, grant, people[0], marks=marks(), escrow=escrow(world.registrar))
    parts = {"marks": marks(), "escrow": escrow(people[2])}
    assert send_refused(world, grant, people[0], **parts) == "wrong_escrow"
    assert send_refused(world, grant, people[0], escrow=escrow(world.registrar)) == "wrong_escrow"


def test_an_onward_copy_under_terms_that_disclose_nothing_is_exact(world, asset, people):
    top = issue(world, asset, *people[:2], permit("use"), onward())
    under = issue(world, asset, *people[1:3], parent=top)
    assert send_refused(world, under, people[1], marks=marks()) == "not_disclosed"
    assert send(world, under, people[1])


def test_marks_do_not_revive_what_is_dead(world, people, below):
    parts = {"marks": marks(), "escrow": escrow(people[0])}
    assert send(world, below, people[1], **parts)
    revoke(world, below, people[1])
    assert send_refused(world, below, people[1], **parts) == "grant_revoked"


def test_marks_of_another_asset_are_held_against_its_own_terms(world, people, grant):
    other = registered(world, people[0])
    plain = issue(world, other, *people[:2])
    assert send_refused(world, plain, people[0], marks=marks()) == "not_disclosed"
    assert send(world, grant, people[0], marks=marks())
