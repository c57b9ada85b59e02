"""Two judges of answers, one written from the pages alone, say the same of checks and queries.

The log is that of the vectors, where everything happens once: grants of all kinds, a pledge, a
freeze, a transfer. What the second judge does not cover it says, and accepts nothing.
"""

import copy
import json
from random import Random

import pytest

from contracts.certificate import create_certificate
from contracts.check import format_check
from contracts.odrl import ACTIONS
from contracts.queries import Query, format_query
from contracts.verdict import Question
from ledger.core.bundle import format_state_bundle
from ledger.core.policy import parse_policy
from node.verifier import verify_file
from tests.support import grants
from tests.support.golden.answers import ABSENT, NOBODY, checks_shared, queries_shared
from tests.support.golden.companions import copies_shared
from tests.support.golden.market import NAMES, make_odd_lines, market
from tests.support.golden.reference_bundles import JUDGES
from tests.support.golden.scenario import policy_text
from tests.support.hostile_json import mangle
from tests.support.independent_answers import verify_check
from tests.support.independent_proofs import UnsupportedError
from tests.support.independent_queries import ABOUT
from tests.support.independent_signed import NotAuthenticError
from tests.support.log_builder import LOG
from tests.support.note_signers import log_signer
from tests.support.people import MS_PER_DAY
from tests.support.world import World

POLICY = policy_text()
MANGLINGS = 12
UNSUPPORTED = "not covered here"


def dates():
    """While it was licensed, pledged, frozen, at the end, after a term, after the voucher."""
    world = market()
    kept = (world.licensed_at, world.pledged_at, world.frozen_at, world.time)
    return (*kept, world.time + 400 * MS_PER_DAY, world.time + 2000 * MS_PER_DAY)


def product_says(data, policy=POLICY):
    """Whom it is about and what the answer is; None if it is not authentic."""
    report = verify_file(data, parse_policy(policy.encode()), Question(market().time))
    if report.failure is not None:
        return None
    said = {"subject": report.subject}
    return said if report.kind in {"delivery", "usage-line"} else said | {"status": report.status}


def independent_says(document, policy=POLICY, form=None):
    """The same by the second judge; `form` is what the file was once."""
    judge = JUDGES[form or document["format"]]
    try:
        return judge(json.dumps(document).encode(), policy.encode())
    except UnsupportedError:
        return UNSUPPORTED
    except NotAuthenticError:
        return None


def say(document):
    """What both say; they have to agree."""
    said = product_says(json.dumps(document).encode())
    assert independent_says(document) == said
    return said


def check(person, action, at, world=None, **facts):
    world = world or market()
    return format_check(grants.prove(world, person, world.goods, action, at=at, **facts))


def people():
    return {name: market().people[name] for name in NAMES} | {"nobody": NOBODY}


@pytest.mark.parametrize("name", [*NAMES, "nobody"])
def test_both_say_the_same_of_every_act_at_every_date(name):
    verdicts = {
        say(check(people()[name], action, at))["status"] for action in ACTIONS for at in dates()
    }
    assert "not covered" in verdicts


@pytest.mark.parametrize("name", ["bank", "desk"])
def test_both_say_the_same_of_data_whose_restrictions_were_never_opened(name):
    codes = set()
    for action in ACTIONS:
        asked = grants.prove(market(), people()[name], market().withheld, action)
        document = format_check(asked)
        assert say(document)["status"] == document["answer"]["verdict"]
        assert say(create_certificate(document)) == say(document)
        codes |= {(document["answer"]["verdict"], document["answer"]["clause"]["code"])}
    assert ("not covered", "unopened") in codes
    assert not any(verdict == "prohibited" for verdict, _ in codes)


def test_both_say_how_much_of_a_count_is_left_and_when_it_is_used_up():
    world = World()
    owner, user = world.enroll("owner"), world.enroll("user")
    world.goods, counts = grants.registered(world, owner), []
    rules = grants.permit("use", grants.limit("count", "lt", 3), grants.times(5), duties=["inform"])
    grant = grants.issue(world, world.goods, owner, user, rules)
    for action in ("read", "derive"):
        counts.append(say_count(world, user))
        grants.use(world, grant, user, action)
    counts.append(say_count(world, user))
    assert [left for _, left in counts] == [2, 1, 0]
    assert ["all 2 are recorded" in words for words, _ in counts] == [False, False, True]


def say_count(world, user):
    """The clause and what is left, once both have said the same of it."""
    document = check(user, "index", world.time, world)
    assert say(document) == {"subject": world.goods.asset, "status": "permitted"}
    assert say(create_certificate(document)) == say(document)
    return document["answer"]["clause"]["en"], document["answer"]["count"]["remaining"]


def test_the_sweep_meets_every_verdict_and_chains_of_every_length():
    met = set()
    for name, document in checks_shared()["bundles"].items():
        assert say(document)["status"] == document["answer"]["verdict"], name
        met.add((document["answer"]["verdict"], len(document["answer"]["chain"])))
    assert {("permitted", n) for n in (1, 2, 3)} <= met
    assert {("prohibited", n) for n in (0, 2, 3)} <= met
    assert {("not covered", n) for n in (0, 2)} <= met


