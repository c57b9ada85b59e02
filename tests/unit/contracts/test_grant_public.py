"""Public data: licensed by listed bodies, in two tiers, for named purposes and scenes."""

import pytest

from contracts.chain import MAX_GRANT_DEPTH
from contracts.grant import Issue
from contracts.lists import PublishedList
from contracts.odrl import parse_policy
from contracts.publicdata import FREE, ROOTS
from contracts.records import parse_record
from ledger.core.canonical import encode_canonical
from ledger.errors import MalformedError, RejectedError
from tests.support.grants import (
    DEVELOPER,
    OPERATOR,
    accept,
    accept_refused,
    admit,
    chain_of,
    issue,
    issue_body,
    issue_refused,
    limit,
    onward,
    permit,
    public_use,
    publish_public,
    publish_roots,
    purpose,
    registered,
    scene,
    suspend,
    until,
)
from tests.support.world import World


@pytest.fixture
def world(solo):
    return solo


@pytest.fixture
def people(world):
    """A root, an operator, a developer, and one more developer."""
    return [world.enroll(f"p{n}") for n in range(4)]


@pytest.fixture
def public(world, people):
    """Public data of the first, before anybody is listed or admitted."""
    return registered(world, people[0], **{"class": "public"})


@pytest.fixture
def tiers(world, people):
    publish_roots(world, people[0])
    admit(world, people[1], OPERATOR)
    for person in people[2:]:
        admit(world, person, DEVELOPER)


def grant(world, asset, people, *permissions, **rules):
    """A grant from the first to the second."""
    return issue(world, asset, *people[:2], *(permissions or [public_use()]), **rules)


def grant_refused(world, asset, people, *permissions, **rules):
    return issue_refused(world, asset, *people[:2], *(permissions or [public_use()]), **rules)


def below(world, asset, people, parent, *permissions, **rules):
    """A grant from the second to the third."""
    return issue(
        world, asset, *people[1:3], *(permissions or [public_use()]), parent=parent, **rules
    )


def below_refused(world, asset, people, parent, *permissions, **rules):
    permissions = permissions or [public_use()]
    return issue_refused(world, asset, *people[1:3], *permissions, parent=parent, **rules)


def passing():
    """What an operator gets: the use, and one level below."""
    return [public_use(), onward(public_use(), action="grantUse")]


# Roots


def test_public_data_is_licensed_by_a_listed_body_alone(world, people, public, asset):
    admit(world, people[1])
    assert grant_refused(world, public, people) == "not_authorised"
    publish_roots(world, people[1])
    assert grant_refused(world, public, people) == "not_authorised"
    publish_roots(world, people[1], people[0])
    assert grant(world, public, people)
    assert grant(world, asset, people, permit("use"))


def test_a_role_makes_no_root(world, people, public):
    for person in people[:2]:
        admit(world, person)
    assert grant_refused(world, public, people) == "not_authorised"


def test_the_refusal_names_the_list_and_who_is_missing_on_it(world, people, public):
    body = issue_body(public, *people[:2], public_use())
    signed = world.sign(
        world.event("grant.issue", body, people[0]), *(person.key for person in people[:2])
    )
    with pytest.raises(RejectedError) as caught:
        world.log.builder().add(signed, world.time)
    error = caught.value
    for text in (error.en, error.zh):
        assert people[0].party in text
        assert ROOTS in text
    assert error.rule.startswith(ROOTS)


def test_a_list_of_roots_is_published_by_the_regulator_in_versions(people):
    world = World(profile="national-2026")
    root = world.enroll("root")
    body = {"list": "public-data", "part": "roots", "version": 1}
    body["content"] = {"roots": [{"party": root.party, "document": "d0" * 32}]}
    for actor in (world.registrar, world.operator, root):
        assert world.refused("list.publish", body, actor) == "wrong_role"
    world.do("list.publish", body, world.regulator)
    assert world.refused("list.publish", body, world.regulator) == "wrong_version"


def test_a_new_version_ends_who_is_left_out_and_nobody_else(world, people):
    first = publish_roots(world, *people[:2])
    since = world.state(PublishedList, ROOTS).since
    second = publish_roots(world, people[1], people[2])
    state = world.state(PublishedList, ROOTS)
    assert {each.value: (each.start, each.end, each.index) for each in state.listed} == {
        people[0].party: (since, state.since, first),
        people[1].party: (since, None, first),
        people[2].party: (state.since, None, second),
    }
    publish_roots(world)
    assert all(each.end for each in world.state(PublishedList, ROOTS).listed)


