"""Certificates: what they say of a proof, in English and in Chinese, and nothing else."""

import json

import pytest

from contracts.certificate import (
    create_certificate,
    judge_certificate,
    parse_certificate,
    write_statement,
)
from contracts.check import format_check
from contracts.clocks import format_instant
from contracts.queries import Query, format_query
from contracts.verdict import Question, Report
from ledger.core.bundle import format_state_bundle
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_DOSSIER_BYTES
from ledger.errors import BundleError, MalformedError
from tests.support.forgery import POLICY
from tests.support.grants import (
    accept,
    issue,
    limit,
    permit,
    prove,
    prove_answer,
    purpose,
    registered,
    revoke,
    since,
    times,
    use,
)
from tests.support.holds import freeze, pledge
from tests.support.people import MS_PER_DAY, claim
from tests.support.world import World

LATER = (
    "This date is later than the proof; what happened since is not known.",
    "该日期晚于本证明；其后发生的情况未知。",
)
YEAR = 365 * MS_PER_DAY
LIMITS = "仅限 {江苏} 省内"


class Story:
    """ann's asset: the right to use it ends, and is limited; ben reads it under a grant."""

    def __init__(self):
        self.world = world = World()
        self.ann, self.ben, self.bank = (world.enroll(name) for name in ("ann", "ben", "bank"))
        self.asset = world.published(self.ann)
        self.end = world.time + 6 * YEAR
        tuples = [
            claim(self.ann, "hold"),
            claim(self.ann, "use", until=self.end, limits=LIMITS),
            claim(self.ann, "operate"),
        ]
        self.number = world.record(self.asset, tuples)
        self.recorded = world.time - 1
        duties = ["inform", {"action": "delete", "constraint": [limit("dateTime", "lt", self.end)]}]
        read = permit("read", purpose("research"), times(3), duties=duties)
        self.grant = issue(world, self.asset, self.ann, self.ben, read)
        use(world, self.grant, self.ben, count=2, purpose="research")
        self.used = world.time - 1

    @property
    def newest(self):
        """Time of the last seal."""
        return self.world.log.state(self.asset.asset, self.world.log.note()).seal.time

    def say(self, topic, subject, at=None):
        """The sentences behind the first two, each in both languages."""
        query = Query(topic=topic, subject=subject, at=self.newest if at is None else at)
        return said(format_query(prove_answer(self.world, query)))[2:]

    def say_check(self, at=None, **facts):
        """The sentences behind the first two about ben's reading."""
        date = self.newest if at is None else at
        bundle = prove(self.world, self.ben, self.asset, "read", date, **facts)
        return said(format_check(bundle))[2:]

    def state(self, subject):
        return json.loads(
            json.dumps(format_state_bundle(self.world.log.state(subject, self.world.log.note())))
        )


def said(proof):
    _, statement = write_statement(proof)
    return list(zip(statement.en, statement.zh, strict=True))


@pytest.fixture
def story():
    return Story()


def rights(story):
    """What is said of ann's three rights."""
    ann, end = story.ann.party, format_instant(story.end)
    return [
        (f"{ann}: hold, on the basis self-generated.", f"{ann}：持有权，依据 自行产生。"),
        (
            f'{ann}: use, on the basis self-generated, until {end}, with the limits "{LIMITS}".',
            f"{ann}：使用权，依据 自行产生，至 {end} 止，限制：“{LIMITS}”。",
        ),
        (f"{ann}: operate, on the basis self-generated.", f"{ann}：经营权，依据 自行产生。"),
    ]


# Holders and rights


def test_a_right_is_said_with_its_end_and_its_limits(story):
    assert story.say("holders", story.asset.asset) == rights(story)
    prefix = f"{story.asset.asset}: "
    prefixed = [tuple(prefix + words for words in each) for each in rights(story)]
    assert story.say("rights", story.ann.party) == prefixed


