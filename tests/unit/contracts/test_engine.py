"""The engine: what an event has to be before any rule of its kind looks at it."""

import re
from dataclasses import replace

import pytest

from contracts.engine import Context, refuse
from contracts.foundation import Ledger
from contracts.identity import Party
from contracts.records import (
    format_state,
    parse_record,
    parse_state_record,
    whole,
)
from contracts.rulebook import KINDS, RULES_NAME, STATES, create_rules
from ledger.core.canonical import encode_canonical
from ledger.core.rules import Step
from ledger.core.state import State
from ledger.core.subjects import SELF, parse_subject, subject_type
from ledger.errors import MalformedError, RejectedError
from tests.support.people import DIGEST, Key, Person
from tests.support.world import World

CALENDAR = {"year": 2030, "off": [], "work": []}
LISTED = {"list": "calendar", "part": "2030", "version": 1, "content": CALENDAR}


@pytest.fixture
def world(solo):
    return solo


@pytest.fixture
def national():
    return World("national-2026")


class Counted:
    """Notes what is asked of a view of states."""

    def __init__(self, states):
        self.states = states
        self.asked = []

    def read(self, key):
        self.asked.append(key)
        return self.states.read(key)


# The table


def test_the_table_names_each_kind_as_the_kind_names_itself():
    assert all(name == cls.kind for name, cls in KINDS.items())
    assert sorted(KINDS) == [
        "attest.make",
        "attest.withdraw",
        "delivery.receive",
        "delivery.send",
        "encumbrance.create",
        "encumbrance.release",
        "filing.end",
        "filing.important",
        "grant.accept",
        "grant.issue",
        "grant.revoke",
        "ledger.key",
        "ledger.open",
        "ledger.upgrade",
        "list.publish",
        "objection.conclude",
        "objection.file",
        "objection.notify",
        "objection.respond",
        "order.freeze",
        "order.unfreeze",
        "party.admit",
        "party.enroll",
        "party.exit",
        "party.recover",
        "party.rotate",
        "party.suspend",
        "party.undertake",
        "registration.accept",
        "registration.confirm",
        "registration.correct",
        "registration.extend",
        "registration.file",
        "registration.note",
        "registration.object",
        "registration.publish",
        "registration.record",
        "registration.refuse",
        "registration.resolve",
        "registration.return",
        "registration.revoke",
        "registration.supplement",
        "registration.terminate",
        "registration.unnote",
        "registration.withdraw",
        "registration.withhold",
        "usage.batch",
        "usage.record",
    ]


def test_only_an_upgrade_and_a_new_log_key_end_their_block():
    last = [name for name, cls in KINDS.items() if cls.is_last_of_block]
    assert last == ["ledger.upgrade", "ledger.key"]


def test_every_state_type_is_versioned_and_under_its_own_name():
    assert all(name == cls.state_type for name, cls in STATES.items())
    assert all(name.endswith("/1") for name in STATES)


def test_every_interval_list_of_a_state_is_a_member_of_it():
    for cls in STATES.values():
        assert set(cls.interval_lists) <= set(cls.__struct_fields__)


def test_the_rule_set_is_pinned_by_the_digest_that_its_maker_gives():
    rules = create_rules(DIGEST)
    assert (rules.name, rules.rule_sets) == (RULES_NAME, {RULES_NAME: DIGEST})
    assert create_rules("b6" * 32, name="muniment-rules/9").rule_sets == {
        "muniment-rules/9": "b6" * 32
    }


# Before the rule


def test_an_unknown_kind_is_refused(world):
    event = world.event("trade.list", {}, world.operator, subjects=[SELF])
    assert world.refuse(world.sign(event, world.operator.key)) == "unknown_kind"


@pytest.mark.parametrize(
    "subjects",
    [[SELF], ["list/calendar:2031"], ["list/calendar:2030", SELF], ["list/calendars:2030"]],
    ids=["another", "another part", "one more", "another list"],
)
def test_other_subjects_than_the_bodys_are_refused(world, subjects):
    assert world.refused("list.publish", LISTED, world.operator, subjects=subjects) == (
        "wrong_subjects"
    )


def test_a_missing_subject_is_refused(world):
    ann = Person("ann", 2)
    subjects = [ann.party, ann.keys[0].subject]
    body = world.enrolment(ann)
    assert world.refused("party.enroll", body, ann, *ann.keys, subjects=subjects) == (
        "wrong_subjects"
    )


def test_a_ledger_is_opened_once(world):
    assert world.refused("ledger.open", world.opening(), world.operator, *world.founding_keys) == (
        "already_open"
    )