@pytest.mark.parametrize("topic", ABOUT)
def test_both_say_the_same_of_every_query_and_certificate(topic):
    world = market()
    absent = {"asset": ABSENT, "party": NOBODY.party, "grant": "grant/" + "a" * 26}[ABOUT[topic]]
    asked = [key for key in world.log.keys if key.startswith(ABOUT[topic])]
    found = set()
    for key in [*asked, absent]:
        for at in (0, *dates()[1::2]):
            query = Query(topic=topic, subject=key, at=at)
            document = format_query(grants.prove_answer(world, query))
            said = say(document)
            found.add(said["status"])
            assert say(create_certificate(document)) == said
    assert found == {"answered", "absent"}


def test_both_say_the_same_of_certificates_of_states_and_checks():
    for key in [*market().log.keys, ABSENT]:
        proof = format_state_bundle(market().log.state(key))
        assert say(create_certificate(proof))["subject"] == key
    for document in checks_shared()["bundles"].values():
        assert say(create_certificate(document)) == say(document)


def test_both_say_the_same_of_files_that_go_with_data():
    bundles = copies_shared()["bundles"]
    assert say(bundles["delivery"]) == {"subject": market().delivery}
    lines = [name for name in bundles if name.startswith("line")]
    assert len(lines) == 5
    for name in [*lines, "a line, as it should be"]:
        assert say(bundles[name]) == {"subject": market().offer}


@pytest.mark.parametrize("odd", list(make_odd_lines(0))[1:])
def test_both_refuse_a_line_that_its_batch_contradicts(odd):
    assert say(copies_shared()["bundles"][f"a line, {odd}"]) is None


def all_bundles():
    shared = (checks_shared(), queries_shared(), copies_shared())
    bundles = [one for each in shared for one in each["bundles"].values()]
    return [one for one in bundles if one["format"] in JUDGES]


@pytest.mark.parametrize("seed", range(4))
def test_both_refuse_what_is_mangled_or_take_it_alike(seed):
    random, refused = Random(seed), 0
    for document in all_bundles():
        for _ in range(MANGLINGS):
            mangled = json.loads(json.dumps(mangle(random, document)))
            said = product_says(json.dumps(mangled).encode())
            other = independent_says(mangled, form=document["format"])
            assert other == said or (other == UNSUPPORTED and said is None)
            refused += said is None
    assert refused > 20 * MANGLINGS


def test_both_refuse_under_the_policy_of_another_log():
    policy = POLICY.replace(LOG.vkey, log_signer("example.org/other").vkey)
    for document in all_bundles():
        assert product_says(json.dumps(document).encode(), policy) is None
        assert independent_says(document, policy) is None


# --- what the second judge does not cover


def test_it_says_of_stated_facts_that_it_does_not_judge_them():
    bank, at = market().people["bank"], market().licensed_at
    document = check(bank, "read", at, purpose="research", spatial="CN-32")
    assert product_says(json.dumps(document).encode())["status"] == "not covered"
    assert independent_says(document) == UNSUPPORTED
    del document["inquiry"]["facts"]["spatial"], document["inquiry"]["facts"]["purpose"]
    assert say(document)["status"] == "not covered"


@pytest.fixture(scope="module")
def limited():
    """A licence that is limited in the ways that the second judge leaves alone."""
    world = World()
    owner, user = world.enroll("owner"), world.enroll("user")
    world.goods = grants.registered(world, owner)
    either = {"or": [grants.purpose("research"), grants.until(world.time + MS_PER_DAY)]}
    terms = {
        "counted, for a purpose": grants.permit(
            "read", grants.times(3), grants.purpose("research")
        ),
        "for a purpose": grants.permit("derive", grants.purpose("research")),
        "by either": grants.permit("extract", either),
        "with a duty by a date": grants.permit(
            "index", duties=[{"action": "delete", "constraint": [grants.until(world.time)]}]
        ),
    }
    grants.issue(world, world.goods, owner, user, *terms.values())
    return world, user


@pytest.mark.parametrize("action", ["read", "derive", "extract", "index"])
def test_it_accepts_nothing_that_rests_on_a_limit(limited, action):
    world, user = limited
    document = check(user, action, world.time, world)
    report = verify_file(
        json.dumps(document).encode(), parse_policy(POLICY.encode()), Question(world.time)
    )
    assert report.failure is None
    with pytest.raises(UnsupportedError):
        verify_check(json.dumps(document).encode(), POLICY.encode())


def test_it_judges_what_no_limit_is_on(limited):
    world, user = limited
    document = check(user, "modify", world.time, world)
    assert independent_says(document) == {"subject": world.goods.asset, "status": "not covered"}


# --- vouchers after a transfer


def test_a_check_that_rests_on_a_right_from_somebody_else_shows_whom():
    document = check(market().people["south"], "derive", market().time)
    (link,) = document["answer"]["chain"]
    tuples = [
        one
        for state in document["states"]
        if state["subject"] == market().goods.asset
        for one in state["value"]["state"]["tuples"]
    ]
    (held,) = [one for one in tuples if one["index"] == link["index"]]
    assert held["value"]["from"] == market().people["north"].party
    changed = copy.deepcopy(document)
    changed["answer"]["chain"][0]["taker"] = market().people["north"].party
    assert say(changed) is None