def burdened(story):
    asset, ann = story.asset.asset, story.ann.party
    held = pledge(story.world, story.asset, story.ann, story.bank, ["hold", "operate"])
    order = freeze(story.world, story.asset)
    return (
        (f"{asset}: frozen by {order}.", f"{asset}: 已被 {order} 冻结。"),
        (f"{ann}: hold, operate pledged by {held}.", f"{ann}：持有权、经营权已依 {held} 出质。"),
    )


def test_freezes_and_pledges_are_said_with_the_holders(story):
    frozen, pledged = burdened(story)
    assert story.say("holders", story.asset.asset) == [*rights(story), frozen, pledged]
    assert story.say("holders", story.asset.asset, story.recorded) == rights(story)


def test_freezes_and_own_pledges_are_said_with_the_rights(story):
    frozen, pledged = burdened(story)
    prefix = f"{story.asset.asset}: "
    own = story.say("rights", story.ann.party)
    assert own[3:] == [frozen, tuple(prefix + words for words in pledged)]


def test_the_pledge_of_somebody_else_is_none_of_a_partys_rights():
    world = World()
    ann, ben, bank = (world.enroll(name) for name in ("ann", "ben", "bank"))
    asset = registered(world, ann, ben)
    pledge(world, asset, ann, bank)
    query = Query(topic="rights", subject=ben.party, at=world.time - 1000)
    assert "pledged" not in str(said(format_query(prove_answer(world, query))))
    mine = Query(topic="rights", subject=ann.party, at=world.time - 1000)
    assert "pledged" in str(said(format_query(prove_answer(world, mine))))


def test_a_frozen_asset_without_holders_has_none_and_is_frozen(story):
    frozen, pledged = burdened(story)
    story.world.time += 5 * YEAR + 9 * MS_PER_DAY
    story.world.enroll("zed")
    assert story.say("holders", story.asset.asset) == [("None.", "无。"), frozen, pledged]
    assert story.say("rights", story.ann.party) == [("None.", "无。")]


# Dates


@pytest.mark.parametrize("topic", ["holders", "rights", "grants", "below"])
def test_a_date_that_the_proof_does_not_reach_is_said_to_be_one(story, topic):
    about = {"holders": story.asset.asset, "rights": story.ann.party, "grants": story.asset.asset}
    subject = about.get(topic, story.grant)
    assert LATER not in story.say(topic, subject)
    assert story.say(topic, subject, story.newest + 1)[0] == LATER


def test_a_check_of_a_later_date_says_so(story):
    assert LATER not in story.say_check(purpose="research")
    assert story.say_check(story.newest + 1, purpose="research")[0] == LATER


# Vouchers


def test_a_voucher_has_expired_once_its_end_is_reached(story):
    key = f"voucher/{story.number}"
    state = story.world.all_states()[key].body
    start, end = (format_instant(state[name]) for name in ("valid_from", "valid_until"))
    assert said(story.state(key))[2:] == [
        (
            f"Its status is valid; it is valid from {start} until {end}.",
            f"状态：有效；有效期自 {start} 至 {end}。",
        )
    ]
    story.world.time = state["valid_until"] - 1
    story.world.enroll("yan")
    assert story.newest == state["valid_until"] - 1
    assert said(story.state(key))[2][0].startswith("Its status is valid")
    story.world.time = state["valid_until"]
    story.world.enroll("zed")
    assert said(story.state(key))[2:] == [
        (
            f"It has expired: it was valid from {start} until {end}; its last status was valid.",
            f"已过期：有效期自 {start} 至 {end}；最后状态：有效。",
        )
    ]


# Grants


def test_a_grant_of_a_later_date_was_not_yet_issued(story):
    sides = f"{story.grant}: {story.ann.party} > {story.ben.party}"
    for early in (0, story.recorded):
        assert story.say("below", story.grant, early) == [
            (f"{sides}, not yet issued.", f"{sides}，尚未授予。")
        ]
    assert story.say("below", story.grant) == [(f"{sides}, in force.", f"{sides}，有效。")]


