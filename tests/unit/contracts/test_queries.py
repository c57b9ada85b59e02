"""Queries: who held what, which grants were alive, what hangs below; each answer proved."""

import json
from itertools import pairwise

import pytest
from msgspec.structs import replace

from contracts.queries import (
    QUERY,
    Query,
    answer_query,
    format_query,
    judge_query,
    parse_query,
)
from contracts.title import Asset
from contracts.verdict import LATER_DATE, Question, Report
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_DOSSIER_BYTES
from ledger.errors import BundleError, LedgerError, MalformedError, VerificationError
from tests.support.forgery import POLICY
from tests.support.grants import (
    LogFacts,
    accept,
    chain_of,
    issue,
    prove_answer,
    registered,
    revoke,
)
from tests.support.holds import freeze, pledge
from tests.support.manglings import edited, without
from tests.support.world import World

NOBODY = "party/" + "a" * 26


class Story:
    """ann's asset is licensed to ben, by ben to cy, by cy to dan; then things end one by one."""

    def __init__(self):
        self.world = world = World()
        self.people = [world.enroll(name) for name in ("ann", "ben", "cy", "dan")]
        self.ann, self.ben, self.cy, self.dan = self.people
        self.asset = registered(world, self.ann)
        self.second = registered(world, self.ann, self.ben, rights=["use"])
        self.chain = chain_of(world, self.asset, *self.people)
        self.offer = issue(world, self.asset, self.ann, self.dan, kind="Offer")
        self.issued = world.time - 1
        revoke(world, self.chain[1], self.ben)
        self.revoked = world.time - 1
        accept(world, self.offer, self.dan)
        self.pledge = pledge(world, self.asset, self.ann, self.ben)
        world.transfer(self.second, (self.ann, self.cy, "use"))
        self.moved = world.time - 1
        self.order = freeze(world, self.asset)
        self.now = world.time - 1000

    def ask(self, topic, subject, at=None):
        return answer_query(LogFacts(self.world.log), self.query(topic, subject, at))

    def query(self, topic, subject, at=None):
        return Query(topic=topic, subject=subject, at=self.now if at is None else at)

    def prove(self, topic, subject, at=None):
        return prove_answer(self.world, self.query(topic, subject, at))


@pytest.fixture(scope="module")
def story():
    return Story()


def in_file(bundle):
    return json.loads(json.dumps(format_query(bundle)))


def judged(value, **question):
    read = decode_bundle(json.dumps(value).encode(), max_bytes=MAX_DOSSIER_BYTES)
    report = Report()
    judge_query(parse_query(read), POLICY, Question(**({"now": 0} | question)), report)
    return report


@pytest.fixture(scope="module")
def bundles(story):
    asked = {
        "holders": story.asset.asset,
        "rights": story.ann.party,
        "grants": story.asset.asset,
        "below": story.chain[0],
    }
    return {topic: in_file(story.prove(topic, subject)) for topic, subject in asked.items()}


# Holders and rights


def held(answer):
    return sorted((right["holder"], right["right"]) for right in answer["rights"])


def test_holders_are_those_of_the_date(story):
    before = story.ask("holders", story.second.asset, story.issued)
    after = story.ask("holders", story.second.asset)
    assert held(before) == sorted([(story.ann.party, "use"), (story.ben.party, "use")])
    assert held(after) == sorted([(story.ben.party, "use"), (story.cy.party, "use")])
    assert before["voucher"] != after["voucher"] == story.world.asset(story.second).voucher
    early = story.ask("holders", story.second.asset, 0)
    assert early == {
        "status": "answered", "voucher": None, "rights": [], "freezes": [], "pledges": [],
    }  # fmt: skip


def test_holders_come_with_what_burdened_them_then(story):
    before = story.ask("holders", story.asset.asset, story.issued)
    assert (before["pledges"], before["freezes"]) == ([], [])
    now = story.ask("holders", story.asset.asset)
    assert now["freezes"] == [{"order": story.order}]
    assert now["pledges"] == [
        {"encumbrance": story.pledge, "holder": story.ann.party, "rights": ["use"]}
    ]


def test_what_was_never_filed_has_no_holders(story):
    answer = story.ask("holders", "asset/" + "a" * 26)
    assert answer == {"status": "absent", "rights": []}
    assert judged(in_file(story.prove("holders", "asset/" + "a" * 26))).status == "absent"


def test_rights_are_those_of_one_party_in_every_asset_that_it_ever_had(story):
    def rights(person, at=None):
        answer = story.ask("rights", person.party, at)
        assert answer["status"] == "answered"
        return {one["asset"]: len(one["rights"]) for one in answer["assets"]}

    first, second = story.asset.asset, story.second.asset
    assert rights(story.ann, story.issued) == {first: 3, second: 1}
    assert rights(story.ann) == {first: 3, second: 0}
    assert rights(story.cy, story.issued) == {second: 0}
    assert rights(story.cy) == {second: 1}
    assert rights(story.dan) == {}
    assert story.ask("rights", NOBODY) == {"status": "absent", "assets": []}
    assert judged(in_file(story.prove("rights", NOBODY))).status == "absent"