BAD_LISTS = {
    "no roots": ("roots", {}),
    "another member": ("roots", {"roots": [], "more": 1}),
    "a bare key": ("roots", {"roots": ["party/" + "a" * 26]}),
    "no party": ("roots", {"roots": [{"party": "asset/" + "a" * 26}]}),
    "too many": ("roots", {"roots": [{"party": "party/" + "a" * 26}] * 33}),
    "twice": ("roots", {"roots": [{"party": "party/" + "a" * 26}] * 2}),
    "no purposes": ("free-purposes", {"roots": []}),
    "an empty purpose": ("free-purposes", {"purposes": [""]}),
    "a purpose twice": ("free-purposes", {"purposes": ["x", "x"]}),
}


@pytest.mark.parametrize(("part", "content"), BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_list_of_another_form_is_refused(world, part, content):
    with pytest.raises(MalformedError):
        publish_public(world, part, **content)


def test_a_root_is_somebody_here_and_the_list_has_two_parts(world):
    body = {"list": "public-data", "part": "roots", "version": 1}
    nobody = body | {"content": {"roots": [{"party": "party/" + "a" * 26}]}}
    assert world.refused("list.publish", nobody, world.regulator) == "unknown_subject"
    other = body | {"part": "routes", "content": {"roots": []}}
    assert world.refused("list.publish", other, world.regulator) == "wrong_part"


def test_who_takes_a_public_right_over_is_listed_too(world, people, public, tiers):
    top = grant(world, public, people, *passing())
    eve = world.enroll("eve")
    world.transfer(public, (people[0], eve, "operate"))
    assert below_refused(world, public, people, top) == "not_authorised"
    publish_roots(world, people[0], eve)
    assert below(world, public, people, top)


# Tiers


def test_the_first_tier_is_an_operator_and_the_second_a_developer(world, people, public):
    publish_roots(world, people[0])
    assert grant_refused(world, public, people) == "not_admitted"
    admit(world, people[1], DEVELOPER)
    assert grant_refused(world, public, people) == "not_admitted"
    admit(world, people[1], OPERATOR)
    top = grant(world, public, people, *passing())
    assert below_refused(world, public, people, top) == "not_admitted"
    admit(world, people[2], OPERATOR)
    assert below_refused(world, public, people, top) == "not_admitted"
    admit(world, people[2], DEVELOPER)
    assert below(world, public, people, top)


def test_there_is_no_third_tier(world, people, public, asset, tiers):
    after = onward(action="grantUse")
    rules = [public_use(), onward(public_use(), after, action="grantUse")]
    keys = [grant(world, public, people, *rules)]
    keys.append(below(world, public, people, keys[0], public_use(), after))
    refused = issue_refused(world, public, *people[2:4], public_use(), parent=keys[1])
    assert refused == "too_deep"
    assert len(chain_of(world, asset, *people)) == 3


def test_no_chain_is_deeper_than_a_verdict_follows(world, people, asset):
    """So many levels need next policies that an event has no room for: the rule is asked alone."""
    body = parse_record(Issue, issue_body(asset, *people[:2]))
    terms, state = parse_policy(body.policy), world.asset(asset)
    body._check_public(None, state, terms, MAX_GRANT_DEPTH)
    with pytest.raises(RejectedError) as caught:
        body._check_public(None, state, terms, MAX_GRANT_DEPTH + 1)
    assert caught.value.reason == "too_deep"


# Purpose, scene, term


UNNAMED = {
    "nothing": ([permit("use")], "purpose_missing"),
    "no purpose": ([permit("use", scene("buses"))], "purpose_missing"),
    "no scene": ([permit("use", purpose("trade"))], "scene_missing"),
    "any scene but one": (
        [permit("use", purpose("trade"), limit("muniment:scene", "neq", "x"))],
        "scene_missing",
    ),
    "one permission without": ([public_use(), permit("read", purpose("trade"))], "scene_missing"),
    "handing on alone": ([onward(public_use())], "purpose_missing"),
}


@pytest.mark.parametrize(("rules", "reason"), UNNAMED.values(), ids=UNNAMED)
def test_each_hop_names_purpose_and_scene(world, people, public, asset, tiers, rules, reason):
    assert grant_refused(world, public, people, *rules) == reason
    assert grant(world, asset, people, *rules)


WIDER = {
    "another purpose": public_use(purposes=["trade"]),
    "one purpose more": public_use(purposes=["public-welfare", "trade"]),
    "another scene": public_use(scenes=["taxis"]),
    "one scene more": public_use(scenes=["bus-routes", "taxis"]),
    "a later end": public_use(until(2**41)),
    "no end": public_use(),
}


@pytest.mark.parametrize("rule", WIDER.values(), ids=WIDER)
def test_the_second_tier_stays_within_the_first(world, people, public, tiers, rule):
    end = until(world.time + 10**9)
    top = grant(world, public, people, public_use(end), onward(public_use(end)))
    assert below_refused(world, public, people, top, rule) == "wider_than_parent"
    assert below(world, public, people, top, public_use(end))


# Free of charge


PAID = {
    "a duty": [public_use(duties=["compensate"])],
    "a payment": [public_use(limit("payAmount", "lteq", {"$commit": "A" * 43}))],
    "for one public purpose": [
        public_use(purposes=("trade", "public-welfare"), duties=["compensate"])
    ],
    "for governance": [public_use(purposes=("public-governance",), duties=["compensate"])],
    "further down": [public_use(), onward(permit("use", duties=["compensate"]))],
}


@pytest.mark.parametrize("rules", PAID.values(), ids=PAID)
def test_public_data_for_public_purposes_costs_nothing(world, people, public, asset, tiers, rules):
    assert grant_refused(world, public, people, *rules) == "must_be_free"
    assert grant(world, asset, people, *rules)


FREE_RULES = {
    "no payment": public_use(purposes=("trade",)),
    "paid for other purposes": public_use(purposes=("trade",), duties=["compensate"]),
    "free for public ones": public_use(),
}


@pytest.mark.parametrize("rule", FREE_RULES.values(), ids=FREE_RULES)
def test_what_is_free_or_for_other_purposes_is_issued(world, people, public, tiers, rule):
    assert grant(world, public, people, rule)


def test_a_second_tier_may_not_ask_for_payment_either(world, people, public, tiers):
    top = grant(world, public, people, *passing())
    paid = public_use(duties=["compensate"])
    assert below_refused(world, public, people, top, paid) == "must_be_free"
    assert below(world, public, people, top)


def test_which_purposes_are_free_is_published(world, people, public, tiers):
    paid = public_use(purposes=["research"], duties=["compensate"])
    assert grant(world, public, people, paid)
    publish_public(world, "free-purposes", purposes=["research"])
    assert grant_refused(world, public, people, paid) == "must_be_free"
    assert grant(world, public, people, public_use(duties=["compensate"]))
    assert [each.value for each in world.state(PublishedList, FREE).listed] == ["research"]


# Admission at each step


def test_an_offer_is_accepted_while_everybody_in_it_is_admitted(world, people, public, tiers):
    top = grant(world, public, people, *passing())
    ends = {
        "root": lambda: publish_roots(world),
        "operator": lambda: admit(world, people[1], OPERATOR, end=True),
        "developer": lambda: admit(world, people[2], DEVELOPER, end=True),
    }
    offers = {name: below(world, public, people, top, kind="Offer") for name in ends}
    ends["root"]()
    assert accept_refused(world, offers["root"], people[2]) == "not_authorised"
    publish_roots(world, people[0])
    accept(world, offers["root"], people[2])
    ends["developer"]()
    assert accept_refused(world, offers["developer"], people[2]) == "not_admitted"
    admit(world, people[2], DEVELOPER)
    assert accept_refused(world, offers["developer"], people[2]) == "not_admitted", "issued before"
    accept(world, below(world, public, people, top, kind="Offer"), people[2])
    ends["operator"]()
    assert accept_refused(world, offers["operator"], people[2]) == "not_admitted"


def test_nothing_is_issued_below_a_suspended_operator(world, people, public, tiers):
    top = grant(world, public, people, *passing())
    suspend(world, people[1])
    assert below_refused(world, public, people, top) == "suspended"
    suspend(world, people[1], lift=True)
    assert below(world, public, people, top)


def test_a_list_of_as_many_roots_as_there_may_be_fits_a_state(world):
    people = [world.enroll(f"r{n}") for n in range(32)]
    documented = [{"party": person.party, "document": "d0" * 32} for person in people]
    publish_public(world, roots=documented)
    publish_public(world, roots=documented[:16])
    publish_public(world, roots=documented)
    state = world.log.builder().read(ROOTS)
    assert len(encode_canonical(state.body)) < 16 * 1024