def test_nothing_comes_before_the_opening():
    world = World(is_open=False)
    assert world.refused("list.publish", LISTED, world.operator) == "not_open"


def test_an_event_for_another_ledger_is_refused(world):
    assert world.refused("list.publish", LISTED, world.operator, log="example.org/other") == (
        "wrong_ledger"
    )


def test_an_event_for_a_ledger_whose_origin_begins_alike_is_refused(world):
    for log in ("example.org/ledger2", "example.org/ledge"):
        assert world.refused("list.publish", LISTED, world.operator, log=log) == "wrong_ledger"


def test_an_event_beyond_its_clock_is_refused(world):
    late = world.event("list.publish", LISTED, world.operator, until=world.time - 1)
    assert world.refuse(world.sign(late, world.operator.key)) == "event_expired"
    ahead = world.event("list.publish", LISTED, world.operator, at=world.time + 300_001)
    assert world.refuse(world.sign(ahead, world.operator.key)) == "event_from_the_future"
    long = replace(late, until=late.at + 90 * 86_400_000 + 1)
    assert world.refuse(world.sign(long, world.operator.key)) == "event_lifetime"


# Bodies

BODY_MANGLINGS = {
    "a member more": lambda b: b | {"extra": 1},
    "a member less": lambda b: {k: v for k, v in b.items() if k != "version"},
    "null": lambda b: b | {"version": None},
    "text for a number": lambda b: b | {"version": "1"},
    "true for a number": lambda b: b | {"version": True},
    "a number for text": lambda b: b | {"part": 2030},
    "an array for an object": lambda b: b | {"content": []},
    "below its least": lambda b: b | {"version": 0},
    "above its most": lambda b: b | {"version": 1_000_001},
    "another pattern": lambda b: b | {"list": "Calendar"},
    "a newline at the end": lambda b: b | {"list": "calendar\n"},
    "empty": lambda b: {},
}


@pytest.mark.parametrize("name", BODY_MANGLINGS)
def test_a_body_outside_its_schema_is_malformed(world, name):
    body = BODY_MANGLINGS[name](LISTED)
    event = world.event("list.publish", body, world.operator, subjects=["list/calendar:2030"])
    builder = world.log.builder()
    with pytest.raises(MalformedError):
        builder.add(world.sign(event, world.operator.key), world.time)
    assert builder.count == 0


def test_a_pattern_is_matched_from_the_first_character_to_the_last():
    pattern = re.compile(whole("ab|c").pattern)
    texts = ("ab", "c", "ab\n", "\nab", "abc", "cab", "")
    assert [text for text in texts if pattern.search(text)] == ["ab", "c"]


def test_a_state_of_another_type_or_shape_does_not_parse(world):
    state = world.log.builder().read(SELF)
    written = format_state(parse_state_record(Ledger, state))
    assert encode_canonical(written.body) == encode_canonical(state.body)
    for wrong in (
        State("asset/1", state.body),
        State("ledger/1", {**state.body, "more": 1}),
        State("ledger/1", {"name": "x"}),
    ):
        with pytest.raises(MalformedError):
            parse_state_record(Ledger, wrong)


def test_a_record_names_the_path_of_what_is_wrong():
    with pytest.raises(MalformedError, match=r"\$\.version"):
        parse_record(KINDS["list.publish"], LISTED | {"version": "1"})


# Signatures


def test_an_actor_that_is_not_on_the_ledger_is_refused(world):
    assert world.refused("list.publish", LISTED, Person("nobody")) == "unknown_subject"


@pytest.mark.parametrize("count", [0, 2, 3])
def test_one_current_key_of_the_actor_signs_no_more_and_no_less(world, count):
    ann = world.enroll("ann", 3)
    keys = ann.keys[:count] or [Key("stranger")]
    body = {"add": [], "remove": [ann.keys[2].did]}
    assert world.refused("party.rotate", body, ann, *keys) == "wrong_signers"


def test_any_key_of_the_actor_may_sign(world):
    ann = world.enroll("ann", 3)
    world.do("party.rotate", {"add": [], "remove": [ann.keys[0].did]}, ann, ann.keys[2])
    assert world.party(ann).current_keys(world.time) == {ann.keys[1].did, ann.keys[2].did}


def test_a_signature_that_nobody_asked_for_is_refused(world):
    ann = world.enroll("ann")
    keys = [world.operator.key, ann.key]
    assert world.refused("list.publish", LISTED, world.operator, *keys) == "wrong_signers"


