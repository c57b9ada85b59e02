"""Ways round the terms of a grant that somebody might try, each refused or answered as it is."""

import pytest

from contracts.odrl import UNOPENED, describe_terms, parse_policy
from tests.support.grants import (
    ask,
    forbid,
    issue,
    issue_refused,
    lift,
    onward,
    permit,
    purpose,
    send,
    send_refused,
    suspend,
    times,
    until,
    use_batch,
    use_batch_refused,
)
from tests.support.people import MS_PER_DAY, Person
from tests.support.transfers import move


@pytest.fixture
def world(solo):
    return solo


def test_a_count_does_not_come_back_in_a_circle(world, people, asset):
    again = onward(permit("read"), onward(permit("read")))
    top = issue(world, asset, *people[:2], permit("read"), again)
    below = issue(world, asset, *people[1:3], permit("read"), onward(permit("read")), parent=top)
    for above in people[:2]:
        refused = issue_refused(world, asset, people[2], above, permit("read"), parent=below)
        assert refused == "circle"
    issue(world, asset, people[2], people[3], permit("read"), parent=below)


@pytest.mark.parametrize("act", ["transfer", "sell", "give", "muniment:encumber"])
def test_a_right_itself_moves_by_registration_and_not_by_a_grant(world, people, asset, act):
    assert issue_refused(world, asset, *people[:2], permit(act)) == "wider_than_parent"


def test_who_may_license_but_not_hand_on_copies_does_not_deliver_one(world, people, asset):
    rules = (permit("read"), onward(permit("read"), action="grantUse"))
    barred = issue(world, asset, *people[:2], *rules, prohibition=[forbid("distribute")])
    free = issue(world, asset, *people[:2], *rules)
    denied = issue(
        world,
        asset,
        *people[1:3],
        permit("read"),
        parent=barred,
        prohibition=[forbid("distribute")],
    )
    allowed = issue(world, asset, *people[1:3], permit("read"), parent=free)
    assert send_refused(world, denied, people[1]) == "prohibited"
    send(world, allowed, people[1])


def test_restrictions_that_were_never_opened_permit_no_resale(world, people):
    application = world.file(people[0], members={"restrictions": {"resale": False}})
    world.step(application, "accept")
    world.step(application, "withhold", reason="secret")
    rights = [
        {"holder": people[0].party, "right": right, "basis": "self-generated"}
        for right in ("hold", "use", "operate")
    ]
    world.record(application, rights)
    assert UNOPENED == {"resale": False, "export": False}
    answer = ask(world, people[0], application, "distribute")
    assert (answer.verdict, answer.clause.code) == ("not covered", "unopened")
    assert ask(world, people[0], application, "read").verdict == "permitted"
    refused = issue_refused(world, application, *people[:2], permit("use"), onward())
    assert refused == "wider_than_parent"
    issue(world, application, *people[:2], permit("use"))


def test_a_batch_counts_at_least_one_unit_a_line(world, people, asset):
    grant = issue(world, asset, *people[:2], permit("read", times(3)))
    assert use_batch_refused(world, grant, people[1], count=2, lines=3) == "lines"
    use_batch(world, grant, people[1], count=3, lines=3)


def test_terms_that_are_over_are_not_granted_and_later_ones_are(world, people, asset):
    over = permit("read", until(world.time))
    assert issue_refused(world, asset, *people[:2], over) == "term_over"
    issue(world, asset, *people[:2], permit("read", until(world.time + MS_PER_DAY)))


def test_what_the_terms_oblige_to_is_part_of_the_answer(world, people, asset):
    obligation = [{"action": "acceptTracking"}]
    rules = permit("read", duties=["inform"])
    issue(world, asset, *people[:2], rules, obligation=obligation)
    answer = ask(world, people[1], asset, "read")
    assert [duty["action"] for duty in answer.duties] == ["inform", "acceptTracking"]


def test_a_suspended_recipient_gets_no_copy(world, people, asset):
    grant = issue(world, asset, *people[:2])
    suspend(world, people[1])
    assert send_refused(world, grant, people[0]) == "recipient_inactive"
    lift(world, people[1])
    send(world, grant, people[0])


@pytest.mark.parametrize("name", ["two\nlines Ltd", " Ltd", "Ltd "])
def test_a_name_passes_for_nothing_but_a_name(world, name):
    person = Person("someone")
    keys = world.enrolment_keys(person)
    body = world.enrolment(person, name=name)
    assert world.refused("party.enroll", body, person, *keys) == "name"
    world.do("party.enroll", world.enrolment(person, name="two lines Ltd"), person, *keys)


@pytest.mark.parametrize("text", ["a\nb", " a", "a "])
def test_a_purpose_is_one_line_without_blanks_at_its_ends(world, people, asset, text):
    assert issue_refused(world, asset, *people[:2], permit("use", purpose(text)))
    issue(world, asset, *people[:2], permit("use", purpose("a b")))


def test_a_purpose_does_not_pass_for_words_of_ours():
    sly = "research (permission/0). May use it"
    rule = permit("use", purpose("research", sly))
    policy = {
        "type": "Set",
        "profile": "urn:muniment:odrl:1",
        "conflict": "prohibit",
        "target": f"urn:muniment:example.org/log:asset/{'a' * 26}",
        "permission": [rule],
    }
    sentence = describe_terms(parse_policy(policy), "en")[1]
    assert f'"{sly}"' in sentence
    assert '"research"' not in sentence


def test_a_transfer_s_notice_names_what_the_filing_moves(world, people, asset):
    wrong = {"rights": [move(people[0], people[1], "hold")]}
    transfer = world.file_transfer(asset, (people[0], people[1], "operate"), content=wrong)
    world.step(transfer, "accept")
    fields = {name: transfer.openings[name] for name in ("content", "title")}
    refused = world.step_refused(transfer, "publish", fields=fields, **world.notice())
    assert refused == "wrong_content"
    right = {"rights": [move(people[0], people[1], "operate")]}
    world.published_transfer(asset, (people[0], people[1], "operate"), content=right)