# Grants


def alive(story, at=None):
    answer = story.ask("grants", story.asset.asset, at)
    assert answer["status"] == "answered"
    return {one["grant"] for one in answer["grants"]}


def test_live_grants_of_an_asset_are_all_that_were_alive_then(story):
    assert alive(story, story.issued) == set(story.chain)
    assert alive(story, story.revoked) == {story.chain[0]}
    assert alive(story) == {story.chain[0], story.offer}
    assert alive(story, 0) == set()


def test_an_unknown_asset_has_no_grants(story):
    assert story.ask("grants", "asset/" + "a" * 26) == {"status": "absent", "grants": []}
    assert judged(in_file(story.prove("grants", "asset/" + "a" * 26))).status == "absent"


def test_below_a_grant_is_everything_with_what_became_of_it(story):
    answer = story.ask("below", story.chain[0])
    found = [(one["grant"], one["status"], one["own_status"]) for one in answer["grants"]]
    assert found == [
        (story.chain[0], "alive", "live"),
        (story.chain[1], "dead", "revoked"),
        (story.chain[2], "dead", "live"),
    ]
    assert [one["parent"] for one in answer["grants"]] == [None, *story.chain[:2]]
    assert answer["grants"][0]["because"] is None
    for one in answer["grants"][1:]:
        assert one["because"]["code"] == "grant_revoked"
        assert one["because"]["subject"] == story.chain[1]
    sides = [(one["grantor"], one["grantee"]) for one in answer["grants"]]
    parties = [person.party for person in story.people]
    assert sides == list(pairwise(parties))


def test_below_is_as_of_its_date(story):
    then = story.ask("below", story.chain[0], story.issued)["grants"]
    assert [one["status"] for one in then] == ["alive"] * 3
    never = story.ask("below", story.chain[0], 0)["grants"]
    assert [one["own_status"] for one in never] == ["not-yet"], "below it there was nothing yet"
    first = story.ask("below", story.chain[0])["grants"][0]["grant"]
    assert [one["grant"] for one in never] == [first]
    assert story.ask("below", "grant/" + "a" * 26) == {"status": "absent", "grants": []}
    assert judged(in_file(story.prove("below", "grant/" + "a" * 26))).status == "absent"


# What is not known


class Shortened:
    """Facts in which some states are complete from an instant only."""

    def __init__(self, story, **lists):
        self._facts, self._lists = LogFacts(story.world.log), lists["lists"]

    def find(self, cls, key):
        state = self._facts.find(cls, key)
        marks = self._lists.get(key)
        return state if state is None or marks is None else replace(state, complete_from=marks)

    def read_events(self, key):
        return self._facts.read_events(key)


@pytest.mark.parametrize("name", ["freezes", "pledges", "tuples", "vouchers"])
def test_before_a_shortened_list_holders_and_rights_are_unknown(story, name):
    facts = Shortened(story, lists={story.asset.asset: {name: story.now}})
    for topic, subject in (("holders", story.asset.asset), ("rights", story.ann.party)):
        asked = [story.query(topic, subject, at) for at in (story.now - 1, story.now)]
        assert [answer_query(facts, one)["status"] for one in asked] == ["unknown", "answered"]
    unknown = answer_query(facts, story.query("holders", story.asset.asset, story.now - 1))
    assert unknown["rights"] == []


def test_a_list_of_grants_of_which_one_is_unknown_is_not_said_to_be_whole(story):
    """A grant whose status then is not known may have been alive."""
    facts = Shortened(story, lists={story.chain[2]: {"status": story.now}})
    for topic, subject in (("grants", story.asset.asset), ("below", story.chain[0])):
        asked = [story.query(topic, subject, at) for at in (story.issued, story.now)]
        assert [answer_query(facts, one)["status"] for one in asked] == ["unknown", "answered"]
    below = answer_query(facts, story.query("below", story.chain[0], story.issued))["grants"]
    assert [one["status"] for one in below] == ["alive", "alive", "unknown"]
    assert below[2]["because"]["code"] == "unknown_then"


def test_a_right_that_no_asset_shows_is_not_made_up(story):
    """Only a log that breaks the rules has a record without its asset."""

    class Without(Shortened):
        def find(self, cls, key):
            return None if cls is Asset else super().find(cls, key)

    answer = answer_query(Without(story, lists={}), story.query("rights", story.ann.party))
    assert answer == {"status": "answered", "assets": []}


# Verifying


SHOWN = {
    "holders": lambda s: [f"{s.ann.party} operate self-generated", s.order, s.pledge],
    "rights": lambda s: [f"{s.ann.party} use self-generated", s.order, s.pledge],
    "grants": lambda s: [f"{s.chain[0]} {s.ann.party} > {s.ben.party} alive", s.offer],
    "below": lambda s: [
        f"{s.chain[1]} {s.ben.party} > {s.cy.party} dead",
        "had been revoked",
        "撤",
    ],
}