def test_a_key_of_another_party_does_not_speak_for_the_actor(world):
    ann, ben = world.enroll("ann"), world.enroll("ben")
    body = {"add": [], "remove": [ann.key.did]}
    assert world.refused("party.rotate", body, ann, ben.key) == "wrong_signers"


def test_a_key_to_be_added_does_not_sign_for_the_actor(world):
    ann, new = world.enroll("ann"), Key("new")
    body = {"add": [new.did], "remove": []}
    assert world.refused("party.rotate", body, ann, new) == "wrong_signers"
    assert world.refused("party.rotate", body, ann, ann.key) == "wrong_signers"


# Listings and shortened states


def test_everything_that_people_look_for_has_a_listing(national):
    ann, ben = (
        national.enroll("ann", uscc="91440300708461136T"),
        national.enroll("ben", kind="natural"),
    )
    application, number = national.register(ann)
    rules, states = national.log.rules, national.all_states()
    listed = {key: rules.describe(key, state) for key, state in states.items()}
    assert {subject_type(key) for key, listing in listed.items() if listing is None} == {
        "key",
        "name",
        "series",
    }
    assert listed[SELF].label == "Test registry"
    assert (listed[ann.party].label, listed[ann.party].status) == ("ann Ltd", "active")
    assert "91440300708461136T" in listed[ann.party].terms
    assert listed[ben.party].label == "(natural person)"
    assert "registrar" in listed[national.registrar.party].terms
    assert listed[application.asset].label == "Parking 2026"
    assert listed[application.asset].status == "registered"
    assert {number, ann.party} <= set(listed[application.asset].terms)
    assert listed[application.registration].status == "recorded"
    assert number in listed[application.registration].terms
    assert (listed[f"voucher/{number}"].label, listed[f"voucher/{number}"].status) == (
        number,
        "valid",
    )
    assert listed["list/calendar:2026"].status == "version 1"


def test_what_is_not_published_yet_is_listed_without_its_title(world):
    application = world.file(world.operator)
    states = world.all_states()
    listing = world.log.rules.describe(application.asset, states[application.asset])
    assert (listing.label, listing.status, listing.terms) == ("(not published)", "filed", ())
    listing = world.log.rules.describe(application.registration, states[application.registration])
    assert (listing.label, listing.status) == ("(initial)", "filed")


def test_a_state_of_an_unknown_type_has_no_listing(world):
    assert world.log.rules.describe(SELF, State("future/1", {})) is None


def test_a_long_list_is_shortened_and_says_since_when_it_is_complete(world):
    ann = world.enroll("ann")
    body = {"party": ann.party, "role": "notary"}
    for _ in range(66):
        world.do("party.admit", body, world.operator)
        world.do("party.admit", body | {"end": True}, world.operator)
    party = world.party(ann)
    assert len(party.roles) == 64
    assert party.complete_from == {"roles": party.roles[0].start - 1000}
    world.do("party.admit", body, world.operator)
    assert world.party(ann).has_role("notary")


def test_more_than_a_state_holds_at_once_is_refused(world):
    body = {"list": "big", "part": "1", "version": 1, "content": {"text": "x" * 16_384}}
    assert world.refused("list.publish", body, world.operator) == "state_full"


def test_every_subject_that_a_ledger_holds_is_a_subject_key(national):
    ann = national.enroll("ann", uscc="91440300708461136T")
    national.register(ann)
    assert all(parse_subject(key) == key for key in national.all_states())


def test_a_rule_that_asks_twice_gets_the_same_state_and_one_of_another_type_never(world):
    states = Counted(world.log.builder())
    context = Context(world.probe(world.operator.party), Step(world.time, 9, states), {})
    first = context.need(Ledger, SELF)
    assert context.need(Ledger, SELF) is first
    assert states.asked == [SELF]
    with pytest.raises(MalformedError, match="ledger/1"):
        context.find(Party, SELF)
    assert context.find(Ledger, SELF) is first
    assert context.find(Party, f"party/{'a' * 26}") is None


def test_refusing_carries_code_sentences_and_rule():
    with pytest.raises(RejectedError) as caught:
        refuse("code", "sentence", "句", "Art. 1")
    error = caught.value
    assert (error.reason, error.en, error.zh, error.rule) == ("code", "sentence", "句", "Art. 1")


def test_a_subject_that_has_to_be_there_is_named_when_it_is_not(world):
    body = {"registration": f"registration/{'a' * 26}"}
    assert world.refused("registration.accept", body, world.operator) == "unknown_subject"