def test_an_offer_and_a_term_to_come_are_not_dead(story):
    offer = issue(story.world, story.asset, story.ann, story.ben, permit("use"), kind="Offer")
    ((en, zh),) = story.say("below", offer)
    assert f", not in force: {offer} was an offer that nobody had accepted" in en
    assert "，未生效：" in zh
    accept(story.world, offer, story.ben)
    later = issue(story.world, story.asset, story.ann, story.ben, permit("use", since(story.end)))
    ((en, zh),) = story.say("below", later)
    assert f", not in force: the term of {later} had not begun" in en
    assert "，未生效：" in zh
    assert ", in force." in story.say("below", offer)[0][0]


def test_a_revoked_grant_is_dead(story):
    revoke(story.world, story.grant, story.ann)
    ((en, zh),) = story.say("below", story.grant)
    assert f", dead: {story.grant} had been revoked" in en
    assert "，已失效：" in zh


# Checks


def test_a_check_says_what_was_stated_what_is_owed_and_what_is_left(story):
    assert story.say_check(purpose="research") == [
        (
            "As whoever asked stated, and nobody checked: the purpose is research.",
            "据查询方陈述（未经核实）：用途为 research。",
        ),
        (
            f"{story.grant} permission/0: permission/0 permits it.",
            f"{story.grant} permission/0：permission/0 允许该行为。",
        ),
        (
            "In return: inform the grantor, delete the data at the end (on the conditions of the "
            "terms); whether that was done is not known here.",
            "同时须告知授权方、到期删除数据（依条款所定条件）；是否履行，本证明无从得知。",
        ),
        (
            "Of 3 in all, 2 were recorded by the time of this proof; 1 are left.",
            "累计限 3 次，截至本证明已登记 2 次，剩余 1 次。",
        ),
    ]


def test_a_check_without_facts_duties_and_count_says_the_clause_alone(story):
    bundle = prove(story.world, story.ann, story.asset, "archive", story.newest)
    (only,) = said(format_check(bundle))[2:]
    assert "held a registered right" in only[0]


def test_a_count_that_is_used_up_is_said_to_be(story):
    use(story.world, story.grant, story.ben, purpose="research")
    _, clause, _, count = story.say_check(purpose="research")
    assert "all 3 are recorded: no further act is permitted" in clause[0]
    assert "3 次均已登记，不得再为" in clause[1]
    assert count[0].endswith("; 0 are left.")


# As files


def judged(value):
    read = decode_bundle(json.dumps(value).encode(), max_bytes=MAX_DOSSIER_BYTES)
    report = Report()
    judge_certificate(parse_certificate(read), POLICY, Question(now=0), report, _no_state)
    return report


def _no_state(*_):
    raise AssertionError("no certificate here is of a state")


def certificate(story):
    bundle = prove(story.world, story.ben, story.asset, "read", story.newest, purpose="research")
    return json.loads(json.dumps(create_certificate(format_check(bundle))))


def test_a_certificate_verifies_with_the_words_that_follow(story):
    value = certificate(story)
    assert judged(value).status == "permitted"
    for language in ("en", "zh"):
        for place in range(len(value["statement"][language])):
            words = [w for n, w in enumerate(value["statement"][language]) if n != place]
            short = value | {"statement": value["statement"] | {language: words}}
            with pytest.raises(BundleError, match="something else than its proof"):
                judged(short)


@pytest.mark.parametrize("form", [[], {}, None, 1, "muniment/voucher/v1", ["muniment/check/v1"]])
def test_a_proof_of_another_form_makes_no_certificate(story, form):
    value = certificate(story)
    value["proof"]["format"] = form
    with pytest.raises(MalformedError, match="a state, a query or a check"):
        parse_certificate(value)