def test_every_topic_verifies(bundles, story):
    for topic, value in bundles.items():
        report = judged(value)
        assert (report.kind, report.status) == ("query", "answered")
        assert (report.is_authentic, report.is_in_force) == (True, True)
        assert report.subject == value["query"]["subject"]
        assert [check.name for check in report.checks] == ["proofs", "answer"]
        assert LATER_DATE not in report.not_checked
        for text in SHOWN[topic](story):
            assert any(text in row for _, row in report.shown), text
        assert value["answer"] == story.ask(topic, report.subject)


def test_a_date_behind_the_proofs_is_not_checked(story):
    late = story.prove("holders", story.asset.asset, story.now + 10**6)
    assert LATER_DATE in judged(in_file(late)).not_checked


def test_a_query_survives_a_file(bundles):
    for value in bundles.values():
        assert in_file(parse_query(value)) == value


def test_what_was_expected_is_held_against_it(bundles):
    with pytest.raises(VerificationError):
        judged(bundles["below"], expect_kind="check")
    with pytest.raises(VerificationError):
        judged(bundles["below"], expect_subject="asset/x")
    judged(bundles["below"], expect_kind="query")


def answer(**changes):
    return lambda value: value | {"answer": {**value["answer"], **changes}}


def asked(**changes):
    return lambda value: value | {"query": {**value["query"], **changes}}


def shortened(name):
    return lambda value: edited(value, "answer", name, value=lambda old: old[:-1])


LIES = {
    "holders": {
        "a right less": shortened("rights"),
        "no freeze": answer(freezes=[]),
        "no pledge": answer(pledges=[]),
        "another voucher": answer(voucher="TEST2026119999"),
        "no answer": answer(status="absent"),
    },
    "rights": {
        "an asset less": shortened("assets"),
        "a member more": answer(x=1),
        "unknown": answer(status="unknown"),
    },
    "grants": {
        "a grant less": shortened("grants"),
        "none": answer(grants=[]),
        "another date": asked(at=0),
    },
    "below": {
        "a grant less": shortened("grants"),
        "a dead one alive": lambda value: edited(
            value, "answer", "grants", 1, value=lambda old: old | {"status": "alive"}
        ),
        "another reason": lambda value: edited(
            value, "answer", "grants", 1, "because", value=lambda old: old | {"code": "x"}
        ),
        "another date": asked(at=0),
    },
}
CASES = [(topic, name) for topic, lies in LIES.items() for name in lies]


@pytest.mark.parametrize(("topic", "name"), CASES)
def test_an_answer_that_does_not_follow_is_refused(bundles, topic, name):
    with pytest.raises(BundleError, match="not the one that follows"):
        judged(LIES[topic][name](bundles[topic]))


@pytest.mark.parametrize("topic", LIES)
def test_whatever_is_left_out_is_missed(bundles, topic):
    value = bundles[topic]
    for part in ("states", "dossiers"):
        for place in range(len(value[part])):
            left = [one for n, one in enumerate(value[part]) if n != place]
            with pytest.raises(LedgerError):
                judged(value | {part: left})


def test_an_event_left_out_of_a_history_is_caught(bundles):
    for topic in ("rights", "grants", "below"):
        for place, dossier in enumerate(bundles[topic]["dossiers"]):
            for event in range(len(dossier["events"])):
                short = edited(
                    bundles[topic], "dossiers", place, "events",
                    value=lambda old, event=event: [e for n, e in enumerate(old) if n != event],
                )  # fmt: skip
                with pytest.raises(VerificationError):
                    judged(short)


MALFORMED = {
    "another format": lambda value: value | {"format": "muniment/check/v1"},
    "no query": lambda value: without(value, "query"),
    "no answer": lambda value: without(value, "answer"),
    "an answer that is no object": lambda value: value | {"answer": []},
    "a member more": lambda value: value | {"x": 1},
    "another topic": asked(topic="state"),
    "no subject": asked(subject="x"),
    "a long subject": asked(subject="asset/" + "a" * 140),
    "a subject of another type": asked(subject=NOBODY),
    "a negative date": asked(at=-1),
}


@pytest.mark.parametrize("mangle", MALFORMED.values(), ids=MALFORMED)
def test_a_query_of_another_form_is_malformed(bundles, mangle):
    parse_query(bundles["holders"])
    with pytest.raises(MalformedError):
        parse_query(mangle(bundles["holders"]))


@pytest.mark.parametrize("value", [None, [], {}, {"format": QUERY}])
def test_what_is_no_query_is_malformed(value):
    with pytest.raises(MalformedError):
        parse_query(value)


@pytest.mark.parametrize(
    ("topic", "about"),
    [("holders", "asset"), ("rights", "party"), ("grants", "asset"), ("below", "grant")],
)
def test_each_topic_is_asked_of_its_own_kind_of_subject(story, topic, about):
    for kind in {"asset", "party", "grant", "delivery"} - {about}:
        with pytest.raises(MalformedError, match=f"asked of one {about}"):
            story.ask(topic, f"{kind}/{'a' * 26}")
    assert story.ask(topic, f"{about}/{'a' * 26}")["status"] == "absent"
