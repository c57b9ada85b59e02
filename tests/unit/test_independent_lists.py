"""Two judges say the same of acts that hand data on: lists, openness, filings."""

import json

import pytest

from contracts.check import format_check
from contracts.verdict import Question
from ledger.core.policy import parse_policy
from node.verifier import verify_file
from tests.support import grants
from tests.support.assessments import end_body, entry, file_important, publish_list
from tests.support.disputes import note, unnote
from tests.support.golden.scenario import policy_text
from tests.support.independent_answers import verify_check
from tests.support.independent_proofs import UnsupportedError
from tests.support.people import MS_PER_DAY
from tests.support.world import World

POLICY = policy_text()


@pytest.fixture
def world():
    return World()


@pytest.fixture
def people(world):
    return [world.enroll(name) for name in ("ann", "ben")]


def both(world, person, asset, action="distribute", at=None):
    """What both judges make of the file, which is what it says."""
    document = format_check(grants.prove(world, person, asset, action, at=at))
    data = json.dumps(document).encode()
    report = verify_file(data, parse_policy(POLICY.encode()), Question(world.time))
    assert report.failure is None
    assert verify_check(data, POLICY.encode()) == {
        "subject": report.subject,
        "status": report.status,
    }
    return report.status, document["answer"]["clause"]["code"]


def test_of_seizures(world, people):
    asset = grants.registered(world, people[0])
    before = world.time - 1
    index = note(world, asset)
    for action in ("distribute", "grantUse", "transfer", "sell", "muniment:encumber"):
        assert both(world, people[0], asset, action) == ("prohibited", "seized")
    assert both(world, people[0], asset, "use") == ("permitted", "own_right")
    assert both(world, people[0], asset, "transfer", at=before) == ("permitted", "own_right")
    unnote(world, asset, index)
    assert both(world, people[0], asset, "transfer") == ("permitted", "own_right")
    note(world, asset, {"kind": "temporary-control", "document": "5e" * 32})
    assert both(world, people[0], asset, "transfer") == ("prohibited", "seized")


def test_of_lists(world, people):
    asset = grants.registered(world, people[0])
    assert both(world, people[0], asset) == ("permitted", "own_right")
    before = world.time - 1
    publish_list(world, "negative", entry("a", industry="I65"), entry("b", industry="transport"))
    for action in ("distribute", "grantUse"):
        for person in people:
            assert both(world, person, asset, action) == ("prohibited", "negative_list")
    assert both(world, people[0], asset, "use") == ("permitted", "own_right")
    assert both(world, people[0], asset, at=before) == ("permitted", "own_right")
    publish_list(world, "positive", entry("P-1", industry="transport"))
    assert both(world, people[0], asset) == ("prohibited", "negative_list")
    publish_list(world, "positive", entry("P-1", industry="transport", level="general-1"))
    assert both(world, people[0], asset) == ("permitted", "own_right")
    with pytest.raises(UnsupportedError):
        both(world, people[0], asset, at=before)


def test_of_filings(world, people):
    listed, stated = (
        grants.registered(world, people[0], level=level) for level in ("general-1", "important")
    )
    publish_list(world, "important-data", entry(asset=listed.asset))
    for asset in (listed, stated):
        assert both(world, people[0], asset) == ("prohibited", "important_filing")
        assert both(world, people[0], asset, "grantUse") == ("permitted", "own_right")
        named = file_important(world, asset, people[0], recipient=people[1].party)
        assert both(world, people[0], asset) == ("not covered", "important_filing")
        world.do("filing.end", end_body(asset, named), people[0])
        file_important(world, asset, people[0])
        then = world.time
        world.file(people[0])
        assert both(world, people[0], asset, at=then) == ("permitted", "own_right")
    world.time += MS_PER_DAY
    world.file(people[0])
    assert both(world, people[0], stated) == ("prohibited", "important_filing")
    assert both(world, people[0], stated, at=then) == ("permitted", "own_right")


def test_of_openness(world, people):
    closed = grants.registered(world, people[0], openness="closed")
    assert both(world, people[0], closed) == ("not covered", "closed")
    assert both(world, people[0], closed, "grantUse") == ("permitted", "own_right")
